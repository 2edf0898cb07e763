"""Step 5: confirm a quote. Booking, hold and grant are one transaction; no two ever overlap."""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlmodel import Session, col, select

from cloud.booking_tables import Booking
from cloud.core import money
from cloud.core.booking import AHEAD, FIRST, HOLDING, NAMED, TOLD, Move, moved
from cloud.core.matching import SOON, Candidate, Wish, objection
from cloud.core.money import PLATFORM
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.usecases import (
    accounts,
    booking_fees,
    booking_grants,
    booking_known,
    booking_rows,
    offer_compensation,
    plate_vault,
)
from cloud.usecases.booking_grants import record_of as record_of
from cloud.usecases.booking_known import Known
from cloud.usecases.booking_prices import unpaid
from cloud.usecases.offers import unbookable
from contracts.ledger.pricing import Tariff, Terms, Window, quote, total
from contracts.ledger.records import BookingRecord, tariff_digest
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


Canceller = Literal["owner", "operator"]
UNBOUND = "unbound"
# After normalising: letters, digits and the characters of Chinese plates.
PLATE = re.compile(r"[A-Z0-9\u4e00-\u9fff]{4,10}")
MAX_TARIFFS = 1024  # of a city's offers, kept as filed
_CANCELS: dict[Canceller, Move] = {"owner": "cancel_by_owner", "operator": "cancel_by_operator"}


