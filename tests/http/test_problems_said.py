"""A field that does not fit is told why in both languages; what was read is not unreadable."""

import inspect
import re
from typing import Any

import pytest

from cloud.core import compensation, tariffs, windows_model, windows_rules
from cloud.entrypoints.http import asked, asked_market
from cloud.entrypoints.http.problems_said import KINDS, why
from contracts.wire import types
from tests.http.rig import WISH, Front

V1 = "/api/v1"
OFFER = {"space": "S1", "windows": [], "price": {"per_hour_minor": 600}}
WEEK = {"weekly": [{"days": ["mon"], "from_min": 0, "to_min": 60}]}


def said(front: Front, path: str, body: Any, who: str = "owner") -> tuple[str, str]:
    answer = front.post(f"{V1}/{path}", who, body, idempotency_key="a-key-of-mine")
    assert answer.status_code == 422, answer.text
    (reason,) = answer.json()["reasons"]
    return reason["sentence_en"], reason["sentence_zh"]


@pytest.mark.parametrize(
    ("price", "english", "chinese"),
    [
        ({"per_hour_minor": -1}, "it must be 0 or more", "不得小于 0"),
        ({}, "it is missing", "缺少该字段"),
        ({"per_hour_minor": 600, "tax": "none"}, "it must be 'included' or 'added'", "只能是"),
        ({"per_hour_minor": "much"}, "it must be a whole number", "必须是整数"),
        ({"per_hour_minor": 1, "cap_minor": 1, "minimum_minor": 2}, "nobody could pay", "高于"),
    ],
)
def test_a_value_that_does_not_fit_is_told_its_bound_in_both_languages(
    shared: Front, price: Any, english: str, chinese: str
) -> None:
    en, zh = said(shared, "offers/preview", {**OFFER, "schedule": WEEK, "price": price})
    assert english in en and chinese in zh
    assert "无法识别" not in zh and "should" not in zh.lower()


def test_a_date_that_lacks_is_named_where_it_stands(shared: Front) -> None:
    body = {**OFFER, "schedule": {**WEEK, "exceptions": [{"last": "2026-12-26"}]}}
    en, zh = said(shared, "offers", body)
    assert en == "schedule.exceptions.0.first: it is missing."
    assert zh == "schedule.exceptions.0.first：缺少该字段。"


def test_a_time_without_a_zone_is_told_in_chinese_with_the_time(shared: Front) -> None:
    en, zh = said(shared, "bookings", WISH | {"starts_at": "2026-05-01T08:00:00"}, "driver")
    assert "names no zone" in en
    assert "'2026-05-01T08:00:00' 没有时区" in zh


def test_every_sentence_of_our_own_validators_has_its_chinese() -> None:
    """Read from the sources, so that a new one is missed here first."""
    found = 0
    modules = (asked, asked_market, windows_model, windows_rules, tariffs, compensation, types)
    for module in modules:
        for text in re.findall(r'raise ValueError\(f?"(.+?)"\)', inspect.getsource(module)):
            plain = re.sub(r"\{[^{}]*\}", "x", text)
            zh = why({"type": "value_error", "msg": f"Value error, {plain}"})[1]
            assert not zh.startswith("不符合要求"), text
            found += 1
    assert found >= 25


def test_every_kind_of_error_names_only_what_pydantic_gives() -> None:
    given = {"gt", "ge", "lt", "le", "min_length", "max_length", "pattern", "expected"}
    for english, chinese in KINDS.values():
        assert set(re.findall(r"\{(\w+)\}", english + chinese)) <= given
