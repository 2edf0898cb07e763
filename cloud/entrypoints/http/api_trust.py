"""How far an account is relied upon, with its reasons, and appeals against them."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.http.api_shapes_cases import AppealShape, TrustShape
from cloud.entrypoints.http.api_tools import AccountNumber, said, tagged
from cloud.entrypoints.http.asked_market import AppealDecision, NewAppeal
from cloud.entrypoints.http.roles import OWNER, Caller
from cloud.errors import Unknown
from cloud.stay_tables import Appeal
from cloud.tables import Account
from cloud.usecases import audit, trust

View = dict[str, Any]
NAMES = ("event", "account", "text", "state", "reason")


def add_trust(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/trust", responses={200: {"model": TrustShape}})
    def own(request: Request, account: Caller) -> Response:
        """One's own score, every part of it with its reason."""
        found = db.read(lambda s: trust.view(s, account.number or 0, clock.now()))
        return tagged(request, _discreet(found) if account.role == OWNER else found)

    @router.get("/accounts/{number}/trust", responses={200: {"model": TrustShape}})
    def one(request: Request, number: AccountNumber) -> Response:
        def story(session: Session) -> View:
            if session.get(Account, number) is None:
                raise Unknown(f"Account {number}.")
            return trust.view(session, number, clock.now())

        return tagged(request, db.read(story))

    @router.post(
        "/trust/{event_id}/appeal", status_code=201, responses={201: {"model": AppealShape}}
    )
    def appeal(
        request: Request, event_id: AccountNumber, asked: NewAppeal, account: Caller
    ) -> Response:
        """Against one reason, once; a person decides."""
        number, now = account.number or 0, clock.now()
        made = db.write(lambda s: trust.appeal(s, event_id, number, asked.text, now))
        return said(request, made, _shown, 201)

    @router.get("/appeals", responses={200: {"model": list[AppealShape]}})
    def waiting(request: Request) -> Response:
        """Oldest first."""
        return tagged(request, [_shown(row) for row in db.read(trust.waiting)])

    @router.post("/appeals/{number}/decision", responses={200: {"model": AppealShape}})
    def decide(
        request: Request, number: AccountNumber, asked: AppealDecision, account: Caller
    ) -> Response:
        """Upheld: the event weighs nothing from now on, and stays on record."""
        by, now = audit.account(account.number), clock.now()
        decided = trust.Decided(asked.upheld, by, asked.reason)
        made = db.write(lambda s: trust.decide(s, number, decided, now))
        return said(request, made, _shown, 200)


def _discreet(found: View) -> View:
    """A booking's id is its driver's key: its owner is told only that it was one."""
    reasons = [row | {"about": row["about"].split(":")[0]} for row in found["reasons"]]
    return found | {"reasons": reasons}


def _shown(row: Appeal) -> View:
    return {name: getattr(row, name) for name in NAMES}
