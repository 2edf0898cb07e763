"""The simulated lot as a whole: repeatable, true to its truth, each level with what it says."""

import itertools
import tracemalloc
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from edge.core.readings import NO_ECHO, PlateRead, Reading
from firmware_sim.lot import LEVELS, Lot, make
from firmware_sim.lot.levels import HARD
from firmware_sim.trace import NS, Truth

BUSY = replace(HARD, snows=6.0, turns=12.0, trolleys=12.0, stays=60.0, stuck=8.0, dropouts=8.0)
MOMENTS = ("arrive", "depart")


@pytest.fixture(scope="module")
def busy() -> Lot:
    """Everything happens, often."""
    return make(BUSY, 3, 2, 12)


def stays(rows: list[Truth], space: str) -> list[Truth]:
    return [row for row in rows if row.kind in MOMENTS and row.space == space]


def tags(rows: list[Truth]) -> Counter[str]:
    return Counter(tag for row in rows for tag in row.tags)


def test_the_same_seed_gives_the_same_lot_and_another_seed_another() -> None:
    one, again, other = (make("hard", seed, 2, 1) for seed in (5, 5, 6))
    assert list(one.readings()) == list(again.readings())
    assert (one.truth, one.header) == (again.truth, again.header)
    assert list(one.readings()) != list(other.readings())


@pytest.mark.parametrize("block_s", [7.0, 61.3, 5000.0])
def test_how_much_is_made_at_a_time_changes_nothing(busy: Lot, block_s: float) -> None:
    first = itertools.islice(busy.readings(), 40_000)
    assert list(first) == list(itertools.islice(busy.readings(block_s), 40_000))


def test_one_space_alone_reads_as_it_does_among_all(busy: Lot) -> None:
    own = {"us1", "mag1", "cam1", "temp0"}
    among_all = [r for r in itertools.islice(busy.readings(), 40_000) if r.channel in own]
    assert among_all == list(itertools.islice(busy.space_readings("S2"), len(among_all)))


