"""What we put on the chain: calls are queued in the transaction that decides them, sent later."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, String, cast, col, func, or_, select

from cloud.core import calls
from cloud.core.calls import FILED, WAITING, Status, Step
from cloud.core.fees import Fees
from cloud.ports.chain import Contract, Sender, SignedTransaction
from cloud.tables import ChainAttempt, ChainCall

# Newest first; replacements are bounded, and a call signed again has a new nonce.
MAX_ATTEMPTS_LOOKED_AT = 24
# What a call of this kind must not overtake, where it was decided before. A batch takes from
# accounts what these have put there, or left; its gateways' keys are the registry's of its block.
BEHIND: Mapping[str, tuple[str, ...]] = {
    "batch": ("unkey:", "account:", "deposit:", "payout:", "rekey:"),
    "rekey": ("batch:", "unkey:"),
    "unkey": ("batch:", "gateway:", "rekey:"),
}
_UNOPENED = select(ChainCall.id).where(
    col(ChainCall.status).in_((*WAITING, "failed")), col(ChainCall.id).startswith("account:")
)
# What a failed call is named once the same is asked again.
ASIDE = "refused:"


@dataclass(frozen=True, slots=True)
class Turn:
    """The call that is next, and what was signed for it before, newest first.

    `overtakes`: it must wait, see BEHIND.
    """

    call: ChainCall
    tried: tuple[ChainAttempt, ...]
    overtakes: bool


def queue(
    session: Session,
    call_id: str,
    target: tuple[Contract, str],
    args: Sequence[object],
    sender: Sender,
) -> None:
    """Queue once: a call of the same id that is there already is left as it is."""
    if status_of(session, call_id) is not None:
        return
    contract, function = target
    session.add(
        ChainCall(
            id=call_id,
            contract=contract,
            function=function,
            args=json.dumps(list(args)),
            sender=sender,
        )
    )
    session.flush()


def status_of(session: Session, call_id: str) -> str | None:
    return session.exec(select(ChainCall.status).where(ChainCall.id == call_id)).first()


def unopened(number: Any) -> Any:
    """Of a column of account numbers: its opening is in no block, or was refused for good."""
    opening = ChainCall.id == "account:" + cast(number, String)
    call = select(ChainCall.number).where(opening, col(ChainCall.status).not_in(FILED))
    return call.correlate_except(ChainCall).exists()


def all_unopened(session: Session) -> set[int]:
    """The numbers themselves: few, of openings on their way and those that were refused."""
    return {int(call.removeprefix("account:")) for call in session.exec(_UNOPENED)}


def set_aside(session: Session, call_id: str) -> None:
    """A call that failed keeps its row under another name: its own may be queued again."""
    call = call_named(session, call_id)
    if call is not None and call.status == "failed":
        call.id = f"{ASIDE}{call_id}:{call.number}"
        session.add(call)
        session.flush()


def next_call(session: Session, not_from: Collection[str] = ()) -> ChainCall | None:
    """The oldest call not yet mined: they go out one after the other, in the order decided.

    `not_from`: senders whose oldest call the chain refuses for now; theirs all wait behind it.
    """
    found = select(ChainCall).where(
        col(ChainCall.status).in_(WAITING), col(ChainCall.sender).not_in(not_from)
    )
    return session.exec(found.order_by(col(ChainCall.number)).limit(1)).first()


def turn(session: Session, not_from: Collection[str]) -> Turn | None:
    call = next_call(session, not_from)
    if call is None:
        return None
    return Turn(call, tuple(attempts(session, call)), _overtakes(session, call))


def _overtakes(session: Session, call: ChainCall) -> bool:
    """Something decided before it, behind which it must stay, is in no block yet."""
    kind, _, subject = call.id.partition(":")
    if kind == "deposit":
        return status_of(session, f"account:{subject.partition(':')[0]}") in WAITING
    behind = BEHIND.get(kind)
    if behind is None:
        return False
    others = or_(*(col(ChainCall.id).startswith(kind) for kind in behind))
    before = (col(ChainCall.number) < call.number) & col(ChainCall.status).in_(WAITING)
    return session.exec(select(ChainCall.number).where(before, others)).first() is not None


def count_waiting(session: Session, prefix: str) -> int:
    waiting = col(ChainCall.status).in_(WAITING)
    named = col(ChainCall.id).startswith(prefix, autoescape=True)
    return session.exec(select(func.count()).where(waiting, named)).one()


def queued(session: Session, prefix: str) -> Sequence[ChainCall]:
    named = col(ChainCall.id).startswith(prefix, autoescape=True)
    return session.exec(select(ChainCall).where(ChainCall.status == "queued", named)).all()


def count_named(session: Session, prefix: str) -> int:
    found = select(func.count()).where(col(ChainCall.id).startswith(prefix, autoescape=True))
    return session.exec(found).one()


def unfinal(session: Session, limit: int) -> dict[int, tuple[int, str]]:
    """Where the oldest mined calls stand: their blocks' numbers and hashes, by the calls' own."""
    places = select(ChainCall.number, ChainCall.block_number, ChainCall.block_hash)
    mined = places.where(ChainCall.status == "mined").order_by(col(ChainCall.number)).limit(limit)
    return {number or 0: (block or 0, hash_ or "") for number, block, hash_ in session.exec(mined)}


def in_flight(session: Session) -> list[str]:
    """Hashes under which a call that is not on record as mined may be in a block."""
    found = (
        select(ChainAttempt.hash)
        .join(ChainCall, col(ChainCall.number) == col(ChainAttempt.call))
        .where(col(ChainCall.status).in_(WAITING))
    )
    return list(session.exec(found))


def step(session: Session, call: ChainCall, *what: Step, **fields: Any) -> ChainCall:
    """Through the table; raises IllegalStep and changes nothing when one is not in it."""
    row = session.get_one(ChainCall, call.number)
    status: Status = row.status  # type: ignore[assignment]
    for one in what:
        status = calls.stepped(status, one)
    row.status = status
    for name, value in fields.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def signed(
    session: Session, call: ChainCall, tx: SignedTransaction, what: Step, now_ms: int
) -> ChainCall:
    """Stored before it is sent: after a crash the same bytes go out again, never a second call."""
    if session.get(ChainAttempt, tx.hash) is None:
        session.add(
            ChainAttempt(
                hash=tx.hash,
                call=call.number or 0,
                nonce=tx.nonce,
                raw=tx.raw,
                max_fee_wei=tx.fees.max_fee_wei,
                tip_wei=tx.fees.tip_wei,
                signed_ms=now_ms,
            )
        )
    return step(session, call, what, raw=tx.raw, hash=tx.hash, nonce=tx.nonce)


def attempts(session: Session, call: ChainCall) -> list[ChainAttempt]:
    """Newest first: a call may be mined under any of its hashes."""
    of_call = select(ChainAttempt).where(ChainAttempt.call == call.number)
    order = (col(ChainAttempt.signed_ms).desc(), col(ChainAttempt.max_fee_wei).desc())
    return list(session.exec(of_call.order_by(*order).limit(MAX_ATTEMPTS_LOOKED_AT)))


def newest_attempt(call: ChainCall) -> ChainAttempt:
    """Of a signed call, without asking."""
    hash_, nonce, raw = call.hash or "", call.nonce or 0, call.raw or b""
    return ChainAttempt(hash=hash_, call=call.number or 0, nonce=nonce, raw=raw, signed_ms=0)


def offered(attempt: ChainAttempt) -> Fees:
    return Fees(attempt.max_fee_wei, attempt.tip_wei)


def call_named(session: Session, call_id: str) -> ChainCall | None:
    return session.exec(select(ChainCall).where(ChainCall.id == call_id)).first()


def arguments(call: ChainCall) -> tuple[object, ...]:
    """As the chain adapter takes them: 32-byte hex as bytes, addresses as text, numbers as is."""
    return tuple(_argument(value) for value in json.loads(call.args))


def _argument(value: object) -> object:
    if isinstance(value, list):
        return [_argument(item) for item in value]
    if isinstance(value, str) and value.startswith("0x") and len(value) == 66:
        return bytes.fromhex(value[2:])
    return value
