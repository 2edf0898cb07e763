"""The operator's operations: accounts, gateways, the chain's calls, the stays of a lot."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_token
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_shapes import (
    AccountMade,
    Available,
    Calls,
    GatewayMade,
    StayOfLot,
)
from cloud.entrypoints.http.api_shapes_cases import AlarmSeenShape
from cloud.entrypoints.http.api_tools import (
    AccountNumber,
    IdText,
    Key,
    MaybeKey,
    Once,
    Page,
    page_of,
    paged,
    said,
    tagged,
)
from cloud.entrypoints.http.asked import NewAccount, NewGateway, TopUp
from cloud.entrypoints.http.asked_market import AlarmSeen
from cloud.entrypoints.http.roles import Caller
from cloud.tables import Alarm, Stay
from cloud.usecases import accounts, alarms, audit, certificates, listing, sign_up, views
from cloud.usecases.answered import Answer
from contracts.wire.types import format_instant, from_ms, to_ms

View = dict[str, Any]


def add_operator(router: APIRouter, db: Database, clock: Clock, custodian: str) -> None:
    _add_accounts(router, db, clock, custodian)
    _add_top_up(router, db, clock)
    _add_gateways(router, db, clock)
    _add_state(router, db)
    _add_alarms(router, db, clock)


def _add_accounts(router: APIRouter, db: Database, clock: Clock, custodian: str) -> None:
    once = Once(db, clock)

    @router.post("/accounts", status_code=201, responses={201: {"model": AccountMade}})
    def open_account(
        request: Request,
        asked: NewAccount,
        account: Caller,
        idempotency_key: MaybeKey = None,
    ) -> Response:
        """The access key is in the first answer only; nobody can read it again."""
        acts = Acts(clock, account)
        token, address = new_token(), asked.address or custodian
        if not sign_up.may_give(account.role, asked.role):
            return said(request, refuse("role_not_yours"), dict, 409)
        now_ms = to_ms(clock.now())

        def story(session: Session) -> Answer:
            row = accounts.open_account(session, asked.name, asked.role, token, address, now_ms)
            acts.done(session, "account.opened", f"account:{row.number}", row, role=row.role)
            return Answer(201, {"number": row.number, "role": row.role, "key": token})

        return _answer(request, once.do(request, asked, story, but="key"))


def _add_top_up(router: APIRouter, db: Database, clock: Clock) -> None:
    once = Once(db, clock)

    @router.post("/accounts/{number}/top-up", responses={200: {"model": Available}})
    def top_up(
        request: Request,
        number: AccountNumber,
        asked: TopUp,
        idempotency_key: Key,
        account: Caller,
    ) -> Response:
        now_ms, acts, minor = to_ms(clock.now()), Acts(clock, account), asked.amount_minor
        # Two operators may think of the same key: the second one's money must arrive, too.
        reference = f"{account.number}:{idempotency_key}"

        def story(session: Session) -> Answer | Refusal:
            made = accounts.top_up(session, number, minor, reference, now_ms)
            if isinstance(made, Refusal):
                return made
            about = f"account:{number}"
            acts.kept(session, "account.topped_up", about, made, amount_minor=minor)
            return Answer(200, {"available_minor": made})

        return _answer(request, once.do(request, asked, story))


def _add_gateways(router: APIRouter, db: Database, clock: Clock) -> None:
    once = Once(db, clock)

    @router.post("/gateways", status_code=201, responses={201: {"model": GatewayMade}})
    def enrol(
        request: Request,
        asked: NewGateway,
        account: Caller,
        idempotency_key: MaybeKey = None,
    ) -> Response:
        acts = Acts(clock, account)

        def story(session: Session) -> Answer | Refusal:
            place = (asked.lot, asked.spaces)
            row = certificates.enrol_bare(
                session, asked.id, asked.signer, place, clock.now(), asked.replace_key
            )
            if isinstance(row, Refusal):
                return row
            acts.done(session, "gateway.enrolled", f"gateway:{row.id}", row, signer=row.signer)
            return Answer(201, {"id": row.id, "signer": row.signer})

        return _answer(request, once.do(request, asked, story))


def _add_state(router: APIRouter, db: Database) -> None:
    @router.get("/chain", responses={200: {"model": Calls}})
    def chain(request: Request) -> Response:
        """How far our calls to the chain are: those that wait, and the newest of the others."""
        return tagged(request, db.read(views.chain))

    @router.get("/lots/{lot}/stays", responses={200: {"model": list[StayOfLot]}})
    def stays(request: Request, lot: IdText, page: Page = Depends(page_of)) -> Response:
        rows = db.read(lambda s: listing.stays_of_lot(s, lot, page.after(int), page.limit))
        return paged(request, page, rows, (_stay, lambda row: (row.number,)))


def _add_alarms(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/alarms/acknowledgement", responses={200: {"model": AlarmSeenShape}})
    def acknowledge(request: Request, asked: AlarmSeen, account: Caller) -> Response:
        """It is shown no more, or again after a day if its cause lasts. An alarm whose cause is

        over ends by itself. The note is kept in the audit log for good: no names in it.
        """
        seen, now = alarms.Seen(audit.account(account.number), asked.note), clock.now()
        row = db.write(lambda s: alarms.acknowledge(s, asked.alarm, seen, now))
        return said(request, row, _seen, 200)


def _answer(request: Request, made: Answer | Refusal) -> Response:
    if isinstance(made, Refusal):
        return said(request, made, dict, 409)
    return said(request, made, lambda answer: answer.body, made.status)


def _seen(row: Alarm) -> View:
    return {"alarm": row.id, "acknowledged_at": format_instant(from_ms(row.acknowledged_ms or 0))}


def _stay(row: Stay) -> View:
    return {
        "stay": row.number,
        "space": row.space,
        "state": row.state,
        "booking": row.booking,
        "arrived_at": format_instant(from_ms(row.arrived_ms)),
        "departed_at": None
        if row.departed_ms is None
        else format_instant(from_ms(row.departed_ms)),
    }
