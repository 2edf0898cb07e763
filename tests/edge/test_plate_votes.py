from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plate_lines import ALPHABET, noisy_lines, said, seen

from edge.core.plate_decoding import Line
from edge.core.plate_regions import CN, EU
from edge.core.plate_verdicts import decide
from edge.core.plate_votes import MOST_GLIMPSES, tally


@settings(max_examples=25, deadline=None)
@given(st.lists(noisy_lines(), min_size=2, max_size=4), st.data())
def test_votes_do_not_depend_on_the_order_of_frames(lines, data) -> None:
    glimpses = [seen(line, at=float(number)) for number, line in enumerate(lines)]
    other = data.draw(st.permutations(glimpses))
    expected = ["沪A12345", "粤BD12345"]
    assert tally(glimpses, CN, expected) == tally(other, CN, expected)


def test_frames_that_each_misread_another_place_are_right_together() -> None:
    frames = [
        said("沪A12345", at2=("7", 0.6)),
        said("沪A12345", at4=("8", 0.6)),
        said("沪A12345", at6=("6", 0.6)),
    ]
    assert all(tally([seen(it)], CN, []).free[0].text != "沪A12345" for it in frames)
    together = tally([seen(it, at=float(n)) for n, it in enumerate(frames)], CN, [])
    assert (together.free[0].text, together.frames) == ("沪A12345", 3)


def test_a_reader_counts_by_its_weight_in_the_region() -> None:
    one, other = said("沪A12345", reader="own"), said("沪A12346", reader="ppocr-v4")
    for weights, text in ((("own", 2.0), "沪A12345"), (("own", 0.5), "沪A12346")):
        region = replace(CN, weights=(weights,))
        assert tally([seen(one, other)], region, []).free[0].text == text
    assert tally([seen(one, other)], replace(CN, weights=(("own", 0.0),)), []).weight == 1.0


def test_expected_plates_are_named_as_the_lot_spells_them() -> None:
    counted = tally([seen(said("RKO99AN"))], EU, ["rk-099-an", "RKO99AN", "LM298AI", ""])
    assert [it.text for it in counted.expected] == ["RK099AN", "LM298AI"]


def test_an_expected_plate_that_no_reader_can_say_is_not_forgotten() -> None:
    counted = tally([seen(said("MUAB123"))], EU, ["MÜ-AB123", "LM298AI"])
    assert [it.text for it in counted.expected] == ["LM298AI"]
    assert counted.unscored == ("MÜAB123",)


def test_what_folds_alike_is_one_candidate_in_its_likeliest_spelling() -> None:
    free = tally([seen(said("RKO99AN", at2=("0", 0.3)))], EU, []).free
    assert free[0].text == "RK099AN"
    assert len({EU.fold(it.text) for it in free}) == len(free)


def test_no_more_than_the_surest_glimpses_are_counted() -> None:
    sure = [seen(said("沪A12345"), at=float(n)) for n in range(MOST_GLIMPSES)]
    doubtful = [replace(seen(said("粤B99999"), at=n + 0.5), found=0.1) for n in range(40)]
    counted = tally([*doubtful, *sure], CN, [])
    assert counted.frames == MOST_GLIMPSES
    assert decide(counted).free == "沪A12345"


@pytest.mark.parametrize(
    "line",
    [
        Line(said("").log_probs[:0], ALPHABET),
        Line(said("沪A12345").log_probs, ALPHABET, region="us"),
    ],
)
def test_glimpses_that_say_nothing_make_an_empty_tally(line) -> None:
    counted = tally([seen(line), seen()], CN, ["沪A12345"])
    assert (counted.free, counted.expected, counted.frames) == ((), (), 0)
    assert decide(counted).verdict == "none"
