"""One's own ways in: sessions, password, passkeys, keys of programs."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.account_tables import AccessKey, Passkey, WebSession
from cloud.adapters import passkeys as webauthn
from cloud.adapters.clock import new_challenge, new_id, new_token
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http import proving
from cloud.entrypoints.http.api_acts import Acts
from cloud.entrypoints.http.api_shapes_accounts import (
    AccessKeyMade,
    AccessKeyShape,
    PasskeyOptions,
    PasskeyShape,
    Received,
    SessionShape,
    SignedIn,
)
from cloud.entrypoints.http.api_tools import IdText, MaybeKey, Once, View, said, tagged
from cloud.entrypoints.http.asked_accounts import NewAccessKey, NewPasskey, NewPassword
from cloud.entrypoints.http.callers import Keys
from cloud.entrypoints.http.door import Door, Signed, give, take
from cloud.entrypoints.http.roles import Caller
from cloud.tables import Account
from cloud.usecases import access_keys, passkeys, sessions
from cloud.usecases.answered import Answer
from contracts.wire.types import format_instant, from_ms, to_ms

DONE = {200: {"model": Received}}


def add_self(router: APIRouter, door: Door, keys: Keys) -> None:
    _add_sessions(router, door)
    _add_password(router, door)
    _add_passkeys(router, door)
    _add_keys(router, door)
    _add_keys_end(router, door, keys)


def _add_sessions(router: APIRouter, door: Door) -> None:
    @router.post("/sign-out", responses=DONE)  # type: ignore[arg-type]
    def sign_out(request: Request) -> Response:
        """Ends the session of this browser; a key's holder has none to end."""
        token = request.state.token
        door.db.write(lambda s: sessions.end_token(s, token))
        return take(said(request, None, _done, 200))

    @router.get("/sessions", responses={200: {"model": list[SessionShape]}})
    def listed(request: Request, account: Caller) -> Response:
        """Where the account is signed in now, last used first."""
        now_ms, number = to_ms(door.clock.now()), account.number or 0
        rows = door.db.read(lambda s: sessions.of_account(s, number, now_ms))
        mark = sessions.mark_of(request.state.token)
        return tagged(request, [session_shown(row, mark) for row in rows])

    @router.post("/sessions/{session_id}/end", responses=DONE)  # type: ignore[arg-type]
    def end(request: Request, session_id: IdText) -> Response:
        """That browser is signed out from its next request on."""
        door.db.write(lambda s: sessions.end(s, session_id))
        return said(request, None, _done, 200)


def _add_password(router: APIRouter, door: Door) -> None:
    @router.post("/account/password", responses={200: {"model": SignedIn}})
    def change(request: Request, asked: NewPassword, account: Caller) -> Response:
        """All sessions end, and this browser gets a new one. An account that has only a key takes

        a name and its first password here; all others must tell the present one.
        """
        texts = (asked.present, asked.password, asked.name)
        made = door.change(request, account, texts)
        shown = {"number": account.number, "name": account.name, "role": account.role}
        answer = said(request, made, lambda _: shown, 200)
        return give(request, answer, made) if isinstance(made, Signed) else answer


def _add_passkeys(router: APIRouter, door: Door) -> None:
    @router.get("/passkeys", responses={200: {"model": list[PasskeyShape]}})
    def listed(request: Request, account: Caller) -> Response:
        rows = door.db.read(lambda s: passkeys.of_account(s, account.number or 0))
        return tagged(request, [passkey_shown(row) for row in rows])

    @router.post("/passkeys/options", responses={200: {"model": PasskeyOptions}})
    def options(request: Request, account: Caller) -> Response:
        """What the browser's authenticator is asked to make."""
        ticket, challenge, number = new_token(), new_challenge(), account.number or 0
        now_ms = to_ms(door.clock.now())
        made = door.db.write(lambda s: passkeys.challenge(s, ticket, number, challenge, now_ms))
        held = door.db.read(lambda s: [row.credential for row in passkeys.of_account(s, number)])
        user = webauthn.User(number, account.name, held)
        asked = webauthn.ask_to_make(door.site(request), user, challenge)
        return said(request, made, lambda _: {"ticket": ticket, "options": json.loads(asked)}, 200)

    @router.post("/passkeys", status_code=201, responses={201: {"model": PasskeyShape}})
    def add(request: Request, asked: NewPasskey, account: Caller) -> Response:
        """Keeps the public key of what the authenticator has made.

        Needs the present password, or a sign-in of the last 10 minutes.
        """
        return said(request, made_passkey(door, request, account, asked), passkey_shown, 201)

    @router.post("/passkeys/{passkey_id}/removal", responses=DONE)  # type: ignore[arg-type]
    def remove(request: Request, passkey_id: IdText, account: Caller) -> Response:
        """It signs nobody in from now on."""
        acts = Acts(door.clock, account)

        def story(session: Session) -> None:
            passkeys.remove(session, passkey_id)
            acts.done(session, "passkey.removed", f"account:{account.number}", None)

        door.db.write(story)
        return said(request, None, _done, 200)


