"""Somebody says that a stay was not as recorded: disputes, their evidence, and the decision."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.core.replays import Assumption
from cloud.entrypoints.http.api_acts import Acts, decision_of
from cloud.entrypoints.http.api_owner import mine
from cloud.entrypoints.http.api_shapes_cases import (
    AssignedShape,
    DisputeShape,
    EvidenceShape,
    ReplayShape,
)
from cloud.entrypoints.http.api_tools import AccountNumber, IdText, Key, said, tagged
from cloud.entrypoints.http.asked_market import (
    Assignment,
    DisputeDecision,
    NewDispute,
    NewReplay,
)
from cloud.entrypoints.http.roles import Caller
from cloud.errors import Unknown
from cloud.stay_tables import Dispute
from cloud.usecases import audit, dispute_evidence, disputes, stay_desk
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]
NAMES = ("id", "stay", "role", "about", "text", "state", "verdict", "reason", "amount_minor")


def add_disputes(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_opening(router, db, clock)
    _add_list(router, db, clock)
    _add_decisions(router, db, clock)
    _add_evidence(router, db, clock)


def _add_opening(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/disputes", status_code=201, responses={201: {"model": DisputeShape}})
    def open_one(
        request: Request, asked: NewDispute, idempotency_key: Key, account: Caller
    ) -> Response:
        """By the driver or the owner of the stay, or by an operator; one is open at a time."""
        name, now = decision_of("case", account, idempotency_key), clock.now()
        opening = disputes.Opening(
            id=name,
            stay=asked.stay,
            by=account.number or 0,
            role=account.role,  # type: ignore[arg-type]
            about=asked.about,
            text=asked.text,
        )
        acts = Acts(clock, account)

        def story(session: Session) -> Dispute | Refusal:
            there = session.get(Dispute, name)
            made = disputes.opened(session, opening, now)
            if isinstance(made, Refusal) and made.reasons[0].code == "not_your_stay":
                # Another's stay is answered as one that is not there: its number tells nothing.
                raise Unknown(f"Stay {asked.stay}.")
            if there is not None:
                return made
            return acts.kept(session, "dispute.opened", f"dispute:{name}", made)

        return said(request, db.write(story), _shown, 201)


def _add_list(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/disputes", responses={200: {"model": list[DisputeShape]}})
    def listed(request: Request, account: Caller) -> Response:
        """Newest first: one's own, and all for the operator."""
        rows = db.read(lambda s: disputes.listed(s, mine(account)))
        return tagged(request, [_shown(row) for row in rows])

    @router.get("/disputes/{dispute_id}", responses={200: {"model": DisputeShape}})
    def one(request: Request, dispute_id: IdText) -> Response:
        return tagged(request, _shown(db.read(lambda s: disputes.get(s, dispute_id))))

    @router.post("/disputes/{dispute_id}/withdrawal", responses={200: {"model": DisputeShape}})
    def withdraw(request: Request, dispute_id: IdText, account: Caller) -> Response:
        """By whoever opened it."""
        number, now, acts = account.number or 0, clock.now(), Acts(clock, account)

        def story(session: Session) -> Dispute | Refusal:
            made = disputes.withdraw(session, dispute_id, number, now)
            return acts.kept(session, "dispute.withdrawn", f"dispute:{dispute_id}", made)

        return said(request, db.write(story), _shown, 200)


def _add_decisions(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/disputes/{dispute}/decision", responses={200: {"model": DisputeShape}})
    def decide(
        request: Request, dispute: IdText, asked: DisputeDecision, account: Caller
    ) -> Response:
        """What follows of it in money is done at once; no record is edited."""
        by, now = audit.account(account.number), clock.now()
        assumed = asked.assumption and Assumption(asked.assumption, asked.at)
        decision = disputes.Decision(asked.verdict, by, asked.reason, asked.amount_minor, assumed)
        made = db.write(lambda s: disputes.decide(s, dispute, decision, now))
        return said(request, made, _shown, 200)

    @router.post("/stays/{number}/assignment", responses={200: {"model": AssignedShape}})
    def assign(
        request: Request, number: AccountNumber, asked: Assignment, account: Caller
    ) -> Response:
        """A person has compared the plates: this car is that booking's."""
        by, now = audit.account(account.number), clock.now()
        judged = stay_desk.Judged(by, asked.reason, new_id("cmd"))
        made = db.write(lambda s: stay_desk.assign(s, number, asked.booking, judged, now))
        return said(request, made, _assigned, 200)


def _add_evidence(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/stays/{number}/evidence", responses={200: {"model": EvidenceShape}})
    def evidence(request: Request, number: AccountNumber, account: Caller) -> Response:
        """All there is about a stay, signed events first. Who looked at it is recorded."""
        acts, about = Acts(clock, account), f"stay:{number}"

        def story(session: Session) -> View:
            found = dispute_evidence.bundle(session, number)
            return acts.kept(session, "evidence.read", about, found)

        return tagged(request, db.write(story))

    @router.post("/stays/{number}/replay", responses={200: {"model": ReplayShape}})
    def replay(request: Request, number: AccountNumber, asked: NewReplay) -> Response:
        """What it would cost under another assumption; changes nothing."""
        assumed = Assumption(asked.assumption, asked.at, asked.booking)
        found = db.read(lambda s: dispute_evidence.replay(s, number, assumed))
        return said(request, found, lambda one: one.plain(), 200)


def _shown(row: Dispute) -> View:
    """Without the booking's id: it is the driver's key to its page."""
    at = row.decided_ms
    return {name: getattr(row, name) for name in NAMES} | {
        "credit": row.credit,
        "charge": row.charge,
        "opened_at": format_instant(from_ms(row.opened_ms)),
        "decided_at": None if at is None else format_instant(from_ms(at)),
    }


def _assigned(row: Any) -> View:
    return {"stay": row.number, "space": row.space, "booking": row.booking}
