"""What every operation of the API does alike: pages, entity tags, keys of idempotency."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.problems import ProblemError, refused
from cloud.tables import Account
from cloud.usecases.answered import Answer, before, keep
from contracts.wire.types import to_ms

DEFAULT_PAGE, MAX_PAGE = 50, 200
MAX_ACCOUNT = 2**31 - 1
View = dict[str, Any]
# Anything that an id of ours can be; what else stands there is nobody's.
IdText = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
AccountNumber = Annotated[int, Path(ge=1, le=MAX_ACCOUNT)]
_KEY = r"^[\x20-\x7e]+$"
Key = Annotated[str, Header(min_length=8, max_length=80, pattern=_KEY)]
MaybeKey = Annotated[str | None, Header(min_length=8, max_length=80, pattern=_KEY)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Cursor = Annotated[str | None, Query(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
IfMatch = Annotated[str | None, Header(max_length=400)]


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for: where the one before it ended, and how much is read at once."""

    limit: int
    cursor: str | None

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The key of the last row shown, of these kinds; None at the beginning."""
        if self.cursor is None:
            return None
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            found = json.loads(urlsafe_b64decode(padded))
        except ValueError:
            found = None
        if not isinstance(found, list) or [type(part) for part in found] != list(kinds):
            raise ProblemError(422, "bad_cursor")
        if any(isinstance(part, int) and abs(part) >= 2**63 for part in found):
            raise ProblemError(422, "bad_cursor")
        return tuple(_text(part) for part in found)


def _text(part: Any) -> Any:
    """Half a pair, or an invisible NUL, is in no id of ours and cannot be asked for."""
    if isinstance(part, str) and not part.isprintable():
        raise ProblemError(422, "bad_cursor")
    return part


def page_of(limit: Limit = DEFAULT_PAGE, cursor: Cursor = None) -> Page:
    return Page(limit, cursor)


def paged(
    request: Request,
    page: Page,
    rows: Sequence[Any],
    shown: tuple[Callable[[Any], View], Callable[[Any], Sequence[Any]]],
    but: str = "",
) -> Response:
    """`rows`: one more than the page where more follow. `shown`: a row's view, and its key."""
    plain, key = shown
    kept = rows[: page.limit]
    headers = {}
    if len(rows) > page.limit:
        text = json.dumps(list(key(kept[-1])), separators=(",", ":")).encode()
        cursor = urlsafe_b64encode(text).decode().rstrip("=")
        query = urlencode({"limit": page.limit, "cursor": cursor})
        headers["link"] = f'<{request.url.path}?{query}>; rel="next"'
    return tagged(request, [plain(row) for row in kept], headers, but)


def tagged(
    request: Request,
    body: Any,
    headers: dict[str, str] | None = None,
    but: str = "",
    media: str = "application/json",
) -> Response:
    """200 with its tag, or 304 to who has it. `but`: a member that is no change, such as the time;

    of the body, or of each of its rows.

    One who polls asks each time: what is served from a cache may already be untrue.
    """
    tag = tag_of(_less(body, but) if but else body, weak=bool(but))
    more = {"etag": tag, "cache-control": "no-cache", **(headers or {})}
    held = request.headers.get("if-none-match", "")
    if held == "*" or tag.removeprefix("W/") in (one.removeprefix("W/") for one in _tags(held)):
        return Response(None, 304, more)
    return Response(_json(body), 200, more, media)


def _less(body: Any, but: str) -> Any:
    if isinstance(body, list):
        return [_less(row, but) for row in body]
    return {name: value for name, value in body.items() if name != but}


def tag_of(body: Any, weak: bool = False) -> str:
    mark = sha256(_json(body)).hexdigest()[:24]
    return f'W/"{mark}"' if weak else f'"{mark}"'


def unchanged(if_match: str | None, body: Any) -> None:
    """What the caller read is still so, or 412. Weak tags never match here (RFC 9110, 13.1.1)."""
    if if_match is not None and if_match.strip() != "*" and tag_of(body) not in _tags(if_match):
        raise ProblemError(412, "changed_meanwhile")


def _tags(header: str) -> list[str]:
    return [one.strip() for one in header.split(",") if one.strip()]


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def said(request: Request, result: Any, plain: Callable[[Any], View], status: int) -> Response:
    """A value, or the refusal with its reasons."""
    if isinstance(result, Refusal):
        return refused(request, result)
    return Response(_json(plain(result)), status, media_type="application/json")


@dataclass(frozen=True, slots=True)
class Once:
    """Work that its sender may ask for again: done once for each key, and answered alike."""

    db: Database
    clock: Clock

    def do(
        self,
        request: Request,
        asked: BaseModel,
        story: Callable[[Session], Answer | Refusal],
        but: str = "",
    ) -> Answer | Refusal:
        """`but`: a member that is shown once and never kept, such as a new access key."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return self.db.write(story)
        account: Account = request.state.account
        name = f"{account.number}:{request.method} {request.url.path}:{key}"
        text, now_ms = asked.model_dump_json(), to_ms(self.clock.now())

        def told(session: Session) -> Answer | Refusal:
            earlier = before(session, name, text)
            if earlier is not None:
                return earlier
            made = story(session)
            if isinstance(made, Answer):
                kept = made.body | {but: None} if but else made.body
                keep(session, name, text, Answer(made.status, kept), now_ms)
            return made

        return self.db.write(told)
