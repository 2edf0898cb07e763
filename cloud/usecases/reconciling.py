"""Our books against the contract's balances, as of a final block; settling stops where they differ.

The books of a block are all entries but those whose call is not in it yet: a deposit under its
own name, a settlement or credit under its batch's. Holds move nothing between accounts. The
platform's fees are one more account, compared each time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, String, case, cast, col, select

from cloud.charge_tables import CHARGE_NUMBERS
from cloud.core.calls import FILED, WAITING
from cloud.core.money import OUTSIDE, PLATFORM
from cloud.credit_tables import CREDIT_NUMBERS
from cloud.tables import Alarm, Batch, ChainCall, Collected, Entry, Setting, Settlement
from cloud.usecases import accounts, filing, ledger_state
from cloud.usecases.gateways import clear_alarm, raise_alarm

SETTING = "reconciled"
STOPPED = "settling:stopped"
_REASONS = select(Alarm.id).where(
    col(Alarm.id).in_((STOPPED, ledger_state.CLOSED, ledger_state.BEHIND))
)
# Accounts compared in one turn: those with a new entry first, then the others in turn.
MAX_ACCOUNTS = 2_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the last comparison. `differing` and `acknowledged`: account -> chain less books."""

    block: int = -1
    entry: int = 0
    account: int = 0
    differing: Mapping[str, int] = field(default_factory=dict)
    acknowledged: Mapping[str, int] = field(default_factory=dict)

    def stopped(self) -> bool:
        return any(self.acknowledged.get(key) != by for key, by in self.differing.items())


@dataclass(frozen=True, slots=True)
class Books:
    """Account -> minor units as of the block; `mark` changes when a call of ours moves."""

    totals: Mapping[int, int]
    mark: tuple[tuple[str, str, int | None], ...]
    newest_entry: int
    last_account: int


def standing(session: Session) -> Standing:
    row = session.get(Setting, SETTING)
    return Standing(**json.loads(row.value)) if row else Standing()


def kept_back(session: Session) -> tuple[str, ...]:
    """Which kinds of calls are not signed now, by how their names begin."""
    told = session.exec(_REASONS).all()
    if ledger_state.CLOSED in told:
        return ("batch:", "hold:")
    return ("batch:",) if told else ()


def books(session: Session, block: int) -> Books:
    """Of those accounts that are due, with the chain's calls as they stand in the same moment.

    An account that is in no block is not due: what its number has there may be a stranger's.
    """
    before = standing(session)
    late = _late(session, block)
    unopened = filing.all_unopened(session)
    totals = {n: total for n, total in accounts.totals(session).items() if n not in unopened}
    for account, amount_minor in late:
        if account != OUTSIDE and account not in unopened:
            totals[account] = totals.get(account, 0) - amount_minor
    touched = select(Entry.account).where(col(Entry.id) > before.entry).distinct()
    touched_now = {PLATFORM, *session.exec(touched)} & totals.keys()
    first = touched_now | {int(number) for number in before.differing} & totals.keys()
    others = sorted(n for n in totals if n not in first)
    turn = [n for n in others if n > before.account][: max(MAX_ACCOUNTS - len(first), 0)]
    newest = session.exec(select(Entry.id).order_by(col(Entry.id).desc()).limit(1)).first()
    # What is late now must be looked at again when its block is final.
    done = before.entry if late else newest or 0
    last = turn[-1] if turn and turn[-1] != others[-1] else 0
    return Books({n: totals[n] for n in sorted(first | set(turn))}, _mark(session), done, last)


def compared(
    session: Session, block: int, ours: Books, theirs: Mapping[int, int], now: datetime
) -> Standing | None:
    """Alarms and a stop where they differ; None, and nothing told, if a call moved meanwhile."""
    if _mark(session) != ours.mark:
        return None
    before = standing(session)
    unopened = filing.all_unopened(session)
    differing = {key: by for key, by in before.differing.items() if int(key) not in unopened}
    for number, total_minor in ours.totals.items():
        by, key = theirs[number] - total_minor, str(number)
        differing.pop(key, None)
        if not by:
            clear_alarm(session, f"balance:{number}")
            continue
        differing[key] = by
        sentence = (
            f"{_named(number)} {theirs[number]} on the chain as of block {block} "
            f"and {total_minor} in our books."
        )
        raise_alarm(session, f"balance:{number}", "books_differ", None, sentence, now)
    made = replace(
        before,
        block=block,
        entry=ours.newest_entry,
        account=ours.last_account,
        differing=differing,
        acknowledged={k: v for k, v in before.acknowledged.items() if differing.get(k) == v},
    )
    _keep(session, made, now)
    return made


def acknowledge(session: Session, now: datetime) -> Standing:
    """An operator has seen the differences: settling goes on until one of them changes."""
    before = standing(session)
    made = replace(before, acknowledged=dict(before.differing))
    _keep(session, made, now)
    return made


def _named(number: int) -> str:
    return "The platform's fees are" if number == PLATFORM else f"Account {number} holds"


def _keep(session: Session, made: Standing, now: datetime) -> None:
    row = session.get(Setting, SETTING) or Setting(key=SETTING, value="")
    plain = {name: getattr(made, name) for name in Standing.__dataclass_fields__}
    row.value = json.dumps(plain, sort_keys=True)
    session.add(row)
    if made.stopped():
        sentence = f"Settling has stopped: {len(made.differing)} accounts differ from the chain."
        raise_alarm(session, STOPPED, "settling_stopped", None, sentence, now)
    else:
        clear_alarm(session, STOPPED)


def _late(session: Session, block: int) -> list[tuple[int, int]]:
    """(account, minor units) of the entries whose call is in no block up to this one."""
    waiting = col(ChainCall.status).in_(WAITING)
    late = waiting | (col(ChainCall.status).in_(FILED) & (col(ChainCall.block_number) > block))
    deposits = (
        select(Entry.account, Entry.amount_minor)
        .join(ChainCall, col(ChainCall.id) == col(Entry.transfer))
        .where(late)
    )
    settled = (
        select(Entry.account, Entry.amount_minor)
        .join(Settlement, _transfer() == col(Entry.transfer))
        .join(Batch, col(Batch.seq) == col(Settlement.batch))
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(late)
    )
    corrected = (
        select(Entry.account, Entry.amount_minor)
        .join(Collected, "collected:" + cast(col(Collected.id), String) == col(Entry.transfer))
        .join(Settlement, col(Settlement.stay) == col(Collected.stay))
        .join(Batch, col(Batch.seq) == col(Settlement.batch))
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(late)
    )
    return [row for found in (deposits, settled, corrected) for row in session.exec(found)]


def _transfer() -> Any:
    """The name a settlement was posted under: a booking's once, the others by their number."""
    number = cast(col(Settlement.stay), String)
    return case(
        (col(Settlement.stay) < CREDIT_NUMBERS, "settle:" + col(Settlement.booking)),
        (col(Settlement.stay) < CHARGE_NUMBERS, "credit:" + number),
        else_="charge:" + number,
    )


def _mark(session: Session) -> tuple[tuple[str, str, int | None], ...]:
    moving = select(ChainCall.id, ChainCall.status, ChainCall.block_number).where(
        col(ChainCall.status).in_(("signed", "sent", "mined"))
    )
    newest = select(Entry.id).order_by(col(Entry.id).desc()).limit(1)
    entry = session.exec(newest).first()
    return (*session.exec(moving).all(), ("entry", "", entry))
