"""What is changed after it was agreed: a booking by its driver, an offer by its owner; the desk."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_owner import cost_of
from cloud.entrypoints.http.api_shapes import BookingMade, Cost, Decided, Helped, OfferMade, Quote
from cloud.entrypoints.http.api_shapes_market import ReviewShape
from cloud.entrypoints.http.api_tools import (
    AccountNumber,
    IdText,
    Key,
    Page,
    page_of,
    paged,
    said,
    tagged,
)
from cloud.entrypoints.http.asked import (
    AgreedWithdrawal,
    Extension,
    NewPlate,
    NewWindow,
    OpenWindow,
    ReviewDecision,
    Taken,
)
from cloud.entrypoints.http.roles import Caller
from cloud.tables import Account, Booking, Offer
from cloud.usecases import audit, bookings, changing, offer_changes, reviews
from cloud.usecases.offer_conflicts import Agreed
from cloud.usecases.space_taken import Complaint, space_taken
from contracts.ledger.hashing import keccak

View = dict[str, Any]
MADE = {200: {"model": BookingMade}}


def add_changes(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_quote(router, db, clock)
    _add_times(router, db, clock)
    _add_plate(router, db, clock)
    _add_taken(router, db, clock)
    _add_withdrawal(router, db, clock)
    _add_desk(router, db, clock)


def _add_quote(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/bookings/{booking_id}/quote", responses={200: {"model": Quote}})
    def quote(request: Request, booking_id: IdText, asked: OpenWindow) -> Response:
        """What the booking would cost with another window; changes nothing."""
        now = clock.now()
        found = db.read(lambda s: changing.quote_change(s, booking_id, asked.window(), None, now))
        return said(request, found, _quoted, 200)


def _add_times(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/bookings/{booking_id}/extend", responses=MADE)  # type: ignore[arg-type]
    def extend(
        request: Request,
        booking_id: IdText,
        asked: Extension,
        idempotency_key: Key,
        account: Caller,
    ) -> Response:
        """A later end, at the quote that the driver saw."""
        by, now = _by(account, idempotency_key, asked.quoted_minor), clock.now()
        acts, what = Acts(clock, account), "booking.extended"

        def change(session: Session) -> Booking | Refusal:
            return changing.extend(session, booking_id, asked.ends_at, by, now)

        made = db.write(lambda s: acts.changed(s, what, booking_id, change))
        return said(request, made, _made, 200)

    @router.post("/bookings/{booking_id}/window", responses=MADE)  # type: ignore[arg-type]
    def window(
        request: Request,
        booking_id: IdText,
        asked: NewWindow,
        idempotency_key: Key,
        account: Caller,
    ) -> Response:
        """Another window, before the arrival."""
        by, now = _by(account, idempotency_key, asked.quoted_minor), clock.now()
        acts, what = Acts(clock, account), "booking.changed"

        def change(session: Session) -> Booking | Refusal:
            return changing.change_window(session, booking_id, asked.window(), by, now)

        made = db.write(lambda s: acts.changed(s, what, booking_id, change))
        return said(request, made, _made, 200)


def _add_plate(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/bookings/{booking_id}/plate", responses=MADE)  # type: ignore[arg-type]
    def plate(
        request: Request, booking_id: IdText, asked: NewPlate, idempotency_key: Key, account: Caller
    ) -> Response:
        """Another plate, before the arrival."""
        by, now = _by(account, idempotency_key, None), clock.now()
        acts, plain = Acts(clock, account), bookings.plate_of(asked.plate)

        def change(session: Session) -> Booking | Refusal:
            return changing.change_plate(session, booking_id, plain, by, now)

        made = db.write(lambda s: acts.changed(s, "booking.plate", booking_id, change))
        return said(request, made, _made, 200)


def _add_taken(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/bookings/{booking_id}/space-taken", responses={200: {"model": Helped}})
    def taken(
        request: Request, booking_id: IdText, asked: Taken, idempotency_key: Key, account: Caller
    ) -> Response:
        """The next best space at no extra cost, or all of the money back; the operator is told."""
        mark = keccak(f"{account.number}:{booking_id}:{idempotency_key}".encode()).hex()[:20]
        now, acts = clock.now(), Acts(clock, account)

        def story(session: Session) -> Any:
            driver = bookings.get(session, booking_id).driver
            complaint = Complaint(f"case-{mark}", booking_id, driver, asked.wants)
            made = space_taken(session, complaint, now)
            return acts.kept(session, "booking.space_taken", booking_id, made)

        return said(request, db.write(story), asdict, 200)


def _add_withdrawal(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/offers/{offer_id}/withdrawal", responses={200: {"model": Cost}})
    def cost(request: Request, offer_id: IdText) -> Response:
        """Which bookings are in the way of it, and what their drivers would be owed."""
        now = clock.now()

        def story(session: Session) -> offer_changes.Change | Refusal:
            place = offer_changes.standing(session, offer_id)
            if isinstance(place, Refusal):
                return place
            return offer_changes.preview_withdrawal(session, *place, now)

        return said(request, db.read(story), cost_of, 200)

    @router.post("/offers/{offer_id}/withdrawal", responses={200: {"model": OfferMade}})
    def withdraw(
        request: Request, offer_id: IdText, asked: AgreedWithdrawal, account: Caller
    ) -> Response:
        """Refused while bookings are in the way, unless the cost that was shown is agreed to."""
        agreed = None if asked.token is None else Agreed(asked.token, new_id("cmd"))
        now, acts = clock.now(), Acts(clock, account)

        def story(session: Session) -> Offer | Refusal:
            place = offer_changes.standing(session, offer_id)
            if isinstance(place, Refusal):
                return place
            made = offer_changes.withdraw(session, *place, now, agreed)
            about = f"offer:{offer_id}"
            return acts.done(session, "offer.withdrawn", about, made, space=place[0])

        made = db.write(story)
        return said(request, made, lambda row: {"id": row.id, "space": row.space}, 200)


def _add_desk(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/reviews", responses={200: {"model": list[ReviewShape]}})
    def waiting(request: Request, page: Page = Depends(page_of)) -> Response:
        """Claims and papers that wait for a person, oldest first, with what the decision needs."""
        (after,) = page.after(int) or (0,)
        rows = db.read(lambda s: reviews.waiting(s, page.limit + 1, after))
        return paged(request, page, rows, (dict, lambda row: (row["number"],)))

    @router.get("/reviews/{number}", responses={200: {"model": ReviewShape}})
    def one(request: Request, number: AccountNumber) -> Response:
        return tagged(request, db.read(lambda s: reviews.get(s, number)))

    @router.post("/reviews/{number}/decision", responses={200: {"model": Decided}})
    def decide(
        request: Request, number: AccountNumber, asked: ReviewDecision, account: Caller
    ) -> Response:
        by = audit.account(account.number or 0)
        decision, now = reviews.Decision(asked.accepted, by, asked.reason), clock.now()
        made = db.write(lambda s: reviews.decide(s, number, decision, now))
        return said(request, made, lambda row: {"number": row.number, "state": row.state}, 200)


def _by(account: Account, key: str, quoted_minor: int | None) -> changing.By:
    number = account.number or 0
    return changing.By(f"{number}:{key}", number, new_id("cmd"), quoted_minor)


def _made(row: Booking) -> View:
    return {"id": row.id, "state": row.state}


def _quoted(found: Any) -> View:
    lines, quoted_minor = found
    told = [line.model_dump(mode="json") for line in lines]
    return {"lines": told, "quoted_minor": quoted_minor}
