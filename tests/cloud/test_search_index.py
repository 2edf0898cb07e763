"""The index answers as plain SQL does, at every edge, however it came to be what it is."""

import sqlite3
from dataclasses import replace
from math import cos, radians

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import search_sql
from bench.search_city import BASE_MS, City, asks, city
from cloud.core.search_busy import QUARTER_MS, QUARTERS, Offered, Taken
from cloud.core.search_index import SearchIndex
from cloud.core.search_segment import (
    CELL_M,
    EMPTY,
    LISTED,
    WATCHED,
    Ask,
    Fact,
    columns_of,
    segment,
    segment_of,
)

METRES = 111_320.0
UNTIL_MS = BASE_MS + 20 * 86_400_000
ALWAYS = Offered((BASE_MS,), (UNTIL_MS,))
HERE = (31.2304, 121.4737)
CITIES = (HERE, (-33.8688, 151.2093), (40.7128, -74.0060), (0.0, 0.0), (69.65, 18.96))


def stands(
    north_m: float, east_m: float, origin: tuple[float, float] = HERE
) -> tuple[float, float]:
    lat = origin[0] + north_m / METRES
    return lat, origin[1] + east_m / (METRES * cos(radians(origin[0])))


def fact(space: str, north_m: float = 0.0, **more: object) -> Fact:
    values = {"flags": WATCHED, "offered": ALWAYS} | more
    return Fact(space, *stands(north_m, 0.0), **values)  # type: ignore[arg-type]


def index_of(facts: list[Fact]) -> SearchIndex:
    return SearchIndex(segment_of(facts, BASE_MS), UNTIL_MS)


def ask(begin_ms: int = 0, end_ms: int = QUARTER_MS, **more: object) -> Ask:
    asked = Ask(*HERE, BASE_MS + begin_ms, BASE_MS + end_ms, 800.0, 10)
    return replace(asked, **more)  # type: ignore[arg-type]


def found(index: SearchIndex, asked: Ask) -> list[str]:
    return [hit.space for hit in index.nearest(asked)]


def by_sql(facts: list[Fact], asked: Ask, near: str = "R*Tree") -> search_sql.Answer:
    columns = columns_of(facts)
    times = [(at, *time) for at, one in enumerate(facts) for time in one.taken]
    table = np.array(times, np.int64).reshape(-1, 3)
    built = City(columns, Taken(table[:, 0], table[:, 1], table[:, 2]), UNTIL_MS)
    connection = sqlite3.connect(":memory:")
    search_sql.fill(connection, built)
    told = connection.execute(
        search_sql.statement(near, lazy=False), search_sql.values(asked)
    ).fetchall()
    connection.close()
    return told


# Metres that put spaces on cell borders, on each other, and just inside and outside the radius.
metres = st.one_of(
    st.sampled_from([0.0, CELL_M, -CELL_M, 799.999, 800.0, 800.001, -800.0, 400.0]),
    st.floats(-1000, 1000, allow_nan=False),
)
# Quarter borders, a millisecond off them, within, and beyond the bitmap.
borders = st.sampled_from([0, 1, 2, 4, 95, 96, QUARTERS - 1, QUARTERS, QUARTERS + 4, 1000])
moments = st.tuples(borders, st.sampled_from([0, 1, -1, 7 * 60_000])).map(
    lambda pair: BASE_MS + max(0, pair[0] * QUARTER_MS + pair[1])
)
times = st.tuples(moments, moments).map(sorted).filter(lambda t: t[0] < t[1]).map(tuple)


def merged(windows: list[tuple[int, int]]) -> Offered:
    made: list[tuple[int, int]] = []
    for begin, end in sorted(windows):
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((begin, end))
    return Offered(tuple(a for a, _ in made), tuple(b for _, b in made))


@st.composite
def facts_of(draw: st.DrawFn, origin: tuple[float, float], ids: st.SearchStrategy[str]) -> Fact:
    windows = draw(st.lists(times, min_size=1, max_size=3))
    return Fact(
        draw(ids),
        *stands(draw(metres), draw(metres), origin),
        draw(st.sampled_from([WATCHED, WATCHED, WATCHED | EMPTY, LISTED, 0])),
        draw(st.sampled_from([ALWAYS, merged(windows)])),
        tuple(draw(st.lists(times, max_size=3))),
        draw(st.sampled_from([0, 0, 200])),
    )


@st.composite
def cities(draw: st.DrawFn) -> tuple[list[Fact], list[Fact], Ask]:
    """(as built, changes, a question)"""
    origin = draw(st.sampled_from(CITIES))
    ids = st.integers(0, 30).map(lambda number: f"S{number}")
    each = facts_of(origin, ids)
    built = draw(st.lists(each, max_size=25, unique_by=lambda one: one.space))
    changes = draw(st.lists(each, max_size=8))
    begin, end = draw(times)
    place = stands(draw(metres) / 10, draw(metres) / 10, origin)
    needs = draw(st.sampled_from([LISTED, WATCHED, WATCHED | EMPTY]))
    many, height = draw(st.sampled_from([1, 3, 100])), draw(st.sampled_from([0, 210]))
    return built, changes, Ask(*place, begin, end, 800.0, many, needs, height)


@pytest.mark.parametrize("begin_min", [0, 5])
def test_a_booking_that_only_touches_a_quarter_does_not_exclude(begin_min: int) -> None:
    begin = begin_min * 60_000
    index = index_of([fact("S1", taken=((BASE_MS + begin, BASE_MS + begin + 300_000),))])
    assert found(index, ask(begin + 300_000, begin + 600_000)) == ["S1"]
    assert found(index, ask(begin + 299_999, begin + 600_000)) == []


