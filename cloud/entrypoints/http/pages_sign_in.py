"""Pages to sign in, to sign up and to choose a new password. Only passkeys need JavaScript."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from cloud.core.reasons import Refusal
from cloud.entrypoints.http.callers import Keys
from cloud.entrypoints.http.door import Door, Signed, give
from cloud.entrypoints.http.pages_fields import NotOurs, Typed, keep, token_for, typed
from cloud.entrypoints.http.pages_render import page, speech_for
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.problems import reason_of, reason_of_error
from cloud.errors import SignInBusy

View = dict[str, Any]
HOME = "/account"


def sign_in_pages(door: Door, keys: Keys) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _add_sign_in(router, door)
    _add_sign_up(router, door)
    _add_reset(router, door, keys)
    return router


def shown(request: Request, name: str, refusal: Refusal | None = None, **values: Any) -> Response:
    """A page with its form's token; with what was refused above the form, as 409."""
    token, fresh = token_for(request)
    s = speech_for(request)
    said = {"token": token, "refused": told(refusal, s), **values}
    return keep(request, page(request, name, s, 409 if refusal else 200, **said), fresh)


def told(refusal: Refusal | None, s: Speech) -> list[View]:
    reasons = refusal.reasons if refusal else ()
    lang = s.lang
    return [
        {"sentence": row.plain()[f"sentence_{lang}"], "remedy": row.plain()[f"remedy_{lang}"]}
        for row in reasons
    ]


async def posted(
    request: Request, name: str, work: Callable[[Typed], Response], **values: Any
) -> Response:
    """Reads the form and does the work beside the loop; a stranger's form is refused."""
    try:
        fields = await typed(request)
        return await run_in_threadpool(work, fields)
    except NotOurs:
        return shown(request, name, Refusal((reason_of("forged"),)), **values)
    except SignInBusy as error:
        reason = reason_of_error(SignInBusy, str(error), error.remedy)
        return shown(request, name, Refusal((reason,)), **values)


def go(path: str) -> Response:
    """Read anew with GET, so that nothing is sent twice."""
    return RedirectResponse(path, 303, {"cache-control": "no-store"})


def _in(request: Request, made: Signed | Refusal, name: str, **values: Any) -> Response:
    if isinstance(made, Refusal):
        return shown(request, name, made, **values)
    return give(request, go(HOME), made)


def _add_sign_in(router: APIRouter, door: Door) -> None:
    @router.get("/sign-in")
    def form(request: Request) -> Response:
        return shown(request, "sign_in.html", login="", done=request.query_params.get("done"))

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        def work(fields: Typed) -> Response:
            name = fields.get("name", "")[:400]
            made = door.sign_in(request, name, fields.get("password", "")[:400])
            return _in(request, made, "sign_in.html", login=name, done=None)

        return await posted(request, "sign_in.html", work, login="", done=None)


def _add_sign_up(router: APIRouter, door: Door) -> None:
    blank: View = {
        "login": "",
        "invitation": "",
        "open_to_all": door.entry.open_to_all,
        "sent": False,
    }

    @router.get("/sign-up")
    def form(request: Request) -> Response:
        invitation = request.query_params.get("invitation", "")[:100]
        return shown(request, "sign_up.html", **blank | {"invitation": invitation})

    @router.post("/sign-up")
    async def sign_up(request: Request) -> Response:
        def work(fields: Typed) -> Response:
            name, password = fields.get("name", "")[:400], fields.get("password", "")[:400]
            code = fields.get("invitation", "").strip()[:100]
            values = blank | {"login": name, "invitation": code}
            if code:
                made = door.invited(request, code, name, password)
                return _in(request, made, "sign_up.html", **values)
            refused = door.wish_to_sign_up(name, speech_for(request).lang)
            values["sent"] = refused is None
            return shown(request, "sign_up.html", refused, **values)

        return await posted(request, "sign_up.html", work, **blank)

    @router.post("/sign-up/code")
    async def confirm(request: Request) -> Response:
        values = blank | {"sent": True}

        def work(fields: Typed) -> Response:
            code, password = fields.get("code", "")[:100], fields.get("password", "")[:400]
            made = door.confirmed(request, code, password)
            return _in(request, made, "sign_up.html", **values)

        return await posted(request, "sign_up.html", work, **values)


def _add_reset(router: APIRouter, door: Door, keys: Keys) -> None:
    @router.get("/password-reset")
    def form(request: Request) -> Response:
        # Whom an operator gave a code has asked for none here.
        have = "code" in request.query_params
        return shown(request, "reset.html", sent=have, have=have)

    @router.post("/password-reset")
    async def ask(request: Request) -> Response:
        def work(fields: Typed) -> Response:
            lang = speech_for(request).lang
            refused = door.wish_to_reset(fields.get("name", "")[:400], lang)
            return shown(request, "reset.html", refused, sent=refused is None)

        return await posted(request, "reset.html", work, sent=False)

    @router.post("/password-reset/code")
    async def choose(request: Request) -> Response:
        def work(fields: Typed) -> Response:
            code, password = fields.get("code", "")[:100], fields.get("password", "")[:400]
            refused = door.reset(code, password)
            keys.forget()
            if refused is not None:
                return shown(request, "reset.html", refused, sent=True)
            return go("/sign-in?done=reset")

        return await posted(request, "reset.html", work, sent=True)
