from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plate_lines import ALPHABET, noisy_lines, said

from edge.core.plate_decoding import Alphabet, Line, best, likelihoods, narrowed
from edge.core.plate_regions import BR, CN, EU, REGIONS, US
from edge.core.plate_search import search


def spelt_out(line: Line, text: str) -> float:
    """The sum over every path, one by one."""
    chars, total = line.alphabet.chars, 0.0
    for path in product(range(len(chars)), repeat=len(line.log_probs)):
        if "".join(chars[at] for at, _ in groupby(path)) == text:
            total += float(np.exp(sum(row[at] for row, at in zip(line.log_probs, path))))
    return total


@settings(max_examples=40, deadline=None)
@given(noisy_lines(chars="AB", steps=6), st.lists(st.text("AB", max_size=4), max_size=4))
def test_a_likelihood_is_the_sum_over_all_paths_that_say_the_text(line, texts) -> None:
    told = np.exp(likelihoods(line, texts))
    assert told == pytest.approx([spelt_out(line, text) for text in texts], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(noisy_lines(chars="AB", steps=5))
def test_the_likelihoods_of_all_texts_add_up_to_one(line) -> None:
    steps = len(line.log_probs)
    every = ["".join(chars) for size in range(steps + 1) for chars in product("AB", repeat=size)]
    assert np.exp(likelihoods(line, every)).sum() == pytest.approx(1.0, abs=1e-5)


def test_texts_scored_together_score_as_alone_however_long() -> None:
    line = said("沪A12345")
    texts = ["沪A12345", "沪A1234", "", "沪A12345678", "沪A11111"]
    together = likelihoods(line, texts)
    assert together == pytest.approx([likelihoods(line, [text])[0] for text in texts])
    assert together.argmax() == 0


def test_a_text_that_cannot_be_has_no_likelihood() -> None:
    line = said("AB")
    impossible = likelihoods(line, ["ABCDEFGHIJ", "AΩ", "AB"])
    assert list(np.isfinite(impossible)) == [False, False, True]
    assert likelihoods(line, []).shape == (0,)


def test_a_thousand_steps_do_not_run_out_of_numbers() -> None:
    steps = np.full((1000, 3), np.log(1e-20), np.float32)
    steps[:, 0] = np.log(0.5)
    assert likelihoods(Line(steps, Alphabet(("", "A", "B"))), ["A"])[0] < -600


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_is_seen_every_candidate_fits_a_shape(region, data) -> None:
    found = best([data.draw(noisy_lines())], region, many=30)
    assert all(region.fits(it.text) for it in found)
    assert [it.log_prob for it in found] == sorted((it.log_prob for it in found), reverse=True)
    assert len({it.text for it in found}) == len(found)


@settings(max_examples=40, deadline=None)
@given(noisy_lines(chars="A0", steps=7))
def test_the_search_finds_the_best_path_of_each_shape(line) -> None:
    """Against all paths: the alphabet is blank, A, 0; the shapes are A0 and 0*."""
    allowed = np.zeros((2, 2, 3), bool)
    allowed[0, 0, 1] = allowed[0, 1, 2] = allowed[1, 0, 2] = allowed[1, 1, 1] = True
    allowed[1, 1, 2] = True
    found = {it.shape: it.log_prob for it in search(line.log_probs, allowed, (2, 2))}
    for shape, texts in enumerate((("A0",), ("0A", "00"))):
        paths = [
            sum(float(row[at]) for row, at in zip(line.log_probs, path))
            for path in product(range(3), repeat=len(line.log_probs))
            if "".join(line.alphabet.chars[at] for at, _ in groupby(path)) in texts
        ]
        if paths:
            assert found[shape] == pytest.approx(max(paths), abs=1e-4)
        else:
            assert shape not in found


@pytest.mark.parametrize(
    ("region", "text"),
    [(CN, "沪A12345"), (CN, "粤BD12345"), (BR, "ABC1D23"), (EU, "AA11111"), (US, "7CID930")],
)
def test_a_clear_plate_is_read_as_it_is(region, text: str) -> None:
    assert best([said(text)], region)[0].text == text


@pytest.mark.parametrize(
    ("region", "read", "meant"),
    [(CN, "沪AI2345", "沪A12345"), (BR, "0BC1234", "OBC1234"), (EU, "RKO99AN", "RK099AN")],
)
def test_the_shape_corrects_what_the_reader_confused(region, read: str, meant: str) -> None:
    half = {"沪AI2345": "at2", "0BC1234": "at0", "RKO99AN": "at2"}[read]
    place = int(half.removeprefix("at"))
    assert best([said(read, **{half: (meant[place], 0.3)})], region)[0].text == meant


def test_a_doubtful_character_gives_the_runner_up() -> None:
    first, second = best([said("沪A12345", at5=("8", 0.4))], CN)[:2]
    assert (first.text, second.text) == ("沪A12345", "沪A12385")
    assert 0 < first.log_prob - second.log_prob < 1.5


def test_two_readers_outvote_what_one_of_them_misread() -> None:
    wrong, right = said("沪A12845", at4=("3", 0.3)), said("沪A12345")
    assert best([wrong], CN)[0].text == "沪A12845"
    assert best([wrong, right], CN)[0].text == "沪A12345"


def test_a_line_read_for_another_region_does_not_count() -> None:
    band = Line(said("8079882").log_probs, ALPHABET, "ppocr-v6", region="us")
    assert best([band], EU) == ()
    assert best([band, said("RK099AN")], EU)[0].text == "RK099AN"


@pytest.mark.parametrize("lines", [[], [Line(np.zeros((0, 76), np.float32), ALPHABET)]])
def test_nothing_seen_gives_no_candidate(lines) -> None:
    assert best(lines, CN) == ()


def test_narrowing_folds_case_width_and_dots_and_drops_what_no_plate_has() -> None:
    alphabet = Alphabet(("", "a", "Ａ", "·", "\ufffd", "湖", "B"))
    line = Line(np.log(np.full((1, 7), 1 / 7, np.float32)), alphabet, "own")
    told = np.exp(narrowed(line, "AB", floor=0.0).log_probs[0])
    assert told == pytest.approx([2 / 5, 2 / 5, 1 / 5], abs=1e-6)
    assert narrowed(line, "AB").reader == "own"


def test_narrowing_folds_what_a_region_does_not_tell_apart() -> None:
    line = narrowed(said("O0", sure=0.9), US.chars, US.same, floor=0.0)
    assert "O" not in line.alphabet.chars
    assert line.alphabet.classes("00") is not None
    assert np.exp(line.log_probs).sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
