import pickle
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.fusion import Change
from firmware_sim.score import by_tag, match, quantile, score, score_of, tally, wilson_low
from firmware_sim.scoring.figures import f1_bounds, wilson
from firmware_sim.scoring.matching import UNTAGGED
from firmware_sim.scoring.tally import Tally
from firmware_sim.trace import NS, Truth


def change(kind: str, at_s: float, space: str = "S1", doubt_s: float = 1.5) -> Change:
    at_ns = int(at_s * NS)
    return Change(space, kind, at_ns, doubt_s, at_ns + 5 * NS, "0x", "")  # type: ignore[arg-type]


def arrive(at_s: float, *tags: str, space: str = "S1") -> Truth:
    return Truth(int(at_s * NS), "arrive", space, tags=tags)


def depart(at_s: float, *tags: str, space: str = "S1") -> Truth:
    return Truth(int(at_s * NS), "depart", space, tags=tags)


STAY = [arrive(100), depart(400)]
HOUR = {"S1": (0, 3600 * NS)}


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


def test_the_truths_own_uncertainty_counts_for_the_detector() -> None:
    rows = [Truth(100 * NS, "arrive", "S1", unc_ms=600)]
    assert score([change("arrival", 102)], rows).at_inside_uncertainty == 1.0
    assert score([change("arrival", 102.2)], rows).at_inside_uncertainty == 0.0


def test_wilson_bounds_and_quantile_are_those_of_the_books() -> None:
    assert wilson_low(10, 10) == pytest.approx(0.7225, abs=1e-3)
    assert f1_bounds(10, 0, 0)[0] == pytest.approx(2 * 0.7225 / 1.7225, abs=1e-3)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998
    assert (quantile([3, 1, 2], 0.5), quantile([], 0.5)) == (2, None)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_the_bounds_of_f1_hold_it_between_them(hits: int, false: int, missed: int) -> None:
    low, high = f1_bounds(hits, false, missed)
    f1 = 2 * hits / (2 * hits + false + missed) if hits else 0.0
    assert 0 <= low <= f1 + 1e-12
    assert hits + false + missed == 0 or f1 <= high + 1e-12 <= 1 + 2e-12


@given(st.lists(st.integers(0, 300)), st.lists(st.integers(0, 300)))
def test_matching_is_one_to_one_and_inside_the_window(found: list[int], true: list[int]) -> None:
    changes = [change("arrival", at_s) for at_s in found]
    rows = [Truth(at_s * NS, "arrive", "S1", unc_ms=n) for n, at_s in enumerate(true)]
    pairs = match(changes, rows)
    assert len({id(c) for c, _ in pairs}) == len({id(t) for _, t in pairs}) == len(pairs)
    assert all(-15 <= (c.at_ns - t.mono_ns) / NS <= 30 for c, t in pairs)


short = st.lists(st.integers(0, 120), max_size=4, unique=True)


@given(short, short)
def test_no_matching_finds_more_pairs(found: list[int], true: list[int]) -> None:
    def fits(order: tuple[int, ...]) -> int:
        return sum(-15 <= f - t <= 30 for f, t in zip(order, padded))

    padded = [*true, *[10**6] * (4 - len(true))]
    most = max(fits(order) for order in permutations([*found, *[-(10**6)] * (4 - len(found))]))
    pairs = match([change("arrival", s) for s in found], [arrive(s) for s in true])
    assert len(pairs) == most


def test_money_is_the_plain_tariff_over_all_stays_and_over_each() -> None:
    rows = [arrive(0), depart(3600), arrive(4000), depart(7600)]
    found = [change("arrival", 0), change("departure", 3600 - 60)]
    found += [change("arrival", 4000), change("departure", 7600 + 60, doubt_s=90)]
    graded = score(found, rows)
    # 60 min each at 6.00 an hour; the second departure is too late to match, and still billed.
    assert (graded.true_minor, graded.billed_minor) == (1200, 590 + 610)
    assert (graded.money_error, graded.money_apart) == (0.0, 20 / 1200)


