"""An owner's plan: what holds when, what is refused, how it is frozen, and how a bill is told."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from cloud.core.tariffs import MAX_ELEMENTS, Element, Plan, Price, TooLong, frozen
from cloud.core.tariffs_told import SENTENCES, both, told
from contracts.ledger.pricing import Line, Tariff, Terms, Tier, Window, price, quote, total
from contracts.ledger.records import tariff_digest

SHANGHAI = "Asia/Shanghai"
TERMS = Terms()
GOLDEN_WEEK = date(2026, 10, 1)


def hours(starts_at: datetime, count: float) -> Window:
    return Window(starts_at=starts_at, ends_at=starts_at + timedelta(hours=count))


def local(day: int, hour: int, month: int = 10) -> datetime:
    """An hour on Shanghai's clock, in 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=8)


def plan(*elements: Element, **more: Any) -> Plan:
    fields: dict[str, Any] = {"currency": "CNY", "per_hour_minor": 100, **more}
    return Plan(id="p-1", version=1, elements=elements, **fields)


def quoted(asked: Plan, window: Window, tz: str = SHANGHAI) -> int:
    return total(quote(frozen(asked.model_dump_json(), TERMS, window, tz), TERMS, window))


def test_the_first_element_that_holds_gives_the_rate_and_gaps_have_the_base_rate() -> None:
    asked = plan(
        Element(per_hour_minor=900, from_min=9 * 60, to_min=10 * 60),
        Element(per_hour_minor=500, from_min=8 * 60, to_min=12 * 60),
    )
    assert quoted(asked, hours(local(6, 7), 6)) == 100 + 500 + 900 + 500 + 500 + 100


@pytest.mark.parametrize(
    ("day", "rate"),
    [(1, 300), (2, 700), (3, 100), (8, 700), (10, 700)],
    ids=["a holiday", "a Friday", "a Saturday", "a Thursday", "a Saturday that is worked"],
)
def test_holidays_and_worked_weekends_have_the_rate_of_their_kind(day: int, rate: int) -> None:
    asked = plan(
        Element(per_hour_minor=300, day_type="holiday"),
        Element(per_hour_minor=700, day_type="workday"),
        holidays=(GOLDEN_WEEK,),
        workdays=(date(2026, 10, 10),),
    )
    assert quoted(asked, hours(local(day, 9), 1)) == rate


def test_public_holidays_may_come_from_outside_the_plan() -> None:
    asked = plan(Element(per_hour_minor=300, day_type="holiday"))
    window = hours(local(1, 9), 1)
    text = asked.model_dump_json()
    with_them = frozen(text, TERMS, window, SHANGHAI, frozenset({GOLDEN_WEEK}))
    assert total(quote(with_them, TERMS, window)) == 300
    assert quoted(asked, window) == 100


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    friday_night = Element(per_hour_minor=50, days=("fri",), from_min=22 * 60, to_min=6 * 60)
    asked = plan(friday_night)
    assert quoted(asked, hours(local(2, 21), 11)) == 100 + 8 * 50 + 2 * 100
    assert quoted(asked, hours(local(2, 0), 6)) == 600  # the night of Thursday


def test_an_hour_after_the_first_may_cost_less() -> None:
    asked = plan(Element(per_hour_minor=40, after_s=7200), Element(per_hour_minor=600))
    assert quoted(asked, hours(local(6, 7), 5)) == 2 * 600 + 3 * 40


def test_duration_counts_on_through_overstay_but_not_through_the_grace() -> None:
    asked = plan(Element(per_hour_minor=1200, after_s=5400), per_hour_minor=600)
    window = hours(local(6, 8), 1)
    tariff = frozen(asked.model_dump_json(), TERMS, window, SHANGHAI)
    late = window.ends_at + timedelta(seconds=TERMS.grace_s)
    stay = [(window.starts_at, late + timedelta(hours=1))]
    told_of = [(line.code, line.amount_minor) for line in price(tariff, TERMS, window, stay)]
    assert told_of == [("parking", 600), ("overstay", 450), ("overstay", 900)]


def test_halves_of_a_cent_in_two_stretches_are_a_whole_one() -> None:
    asked = plan(Element(per_hour_minor=59, from_min=0, to_min=510), per_hour_minor=61)
    assert quoted(asked, hours(local(6, 8), 1)) == 60


def test_a_day_costs_no_more_than_its_cap_and_days_end_at_the_lots_midnight() -> None:
    asked = plan(per_hour_minor=600, day_cap_minor=2000)
    assert quoted(asked, hours(local(6, 20), 6)) == 2000 + 2 * 600
    assert quoted(asked, hours(local(6, 18), 24)) == 2000 + 2000


def test_the_free_minutes_are_the_first_ones_whatever_they_would_cost() -> None:
    dear = Element(per_hour_minor=6000, from_min=8 * 60, to_min=9 * 60)
    assert quoted(plan(dear, free_s=3600), hours(local(6, 8), 2)) == 100
    assert quoted(plan(dear, free_s=3600), hours(local(6, 7), 2)) == 6000


