"""One's own data over HTTP: all of it in clear to oneself alone, and gone when one asks."""

import json
from typing import Any

import pytest

from tests.cloud.privacy_rig import emptied
from tests.http.rig import Front, opened

PLATE = "沪A12345"
EXPORT, ERASURE = "/api/v1/account/export", "/api/v1/account/erasure"


@pytest.fixture
def front(tmp_path: Any) -> Front:
    return opened(tmp_path)


def test_who_asks_gets_her_own_data_in_clear_and_is_forgotten_when_nothing_is_open(
    front: Front,
) -> None:
    booking = front.booked()
    told = front.get(EXPORT, "driver").json()
    tables = {one["table"]: one["rows"] for one in told["tables"]}
    assert tables["booking"][0]["plate"] == PLATE and tables["account"][0]["name"]
    assert "key of driver" not in json.dumps(told)
    others = front.get(EXPORT, "other_driver").text
    assert booking not in others and PLATE not in others
    number = front.numbers["driver"]
    kept = front.post(ERASURE, "driver", {"confirm": number})
    codes = {reason["code"] for reason in kept.json()["reasons"]}
    assert (kept.status_code, codes) == (409, {"erasure_bookings", "erasure_money"})
    front.post(f"/api/v1/bookings/{booking}/cancel", "driver")
    emptied(front.rig, number)
    other = front.post(ERASURE, "driver", {"confirm": number + 1})
    assert [reason["code"] for reason in other.json()["reasons"]] == ["erasure_unconfirmed"]
    done = front.post(ERASURE, "driver", {"confirm": number})
    assert done.status_code == 200 and done.json()["rows"]["booking"] == 1
    assert front.get(EXPORT, "driver").status_code == 401
    assert front.get(f"/api/v1/bookings/{booking}").json()["plate"] == "*"


@pytest.mark.parametrize("role", ["admin", "operator"])
def test_the_last_of_those_whom_the_installation_needs_is_not_forgotten(
    front: Front, role: str
) -> None:
    number = front.numbers[role]
    kept = front.post(ERASURE, role, {"confirm": number})
    assert [reason["code"] for reason in kept.json()["reasons"]] == ["erasure_last"]
    assert front.get("/api/v1/account", role).status_code == 200
    front.post("/api/v1/accounts", "admin", {"name": "another", "role": role})
    assert front.post(ERASURE, role, {"confirm": number}).status_code == 200
