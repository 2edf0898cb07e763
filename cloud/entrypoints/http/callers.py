"""Who asks: by an access key in a header, or by a browser's session in a cookie."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.sessions import SEEN_EVERY_MS
from cloud.entrypoints.http import csrf
from cloud.entrypoints.http.api_paths import operation_of
from cloud.entrypoints.http.problems import ProblemError
from cloud.entrypoints.http.rates import Bounds, Windows
from cloud.entrypoints.http.roles import RULES, Rule, allow, theirs
from cloud.errors import Forbidden, Unauthorised
from cloud.tables import Account
from cloud.usecases import access_keys, sessions
from contracts.wire.types import to_ms

# A key's account does not change; what was looked up is kept for so long, and for so many.
KNOWN_S, MAX_KNOWN = 10.0, 10_000
USUAL = Bounds()
READ_ONLY = "This key may only read."
READ_ONLY_ZH = "该密钥仅可读取。"


@dataclass(frozen=True, slots=True)
class Who:
    """`token`: of the session, where a cookie was shown. `reads`: a key that changes nothing."""

    account: Account
    token: str = ""
    reads: bool = False


class Keys:
    """Accounts by their access key, remembered for a short while; sessions, asked for each time."""

    def __init__(
        self,
        db: Database,
        now_s: Callable[[], float],
        clock: Clock,
        bounds: Bounds = USUAL,
    ) -> None:
        self.db, self.now_s, self.clock = db, now_s, clock
        self._turns = Windows("account", bounds.of_account, bounds.window_s)
        self._known: dict[str, tuple[float, Who]] = {}

    async def who(self, request: Request) -> Who:
        """Raises Unauthorised; a problem where a cookie came with a stranger's request."""
        header, token = request.headers.get("authorization"), request.cookies.get(csrf.COOKIE)
        if header is not None or not token:
            return await self.by_key(header or "")
        who = await self.by_session(token)
        if request.method not in csrf.SAFE and not csrf.ours(request):
            raise ProblemError(403, "forged")
        return who

    async def account(self, header: str) -> Account:
        return (await self.by_key(header)).account

    async def by_key(self, header: str) -> Who:
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token.isascii():
            raise Unauthorised
        found = self._known.get(token)
        if found is not None and self.now_s() - found[0] < KNOWN_S:
            return found[1]
        held = await run_in_threadpool(self.db.read, lambda s: access_keys.found(s, token))
        if held is None:
            raise Unauthorised
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        who = Who(held[0], reads=held[1] == access_keys.READ)
        self._known[token] = (self.now_s(), who)
        return who

    async def by_session(self, token: str) -> Who:
        now_ms = to_ms(self.clock.now())
        found = await run_in_threadpool(self.db.read, lambda s: sessions.found(s, token, now_ms))
        if found is None:
            raise Unauthorised
        row, account = found
        if now_ms - row.seen_ms >= SEEN_EVERY_MS * self.clock.rate:
            await self.db.write_soon(lambda s: sessions.seen(s, token, now_ms))
        return Who(account, token)

    def count(self, account: Account) -> None:
        """One request more, by whichever key or browser. Raises the problem `too_many`."""
        left = self._turns.hit(str(account.number).encode(), self.now_s())
        if not left.ok:
            window_s = int(self._turns.window_s)
            told = {"quota": left.quota, "window_s": window_s, "wait_s": left.wait_s}
            raise ProblemError(429, "too_many", **told)

    def forget(self) -> None:
        """A key was revoked or a role has changed: what this process remembers may be untrue."""
        self._known.clear()


def guarded(keys: Keys) -> type[APIRoute]:
    """Routes that ask the table before they read a body. One without a rule cannot be made."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            rule = RULES[operation_of(self)]

            async def checked(request: Request) -> Response:
                if rule.roles:
                    await _let_in(keys, rule, request)
                elif csrf.strangers(request):
                    raise ProblemError(403, "forged")
                return await handle(request)

            return checked

    return Guarded


async def _let_in(keys: Keys, rule: Rule, request: Request) -> None:
    who = await keys.who(request)
    account = who.account
    keys.count(account)
    allow(account, rule)
    if who.reads and request.method not in csrf.SAFE:
        raise Forbidden(READ_ONLY, READ_ONLY_ZH)
    request.state.account, request.state.token = account, who.token
    if rule.own:

        def story(session: Session) -> None:
            theirs(session, account, rule, request.path_params)

        await run_in_threadpool(keys.db.read, story)
