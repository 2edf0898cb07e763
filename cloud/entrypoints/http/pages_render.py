"""Templates, headers and static files of the pages: what a browser may do is decided here."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.types import Scope

from cloud.entrypoints.http.pages_speech import Speech, chosen
from cloud.entrypoints.http.words import LANGUAGES, STATES

HERE = Path(__file__).parent
STATIC = HERE / "static"
ASSETS = ("berth.css", "berth.js", "passkey.js", "icon.svg", "verify/proof.mjs")
SEPARATED = re.compile(r"(?<=[-._])")
YEAR_S = 31_536_000
# No inline script or style at all: what others named can never run here.
POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def _asset(name: str) -> str:
    """The content's digest in the address: a browser keeps a file until it changes."""
    mark = sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"


def _breakable(name: str) -> Markup:
    """A long name may be broken after its separators, and only there."""
    return Markup("<wbr>").join(escape(part) for part in SEPARATED.split(name))


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assets = {name: _asset(name) for name in ASSETS}
    made.filters["breakable"] = _breakable
    made.globals.update(assets=assets, states=STATES)
    return made


ENVIRONMENT = _environment()


class Static(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        fixed = b"v=" in scope.get("query_string", b"")
        kept = f"public, max-age={YEAR_S}, immutable" if fixed else "no-cache"
        response.headers.update(
            {
                "x-content-type-options": "nosniff",
                "cache-control": kept,
                "content-security-policy": POLICY,
            }
        )
        return response


def static_app() -> StaticFiles:
    """To be mounted at /static."""
    return Static(directory=STATIC)


def speech_for(request: Request, zone: str = "UTC") -> Speech:
    return Speech(_language(request), zone)


def fragment(name: str, speech: Speech, **values: Any) -> str:
    """A part of a page, as its stream sends it."""
    return ENVIRONMENT.get_template(name).render(s=speech, t=speech.t, **values)


def page(
    request: Request, name: str, speech: Speech, status: int = 200, **values: Any
) -> HTMLResponse:
    """A whole page. It says nothing to others about where its reader comes from."""
    # One slash: a path of two would be a link to another host.
    path = "/" + request.url.path.lstrip("/")
    text = fragment(name, speech, path=path, **values)
    response = HTMLResponse(text, status, headers=HEADERS)
    response.headers.update(
        {
            "content-language": speech.tag,
            "vary": "accept-language, cookie",
            "referrer-policy": "no-referrer",
        }
    )
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie("lang", speech.lang, max_age=YEAR_S, samesite="lax", httponly=True)
    return response


def _language(request: Request) -> str:
    header = request.headers.get("accept-language", "")
    return chosen(request.query_params.get("lang"), request.cookies.get("lang"), header)
