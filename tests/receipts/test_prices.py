"""Every field of a price is bound: whichever is changed, both verifiers refuse the receipt."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.ledger.hashing import digest
from contracts.ledger.tariffs import Stretch, Tariff, Terms
from tests.receipts.drawn import answers
from tests.receipts.judged import NODE, Case, verdicts
from tests.receipts.priced import rich_receipt

pytestmark = pytest.mark.skipif(NODE is None, reason="no node here (apt-get install nodejs)")
RICH = rich_receipt()
TEXT = RICH.model_dump_json()
Change = tuple[str, Callable[[Any], None], str]


def put(*path: str | int, value: Any) -> Callable[[Any], None]:
    def change(plain: Any) -> None:
        for part in path[:-1]:
            plain = plain[part]
        assert plain[path[-1]] != value
        plain[path[-1]] = value

    return change


AT = "2026-05-01T00:00:00.001Z"
# What is changed, and the link that must not hold any more.
TARIFF: dict[str, Any] = {
    "id": "t-poor",
    "version": 4,
    "currency": "EUR",
    "per_hour_minor": 451,
    "step_s": 60,
    "free_s": 301,
    "cap_minor": None,
    "overstay_percent": 171,
    "timetable": [],
    "day_cap_minor": None,
    "minimum_minor": 21,
    "booking_fee_minor": 74,
    "overstay_tiers": [],
    "round_to_minor": 1,
    "rounding": "down",
    "tax_bps": 599,
    "tax": "included",
}
STRETCH: dict[str, Any] = {"starts_at": "2026-04-30T23:00:00.001Z", "day": 0, "rates": []}
TERMS: dict[str, Any] = {
    "early_start_s": 1,
    "no_show_timeout_s": 1,
    "grace_s": 601,
    "no_show_fee_minor": 1,
    "late_stop_s": 1,
    "cancel_until_s": 1,
    "cancel_fee_minor": 1,
    "change_until_s": 1,
    "min_s": 1,
    "max_s": 1,
}
LINE: dict[str, Any] = {
    "code": "overstay",
    "billed_s": 1,
    "per_hour_minor": 1,
    "amount_minor": 1,
    "starts_at": AT,
    "ends_at": AT,
    "included_minor": 1,
}
CHANGES: list[Change] = [
    *((f"tariff {name}", put("tariff", name, value=v), "tariff") for name, v in TARIFF.items()),
    *(
        (f"terms {name}", put("booking", "terms", name, value=v), "booking")
        for name, v in TERMS.items()
    ),
    *((f"line {name}", put("lines", 1, name, value=v), "arithmetic") for name, v in LINE.items()),
    ("start", put("tariff", "timetable", 0, "starts_at", value=STRETCH["starts_at"]), "tariff"),
    ("end", put("tariff", "timetable", 7, "ends_at", value="2026-05-01T03:00:00.001Z"), "tariff"),
    ("day", put("tariff", "timetable", 7, "day", value=2), "tariff"),
    ("after", put("tariff", "timetable", 3, "rates", 1, "after_s", value=4001), "tariff"),
    ("rate", put("tariff", "timetable", 0, "rates", 0, "per_hour_minor", value=1), "tariff"),
    ("tier", put("tariff", "overstay_tiers", 1, "from_s", value=601), "tariff"),
    ("tier's rate", put("tariff", "overstay_tiers", 1, "per_hour_minor", value=1), "tariff"),
    # Not a timetable at all.
    ("days back", put("tariff", "timetable", 7, "day", value=0), "format"),
    ("no rate", put("tariff", "timetable", 0, "rates", value=[]), "format"),
    ("late tier", put("tariff", "overstay_tiers", 0, "from_s", value=1), "format"),
    ("late stop", put("booking", "terms", "late_stop_s", value=86_401), "format"),
    ("rates back", put("tariff", "timetable", 0, "rates", 1, "after_s", value=0), "format"),
    ("empty", put("tariff", "timetable", 0, "ends_at", value="2026-04-30T23:00:00.000Z"), "format"),
    ("over", put("tariff", "timetable", 0, "ends_at", value="2026-04-30T23:30:00.001Z"), "format"),
]


def changed(change: Callable[[Any], None]) -> bytes:
    plain = json.loads(TEXT)
    change(plain)
    return json.dumps(plain).encode()


def test_no_field_of_a_price_is_left_out_here() -> None:
    assert set(TARIFF) == set(Tariff.model_fields)
    assert set(TERMS) == set(Terms.model_fields)
    assert set(LINE) == set(type(RICH.lines[0]).model_fields)
    assert {*STRETCH, "ends_at"} == set(Stretch.model_fields)
    assert all(getattr(RICH.tariff, name) for name in Tariff.model_fields)


def test_both_verifiers_hold_the_receipt_that_is_changed_here() -> None:
    (verdict,) = verdicts([Case("valid", TEXT.encode(), answers(RICH))])
    assert verdict.python == verdict.script == ()


def test_whatever_is_changed_of_a_price_both_verifiers_refuse_it() -> None:
    cases = [Case(name, changed(change), answers(RICH)) for name, change, _ in CHANGES]
    for (name, _, link), verdict in zip(CHANGES, verdicts(cases), strict=True):
        assert link in verdict.python, name
        assert verdict.python == verdict.script, name


def test_a_line_of_a_timetable_filed_with_another_split_is_refused_though_the_sum_is_right() -> (
    None
):
    plain = json.loads(TEXT)
    plain["lines"][1]["amount_minor"] += 1
    plain["lines"][2]["amount_minor"] -= 1
    plain["record"]["lines"] = digest(plain["lines"])
    (verdict,) = verdicts([Case("split", json.dumps(plain).encode(), answers(RICH))])
    assert "arithmetic" in verdict.python
    assert verdict.python == verdict.script
