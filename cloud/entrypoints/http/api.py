"""The programs' side of the cloud: JSON in, JSON out. A refusal is a 409 with its reasons."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id, new_token
from cloud.adapters.db import Database
from cloud.core.matching import Wish
from cloud.core.reasons import REASONS, Refusal
from cloud.entrypoints.http.api_credits import add_credits
from cloud.entrypoints.http.asked import (
    NewAccount,
    NewBooking,
    NewGateway,
    NewOffer,
    NewRegistration,
    Request,
    TopUp,
)
from cloud.errors import Forbidden, Unauthorised, Unknown
from cloud.tables import Account
from cloud.usecases import (
    accounts,
    bookings,
    enrolling,
    offers,
    registrations,
    settlements,
    views,
)
from cloud.usecases.titles import TitleProof, prove
from contracts.ledger.pricing import Tariff
from contracts.wire.types import to_ms

T = TypeVar("T")
Key = Annotated[str, Header(min_length=8, max_length=80)]


def api_router(db: Database, clock: Clock, custodian: str) -> APIRouter:
    """`custodian` holds the chain accounts of people who have no address of their own."""
    router = APIRouter(prefix="/api/v1")
    who = _sign_in(db)
    _add_operator(router, db, clock, (who("operator"), custodian))
    _add_owner(router, db, clock, who("owner"))
    _add_driver(router, db, clock, who("driver"))
    _add_public(router, db, clock)
    add_credits(router, db, clock, (who("operator"), who("driver", "owner")))
    return router


def _sign_in(db: Database) -> Callable[..., Any]:
    def signed_in(authorization: Annotated[str, Header()] = "") -> Account:
        kind, _, token = authorization.partition(" ")
        account = db.read(lambda s: accounts.by_token(s, token)) if kind == "Bearer" else None
        if account is None:
            raise Unauthorised
        return account

    def needs(*roles: str) -> Any:
        def allowed(account: Annotated[Account, Depends(signed_in)]) -> Account:
            if account.role not in (*roles, "operator"):
                raise Forbidden(f"It needs the role {' or '.join(roles)}.")
            return account

        return Depends(allowed)

    return needs


def _add_operator(router: APIRouter, db: Database, clock: Clock, given: tuple[Any, str]) -> None:
    who, custodian = given

    @router.post("/accounts", status_code=201, dependencies=[who])
    def open_account(asked: NewAccount) -> dict[str, Any]:
        token, address = new_token(), asked.address or custodian
        now_ms = to_ms(clock.now())
        account = db.write(
            lambda s: accounts.open_account(s, asked.name, asked.role, token, address, now_ms)
        )
        return {"number": account.number, "role": account.role, "key": token}

    @router.post("/accounts/{number}/top-up", dependencies=[who])
    def top_up(number: int, asked: TopUp, idempotency_key: Key) -> Response:
        now_ms = to_ms(clock.now())
        available = db.write(
            lambda s: accounts.top_up(s, number, asked.amount_minor, idempotency_key, now_ms)
        )
        return _answer(available, lambda minor: {"available_minor": minor}, 200)

    @router.post("/gateways", status_code=201, dependencies=[who])
    def enrol(asked: NewGateway) -> Response:
        result = db.write(
            lambda s: enrolling.enrol(
                s, asked.id, asked.signer, (asked.lot, asked.spaces), clock.now(), asked.replace_key
            )
        )
        return _answer(result, lambda row: {"id": row.id, "signer": row.signer}, 201)

    @router.get("/chain", dependencies=[who])
    def chain() -> dict[str, Any]:
        return db.read(views.chain)

    @router.get("/lots/{lot}/stays", dependencies=[who])
    def stays(lot: str) -> list[dict[str, Any]]:
        return db.read(lambda s: views.stays(s, lot))


def _add_owner(router: APIRouter, db: Database, clock: Clock, who: Any) -> None:
    @router.post("/registrations", status_code=201)
    def register(asked: NewRegistration, account: Account = who) -> Response:
        wish = registrations.Asked(**asked.model_dump())
        now, number = clock.now(), account.number or 0
        row = db.write(lambda s: registrations.register(s, new_id("reg"), number, wish, now))
        return JSONResponse(views.registration(row), 409 if row.status == "refused" else 201)

    @router.get("/registrations/{registration_id}")
    def registration(registration_id: str, account: Account = who) -> dict[str, Any]:
        row = db.read(lambda s: registrations.get(s, registration_id))
        _own(account, row.owner)
        return views.registration(row)

    @router.post("/offers", status_code=201)
    def offer(asked: NewOffer, account: Account = who) -> Response:
        offer_id = new_id("offer")
        tariff = Tariff(id=f"tariff-{offer_id}", version=1, **asked.price.model_dump())
        row = offers.compose(
            offer_id,
            account.number or 0,
            asked.space,
            [window.window() for window in asked.windows],
            (tariff, asked.terms),
        )
        row.max_height_cm = asked.max_height_cm
        now = clock.now()
        result = db.write(lambda s: offers.publish(s, row, now))
        return _answer(result, lambda made: {"id": made.id, "space": made.space}, 201)


def _add_driver(router: APIRouter, db: Database, clock: Clock, who: Any) -> None:
    @router.post("/requests")
    def request(asked: Request) -> Response:
        wish = Wish(asked.lat, asked.lon, asked.window(), asked.height_cm)
        now = clock.now()
        result = db.read(lambda s: offers.recommend(s, wish, now))
        return _answer(result, _recommended, 200)

    @router.post("/bookings", status_code=201)
    def book(asked: NewBooking, idempotency_key: Key, account: Account = who) -> Response:
        wish = bookings.Asked(
            request_key=f"{account.number}:{idempotency_key}",
            driver=account.number or 0,
            space=asked.space,
            window=asked.window(),
            plate=bookings.plate_of(asked.plate),
            quoted_minor=asked.quoted_minor,
        )
        ids = bookings.Ids(new_id("b"), new_id("cmd"))
        now = clock.now()
        result = db.write(lambda s: bookings.confirm(s, wish, ids, now))
        return _answer(result, lambda row: {"id": row.id, "state": row.state}, 201)

    @router.post("/bookings/{booking_id}/cancel")
    def cancel(booking_id: str, account: Account = who) -> Response:
        now = clock.now()

        def story(session: Session) -> Any:
            _own(account, bookings.get(session, booking_id).driver)
            return bookings.cancel(session, booking_id, new_id("cmd"), now)

        return _answer(db.write(story), lambda row: {"id": row.id, "state": row.state}, 200)

    @router.get("/balance")
    def balance(account: Account = who) -> dict[str, int]:
        number = account.number or 0
        return db.read(
            lambda s: {
                "available_minor": accounts.balance(s, number),
                "held_minor": accounts.balance(s, number, "held"),
            }
        )


def _add_public(router: APIRouter, db: Database, clock: Clock) -> None:
    """A booking's id is 100 random bits and is the key to its page; a lot's state is public."""

    @router.get("/bookings/{booking_id}")
    def booking(booking_id: str) -> dict[str, Any]:
        return db.read(lambda s: views.booking(s, booking_id))

    @router.get("/bookings/{booking_id}/receipt")
    def receipt(booking_id: str) -> Response:
        text, pending = db.read(lambda s: settlements.receipt_or_pending(s, booking_id))
        if text is None:
            raise Unknown(f"No receipt of booking {booking_id} yet.")
        return Response(text, 202 if pending else 200, media_type="application/json")

    @router.get("/lots/{lot}")
    def lot(lot: str) -> dict[str, Any]:
        now_ms = to_ms(clock.now())
        return db.read(lambda s: views.lot(s, lot, now_ms))

    @router.get("/titles/{space}/proof")
    def title(space: str) -> Response:
        return _answer(db.read(lambda s: prove(s, space)), _plain_proof, 200)


def _plain_proof(proof: TitleProof) -> dict[str, Any]:
    return asdict(proof)


def _recommended(found: Any) -> dict[str, Any]:
    ranked, excluded = found
    hint = [] if ranked or excluded else [REASONS["nothing_near"].plain()]
    return {
        "hints": hint,
        "recommendations": [
            asdict(item) | {"lines": [line.model_dump(mode="json") for line in item.lines]}
            for item in ranked
        ],
        "excluded": [asdict(item) for item in excluded],
    }


def _own(account: Account, owner: int) -> None:
    if account.role != "operator" and account.number != owner:
        raise Forbidden("It belongs to another account.")


def _answer(result: T | Refusal, plain: Callable[[T], dict[str, Any]], status: int) -> Response:
    if isinstance(result, Refusal):
        return JSONResponse(result.plain(), 409)
    return JSONResponse(plain(result), status)
