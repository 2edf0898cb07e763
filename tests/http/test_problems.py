"""Whatever is not done says why: one shape, a code, a sentence and a remedy, in two languages."""

from typing import Any

import pytest
from fastapi import APIRouter

from cloud.core.reasons import REASONS
from cloud.entrypoints.http import problems
from cloud.entrypoints.http.docs_codes import CODES, REFUSALS, catalogue
from cloud.entrypoints.http.problems import MEDIA, TITLES
from cloud.entrypoints.http.rates import MAX_BODY_BYTES
from cloud.errors import CloudError, DatabaseBusy, Unwritable
from tests.http.rig import WISH, Front

MEMBERS = ("type", "title", "status", "detail", "instance", "code", "reasons")
TEXTS = ("sentence_en", "sentence_zh", "remedy_en", "remedy_zh")


def whole(answer: Any, status: int, code: str) -> Any:
    """The problem, after what holds of all of them."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA
    body = answer.json()
    assert all(body[name] for name in MEMBERS), body
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith(f"#{code}")
    assert body["instance"].startswith("/")
    for reason in body["reasons"]:
        assert all(reason[name] for name in TEXTS), reason
        assert not any("{" in reason[name] for name in TEXTS), reason
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "no_page"),
        ("GET", "/v1/parking/nothing", 404, "no_page"),
        ("DELETE", "/api/v1/lots", 405, "not_allowed"),
        ("GET", "/api/v1/bookings/b-1", 404, "unknown"),
        ("GET", "/api/v1/lots/none", 404, "unknown"),
        ("GET", "/api/v1/balance", 401, "unauthorised"),
        ("GET", "/api/v1/lots?limit=0", 422, "bad_request"),
        ("GET", "/api/v1/lots?limit=1000", 422, "bad_request"),
        ("GET", "/api/v1/lots?cursor=nonsense", 422, "bad_cursor"),
        ("GET", "/api/v1/bookings/%00", 422, "bad_request"),
        ("GET", "/api/v1/titles/none/proof", 409, "unknown_space"),
    ],
)
def test_what_cannot_be_is_answered_with_a_problem(
    shared: Front, method: str, path: str, status: int, code: str
) -> None:
    whole(shared.http.request(method, path), status, code)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing"])
def test_a_program_is_told_in_the_one_shape_and_a_person_gets_a_page(
    shared: Front, path: str
) -> None:
    whole(shared.get(path, accept="application/json"), 404, "no_page")
    person = shared.get(path, accept="text/html")
    assert person.status_code == 404
    assert person.headers["content-type"].startswith("text/html") == (path == "/nothing")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "not_json_text"),
        (b"", 422, "bad_request"),
        (b"[]", 422, "bad_request"),
        (b'{"plate": "\xff"}', 400, "bad_body"),
        (b"[" * 100_000, 422, "bad_request"),
        (b'{"\\ud800": 1}', 422, "bad_request"),
        (b'{"plate": "\\ud800"}', 422, "bad_request"),
    ],
)
def test_a_body_that_does_not_read_is_named(
    shared: Front, body: bytes, status: int, code: str
) -> None:
    headers = shared.headers("driver", idempotency_key="some-key-1")
    headers["content-type"] = "application/json"
    answer = shared.http.post("/api/v1/bookings", content=body, headers=headers)
    if body.startswith(b"[["):
        # How deep a text may nest is the parser's business: it is refused in either way.
        assert answer.status_code in (400, 422)
        return
    whole(answer, status, code)


def test_a_refusal_keeps_what_older_readers_look_at(front: Front) -> None:
    body = whole(
        front.post(
            "/api/v1/bookings", "driver", WISH | {"quoted_minor": 1}, idempotency_key="k" * 8
        ),
        409,
        "price_changed",
    )
    assert body["refused"] is True
    assert body["reasons"][0]["sentence_en"] == REASONS["price_changed"].sentence_en.format(
        price="6.00 CNY"
    )


def test_a_registration_is_refused_with_every_reason_and_its_number(front: Front) -> None:
    asked = {"space": "S2", "holder": "somebody else"}
    body = whole(front.post("/api/v1/registrations", "owner", asked), 409, "holder_mismatch")
    codes = [reason["code"] for reason in body["reasons"]]
    assert codes == ["holder_mismatch", "no_management_consent", "no_co_owner_consent"]
    found = front.get(f"/api/v1/registrations/{body['registration']['id']}", "owner").json()
    assert (found["status"], found["decision"]) == ("refused", body["registration"]["decision"])


def test_a_body_beyond_the_limit_is_refused_whether_it_says_so_or_not(shared: Front) -> None:
    headers = shared.headers("driver", idempotency_key="some-key-1")
    headers["content-type"] = "application/json"
    large = b'"' + b"x" * MAX_BODY_BYTES + b'"'
    whole(shared.http.post("/api/v1/bookings", content=large, headers=headers), 413, "too_large")
    pieces = (large[at : at + 65536] for at in range(0, len(large), 65536))
    whole(shared.http.post("/api/v1/bookings", content=pieces, headers=headers), 413, "too_large")


def broken(front: Front, error: Exception) -> Any:
    router = APIRouter()

    @router.get("/broken")
    def fail() -> None:
        raise error

    front.app.include_router(router)
    return front.get("/broken")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DatabaseBusy(), 503, "database_busy"),
        (Unwritable("A NUL."), 400, "unwritable"),
        (ZeroDivisionError(), 500, "our_mistake"),
    ],
)
def test_an_error_of_ours_is_told_in_the_same_shape(
    front: Front, error: Exception, status: int, code: str
) -> None:
    answer = broken(front, error)
    whole(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 503)


class Undocumented(CloudError):
    """Something new happened."""

    code = "undocumented"
    remedy = "Do it."


def test_an_error_that_the_api_does_not_know_yet_is_told_all_the_same(front: Front) -> None:
    assert whole(broken(front, Undocumented("Here.")), 400, "undocumented")["detail"] == (
        "Something new happened. Here."
    )


def test_the_catalogue_holds_every_code_once_with_its_status() -> None:
    rows = catalogue()
    codes = [reason.code for _, reason in rows]
    assert len(codes) == len(set(codes))
    assert {code for code in REASONS if not code.startswith("error_")} <= set(codes)
    assert {code for row in (*CODES.values(), *REFUSALS.values()) for code in row} <= set(codes)
    assert {status for status, _ in rows} <= set(TITLES)


@pytest.mark.parametrize(("lang", "index"), [("en", 0), ("zh", 1)])
def test_the_catalogue_is_a_page_with_a_place_for_each_code(
    shared: Front, lang: str, index: int
) -> None:
    text = shared.get(f"/docs/problems?lang={lang}").text
    for status, reason in catalogue():
        assert f'id="{reason.code}"' in text
        assert TITLES[status][index] in text


def test_what_a_value_holds_cannot_break_the_answer() -> None:
    assert problems._whole("half \ud800 a pair").endswith("a pair")
