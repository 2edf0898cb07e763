"""The laws of a price, whatever an owner asks: never negative, never falling, lossless, honest."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.tariffs import DAYS, Element, Plan, frozen
from contracts.ledger.pricing import (
    Interval,
    Stretch,
    Tariff,
    Terms,
    Tier,
    Window,
    price,
    quote,
    total,
)
from tests.cloud import tariff_slow

# Where clocks go back, forward, stay, and go back by half an hour.
PLACES = (
    ("Europe/Berlin", datetime(2026, 10, 25, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, 0, tzinfo=UTC)),
    ("Asia/Shanghai", datetime(2026, 10, 1, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, tzinfo=UTC)),
)
SPECIAL = (date(2026, 10, 25), date(2026, 3, 29), date(2026, 10, 1), date(2026, 4, 5))
RATES = st.sampled_from((0, 1, 7, 599, 600, 3599, 3600, 100_000, 1_000_000))
EDGES = st.sampled_from((0, 1, 60, 90, 119, 120, 121, 150, 179, 180, 240, 1380, 1439))
PROVED = settings(max_examples=60, deadline=None)

elements = st.builds(
    Element,
    per_hour_minor=RATES,
    days=st.lists(st.sampled_from(DAYS), max_size=4, unique=True).map(tuple),
    day_type=st.sampled_from(("any", "any", "workday", "holiday")),
    from_min=EDGES,
    to_min=st.one_of(EDGES, st.just(1440)),
    after_s=st.sampled_from((0, 0, 0, 59, 1800, 5000)),
)


@st.composite
def plans(draw: st.DrawFn, **fixed: Any) -> Plan:
    special = draw(st.sampled_from(SPECIAL))
    holiday = draw(st.booleans())
    begins = sorted(draw(st.sets(st.integers(1, 5000), max_size=3)))
    tiers = [Tier(from_s=at, per_hour_minor=draw(RATES)) for at in (0, *begins)]
    drawn: dict[str, Any] = {
        "per_hour_minor": draw(RATES),
        "elements": tuple(draw(st.lists(elements, max_size=4))),
        "holidays": (special,) if holiday else (),
        "workdays": () if holiday else (special,),
        "step_s": draw(st.sampled_from((1, 60, 61, 900))),
        "free_s": draw(st.sampled_from((0, 0, 1, 600, 1801))),
        "cap_minor": draw(st.sampled_from((None, 2000))),
        "day_cap_minor": draw(st.sampled_from((None, None, 900, 5000))),
        "minimum_minor": draw(st.sampled_from((0, 0, 1, 350))),
        "booking_fee_minor": draw(st.sampled_from((0, 100))),
        "overstay_percent": draw(st.sampled_from((100, 155))),
        "overstay_tiers": tuple(tiers) if draw(st.booleans()) else (),
        "round_to_minor": draw(st.sampled_from((1, 5, 10))),
        "rounding": draw(st.sampled_from(("down", "nearest", "up"))),
        "tax_bps": draw(st.sampled_from((0, 600, 1900))),
        "tax": draw(st.sampled_from(("included", "added"))),
    }
    return Plan(id="p", version=1, currency="EUR", **(drawn | fixed))


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, Window]:
    tz, about = draw(st.sampled_from(PLACES))
    starts_at = about + timedelta(minutes=draw(st.integers(-120, 120)))
    return tz, Window(starts_at=starts_at, ends_at=starts_at + timedelta(seconds=7777))


@st.composite
def stays(draw: st.DrawFn, window: Window) -> list[Interval]:
    """From half an hour early to hours late; what lies between two of its times is not certain."""
    count = draw(st.sampled_from((1, 1, 2, 3)))
    whole_ms = 20_000_000
    places = sorted(
        draw(st.lists(st.integers(0, whole_ms), min_size=count * 2, max_size=count * 2))
    )
    first = window.starts_at - timedelta(minutes=30)
    times = [first + timedelta(milliseconds=place) for place in places]
    return [(a, b) for a, b in zip(times[::2], times[1::2], strict=True) if a < b]


TERMS = Terms()


def the_tariff(plan: Plan, place: tuple[str, Window]) -> Tariff:
    return frozen(plan.model_dump_json(), TERMS, place[1], place[0])


@given(st.data(), plans(), asked())
@PROVED
def test_a_price_is_what_counting_every_second_on_the_wall_clock_gives(
    data: st.DataObject, plan: Plan, place: tuple[str, Window]
) -> None:
    tz, window = place
    billed = data.draw(stays(window))
    found = total(price(the_tariff(plan, place), TERMS, window, billed))
    assert found == tariff_slow.total(plan, TERMS, window, tz, billed)


@given(st.data(), plans(), asked())
@settings(max_examples=200, deadline=None)
def test_a_price_is_never_negative_and_never_falls_as_the_stay_grows(
    data: st.DataObject, plan: Plan, place: tuple[str, Window]
) -> None:
    window = place[1]
    *before, (begin, end) = data.draw(stays(window).filter(bool))
    longer = end + timedelta(milliseconds=data.draw(st.integers(1, 20_000_000)))
    tariff = the_tariff(plan, place)
    less = total(price(tariff, TERMS, window, [*before, (begin, end)]))
    more = total(price(tariff, TERMS, window, [*before, (begin, longer)]))
    assert 0 <= less <= more


@given(st.data(), plans(), asked())
@settings(max_examples=200, deadline=None)
def test_time_or_timetable_cut_in_two_costs_the_same(
    data: st.DataObject, plan: Plan, place: tuple[str, Window]
) -> None:
    window = place[1]
    billed = data.draw(stays(window).filter(bool))
    tariff = the_tariff(plan, place)
    lines = price(tariff, TERMS, window, billed)
    begin, end = billed[0]
    middle = begin + (end - begin) / 2
    middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    pieces = [(a, b) for a, b in ((begin, middle), (middle, end)) if a < b]
    assert price(tariff, TERMS, window, [*pieces, *billed[1:]]) == lines
    cut = tariff.model_copy(update={"timetable": tuple(halves(tariff.timetable))})
    assert total(price(cut, TERMS, window, billed)) == total(lines)


def halves(timetable: tuple[Stretch, ...]) -> list[Stretch]:
    made = []
    for one in timetable:
        seconds = (one.ends_at - one.starts_at) // timedelta(seconds=2)
        middle = one.starts_at + timedelta(seconds=seconds)
        made += [one.model_copy(update={"ends_at": middle})] if seconds else []
        made.append(one.model_copy(update={"starts_at": middle}))
    return made


@given(st.data(), plans(), asked())
@settings(max_examples=100, deadline=None)
def test_two_stays_cost_what_one_of_both_costs_where_nothing_is_rounded(
    data: st.DataObject, plan: Plan, place: tuple[str, Window]
) -> None:
    """Rates are whole units a second, and no element waits for a duration."""
    kept = tuple(
        one.model_copy(update={"after_s": 0, "per_hour_minor": one.per_hour_minor * 3600 % 720_000})
        for one in plan.elements
    )
    bare = Plan(id="p", version=1, currency="EUR", per_hour_minor=7200, elements=kept, step_s=1)
    tariff, window = the_tariff(bare, place), place[1]
    cut = window.starts_at + timedelta(seconds=data.draw(st.integers(0, 7777)))
    parts = ([(window.starts_at, cut)], [(cut, window.ends_at)])
    paid = sum(total(price(tariff, TERMS, window, part)) for part in parts)
    assert paid == total(quote(tariff, TERMS, window))


@given(plans(), asked())
@settings(max_examples=40, deadline=None)
def test_the_quote_is_the_price_of_just_the_window(plan: Plan, place: tuple[str, Window]) -> None:
    tz, window = place
    exactly = [(window.starts_at, window.ends_at)]
    tariff = the_tariff(plan, place)
    assert quote(tariff, TERMS, window) == price(tariff, TERMS, window, exactly)
    assert total(quote(tariff, TERMS, window)) == tariff_slow.total(
        plan, TERMS, window, tz, exactly
    )


@given(st.data(), plans(elements=(), day_cap_minor=None), asked())
@settings(max_examples=100, deadline=None)
def test_a_timetable_of_one_rate_costs_what_the_flat_price_does(
    data: st.DataObject, plan: Plan, place: tuple[str, Window]
) -> None:
    window = place[1]
    billed = data.draw(stays(window))
    flat = the_tariff(plan, place)
    assert flat.timetable == ()
    one = Element(per_hour_minor=plan.per_hour_minor)
    timed = the_tariff(plan.model_copy(update={"elements": (one,)}), place)
    assert timed.timetable
    found = [total(price(tariff, TERMS, window, billed)) for tariff in (flat, timed)]
    assert found[0] == found[1]


def test_the_bill_of_a_stay_names_every_stretch_and_its_rate() -> None:
    day = Element(per_hour_minor=600, from_min=480, to_min=1200)
    night = Element(per_hour_minor=100, from_min=1200, to_min=480)
    plan = Plan(id="p", version=1, currency="CNY", per_hour_minor=0, elements=(day, night))
    window = Window(
        starts_at=datetime(2026, 5, 1, 10, tzinfo=UTC),  # 18:00 in Shanghai
        ends_at=datetime(2026, 5, 1, 14, tzinfo=UTC),
    )
    tariff = frozen(plan.model_dump_json(), TERMS, window, "Asia/Shanghai")
    told = [
        (line.billed_s, line.per_hour_minor, line.amount_minor, line.ends_at)
        for line in quote(tariff, TERMS, window)
    ]
    assert told == [
        (7200, 600, 1200, datetime(2026, 5, 1, 12, tzinfo=UTC)),
        (7200, 100, 200, datetime(2026, 5, 2, 0, tzinfo=UTC)),
    ]


def test_a_second_that_an_edge_cuts_has_the_rate_it_begins_in() -> None:
    """Half of the first one lies before nine, when an hour costs a unit a second."""
    nine = datetime(2026, 5, 1, 1, tzinfo=UTC)
    early = Element(per_hour_minor=3600, from_min=0, to_min=540)
    plan = Plan(id="p", version=1, currency="CNY", per_hour_minor=36_000, elements=(early,))
    plan = plan.model_copy(update={"step_s": 1})
    window = Window(starts_at=nine - timedelta(hours=1), ends_at=nine + timedelta(hours=1))
    tariff = frozen(plan.model_dump_json(), TERMS, window, "Asia/Shanghai")
    begins = nine - timedelta(milliseconds=500)
    lines = price(tariff, TERMS, window, [(begins, begins + timedelta(seconds=3))])
    assert [(line.billed_s, line.amount_minor) for line in lines] == [(1, 1), (2, 20)]


@pytest.mark.parametrize(
    ("tz", "begins", "ends", "cheap_h"),
    [
        ("Europe/Berlin", "2026-10-24T23:30Z", "2026-10-25T02:30Z", 2.5),
        ("Europe/Berlin", "2026-03-29T00:30Z", "2026-03-29T01:30Z", 0.5),
        ("Australia/Lord_Howe", "2026-04-04T14:30Z", "2026-04-04T17:00Z", 2),
        ("Asia/Shanghai", "2026-10-24T17:30Z", "2026-10-24T19:30Z", 1.5),
    ],
)
def test_an_hour_that_a_clock_change_repeats_is_paid_twice_and_one_left_out_not(
    tz: str, begins: str, ends: str, cheap_h: float
) -> None:
    """01:30 to 03:30 on the wall clock as the clocks change; it is cheap until three."""
    starts_at, ends_at = (datetime.fromisoformat(text) for text in (begins, ends))
    window = Window(starts_at=starts_at, ends_at=ends_at)
    early = Element(per_hour_minor=600, from_min=0, to_min=180)
    plan = Plan(id="p", version=1, currency="EUR", per_hour_minor=1200, elements=(early,))
    tariff = frozen(plan.model_dump_json(), TERMS, window, tz)
    assert total(quote(tariff, TERMS, window)) == int(cheap_h * 600) + 600
