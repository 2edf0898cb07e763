import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.fusion import Change
from firmware_sim.score import match, quantile, score, wilson_low
from firmware_sim.trace import NS, Truth


def change(kind: str, at_s: float, space: str = "S1") -> Change:
    at_ns = int(at_s * NS)
    return Change(space, kind, at_ns, 1.5, at_ns + 5 * NS, "0x", "")  # type: ignore[arg-type]


STAY = [Truth(100 * NS, "arrive", "S1"), Truth(400 * NS, "depart", "S1")]


def test_a_stay_found_exactly_scores_one() -> None:
    graded = score([change("arrival", 100), change("departure", 402)], STAY)
    assert (graded.f1, graded.dwell_error_p50_s, graded.dwell_over_60) == (1.0, 2.0, 0.0)
    assert (graded.report_p50_s, graded.at_inside_uncertainty) == (5.0, 0.5)


@pytest.mark.parametrize(("at_s", "fits"), [(84, 0), (85, 1), (130, 1), (131, 0)])
def test_the_window_reaches_from_15_s_early_to_30_s_late(at_s: float, fits: int) -> None:
    assert len(match([change("arrival", at_s)], STAY)) == fits


def test_two_arrivals_match_one_truth_once() -> None:
    graded = score([change("arrival", 100), change("arrival", 110)], STAY)
    assert (graded.matched, graded.false_stays, graded.missed_stays) == (1, 1, 0)


def test_another_space_or_kind_never_matches() -> None:
    assert match([change("arrival", 100, "S2"), change("departure", 100)], STAY) == []


def test_nothing_true_and_nothing_found_is_no_fault() -> None:
    graded = score([change("known", 3)], [Truth(5, "pass", None)])
    assert (graded.f1, graded.true, graded.detected) == (1.0, 0, 0)


def test_wilson_bound_and_quantile_are_those_of_the_books() -> None:
    assert wilson_low(10, 10) == pytest.approx(0.7225, abs=1e-3)
    assert (quantile([3, 1, 2], 0.5), quantile([], 0.5)) == (2, None)


@given(st.lists(st.integers(0, 300)), st.lists(st.integers(0, 300)))
def test_matching_is_one_to_one_and_inside_the_window(found: list[int], true: list[int]) -> None:
    changes = [change("arrival", at_s) for at_s in found]
    rows = [Truth(at_s * NS, "arrive", "S1", unc_ms=n) for n, at_s in enumerate(true)]
    pairs = match(changes, rows)
    assert len({id(c) for c, _ in pairs}) == len({id(t) for _, t in pairs}) == len(pairs)
    assert all(-15 <= (c.at_ns - t.mono_ns) / NS <= 30 for c, t in pairs)