def plate_of(text: str) -> str:
    """One spelling: upper case, no spaces, dots or dashes."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in plain if char not in " \t·•.-_")


def confirm(session: Session, asked: Asked, ids: Ids, now: datetime) -> Booking | Refusal:
    before = booking_rows.by_key(session, asked.request_key)
    if before is not None:
        return before if _same(session, before, asked) else refuse("key_reused")
    if not PLATE.fullmatch(asked.plate):
        return refuse("bad_plate")
    why_not = unbookable(asked.window, now)
    if why_not is not None:
        return refuse(why_not)
    known = booking_known.known(session, asked.space, asked.driver, asked.window)
    if known is None:
        return refuse("no_offer")
    refusal = _unsound(known, asked, now)
    if refusal is not None:
        return refusal
    columns, record = _columns(session, asked, ids, known, now)
    booking = booking_rows.add(session, columns)
    if booking is None:
        return refuse("overlap")
    hold = money.hold(asked.driver, asked.quoted_minor)
    accounts.write(session, accounts.entries(f"hold:{booking.id}", hold, to_ms(now)))
    told = (known.around.gateway, known.early_s(booking.starts_ms))
    booking_grants.tell(session, booking, record, told, (ids.command, now), (asked.plate,))
    if known.around.after is not None:
        booking_grants.shorten_early(session, booking, f"{ids.command}.next", now)
    return booking


def _unsound(known: Known, asked: Asked, now: datetime) -> Refusal | None:
    """Why it cannot be agreed."""
    candidate, window = known.candidate, asked.window
    code = unfit(candidate, window, window.starts_at - now < SOON)
    if code is not None:
        return refuse(code)
    price_minor = total(quote(candidate.tariff, candidate.terms, window))
    has_minor = int(known.around.available_minor or 0)
    return unpaid(price_minor, asked.quoted_minor, has_minor, candidate.tariff.currency)


def unfit(candidate: Candidate, window: Window, soon: bool) -> str | None:
    """Why this window of it cannot be agreed, as a code of REASONS."""
    wish = Wish(candidate.lat, candidate.lon, window)
    return objection(wish, candidate, soon) or _length(candidate.terms, window)


def move(session: Session, booking: Booking, what: Move, now: datetime) -> None:
    """Through the table, with the time it happened kept for the driver to see."""
    if what == "arrive" and to_ms(now) < booking.starts_ms:
        what = "arrive_early"
    after = changed(booking.state, booking.history, what, now)
    if after is not None:
        booking.state, booking.history = after
    session.add(booking)
    session.flush()


def changed(state: str, history: str, what: Move, now: datetime) -> tuple[str, str] | None:
    """State and history after the move; None where it changes nothing."""
    after = moved(state, what)  # type: ignore[arg-type]
    if after == state and what not in TOLD:
        return None
    told = {"state": after, "at": format_instant(now)}
    if what in NAMED:
        told["move"] = what
    return after, json.dumps([*json.loads(history), told])


def cancel(session: Session, booking_id: str, command: str, now: datetime) -> Booking | Refusal:
    """By the driver before arrival: the whole hold goes back, and the gateway forgets the grant.

    After the time that the terms tell, their fee is due.
    """
    booking = get(session, booking_id)
    if booking.state == "cancelled":
        return booking
    if booking.state not in AHEAD:
        return refuse("too_late")
    booking_fees.cancelled(session, booking, record_of(booking), now)
    end(session, booking, "cancel", command, now)
    return booking


def cancel_by(
    session: Session, booking: Booking, by: Canceller, reason: str, command: str, now: datetime
) -> Booking | Refusal:
    """By the owner or the operator, who owes the driver what the offer promises for it."""
    if booking.state == "cancelled":
        return booking
    if booking.state not in AHEAD:
        return refuse("too_late")
    record = record_of(booking)
    payer = record.owner_account if by == "owner" else PLATFORM
    due = (offer_compensation.due(session, booking, now), reason)
    sides = (payer, record.driver_account)
    booking_fees.owe(session, booking, "compensation", sides, due, now)
    end(session, booking, _CANCELS[by], command, now)
    return booking


def get(session: Session, booking_id: str) -> Booking:
    booking = session.get(Booking, booking_id)
    if booking is None:
        raise Unknown(f"Booking {booking_id}.")
    return booking


def by_grant(session: Session, grant: str | None) -> Booking | None:
    return session.exec(select(Booking).where(Booking.grant == grant)).first()


def held_spaces(session: Session, at_ms: int) -> set[str]:
    """Spaces that a booking holds at that time: from when its car may come."""
    found = select(Booking.space).where(
        col(Booking.state).in_(HOLDING), Booking.early_ms <= at_ms, Booking.ends_ms > at_ms
    )
    return set(session.exec(found))


def void_hold(session: Session, booking: Booking, now: datetime) -> None:
    """Give the whole hold back; once, whoever asks."""
    void = money.void(booking.driver, booking.held_minor)
    accounts.post(session, f"void:{booking.id}", void, to_ms(now))


def hold_again(session: Session, booking: Booking, now: datetime) -> None:
    """What `void_hold` gave back, since its stay is paid after all, out of the hold; once."""
    held = money.hold(booking.driver, booking.held_minor)
    accounts.post(session, f"rehold:{booking.id}:paid", held, to_ms(now))


def due_ms(record: BookingRecord) -> int:
    """When nobody will come any more."""
    return to_ms(record.window.starts_at) + record.terms.no_show_timeout_s * 1000


def _length(terms: Terms, window: Window) -> str | None:
    asked = window.ends_at - window.starts_at
    if asked < timedelta(seconds=terms.min_s):
        return "window_short"
    return "window_long" if terms.max_s and asked > timedelta(seconds=terms.max_s) else None


def _same(session: Session, booking: Booking, asked: Asked) -> bool:
    """As it was confirmed, whatever was agreed since."""
    return booking.asked == json.dumps(_wish(session, asked))


def _wish(session: Session, asked: Asked) -> list[Any]:
    window = asked.window
    times = (to_ms(window.starts_at), to_ms(window.ends_at))
    plate = plate_vault.mark(session, asked.plate)
    return [asked.driver, asked.space, *times, plate, asked.quoted_minor]


def _columns(
    session: Session, asked: Asked, ids: Ids, known: Known, now: datetime
) -> tuple[dict[str, Any], BookingRecord]:
    """Of the booking's row, in full; and what was agreed."""
    candidate, window = known.candidate, asked.window
    tariff, digest = _filed(candidate.tariff)
    record = BookingRecord(
        id=ids.booking,
        space=asked.space,
        grant=UNBOUND,
        window=window,
        terms=candidate.terms,
        tariff=digest,
        driver_account=asked.driver,
        owner_account=known.owner,
        quoted_minor=asked.quoted_minor,
        confirmed_at=now,
    ).bound()
    wish = _wish(session, asked)
    place = plate_vault.in_booking(ids.booking)
    columns = {
        "id": ids.booking,
        "request_key": asked.request_key,
        "asked": json.dumps(wish),
        "space": asked.space,
        "offer": candidate.offer,
        "driver": asked.driver,
        "plate": plate_vault.seal(session, asked.driver, asked.plate, place),
        "state": FIRST,
        "starts_ms": wish[2],
        "ends_ms": wish[3],
        "early_ms": wish[2] - candidate.terms.early_start_s * 1000,
        "due_ms": due_ms(record),
        "grant": record.grant,
        "record": record.model_dump_json(),
        "tariff": tariff,
        "held_minor": asked.quoted_minor,
        "fee_bps": known.fee_bps,
        "history": json.dumps([{"state": FIRST, "at": format_instant(now)}]),
        "version": 1,
    }
    return columns, record


@lru_cache(maxsize=MAX_TARIFFS)
def _filed(tariff: Tariff) -> tuple[str, str]:
    """Its text and its digest: many bookings have the same price."""
    return tariff.model_dump_json(), tariff_digest(tariff)


def end(session: Session, booking: Booking, what: Move, command: str, now: datetime) -> None:
    """Its space is free again, its money too, and the gateway lets nobody in by it."""
    move(session, booking, what, now)
    void_hold(session, booking, now)
    place = (booking.space, booking.grant)
    booking_grants.revoke(session, place, booking.id, command, now)
    booking_grants.widen_early(session, (booking.space, booking.starts_ms), f"{command}.next", now)
