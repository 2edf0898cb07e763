"""A read of a measured reader carries how sure it is; others are matched as ever."""

import pytest
from edge_rig import MAY_1, make_grant
from hypothesis import given
from hypothesis import strategies as st

from edge.core.plates import (
    SURE_TO_ACCEPT,
    SURE_TO_DENY,
    again,
    edits,
    match,
    one_edit_apart,
    voted,
)
from edge.core.readings import PlateRead, Reading
from edge.core.trace_lines import BadLine, format_reading, parse_reading

FAR = make_grant(id="g-2", plates=("粤B99999",))


def read(text: str, sure: float | None) -> PlateRead:
    return PlateRead(text, 0.9, sure)


@pytest.mark.parametrize(
    ("said", "grants", "expected"),
    [
        (read("沪A12345", SURE_TO_ACCEPT), [make_grant()], ("accepted", "g-1")),
        (read("沪A12345", 0.0), [make_grant()], ("ambiguous", "g-1")),
        (read("沪A12345", None), [make_grant()], ("accepted", "g-1")),
        (read("沪A12346", SURE_TO_DENY), [make_grant()], ("other", None)),
        (read("沪A12346", SURE_TO_DENY - 0.01), [make_grant()], ("ambiguous", "g-1")),
        (read("沪A12346", None), [make_grant()], ("ambiguous", "g-1")),
        (read("粤A12345", 0.0), [FAR, make_grant()], ("ambiguous", "g-1")),
        (read("粤B99123", 0.0), [make_grant(), FAR], ("ambiguous", "g-2")),
        (read("粤B99123", None), [make_grant(), FAR], ("other", None)),
        (read("沪A12345", 0.0), [], ("other", None)),
        (read("沪A12345", 1.0), [FAR], ("other", None)),
        (read("沪A12345", 0.5), [FAR], ("other", None)),
        (read("沪A12345", 0.1), [FAR], ("ambiguous", "g-2")),
        (read("粤B93949", 0.5), [FAR], ("ambiguous", "g-2")),
        (read("B99999", 0.5), [FAR], ("ambiguous", "g-2")),
    ],
)
def test_a_measured_read_is_denied_or_left_to_a_person_by_how_sure_it_is(
    said, grants, expected
) -> None:
    verdict = match(said, grants, MAY_1)
    assert (verdict.match, verdict.grant) == expected
    assert verdict.text == said.text


@pytest.mark.parametrize(
    ("reads", "text", "sure"),
    [
        ([read("沪A12345", 0.9), read("沪a·12345", 0.99)], "沪A12345", 0.99),
        ([read("沪A12345", 0.9), read("沪A12345", None)], "沪A12345", 0.9),
        ([read("沪A12345", None)], "沪A12345", None),
        ([read("沪A12345", 0.9), read("沪A12346", 0.75)], "沪A12345", 0.25),
        ([PlateRead("沪A12345", 0.9), PlateRead("沪A12346", 0.2, 0.9)], "沪A12345", 0.1),
        ([PlateRead("沪A12345", 0.9), PlateRead("沪A12346", 0.2, 0.6)], "沪A12345", 0.4),
        ([PlateRead("沪A12345", 0.9), PlateRead("沪A12346", 0.2, 0.0)], "沪A12345", None),
        ([read("ABC1O23", 0.9), PlateRead("ABC1023", 0.8, 0.95)], "ABC1O23", 0.05),
    ],
)
def test_a_vote_is_as_sure_as_its_surest_read_and_less_as_another_is(reads, text, sure) -> None:
    won = voted(reads)
    assert won is not None
    assert (won.text, won.sure) == (text, sure if sure is None else pytest.approx(sure))
    assert voted(reversed(reads)) == won


def test_a_sure_read_outvoted_by_plain_cameras_leaves_their_plate_to_a_person() -> None:
    plain = [PlateRead("沪A12345", 0.6), PlateRead("沪A12345", 0.6)]
    won = voted([*plain, read("京B67890", 0.99)])
    assert match(won, [make_grant()], MAY_1).match == "ambiguous"
    assert match(voted(plain), [make_grant()], MAY_1).match == "accepted"


@pytest.mark.parametrize(("sure", "found"), [(None, "accepted"), (0.99, "ambiguous")])
def test_a_digit_for_a_letter_is_the_same_to_a_plain_camera_and_not_to_a_measured_reader(
    sure, found
) -> None:
    assert match(read("ABC1023", sure), [make_grant(plates=("ABC1O23",))], MAY_1).match == found
    assert (
        match(read("abc1o23", 0.99), [make_grant(plates=("ABC1O23",))], MAY_1).match == "accepted"
    )


def test_a_doubtful_read_of_the_same_car_does_not_make_it_another() -> None:
    before = match(read("沪A12345", 0.95), [make_grant()], MAY_1)
    assert again(read("沪A12345", 0.95), before, [make_grant()], MAY_1) is before
    assert again(None, before, [make_grant()], MAY_1) is before
    assert again(read("沪A12345", 0.5), before, [make_grant()], MAY_1) is before
    assert again(read("沪A12345", 0.0), before, [make_grant()], MAY_1).match == "ambiguous"
    assert again(read("沪A12346", 0.5), before, [make_grant()], MAY_1).match == "ambiguous"
    assert again(read("粤B99999", 0.95), before, [make_grant()], MAY_1).match == "other"


@given(st.text("A01", max_size=6), st.text("A01", max_size=6))
def test_edits_are_symmetric_and_one_is_one_edit_apart(a: str, b: str) -> None:
    assert edits(a, b) == edits(b, a)
    assert (edits(a, b) == 0) is (a == b)
    assert (edits(a, b) == 1) is one_edit_apart(a, b)


@given(st.text("A01", max_size=6), st.text("A01", max_size=6), st.text("A01", max_size=6))
def test_edits_never_grow_by_a_detour(a: str, b: str, c: str) -> None:
    assert edits(a, c) <= edits(a, b) + edits(b, c)


@pytest.mark.parametrize("sure", [None, 0.0, 0.875, 1.0])
def test_a_trace_keeps_how_sure_a_read_is(sure) -> None:
    reading = Reading(1, "cam0", read("沪A12345", sure))
    line = format_reading(reading)
    assert parse_reading(line) == reading
    assert ("sure" in line) is (sure is not None)


def test_a_trace_whose_sureness_is_no_share_is_refused_with_its_place() -> None:
    line = '{"t":1,"ch":"cam0","v":{"text":"A1","confidence":0.5,"sure":%s}}'
    assert parse_reading(line % "null") == Reading(1, "cam0", PlateRead("A1", 0.5))
    with pytest.raises(BadLine, match=r"v\.sure is not from 0 to 1"):
        parse_reading(line % "1.5")