def made_passkey(
    door: Door, request: Request, account: Account, asked: NewPasskey
) -> Passkey | Refusal:
    now_ms, number = to_ms(door.clock.now()), account.number or 0
    token = request.state.token
    refused = proving.objection(door, request, account, token, asked.password)
    if refused is not None:
        return refused
    challenge = door.db.write(lambda s: passkeys.answered(s, asked.ticket, number, now_ms))
    try:
        if challenge is None:
            return refuse("passkey_refused")
        made = webauthn.made(door.site(request), challenge, json.dumps(asked.credential))
    except webauthn.Refused:
        return refuse("passkey_refused")
    row = Passkey(
        id=new_id("pk"),
        credential=made.credential,
        account=number,
        name=asked.name,
        key=made.key,
        signed=made.signed,
        made_ms=now_ms,
    )
    acts = Acts(door.clock, account)

    def story(session: Session) -> Passkey | Refusal:
        kept = passkeys.keep(session, row)
        return acts.done(session, "passkey.made", f"account:{number}", kept)

    return door.db.write(story)


def _add_keys(router: APIRouter, door: Door) -> None:
    once = Once(door.db, door.clock)

    @router.get("/keys", responses={200: {"model": list[AccessKeyShape]}})
    def listed(request: Request, account: Caller) -> Response:
        """The one that the account was opened with comes first; no key itself is told again."""
        rows = door.db.read(lambda s: access_keys.of_account(s, account.number or 0))
        return tagged(request, [*first_keys(account), *(key_shown(row) for row in rows)])

    @router.post("/keys", status_code=201, responses={201: {"model": AccessKeyMade}})
    def make(
        request: Request,
        asked: NewAccessKey,
        account: Caller,
        idempotency_key: MaybeKey = None,
    ) -> Response:
        """The key is in the first answer only. `scope` read: it may ask, and changes nothing.

        Needs the present password, or a sign-in of the last 10 minutes.
        """
        token = request.state.token
        refused = proving.objection(door, request, account, token, asked.password)
        if refused is not None:
            return said(request, refused, dict, 409)
        # Nothing that could be guessed at is kept with the answer.
        wish = asked.model_copy(update={"password": ""})
        key = access_keys.NewKey(new_id("key"), new_token(), asked.name, asked.scope)

        def story(session: Session) -> Answer | Refusal:
            made = made_key(session, door, account, key)
            if isinstance(made, Refusal):
                return made
            shown = {"id": made.id, "name": made.name, "scope": made.scope, "key": key.secret}
            return Answer(201, shown)

        answered = once.do(request, wish, story, but="key")
        if isinstance(answered, Refusal):
            return said(request, answered, dict, 409)
        return said(request, answered, lambda answer: answer.body, answered.status)


def _add_keys_end(router: APIRouter, door: Door, keys: Keys) -> None:
    @router.post("/keys/{key_id}/revocation", responses=DONE)  # type: ignore[arg-type]
    def revoke(request: Request, key_id: IdText, account: Caller) -> Response:
        """It lets nobody in from now on; of the first key none takes its place."""
        door.db.write(lambda s: revoked_key(s, door, account, key_id))
        keys.forget()
        return said(request, None, _done, 200)


def made_key(
    session: Session, door: Door, account: Account, key: access_keys.NewKey
) -> AccessKey | Refusal:
    number, acts = account.number or 0, Acts(door.clock, account)
    made = access_keys.make(session, number, key, to_ms(door.clock.now()))
    return acts.done(session, "key.made", f"account:{number}", made, key=key.id, scope=key.scope)


def revoked_key(session: Session, door: Door, account: Account, key_id: str) -> None:
    access_keys.revoke(session, key_id, new_token())
    about, acts = f"account:{account.number}", Acts(door.clock, account)
    acts.done(session, "key.revoked", about, None, key=key_id)


def session_shown(row: WebSession, mark: str) -> View:
    """`present`: the browser that asks."""
    ends_ms = min(row.ends_ms, row.seen_ms + row.idle_ms)
    return {
        "id": row.id,
        "how": row.how,
        "browser": row.agent,
        "present": row.mark == mark,
        "began_at": format_instant(from_ms(row.made_ms)),
        "used_at": format_instant(from_ms(row.seen_ms)),
        "ends_at": format_instant(from_ms(ends_ms)),
    }


def passkey_shown(row: Passkey) -> View:
    used = None if row.used_ms is None else format_instant(from_ms(row.used_ms))
    made = format_instant(from_ms(row.made_ms))
    return {"id": row.id, "name": row.name, "made_at": made, "used_at": used}


def first_keys(account: Account) -> list[View]:
    """The one that the account was opened with, if it lets anybody in."""
    if not access_keys.has_first(account):
        return []
    made = format_instant(from_ms(account.created_ms))
    name = access_keys.first_id(account.number or 0)
    return [{"id": name, "name": "first", "scope": access_keys.ALL, "made_at": made}]


def key_shown(row: AccessKey) -> View:
    made = format_instant(from_ms(row.made_ms))
    return {"id": row.id, "name": row.name, "scope": row.scope, "made_at": made}


def _done(_: object) -> View:
    return {"taken": True}
