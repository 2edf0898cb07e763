"""Step 3: what an owner offers. Step 4: what fits a driver's request, ranked and explained."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Integer, bindparam, literal, union_all
from sqlmodel import Session, col, func, select

from cloud.core import tariffs
from cloud.core.booking import HOLDING
from cloud.core.compensation import Compensation
from cloud.core.limits import NO_LIMITS, Limits
from cloud.core.matching import SOON, Candidate, Excluded, Recommendation, Wish, rank
from cloud.core.places import blurred
from cloud.core.reasons import Refusal, refuse
from cloud.core.windows import MAX_AROUND, REACH, inside, meeting, without
from cloud.core.windows_model import Schedule
from cloud.offer_tables import LotCalendar, SpaceClosure, StandbySpace
from cloud.tables import Booking, Gateway, Lot, Offer, Registration, Space, Title
from cloud.usecases import checking, offer_calendars
from cloud.usecases.offer_conflicts import in_the_way, refused, window_of
from cloud.usecases.offer_plates import is_owners_plate as is_owners_plate
from cloud.usecases.offer_plates import not_theirs
from cloud.usecases.offer_windows import begins_in, ends_at, owned_windows, place_of
from cloud.usecases.offer_windows import windows_of as windows_of
from contracts.ledger.pricing import Terms, Window
from contracts.wire.types import to_ms

MAX_ADVANCE = timedelta(days=90)
TOLERANCE = timedelta(minutes=15)
MAX_TERMS = 1024  # of a city's owners, kept as read; a thousand offers have the same ones


@dataclass(frozen=True, slots=True)
class More:
    """`name_shown`: the owner consents that the lot's name is told before a booking."""

    limits: Limits = NO_LIMITS
    name_shown: bool = False
    compensation: Compensation | None = None


PLAIN = More()


def publish(session: Session, offer: Offer, now: datetime) -> Offer | Refusal:
    """Only the owner of a space that is marked as shared may offer it; a new offer replaces.

    Refused while a booking lies outside it: offer_changes.publish cancels those, if agreed.
    """
    why_not = unfit(session, offer, now)
    if why_not is not None:
        return why_not
    items = in_the_way(session, offer.space, lambda it: covers(session, offer, it), now)
    to_cancel = [item for item in items if not item.standing]
    return refused(to_cancel, place_of(session, offer.space)[0]) or replace_open(
        session, offer, now
    )


def unfit(session: Session, offer: Offer, now: datetime) -> Refusal | None:
    """Why this cannot be offered, whatever is booked."""
    refusal = not_theirs(session, offer.space, offer.owner)
    if refusal is not None:
        return refusal
    ahead, owned = begins_in(session, offer, now)
    if not ahead:
        return refuse("past_window")
    return None if owned else refuse("title_ends")


def covers(session: Session, offer: Offer, asked: Window) -> bool:
    return inside(asked, owned_windows(offer, place_of(session, offer.space), asked))


def replace_open(session: Session, offer: Offer, now: datetime) -> Offer:
    close_open(session, offer.space, now)
    newest = select(func.max(Offer.version)).where(Offer.space == offer.space)
    offer.version = (session.exec(newest).one() or 0) + 1
    offer.published_ms = to_ms(now)
    session.add(offer)
    session.flush()
    checking.offered(session, offer.space, to_ms(ends_at(offer, now + MAX_ADVANCE)), now)
    return offer


def close_open(session: Session, space: str, now: datetime) -> Offer | None:
    row = open_offer(session, space)
    if row is not None:
        row.status, row.closed_ms = "closed", to_ms(now)
        session.add(row)
        session.flush()
    return row


def open_offer(session: Session, space: str) -> Offer | None:
    return session.exec(select(Offer).where(Offer.space == space, Offer.status == "open")).first()


def versions(session: Session, space: str, limit: int) -> list[Offer]:
    """Of what was ever offered, the newest first."""
    order = (col(Offer.published_ms).desc(), col(Offer.version).desc())
    found = select(Offer).where(Offer.space == space).order_by(*order)
    return list(session.exec(found.limit(limit)))


def compose(
    offer_id: str,
    owner: int,
    space: str,
    windows: Iterable[Window] | Schedule,
    price: tuple[BaseModel, Terms],
    more: More = PLAIN,
) -> Offer:
    """`price`: a Plan (cloud/core/tariffs.py) or a Tariff, and the terms."""
    schedule = windows if isinstance(windows, Schedule) else Schedule(one_off=tuple(windows))
    tariff, terms = price
    limits = more.limits
    return Offer(
        id=offer_id,
        space=space,
        owner=owner,
        windows=schedule.model_dump_json(),
        tariff=tariff.model_dump_json(),
        terms=terms.model_dump_json(),
        max_height_cm=limits.max_height_cm,
        max_width_cm=limits.max_width_cm,
        max_length_cm=limits.max_length_cm,
        max_weight_kg=limits.max_weight_kg,
        plug=limits.plug,
        charging_only=limits.charging_only,
        name_shown=more.name_shown,
        compensation=more.compensation.model_dump_json() if more.compensation else "",
    )


def limits_of(offer: Offer) -> Limits:
    return Limits(
        offer.max_height_cm,
        offer.max_width_cm,
        offer.max_length_cm,
        offer.max_weight_kg,
        offer.plug,
        bool(offer.charging_only),
    )


@lru_cache(maxsize=MAX_TERMS)
def terms_of(text: str) -> Terms:
    return Terms.model_validate_json(text)


def recommend(
    session: Session, wish: Wish, now: datetime
) -> tuple[list[Recommendation], list[Excluded]] | Refusal:
    why_not = unbookable(wish.window, now)
    if why_not is not None:
        return refuse(why_not)
    soon = wish.window.starts_at - now < SOON
    return rank(wish, candidates(session, wish.window), soon)


