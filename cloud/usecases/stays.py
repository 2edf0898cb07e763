"""Step 6, first half: signed events open and close stays, exactly once, in their own order."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.tables import EventRow, Gateway, Space, Stay
from cloud.usecases import stay_arrivals, stay_changes
from cloud.usecases.gateways import heard_again, raise_alarm
from contracts.ledger.hashing import unhex
from contracts.wire.messages import Event, SignedEvent
from contracts.wire.signing import Domain, event_digest, plate_commitment, recover
from contracts.wire.types import to_ms

MAX_APPLIED = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """How far one gateway's events are committed, and what to ask of it now.

    `gap`: the first numbers that are missing. `snapshot`: it was away, and what it sees is wanted.
    """

    gateway: str
    epoch: int
    seq: int
    gap: tuple[int, int] | None
    refused: str | None = None
    snapshot: bool = False


def take(session: Session, signed: SignedEvent, domain: Domain, now: datetime) -> Taken:
    """Store one event and apply all that now follow each other without a gap.

    A wrong key or an unknown gateway leaves no trace in the tables but an alarm.
    """
    body = signed.body
    gateway = session.get(Gateway, body.gateway)
    if gateway is None:
        return _refused(session, body, "unknown_gateway", now)
    digest = event_digest(body, domain)
    if recover(digest, signed.signature) != gateway.signer:
        return _refused(session, body, "wrong_key", now)
    stored = session.get(EventRow, (body.gateway, body.epoch, body.seq))
    if stored is None:
        session.add(_row(signed, "0x" + digest.hex(), gateway.signer))
        session.flush()
    elif unhex(stored.digest) != digest:
        # A restored backup: it is told how far we are, and begins a new epoch.
        refused = _refused(session, body, "number_reused", now)
        return replace(refused, epoch=gateway.epoch, seq=gateway.seq)
    _apply_ready(session, gateway, now)
    return Taken(gateway.id, gateway.epoch, gateway.seq, _gap(session, gateway))


def unbooked(session: Session, now: datetime, after_ms: int) -> list[Stay]:
    """Raise the alarm for cars that stand where nobody booked."""
    limit = to_ms(now) - after_ms
    waiting = select(Stay).where(
        Stay.state == "open",
        col(Stay.booking).is_(None),
        Stay.kind != "owner",
        Stay.arrived_ms < limit,
    )
    stays = list(session.exec(waiting))
    for stay in stays:
        sentence = (
            f"A car stands in {stay.space} without a booking: see evidence of stay {stay.number}."
        )
        raise_alarm(session, f"unbooked:{stay.number}", "unbooked", stay.space, sentence, now)
    return stays


def _apply_ready(session: Session, gateway: Gateway, now: datetime) -> None:
    for _ in range(MAX_APPLIED):
        row = _next(session, gateway)
        if row is None:
            return
        gateway.epoch, gateway.seq = row.epoch, row.seq
        gateway.seen_ms = max(gateway.seen_ms, to_ms(now))
        if not gateway.online:
            heard_again(gateway)
        session.add(gateway)
        _apply(session, row, Event.model_validate_json(row.body), now)
        session.add(row)
        session.flush()


def _next(session: Session, gateway: Gateway) -> EventRow | None:
    """The following number; a new epoch (the gateway lost its store) starts again at one."""
    following = session.get(EventRow, (gateway.id, gateway.epoch, gateway.seq + 1))
    if following is not None:
        return following
    newer = select(EventRow).where(
        EventRow.gateway == gateway.id, EventRow.epoch > gateway.epoch, EventRow.seq == 1
    )
    return session.exec(newer.order_by(col(EventRow.epoch))).first()


def _gap(session: Session, gateway: Gateway) -> tuple[int, int] | None:
    beyond = select(EventRow.seq).where(
        EventRow.gateway == gateway.id,
        EventRow.epoch == gateway.epoch,
        EventRow.seq > gateway.seq,
    )
    first = session.exec(beyond.order_by(col(EventRow.seq)).limit(1)).first()
    return None if first is None else (gateway.seq + 1, first - 1)


def _apply(session: Session, row: EventRow, event: Event, now: datetime) -> None:
    if event.space is None or event.occupancy is None:
        row.effect = "noted"
        return
    space = session.get(Space, event.space)
    if space is None or space.gateway != event.gateway:
        row.effect = "foreign_space"
        raise_alarm(
            session,
            f"foreign:{event.gateway}:{event.space}",
            "foreign_space",
            event.space,
            f"Gateway {event.gateway} reports on {event.space}, which is not assigned to it.",
            now,
        )
        return
    # Whether a space was free for whoever came is asked of it as it was before.
    row.effect = stay_changes.applied(session, space.id, stay_arrivals.seen(row, event), now)
    if space.occupancy != event.occupancy:
        # What is only said again is not newer: it is so since it became so.
        space.occupancy, space.occupancy_ms = event.occupancy, to_ms(event.at)
        session.add(space)


def _row(signed: SignedEvent, digest: str, signer: str) -> EventRow:
    """A plate that does not open the signed commitment is somebody's addition: left out."""
    body, plate = signed.body, signed.plate
    if plate and plate_commitment(plate.text, unhex(plate.salt)) != body.plate:
        plate = None
    return EventRow(
        gateway=body.gateway,
        epoch=body.epoch,
        seq=body.seq,
        space=body.space,
        body=body.model_dump_json(),
        signature=signed.signature,
        digest=digest,
        plate=plate.model_dump_json() if plate else None,
        signer=signer,
    )


def _refused(session: Session, body: Event, code: str, now: datetime) -> Taken:
    sentence = f"An event in the name of gateway {body.gateway} was refused: {code}."
    # Strangers make up names without end: they share one alarm.
    about = "strangers" if code == "unknown_gateway" else body.gateway
    raise_alarm(session, f"{code}:{about}", code, None, sentence, now)
    return Taken(body.gateway, 0, 0, None, refused=code)
