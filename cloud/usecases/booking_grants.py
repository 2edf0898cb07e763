"""What a gateway is told of bookings: grants, what replaces and revokes them, and all of it again

after it was away. A grant is void by itself once its window is over; nothing depends on a revoke.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, func, select

from cloud.booking_tables import Booking
from cloud.core.booking import AHEAD, HOLDING
from cloud.tables import Command, Space
from cloud.usecases import plate_vault
from cloud.usecases.many import Many
from contracts.ledger.records import BookingRecord
from contracts.wire.messages import Grant, Revoke
from contracts.wire.types import to_ms

# Of one gateway: as many grants as it holds (edge/core/grants.py).
MAX_RESENT = 2_000
# Revokes are told again for as long as a gateway remembers them.
REVOKES_KEPT_MS = 7 * 86_400_000
_COMMANDS = Many(
    insert(Command),
    ("id", "gateway", "kind", "payload", "subject", "status", "answer", "created_ms"),
)
_GATEWAY = select(Space.gateway).where(Space.id == bindparam("space"))
# When the one before it ends, if that is after its early time begins.
_BEFORE = select(func.max(Booking.ends_ms)).where(
    Booking.space == bindparam("space"),
    col(Booking.state).in_(HOLDING),
    Booking.starts_ms < bindparam("starts"),
    Booking.ends_ms > bindparam("early"),
    Booking.ends_ms <= bindparam("starts"),
)
# The next, if its early time begins before this one ends.
_AFTER = (
    select(Booking.id)
    .where(
        Booking.space == bindparam("space"),
        col(Booking.state).in_(AHEAD),
        Booking.starts_ms >= bindparam("ends"),
        Booking.early_ms < bindparam("ends"),
    )
    .order_by(col(Booking.starts_ms))
    .limit(1)
)


def record_of(booking: Booking) -> BookingRecord:
    return BookingRecord.model_validate_json(booking.record)


def send(
    session: Session, booking: Booking, command: str, now: datetime, read: str | None = None
) -> None:
    """The grant as it is now; what waits to tell an older one is not sent any more.

    `read`: how a camera reads the plate, where a person has said that it is this car's.
    """
    drop(session, booking.id)
    place = (_watched(session, booking), early_s(session, booking))
    plate = plate_vault.of_booking(session, booking)
    plates = (plate, read) if read and read != plate else (plate,)
    tell(session, booking, record_of(booking), place, (command, now), plates)


def compared(session: Session, booking: Booking) -> str | None:
    """How a camera reads the plate of the car that stands there, as a person has said it."""
    if booking.state != "active":
        return None
    rows = select(Command).where(Command.subject == booking.id, Command.kind == "grant")
    plain = (plate_vault.opened_grant(session, row) for row in session.exec(rows).all())
    told = (Grant.model_validate_json(row) for row in plain)
    newest = max(told, key=lambda grant: grant.version, default=None)
    return newest.plates[-1] if newest is not None and len(newest.plates) > 1 else None


def add(
    session: Session, booking: Booking, record: BookingRecord, command: str, now: datetime
) -> None:
    """Of a booking that no command speaks of yet."""
    told = (_watched(session, booking), early_s(session, booking))
    tell(session, booking, record, told, (command, now))


def tell(
    session: Session,
    booking: Booking,
    record: BookingRecord,
    place: tuple[str, int],
    command: tuple[str, datetime],
    plates: tuple[str, ...] | None = None,
) -> None:
    """`place`: the gateway, and seconds before the start that are free; `command`: id, time;

    `plates`: None is the booking's.
    """
    made = Grant(
        command=command[0],
        gateway=place[0],
        id=booking.grant,
        version=booking.version,
        booking=booking.id,
        space=booking.space,
        plates=plates or (plate_vault.of_booking(session, booking),),
        starts_at=record.window.starts_at,
        ends_at=record.window.ends_at,
        early_s=float(place[1]),
        late_s=float(record.terms.no_show_timeout_s),
        issued_at=command[1],
    )
    payload = plate_vault.sealed_grant(session, made, booking.driver)
    _write(session, made, ("grant", payload), booking.id, command[1])


def revoke(
    session: Session, place: tuple[str, str], subject: str, command: str, now: datetime
) -> None:
    """`place`: the space whose gateway has it, and the grant."""
    gateway = gateway_of(session, place[0])
    if gateway is not None:
        made = Revoke(command=command, gateway=gateway, id=place[1], issued_at=now)
        _write(session, made, ("revoke", made.model_dump_json()), subject, now)


def drop(session: Session, booking: str) -> None:
    """Grants that wait for an answer: another came, or none is needed."""
    waiting = select(Command).where(
        Command.subject == booking, Command.kind == "grant", Command.status == "pending"
    )
    for row in session.exec(waiting):
        row.status = "stale"
        session.add(row)
    session.flush()


def early_s(session: Session, booking: Booking) -> int:
    """How long before the start the space is free for this booking: as agreed, or since the one

    before it ends.
    """
    agreed_s = (booking.starts_ms - booking.early_ms) // 1000
    if not agreed_s:
        return 0
    asked = {"space": booking.space, "starts": booking.starts_ms, "early": booking.early_ms}
    ends_ms = session.connection().execute(_BEFORE, asked).scalar()
    return agreed_s if ends_ms is None else max(0, (booking.starts_ms - ends_ms) // 1000)


def shorten_early(session: Session, booking: Booking, command: str, now: datetime) -> None:
    """This one came in before another: that one's car must not come while it lasts."""
    asked = {"space": booking.space, "ends": booking.ends_ms}
    following: Any = session.connection().execute(_AFTER, asked).scalar()
    if following is not None:
        _refit(session, session.get_one(Booking, following), command, now)


