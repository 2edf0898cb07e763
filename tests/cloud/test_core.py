"""The cloud's core: values and tables, no database."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core import money
from cloud.core.booking import MOVES, IllegalMove, moved
from cloud.core.compliance import RULES, Claim, check
from cloud.core.matching import Candidate, Wish, rank
from cloud.core.reasons import REASONS
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.records import TitleRecord
from tests.contracts.making import at

STATES = sorted({state for state, _ in MOVES} | set(MOVES.values()))
ALL_MOVES = sorted({move for _, move in MOVES})


@given(st.sampled_from(STATES), st.sampled_from(ALL_MOVES))
@settings(max_examples=200)
def test_a_move_outside_the_table_is_refused(state: str, move: str) -> None:
    if (state, move) in MOVES:
        assert moved(state, move) in STATES  # type: ignore[arg-type]
    else:
        with pytest.raises(IllegalMove):
            moved(state, move)  # type: ignore[arg-type]


def test_every_reason_is_complete_in_both_languages() -> None:
    for reason in REASONS.values():
        assert all(reason.plain().values())


TITLE = TitleRecord(
    space="S1", number=1, lot="lot-1", holder="王伟", right="ownership", salt="0x" + "00" * 32
)
CLAIM = Claim("王 伟", management_consent=True, co_owner_consent=True, equipped=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"right": "civil_air"}, "right_type"),
        ({"valid_until": "2026-04-30"}, "expired"),
        ({"encumbrance": "disputed"}, "encumbered"),
        ({"use": "accessible"}, "public_use"),
        ({"holder": "李四"}, "holder_mismatch"),
    ],
)
def test_each_rule_refuses_its_own_case(change: dict[str, str], code: str) -> None:
    title = TITLE.model_copy(update=change)
    reasons = check(title, CLAIM, date(2026, 5, 1), RULES)
    assert [reason.code for reason in reasons] == [code]


def test_a_right_that_ends_today_still_holds_today() -> None:
    title = TITLE.model_copy(update={"valid_until": "2026-05-01", "encumbrance": "mortgage"})
    assert check(title, CLAIM, date(2026, 5, 1), RULES) == []


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_every_posting_sums_to_zero(held: int, amount: int) -> None:
    for postings in (
        money.deposit(3, amount),
        money.hold(3, held),
        money.void(3, held),
        money.post(3, 2, held, amount),
    ):
        assert sum(posting.amount_minor for posting in postings) == 0


def candidate(
    space: str, east_m: float = 0, per_hour_minor: int = 600, **more: object
) -> Candidate:
    fields: dict[str, object] = {
        "space": space,
        "offer": f"o-{space}",
        "lat": 0.0,
        "lon": east_m / 111_320,
        "windows": (Window(starts_at=at(0), ends_at=at(7200)),),
        "tariff": Tariff(id="t", version=1, currency="CNY", per_hour_minor=per_hour_minor),
        "terms": Terms(),
        "occupancy": "free",
        "gateway_online": True,
        "booked": (),
        **more,
    }
    return Candidate(**fields)  # type: ignore[arg-type]


WISH = Wish(0.0, 0.0, Window(starts_at=at(0), ends_at=at(3600)), height_cm=180)


def order(*candidates: Candidate) -> list[str]:
    return [item.space for item in rank(WISH, candidates, soon=True)[0]]


def test_the_nearer_of_two_alike_comes_first() -> None:
    assert order(candidate("far", 400), candidate("near", 10)) == ["near", "far"]


def test_the_cheaper_of_two_alike_comes_first() -> None:
    assert order(candidate("dear", 10, 900), candidate("cheap", 10, 300)) == ["cheap", "dear"]


def test_equal_scores_keep_one_order_whatever_comes_first() -> None:
    assert order(candidate("b"), candidate("a")) == order(candidate("a"), candidate("b"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"windows": (Window(starts_at=at(60), ends_at=at(7200)),)}, "no_offer"),
        ({"booked": (Window(starts_at=at(3599), ends_at=at(7200)),)}, "overlap"),
        ({"max_height_cm": 170}, "too_high"),
        ({"gateway_online": False}, "gateway_offline"),
        ({"occupancy": "unknown"}, "space_unknown"),
        ({"occupancy": "occupied"}, "space_occupied"),
    ],
)
def test_what_does_not_fit_is_left_out_with_its_reason(
    change: dict[str, object], code: str
) -> None:
    ranked, excluded = rank(WISH, [candidate("x", **change)], soon=True)
    assert ranked == []
    assert [item.reason.code for item in excluded] == [code]


def test_who_stands_there_now_does_not_matter_for_tomorrow() -> None:
    ranked, _ = rank(WISH, [candidate("x", occupancy="occupied")], soon=False)
    assert [item.space for item in ranked] == ["x"]
