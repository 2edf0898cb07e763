"""Step 5: confirm a quote. Booking, hold and grant are one transaction; no two ever overlap."""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core import money
from cloud.core.booking import HOLDING, Move, moved
from cloud.core.matching import SOON, Wish, objection
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.tables import Booking, Command, Gateway, Offer, Space
from cloud.usecases import accounts, fees
from cloud.usecases.offers import bookable, candidates
from contracts.ledger.pricing import Tariff, Terms, Window, quote, total
from contracts.ledger.records import BookingRecord, tariff_digest
from contracts.wire.messages import Grant, Revoke
from contracts.wire.types import format_instant, to_ms


@dataclass(frozen=True, slots=True)
class Asked:
    """A driver's confirmation of one quote. The same `request_key` again is the same booking."""

    request_key: str
    driver: int
    space: str
    window: Window
    plate: str
    quoted_minor: int


@dataclass(frozen=True, slots=True)
class Ids:
    booking: str
    command: str


UNBOUND = "unbound"
# After normalising: letters, digits and the characters of Chinese plates.
PLATE = re.compile(r"[A-Z0-9\u4e00-\u9fff]{4,10}")


def plate_of(text: str) -> str:
    """One spelling: upper case, no spaces, dots or dashes."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in plain if char not in " \t·•.-_")


def confirm(session: Session, asked: Asked, ids: Ids, now: datetime) -> Booking | Refusal:
    before = session.exec(select(Booking).where(Booking.request_key == asked.request_key)).first()
    if before is not None:
        return before if _same(before, asked) else refuse("key_reused")
    if not PLATE.fullmatch(asked.plate):
        return refuse("bad_plate")
    if not bookable(asked.window, now):
        return refuse("bad_window")
    candidate = next(iter(candidates(session, asked.window, asked.space)), None)
    if candidate is None:
        return refuse("no_offer")
    wish = Wish(candidate.lat, candidate.lon, asked.window)
    code = objection(wish, candidate, asked.window.starts_at - now < SOON)
    if code is not None:
        return refuse(code)
    quoted_minor = total(quote(candidate.tariff, candidate.terms, asked.window))
    if quoted_minor != asked.quoted_minor:
        return refuse("price_changed")
    if accounts.balance(session, asked.driver) < quoted_minor:
        return refuse("balance")
    offer = session.get_one(Offer, candidate.offer)
    agreed = (candidate.tariff, candidate.terms)
    booking = _booking(asked, ids, (offer, *agreed), fees.in_force(session), now)
    session.add(booking)
    session.flush()
    hold = money.hold(asked.driver, quoted_minor)
    accounts.post(session, f"hold:{booking.id}", hold, to_ms(now))
    _send_grant(session, booking, ids.command, now)
    return booking


def move(session: Session, booking: Booking, what: Move, now: datetime) -> None:
    """Through the table, with the time it happened kept for the driver to see."""
    after = changed(booking.state, booking.history, what, now)
    if after is not None:
        booking.state, booking.history = after
    session.add(booking)
    session.flush()


def changed(state: str, history: str, what: Move, now: datetime) -> tuple[str, str] | None:
    """State and history after the move; None where it changes nothing."""
    after = moved(state, what)  # type: ignore[arg-type]
    if after == state:
        return None
    told = [*json.loads(history), {"state": after, "at": format_instant(now)}]
    return after, json.dumps(told)


def cancel(session: Session, booking_id: str, command: str, now: datetime) -> Booking | Refusal:
    """Before arrival: the whole hold goes back and the gateway forgets the grant."""
    booking = get(session, booking_id)
    if booking.state == "cancelled":
        return booking
    if booking.state not in ("confirmed", "granted"):
        return refuse("too_late")
    move(session, booking, "cancel", now)
    _release(session, booking, command, now)
    return booking


def expire(session: Session, command: str, now: datetime) -> Booking | None:
    """Release the next booking whose driver never came.

    Only where the gateway can be heard: a silent one may have seen the arrival and not told yet.
    """
    waiting = (
        select(Booking)
        .where(col(Booking.state).in_(("confirmed", "granted")))
        .join(Space, col(Space.id) == col(Booking.space))
        .join(Gateway, col(Gateway.id) == col(Space.gateway))
        .where(col(Gateway.online).is_(True))
    )
    for booking in session.exec(waiting):
        terms = record_of(booking).terms
        if booking.starts_ms + terms.no_show_timeout_s * 1000 < to_ms(now):
            move(session, booking, "expire", now)
            _release(session, booking, command, now)
            return booking
    return None


def get(session: Session, booking_id: str) -> Booking:
    booking = session.get(Booking, booking_id)
    if booking is None:
        raise Unknown(f"Booking {booking_id}.")
    return booking


def by_grant(session: Session, grant: str | None) -> Booking | None:
    return session.exec(select(Booking).where(Booking.grant == grant)).first()


def record_of(booking: Booking) -> BookingRecord:
    return BookingRecord.model_validate_json(booking.record)


def held_spaces(session: Session, at_ms: int) -> set[str]:
    """Spaces that a booking holds at that time."""
    found = select(Booking.space).where(
        col(Booking.state).in_(HOLDING), Booking.starts_ms <= at_ms, Booking.ends_ms > at_ms
    )
    return set(session.exec(found))


def void_hold(session: Session, booking: Booking, now: datetime) -> None:
    """Give the whole hold back; once, whoever asks."""
    void = money.void(booking.driver, booking.held_minor)
    accounts.post(session, f"void:{booking.id}", void, to_ms(now))


def _same(booking: Booking, asked: Asked) -> bool:
    record = record_of(booking)
    agreed = (booking.space, record.window, booking.plate, record.quoted_minor)
    return agreed == (asked.space, asked.window, asked.plate, asked.quoted_minor)


def _booking(
    asked: Asked, ids: Ids, agreed: tuple[Offer, Tariff, Terms], fee_bps: int, now: datetime
) -> Booking:
    offer, tariff, terms = agreed
    record = BookingRecord(
        id=ids.booking,
        space=asked.space,
        grant=UNBOUND,
        window=asked.window,
        terms=terms,
        tariff=tariff_digest(tariff),
        driver_account=asked.driver,
        owner_account=offer.owner,
        quoted_minor=asked.quoted_minor,
        confirmed_at=now,
    ).bound()
    return Booking(
        id=ids.booking,
        request_key=asked.request_key,
        space=asked.space,
        offer=offer.id,
        driver=asked.driver,
        plate=asked.plate,
        state="confirmed",
        starts_ms=to_ms(asked.window.starts_at),
        ends_ms=to_ms(asked.window.ends_at),
        grant=record.grant,
        record=record.model_dump_json(),
        tariff=tariff.model_dump_json(),
        held_minor=asked.quoted_minor,
        fee_bps=fee_bps,
        history=json.dumps([{"state": "confirmed", "at": format_instant(now)}]),
    )


def _send_grant(session: Session, booking: Booking, command: str, now: datetime) -> None:
    space = session.get(Space, booking.space)
    if space is None or space.gateway is None:
        raise AssertionError("an offered space has a gateway")
    record = record_of(booking)
    grant = Grant(
        command=command,
        gateway=space.gateway,
        id=booking.grant,
        version=1,
        booking=booking.id,
        space=booking.space,
        plates=(booking.plate,),
        starts_at=record.window.starts_at,
        ends_at=record.window.ends_at,
        early_s=float(record.terms.early_start_s),
        late_s=float(record.terms.no_show_timeout_s),
        issued_at=now,
    )
    session.add(_command(grant, "grant", booking.id, now))


def _release(session: Session, booking: Booking, command: str, now: datetime) -> None:
    void_hold(session, booking, now)
    space = session.get(Space, booking.space)
    gateway = space.gateway if space is not None else None
    if gateway is not None:
        revoke = Revoke(command=command, gateway=gateway, id=booking.grant, issued_at=now)
        session.add(_command(revoke, "revoke", booking.id, now))


def _command(message: Grant | Revoke, kind: str, subject: str, now: datetime) -> Command:
    return Command(
        id=message.command,
        gateway=message.gateway,
        kind=kind,
        payload=message.model_dump_json(),
        subject=subject,
        created_ms=to_ms(now),
    )
