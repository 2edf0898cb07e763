"""The owner's operations: registrations and offers."""

import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.core.reasons import Reason, Refusal
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_shapes import Cost, OfferMade, OfferShape, RegistrationShape
from cloud.entrypoints.http.api_tools import (
    IdText,
    MaybeKey,
    Once,
    Page,
    page_of,
    paged,
    said,
    tagged,
)
from cloud.entrypoints.http.asked import NewOffer, NewRegistration
from cloud.entrypoints.http.problems import problem
from cloud.entrypoints.http.roles import Caller, sees_all
from cloud.errors import Unknown
from cloud.tables import Account, Offer
from cloud.usecases import audit, listing, offer_changes, offers, registrations, views
from cloud.usecases.answered import Answer
from cloud.usecases.offer_conflicts import Agreed

View = dict[str, Any]
# A doubtful claim waits for a person: taken, and not yet decided.
STATUS = {"refused": 409, "doubtful": 202}


def mine(account: Account) -> int | None:
    """Whose rows a list holds: the caller's, and for operators and auditors everybody's."""
    return None if sees_all(account) else account.number


def add_owner(router: APIRouter, db: Database, clock: Clock) -> None:
    _add_registrations(router, db, clock)
    _add_withdrawal(router, db, clock)
    _add_offers(router, db, clock)


def _add_registrations(router: APIRouter, db: Database, clock: Clock) -> None:
    once = Once(db, clock)

    @router.post(
        "/registrations",
        status_code=201,
        responses={201: {"model": RegistrationShape}, 202: {"model": RegistrationShape}},
    )
    def register(
        request: Request,
        asked: NewRegistration,
        account: Caller,
        idempotency_key: MaybeKey = None,
    ) -> Response:
        """Refused with every reason at once; the refusal is on record, too."""
        wish = registrations.Asked(**asked.model_dump())
        now, number = clock.now(), account.number or 0

        def story(session: Session) -> Answer:
            row = registrations.register(session, new_id("reg"), number, wish, now)
            return Answer(STATUS.get(row.status, 201), views.registration(row))

        return _registered(request, once.do(request, asked, story))

    @router.get("/registrations", responses={200: {"model": list[RegistrationShape]}})
    def listed(request: Request, account: Caller, page: Page = Depends(page_of)) -> Response:
        """Newest first."""
        after, whose = page.after(int, str), mine(account)
        rows = db.read(lambda s: listing.registrations(s, whose, after, page.limit))
        shown = (views.registration, lambda row: (row.decided_ms, row.id))
        return paged(request, page, rows, shown)

    @router.get("/registrations/{registration_id}", responses={200: {"model": RegistrationShape}})
    def registration(request: Request, registration_id: IdText) -> Response:
        row = db.read(lambda s: registrations.get(s, registration_id))
        return tagged(request, views.registration(row))


def _add_withdrawal(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.post(
        "/registrations/{registration_id}/withdrawal",
        responses={200: {"model": RegistrationShape}},
    )
    def withdraw(request: Request, registration_id: IdText, account: Caller) -> Response:
        """The space is shared no more; a claim that waits is looked at no more."""
        who, now = audit.account(account.number), clock.now()
        made = db.write(lambda s: registrations.withdraw(s, registration_id, who, now))
        return said(request, made, views.registration, 200)


def _add_offers(router: APIRouter, db: Database, clock: Clock) -> None:
    once = Once(db, clock)

    @router.post("/offers", status_code=201, responses={201: {"model": OfferMade}})
    def offer(
        request: Request, asked: NewOffer, account: Caller, idempotency_key: MaybeKey = None
    ) -> Response:
        """A new offer takes the place of the space's earlier one.

        Refused while bookings are in the way, unless the cost that was shown is agreed to.
        """
        row, now, acts = offer_of(asked, account), clock.now(), Acts(clock, account)
        agreed = None if asked.token is None else Agreed(asked.token, new_id("dec"))

        def story(session: Session) -> Answer | Refusal:
            before = offers.open_offer(session, asked.space)
            made = offer_changes.publish(session, row, now, agreed)
            if isinstance(made, Refusal):
                return made
            _recorded(session, acts, made, before)
            return Answer(201, {"id": made.id, "space": made.space})

        made = once.do(request, asked, story)
        return said(request, made, lambda answer: answer.body, 201)

    @router.post("/offers/preview", responses={200: {"model": Cost}})
    def preview(request: Request, asked: NewOffer, account: Caller) -> Response:
        """Which bookings the offer would be in the way of, and what their drivers are owed."""
        row, now = offer_of(asked, account), clock.now()
        return said(request, db.read(lambda s: offer_changes.preview(s, row, now)), cost_of, 200)

    @router.get("/offers", responses={200: {"model": list[OfferShape]}})
    def listed(request: Request, account: Caller, page: Page = Depends(page_of)) -> Response:
        after, whose = page.after(str, str), mine(account)
        rows = db.read(lambda s: listing.offers(s, whose, after, page.limit))
        return paged(request, page, rows, (offer_shown, lambda row: (row.space, row.id)))

    @router.get("/offers/{offer_id}", responses={200: {"model": OfferShape}})
    def one(request: Request, offer_id: IdText) -> Response:
        row = db.read(lambda s: s.get(Offer, offer_id))
        if row is None:
            raise Unknown(f"Offer {offer_id}.")
        return tagged(request, offer_shown(row))


def _recorded(session: Session, acts: Acts, made: Offer, before: Offer | None) -> None:
    what, told = "offer.published", {"space": made.space, "version": made.version}
    if before is not None:
        what, told = "offer.changed", {**told, "replaces": before.id}
    acts.done(session, what, f"offer:{made.id}", made, **told)


def offer_of(asked: NewOffer, account: Account) -> Offer:
    offer_id = new_id("offer")
    price = (asked.price.plan(f"tariff-{offer_id}", 1), asked.terms)
    whose = account.number or 0
    return offers.compose(offer_id, whose, asked.space, asked.hours(), price, asked.more())


def _registered(request: Request, made: Answer | Refusal) -> Response:
    if isinstance(made, Refusal) or made.status != 409:
        return said(request, made, lambda a: a.body, getattr(made, "status", 409))
    reasons = tuple(Reason(**row) for row in made.body["reasons"])
    kept = {name: made.body[name] for name in ("id", "space", "decision")}
    return problem(request, 409, reasons, {"registration": kept})


def cost_of(change: offer_changes.Change) -> View:
    """Whose bookings they are is not the owner's business; their ids are keys to their pages."""
    return {
        "token": change.token,
        "bookings": len(change.in_the_way),
        "standing": len(change.kept),
        "compensation_minor": change.compensation_minor,
        "in_the_way": [item.plain() for item in change.in_the_way],
    }


def offer_shown(row: Offer) -> View:
    return {
        "id": row.id,
        "space": row.space,
        "status": row.status,
        "version": row.version,
        "schedule": json.loads(row.windows),
        "tariff": json.loads(row.tariff),
        "terms": json.loads(row.terms),
        "limits": asdict(offers.limits_of(row)),
        "name_shown": row.name_shown,
    }
