"""What a person typed into one of our forms, and whether it was one of ours."""

from hmac import compare_digest
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import Response

from cloud.adapters.clock import new_token
from cloud.entrypoints.http import csrf

LIMIT, FIELDS = 8192, 20
Typed = dict[str, str]


class NotOurs(Exception):
    """The form did not come from a page of ours, or its page is too old."""


async def typed(request: Request) -> Typed:
    """The fields of a form of ours, as they were typed. Raises NotOurs."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise NotOurs
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        raise NotOurs from None
    found = dict(pairs)
    if csrf.strangers(request) or not _right(request, found.pop(csrf.FIELD, "")):
        raise NotOurs
    return {name: value.replace("\0", "") for name, value in found.items()}


def token_for(request: Request) -> tuple[str, str]:
    """(what the form carries, the text for its cookie: empty where a session is there)"""
    held = request.cookies.get(csrf.COOKIE) or request.cookies.get(csrf.FORM_COOKIE)
    if held:
        return csrf.form_token(held), ""
    fresh = new_token()
    return csrf.form_token(fresh), fresh


def keep(request: Request, response: Response, fresh: str) -> Response:
    if fresh:
        secure = request.url.scheme == "https"
        response.set_cookie(
            csrf.FORM_COOKIE, fresh, httponly=True, samesite="strict", secure=secure
        )
    return response


def _right(request: Request, token: str) -> bool:
    """Made from either cookie: a page that was open while its person signed in is still ours."""
    held = (request.cookies.get(name, "") for name in (csrf.COOKIE, csrf.FORM_COOKIE))
    given = token.encode("utf-8", "replace")
    return any(text and compare_digest(csrf.form_token(text).encode(), given) for text in held)
