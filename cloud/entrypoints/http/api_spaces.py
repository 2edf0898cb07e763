"""The owner's space: whose cars are its owner's, what was offered, and taking it back."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http.api_acts import Acts, decision_of
from cloud.entrypoints.http.api_owner import offer_shown
from cloud.entrypoints.http.api_shapes import OfferShape
from cloud.entrypoints.http.api_shapes_market import PlatesShape, TakingBackMade, TakingBackPlan
from cloud.entrypoints.http.api_tools import MAX_PAGE, IdText, Key, said, tagged
from cloud.entrypoints.http.asked import NewPlate, OpenWindow
from cloud.entrypoints.http.asked_market import AgreedWindow
from cloud.entrypoints.http.roles import Caller
from cloud.errors import Unknown
from cloud.offer_tables import SpaceClosure, TakeBack
from cloud.usecases import offer_plates, offers, taking_back
from cloud.usecases.bookings import PLATE, plate_of
from cloud.usecases.offer_conflicts import Agreed
from cloud.usecases.registrations import sharing
from cloud.usecases.taking_back import Wanted

View = dict[str, Any]


def add_spaces(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_plates(router, db, clock)
    _add_taking_back(router, db, clock)
    _add_end(router, db, clock)

    @router.get("/spaces/{space_id}/offers", responses={200: {"model": list[OfferShape]}})
    def versions(request: Request, space_id: IdText) -> Response:
        """What was ever offered there, the newest first."""
        rows = db.read(lambda s: offers.versions(s, space_id, MAX_PAGE))
        return tagged(request, [offer_shown(row) for row in rows])


def _add_plates(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/spaces/{space_id}/plates", responses={200: {"model": PlatesShape}})
    def plates(request: Request, space_id: IdText) -> Response:
        return tagged(request, db.read(lambda s: _plates(s, space_id)))

    @router.post("/spaces/{space_id}/plates", responses={200: {"model": PlatesShape}})
    def add(request: Request, space_id: IdText, asked: NewPlate, account: Caller) -> Response:
        """A car of the owner's own: it parks there without a booking. Twice is once."""
        plate, acts = plate_of(asked.plate), Acts(clock, account)

        def story(session: Session) -> View | Refusal:
            if not PLATE.fullmatch(plate):
                return refuse("bad_plate")
            owner = _owner(session, space_id)
            made = offer_plates.add(session, space_id, owner, plate, clock.now())
            made = acts.kept(session, "plate.added", space_id, made)
            return made if isinstance(made, Refusal) else _plates(session, space_id)

        return said(request, db.write(story), dict, 200)

    @router.post("/spaces/{space_id}/plates/removal", responses={200: {"model": PlatesShape}})
    def remove(request: Request, space_id: IdText, asked: NewPlate, account: Caller) -> Response:
        plate, acts = plate_of(asked.plate), Acts(clock, account)

        def story(session: Session) -> View | Refusal:
            made = offer_plates.remove(session, space_id, _owner(session, space_id), plate)
            made = acts.kept(session, "plate.removed", space_id, made)
            return made if isinstance(made, Refusal) else _plates(session, space_id)

        return said(request, db.write(story), dict, 200)


def _add_taking_back(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/spaces/{space_id}/taking-back/plan", responses={200: {"model": TakingBackPlan}})
    def plan(request: Request, space_id: IdText, asked: OpenWindow) -> Response:
        """What stands in the way, what becomes of it, and what it costs; changes nothing."""
        window, now = asked.window(), clock.now()
        found = db.read(
            lambda s: taking_back.plan(s, Wanted(space_id, _owner(s, space_id), window), now)
        )
        return said(request, found, lambda plan: plan.plain(), 200)

    @router.post(
        "/spaces/{space_id}/taking-back",
        status_code=201,
        responses={201: {"model": TakingBackMade}},
    )
    def confirm(
        request: Request,
        space_id: IdText,
        asked: AgreedWindow,
        idempotency_key: Key,
        account: Caller,
    ) -> Response:
        """As it was shown, all of it, or nothing."""
        agreed = Agreed(asked.token, decision_of("back", account, idempotency_key))
        now, acts = clock.now(), Acts(clock, account)

        def story(session: Session) -> TakeBack | Refusal:
            there = session.get(TakeBack, agreed.decision)
            wanted = Wanted(space_id, _owner(session, space_id), asked.window())
            made = taking_back.confirm(session, wanted, agreed, now)
            if there is not None or isinstance(made, Refusal):
                return made
            return acts.done(session, "space.taken_back", space_id, made, decision=agreed.decision)

        return said(request, db.write(story), _made, 201)


def _add_end(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post("/taking-backs/{taking_back_id}/end", responses={200: {"model": TakingBackMade}})
    def end(request: Request, taking_back_id: IdText, account: Caller) -> Response:
        """The owner needs it no longer: what is offered can be booked again at once."""
        now, acts = clock.now(), Acts(clock, account)

        def story(session: Session) -> TakeBack | Refusal:
            owner = session.get_one(TakeBack, taking_back_id).owner
            over = session.get_one(SpaceClosure, taking_back_id).lifted_ms is not None
            made = taking_back.give_again(session, taking_back_id, owner, now)
            if over:
                return made
            return acts.done(session, "space.given_again", taking_back_id, made)

        return said(request, db.write(story), _made, 200)


def _owner(session: Session, space: str) -> int:
    """An operator acts for whoever shares it."""
    row = sharing(session, space)
    if row is None:
        raise Unknown(f"Space {space}.")
    return row.owner


def _plates(session: Session, space: str) -> View:
    return {"space": space, "plates": list(offer_plates.plates_of(session, space))}


def _made(row: TakeBack) -> View:
    names = ("id", "space", "standby", "compensation_minor")
    return {name: getattr(row, name) for name in names}