def test_a_missed_and_a_false_stay_both_cost_and_offset_only_in_the_sum() -> None:
    rows = [arrive(0), depart(3600)]
    found = [change("arrival", 5000), change("departure", 5000 + 3600)]
    graded = score(found, rows)
    assert (graded.money_error, graded.money_apart) == (0.0, 2.0)


def test_a_detector_that_never_lets_go_bills_to_the_end_of_the_trace() -> None:
    graded = score([change("arrival", 100)], STAY, HOUR)
    assert (graded.true_minor, graded.billed_minor) == (50, 580)
    assert graded.money_error == 530 / 50


def test_time_in_unknown_and_doubt_are_held_back_from_the_bill() -> None:
    found = [change("arrival", 0, doubt_s=0), change("unknown", 1200, doubt_s=0)]
    found += [change("known", 2400, doubt_s=0), change("departure", 3600, doubt_s=0)]
    graded = score(found, [arrive(0), depart(3600)])
    assert (graded.billed_minor, graded.money_held_back) == (600, 200 / 600)
    doubtful = [change("arrival", 0, doubt_s=60), change("departure", 3600, doubt_s=60)]
    assert score(doubtful, [arrive(0), depart(3600)]).money_held_back == 20 / 600


def test_known_never_stands_for_an_arrival_but_resolves_the_missed_stay() -> None:
    graded = score([change("known", 105), change("departure", 400)], STAY)
    assert (graded.matched, graded.missed_stays, graded.resolved_stays) == (1, 1, 1)
    assert graded.false_stays == 0


def test_unknown_counts_from_the_first_decision_or_the_first_minute() -> None:
    # Reported 5 s later: known at 15, unknown from 1005 to 1365.
    found = [change("known", 10), change("unknown", 1000), change("known", 1360)]
    assert score(found, [], HOUR).unknown_share == pytest.approx(360 / 3585)
    assert score([], [], HOUR).unknown_share == 1.0
    late = score([change("known", 355)], [], HOUR)
    assert late.unknown_share == pytest.approx(300 / 3540)


def test_false_stays_are_counted_by_the_time_watched() -> None:
    watch = {"S1": (0, 43_200 * NS), "S2": (0, 43_200 * NS)}
    graded = score([change("arrival", 100), change("departure", 200)], [], watch)
    assert (graded.space_days, graded.false_stays_per_space_day) == (1.0, 1.0)
    assert score([], []).false_stays_per_space_day is None


def test_a_false_change_is_put_down_to_what_the_truth_names_around_it() -> None:
    rows = [Truth(90 * NS, "pass", None, tags=("slow",)), arrive(900, "creep"), depart(1800)]
    found = [change("arrival", 100), change("departure", 110), change("arrival", 2700)]
    graded = by_tag(tally(found, rows))
    assert sorted(graded) == ["creep", UNTAGGED, "pass", "slow"]
    assert (graded["pass"].false_stays, graded["pass"].detected) == (1, 2)
    assert (graded["creep"].true, graded["creep"].missed_stays) == (1, 1)
    assert (graded[UNTAGGED].false_stays, graded[UNTAGGED].true) == (1, 0)


spaces = st.sampled_from(["S1", "S2", "S3"])
changes = st.lists(
    st.builds(
        change,
        st.sampled_from(["arrival", "departure", "unknown", "known"]),
        st.integers(0, 900),
        spaces,
    )
)
truths = st.lists(
    st.builds(
        Truth,
        st.integers(0, 900).map(lambda s: s * NS),
        st.sampled_from(["arrive", "depart", "pass", "pedestrian"]),
        spaces,
        tags=st.sampled_from([(), ("rain",), ("rain", "weak")]),
    )
)


@given(changes, truths)
def test_spaces_scored_apart_and_added_are_the_score_of_all(
    found: list[Change], rows: list[Truth]
) -> None:
    watch = {name: (0, 900 * NS) for name in ("S1", "S2", "S3")}
    whole = Tally()
    for name in reversed(watch):
        mine = [c for c in found if c.space == name], [t for t in rows if t.space == name]
        part = tally(*mine, {name: watch[name]})
        whole += pickle.loads(pickle.dumps(part))
    assert score_of(whole) == score(found, rows, watch)
    assert by_tag(whole) == by_tag(tally(found, rows, watch))