def test_the_minimum_is_asked_once_something_is_charged() -> None:
    asked = plan(per_hour_minor=600, minimum_minor=500, free_s=900)
    assert quoted(asked, hours(local(6, 8), 0.25)) == 0
    assert quoted(asked, hours(local(6, 8), 0.5)) == 500
    assert quoted(asked, hours(local(6, 8), 2)) == 1050


def test_overstay_climbs_its_tiers_by_the_time_after_the_grace() -> None:
    asked = plan(
        overstay_tiers=(Tier(from_s=0, per_hour_minor=600), Tier(from_s=3600, per_hour_minor=1200))
    )
    window = hours(local(6, 8), 1)
    tariff = frozen(asked.model_dump_json(), TERMS, window, SHANGHAI)
    late = window.ends_at + timedelta(seconds=TERMS.grace_s)
    stay = [(window.starts_at, late + timedelta(hours=1.5))]
    told_of = [(line.code, line.amount_minor) for line in price(tariff, TERMS, window, stay)]
    assert told_of == [("parking", 100), ("overstay", 600), ("overstay", 600)]


def test_tax_on_top_is_rounded_with_the_sum_and_tax_within_is_only_told() -> None:
    window = hours(local(6, 8), 1)
    added = plan(per_hour_minor=1001, tax_bps=600, tax="added", round_to_minor=10)
    assert quoted(added, window) == 1060
    within = plan(per_hour_minor=1060, tax_bps=600)
    (*_, last) = quote(frozen(within.model_dump_json(), TERMS, window, SHANGHAI), TERMS, window)
    assert (last.code, last.amount_minor, last.included_minor) == ("tax", 0, 60)
    assert quoted(within, window) == 1060


@pytest.mark.parametrize(("rule", "due"), [("down", 1000), ("nearest", 1000), ("up", 1010)])
def test_half_a_step_is_rounded_in_the_drivers_favour(rule: str, due: int) -> None:
    asked = plan(per_hour_minor=1005, round_to_minor=10, rounding=rule)
    assert quoted(asked, hours(local(6, 8), 1)) == due


def test_a_later_version_changes_no_price_that_is_frozen() -> None:
    window = hours(local(6, 8), 1)
    agreed = frozen(plan(per_hour_minor=600).model_dump_json(), TERMS, window, SHANGHAI)
    dearer = plan(per_hour_minor=3000).model_copy(update={"version": 2})
    later = frozen(dearer.model_dump_json(), TERMS, window, SHANGHAI)
    assert total(quote(agreed, TERMS, window)) == 600
    assert tariff_digest(later) != tariff_digest(agreed)


def test_a_tariff_that_is_frozen_already_and_a_plan_without_elements_stay_flat() -> None:
    window = hours(local(6, 8), 1)
    flat = Tariff(id="t", version=3, currency="CNY", per_hour_minor=600, cap_minor=9)
    assert frozen(flat.model_dump_json(), TERMS, window, SHANGHAI) == flat
    assert frozen(plan().model_dump_json(), TERMS, window, SHANGHAI).timetable == ()


