"""Many requests at once: as many served as can be, and of those ways the least walk."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.assigning import MAX_PAIRS, Assigned, Choice, one_by_one, together

metres = st.one_of(st.sampled_from([0.0, 100.0, 800.0]), st.floats(0, 800))
tables = st.lists(st.dictionaries(st.integers(0, 4), metres, max_size=5), max_size=5)
Table = list[dict[int, float]]


def choices(table: Table) -> list[Choice]:
    return [
        Choice(np.array(list(one), np.int64), np.array(list(one.values()), np.float64))
        for one in table
    ]


def best(table: Table) -> tuple[int, float]:
    """(served, walk) of the best of all ways, tried one by one."""
    found = [(0, 0.0)]
    # Whoever draws a number that no space has stays out.
    for drawn in permutations(range(5 + len(table)), len(table)):
        walks = [one[space] for one, space in zip(table, drawn) if space in one]
        found.append((len(walks), sum(walks)))
    return min(found, key=lambda pair: (-pair[0], pair[1]))


def valid(table: Table, made: Assigned) -> bool:
    given_out = [space for space in made.spaces if space is not None]
    each = all(space is None or space in one for one, space in zip(table, made.spaces))
    return each and len(given_out) == len(set(given_out))


@settings(max_examples=60, deadline=None)
@given(tables.filter(lambda table: len(table) <= 4))
def test_no_other_way_serves_more_or_walks_less(table: Table) -> None:
    made = together(choices(table))
    served, walk_m = best(table)
    assert valid(table, made)
    assert made.served == served
    assert made.walk_m == pytest.approx(walk_m)


@given(tables)
def test_first_come_first_served_is_valid_and_never_better(table: Table) -> None:
    greedy, made = one_by_one(choices(table)), together(choices(table))
    assert valid(table, greedy)
    assert greedy.served <= made.served
    assert greedy.served < made.served or made.walk_m <= greedy.walk_m + 1e-6


def test_the_first_does_not_take_what_only_the_second_can_have() -> None:
    table = [{1: 10.0, 2: 20.0}, {1: 15.0}]
    assert one_by_one(choices(table)).spaces == (1, None)
    assert together(choices(table)).spaces == (2, 1)


def test_a_long_way_for_one_is_better_than_nobody_for_another() -> None:
    """However far all the others walk."""
    table = [{0: 0.0, 9: 800.0}, {0: 0.0}, {5: 1.0}]
    assert together(choices(table)).spaces == (9, 0, 5)


def test_more_pairs_than_can_be_looked_at_are_refused() -> None:
    many = np.zeros(MAX_PAIRS // 2 + 1)
    one = Choice(many.astype(np.int64), many)
    with pytest.raises(ValueError, match="pairs"):
        together([one, one])
