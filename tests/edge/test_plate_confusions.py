"""What a reader often takes for something else counts for less, however often it says it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.fake_plates import line_of
from edge.core.plate_decoding import Line, heard, likelihoods
from edge.core.plate_regions import PLATE_CHARS, REGIONS
from edge.core.plate_verdicts import decide
from edge.core.plate_votes import Glimpse, tally

CN = REGIONS["cn"]
QUAD = ((0.0, 0.0), (100.0, 0.0), (100.0, 30.0), (0.0, 30.0))


def said(text: str, reader: str, sure: float = 0.999) -> Line:
    line = line_of(text, sure)
    return Line(line.log_probs, line.alphabet, reader)


@given(st.text(alphabet=PLATE_CHARS, min_size=1, max_size=8), st.floats(0.3, 0.999))
def test_a_doubted_line_is_a_line_still(text: str, sure: float) -> None:
    line = heard(said(text, "ppocr-v4", sure), CN)
    assert np.allclose(np.exp(line.log_probs).sum(axis=1), 1, atol=1e-4)
    assert line.reader == "ppocr-v4" and set(line.alphabet.chars) == {"", *CN.chars}


def test_a_zero_may_have_been_a_q_and_a_four_is_a_four() -> None:
    both = ["沪A40321", "沪A4Q321", "沪AQ0321"]
    sure = likelihoods(heard(said("沪A40321", "own"), CN), both)
    spread = likelihoods(heard(said("沪A40321", "ppocr-v4"), CN), both)
    assert sure[0] - sure[1] > 4 > 2 > spread[0] - spread[1] > 1
    assert spread[0] - spread[2] > 4


def test_what_was_measured_of_one_countrys_letters_says_nothing_of_anothers() -> None:
    us, texts = REGIONS["us"], ["ABC40", "ABC4Q"]
    one, other = (
        likelihoods(heard(said("ABC40", name), us), texts) for name in ("own", "ppocr-v4")
    )
    assert np.allclose(one, other)


def frames_of(zero_by_ppocr: str, by_own: str) -> list[Glimpse]:
    lines = [said(zero_by_ppocr, name) for name in ("ppocr-v4", "ppocr-v6")]
    lines.append(said(by_own, "own"))
    return [Glimpse(tuple(lines), QUAD, 0.9)] * 3


def test_two_readers_that_make_one_mistake_in_every_frame_do_not_charge_another_driver() -> None:
    sight = decide(tally(frames_of("川N12074", "川N12Q74"), CN, ["川N12074", "沪A12345"]))
    assert sight.verdict != "accepted"


def test_the_expected_car_is_accepted_where_all_three_agree() -> None:
    sight = decide(tally(frames_of("川N12074", "川N12074"), CN, ["川N12074", "沪A12345"]))
    assert (sight.verdict, sight.text) == ("accepted", "川N12074")
