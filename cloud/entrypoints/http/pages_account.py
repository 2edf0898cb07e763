"""The account's own page: sessions, password, passkeys and keys, each with its small form."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from cloud.adapters.clock import new_id, new_token
from cloud.core.reasons import Refusal
from cloud.entrypoints.http import csrf, proving
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_self import (
    first_keys,
    key_shown,
    made_key,
    passkey_shown,
    revoked_key,
    session_shown,
)
from cloud.entrypoints.http.callers import Keys
from cloud.entrypoints.http.door import Door, Signed, give, take
from cloud.entrypoints.http.pages_fields import Typed
from cloud.entrypoints.http.pages_sign_in import HOME, go, posted, shown
from cloud.tables import Account
from cloud.usecases import access_keys, owning, passkeys, sessions, sign_in
from contracts.wire.types import to_ms

View = dict[str, Any]
PAGE = "account.html"
Work = Callable[[Account, Typed], Response]


def account_pages(door: Door, keys: Keys) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _add_page(router, door)
    _add_endings(router, door, keys)
    _add_keys(router, door)
    _add_password(router, door)
    return router


def _who(door: Door, request: Request) -> Account | None:
    now_ms, token = to_ms(door.clock.now()), request.cookies.get(csrf.COOKIE, "")
    found = door.db.write(lambda s: _seen(s, token, now_ms)) if token else None
    return found


def _seen(session: Session, token: str, now_ms: int) -> Account | None:
    found = sessions.found(session, token, now_ms)
    if found is None:
        return None
    sessions.seen(session, token, now_ms)
    return found[1]


def _values(door: Door, request: Request, account: Account) -> View:
    now_ms, number = to_ms(door.clock.now()), account.number or 0
    token = request.cookies.get(csrf.COOKIE, "")
    mark = sessions.mark_of(token)

    def story(session: Session) -> View:
        has_password = sign_in.stored_hash(session, number) is not None
        return {
            "account": account,
            "login": sign_in.name_of(session, number),
            "has_password": has_password,
            "asks": has_password and not proving.fresh(session, door, token),
            "sessions": [
                session_shown(row, mark) for row in sessions.of_account(session, number, now_ms)
            ],
            "passkeys": [passkey_shown(row) for row in passkeys.of_account(session, number)],
            "keys": [
                *first_keys(account),
                *(key_shown(row) for row in access_keys.of_account(session, number)),
            ],
        }

    return door.db.read(story)


def _page(
    door: Door, request: Request, account: Account, refusal: Refusal | None = None, **more: Any
) -> Response:
    values = {"made": None, "done": request.query_params.get("done"), **more}
    return shown(request, PAGE, refusal, **_values(door, request, account), **values)


async def _signed_in(door: Door, request: Request, work: Work) -> Response:
    """The form of somebody who is signed in; all others are asked to sign in first."""

    def beside(fields: Typed) -> Response:
        account = _who(door, request)
        return go("/sign-in") if account is None else work(account, fields)

    return await posted(request, "sign_in.html", beside, login="", done=None)


def _add_page(router: APIRouter, door: Door) -> None:
    @router.get("/account")
    def account_page(request: Request) -> Response:
        account = _who(door, request)
        return go("/sign-in") if account is None else _page(door, request, account)

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        def work(account: Account, _fields: Typed) -> Response:
            door.db.write(lambda s: sessions.end_token(s, request.cookies[csrf.COOKIE]))
            return take(go("/sign-in?done=out"))

        return await _signed_in(door, request, work)


def _add_endings(router: APIRouter, door: Door, keys: Keys) -> None:
    """Of a session, a passkey and a key of one's own; another's is as one that is not there."""

    def ending(kind: str, end: Callable[[Session, Account, str], None]) -> Work:
        def work(account: Account, fields: Typed) -> Response:
            name = fields.get("id", "")[:100]

            def story(session: Session) -> None:
                owners = owning.OWNERS[kind][1](session, name)
                if owners is not None and account.number in owners:
                    end(session, account, name)

            door.db.write(story)
            keys.forget()
            return go(f"{HOME}?done={kind}#{kind}s")

        return work

    def session_end(session: Session, _account: Account, name: str) -> None:
        sessions.end(session, name)

    def passkey_end(session: Session, account: Account, name: str) -> None:
        passkeys.remove(session, name)
        acts = Acts(door.clock, account)
        acts.done(session, "passkey.removed", f"account:{account.number}", None)

    def key_end(session: Session, account: Account, name: str) -> None:
        revoked_key(session, door, account, name)

    ends = {"session": session_end, "passkey": passkey_end, "key": key_end}
    for kind, end in ends.items():
        _add_ending(router, door, kind, ending(kind, end))


def _add_ending(router: APIRouter, door: Door, kind: str, work: Work) -> None:
    @router.post(f"/account/{kind}s/end")
    async def ended(request: Request) -> Response:
        return await _signed_in(door, request, work)


def _add_keys(router: APIRouter, door: Door) -> None:
    @router.post("/account/keys")
    async def make(request: Request) -> Response:
        def work(account: Account, fields: Typed) -> Response:
            name = " ".join(fields.get("name", "").split())[:60] or "key"
            scope = access_keys.READ if fields.get("scope") == access_keys.READ else access_keys.ALL
            key = access_keys.NewKey(new_id("key"), new_token(), name, scope)
            token, password = request.cookies[csrf.COOKIE], fields.get("password", "")[:400]
            refused = proving.objection(door, request, account, token, password)
            made = refused or door.db.write(lambda s: made_key(s, door, account, key))
            if isinstance(made, Refusal):
                return _page(door, request, account, made)
            return _page(door, request, account, made=key.secret)

        return await _signed_in(door, request, work)


def _add_password(router: APIRouter, door: Door) -> None:
    @router.post("/account/password")
    async def change(request: Request) -> Response:
        def work(account: Account, fields: Typed) -> Response:
            names = ("present", "password", "name")
            present, password, name = (fields.get(one, "")[:400] for one in names)
            made = door.change(request, account, (present, password, name))
            if isinstance(made, Signed):
                return give(request, go(f"{HOME}?done=password"), made)
            return _page(door, request, account, made)

        return await _signed_in(door, request, work)
