"""The pages: the lot for everyone, the pass for the driver, and a receipt check for anyone."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.sse import EventSourceResponse
from sqlmodel import Session
from starlette.exceptions import HTTPException

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.http import pages_bill as bill
from cloud.entrypoints.http import pages_credits
from cloud.entrypoints.http import pages_driver as driver
from cloud.entrypoints.http.pages_form import TooLarge, posted_receipt
from cloud.entrypoints.http.pages_map import plan
from cloud.entrypoints.http.pages_proof import OWN_NODE, add_node, proof_page
from cloud.entrypoints.http.pages_receipt import check, too_large
from cloud.entrypoints.http.pages_render import HEADERS, fragment, page, speech_for, static_app
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.pages_stream import Render, Streams
from cloud.errors import Unknown
from cloud.usecases import settlements, views
from contracts.ledger.onchain import Ask
from contracts.wire.types import format_instant, parse_instant, to_ms

__all__ = ["no_page", "pages_router", "static_app"]
View = dict[str, Any]
# Of a receipt: its text, and the credits of its stay.
Show = Callable[[Speech, str, list[View]], Response]
LATE_HEARTBEATS = 2
STREAM_HEADERS = HEADERS | {"x-accel-buffering": "no", "referrer-policy": "no-referrer"}


def pages_router(
    db: Database,
    clock: Clock,
    heartbeat_s: float = 5.0,
    served_s: float = 3600.0,
    max_streams: int = 200,
    ask: Ask | None = None,
) -> APIRouter:
    """`served_s` and `max_streams` bound the live streams; `ask` asks our node for the proofs."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    streams = Streams(db, clock, heartbeat_s, served_s, max_streams)
    _add_home(router, db, clock)
    _add_lot(router, streams)
    _add_booking(router, streams)
    _add_receipt(router, db, OWN_NODE if ask else "")
    if ask:
        add_node(router, ask)
    return router


async def no_page(request: Request, error: Exception) -> Response:
    """To be registered for 404: a person gets a page, a program the plain answer."""
    reader = "text/html" in request.headers.get("accept", "")
    if reader and not request.url.path.startswith("/api/"):
        return _missing(request, "page", request.url.path)
    assert isinstance(error, HTTPException)
    return await http_exception_handler(request, error)


def _add_home(router: APIRouter, db: Database, clock: Clock) -> None:
    @router.get("/")
    def home(request: Request) -> Response:
        now_ms = to_ms(clock.now())
        s = speech_for(request)
        lots = db.read(
            lambda session: [views.lot(session, row["id"], now_ms) for row in views.lots(session)]
        )
        cards = [{"id": lot["id"], "name": lot["name"], "counts": _counts(lot)} for lot in lots]
        return page(request, "home.html", s, lots=cards)

    @router.get("/receipt/check")
    def form(request: Request) -> Response:
        return page(request, "check.html", speech_for(request), checked=None)

    @router.post("/receipt/check")
    async def checked(request: Request) -> Response:
        s = speech_for(request)
        try:
            text = await posted_receipt(request)
        except TooLarge:
            return page(request, "check.html", s, 413, checked=too_large(s))
        found = await asyncio.to_thread(check, text, s)
        return page(request, "check.html", s, checked=found)


def _add_lot(router: APIRouter, streams: Streams) -> None:
    @router.get("/lots/{lot}")
    def lot_page(request: Request, lot: str) -> Response:
        try:
            values = _lot_values(streams, lot, speech_for(request).lang)
        except Unknown:
            return _missing(request, "lot", lot)
        return page(request, "lot.html", heartbeat_s=streams.heartbeat_s, **values)

    @router.get("/lots/{lot}/stream")
    def lot_stream(request: Request, lot: str) -> Response:
        s = speech_for(request)
        return _stream(
            streams,
            f"lot {lot}",
            s,
            lambda: fragment("_lot.html", **_lot_values(streams, lot, s.lang)),
        )


def _add_booking(router: APIRouter, streams: Streams) -> None:
    @router.get("/bookings/{booking_id}")
    def booking_page(request: Request, booking_id: str) -> Response:
        try:
            values = _booking_values(streams, booking_id, speech_for(request).lang)
        except Unknown:
            return _missing(request, "booking", booking_id)
        return page(request, "booking.html", heartbeat_s=streams.heartbeat_s, **values)

    @router.get("/bookings/{booking_id}/stream")
    def booking_stream(request: Request, booking_id: str) -> Response:
        s = speech_for(request)
        return _stream(
            streams,
            f"booking {booking_id}",
            s,
            lambda: fragment("_booking.html", **_booking_values(streams, booking_id, s.lang)),
        )