def test_a_booking_beyond_the_bitmap_excludes_all_the_same() -> None:
    far = BASE_MS + (QUARTERS + 8) * QUARTER_MS
    index = index_of([fact("S1", taken=((far, far + QUARTER_MS),)), fact("S2", 1.0)])
    begin = far - BASE_MS
    assert found(index, ask(begin, begin + 1)) == ["S2"]
    assert found(index, ask(begin - QUARTER_MS, begin)) == ["S1", "S2"]


def test_a_window_within_one_offered_day_is_free_and_across_the_closed_night_is_not() -> None:
    hour = 3_600_000
    days = Offered(
        (BASE_MS + 8 * hour, BASE_MS + 32 * hour), (BASE_MS + 20 * hour, BASE_MS + 44 * hour)
    )
    index = index_of([fact("S1", offered=days)])
    assert found(index, ask(8 * hour, 20 * hour)) == ["S1"]
    assert found(index, ask(19 * hour, 33 * hour)) == []
    assert found(index, ask(8 * hour - 1, 9 * hour)) == []


def test_equal_distances_go_by_id_in_whatever_cells_they_lie() -> None:
    index = index_of([fact("S9", CELL_M), fact("S10", -CELL_M), fact("S1", CELL_M)])
    squares = [hit.square_m2 for hit in index.nearest(ask())]
    assert squares == sorted(squares)
    near = index_of([fact(name) for name in ("S9", "S10", "S1", "车位")])
    assert found(near, ask(many=3)) == ["S1", "S10", "S9"]


def test_equal_distances_in_two_cells_go_by_id_not_by_cell() -> None:
    west = Fact("S2", 0.0, -0.003, WATCHED, ALWAYS)
    east = Fact("S1", 0.0, 0.003, WATCHED, ALWAYS)
    asked = replace(ask(), lat=0.0, lon=0.0)
    assert found(index_of([west, east]), asked) == ["S1", "S2"]
    assert found(index_of([west, east]), replace(asked, many=1)) == ["S1"]


def test_the_whole_radius_is_searched_however_near_the_first_one_is() -> None:
    lon = [HERE[1] + metre / (METRES * cos(radians(HERE[0]))) for metre in range(-780, 781, 60)]
    row = [Fact(f"S{at:02}", HERE[0], one, WATCHED, ALWAYS) for at, one in enumerate(lon)]
    column = [fact(f"T{metre}", float(metre)) for metre in range(-780, 781, 60)]
    everything = index_of([*row, *column])
    assert len(found(everything, ask(many=100))) == len(row) + len(column)


def test_a_cancelled_booking_frees_the_space_at_once() -> None:
    index = index_of([fact("S1", taken=((BASE_MS, BASE_MS + QUARTER_MS),))])
    assert found(index, ask()) == []
    index.put([fact("S1")])
    assert found(index, ask()) == ["S1"]
    index.put([fact("S1", taken=((BASE_MS, BASE_MS + QUARTER_MS),))])
    assert found(index, ask()) == []


def test_a_moved_a_new_and_a_closed_space_are_found_where_they_are_now() -> None:
    index = index_of([fact("S1"), fact("S2", 10.0), fact("S3", 20.0)])
    index.put([fact("S1", 30.0), fact("S4", 5.0), fact("S2", 10.0, flags=0)])
    assert found(index, ask()) == ["S4", "S3", "S1"]
    index.put([fact("S1")])
    assert found(index, ask()) == ["S1", "S4", "S3"]


def test_many_open_quarters_at_once_are_compared_exactly() -> None:
    """More of them than are looked at one by one, some changed since the building."""
    half = (BASE_MS, BASE_MS + 600_000)
    index = index_of([fact(f"S{n:02}", float(n), taken=(half,)) for n in range(40)])
    assert found(index, ask(600_000, 900_000, many=40)) == [f"S{n:02}" for n in range(40)]
    index.put([fact("S07", 7.0, taken=((BASE_MS, BASE_MS + 600_001),))])
    assert "S07" not in found(index, ask(600_000, 900_000, many=40))


def test_the_index_says_for_which_times_it_may_be_asked() -> None:
    index = index_of([fact("S1")])
    assert index.covers(ask())
    assert not index.covers(ask(-1, 5))
    assert not index.covers(ask(0, UNTIL_MS - BASE_MS + 1))


@settings(max_examples=100, deadline=None)
@given(cities(), st.sampled_from(sorted(search_sql.NEAR)))
def test_answers_equal_plain_sql_before_and_after_changes(
    drawn: tuple[list[Fact], list[Fact], Ask], near: str
) -> None:
    built, changes, asked = drawn
    index = index_of(built)
    known = {one.space: one for one in built}
    answer = [(hit.space, hit.square_m2) for hit in index.nearest(asked)]
    assert answer == by_sql(list(known.values()), asked, near)
    for change in changes:
        index.put([change])
        known[change.space] = change
    answer = [(hit.space, hit.square_m2) for hit in index.nearest(asked)]
    assert answer == by_sql(list(known.values()), asked, near)


def test_a_larger_city_answers_as_sql_does() -> None:
    made = city(20_000, 60_000, seed=3)
    index = SearchIndex(segment(made.columns, made.taken, BASE_MS), made.until_ms)
    connection = sqlite3.connect(":memory:")
    search_sql.fill(connection, made)
    engine = search_sql.engines(connection)["SQLite R*Tree"]
    questions = [replace(one, radius_m=3_000.0) for one in asks(40)]
    for asked in (*questions, *asks(20, whole=True)):
        assert [(hit.space, hit.square_m2) for hit in index.nearest(asked)] == engine(asked)
    connection.close()