def test_another_space_more_changes_nothing_for_the_first() -> None:
    few, more = (stays(make("normal", 9, spaces, 12).truth, "S1") for spaces in (1, 3))
    assert [row.mono_ns for row in few] == [row.mono_ns for row in more]


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_arrivals_and_departures_of_a_space_take_turns(level: str) -> None:
    lot = make(level, 2, 3, 24, stays_per_day=100)
    for space in lot.spaces:
        rows = stays(lot.truth, space)
        assert len(rows) > 40
        assert [row.kind for row in rows] == list(MOMENTS) * (len(rows) // 2)
        assert all(b.mono_ns - a.mono_ns > 5 * NS for a, b in itertools.pairwise(rows))


def test_the_truth_is_in_time_order_and_inside_the_trace(busy: Lot) -> None:
    times = [row.mono_ns for row in busy.truth]
    assert times == sorted(times)
    assert times[0] >= 0 and times[-1] < busy.world.lasts_s * NS


def test_hard_has_every_kind_of_trouble_but_metal_plates() -> None:
    rows = [row for seed in range(4) for row in make("hard", seed, 4, 48).truth]
    assert {row.kind for row in rows} == {
        *MOMENTS,
        "pass",
        "pedestrian",
        "blocked",
        "maintenance",
    }
    expected = (
        "weak slanted pause creep repark swap pause-out brief turn stops lorry motorbike walks "
        "stands loads trolley tram rain snow dropout:us dropout:mag stuck:us stuck:mag noisy:us "
        "noisy:mag gap late neighbour pass pedestrian"
    )
    assert set(expected.split()) <= set(tags(rows))
    assert "plate" not in tags(rows)


def test_easy_has_next_to_none_of_it() -> None:
    found = set(tags(make("easy", 1, 4, 48).truth))
    assert found <= {"walks", "neighbour", "pass", "pedestrian"}


def test_metal_plates_lie_in_held_out_alone_and_nothing_else_differs() -> None:
    normal, held_out = (make(level, 4, 3, 48).truth for level in ("normal", "held-out"))
    assert tags(normal)["plate"] == 0
    laid, taken = tags(held_out)["laid"], tags(held_out)["taken"]
    assert 3 < laid - 3 <= taken <= laid  # some lie there still when the trace ends
    plain = [(r.mono_ns, r.kind, r.space) for r in held_out if "laid" not in r.tags]
    plain = [row for row in plain if row[1] != "maintenance"]
    assert plain == [(r.mono_ns, r.kind, r.space) for r in normal if r.kind != "maintenance"]


def test_weak_cars_are_a_few_per_cent_in_normal_and_thrice_as_many_in_hard() -> None:
    share = {}
    for level in ("normal", "hard"):
        rows = [r for r in make(level, 1, 8, 48, stays_per_day=60).truth if r.kind == "arrive"]
        share[level] = sum("weak" in row.tags for row in rows) / len(rows)
    assert 0.02 < share["normal"] < 0.07 < share["hard"] < 0.2


def test_a_parked_car_changes_the_field_and_the_distance_of_its_own_space() -> None:
    lot = make("easy", 7, 2, 24, stays_per_day=30)
    for space in lot.spaces:
        arrive, depart = stays(lot.truth, space)[:2]
        before_s, within_s = arrive.mono_ns / NS - 60, (arrive.mono_ns + depart.mono_ns) / 2 / NS
        empty, parked = lot.field_ut(space, before_s), lot.field_ut(space, within_s)
        assert 2.0 < np.linalg.norm(np.subtract(parked, empty)) < 40
        near = lot.distance_m(space, within_s)
        assert near is not None
        assert near < (lot.distance_m(space, before_s) or np.inf)


def test_the_nearest_sample_to_a_truth_is_at_rest_and_the_car_came_from_afar(busy: Lot) -> None:
    visit = next(v for v in busy.world.visits if v.number == 0 and v.parked)
    moving = visit.inward.offset_m(visit.arrive_s - np.array([15.0, 1.0, 0.0]))
    assert moving[0] > 2
    assert moving[1] > 0
    assert moving[2] == 0


def test_readings_have_their_rates_and_keep_to_their_channels() -> None:
    lot = make("easy", 1, 2, 1)
    counts = Counter(reading.channel for reading in lot.readings())
    assert {name: counts[name] for name in ("us0", "mag0", "us1", "mag1", "temp0")} == {
        "us0": 7200,
        "mag0": 36_000,
        "us1": 7200,
        "mag1": 36_000,
        "temp0": 60,
    }
    assert set(counts) <= set(lot.header.channels)


def test_only_late_lines_step_back_in_time_and_no_more_than_two_seconds() -> None:
    lot = make(replace(HARD, late_lines=400.0), 1, 1, 3)
    times = [reading.mono_ns for reading in lot.readings()]
    back = [a - b for a, b in itertools.pairwise(times) if b < a]
    assert back
    assert max(back) <= 2 * NS
    quiet = [r.mono_ns for r in make(replace(HARD, late_lines=0.0), 1, 1, 3).readings()]
    assert quiet == sorted(quiet)


def of(lot: Lot, channel: str, from_s: float, until_s: float) -> list[Reading]:
    found = []
    for reading in lot.space_readings(lot.header.channels[channel].space or ""):
        if reading.mono_ns >= (until_s + 5) * NS:
            break
        inside = from_s + 1 <= reading.mono_ns / NS < until_s - 1
        if reading.channel == channel and inside:
            found.append(reading)
    return found


@pytest.mark.parametrize("sense", ["us", "mag"])
def test_faults_are_seen_in_the_readings_of_their_channel_alone(busy: Lot, sense: str) -> None:
    for number in (0, 1):
        mine = [f for f in busy.world.faults if f.sense == sense and f.number == number]
        clear = [f for f in mine if not any(g.until_s > f.from_s > g.from_s for g in mine)]
        for fault in [f for f in clear if f.flaw == "dropout"][:2]:
            whys = {r.why for r in of(busy, f"{sense}{number}", fault.from_s, fault.until_s)}
            assert whys == ({fault.why} if fault.why else set())


def test_a_lost_echo_is_told_or_held_as_its_sensor_does() -> None:
    told = set()
    for seed in range(12):
        lot = make("hard", seed, 1, 0.2)
        mount = lot.world.mounts[0].echo
        echoes = [r for r in lot.readings() if r.channel == "us0" and r.why in (None, NO_ECHO)]
        if mount.hold_us is None:
            assert any(r.value is None for r in echoes)
        else:
            held = [r.value for r in echoes if isinstance(r.value, float) and r.value > 36_000]
            assert held
            assert all(abs(value - mount.hold_us) < 500 for value in held)
        told.add(mount.hold_us)
    assert None in told and len(told) > 2


def test_plates_are_read_after_arrivals_for_the_share_that_was_asked() -> None:
    def reads(share: float) -> list[Reading]:
        lot = make("normal", 3, 1, 6, stays_per_day=60, plate_share=share)
        return [r for r in lot.readings() if isinstance(r.value, PlateRead)]

    assert reads(0.0) == []
    assert len(reads(1.0)) > 20


def test_months_are_made_in_bounded_memory() -> None:
    lot = make("normal", 1, 1, 24 * 60)
    readings = lot.readings()
    tracemalloc.start()
    try:
        assert sum(1 for _ in itertools.islice(readings, 90_000)) == 90_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_an_unknown_level_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="easy, normal, hard, held-out"):
        make("harder", 1)
