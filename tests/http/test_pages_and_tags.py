"""Lists in pages, tags, keys of idempotency and limits: alike for every operation."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.api_tables import Answered
from cloud.entrypoints.http.rates import BUCKETS, Bounds, Windows, household
from cloud.tables import Account
from cloud.usecases import answered
from contracts.wire.types import from_ms
from tests.cloud.test_stays import all_of
from tests.http.rig import WISH, Front, opened

V1 = "/api/v1"
NARROW = Bounds(of_key=3, of_address=5, window_s=60.0)


def following(answer: Any) -> str | None:
    found = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("link", ""))
    return found[1] if found else None


def booked_hours(front: Front, count: int) -> list[str]:
    made = []
    for hour in range(count):
        begins = f"2026-05-01T0{hour // 4}:{hour % 4 * 15:02}:30Z"
        ends = f"2026-05-01T0{hour // 4}:{hour % 4 * 15 + 10:02}:30Z"
        wish = {"starts_at": begins, "ends_at": ends, "quoted_minor": 100}
        made.append(front.booked(f"key-number-{hour}", **wish))
    return made


def test_pages_hold_every_row_once_whatever_comes_in_between(front: Front) -> None:
    made = booked_hours(front, 7)
    seen, path, pages = [], f"{V1}/bookings?limit=3", 0
    while path:
        answer = front.get(path, "driver")
        seen += [row["id"] for row in answer.json()]
        path, pages = following(answer) or "", pages + 1
        if pages == 1:
            # The latest start of all: before the first page, and not on the second.
            late = {"starts_at": "2026-05-01T03:00:00Z", "ends_at": "2026-05-01T03:10:00Z"}
            front.booked("key-in-between", quoted_minor=100, **late)
    assert seen == made[::-1]
    assert pages == 3


@pytest.mark.parametrize(
    "path", ["lots", "bookings", "registrations", "offers", "lots/lot-1/stays"]
)
@pytest.mark.parametrize(
    "cursor", ["WyJ4Il0", "WzFd", "e30", "W10", "A", "WzFlOTk5XQ", "WyJcdTAwMDAiXQ"]
)
def test_a_cursor_of_another_list_or_of_nobody_is_refused(
    shared: Front, path: str, cursor: str
) -> None:
    answer = shared.get(f"{V1}/{path}?cursor={cursor}", "operator")
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        assert answer.json()["code"] == "bad_cursor"
    else:
        # A text is any lot's place in the order, a number any stay's.
        assert (path, cursor) in (("lots", "WyJ4Il0"), ("lots/lot-1/stays", "WzFd"))


def test_an_unchanged_answer_is_not_sent_again(front: Front) -> None:
    path = f"{V1}/lots/lot-1"
    tag = front.get(path).headers["etag"]
    front.rig.clock.pass_s(5)
    same = front.get(path, if_none_match=f'"other", {tag}')
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    front.rig.report("arrival", "occupied", 6)
    changed = front.get(path, if_none_match=tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_a_change_is_made_only_to_what_was_read(front: Front) -> None:
    booking = front.booked()
    path = f"{V1}/bookings/{booking}"
    tag = front.get(path).headers["etag"]
    stale = front.post(f"{path}/cancel", "driver", if_match='"5e5e"')
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert front.row(booking).state == "confirmed"
    assert front.post(f"{path}/cancel", "driver", if_match=tag).status_code == 200
    assert front.post(f"{path}/cancel", "driver", if_match=tag).status_code == 412
    assert front.post(f"{path}/cancel", "driver", if_match="*").status_code == 200


def test_the_same_key_with_the_same_request_is_done_once(front: Front) -> None:
    asked = {"name": "Li Na", "role": "driver"}
    first = front.post(f"{V1}/accounts", "operator", asked, idempotency_key="open-li-na")
    again = front.post(f"{V1}/accounts", "operator", asked, idempotency_key="open-li-na")
    assert again.status_code == 201
    assert again.json() == first.json() | {"key": None}
    assert len([row for row in all_of(front.rig, Account) if row.name == "Li Na"]) == 1
    kept = [row.body for row in all_of(front.rig, Answered)]
    assert first.json()["key"] not in "".join(kept)
    other = front.post(
        f"{V1}/accounts", "operator", {**asked, "role": "owner"}, idempotency_key="open-li-na"
    )
    assert other.json()["code"] == "key_reused"


def test_a_key_is_its_senders_and_its_operations_own(front: Front) -> None:
    asked = {"space": "S2", "holder": "王伟", "management_consent": True, "co_owner_consent": True}
    first = front.post(f"{V1}/registrations", "owner", asked, idempotency_key="the-same-key")
    other = front.post(f"{V1}/registrations", "other_owner", asked, idempotency_key="the-same-key")
    assert first.status_code == 201
    assert other.json()["code"] == "already_shared"
    window = {"starts_at": WISH["starts_at"], "ends_at": WISH["ends_at"]}
    offer = {"space": "S1", "windows": [window], "price": {"per_hour_minor": 1}}
    made = front.post(f"{V1}/offers", "owner", offer, idempotency_key="the-same-key")
    assert made.status_code == 201


def test_a_refused_registration_is_told_again_and_recorded_once(front: Front) -> None:
    asked = {"space": "S3", "holder": "nobody"}
    answers = [
        front.post(f"{V1}/registrations", "owner", asked, idempotency_key="the-same-key")
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(front.get(f"{V1}/registrations", "owner").json()) == 2


def test_kept_answers_are_dropped_after_the_promise(front: Front) -> None:
    answer = answered.Answer(201, {"id": "x"})

    def kept(at_ms: int, key: str) -> None:
        front.rig.db.write(lambda s: answered.keep(s, key, "asked", answer, at_ms))

    kept(1000, "old")
    kept(1000 + answered.KEPT_MS, "still kept")
    assert {row.key for row in all_of(front.rig, Answered)} == {"old", "still kept"}
    kept(1001 + answered.KEPT_MS, "new")
    assert {row.key for row in all_of(front.rig, Answered)} == {"still kept", "new"}
    assert from_ms(1000).year == 1970


def test_too_many_requests_are_refused_until_the_window_has_moved(tmp_path: Any) -> None:
    front = opened(tmp_path, NARROW)
    path = f"{V1}/balance"
    for left in (2, 1, 0):
        answer = front.get(path, "driver")
        assert f'"key";r={left};' in answer.headers["ratelimit"]
        front.ticks.at_s += 10
    refused = front.get(path, "driver")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert 0 < int(refused.headers["retry-after"]) <= 31
    assert front.get(path, "owner").status_code == 200
    assert front.get(f"{V1}/lots").status_code == 429, "the address had five"
    assert front.get("/docs").status_code == 200, "a person's pages are not counted"
    front.ticks.at_s += int(refused.headers["retry-after"])
    assert front.get(path, "driver").status_code == 200


@pytest.mark.parametrize("header", ["bearer key of driver", "BEARER key of driver"])
def test_a_key_written_otherwise_is_counted_as_the_same(tmp_path: Any, header: str) -> None:
    front = opened(tmp_path, NARROW)
    for _ in range(3):
        assert front.get(f"{V1}/balance", "driver").status_code == 200
    answer = front.http.get(f"{V1}/balance", headers={"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8:1::1", "2001:db8:1:0:a:b:c:d", True),
        ("2001:db8:1::1", "2001:db8:1:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "testclient", True),
    ],
)
def test_a_household_is_one_address_however_it_is_written(one: str, other: str, same: bool) -> None:
    keys = [household({"client": (host, 1)}) for host in (one, other)]
    assert (keys[0] == keys[1]) == same


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 5))
def test_no_window_of_that_length_ever_holds_more_than_the_quota(
    gaps: list[float], quota: int
) -> None:
    windows, now_s, served = Windows("key", quota, 60.0), 0.0, list[float]()
    for gap_s in gaps:
        now_s += gap_s
        left = windows.hit(b"somebody", now_s)
        inside = [at_s for at_s in served if at_s > now_s - 60.0]
        assert left.ok == (len(inside) < quota)
        served += [now_s] * left.ok
        assert left.wait_s > 0


def test_strangers_cannot_fill_the_memory_of_the_limits() -> None:
    windows = Windows("address", 2, 60.0)
    for number in range(3 * BUCKETS):
        windows.hit(number.to_bytes(4, "big"), 0.0)
    assert len(windows._seen) <= BUCKETS
    assert sum(map(len, windows._seen.values())) <= 2 * BUCKETS
