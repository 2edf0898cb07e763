"""Where a price ends: the late stop that was agreed on, and what no bill can hold."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from cloud.core import tariffs
from cloud.core.tariffs import Element, Plan, TooLong, frozen
from cloud.usecases import billing
from contracts.ledger.pricing import Tariff, Terms, Tier, Window, price, quote, total
from contracts.ledger.records import tariff_digest

TZ = "Asia/Shanghai"
STARTS_AT = datetime(2026, 5, 1, 1, tzinfo=UTC)
HOUR = Window(starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(hours=1))
FLAT = Tariff(id="t", version=1, currency="CNY", per_hour_minor=3600, step_s=1)
TIERED = FLAT.model_copy(update={"overstay_tiers": (Tier(from_s=0, per_hour_minor=7200),)})


def billed(tariff: Tariff, terms: Terms, past_s: int) -> int:
    """For a stay of the whole window and so much longer."""
    leaves = HOUR.ends_at + timedelta(seconds=past_s)
    return total(price(tariff, terms, HOUR, [(HOUR.starts_at, leaves)]))


@pytest.mark.parametrize("tariff", [FLAT, TIERED], ids=["percent", "tiers"])
def test_whoever_leaves_within_the_late_stop_pays_what_was_quoted(tariff: Tariff) -> None:
    terms = Terms(grace_s=600, late_stop_s=900)
    assert billed(tariff, terms, 900) == total(quote(tariff, terms, HOUR)) == 3600
    later = billed(tariff, terms, 960)
    assert later - 3600 == (60 * 5400 if tariff is FLAT else 60 * 7200) // 3600


def test_a_late_stop_shorter_than_the_grace_takes_nothing_from_it() -> None:
    assert billed(FLAT, Terms(grace_s=600, late_stop_s=60), 600) == 3600
    assert billed(FLAT, Terms(grace_s=600, late_stop_s=60), 660) == 3600 + 90


def test_a_timetable_reaches_a_day_beyond_the_late_stop() -> None:
    asked = Plan(
        id="p", version=1, currency="CNY", per_hour_minor=0, elements=(Element(per_hour_minor=9),)
    )
    tariff = frozen(asked.model_dump_json(), Terms(late_stop_s=86_400), HOUR, TZ)
    assert tariff.timetable[-1].ends_at == HOUR.ends_at + timedelta(days=2)


def test_no_late_stop_is_longer_than_a_day() -> None:
    with pytest.raises(ValidationError, match="late_stop_s"):
        Terms(late_stop_s=86_401)


DEAR = Element(per_hour_minor=1_000_000)


@pytest.mark.parametrize("elements", [(), (DEAR,)], ids=["flat", "timetable"])
@pytest.mark.parametrize("tax_bps", [0, 10_000])
def test_a_window_whose_quote_no_bill_holds_is_not_offered(
    elements: tuple[Element, ...], tax_bps: int
) -> None:
    """Just below 2**32 minor units it is; a unit of time later it is not."""
    asked = Plan(
        id="p",
        version=1,
        currency="CNY",
        per_hour_minor=1_000_000,
        elements=elements,
        tax_bps=tax_bps,
        tax="added",
    )
    text = asked.model_dump_json()
    most_h = (2**32 - 1) // (1_000_000 * (2 if tax_bps else 1))
    fits = Window(starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(hours=most_h))
    assert total(quote(frozen(text, Terms(), fits, TZ), Terms(), fits)) < 2**32
    longer = Window(starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(hours=most_h + 1))
    with pytest.raises(TooLong, match="bill"):
        frozen(text, Terms(), longer, TZ)


def test_long_timetables_are_not_kept_in_memory() -> None:
    """A month's has a hundred KiB, and a driver may ask for as many months as he likes."""
    night = Element(per_hour_minor=9, from_min=1320, to_min=480)
    plan = Plan(id="p", version=1, currency="CNY", per_hour_minor=1, elements=(night,))
    text, month = plan.model_dump_json(), timedelta(days=30)
    before = tariffs._frozen.cache_info().currsize, billing._kept.cache_info().currsize
    for hours in range(3):
        begins = STARTS_AT + timedelta(hours=hours)
        long = frozen(text, Terms(), Window(starts_at=begins, ends_at=begins + month), TZ)
        read, digest = billing.frozen_tariff(long.model_dump_json())
        assert (read, digest) == (long, tariff_digest(long))
    after = tariffs._frozen.cache_info().currsize, billing._kept.cache_info().currsize
    assert after == before
    assert frozen(text, Terms(), HOUR, TZ) is frozen(text, Terms(), HOUR, TZ)
    short = frozen(text, Terms(), HOUR, TZ).model_dump_json()
    assert billing.frozen_tariff(short) is billing.frozen_tariff(short)
