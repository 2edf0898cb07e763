"""What every answer tells a browser, and limits that are narrower for what strangers may try."""

from pathlib import Path

import pytest

from cloud.entrypoints.http.headers import ALWAYS
from cloud.entrypoints.http.rates import Bounds, RouteWindows
from cloud.entrypoints.http.rates_routes import CODES, SIGN_IN
from tests.http.people_rig import emptied
from tests.http.rig import Front, opened

PATHS = (
    *("/", "/sign-in", "/lots/lot-1", "/docs", "/proof", "/nowhere", "/api/v1/lots"),
    *("/api/v1/balance", "/api/v1/nowhere", "/v1/parking/places", "/static/berth.css"),
    "/account",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_a_browser_may_do_with_it(shared: Front, path: str) -> None:
    answer = shared.http.get(path, headers={"accept": "text/html"}, follow_redirects=False)
    for name in ALWAYS:
        assert answer.headers.get_list(name.decode()), name
        assert len(answer.headers.get_list(name.decode())) == 1, name
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "camera=()" in answer.headers["permissions-policy"]


def test_https_is_asked_for_only_by_who_has_it(shared: Front) -> None:
    assert "strict-transport-security" not in shared.http.get("/").headers
    safe = shared.http.get("https://testserver/")
    assert safe.headers["strict-transport-security"].startswith("max-age=31536000")


def test_the_feed_may_be_read_by_other_peoples_pages(shared: Front) -> None:
    answer = shared.http.get("/v1/parking/places")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Front:
    return opened(tmp_path_factory.mktemp("narrow"), Bounds(of_key=10**6, of_address=10**6))


@pytest.mark.parametrize("path", ["/api/v1/sign-in", "/sign-in"])
def test_one_address_may_try_to_sign_in_so_often_in_a_minute(narrow: Front, path: str) -> None:
    emptied(narrow)
    narrow.ticks.at_s += 3600
    body = {"name": "li", "password": "three plain words"}
    statuses = [narrow.http.post(path, json=body).status_code for _ in range(SIGN_IN.quota + 1)]
    assert 429 not in statuses[:-1] and statuses[-1] == 429
    answer = narrow.http.post(path, json=body)
    assert 1 <= int(answer.headers["retry-after"]) <= SIGN_IN.window_s + 1
    assert answer.headers["ratelimit-policy"].startswith('"sign-in"')
    assert narrow.http.get("/api/v1/lots").status_code == 200
    narrow.ticks.at_s += SIGN_IN.window_s + 1
    assert narrow.http.post(path, json=body).status_code != 429


def test_page_and_api_are_counted_together(narrow: Front) -> None:
    emptied(narrow)
    narrow.ticks.at_s += 3600
    for path in ("/password-reset", "/api/v1/password-reset"):
        for _ in range(CODES.quota // 2):
            assert narrow.http.post(path, json={"name": "li@example.org"}).status_code != 429
    assert narrow.http.post("/password-reset", json={}).status_code == 429
    shown = narrow.http.post(
        "/password-reset", data={}, headers={"accept": "text/html", "accept-language": "zh"}
    )
    assert shown.status_code == 429 and "短时间内尝试次数过多" in shown.text
    assert int(shown.headers["retry-after"]) >= 1


def test_an_account_has_one_quota_for_all_its_keys_and_browsers(tmp_path: Path) -> None:
    front = opened(tmp_path, Bounds(of_account=3))
    made = front.post("/api/v1/keys", "driver", {"name": "second"}).json()["key"]
    second = {"authorization": f"Bearer {made}"}
    assert front.get("/api/v1/balance", "driver").status_code == 200
    assert front.http.get("/api/v1/balance", headers=second).status_code == 200
    for headers in (second, front.headers("driver")):
        answer = front.http.get("/api/v1/balance", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
        assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert front.get("/api/v1/balance", "owner").status_code == 200


def test_many_addresses_together_send_no_more_mail_than_all_may() -> None:
    windows = RouteWindows(CODES, 1)
    answers = [windows.hit(str(at).encode(), 0.0).ok for at in range(2 * CODES.in_all)]
    assert sum(answers) == CODES.in_all
    assert windows.hit(b"another", CODES.window_s + 1).ok
