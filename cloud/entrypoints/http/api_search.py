"""Asking for spaces: one driver for the best ones, the operator for many drivers at once."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.matching import Recommendation
from cloud.core.reasons import REASONS, Refusal
from cloud.entrypoints.http.api_shapes_market import ProposalsShape, Recommendations
from cloud.entrypoints.http.api_tools import said
from cloud.entrypoints.http.asked import Request as Asked
from cloud.entrypoints.http.asked import Requests
from cloud.ports.search import Search
from cloud.tables import Lot, Offer, Space
from cloud.usecases import requests
from cloud.usecases.offer_places import place_shown

View = dict[str, Any]


def add_search(router: APIRouter, db: Database, clock: Clock, index: Search) -> None:
    @router.post("/requests", responses={200: {"model": Recommendations}})
    def request(request: Request, asked: Asked) -> Response:
        """Ranked spaces, each with its score's parts and its quote; what was left out, and why.

        Places are told to about 150 m until there is a booking.
        """
        wish, now = asked.wish(), clock.now()

        def story(session: Session) -> View | Refusal:
            found = requests.recommend(session, index, wish, now)
            return found if isinstance(found, Refusal) else _told(session, found)

        return said(request, db.read(story), dict, 200)

    @router.post("/assignments", responses={200: {"model": ProposalsShape}})
    def assign(request: Request, asked: Requests) -> Response:
        """A space for each of many wishes, none twice, with the least walk; books nothing."""
        wishes, now = [one.wish() for one in asked.wishes], clock.now()
        found = db.read(lambda s: requests.assign(s, index, wishes, now))
        return said(request, found, _proposed, 200)


def _told(session: Session, found: requests.Told) -> View:
    hint = [] if found.ranked or found.counts else [REASONS["nothing_near"].plain()]
    return {
        "hints": hint,
        "recommendations": [_ranked(session, item) for item in found.ranked],
        "excluded": [asdict(item) for item in found.excluded],
        "counts": [
            {"count": count, "reason": REASONS[code].plain()}
            for code, count in sorted(found.counts.items())
        ],
        "compared": found.compared,
    }


def _ranked(session: Session, item: Recommendation) -> View:
    space, offer = session.get_one(Space, item.space), session.get_one(Offer, item.offer)
    shown = place_shown(offer, space, False, session.get(Lot, space.lot))
    lines = [line.model_dump(mode="json") for line in item.lines]
    return asdict(item) | {"lines": lines, "place": asdict(shown)}


def _proposed(found: requests.Proposals) -> View:
    rows = [
        {"space": one.space, "walk_m": one.walk_m, "reason": one.reason and one.reason.plain()}
        for one in found.by_wish
    ]
    return {"proposals": rows, "walk_m": found.walk_m}
