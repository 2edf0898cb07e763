"""Every answer that is not a success, in one shape: RFC 9457, with our code and reasons beside.

`reasons` holds sentence and remedy in English and Chinese. A refusal (409) may have several; it
also says `refused: true`. What `type` points to is a page of ours (docs_page.py).
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from cloud.core.reasons import REASONS, Reason, Refusal
from cloud.entrypoints.http.pages import no_page
from cloud.entrypoints.http.problems_said import why
from cloud.errors import (
    CloudError,
    DatabaseBusy,
    DatabaseInUse,
    Forbidden,
    NoDatabase,
    SignInBusy,
    Unauthorised,
    Unknown,
)

MEDIA = "application/problem+json"
CATALOGUE = "/docs/problems"
STATUS_OF: dict[type[CloudError], int] = {
    Unauthorised: 401,
    Forbidden: 403,
    Unknown: 404,
    DatabaseBusy: 503,
    DatabaseInUse: 503,
    NoDatabase: 503,
    SignInBusy: 503,
}
# What the framework raises by itself, by its status.
RAISED = {404: "no_page", 405: "not_allowed", 413: "too_large", 415: "not_json"}
TITLES = {
    400: ("Bad request", "请求有误"),
    401: ("Not signed in", "未登录"),
    403: ("Not allowed for this account", "该账户无此权限"),
    404: ("Not found", "未找到"),
    405: ("Method not allowed", "不支持该方法"),
    409: ("Refused", "已拒绝"),
    412: ("Changed meanwhile", "内容已变更"),
    413: ("Too large", "内容过大"),
    415: ("Not JSON", "不是 JSON"),
    422: ("A field cannot be read", "字段无法识别"),
    429: ("Too many requests", "请求过于频繁"),
    500: ("Our mistake", "系统错误"),
    503: ("Not now", "暂时不可用"),
}
RETRY_S = "5"
MAX_SAID = 300
Extra = Mapping[str, Any]


class ProblemError(Exception):
    """An operation's own way to end in a problem of the API (a code of reason_rows/api.py)."""

    def __init__(self, status: int, code: str, **values: object) -> None:
        super().__init__(code)
        self.status, self.code, self.values = status, code, values


def problem(
    request: Request, status: int, reasons: tuple[Reason, ...], extra: Extra | None = None
) -> JSONResponse:
    """`extra`: members of this one problem, such as the registration that was refused."""
    first = reasons[0]
    body: dict[str, Any] = {
        "type": f"{CATALOGUE}#{first.code}",
        "title": TITLES.get(status, TITLES[400])[0],
        "status": status,
        "detail": _whole(" ".join(reason.sentence_en for reason in reasons)),
        "instance": _whole(request.url.path),
        "code": first.code,
        "sentence": _whole(first.sentence_en),
        "remedy": first.remedy_en,
        "reasons": [{name: _whole(said) for name, said in asdict(r).items()} for r in reasons],
    }
    if status == 409:
        body["refused"] = True
    headers = {"retry-after": RETRY_S} if status == 503 else None
    return JSONResponse(body | dict(extra or {}), status, headers, MEDIA)


def refused(request: Request, refusal: Refusal, extra: Extra | None = None) -> JSONResponse:
    return problem(request, 409, refusal.reasons, extra)


def told(request: Request, status: int, code: str, **values: object) -> JSONResponse:
    """A problem of the API itself, from reason_rows/api.py."""
    return problem(request, status, (reason_of(code, **values),))


def reason_of(code: str, **values: object) -> Reason:
    plain = REASONS[code].plain()
    return Reason(**{name: text.format(**values) for name, text in plain.items()})


def install(app: FastAPI) -> None:
    app.add_exception_handler(CloudError, _error)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _raised)
    app.add_exception_handler(ProblemError, _said)
    app.add_exception_handler(Exception, _ours)


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CloudError)
    status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 400)
    reason = reason_of_error(type(error), str(error), error.remedy)
    if isinstance(error, Forbidden) and error.detail_zh:
        reason = replace(reason, sentence_zh=reason.sentence_zh + error.detail_zh)
    answer = problem(request, status, (reason,))
    if status == 401:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def reason_of_error(kind: type[CloudError], sentence: str, remedy: str) -> Reason:
    """In Chinese, too, where the API knows the error: a request can meet only a few of them."""
    row = REASONS.get(f"error_{kind.code}")
    if row is None:
        return Reason(kind.code, sentence, sentence, remedy, remedy)
    return Reason(kind.code, sentence, row.sentence_zh, remedy or row.remedy_en, row.remedy_zh)


async def _unreadable(request: Request, error: Exception) -> Response:
    """The first thing that does not read, with where it stands."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return told(request, 422, "not_json_text")
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    said, said_zh = (text[:MAX_SAID] for text in why(first))
    return told(request, 422, "bad_request", where=where[:MAX_SAID], why=said, why_zh=said_zh)


async def _raised(request: Request, error: Exception) -> Response:
    """What the framework refuses before any of our code ran; a person who is lost gets a page."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    if status == 404:
        page = await no_page(request, error)
        if isinstance(page, HTMLResponse):
            return page
    code = RAISED.get(status, "bad_body" if status < 500 else "our_mistake")
    answer = told(request, status, code, method=request.method)
    answer.headers.update(error.headers or {})
    return answer


async def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    answer = told(request, error.status, error.code, **error.values)
    if "wait_s" in error.values:
        answer.headers["retry-after"] = str(error.values["wait_s"])
    return answer


async def _ours(request: Request, _error: Exception) -> Response:
    """The server's log has the trace: starlette raises it again after this answer."""
    return told(request, 500, "our_mistake")


def _whole(text: str) -> str:
    """Half a surrogate pair, which JSON can carry and UTF-8 cannot, must not cost the answer."""
    return text.encode("utf-8", "replace").decode("utf-8")