def unbookable(window: Window, now: datetime) -> str | None:
    """As a code of REASONS. A start of a few minutes ago still counts: people book when they

    stand at the kerb.
    """
    late = window.starts_at < now - TOLERANCE or window.ends_at <= now
    if late or window.starts_at >= window.ends_at:
        return "bad_window"
    return "too_far_ahead" if window.starts_at >= now + MAX_ADVANCE else None


# Put together once: a booking asks them, and to make a statement takes longer than to run it.
_OFFERED = (
    select(Offer, Space, Gateway.online, Lot.tz, LotCalendar, Title.record)  # type: ignore[call-overload]
    .join(Space, col(Space.id) == col(Offer.space))
    .join(Gateway, col(Gateway.id) == col(Space.gateway))
    .join(Lot, col(Lot.id) == col(Space.lot))
    .join(Registration, col(Registration.space) == col(Space.id))
    .outerjoin(LotCalendar, col(LotCalendar.lot) == col(Space.lot))
    .outerjoin(Title, col(Title.space) == col(Space.id))
    # Of a space that has another owner now, the former one's offer counts no more.
    .where(Offer.status == "open", Registration.status == "shared")
    .where(Registration.owner == Offer.owner)
)
_OFFERED_HERE = _OFFERED.where(Space.id == bindparam("space"))
_PUBLIC = _OFFERED.where(~select(StandbySpace.space).where(StandbySpace.space == Space.id).exists())
_PUBLIC_HERE = _PUBLIC.where(Space.id == bindparam("space"))
_BOOKED = select(
    Booking.space, Booking.starts_ms, Booking.ends_ms, literal(0, Integer).label("closed")
).where(
    col(Booking.state).in_(HOLDING),
    col(Booking.starts_ms) < bindparam("ends_ms"),
    col(Booking.ends_ms) > bindparam("starts_ms"),
)
# As far as windows are told: a closed time that cuts one cuts it for whoever asks.
_CLOSED = select(
    SpaceClosure.space, SpaceClosure.starts_ms, SpaceClosure.ends_ms, literal(1, Integer)
).where(
    col(SpaceClosure.lifted_ms).is_(None),
    col(SpaceClosure.starts_ms) < bindparam("reach_ends_ms"),
    col(SpaceClosure.ends_ms) > bindparam("reach_starts_ms"),
)
_TAKEN = union_all(_BOOKED, _CLOSED)
_TAKEN_HERE = union_all(
    _BOOKED.where(Booking.space == bindparam("space")),
    _CLOSED.where(SpaceClosure.space == bindparam("space")),
)
_Taken = dict[str, list[Window]]


def candidates(
    session: Session, window: Window, space_id: str | None = None, standby: bool = False
) -> list[Candidate]:
    """Open offers of watched spaces that are marked as shared; all, or those of one space.

    `standby`: also spaces that the operator keeps for those whose own was taken.
    """
    if window.ends_at - window.starts_at > MAX_AROUND:
        return []
    here = {} if space_id is None else {"space": space_id}
    offered = (
        (_OFFERED_HERE if here else _OFFERED) if standby else (_PUBLIC_HERE if here else _PUBLIC)
    )
    rows = session.exec(offered, params=here).all()
    taken = _taken(session, window, here) if rows else ({}, {})
    found = (candidate_of(row, taken, window) for row in rows)
    return [candidate for candidate in found if candidate is not None]


def booked_windows(session: Session, space: str, window: Window) -> tuple[Window, ...]:
    return tuple(_taken(session, window, {"space": space})[0].get(space, ()))


def closed_windows(session: Session, space: str, window: Window) -> dict[str, list[Window]]:
    return _taken(session, window, {"space": space})[1]


def _taken(session: Session, window: Window, here: dict[str, str]) -> tuple[_Taken, _Taken]:
    """(booked, closed) windows of each space, in one question."""
    times = {
        "starts_ms": to_ms(window.starts_at),
        "ends_ms": to_ms(window.ends_at),
        "reach_starts_ms": to_ms(window.starts_at - REACH),
        "reach_ends_ms": to_ms(window.ends_at + REACH),
    }
    found: tuple[_Taken, _Taken] = (defaultdict(list), defaultdict(list))
    asked = _TAKEN_HERE if here else _TAKEN
    for space, starts_ms, ends_ms, is_closed in session.execute(asked, {**times, **here}):
        found[is_closed][space].append(window_of(starts_ms, ends_ms))
    return found


# Offer, Space, whether its gateway is there, the zone, LotCalendar or None, the title's record; or
# the same columns of them (booking_known.py).
_Row = tuple[Any, Any, bool, str, Any, str | None]


def candidate_of(row: _Row, taken: tuple[_Taken, _Taken], window: Window) -> Candidate | None:
    """None where no timetable holds the price of so long a window: nobody could offer it."""
    offer, space, online, tz, calendar, record = row
    booked, closed = taken
    terms = terms_of(offer.terms)
    holidays = offer_calendars.of_row(calendar, window)
    try:
        tariff = tariffs.frozen(offer.tariff, terms, window, tz, holidays)
    except tariffs.TooLong:
        return None
    owned = owned_windows(offer, (tz, calendar, record), window)
    if space.id in closed:
        owned = meeting(without(owned, closed[space.id]), window)
    return Candidate(
        space=space.id,
        offer=offer.id,
        lat=space.lat,
        lon=space.lon,
        windows=owned,
        tariff=tariff,
        terms=terms,
        occupancy=space.occupancy,
        gateway_online=online,
        booked=tuple(booked.get(space.id, ())),
        max_height_cm=offer.max_height_cm,
        limits=limits_of(offer),
        shown=blurred(space.lat, space.lon),
    )
