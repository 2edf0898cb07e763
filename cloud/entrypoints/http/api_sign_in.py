"""Coming in: by name and password, by passkey, by invitation, by a code that was mailed."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from cloud.adapters import passkeys as webauthn
from cloud.adapters.clock import new_challenge, new_token
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http.api_shapes_accounts import PasskeyOptions, Received, SignedIn
from cloud.entrypoints.http.api_tools import View, said
from cloud.entrypoints.http.asked_accounts import (
    CodeTyped,
    NewReset,
    PasskeyAnswer,
    ResetTyped,
    SignIn,
    SignUp,
)
from cloud.entrypoints.http.callers import Keys
from cloud.entrypoints.http.door import Door, Signed, give
from cloud.usecases import passkeys
from contracts.wire.types import to_ms

IN = {"model": SignedIn}
TAKEN = {"model": Received}


def add_sign_in(router: APIRouter, door: Door, keys: Keys) -> None:
    _add_password(router, door)
    _add_sign_up(router, door)
    _add_reset(router, door, keys)
    _add_passkey(router, door)


def _add_password(router: APIRouter, door: Door) -> None:
    @router.post("/sign-in", responses={200: IN})
    def sign_in(request: Request, asked: SignIn) -> Response:
        """Answers with the cookie `berth_session`. A program needs none: it sends its key."""
        return _in(request, door.sign_in(request, asked.name, asked.password), 200)


def _add_sign_up(router: APIRouter, door: Door) -> None:
    @router.post("/sign-up", status_code=201, responses={201: IN, 202: TAKEN})
    def sign_up(request: Request, asked: SignUp) -> Response:
        """With an invitation at once (201). Without one as a driver, whose name is the e-mail

        address that a code is sent to (202); the password is chosen at `sign-up/confirmation`.
        """
        if asked.invitation is not None:
            made = door.invited(request, asked.invitation, asked.name, asked.password)
            return _in(request, made, 201)
        done = door.wish_to_sign_up(asked.name, asked.language)
        return said(request, done, _taken, 202)

    @router.post("/sign-up/confirmation", status_code=201, responses={201: IN})
    def confirm(request: Request, asked: CodeTyped) -> Response:
        """The account is opened now with this password, and its person signed in."""
        return _in(request, door.confirmed(request, asked.code, asked.password), 201)


def _add_reset(router: APIRouter, door: Door, keys: Keys) -> None:
    @router.post("/password-reset", status_code=202, responses={202: TAKEN})
    def ask(request: Request, asked: NewReset) -> Response:
        """A code goes out by the way that the account chose for its notices, if there is one."""
        return said(request, door.wish_to_reset(asked.name, asked.language), _taken, 202)

    @router.post("/password-reset/confirmation", responses={200: TAKEN})
    def choose(request: Request, asked: ResetTyped) -> Response:
        """Every session, passkey and key of the account ends; sign in with the new password."""
        refused = door.reset(asked.code, asked.password)
        keys.forget()
        return said(request, refused, _taken, 200)


def _add_passkey(router: APIRouter, door: Door) -> None:
    @router.post("/sign-in/passkey/options", responses={200: {"model": PasskeyOptions}})
    def options(request: Request) -> Response:
        """What the browser's authenticator is asked to sign; it names nobody."""
        ticket, challenge = new_token(), new_challenge()
        now_ms = to_ms(door.clock.now())
        made = door.db.write(lambda s: passkeys.challenge(s, ticket, 0, challenge, now_ms))
        asked = webauthn.ask_to_sign_in(door.site(request), challenge)
        return said(request, made, lambda _: {"ticket": ticket, "options": json.loads(asked)}, 200)

    @router.post("/sign-in/passkey", responses={200: IN})
    def sign_in(request: Request, asked: PasskeyAnswer) -> Response:
        return _in(request, by_passkey(door, request, asked), 200)


def by_passkey(door: Door, request: Request, asked: PasskeyAnswer) -> Signed | Refusal:
    """The challenge is used up first, so that no answer counts twice."""
    now_ms = to_ms(door.clock.now())
    challenge = door.db.write(lambda s: passkeys.answered(s, asked.ticket, 0, now_ms))
    answer = json.dumps(asked.credential)
    try:
        named = webauthn.id_of(answer)
        row = door.db.read(lambda s: passkeys.by_credential(s, named))
        if challenge is None or row is None:
            return refuse("passkey_refused")
        known = webauthn.Made(row.credential, row.key, row.signed)
        count = webauthn.signed(door.site(request), challenge, answer, known)
    except webauthn.Refused:
        return refuse("passkey_refused")

    def story(session: Session) -> Signed | Refusal:
        account = passkeys.used(session, row.id, known.signed, count, now_ms)
        if account is None:
            return refuse("passkey_refused")
        return door.begin(session, request, account, "passkey")

    return door.db.write(story)


def _in(request: Request, made: Signed | Refusal, status: int) -> Response:
    answer = said(request, made, _signed, status)
    return give(request, answer, made) if isinstance(made, Signed) else answer


def _signed(made: Signed) -> View:
    account = made.account
    return {"number": account.number, "name": account.name, "role": account.role}


def _taken(_: object) -> View:
    return {"taken": True}
