"""Credits for programs: the operator decides them, whom they concern sees them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.asked import NewCredit
from cloud.errors import Unknown
from cloud.tables import Account
from cloud.usecases import bookings, credit_receipts, credits

Key = Annotated[str, Header(min_length=8, max_length=80)]
Number = Annotated[int, Path(ge=1, lt=credits.MAX_STAY)]
Before = Annotated[int, Query(ge=1, le=credits.MAX_STAY)]


def add_credits(router: APIRouter, db: Database, clock: Clock, who: tuple[Any, Any]) -> None:
    """`who`: the operator, and whoever is signed in."""
    operator, anyone = who

    @router.post("/settlements/{stay}/credits", status_code=201)
    def decide(
        stay: Number, asked: NewCredit, idempotency_key: Key, account: Account = operator
    ) -> Response:
        wish = credits.Asked(
            request_key=f"{account.number}:{idempotency_key}",
            stay=stay,
            amount_minor=asked.amount_minor,
            reason=asked.reason,
            by=f"account:{account.number}",
        )
        now = clock.now()
        made = db.write(lambda s: credits.credit(s, wish, now))
        if isinstance(made, Refusal):
            return JSONResponse(made.plain(), 409)
        return JSONResponse({"credit": made, "stay": stay, "amount_minor": asked.amount_minor}, 201)

    @router.get("/credits")
    def listed(
        account: Account = anyone, before: Before = credits.MAX_STAY
    ) -> list[dict[str, Any]]:
        """Newest first. The operator sees all, with who decided them; others see their own."""
        mine = None if account.role == "operator" else account.number
        return db.read(lambda s: credits.listed(s, mine, before))

    @router.get("/bookings/{booking_id}/credits")
    def of_booking(booking_id: str) -> list[dict[str, Any]]:
        """Whoever has the booking's id, as for its receipt."""

        def story(session: Any) -> list[dict[str, Any]]:
            return credits.of_booking(session, bookings.get(session, booking_id).id)

        return db.read(story)

    @router.get("/bookings/{booking_id}/credits/{number}")
    def file(booking_id: str, number: Number) -> Response:
        text, pending = db.read(lambda s: credit_receipts.text_or_pending(s, booking_id, number))
        if text is None:
            raise Unknown(f"No credit {number} of booking {booking_id}.")
        return Response(text, 202 if pending else 200, media_type="application/json")