def test_what_an_owner_sends_as_json_is_a_price_and_becomes_a_plan() -> None:
    sent = {
        "currency": "CNY",
        "per_hour_minor": 300,
        "elements": [{"per_hour_minor": 600, "days": ["mon"], "from_min": 480, "to_min": 1200}],
        "holidays": ["2026-10-01"],
        "overstay_tiers": [{"from_s": 0, "per_hour_minor": 900}],
    }
    made = Price.model_validate(sent).plan("p-7", 2)
    assert made == Plan.model_validate_json(json.dumps(sent | {"id": "p-7", "version": 2}))
    assert made.holidays == (GOLDEN_WEEK,)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"per_hour_minor": -1}, "per_hour_minor"),
        ({"per_hour_minor": 600.0}, "per_hour_minor"),
        ({"elements": [{"per_hour_minor": 1, "from_min": 1440}]}, "from_min"),
        ({"elements": [{"per_hour_minor": 1, "days": ["monday"]}]}, "days"),
        ({"elements": [{"per_hour_minor": 1}] * (MAX_ELEMENTS + 1)}, "elements"),
        ({"holidays": ["2026-02-30"]}, "holidays"),
        ({"holidays": [20260101]}, "holidays"),
        ({"holidays": ["2026-10-01"], "workdays": ["2026-10-01"]}, "workdays"),
        ({"minimum_minor": 500, "cap_minor": 400}, "minimum_minor"),
        ({"minimum_minor": 500, "day_cap_minor": 400}, "minimum_minor"),
        ({"overstay_tiers": [{"from_s": 5, "per_hour_minor": 1}]}, "overstay_tiers"),
        ({"overstay_tiers": [{"from_s": 0, "per_hour_minor": 2**31}]}, "overstay_tiers"),
        ({"rounding": "banker"}, "rounding"),
        ({"round_to_minor": 0}, "round_to_minor"),
        ({"tax_bps": 10_001}, "tax_bps"),
        ({"vat": 6}, "vat"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused_by_the_name_of_its_field(
    wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValidationError, match=named):
        Price.model_validate({"currency": "CNY", "per_hour_minor": 600} | wrong)


def test_a_window_that_no_timetable_holds_and_an_unknown_zone_are_told() -> None:
    edges = [Element(per_hour_minor=n, from_min=n * 80, to_min=n * 80 + 40) for n in range(15)]
    text, window = plan(*edges).model_dump_json(), hours(local(1, 0), 24 * 40)
    with pytest.raises(TooLong):
        frozen(text, TERMS, window, SHANGHAI)
    night = plan(Element(per_hour_minor=1, to_min=60)).model_dump_json()
    assert frozen(night, TERMS, hours(local(1, 0), 24 * 40), SHANGHAI).timetable
    with pytest.raises(TooLong):
        frozen(night, TERMS, hours(local(1, 0), 24 * 401), SHANGHAI)
    # A rate for every element after its own time, and the base rate before: what a stretch holds.
    often = plan(*(Element(per_hour_minor=n, after_s=n) for n in range(15, 0, -1)), day_cap_minor=9)
    month = frozen(often.model_dump_json(), TERMS, hours(local(1, 0), 24 * 30), SHANGHAI)
    assert {len(stretch.rates) for stretch in month.timetable} == {MAX_ELEMENTS + 1}
    with pytest.raises(TooLong):
        frozen(often.model_dump_json(), TERMS, hours(local(1, 0), 24 * 70), SHANGHAI)
    with pytest.raises(ValueError, match="Nowhere"):
        frozen(text, TERMS, hours(local(1, 0), 1), "Mars/Nowhere")


EVERYTHING = plan(
    Element(per_hour_minor=600, from_min=8 * 60, to_min=20 * 60),
    free_s=600,
    day_cap_minor=2500,
    cap_minor=2600,
    minimum_minor=2,
    booking_fee_minor=100,
    overstay_percent=150,
    round_to_minor=10,
    tax_bps=600,
    tax="added",
)


def test_a_price_explains_itself_line_by_line_in_both_languages() -> None:
    window = hours(local(6, 18), 26)
    tariff = frozen(EVERYTHING.model_dump_json(), TERMS, window, SHANGHAI)
    late = window.ends_at + timedelta(seconds=TERMS.grace_s + 1800)
    lines = price(tariff, TERMS, window, [(window.starts_at, late)])
    english = told(lines, tariff, SHANGHAI, "en")
    assert english == [
        "The first 10 min are free: 0.00 CNY.",
        "Parking: 1 h 50 min at the price of 2026-10-06 17:30 – 20:00 (UTC+0800), 6.00 CNY an "
        "hour: 11.00 CNY.",
        "Parking: 4 h at the price of 2026-10-06 20:00 – 2026-10-07 00:00 (UTC+0800), 1.00 CNY an "
        "hour: 4.00 CNY.",
        "Parking: 8 h at the price of 2026-10-07 00:00 – 08:00 (UTC+0800), 1.00 CNY an hour: "
        "8.00 CNY.",
        "Parking: 12 h at the price of 2026-10-07 08:00 – 20:00 (UTC+0800), 6.00 CNY an hour: "
        "72.00 CNY.",
        "No more than 25.00 CNY for 2026-10-07 00:00 – 2026-10-08 00:00 (UTC+0800): -55.00 CNY.",
        "No more than 26.00 CNY for the booked time: -14.00 CNY.",
        "Overstay, past the grace: 30 min at the price of 2026-10-07 20:00 – 2026-10-08 00:00 "
        "(UTC+0800), 1.50 CNY an hour: 0.75 CNY.",
        "Booking fee: 1.00 CNY.",
        "Tax of 6 %: 1.66 CNY.",
        "Rounded to whole 0.10 CNY: -0.01 CNY.",
    ]
    chinese = told(lines, tariff, SHANGHAI, "zh")
    assert chinese[1] == (
        "停车：1小时 50分，按 2026-10-06 17:30 – 20:00 (UTC+0800) 的价格每小时 6.00 CNY："
        "11.00 CNY。"
    )
    assert both(lines, tariff, SHANGHAI) == {"en": english, "zh": chinese}
    amounts = re.compile(r"-?\d+\.\d\d CNY")
    for one, other in zip(english, chinese, strict=True):
        assert sorted(amounts.findall(one)) == sorted(amounts.findall(other))


def test_every_kind_of_line_has_its_sentence_in_both_languages() -> None:
    codes = set(get_args(Line.model_fields["code"].annotation))
    assert codes == {key.split(".")[0] for key in SENTENCES}
    assert all(len(set(both)) == 2 and all(both) for both in SENTENCES.values())
