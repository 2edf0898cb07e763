"""The driver's operations: book a space, cancel; and one's own account."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_owner import mine
from cloud.entrypoints.http.api_shapes import (
    AccountShape,
    Balance,
    BookingMade,
    BookingRow,
)
from cloud.entrypoints.http.api_tools import (
    IdText,
    IfMatch,
    Key,
    Page,
    page_of,
    paged,
    said,
    tagged,
    unchanged,
)
from cloud.entrypoints.http.asked import NewBooking
from cloud.entrypoints.http.roles import Caller
from cloud.tables import Account, Booking
from cloud.usecases import accounts, bookings, listing, stay_desk, views
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]


def add_driver(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_booking(router, db, clock)
    _add_bookings(router, db, clock)
    _add_account(router, db)


def _add_booking(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/bookings", status_code=201, responses={201: {"model": BookingMade}})
    async def book(
        request: Request, asked: NewBooking, idempotency_key: Key, account: Caller
    ) -> Response:
        """Confirms the quote that the driver saw: booking, hold and grant, or nothing."""
        wish, now = _wish(asked, account, idempotency_key), clock.now()

        def story(session: Session) -> Booking | Refusal:
            # The system's random bits let go of the interpreter: by the loop's thread each would
            # be a wait for the one that writes.
            ids = bookings.Ids(new_id("b"), new_id("cmd"))
            return stay_desk.book(session, wish, ids, now)

        return said(request, await db.write_soon(story), _made, 201)


def _add_bookings(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/bookings", responses={200: {"model": list[BookingRow]}})
    def listed(request: Request, account: Caller, page: Page = Depends(page_of)) -> Response:
        """Latest start first."""
        after, whose = page.after(int, str), mine(account)
        rows = db.read(lambda s: listing.bookings(s, whose, after, page.limit))
        return paged(request, page, rows, (_row, lambda row: (row.starts_ms, row.id)))

    @router.post("/bookings/{booking_id}/cancel", responses={200: {"model": BookingMade}})
    def cancel(
        request: Request, booking_id: IdText, account: Caller, if_match: IfMatch = None
    ) -> Response:
        """Before arrival. `If-Match`: only if the booking is still as it was read."""
        now, acts = clock.now(), Acts(clock, account)

        def change(session: Session) -> Booking | Refusal:
            if if_match is not None:
                unchanged(if_match, views.booking(session, booking_id))
            return bookings.cancel(session, booking_id, new_id("cmd"), now)

        made = db.write(lambda s: acts.changed(s, "booking.cancelled", booking_id, change))
        return said(request, made, _made, 200)


def _add_account(router: APIRouter, db: Database) -> None:
    @router.get("/account", responses={200: {"model": AccountShape}})
    def account(request: Request, account: Caller) -> Response:
        """Whose key this is."""
        shown = {"number": account.number, "name": account.name, "role": account.role}
        return tagged(request, shown)

    @router.get("/balance", responses={200: {"model": Balance}})
    def balance(request: Request, account: Caller) -> Response:
        number = account.number or 0
        found = db.read(
            lambda s: {
                "available_minor": accounts.balance(s, number),
                "held_minor": accounts.balance(s, number, "held"),
            }
        )
        return tagged(request, found)


def _wish(asked: NewBooking, account: Account, key: str) -> bookings.Asked:
    return bookings.Asked(
        request_key=f"{account.number}:{key}",
        driver=account.number or 0,
        space=asked.space,
        window=asked.window(),
        plate=bookings.plate_of(asked.plate),
        quoted_minor=asked.quoted_minor,
    )


def _made(row: Booking) -> View:
    return {"id": row.id, "state": row.state}


def _row(row: Booking) -> View:
    return {
        "id": row.id,
        "space": row.space,
        "state": row.state,
        "starts_at": format_instant(from_ms(row.starts_ms)),
        "ends_at": format_instant(from_ms(row.ends_ms)),
        "quoted_minor": row.held_minor,
    }
