"""What others read: the feed in APDS terms, maps, tables for spreadsheets, live streams."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from cloud.client.events import events
from cloud.core.places import BLUR_M
from cloud.entrypoints.http.exports import FORMULA, plain
from cloud.entrypoints.http.pages_stream import Streams
from cloud.tables import Offer, Space
from cloud.usecases import charges
from cloud.usecases.charges import Due
from tests.cloud.test_stays import park
from tests.http.rig import WIDE, Front, opened

V1, FEED = "/api/v1", "/v1/parking"
METRES_PER_DEGREE = 111_320


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def settled(front: Front) -> str:
    booking = park(front.rig)
    front.rig.settle()
    front.rig.sweeps.drive()
    return booking


def test_what_is_unknown_is_never_among_the_available(front: Front) -> None:
    (known,) = front.get(f"{FEED}/occupancies").json()
    assert (known["available"], known["unknown"], known["unobserved"]) == (1, 2, 2)
    assert known["occupancyPercentage"] == 0.0
    front.rig.heartbeat(online=False)
    (silent,) = front.get(f"{FEED}/occupancies").json()
    assert (silent["available"], silent["unknown"]) == (0, 3)
    assert silent["occupancyPercentage"] is None
    counts = ("available", "held", "occupied", "unknown", "unobserved")
    assert sum(silent[name] for name in counts) == silent["supplyQuantity"] == 5


def test_the_feeds_tag_changes_with_the_places_and_not_with_the_time(front: Front) -> None:
    tag = front.get(f"{FEED}/occupancies").headers["etag"]
    front.rig.clock.pass_s(5)
    assert front.get(f"{FEED}/occupancies", if_none_match=tag).status_code == 304
    front.rig.report("arrival", "occupied", 6)
    assert front.get(f"{FEED}/occupancies", if_none_match=tag).status_code == 200


def test_a_rate_says_its_hour_its_cap_and_its_exceptions(front: Front) -> None:
    plan = {
        "id": "plan-1",
        "version": 3,
        "currency": "CNY",
        "per_hour_minor": 605,
        "free_s": 900,
        "cap_minor": 3000,
        "elements": [
            {"per_hour_minor": 5, "days": ["sat"], "from_min": 0, "to_min": 480, "after_s": 3600}
        ],
    }

    def price(session: Session) -> None:
        for offer in session.exec(select(Offer)):
            offer.tariff = json.dumps(plan)

    front.rig.db.write(price)
    (rate,) = front.get(f"{FEED}/rates").json()
    (collection,) = rate["rateLineCollections"]
    assert (collection["maximumValue"], collection["applicableCurrency"]) == ("30.00", "CNY")
    told = [
        (line["rateLineType"], line["value"], line["durationStart"], line["durationEnd"])
        for line in collection["rateLines"]
    ]
    assert told == [
        ("flatRate", "0.00", "PT0S", "PT900S"),
        ("incrementingRate", "6.05", "PT900S", None),
        ("incrementingRate", "0.05", "PT3600S", None),
    ]
    assert collection["rateLines"][2]["description"][0]["string"] == "sat, 00:00–08:00"


def test_the_map_has_the_lots_shape_and_not_its_true_place(front: Front) -> None:
    def spread(session: Session) -> dict[str, tuple[float, float]]:
        found = session.exec(select(Space).order_by(Space.id)).all()
        for index, space in enumerate(found):
            space.lat += index * 1e-4
        return {space.id: (space.lat, space.lon) for space in found}

    truth = front.rig.db.write(spread)
    answer = front.get(f"{V1}/lots/lot-1/spaces.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    shown = {f["id"]: f["geometry"]["coordinates"][::-1] for f in answer.json()["features"]}
    steps = {
        (round(shown[key][0] - lat, 6), round(shown[key][1] - lon, 6))
        for key, (lat, lon) in truth.items()
    }
    ((north, east),) = steps
    moved_m = METRES_PER_DEGREE * (north**2 + east**2) ** 0.5
    assert 0 < moved_m <= BLUR_M * 1.01


def test_the_operator_exports_everything_and_an_owner_what_is_theirs(front: Front) -> None:
    booking = settled(front)
    (stay,) = rows(front.get(f"{V1}/exports/stays.csv", "operator"))
    assert (stay["booking"], stay["space"]) == (booking, "S1")
    (mine,) = rows(front.get(f"{V1}/exports/stays.csv", "owner"))
    assert mine == stay | {"booking": ""}
    (filed,) = rows(front.get(f"{V1}/exports/settlements.csv", "owner"))
    assert filed["amount_minor"] == filed["paid_minor"] != "0"
    assert filed["kind"] == "stay"
    for name in ("stays", "settlements"):
        assert rows(front.get(f"{V1}/exports/{name}.csv", "other_owner")) == []


def test_the_sum_of_an_owners_settlements_is_what_is_left_after_credits(front: Front) -> None:
    settled(front)
    for amount_minor in (100, 100):
        body = {"amount_minor": amount_minor, "reason": "The gate stood closed."}
        key = f"key-credit-{front.rig.now_ms}"
        made = front.post(f"{V1}/settlements/1/credits", "operator", body, idempotency_key=key)
        assert made.status_code == 201, made.text
        front.rig.clock.pass_s(1)
    front.rig.settle()
    filed = rows(front.get(f"{V1}/exports/settlements.csv", "owner"))
    assert [row["kind"] for row in filed] == ["stay", "credit", "credit"]
    assert [row["credit_of"] for row in filed] == ["", "1", "1"]
    for name in ("amount_minor", "paid_minor"):
        assert [int(row[name]) for row in filed] == [290, -100, -100]


def test_a_charge_that_an_owner_pays_is_taken_off_and_one_of_others_is_not_theirs(
    front: Front,
) -> None:
    booking, rig = front.row(settled(front)), front.rig
    other = front.numbers["other_driver"]
    sides = {"no_show": (rig.driver, rig.owner), "compensation": (rig.owner, rig.driver)}
    sides["reassignment"] = (other, rig.driver)
    for code, pair in sides.items():
        due = Due(code, code, pair, 70, "CNY")  # type: ignore[arg-type]
        assert rig.db.write(lambda s, d=due: charges.charge(s, booking, d, rig.clock.at))
    filed = rows(front.get(f"{V1}/exports/settlements.csv", "owner"))
    assert [(row["kind"], int(row["amount_minor"])) for row in filed] == [
        ("stay", 290),
        ("no_show", 70),
        ("compensation", -70),
    ]
    assert len(rows(front.get(f"{V1}/exports/settlements.csv", "operator"))) == 4


def test_postings_sum_to_zero_and_to_the_balance(front: Front) -> None:
    booking = settled(front)
    every = rows(front.get(f"{V1}/exports/postings.csv", "operator"))
    assert sum(int(row["amount_minor"]) for row in every) == 0
    mine = rows(front.get(f"{V1}/exports/postings.csv", "driver"))
    balance = front.get(f"{V1}/balance", "driver").json()
    assert sum(int(row["amount_minor"]) for row in mine) == sum(balance.values())
    assert booking not in str(rows(front.get(f"{V1}/exports/postings.csv", "owner")))


@pytest.mark.parametrize("sign", "=+-@\t\r\n＝＋－＠")
def test_every_sign_that_begins_a_formula_somewhere_is_known(sign: str) -> None:
    """Chinese and Japanese spreadsheets read the wide ones, too."""
    assert plain(f"{sign}1+1") == f"'{sign}1+1"


RUN = st.builds(str.__add__, st.sampled_from(FORMULA), st.text(max_size=20))


@given(RUN | st.text(max_size=20) | st.integers() | st.none())
def test_no_cell_is_run_by_a_spreadsheet(value: str | int | None) -> None:
    cell = plain(value)
    if isinstance(value, str):
        assert isinstance(cell, str)
        assert not cell.startswith(FORMULA)
        assert cell.removeprefix("'") == value.removeprefix("'") or cell == value
    elif value is not None:
        assert cell == value


def test_a_long_table_is_read_in_chunks_and_loses_no_row(front: Front) -> None:
    for number in range(600):
        front.rig.top_up(1, f"reference-{number}")
    found = rows(front.get(f"{V1}/exports/postings.csv", "operator"))
    numbers = [int(row["posting"]) for row in found]
    assert numbers == sorted(set(numbers))
    assert len(found) == 2 * 601


@pytest.mark.parametrize("path", ["lots/lot-1", "bookings/{booking}"])
def test_a_stream_begins_with_the_present_state(front: Front, path: str) -> None:
    asked = path.format(booking=front.booked())
    answer = front.get(f"{V1}/{asked}/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    names = dict(events([*answer.text.splitlines(), ""]))
    plain_view = front.get(f"{V1}/{asked}").json()
    plain_view.pop("now", None)
    assert names["state"] == plain_view
    assert isinstance(names["beat"], int)


def test_no_more_streams_are_opened_than_are_served(tmp_path: Any) -> None:
    front = opened(tmp_path, WIDE, max_streams=0)
    answer = front.get(f"{V1}/lots/lot-1/stream")
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")
    assert Streams(front.rig.db, front.rig.clock, 1.0, limit=0).full
