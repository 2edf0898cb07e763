"""The pure parts of offers: rules of days, vehicle limits, blurred places, compensation."""

from calendar import monthrange
from datetime import date, timedelta
from math import cos, hypot, radians

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.core.compensation import STANDARD, Compensation, Notice, compensation_of
from cloud.core.limits import Limits, Vehicle, objection_of, objections
from cloud.core.places import BLUR_M, METRES_PER_DEGREE, blurred
from cloud.core.windows_rules import MAX_RULE_DAYS, rule_dates

SINCE = date(2026, 1, 1)


def test_the_first_saturday_of_each_month_until_a_date() -> None:
    found = rule_dates("FREQ=MONTHLY;BYDAY=1SA;UNTIL=20270131", SINCE)
    months = [date(2026, month, 1) for month in range(1, 13)] + [date(2027, 1, 1)]
    saturdays = [
        next(
            date(month.year, month.month, day)
            for day in range(1, monthrange(month.year, month.month)[1] + 1)
            if date(month.year, month.month, day).weekday() == 5
        )
        for month in months
    ]
    assert sorted(found) == saturdays


def test_every_second_week_counts_from_its_first_day() -> None:
    found = rule_dates("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=3", SINCE)
    assert sorted(found) == [date(2026, 1, 1), date(2026, 1, 15), date(2026, 1, 29)]


@settings(max_examples=40, deadline=None)
@given(st.dates(date(1970, 1, 1), date(2190, 1, 1)))
def test_a_daily_rule_is_every_date_of_ten_years_leap_days_too(since: date) -> None:
    found = rule_dates("FREQ=DAILY", since)
    assert found == {since + timedelta(days=count) for count in range(MAX_RULE_DAYS + 1)}


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTH=13",
        "FREQ=YEARLY;UNTIL=20251231",
    ],
)
def test_a_rule_that_never_happens_has_no_dates_and_ends(text: str) -> None:
    assert rule_dates(text, SINCE) == frozenset()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("FREQ=HOURLY", "FREQ is one of"),
        ("BYDAY=MO", "FREQ is one of"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not by both"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is 1 to"),
        ("FREQ=DAILY;COUNT=99999", "COUNT is 1 to"),
        ("FREQ=DAILY;FREQ=DAILY", "each once"),
        ("FREQ=DAILY;BYHOUR=3", "each once"),
        ("FREQ=DAILY;BYEASTER=0", "each once"),
        ("FREQ=DAILY\nDTSTART=20260101", "each once"),
        ("FREQ=DAILY;UNTIL=20271301", "month"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "UNTIL is a date"),
        ("FREQ=YEARLY;BYDAY=60MO", "RFC 5545"),
        ("FREQ=DAILY;BYDAY=" + "MO," * 80 + "MO", "characters"),
    ],
)
def test_a_rule_outside_the_agreed_part_of_the_standard_is_refused(
    text: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        rule_dates(text, SINCE)


names = st.sampled_from(
    ["BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "INTERVAL", "COUNT"]
)
values = st.text("0123456789MOTUWEFRSA,+-", max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["MONTHLY", "YEARLY"]),
    st.lists(st.tuples(names, values), max_size=3),
)
def test_any_text_gives_dates_or_a_sentence(freq: str, parts: list[tuple[str, str]]) -> None:
    text = ";".join([f"FREQ={freq}", *(f"{name}={value}" for name, value in parts)])
    try:
        found = rule_dates(text, SINCE)
    except ValueError:
        return
    assert all(SINCE <= day <= SINCE + timedelta(days=MAX_RULE_DAYS) for day in found)


LIMITS = Limits(200, 190, 480, 2000, plug="type2")


@pytest.mark.parametrize(
    ("vehicle", "codes"),
    [
        (Vehicle(200, 190, 480, 2000, "type2"), ()),
        (Vehicle(), ()),
        (Vehicle(height_cm=201), ("too_high",)),
        (Vehicle(width_cm=191, length_cm=481), ("too_wide", "too_long_vehicle")),
        (Vehicle(weight_kg=2001, plug="ccs2"), ("too_heavy", "no_plug")),
    ],
)
def test_a_vehicle_over_a_limit_is_told_every_one_of_them(
    vehicle: Vehicle, codes: tuple[str, ...]
) -> None:
    assert objections(LIMITS, vehicle) == codes
    assert objection_of(LIMITS, vehicle) == (codes[0] if codes else None)
    assert objections(Limits(), vehicle) == (("no_plug",) if vehicle.plug else ())


def test_a_space_for_charging_is_kept_for_those_who_charge() -> None:
    kept = Limits(plug="type2", charging_only=True)
    assert objection_of(kept, Vehicle()) == "charging_only"
    assert objection_of(kept, Vehicle(plug="type2")) is None


places = st.tuples(st.floats(-89.9, 89.9), st.floats(-180, 180))


@given(places, st.floats(0, 1))
def test_a_blurred_place_is_near_and_tells_no_more_than_its_cell(
    place: tuple[float, float], share: float
) -> None:
    lat, lon = place
    shown = blurred(lat, lon)
    north = (shown[0] - lat) * METRES_PER_DEGREE
    east = (shown[1] - lon) * METRES_PER_DEGREE * cos(radians(lat))
    assert hypot(north, east) <= BLUR_M
    # Whoever is half-way to the centre is shown at the same one.
    between = (lat + (shown[0] - lat) * share, lon + (shown[1] - lon) * share)
    assert blurred(*between) == pytest.approx(shown, abs=2e-6)


def test_neighbouring_spaces_are_shown_at_one_place() -> None:
    east = 2.5 / METRES_PER_DEGREE  # one space further
    shown = {blurred(31.2304, 121.47370 + number * east) for number in range(10)}
    assert len(shown) == 1 and shown != {(31.2304, 121.4737)}


DAY_S = 86_400


@pytest.mark.parametrize(
    ("notice_s", "due"),
    [
        (-60, 1500),
        (0, 1500),
        (7199, 1500),
        (7200, 750),
        (DAY_S - 1, 750),
        (DAY_S, 500),  # 10 % are 300: less than the minimum
        (7 * DAY_S - 1, 500),
        (7 * DAY_S, 0),
    ],
)
def test_the_shorter_the_notice_the_more_is_due(notice_s: int, due: int) -> None:
    assert STANDARD.due_minor(3000, notice_s) == due


def test_who_stands_there_already_is_due_the_whole_price() -> None:
    assert STANDARD.due_minor(3000, -600, standing=True) == 3000


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**6))
def test_compensation_never_falls_as_the_notice_gets_shorter(
    quoted: int, one_s: int, other_s: int
) -> None:
    near, far = sorted((one_s, other_s))
    due = STANDARD.due_minor(quoted, near)
    assert due >= STANDARD.due_minor(quoted, far) >= 0
    assert due * 100 >= quoted * STANDARD._percent(near)


@pytest.mark.parametrize(
    "notices",
    [
        [(60, 50)],
        [(0, 10), (60, 20)],
        [(0, 10), (0, 5)],
        [],
    ],
)
def test_rules_that_punish_an_early_word_are_refused(notices: list[tuple[int, int]]) -> None:
    with pytest.raises(ValidationError):
        Compensation(notices=tuple(Notice(from_s=s, percent=p) for s, p in notices))


def test_an_offer_without_rules_has_the_standard_ones_and_one_with_rules_its_own() -> None:
    own = Compensation(notices=(Notice(from_s=0, percent=7),))
    assert compensation_of("") is STANDARD
    assert compensation_of(own.model_dump_json()) == own
