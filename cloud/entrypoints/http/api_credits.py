"""Credits and charges for programs: the operator decides credits, whom they concern sees both."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_owner import mine
from cloud.entrypoints.http.api_shapes import ChargeShape, CreditMade, CreditShape
from cloud.entrypoints.http.api_tools import IdText, Key, Once, said, tagged
from cloud.entrypoints.http.asked import NewCredit
from cloud.entrypoints.http.roles import Caller
from cloud.errors import Unknown
from cloud.usecases import bookings, charge_receipts, charges, credit_receipts, credits
from cloud.usecases.answered import Answer

Number = Annotated[int, Path(ge=1, lt=credits.MAX_STAY)]
Before = Annotated[int, Query(ge=1, le=credits.MAX_STAY)]


def add_credits(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_decision(router, db, clock)
    _add_list(router, db)
    _add_of_booking(router, db)
    _add_charges(router, db)
    _add_charges_of_booking(router, db)


def _add_decision(router: APIRouter, db: Database, clock: Clock) -> None:
    once = Once(db, clock)

    @router.post(
        "/settlements/{stay}/credits", status_code=201, responses={201: {"model": CreditMade}}
    )
    def decide(
        request: Request, stay: Number, asked: NewCredit, idempotency_key: Key, account: Caller
    ) -> Response:
        """A part or all of what a stay cost goes back; filed on the chain by the next batch."""
        wish = credits.Asked(
            request_key=f"{account.number}:{idempotency_key}",
            stay=stay,
            amount_minor=asked.amount_minor,
            reason=asked.reason,
            by=f"account:{account.number}",
        )
        now = clock.now()
        shown = {"stay": stay, "amount_minor": asked.amount_minor}

        def story(session: Session) -> Answer | Refusal:
            made = credits.credit(session, wish, now)
            if isinstance(made, Refusal):
                if made.reasons[0].code == "unknown_stay":
                    raise Unknown(f"Stay {stay}.")
                return made
            told = {"credit": made, "amount_minor": asked.amount_minor}
            Acts(clock, account).kept(session, "credit.decided", f"stay:{stay}", made, **told)
            return Answer(201, {"credit": made, **shown})

        return said(request, once.do(request, asked, story), lambda answer: answer.body, 201)


def _add_list(router: APIRouter, db: Database) -> None:
    @router.get("/credits", responses={200: {"model": list[CreditShape]}})
    def listed(request: Request, account: Caller, before: Before = credits.MAX_STAY) -> Response:
        """Newest first. The operator sees all, with who decided them; others see their own."""
        rows = db.read(lambda s: credits.listed(s, mine(account), before))
        return _older(request, rows, credits.MAX_LISTED)


def _add_of_booking(router: APIRouter, db: Database) -> None:
    @router.get("/bookings/{booking_id}/credits", responses={200: {"model": list[CreditShape]}})
    def of_booking(request: Request, booking_id: IdText) -> Response:
        """Whoever has the booking's id, as for its receipt."""

        def story(session: Session) -> list[dict[str, Any]]:
            return credits.of_booking(session, bookings.get(session, booking_id).id)

        return tagged(request, db.read(story))

    @router.get(
        "/bookings/{booking_id}/credits/{number}",
        responses={
            200: {"description": "The credit, for berth-verify"},
            202: {"description": "It is decided, and on its way to the chain"},
        },
    )
    def file(booking_id: IdText, number: Number) -> Response:
        found = db.read(lambda s: credit_receipts.text_or_pending(s, booking_id, number))
        return _paper(found, f"No credit {number} of booking {booking_id}.")


def _add_charges(router: APIRouter, db: Database) -> None:
    @router.get("/charges", responses={200: {"model": list[ChargeShape]}})
    def listed(request: Request, account: Caller, before: Before = charges.MAX_NUMBER) -> Response:
        """Newest first: what was due without a stay. The operator sees all, others their own."""
        rows = db.read(lambda s: charges.listed(s, mine(account), before))
        return _older(request, rows, charges.MAX_LISTED)


def _add_charges_of_booking(router: APIRouter, db: Database) -> None:
    @router.get("/bookings/{booking_id}/charges", responses={200: {"model": list[ChargeShape]}})
    def of_booking(request: Request, booking_id: IdText) -> Response:
        """Whoever has the booking's id, as for its receipt."""

        def story(session: Session) -> list[dict[str, Any]]:
            return charges.of_booking(session, bookings.get(session, booking_id).id)

        return tagged(request, db.read(story))

    @router.get(
        "/bookings/{booking_id}/charges/{number}",
        responses={
            200: {"description": "The charge, for berth-verify"},
            202: {"description": "It is due, and on its way to the chain"},
        },
    )
    def file(booking_id: IdText, number: Number) -> Response:
        found = db.read(lambda s: charge_receipts.text_or_pending(s, booking_id, number))
        return _paper(found, f"No charge {number} of booking {booking_id}.")


def _older(request: Request, rows: list[dict[str, Any]], most: int) -> Response:
    """With the way to those before them, where there may be any."""
    headers = {}
    if len(rows) == most:
        headers["link"] = f'<{request.url.path}?before={rows[-1]["number"]}>; rel="next"'
    return tagged(request, rows, headers=headers)


def _paper(found: tuple[str | None, bool], none: str) -> Response:
    """`found`: its text, and whether it is only on its way; `none`: what is not there."""
    text, pending = found
    if text is None:
        raise Unknown(none)
    return Response(text, 202 if pending else 200, media_type="application/json")