def _add_receipt(router: APIRouter, db: Database, node: str) -> None:
    def shown(request: Request, booking_id: str, show: Show) -> Response:
        try:
            zone, text, credits, currency = db.read(lambda session: _receipt(session, booking_id))
        except Unknown:
            return _missing(request, "booking", booking_id)
        s = speech_for(request, zone)
        if text is None:
            title, todo = s.t("receipt.none"), s.t("receipt.none.do")
            back = f"/bookings/{booking_id}"
            return page(request, "missing.html", s, 404, title=title, todo=todo, back=back)
        return show(s, text, pages_credits.shown(credits, currency, s))

    @router.get("/bookings/{booking_id}/receipt")
    def receipt_page(request: Request, booking_id: str) -> Response:
        def checked(s: Speech, text: str, credits: list[View]) -> Response:
            values: View = {"checked": check(text, s), "booking": booking_id, "credits": credits}
            return page(request, "receipt.html", s, **values)

        return shown(request, booking_id, checked)

    @router.get("/proof")
    def proof(request: Request) -> Response:
        return proof_page(request, speech_for(request), node)

    @router.get("/proof/{booking_id}")
    def proof_of(request: Request, booking_id: str) -> Response:
        return shown(request, booking_id, lambda s, text, _: proof_page(request, s, node, text))


def _receipt(session: Session, booking_id: str) -> tuple[str, str | None, list[View], str]:
    """The lot's zone, the receipt if it was issued, the booking's credits, and their currency."""
    view = views.booking(session, booking_id)
    text = settlements.receipt_of(session, booking_id)
    return _zone(session, view["lot"]), text, view["credits"], view["currency"]


def _stream(streams: Streams, key: str, s: Speech, render: Render) -> Response:
    """Refusals are plain sentences: the page's script only tries again."""
    if streams.full:
        return PlainTextResponse(s.t("busy"), 503, headers=HEADERS | {"retry-after": "60"})
    try:
        render()
    except Unknown as error:
        return PlainTextResponse(str(error), 404, headers=HEADERS)
    return EventSourceResponse(streams.events(f"{key} {s.lang}", render), headers=STREAM_HEADERS)


def _missing(request: Request, what: str, name: str) -> Response:
    s = speech_for(request)
    title, todo = s.t(f"missing.{what}", name=name), s.t(f"missing.{what}.do")
    return page(request, "missing.html", s, 404, title=title, todo=todo, back="/")


def _lot_values(streams: Streams, lot_id: str, lang: str) -> View:
    now_ms = to_ms(streams.clock.now())
    lot = streams.db.read(lambda session: views.lot(session, lot_id, now_ms))
    late_ms = LATE_HEARTBEATS * streams.heartbeat_s * streams.clock.rate * 1000
    for gateway in lot["gateways"]:
        gateway["health"] = _health(gateway, now_ms, late_ms)
    return {
        "speech": Speech(lang, lot["tz"]),
        "lot": lot,
        "plan": plan(lot["spaces"]),
        "counts": _counts(lot),
        "now": lot["now"],
        "now_ms": now_ms,
        "rate": streams.clock.rate,
    }


def _booking_values(streams: Streams, booking_id: str, lang: str) -> View:
    now = streams.clock.now()

    def story(session: Session) -> tuple[View, View]:
        view = views.booking(session, booking_id)
        return view, views.lot(session, view["lot"], to_ms(now))

    view, lot = streams.db.read(story)
    s = Speech(lang, lot["tz"])
    at = format_instant(now)
    drawn = plan(lot["spaces"])
    return {
        "speech": s,
        "booking": view,
        "lot": lot,
        "plan": drawn,
        "label": drawn.label(view["space"]) if drawn else view["space"],
        "rules": driver.rules(view, s),
        "steps": driver.steps(view),
        "live": driver.live(view, at),
        "warning": driver.warning(view, at, s),
        "why": bill.of_booking(view, s),
        "net": driver.net(view, s),
        "credits": pages_credits.shown(view["credits"], view["currency"], s),
        "charges": pages_credits.charged(view["charges"], s),
        "filed": driver.filed(view["settlement"], s) if view["settlement"] else None,
        "now": at,
        "now_ms": to_ms(now),
        "rate": streams.clock.rate,
    }


def _counts(lot: View) -> Counter[str]:
    return Counter(space["state"] for space in lot["spaces"])


def _health(gateway: View, now_ms: int, late_ms: float) -> str:
    if not gateway["online"]:
        return "offline"
    seen = gateway["seen_at"]
    late = seen is None or to_ms(parse_instant(seen)) < now_ms - late_ms
    return "silent" if late else "online"


def _zone(session: Session, lot_id: str) -> str:
    return next((lot["tz"] for lot in views.lots(session) if lot["id"] == lot_id), "UTC")
