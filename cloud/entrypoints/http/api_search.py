"""Asking for spaces: one driver for the best ones, the operator for many drivers at once."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.compensation import compensation_of
from cloud.core.matching import Recommendation
from cloud.core.reasons import REASONS, Refusal
from cloud.core.tariffs_told import both
from cloud.entrypoints.http.api_shapes_market import ProposalsShape, Recommendations
from cloud.entrypoints.http.api_tools import said
from cloud.entrypoints.http.asked import Request as Asked
from cloud.entrypoints.http.asked import Requests
from cloud.entrypoints.http.pages_driver import Rules, free_until, rules_told
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.words import LANGUAGES
from cloud.ports.search import Search
from cloud.tables import Lot, Offer, Space
from cloud.usecases import requests
from cloud.usecases.offer_places import place_shown
from contracts.ledger.pricing import Window
from contracts.wire.types import format_instant

View = dict[str, Any]


def add_search(router: APIRouter, db: Database, clock: Clock, index: Search) -> None:
    @router.post("/requests", responses={200: {"model": Recommendations}})
    def request(request: Request, asked: Asked) -> Response:
        """Ranked spaces, each with its score's parts, its quote and its terms; what was left out.

        Places are told to about 150 m until there is a booking.
        """
        wish, now = asked.wish(), clock.now()

        def story(session: Session) -> View | Refusal:
            found = requests.recommend(session, index, wish, now)
            return found if isinstance(found, Refusal) else _told(session, found, wish.window)

        return said(request, db.read(story), dict, 200)

    @router.post("/assignments", responses={200: {"model": ProposalsShape}})
    def assign(request: Request, asked: Requests) -> Response:
        """A space for each of many wishes, none twice, with the least walk; books nothing."""
        wishes, now = [one.wish() for one in asked.wishes], clock.now()
        found = db.read(lambda s: requests.assign(s, index, wishes, now))
        return said(request, found, _proposed, 200)


def _told(session: Session, found: requests.Told, window: Window) -> View:
    hint = [] if found.ranked or found.counts else [REASONS["nothing_near"].plain()]
    return {
        "hints": hint,
        "recommendations": [_ranked(session, item, window) for item in found.ranked],
        "excluded": [asdict(item) for item in found.excluded],
        "counts": [
            {"count": count, "reason": REASONS[code].plain()}
            for code, count in sorted(found.counts.items())
        ],
        "compared": found.compared,
    }


def _ranked(session: Session, item: Recommendation, window: Window) -> View:
    space, offer = session.get_one(Space, item.space), session.get_one(Offer, item.offer)
    lot = session.get(Lot, space.lot)
    shown = place_shown(offer, space, False, lot)
    return {
        "space": item.space,
        "offer": item.offer,
        "score": item.score,
        "parts": item.parts,
        "why": [asdict(one) for one in item.why],
        "place": asdict(shown),
        "walk_m": item.walk_m,
        "lines": [line.model_dump(mode="json") for line in item.lines],
        "quoted_minor": item.quoted_minor,
        "currency": item.currency,
        **_agreed(item, window, (offer, lot)),
    }


def _agreed(item: Recommendation, window: Window, place: tuple[Offer, Lot | None]) -> View:
    """All that confirming would bind the driver to, as fields and in words."""
    offer, lot = place
    tz = lot.tz if lot else "UTC"
    due = compensation_of(offer.compensation)
    rules = Rules(item.tariff, item.terms, window, due)
    return {
        "tariff": item.tariff.model_dump(mode="json"),
        "terms": item.terms.model_dump(mode="json"),
        "compensation": due.model_dump(mode="json"),
        "cancel_free_until": format_instant(free_until(item.terms, window)),
        "told": both(item.lines, item.tariff, tz),
        "rules": {lang: rules_told(rules, Speech(lang, tz)) for lang in LANGUAGES},
    }


def _proposed(found: requests.Proposals) -> View:
    rows = [
        {"space": one.space, "walk_m": one.walk_m, "reason": one.reason and one.reason.plain()}
        for one in found.by_wish
    ]
    return {"proposals": rows, "walk_m": found.walk_m}
