"""What one caller may ask for: requests in a moving window, and bytes in one body.

By address always, by access key too where one is sent. The windows are kept in memory, of one
process, in a bounded number of buckets: strangers cannot fill it, at worst they share a bucket.
"""

import ipaddress
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.core.compliance_papers import MAX_BYTES
from cloud.entrypoints.http.api_paths import FEED, V1
from cloud.entrypoints.http.pages_render import page, speech_for
from cloud.entrypoints.http.problems import problem, reason_of
from cloud.entrypoints.http.rates_routes import ALL, LIMITS, Limit, known, limit_of

BUCKETS = 4096
HOUSEHOLD_BITS = 64  # of an IPv6 address: one household has billions of them
MAX_BODY_BYTES = 1 << 20
# Papers are files: this path takes so many bytes.
LARGE = {f"{V1}/documents": MAX_BYTES}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Requests a window: of one access key, of one account with all it has, of one address."""

    of_key: int = 1200
    of_account: int = 3000
    of_address: int = 6000
    window_s: float = 60.0
    body_bytes: int = MAX_BODY_BYTES
    # Times the limits of rates_routes.py.
    routes: int = 1


@dataclass(frozen=True, slots=True)
class Left:
    """`wait_s`: until the oldest request leaves the window."""

    name: str
    quota: int
    left: int
    wait_s: int
    ok: bool


class Windows:
    """A moving window each: the times of its requests, oldest first, never more than the quota."""

    def __init__(self, name: str, quota: int, window_s: float) -> None:
        self.name, self.quota, self.window_s = name, quota, window_s
        self._seen: dict[int, deque[float]] = {}

    def hit(self, who: bytes, now_s: float) -> Left:
        seen = self._seen.setdefault(crc32(who) % BUCKETS, deque())
        while seen and seen[0] <= now_s - self.window_s:
            seen.popleft()
        ok = len(seen) < self.quota
        if ok:
            seen.append(now_s)
        wait_s = max(int(seen[0] + self.window_s - now_s) + 1, 1) if seen else 1
        return Left(self.name, self.quota, self.quota - len(seen), wait_s, ok)


class RouteWindows:
    """A limit of rates_routes.py: of an address, and where it says so of everybody."""

    def __init__(self, limit: Limit, times: int) -> None:
        self.window_s = limit.window_s
        self.one = Windows(limit.name, limit.quota * times, limit.window_s)
        most = limit.in_all * times
        self.all = Windows(f"{limit.name}-all", most, limit.window_s) if most else None

    def hit(self, who: bytes, now_s: float) -> Left:
        """Who has no more turn does not take one of everybody's."""
        left = self.one.hit(who, now_s)
        if not left.ok or self.all is None:
            return left
        whole = self.all.hit(ALL, now_s)
        return left if whole.ok else whole


class Gate:
    """ASGI: counts a request of the API, refuses it, or bounds its body and says what is left."""

    def __init__(self, app: ASGIApp, bounds: Bounds, now_s: Callable[[], float]) -> None:
        self.app, self.bounds, self.now_s = app, bounds, now_s
        self.keys = Windows("key", bounds.of_key, bounds.window_s)
        self.addresses = Windows("address", bounds.of_address, bounds.window_s)
        self.routes = {one.name: RouteWindows(one, bounds.routes) for one in LIMITS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _counted(scope["path"]):
            await self.app(scope, receive, send)
            return
        left, window_s = self._hit(scope)
        told = _headers(left, int(window_s))

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *told]
            await send(message)

        if not left.ok:
            await self._too_many(scope, receive, say, (left, window_s))
            return
        most = LARGE.get(scope["path"], self.bounds.body_bytes)
        if _length(scope) > most:
            await _refuse(scope, receive, say, 413, "too_large")
        else:
            await self.app(scope, _bounded(receive, most), say)

    def _hit(self, scope: Scope) -> tuple[Left, float]:
        """The narrowest, and its window; a refused one does not count against the others."""
        now_s, own = self.now_s(), limit_of(scope["method"], scope["path"])
        if own is not None:
            route = self.routes[own.name]
            left = route.hit(household(scope), now_s)
            if not left.ok:
                return left, route.window_s
        return self._wide(scope, now_s), self.bounds.window_s

    def _wide(self, scope: Scope, now_s: float) -> Left:
        address = self.addresses.hit(household(scope), now_s)
        key = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
        if not address.ok or not key:
            return address
        of_key = self.keys.hit(_token(key), now_s)
        return of_key if not of_key.ok or of_key.left <= address.left else address

    async def _too_many(
        self, scope: Scope, receive: Receive, send: Send, found: tuple[Left, float]
    ) -> None:
        left, window_s = found
        asked = Request(scope)
        if "text/html" in asked.headers.get("accept", "") and not scope["path"].startswith(V1):
            shown = _wait_page(asked, left.wait_s)
            await shown(scope, receive, send)
            return
        values = {"quota": left.quota, "window_s": int(window_s)}
        answer = problem(asked, 429, (reason_of("too_many", **values),))
        answer.headers["retry-after"] = str(left.wait_s)
        await answer(scope, receive, send)


def _wait_page(request: Request, wait_s: int) -> Response:
    """A person at a form gets a page in her language."""
    s = speech_for(request)
    told = {"title": s.t("missing.busy"), "todo": s.t("missing.busy.do", wait_s=wait_s)}
    shown = page(request, "missing.html", s, 429, back="/", **told)
    shown.headers["retry-after"] = str(wait_s)
    return shown


def _counted(path: str) -> bool:
    return path.startswith((V1, FEED)) or known(path)


def _bounded(receive: Receive, limit: int) -> Receive:
    """A body that came in pieces and named no length ends with a 413 once it is too long."""
    got = 0

    async def some() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise HTTPException(413)
        return message

    return some


def _length(scope: Scope) -> int:
    said = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    return int(said) if said.isdigit() else 0


def _token(header: bytes) -> bytes:
    """Without the scheme's name, which may be written in capitals."""
    return header.partition(b" ")[2] or header


def household(scope: Scope | dict[str, Any]) -> bytes:
    """One for a household, in whichever of its spellings the address came."""
    host = str(scope["client"][0]) if scope.get("client") else ""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.encode()
    if isinstance(found, ipaddress.IPv4Address):
        return found.packed
    inner = found.ipv4_mapped
    return inner.packed if inner else found.packed[: HOUSEHOLD_BITS // 8]


def _headers(left: Left, window_s: int) -> list[tuple[bytes, bytes]]:
    """As draft-ietf-httpapi-ratelimit-headers writes them."""
    name = json.dumps(left.name)
    return [
        (b"ratelimit-policy", f"{name};q={left.quota};w={window_s}".encode()),
        (b"ratelimit", f"{name};r={left.left};t={left.wait_s}".encode()),
    ]


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str) -> None:
    await problem(Request(scope), status, (reason_of(code),))(scope, receive, send)
