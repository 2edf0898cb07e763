"""Many events at once: stored in bulk first, made into stays as soon as there is time.

Only plain ones: of a gateway that we know, by its present key, the next numbers without a gap. All
others go one by one through `stays.take`, which knows what to do with them. An event is safe, and
is acknowledged, once it is stored; until it is applied nothing is decided that it might change
(`gateways.told_all`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text, tuple_
from sqlmodel import Session, col, select

from cloud.core.checking import Sealed
from cloud.tables import EventRow, Gateway
from cloud.usecases import plate_vault, stays, tracing
from cloud.usecases.gateways import heard_again
from cloud.usecases.stays import Taken
from contracts.wire.messages import Event, PlateProof
from contracts.wire.types import to_ms

MAX_ASKED = 500
INSERT = text(
    "INSERT INTO event (gateway, epoch, seq, space, body, signature, digest, plate, signer, effect)"
    " VALUES (:gateway, :epoch, :seq, :space, :body, :signature, :digest, :plate, :signer,"
    " 'waiting') ON CONFLICT DO NOTHING"
)
MOVE = text("UPDATE gateway SET kept_seq = :seq, seen_ms = :seen_ms WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Behind:
    """Of a gateway: the last numbers that are applied, and stored."""

    gateway: str
    epoch: int
    applied: int
    stored: int


def store(
    session: Session, group: Sequence[Sealed], now: datetime
) -> tuple[list[Taken], list[Sealed]]:
    """How far each gateway is now stored, and those of the group that are not plain.

    Of a gateway with one that is not plain, those before it are stored, and it and all that follow
    are given back: their order is kept.
    """
    gateways = _gateways(session, {it.gateway for it in group})
    # The very same twice in a group is once.
    group, again = _without_known(session, list(dict.fromkeys(group)), gateways)
    plain, rest, reached = _sorted_out(group, gateways)
    if plain:
        # Fewer than asked: some number was there already, which only `take` can judge.
        rows = [_row(session, it) for it in plain]
        if session.connection().execute(INSERT, rows).rowcount != len(rows):
            return again, list(group)
        moved = [_moved(session, gateways[name], seq, now) for name, seq in reached.items()]
        session.connection().execute(MOVE, moved)
    told = [Taken(name, gateways[name].epoch, seq, None) for name, seq in reached.items()]
    return [*again, *told], rest


def behind(session: Session) -> list[str]:
    """Gateways of which something is stored and not yet applied; those who wait longest first."""
    return [it.gateway for it in standing(session)]


def standing(session: Session) -> list[Behind]:
    """The same, with how far each is."""
    found = select(Gateway.id, Gateway.epoch, Gateway.seq, Gateway.kept_seq)
    found = found.where(col(Gateway.kept_seq) > col(Gateway.seq))
    ordered = found.order_by(col(Gateway.seen_ms), col(Gateway.id))
    return [Behind(*row) for row in session.exec(ordered)]


def waiting(session: Session) -> int:
    """Events that are stored and not yet applied; what was taken one by one was never stored."""
    return sum(it.stored - it.applied for it in standing(session))


def apply_waiting(
    session: Session, name: str, limit: int, now: datetime
) -> tuple[int, list[tuple[int, str]]]:
    """Of one gateway, at most `limit`: how many it were, and the number and trace of those that

    opened or ended a stay.
    """
    gateway = session.get_one(Gateway, name)
    before = gateway.seq
    stays.apply_ready(session, gateway, now, min(limit, gateway.kept_seq - before))
    done = range(before + 1, gateway.seq + 1)
    return len(done), tracing.of_events(session, name, gateway.epoch, done)


def _gateways(session: Session, names: Iterable[str]) -> dict[str, Gateway]:
    ordered = sorted(names)
    parts = [ordered[at : at + MAX_ASKED] for at in range(0, len(ordered), MAX_ASKED)]
    asked = (select(Gateway).where(col(Gateway.id).in_(part)) for part in parts)
    return {gateway.id: gateway for part in asked for gateway in session.exec(part)}


def _without_known(
    session: Session, group: Sequence[Sealed], gateways: dict[str, Gateway]
) -> tuple[Sequence[Sealed], list[Taken]]:
    """What was sent again, exactly as it is stored, is answered and left out."""
    old = [it for it in group if _is_old(it, gateways.get(it.gateway))]
    if not old:
        return group, []
    keys = [(it.gateway, it.epoch, it.seq) for it in old]
    known = tuple_(col(EventRow.gateway), col(EventRow.epoch), col(EventRow.seq))
    stored: dict[tuple[str, int, int], str] = {}
    for at in range(0, len(keys), MAX_ASKED):
        asked = select(EventRow.gateway, EventRow.epoch, EventRow.seq, EventRow.digest)
        for *key, digest in session.exec(asked.where(known.in_(keys[at : at + MAX_ASKED]))):
            stored[tuple(key)] = digest  # type: ignore[index]
    same = {id(it) for it, key in zip(old, keys) if stored.get(key) == it.digest}
    names = {it.gateway for it in old if id(it) in same}
    told = [Taken(n, gateways[n].epoch, gateways[n].kept_seq, None) for n in sorted(names)]
    return [it for it in group if id(it) not in same], told


def _is_old(event: Sealed, gateway: Gateway | None) -> bool:
    return (
        gateway is not None
        and event.epoch == gateway.epoch
        and event.seq <= gateway.kept_seq
        and event.signer == gateway.signer
    )


def _sorted_out(
    group: Sequence[Sealed], gateways: dict[str, Gateway]
) -> tuple[list[Sealed], list[Sealed], dict[str, int]]:
    """The plain ones, the others, and the last plain number of each gateway."""
    plain: list[Sealed] = []
    rest: list[Sealed] = []
    reached: dict[str, int] = {}
    left: set[str] = set()
    for event in group:
        gateway = gateways.get(event.gateway)
        if gateway is None or event.gateway in left:
            rest.append(event)
            continue
        last = reached.get(event.gateway, max(gateway.kept_seq, gateway.seq))
        if _is_plain(event, gateway, last):
            plain.append(event)
            reached[event.gateway] = event.seq
        else:
            rest.append(event)
            left.add(event.gateway)
    return plain, rest, reached


def _is_plain(event: Sealed, gateway: Gateway, last: int) -> bool:
    return event.epoch == gateway.epoch and event.seq == last + 1 and event.signer == gateway.signer


def _row(session: Session, event: Sealed) -> dict[str, object]:
    row: dict[str, object] = event._asdict()
    if event.plate is not None:
        body = Event.model_validate_json(event.body)
        proof = PlateProof.model_validate_json(event.plate)
        row["plate"] = plate_vault.sealed_event(session, body, proof)
    return row


def _moved(session: Session, gateway: Gateway, seq: int, now: datetime) -> dict[str, object]:
    if not gateway.online:
        heard_again(gateway)
        session.add(gateway)
        session.flush()
    return {"id": gateway.id, "seq": seq, "seen_ms": max(gateway.seen_ms, to_ms(now))}