def widen_early(session: Session, place: tuple[str, int], command: str, now: datetime) -> None:
    """A booking is gone from there, or ends sooner: the next one's car may come earlier again."""
    ahead = select(Booking).where(
        Booking.space == place[0],
        col(Booking.state).in_(AHEAD),
        Booking.starts_ms > place[1],
    )
    found = session.exec(ahead.order_by(col(Booking.starts_ms)).limit(1)).first()
    if found is not None:
        _refit(session, found, command, now)


def _refit(session: Session, booking: Booking, command: str, now: datetime) -> None:
    row = _newest(session, booking)
    told_s = float(json.loads(row.payload)["early_s"]) if row is not None else -1.0
    if told_s == float(early_s(session, booking)):
        return
    booking.version += 1
    session.add(booking)
    session.flush()
    send(session, booking, command, now)


def tell_again(session: Session, gateway: str, now: datetime) -> int:
    """All that this gateway should hold, and what it should hold no more, waits to be sent.

    It takes each once more without harm, and says so; how many there are.
    """
    told = 0
    for booking in _held(session, gateway, now):
        row = _newest(session, booking)
        if row is None or row.gateway != gateway:
            # Of a space that another gateway watched when it was told.
            command = f"again-{booking.id}-{booking.version}" + (
                "" if row is None else f"-{gateway}"
            )
            add(session, booking, record_of(booking), command[:64], now)
        else:
            _wait(session, row)
        told += 1
    for row in _revokes(session, gateway, now):
        _wait(session, row)
        told += 1
    session.flush()
    return told


def _watched(session: Session, booking: Booking) -> str:
    gateway = gateway_of(session, booking.space)
    if gateway is None:
        raise AssertionError("an offered space has a gateway")
    return gateway


def gateway_of(session: Session, space: str) -> str | None:
    found: Any = session.connection().execute(_GATEWAY, {"space": space}).scalar()
    return None if found is None else str(found)


def _held(session: Session, gateway: str, now: datetime) -> list[Booking]:
    held = (
        select(Booking)
        .join(Space, col(Space.id) == col(Booking.space))
        .where(Space.gateway == gateway, col(Booking.state).in_(HOLDING))
    )
    # Whose car has come is known by its grant even when it is over.
    needed = (col(Booking.state) == "active") | (col(Booking.ends_ms) > to_ms(now))
    return list(session.exec(held.where(needed).order_by(Booking.id).limit(MAX_RESENT)))


def _newest(session: Session, booking: Booking) -> Command | None:
    rows = select(Command).where(Command.subject == booking.id, Command.kind == "grant")
    for row in session.exec(rows.order_by(col(Command.created_ms).desc())):
        told = json.loads(row.payload)
        if (told["id"], told["version"]) == (booking.grant, booking.version):
            return row
    return None


def _revokes(session: Session, gateway: str, now: datetime) -> Iterator[Command]:
    since_ms = to_ms(now) - REVOKES_KEPT_MS
    kept = select(Command).where(
        Command.gateway == gateway, Command.kind == "revoke", Command.created_ms > since_ms
    )
    yield from session.exec(kept.order_by(col(Command.created_ms)).limit(MAX_RESENT)).all()


def _wait(session: Session, row: Command) -> None:
    row.status = "pending"
    session.add(row)


def _write(
    session: Session, message: Grant | Revoke, told: tuple[str, str], subject: str, now: datetime
) -> None:
    """`told`: the kind, and the payload as it is kept."""
    columns = {
        "id": message.command,
        "gateway": message.gateway,
        "kind": told[0],
        "payload": told[1],
        "subject": subject,
        "status": "pending",
        "answer": "",
        "created_ms": to_ms(now),
    }
    _COMMANDS.run(session, [columns])
