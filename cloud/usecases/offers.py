"""Step 3: what an owner offers. Step 4: what fits a driver's request, ranked and explained."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cloud.core import tariffs
from cloud.core.booking import HOLDING
from cloud.core.matching import SOON, Candidate, Excluded, Recommendation, Wish, rank
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Booking, Gateway, Lot, Offer, Registration, Space
from cloud.usecases.registrations import sharing
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.wire.types import from_ms, to_ms

MAX_ADVANCE = timedelta(days=90)


def publish(session: Session, offer: Offer, now: datetime) -> Offer | Refusal:
    """Only the owner of a space that is marked as shared may offer it; a new offer replaces."""
    registration = sharing(session, offer.space)
    if registration is None:
        return refuse("not_shared")
    if registration.owner != offer.owner:
        return refuse("not_owner")
    if all(window.ends_at <= now for window in windows_of(offer)):
        return refuse("past_window")
    for row in session.exec(select(Offer).where(Offer.space == offer.space)):
        row.status = "closed"
        session.add(row)
    session.add(offer)
    session.flush()
    return offer


def compose(
    offer_id: str, owner: int, space: str, windows: Iterable[Window], price: tuple[Tariff, Terms]
) -> Offer:
    plain = [window.model_dump(mode="json") for window in windows]
    tariff, terms = price
    return Offer(
        id=offer_id,
        space=space,
        owner=owner,
        windows=json.dumps(plain),
        tariff=tariff.model_dump_json(),
        terms=terms.model_dump_json(),
    )


def windows_of(offer: Offer) -> tuple[Window, ...]:
    return tuple(Window.model_validate_json(json.dumps(row)) for row in json.loads(offer.windows))


def recommend(
    session: Session, wish: Wish, now: datetime
) -> tuple[list[Recommendation], list[Excluded]] | Refusal:
    if not bookable(wish.window, now):
        return refuse("bad_window")
    soon = wish.window.starts_at - now < SOON
    return rank(wish, candidates(session, wish.window), soon)


def bookable(window: Window, now: datetime) -> bool:
    """A start of a few minutes ago still counts: people book when they stand at the kerb."""
    tolerance = timedelta(minutes=15)
    return window.starts_at < window.ends_at and (
        now - tolerance <= window.starts_at < now + MAX_ADVANCE and window.ends_at > now
    )


def candidates(session: Session, window: Window, space_id: str | None = None) -> list[Candidate]:
    """Open offers of watched spaces that are marked as shared; all, or those of one space."""
    found = (
        select(Offer, Space, Gateway, Lot)
        .where(Offer.space == Space.id, Offer.status == "open")
        .join(Gateway, col(Gateway.id) == col(Space.gateway))
        .join(Lot, col(Lot.id) == col(Space.lot))
        .join(Registration, col(Registration.space) == col(Space.id))
        .where(Registration.status == "shared")
    )
    if space_id is not None:
        found = found.where(Space.id == space_id)
    rows = session.exec(found).all()
    return [_candidate(session, *row, window) for row in rows]


def booked_windows(session: Session, space: str, window: Window) -> tuple[Window, ...]:
    rows = session.exec(
        select(Booking).where(
            Booking.space == space,
            col(Booking.state).in_(HOLDING),
            Booking.starts_ms < to_ms(window.ends_at),
            Booking.ends_ms > to_ms(window.starts_at),
        )
    )
    return tuple(
        Window(starts_at=from_ms(row.starts_ms), ends_at=from_ms(row.ends_ms)) for row in rows
    )


def _candidate(
    session: Session, offer: Offer, space: Space, gateway: Gateway, lot: Lot, window: Window
) -> Candidate:
    terms = Terms.model_validate_json(offer.terms)
    return Candidate(
        space=space.id,
        offer=offer.id,
        lat=space.lat,
        lon=space.lon,
        windows=windows_of(offer),
        tariff=tariffs.frozen(offer.tariff, terms, window, lot.tz),
        terms=terms,
        occupancy=space.occupancy,
        gateway_online=gateway.online,
        booked=booked_windows(session, space.id, window),
        max_height_cm=offer.max_height_cm,
    )
