"""Serves the gateway's page: GET alone, at most `MAX_CONNECTIONS` at a time, the oldest makes room
for the next, and none lasts longer than `CONNECTION_S`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socket import AF_INET, AF_INET6, SHUT_RDWR, socket
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from edge.errors import PageUnusable
from edge.page.metrics import CONTENT_TYPE, metrics
from edge.page.render import page
from edge.page.snapshot import Snapshot
from edge.page.words import language

MAX_CONNECTIONS = 16
# Of one wait, and of a whole connection: who sends a byte at a time gets no longer.
REQUEST_S, CONNECTION_S = 5.0, 10.0
STALE_S = 15.0
STOP_S = 2.0
# How late `close` is noticed.
POLL_S = 0.1
MAX_LANG = 8
HTML, CSS, JSON = "text/html; charset=utf-8", "text/css; charset=utf-8", "application/json"
JAVASCRIPT = "text/javascript; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
Answer = tuple[int, str, str]


class PageServer:
    """`snapshot` gives the newest one, or None before there is any; it is called on any thread."""

    def __init__(
        self,
        host: str,
        port: int,
        snapshot: Callable[[], Snapshot | None],
        real_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises PageUnusable."""
        try:
            self._server = _Server(host, port, _Pages(snapshot, real_s), real_s)
        except OSError as error:
            raise PageUnusable(f"It is {host} port {port}: {error.strerror}.") from None
        shown = f"[{host}]" if ":" in host else host
        self.port = int(self._server.server_address[1])
        self.url = f"http://{shown}:{self.port}/"
        serve = self._server.serve_forever
        self._thread = Thread(target=serve, args=(POLL_S,), name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(STOP_S)


class _Pages:
    def __init__(
        self, snapshot: Callable[[], Snapshot | None], real_s: Callable[[], float]
    ) -> None:
        self._snapshot, self._real_s = snapshot, real_s
        self._style = (files("edge.page") / "style.css").read_text("utf-8")
        self._script = (files("edge.page") / "refresh.js").read_text("utf-8")

    def answer(self, target: str, accept: str) -> Answer:
        """Status, type and text for the request line's target."""
        parts = urlsplit(target)
        snapshot = self._snapshot()
        stale = snapshot is not None and self._real_s() - snapshot.real_s > STALE_S
        match parts.path:
            case "/":
                wish = parse_qs(parts.query, max_num_fields=4).get("lang", [""])[0]
                lang = language(wish[:MAX_LANG], accept[:MAX_LANG])
                return 200, HTML, page(snapshot, lang, stale)
            case "/style.css":
                return 200, CSS, self._style
            case "/refresh.js":
                return 200, JAVASCRIPT, self._script
            case "/metrics":
                return 200, CONTENT_TYPE, metrics(snapshot)
            case "/healthz":
                well = snapshot is not None and not stale
                return 200 if well else 503, JSON, json.dumps({"ok": well}) + "\n"
        return 404, "text/plain; charset=utf-8", "There is nothing here.\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, host: str, port: int, pages: _Pages, real_s: Callable[[], float]) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.pages, self._real_s = pages, real_s
        self._lock = Lock()
        self._open: dict[Any, float] = {}
        super().__init__((host, port), _Handler)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """One too many: the oldest goes, and with it who holds the page shut by being slow."""
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                _cut(next(iter(self._open)))
                self._open.pop(next(iter(self._open)))
            self._open[request] = self._real_s() + CONNECTION_S
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: socket | tuple[bytes, socket], client_address: Any
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def service_actions(self) -> None:
        """Every `POLL_S`, and after each request: the oldest are the first that are due."""
        now_s = self._real_s()
        with self._lock:
            due = [request for request, until_s in self._open.items() if until_s <= now_s]
            for request in due:
                _cut(request)
                del self._open[request]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""


def _cut(request: Any) -> None:
    """Whoever waits on it is woken, and closes it."""
    with suppress(OSError):
        request.shutdown(SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "berth", ""
    timeout = REQUEST_S
    server: _Server
    headers_of_all: ClassVar[dict[str, str]] = HEADERS

    def do_GET(self) -> None:
        try:
            status, kind, text = self.server.pages.answer(
                self.path, self.headers.get("Accept-Language", "")
            )
        except ValueError:
            status, kind, text = 400, "text/plain; charset=utf-8", "This is no address.\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.headers_of_all.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who looks is nobody's business."""
