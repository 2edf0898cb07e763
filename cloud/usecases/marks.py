"""Marks on the chain: which spaces are shared, under which title, by which decision.

One call under way at a time: marks that come meanwhile wait, and go together in the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, select

from cloud.core.calls import WAITING
from cloud.tables import ChainCall, Offer, Registration, Setting, Title
from cloud.title_tables import MarkCall
from cloud.usecases import checking, filing, title_tree
from cloud.usecases.checking import STANDING as STANDING
from cloud.usecases.title_tree import record_of
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import path
from contracts.ledger.records import space_key
from contracts.wire.types import ZERO_DIGEST

MAX_MARKS = 64  # in one call, and nodes in its cap: as in PropertyRegistry.vy
TERMS_CHECKED = "terms_checked"


def file_waiting(session: Session, mined: str = "") -> None:
    """File what waits unless a call of ours is under way; `mined` is one that no longer is."""
    under_way = (
        select(MarkCall.call)
        .join(ChainCall, col(ChainCall.id) == col(MarkCall.call))
        .where(col(ChainCall.status).in_(WAITING), MarkCall.call != mined)
    )
    if session.exec(under_way.limit(1)).first() is not None:
        return
    rows = _waiting(session)
    if not rows:
        return
    call = f"share:{rows[0].id}"
    for row in rows:
        session.add(MarkCall(registration=row.id, call=call))
    alone = len(rows) == 1
    function = "share" if alone else "share_many"
    args = (
        [*_proven(session, rows[0].space), rows[0].decision] if alone else _together(session, rows)
    )
    filing.queue(session, call, ("registry", function), args, "registrar")


def marked(session: Session, call_id: str) -> None:
    """The chain has mined these marks: file those that waited behind them."""
    carried = (
        select(Registration)
        .join(MarkCall, col(MarkCall.registration) == col(Registration.id))
        .where(MarkCall.call == call_id, Registration.status == "compliant")
    )
    for row in session.exec(carried):
        row.status = "shared"
        session.add(row)
    session.flush()
    file_waiting(session, mined=call_id)


def recheck(session: Session, before: Mapping[str, str], version: int, now: datetime) -> None:
    """A mark stands on the title it was given for.

    Another title of the same holder that is as good takes it over; else it ends, and the offers
    with it. `before`: the old records of the spaces whose title changed or went.
    """
    for row in _standing(session):
        if row.space not in before:
            continue
        title = session.get(Title, row.space)
        verdict = checking.again(session, row, title, now)
        if verdict.reasons:
            end(session, row, [reason.code for reason in verdict.reasons])
            continue
        checking.decide(row, verdict)
        session.add(row)
        _transfer(session, row, f"transfer:{row.id}:{version}", row.decision)


def expire_ended(session: Session, now: datetime) -> None:
    """Once a day (UTC): end the marks of titles whose term is over."""
    today = now.date()
    checked = session.get(Setting, TERMS_CHECKED) or Setting(key=TERMS_CHECKED, value="")
    if checked.value == today.isoformat():
        return
    checked.value = today.isoformat()
    session.add(checked)
    for row in _standing(session):
        title = session.get(Title, row.space)
        until = title and record_of(title).valid_until
        if until and date.fromisoformat(until) < today:
            end(session, row, ["expired"])


def end(session: Session, row: Registration, codes: Sequence[str]) -> None:
    """Take the mark back; `codes` are of the reasons, and the contract has a name for some."""
    row.status = "withdrawn"
    session.add(row)
    for offer in session.exec(select(Offer).where(Offer.space == row.space)):
        offer.status = "closed"
        session.add(offer)
    if not _filed(session, row):
        return
    title = session.get(Title, row.space)
    ended_s = _ended_s(title)
    if title is not None and "holder_mismatch" in codes:
        _transfer(session, row, f"transfer:{row.id}:end", ZERO_DIGEST)
    elif "expired" in codes and ended_s is not None:
        _queue(session, f"expire:{row.id}", "expire", [_key(row.space), ended_s])
    else:
        why = "0x" + keccak(codes[0].encode()).hex()
        _queue(session, f"unshare:{row.id}", "unshare", [_key(row.space), why])


def _waiting(session: Session) -> list[Registration]:
    compliant = (
        select(Registration)
        .outerjoin(MarkCall, col(MarkCall.registration) == col(Registration.id))
        .where(Registration.status == "compliant", col(MarkCall.call).is_(None))
    )
    order = (col(Registration.decided_ms), col(Registration.id))
    return list(session.exec(compliant.order_by(*order).limit(MAX_MARKS)))


def _standing(session: Session) -> Iterator[Registration]:
    rows = select(Registration).where(col(Registration.status).in_(STANDING))
    yield from list(session.exec(rows))


def _transfer(session: Session, row: Registration, call_id: str, decision: str) -> None:
    if _filed(session, row):
        key, digest, siblings = _proven(session, row.space)
        _queue(session, call_id, "transfer", [key, digest, siblings, decision])


def _queue(session: Session, call_id: str, function: str, args: list[object]) -> None:
    filing.queue(session, call_id, ("registry", function), args, "registrar")


def _filed(session: Session, row: Registration) -> bool:
    return session.get(MarkCall, row.id) is not None


def _ended_s(title: Title | None) -> int | None:
    """The last day is the holder's whole day."""
    until = title and record_of(title).valid_until
    if not until:
        return None
    after = date.fromisoformat(until) + timedelta(days=1)
    return int(datetime.combine(after, time(), UTC).timestamp())


def _proven(session: Session, space: str) -> tuple[str, str, list[str]]:
    title = session.get_one(Title, space)
    nodes = title_tree.proof(session, title.position)
    return _key(space), record_of(title).digest(), _hexes(nodes)


def _together(session: Session, rows: Sequence[Registration]) -> Sequence[object]:
    """What share_many takes: one level of the tree, and each proof up to it."""
    tree = title_tree.current(session)
    level = _cap_level(tree.count, len(rows))
    marks: list[object] = []
    siblings: list[str] = []
    for row in rows:
        title = session.get_one(Title, row.space)
        below = [where for where in path(title.position, tree.count) if where[0] < level]
        siblings += _hexes(tree.nodes(below))
        digest, under = record_of(title).digest(), title.position >> level
        marks.append([_key(row.space), digest, row.decision, under, len(siblings)])
    return [_hexes(tree.level(level)), marks, siblings]


def _cap_level(leaves: int, marks: int) -> int:
    """The lowest level of at most 3 nodes for 2 marks: less gas than below or above it."""
    level = 0
    while leaves > max(1, min(MAX_MARKS, marks * 3 // 2)):
        leaves, level = -(-leaves // 2), level + 1
    return level


def _key(space: str) -> str:
    return "0x" + space_key(space).hex()


def _hexes(nodes: Sequence[bytes]) -> list[str]:
    return ["0x" + node.hex() for node in nodes]
