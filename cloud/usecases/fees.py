"""The platform's fee: announced by the operator, allowed by the contract, carried by settlements.

A booking keeps the fee of its confirmation, and is never settled with more than the contract will
still allow when its batch comes: a lower fee counts from its announcement on, a higher one once
the contract has accepted it, seven days later.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from cloud.core import money
from cloud.core.calls import WAITING, Status
from cloud.core.money import PLATFORM
from cloud.core.paying import BPS
from cloud.credit_tables import CREDIT_NUMBERS
from cloud.tables import Booking, ChainCall, Setting, Settlement
from cloud.usecases import accounts, filing
from cloud.usecases.unsettled import unsettled
from contracts.ledger.records import MAX_FEE_BPS, SettlementRecord
from contracts.wire.types import to_ms

SETTING = "fee"
CALLS, PAYOUTS = "fee:", "payout:"
UNFINAL: tuple[Status, ...] = (*WAITING, "mined")
# What the contract answers to an acceptance that needs another proposal first.
PROPOSE_AGAIN = ("NO_REQUEST", "EXPIRED")


@dataclass(frozen=True, slots=True)
class Standing:
    """Basis points. `bps`: of bookings confirmed now; `chain_bps`: what the contract allowed when

    it was last asked; `wanted_bps`: announced and not accepted yet, None when nothing is under way.
    `since_ms`: when bookings began to carry what they carry now, 0 for ever; `ready_s`: from when
    on the contract accepts what is announced, 0 while it does not know of it.
    """

    bps: int = 0
    chain_bps: int = 0
    wanted_bps: int | None = None
    announced_ms: int = 0
    since_ms: int = 0
    ready_s: int = 0

    @property
    def carried_bps(self) -> int:
        return min(self.bps, self.chain_bps)


@dataclass(frozen=True, slots=True)
class Seen:
    """The contract now. `answer`: empty if it would accept what is proposed, else its code.

    `ready_s`: from when on it accepts it, by its clock; `at_ms`: now, by ours.
    """

    fee_bps: int
    proposed_bps: int
    answer: str
    ready_s: int = 0
    at_ms: int = 0


def standing(session: Session) -> Standing:
    row = session.get(Setting, SETTING)
    return Standing(**json.loads(row.value)) if row else Standing()


def in_force(session: Session) -> int:
    """Of a booking that is confirmed now."""
    now = standing(session)
    return min(now.bps, now.chain_bps)


def of(session: Session, booking: Booking) -> int:
    """Of a settlement that is recorded now."""
    return min(booking.fee_bps, in_force(session))


def announce(session: Session, bps: int, now: datetime) -> Standing:
    """Raises ValueError above the contract's limit. The same fee again changes nothing."""
    if not 0 <= bps <= MAX_FEE_BPS:
        raise ValueError(f"a fee is 0 to {MAX_FEE_BPS} basis points")
    before = standing(session)
    settled = before.wanted_bps is None and bps == before.bps == before.chain_bps
    if settled or bps == before.wanted_bps:
        return before
    made = replace(before, bps=min(before.bps, bps), wanted_bps=bps, announced_ms=to_ms(now))
    _propose(session, bps)
    return _keep(session, _since(before, replace(made, ready_s=0), to_ms(now)))


def step(session: Session, seen: Seen) -> None:
    """The next call of an announced fee, one at a time; or its end."""
    before = standing(session)
    made = replace(before, chain_bps=seen.fee_bps)
    if made.wanted_bps is not None and not _under_way(session):
        made = _further(session, made, made.wanted_bps, seen)
    proposed = made.wanted_bps is not None and seen.proposed_bps == made.wanted_bps
    made = replace(made, ready_s=seen.ready_s if proposed else 0)
    made = _since(before, made, seen.at_ms)
    if made != before:
        _keep(session, made)


def collected_minor(session: Session) -> int:
    """What the operator may take out: fees of batches that nothing takes back, less what credits

    give back and what was taken out before.
    """
    coming = unsettled(session, UNFINAL, col(Booking.fee_bps) > 0, _booked())
    return accounts.balance(session, PLATFORM) - sum(_fee_minor(row) for row, _ in coming)


def withdraw_fees(session: Session, payee: str, amount_minor: int, now_ms: int) -> str | None:
    """The name of the call, or None if the platform has not so much.

    Posted here, as deposits are: a later batch finds the same fees in our books and on the chain.
    """
    if not 0 < amount_minor <= collected_minor(session):
        return None
    call = f"{PAYOUTS}{filing.count_named(session, PAYOUTS) + 1}"
    accounts.post(session, call, money.deposit(PLATFORM, -amount_minor), now_ms)
    filing.queue(session, call, ("ledger", "withdraw_fees"), [payee, amount_minor], "admin")
    return call


def undo_withdrawal(session: Session, call: ChainCall, now_ms: int) -> None:
    """The chain refused it: the fees come back, by an entry of their own."""
    amount_minor = json.loads(call.args)[1]
    accounts.post(session, f"undo:{call.id}", money.deposit(PLATFORM, amount_minor), now_ms)


def _since(before: Standing, made: Standing, now_ms: int) -> Standing:
    same = before.carried_bps == made.carried_bps
    return made if same else replace(made, since_ms=now_ms)


def _further(session: Session, made: Standing, wanted_bps: int, seen: Seen) -> Standing:
    if seen.fee_bps == wanted_bps:
        return replace(made, bps=wanted_bps, wanted_bps=None)
    if wanted_bps < seen.fee_bps and _carried(session, wanted_bps):
        return made
    if seen.proposed_bps != wanted_bps or seen.answer in PROPOSE_AGAIN:
        _propose(session, wanted_bps)
    elif not seen.answer:
        _queue(session, "accept_fee", [])
    return made


def _carried(session: Session, bps: int) -> bool:
    """A settlement with a higher fee is in no final block: a lower one would refuse its batch.

    Final, and not only queued before: where the settler's calls wait, the admin's go past them.
    """
    rows = unsettled(session, UNFINAL, col(Booking.fee_bps) > bps, _booked())
    return any(SettlementRecord.model_validate_json(row.record).fee_bps > bps for row, _ in rows)


def _under_way(session: Session) -> bool:
    ours = col(ChainCall.id).startswith(CALLS, autoescape=True)
    moving = select(ChainCall.number).where(ours, col(ChainCall.status).in_(UNFINAL))
    return session.exec(moving.limit(1)).first() is not None


def _booked() -> Any:
    return col(Settlement.stay) < CREDIT_NUMBERS


def _fee_minor(row: Settlement) -> int:
    """Of a batched settlement: what was posted for it."""
    bps = SettlementRecord.model_validate_json(row.record).fee_bps
    return (row.paid_minor or 0) * bps // BPS


def _propose(session: Session, bps: int) -> None:
    _queue(session, "propose_fee", [bps])


def _queue(session: Session, function: str, args: list[object]) -> None:
    call = f"{CALLS}{filing.count_named(session, CALLS) + 1}"
    filing.queue(session, call, ("ledger", function), args, "admin")


def _keep(session: Session, made: Standing) -> Standing:
    row = session.get(Setting, SETTING) or Setting(key=SETTING, value="")
    row.value = json.dumps(asdict(made), sort_keys=True)
    session.add(row)
    session.flush()
    return made
