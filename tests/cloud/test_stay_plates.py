"""How far plates are apart: laws, and whose a read is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.plates import (
    ALIKE,
    ALIKE_COST,
    Expected,
    distance,
    match,
    normalise,
)

SIGNS = st.text("ABDOQ01IL8B5S2Z沪京津", max_size=8)
BOOKED = (Expected("b-1", "沪A12345"), Expected("b-2", "京B67890"))


@given(SIGNS, SIGNS)
def test_it_is_as_far_there_as_back_and_zero_only_for_the_same(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) is (one == other)
    assert distance(one, other) <= max(len(one), len(other))


@given(st.text(max_size=30))
def test_normalising_twice_is_as_once_and_is_bounded(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert len(normalise(text)) <= 16


@pytest.mark.parametrize("group", ALIKE)
def test_what_a_camera_confuses_costs_less_than_any_other_difference(group: str) -> None:
    assert distance(f"沪A{group[0]}345", f"沪A{group[1]}345") == ALIKE_COST
    assert distance("沪AC345", "沪AX345") == 1.0


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ("沪A12345", ("accepted", "b-1")),
        ("沪a·１２３４５", ("accepted", "b-1")),
        ("京B6789O", ("accepted", "b-2")),
        ("沪A1234S", ("ambiguous", "b-1")),
        ("沪AIZ34S", ("ambiguous", "b-1")),
        ("沪A1234", ("ambiguous", "b-1")),
        ("津B67890", ("ambiguous", "b-2")),
        ("沪A19945", ("other", None)),
        ("", ("other", None)),
    ],
)
def test_a_read_is_somebodys_only_if_it_is_exactly_theirs(
    read: str, found: tuple[str, str | None]
) -> None:
    verdict = match(read, BOOKED)
    assert (verdict.match, verdict.about) == found


@given(SIGNS, st.integers(0, 7), st.sampled_from("沪ABC1234"))
def test_one_character_is_never_enough_to_be_somebody_else(
    plate: str, place: int, char: str
) -> None:
    read = plate[:place] + char + plate[place + 1 :]
    assert match(read, [Expected("b", plate)]).match != "other"


def test_nobody_is_expected_so_it_is_nobodys() -> None:
    assert match("沪A12345", []).match == "other"
