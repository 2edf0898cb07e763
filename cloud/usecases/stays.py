"""Step 6, first half: signed events open and close stays, exactly once, in their own order."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.tables import Booking, EventRow, Gateway, Space, Stay
from cloud.usecases import billing, bookings
from cloud.usecases.gateways import raise_alarm
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
        Stay.state == "open", col(Stay.booking).is_(None), Stay.arrived_ms < limit
    )
    stays = list(session.exec(waiting))
    for stay in stays:
        sentence = f"A car stands in {stay.space} without a booking. Look at the plate evidence."
        raise_alarm(session, f"unbooked:{stay.number}", "unbooked", stay.space, sentence, now)
    return stays


def _apply_ready(session: Session, gateway: Gateway, now: datetime) -> None:
    for _ in range(MAX_APPLIED):
        row = _next(session, gateway)
        if row is None:
            return
        gateway.epoch, gateway.seq = row.epoch, row.seq
        gateway.seen_ms, gateway.online = max(gateway.seen_ms, to_ms(now)), True
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
    space.occupancy, space.occupancy_ms = event.occupancy, to_ms(event.at)
    session.add(space)
    row.effect = _change(session, space, event, now)


def _change(session: Session, space: Space, event: Event, now: datetime) -> str:
    stay = session.exec(select(Stay).where(Stay.space == space.id, Stay.state == "open")).first()
    if event.occupancy == "occupied" and stay is None:
        return _open(session, event, now)
    if event.occupancy == "free" and stay is not None:
        return _close(session, stay, event, now)
    return "noted"


def _open(session: Session, event: Event, now: datetime) -> str:
    booking = _booking_for(session, event)
    stay = Stay(
        space=event.space or "",
        gateway=event.gateway,
        epoch=event.epoch,
        first_seq=event.seq,
        booking=booking.id if booking else None,
        arrived_ms=to_ms(event.at),
    )
    session.add(stay)
    session.flush()
    if booking is not None:
        bookings.move(session, booking, "arrive", event.at)
    elif event.match == "accepted":
        sentence = f"A car came to {event.space} by a grant whose booking is over. Decide."
        raise_alarm(
            session, f"returned:{stay.number}", "grant_without_booking", event.space, sentence, now
        )
    elif event.match == "ambiguous":
        sentence = f"The plate in {event.space} nearly fits a booking. Compare and decide."
        raise_alarm(
            session, f"ambiguous:{stay.number}", "ambiguous_plate", event.space, sentence, now
        )
    return "opened"


def _booking_for(session: Session, event: Event) -> Booking | None:
    """Only a plate that the gateway accepted ties a stay to a booking; doubt goes to a person."""
    booking = bookings.by_grant(session, event.grant) if event.match == "accepted" else None
    if booking is None or booking.space != event.space:
        return None
    return booking if booking.state in ("confirmed", "granted") else None


def _close(session: Session, stay: Stay, event: Event, now: datetime) -> str:
    stay.last_seq, stay.departed_ms = event.seq, to_ms(event.at)
    stay.state = "closed" if event.epoch == stay.epoch else "disputed"
    session.add(stay)
    session.flush()
    if stay.booking is None:
        stay.state = "unpaid" if stay.state == "closed" else stay.state
        return "closed"
    booking = bookings.get(session, stay.booking)
    bookings.move(session, booking, "depart", event.at)
    if stay.state == "disputed" or not billing.settle(session, stay, booking):
        _dispute(session, stay, booking, now)
    return "closed"


def _dispute(session: Session, stay: Stay, booking: Booking, now: datetime) -> None:
    """Nothing is charged by itself, and nothing stays held."""
    stay.state = "disputed"
    session.add(stay)
    bookings.void_hold(session, booking, now)
    sentence = f"The evidence of the stay in {stay.space} does not prove it. Decide the price."
    raise_alarm(session, f"dispute:{stay.number}", "broken_evidence", stay.space, sentence, now)


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
