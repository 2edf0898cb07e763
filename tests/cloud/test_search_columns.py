"""Arrays of a city say the same as each of its rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.places import blurred
from cloud.core.search_columns import Column, Names, all_blurred, hashes, texts

DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(st.lists(DEGREES, max_size=30))
def test_all_places_are_blurred_as_each_is(places: list[tuple[float, float]]) -> None:
    table = np.array(places, np.float64).reshape(-1, 2)
    lat, lon = all_blurred(table[:, 0], table[:, 1])
    assert list(zip(lat.tolist(), lon.tolist())) == [blurred(*place) for place in places]


@given(st.lists(st.text("aÄ沪9-", min_size=1), unique=True), st.lists(st.text("aÄ沪9-")))
def test_a_name_is_found_where_it_stands_and_no_other_is(
    known: list[str], asked: list[str]
) -> None:
    names = Names(texts(known), hashes(known))
    for name, row, there in zip(asked + known, *names.rows(asked + known)):
        assert there == (name in known)
        assert not there or known[row] == name


def test_two_names_of_the_same_bits_are_not_taken_for_each_other() -> None:
    bits = hashes(["asked"])
    rows, there = Names(texts(["other"]), bits).rows(["asked"])
    assert (rows.tolist(), there.tolist()) == ([0], [False])


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1))))
def test_a_column_holds_what_was_added_in_order(parts: list[list[int]]) -> None:
    column = Column(np.int32)
    for part in parts:
        column.add(np.array(part, np.int64))
    assert column.array().tolist() == [number for part in parts for number in part]
