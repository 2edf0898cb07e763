"""The operator's lots: their holidays and zone, and spaces that are closed or kept back."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.api_acts import Acts, decision_of
from cloud.entrypoints.http.api_shapes_market import (
    CalendarShape,
    ClosurePlanShape,
    ClosureShape,
    StandbyShape,
    ZoneShape,
)
from cloud.entrypoints.http.api_tools import IdText, Key, said, tagged
from cloud.entrypoints.http.asked_market import (
    AgreedClosure,
    NewCalendar,
    NewClosure,
    NewZone,
    Standby,
)
from cloud.entrypoints.http.roles import Caller
from cloud.errors import Unknown
from cloud.offer_tables import LotCalendar, SpaceClosure
from cloud.tables import Lot
from cloud.usecases import offer_calendars, offer_closures
from cloud.usecases.offer_closures import Closing
from cloud.usecases.offer_conflicts import Agreed
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]


def add_lots(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_calendars(router, db, clock)
    _add_closures(router, db, clock)
    _add_lifting(router, db, clock)


def _add_calendars(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/lots/{lot}/calendar", responses={200: {"model": CalendarShape}})
    def calendar(request: Request, lot: IdText) -> Response:
        """Which days are holidays there."""

        def story(session: Session) -> View:
            if session.get(Lot, lot) is None:
                raise Unknown(f"Lot {lot}.")
            return _calendar(session.get(LotCalendar, lot) or LotCalendar(lot=lot, country=""))

        return tagged(request, db.read(story))

    @router.post("/lots/{lot}/calendar", responses={200: {"model": CalendarShape}})
    def set_calendar(
        request: Request, lot: IdText, asked: NewCalendar, account: Caller
    ) -> Response:
        """It counts from now on; nothing that is booked changes."""
        acts = Acts(clock, account)

        def story(session: Session) -> LotCalendar | Refusal:
            made = offer_calendars.set_calendar(session, lot, asked.calendar())
            told = asked.model_dump(mode="json")
            return acts.kept(session, "lot.calendar", lot, made, **told)

        return said(request, db.write(story), _calendar, 200)

    @router.post("/lots/{lot}/zone", responses={200: {"model": ZoneShape}})
    def zone(request: Request, lot: IdText, asked: NewZone, account: Caller) -> Response:
        """In which the hours of offers are meant; bookings stay at the times they have."""
        acts = Acts(clock, account)

        def story(session: Session) -> Lot | Refusal:
            made = offer_calendars.set_zone(session, lot, asked.tz)
            return acts.kept(session, "lot.zone", lot, made, tz=asked.tz)

        return said(request, db.write(story), lambda row: {"lot": row.id, "tz": row.tz}, 200)


def _add_closures(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/spaces/{space}/closures", responses={200: {"model": list[ClosureShape]}})
    def closures(request: Request, space: IdText) -> Response:
        """Those that are not over and not lifted."""
        rows = db.read(lambda s: offer_closures.closures(s, space, clock.now()))
        return tagged(request, [_closure(row) for row in rows])

    @router.post("/spaces/{space}/closures/plan", responses={200: {"model": ClosurePlanShape}})
    def plan(request: Request, space: IdText, asked: NewClosure) -> Response:
        """What becomes of whose booking, and what it costs; changes nothing."""
        closing, now = Closing(space, asked.window(), asked.why), clock.now()
        found = db.read(lambda s: offer_closures.preview(s, closing, now))
        return said(request, found, lambda plan: plan.plain(), 200)

    @router.post(
        "/spaces/{space}/closures", status_code=201, responses={201: {"model": ClosureShape}}
    )
    def close(
        request: Request, space: IdText, asked: AgreedClosure, idempotency_key: Key, account: Caller
    ) -> Response:
        """As it was shown: bookings are moved, or cancelled and paid."""
        closing, now = Closing(space, asked.window(), asked.why), clock.now()
        agreed = Agreed(asked.token, decision_of("closure", account, idempotency_key))
        acts = Acts(clock, account)

        def story(session: Session) -> SpaceClosure | Refusal:
            there = session.get(SpaceClosure, agreed.decision)
            number = account.number or 0
            made = offer_closures.close(session, closing, number, agreed, now)
            if there is not None or isinstance(made, Refusal):
                return made
            return acts.kept(session, "space.closed", space, made, why=asked.why, id=made.id)

        return said(request, db.write(story), _closure, 201)


def _add_lifting(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/closures/{closure}/lifting", responses={200: {"model": ClosureShape}})
    def lift(request: Request, closure: IdText, account: Caller) -> Response:
        """It can be booked again; what was moved stays where it is."""
        now, acts = clock.now(), Acts(clock, account)

        def story(session: Session) -> SpaceClosure:
            made = offer_closures.lift(session, closure, now)
            return acts.kept(session, "space.opened", made.space, made, id=closure)

        return said(request, db.write(story), _closure, 200)

    @router.post("/spaces/{space}/standby", responses={200: {"model": StandbyShape}})
    def standby(request: Request, space: IdText, asked: Standby, account: Caller) -> Response:
        """Kept for those whose own space is taken from them, or given back to all."""
        now, acts, number = clock.now(), Acts(clock, account), account.number or 0

        def story(session: Session) -> View:
            offer_closures.standby(session, space, number, asked.on, now)
            shown = {"space": space, "on": asked.on}
            return acts.kept(session, "space.standby", space, shown, on=asked.on)

        return said(request, db.write(story), dict, 200)


def _calendar(row: LotCalendar) -> View:
    own = {name: json.loads(getattr(row, name)) for name in ("extra", "workdays")}
    return {"lot": row.lot, "country": row.country, "subdivision": row.subdivision, **own}


def _closure(row: SpaceClosure) -> View:
    return {
        "id": row.id,
        "space": row.space,
        "starts_at": format_instant(from_ms(row.starts_ms)),
        "ends_at": format_instant(from_ms(row.ends_ms)),
        "why": row.reason,
        "lifted": row.lifted_ms is not None,
    }
