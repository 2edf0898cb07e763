"""What a driver learns before confirming, and what only who booked learns after it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from cloud.entrypoints.http.docs_words_market import SCHEDULE
from cloud.tables import Space
from tests.http.rig import Front
from tests.http.test_market import HERE, TUESDAY

V1 = "/api/v1"
WINDOW = {"starts_at": "2026-05-01T00:01:00Z", "ends_at": "2026-05-01T01:01:00Z"}
PLACE = (31.2304, 121.4737)
TERMS = {
    "grace_s": 900,
    "no_show_fee_minor": 500,
    "cancel_fee_minor": 300,
    "cancel_until_s": 3600,
}
PRICE = {"per_hour_minor": 600, "cap_minor": 3000, "overstay_percent": 200}


def best(front: Front, **more: Any) -> Any:
    found = front.post(f"{V1}/requests", "driver", {**HERE, **WINDOW, **more})
    assert found.status_code == 200, found.text
    return found.json()["recommendations"][0]


def offered(front: Front) -> None:
    due = {"notices": [{"from_s": 0, "percent": 60}], "minimum_minor": 700}
    offer = {"space": "S1", "schedule": SCHEDULE, "price": PRICE, "terms": TERMS}
    made = front.post(
        f"{V1}/offers", "owner", offer | {"compensation": due}, idempotency_key="key-offer"
    )
    assert made.status_code == 201, made.text


def test_the_terms_are_told_before_anything_is_confirmed(front: Front) -> None:
    offered(front)
    found = best(front, **TUESDAY)
    assert {name: found["terms"][name] for name in TERMS} == TERMS
    assert found["tariff"]["cap_minor"] == 3000 and found["tariff"]["overstay_percent"] == 200
    assert found["cancel_free_until"] == "2026-05-05T01:00:00.000Z"
    assert found["compensation"]["notices"] == [{"from_s": 0, "percent": 60}]
    english = " ".join(found["rules"]["en"]).replace("\u00a0", " ")
    for said in (
        "Never more than CNY 30.00",
        "15 min of grace",
        "After the grace: 200% of the price",
        "Not coming costs CNY 5.00.",
        "Cancelling less than 1 h before the start costs CNY 3.00.",
        "Cancelling costs nothing until 5 May 2026, 09:00",
        "you are owed 60% of the quote, at least CNY 7.00",
    ):
        assert said in english, english
    chinese = " ".join(found["rules"]["zh"])
    for said in ("未到场收费 ¥5.00", "之前取消免费", "补偿报价的60%", "封顶"):
        assert said in chinese, chinese
    assert len(found["told"]["en"]) == len(found["told"]["zh"]) == len(found["lines"])


def test_what_was_told_is_what_is_agreed(front: Front) -> None:
    found = best(front)
    booking = front.get(f"{V1}/bookings/{front.booked()}").json()
    for name in ("tariff", "terms", "compensation", "told", "quoted_minor"):
        assert booking[name] == found[name], name


def test_who_booked_is_told_where_the_space_is_and_nobody_else(front: Front) -> None:
    offered_place = best(front)["place"]
    assert offered_place["exact"] is False
    booking = front.booked()
    place = front.get(f"{V1}/bookings/{booking}").json()["place"]
    assert (place["lat"], place["lon"]) == PLACE
    assert place["exact"] and (place["radius_m"], place["lot"]) == (0, "lot-1")
    assert place["geo"] == "geo:31.230400,121.473700?q=31.230400,121.473700"
    for lang in ("en", "zh"):
        page = front.get(f"/bookings/{booking}?lang={lang}").text
        assert f'href="{place["geo"]}"' in page
    for path in ("/api/v1/lots/lot-1", "/api/v1/lots/lot-1/spaces.geojson", "/lots/lot-1"):
        assert "121.4737" not in front.get(path).text
    assert (
        best(front, starts_at="2026-05-01T02:00:00Z", ends_at="2026-05-01T03:00:00Z")["place"]
        == offered_place
    )


def test_a_cancelled_booking_tells_no_place_any_more(front: Front) -> None:
    booking = front.booked()
    assert front.post(f"{V1}/bookings/{booking}/cancel", "driver").status_code == 200
    assert front.get(f"{V1}/bookings/{booking}").json()["place"] is None
    page = front.get(f"/bookings/{booking}").text
    assert "geo:" not in page
    assert "Your space" not in page and "You had booked" in page
    assert "<svg" not in page


def test_an_extended_booking_was_still_booked_when_it_was_booked(front: Front) -> None:
    booking = front.booked()
    first = front.get(f"{V1}/bookings/{booking}").json()["steps"][0]["at"]
    front.rig.clock.pass_s(30)
    asked = {"ends_at": "2026-05-01T02:01:00Z", "quoted_minor": 1200}
    done = front.post(
        f"{V1}/bookings/{booking}/extend", "driver", asked, idempotency_key="extend-1"
    )
    assert done.status_code == 200, done.text
    steps = front.get(f"{V1}/bookings/{booking}").json()["steps"]
    assert [one["step"] for one in steps[:3]] == ["confirmed", "extended", "granted"]
    assert (steps[0]["at"], steps[2]["done"]) == (first, False)
    assert steps[1]["at"] > first
    assert "<span>Extended</span>" in front.get(f"/bookings/{booking}").text


def test_the_lot_holds_a_space_from_when_its_booked_car_may_come(front: Front) -> None:
    front.booked(starts_at="2026-05-01T00:45:00Z", ends_at="2026-05-01T01:45:00Z")

    def state() -> str:
        return str(front.get(f"{V1}/lots/lot-1").json()["spaces"][0]["state"])

    assert state() == "free"
    front.rig.clock.pass_s(15 * 60 + 1)
    assert state() == "held"


def test_a_snapshot_that_says_the_same_does_not_make_it_newer(front: Front) -> None:
    since = front.get(f"{V1}/lots/lot-1").json()["spaces"][0]["since"]
    front.rig.report("snapshot", "free", 60)
    assert front.get(f"{V1}/lots/lot-1").json()["spaces"][0]["since"] == since
    front.rig.report("arrival", "occupied", 90)
    assert front.get(f"{V1}/lots/lot-1").json()["spaces"][0]["since"] > since


@pytest.mark.parametrize("days", [91, 400])
def test_a_start_too_far_ahead_is_told_as_that(front: Front, days: int) -> None:
    begins = front.rig.clock.at + timedelta(days=days)
    window = {
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=1)).isoformat(),
    }
    found = front.post(f"{V1}/requests", "driver", {**HERE, **window})
    assert (found.status_code, found.json()["code"]) == (409, "too_far_ahead")
    assert "90 days" in found.json()["sentence"]
    wish = {"space": "S1", "plate": "沪A12345", "quoted_minor": 600, **window}
    made = front.post(f"{V1}/bookings", "driver", wish, idempotency_key="far-ahead")
    assert made.json()["code"] == "too_far_ahead"


def test_a_changed_price_and_a_short_balance_say_how_much(front: Front) -> None:
    wish = {"space": "S1", "plate": "沪A12345", "quoted_minor": 599, **WINDOW}
    made = front.post(f"{V1}/bookings", "driver", wish, idempotency_key="old-price").json()
    assert made["code"] == "price_changed" and "6.00 CNY" in made["sentence"]
    wish["quoted_minor"] = 600
    driver = front.numbers["other_driver"]
    assert driver and front.rig.db.read(lambda s: len(s.exec(select(Space)).all())) == 5
    made = front.post(f"{V1}/bookings", "other_driver", wish, idempotency_key="no-money-1").json()
    assert made["code"] == "balance" and "6.00 CNY" in made["sentence"]
    assert "6.00 CNY" in made["reasons"][0]["sentence_zh"]
