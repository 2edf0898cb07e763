"""What anyone may read: lots, titles' proofs, and a booking by its id, which is its key."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse
from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_shapes import BookingShape, TitleProofShape
from cloud.entrypoints.http.api_shapes_feed import SpaceCollection
from cloud.entrypoints.http.api_shapes_lots import LotRow, LotShape
from cloud.entrypoints.http.api_tools import IdText, Page, page_of, paged, said, tagged
from cloud.entrypoints.http.pages_stream import Streams
from cloud.entrypoints.http.problems import ProblemError
from cloud.errors import Unknown
from cloud.usecases import listing, places_shown, settlements, views
from cloud.usecases.titles import prove
from contracts.wire.types import to_ms

View = dict[str, Any]
GEOJSON = "application/geo+json"
STREAM = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
STREAM_HEADERS = {"x-accel-buffering": "no", "cache-control": "no-store"}


def add_public(router: APIRouter, db: Database, streams: Streams) -> None:
    _add_lots(router, db, streams)
    _add_booking(router, db, streams)

    @router.get("/titles/{space}/proof", responses={200: {"model": TitleProofShape}})
    def title(request: Request, space: IdText) -> Response:
        return said(request, db.read(lambda s: prove(s, space)), asdict, 200)


def _add_lots(router: APIRouter, db: Database, streams: Streams) -> None:
    @router.get("/lots", responses={200: {"model": list[LotRow]}})
    def lots(request: Request, page: Page = Depends(page_of)) -> Response:
        """Lots that have a gateway."""
        rows = db.read(lambda s: listing.lots(s, page.after(str), page.limit))
        shown = lambda row: {"id": row.id, "name": row.name, "tz": row.tz}  # noqa: E731
        return paged(request, page, rows, (shown, lambda row: (row.id,)))

    def of_lot(session: Session, lot: str) -> View:
        return views.lot(session, lot, to_ms(streams.clock.now()))

    @router.get("/lots/{lot}", responses={200: {"model": LotShape}})
    def lot(request: Request, lot: IdText) -> Response:
        """Its tag changes with anything but the time."""
        return tagged(request, db.read(lambda s: of_lot(s, lot)), but="now")

    @router.get(
        "/lots/{lot}/spaces.geojson",
        response_class=GeoJson,
        responses={200: {"model": SpaceCollection}},
    )
    def geojson(request: Request, lot: IdText) -> Response:
        found = db.read(lambda s: places_shown.of_lot(s, of_lot(s, lot)))
        return tagged(request, found, media=GEOJSON)

    @router.get("/lots/{lot}/stream", response_class=Events, responses=STREAM)  # type: ignore[arg-type]
    def lot_stream(lot: IdText) -> Response:
        """The lot's state whenever it changes, and a beat with the time between."""
        return _stream(streams, f"api lot {lot}", lambda s: of_lot(s, lot), "now")


def _add_booking(router: APIRouter, db: Database, streams: Streams) -> None:
    @router.get("/bookings/{booking_id}", responses={200: {"model": BookingShape}})
    def booking(request: Request, booking_id: IdText) -> Response:
        """The progress of one booking; never the whole plate."""
        return tagged(request, db.read(lambda s: views.booking(s, booking_id)))

    @router.get("/bookings/{booking_id}/stream", response_class=Events, responses=STREAM)  # type: ignore[arg-type]
    def booking_stream(booking_id: IdText) -> Response:
        """The booking whenever it changes, and a beat with the time between."""
        return _stream(
            streams, f"api booking {booking_id}", lambda s: views.booking(s, booking_id), ""
        )

    @router.get(
        "/bookings/{booking_id}/receipt",
        responses={
            200: {"description": "The receipt, for berth-verify"},
            202: {"description": "The stay ended; its receipt is on its way to the chain"},
        },
    )
    def receipt(booking_id: IdText) -> Response:
        text, pending = db.read(lambda s: settlements.receipt_or_pending(s, booking_id))
        if text is None:
            raise Unknown(f"No receipt of booking {booking_id} yet.")
        return Response(text, 202 if pending else 200, media_type="application/json")


class GeoJson(Response):
    media_type = GEOJSON


class Events(Response):
    media_type = "text/event-stream"


def _stream(
    streams: Streams, key: str, ask: Callable[[Session], View], but: str
) -> EventSourceResponse:
    """`but`: the member that changes by itself; the beats tell the time."""

    def render() -> str:
        view = streams.db.read(ask)
        return json.dumps({k: v for k, v in view.items() if k != but}, ensure_ascii=False)

    if streams.full:
        raise ProblemError(503, "too_many_streams")
    render()
    return EventSourceResponse(streams.events(key, render), headers=STREAM_HEADERS)
