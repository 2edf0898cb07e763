"""What we put on the chain: calls are queued in the transaction that decides them, sent later."""

import json
from collections.abc import Collection, Sequence

from sqlmodel import Session, col, func, select

from cloud.ports.chain import Contract, Sender
from cloud.tables import ChainCall


def queue(
    session: Session,
    call_id: str,
    target: tuple[Contract, str],
    args: Sequence[object],
    sender: Sender,
) -> None:
    """Queue once: a call of the same id that is there already is left as it is."""
    if session.exec(select(ChainCall).where(ChainCall.id == call_id)).first():
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


def next_call(session: Session, not_from: Collection[str] = ()) -> ChainCall | None:
    """The oldest call not yet mined: they go out one after the other, in the order decided.

    `not_from`: senders whose oldest call the chain refuses for now; theirs all wait behind it.
    """
    waiting = ("queued", "signed", "sent")
    found = select(ChainCall).where(
        col(ChainCall.status).in_(waiting), col(ChainCall.sender).not_in(not_from)
    )
    return session.exec(found.order_by(col(ChainCall.number)).limit(1)).first()


def count_named(session: Session, prefix: str) -> int:
    found = select(func.count()).where(col(ChainCall.id).startswith(prefix, autoescape=True))
    return session.exec(found).one()


def unfinal_calls(session: Session, limit: int) -> list[ChainCall]:
    mined = select(ChainCall).where(ChainCall.status == "mined")
    return list(session.exec(mined.order_by(col(ChainCall.number)).limit(limit)))


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
