"""The bench of simulated arrivals: who comes is right, and what it counts."""

import pickle
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import plate_arrivals, plate_looks
from bench.plate_arrivals import Outcome, figures
from bench.plate_lot import CAMERAS, EXPECTED, arrival, expected_plates, frames, near
from edge.core.plate_regions import REGIONS
from edge.core.plates import fold, one_edit_apart

KNOWN = expected_plates()


def outcome(number: int, kind: str, plate: str, said: str, verdict: str) -> Outcome:
    return Outcome(number, kind, plate, said, verdict, 0.9, 5, False, 0.0, 0.0)  # type: ignore[arg-type]


@given(st.integers(0, 10**6))
def test_an_impostor_is_one_character_from_an_expected_plate_and_none_of_them(seed: int) -> None:
    rng = Random(seed)
    text = rng.choice(KNOWN)
    made = near(text, KNOWN, rng)
    assert one_edit_apart(text, made) and len(made) == len(text)
    assert fold(made) not in set(map(fold, KNOWN)) and REGIONS["cn"].fits(made)


def test_most_are_expected_and_a_tenth_each_are_impostors_and_follow_an_expected_car() -> None:
    came = [arrival(number, KNOWN) for number in range(400)]
    kinds = [one.kind for one in came]
    assert (kinds.count("expected"), kinds.count("stranger")) == (220, 100)
    assert kinds.count("near") > kinds.count("neighbour") > 0 and kinds.count("lane") == 40
    assert all((one.passing in KNOWN) == (one.kind == "lane") for one in came)
    for one in came:
        assert (one.plate in KNOWN) == (one.kind == "expected")
        assert one.kind != "neighbour" or set(one.beside) & set(KNOWN)
    assert len({one.camera for one in came}) > CAMERAS / 2
    assert len(set(KNOWN)) == EXPECTED
    assert any(one.sky.night for one in came) and any(one.sky.rain for one in came)


def test_an_arrival_is_the_same_whoever_makes_it_and_its_frames_differ() -> None:
    one, again = (list(frames(arrival(7, KNOWN))) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert all((a != b).any() for a, b in zip(one, one[1:]))


def test_only_an_accepted_plate_that_the_car_does_not_carry_is_a_wrong_charge() -> None:
    found = [
        outcome(0, "expected", "沪A12345", "沪A12345", "accepted"),
        outcome(1, "expected", "沪A12345", "沪A12345", "ambiguous"),
        outcome(2, "expected", "沪A12345", "沪A12346", "other"),
        outcome(3, "near", "沪A12346", "沪A12345", "accepted"),
        outcome(4, "near", "沪A12346", "沪A12346", "other"),
        outcome(5, "stranger", "粤B98K76", "", "none"),
    ]
    told = figures(found)
    assert (told["wrongly_charged"], told["arrivals"]) == (1, 6)
    assert told["to_a_person"] == pytest.approx(1 / 6)
    assert (told["recognised"], told["missed"]) == pytest.approx((1 / 3, 1 / 3))
    assert told["impostors_denied"] == 0.5


def test_looks_are_kept_and_another_model_looks_again(tmp_path: Path) -> None:
    model = tmp_path / "a.onnx"
    model.write_bytes(b"one")
    before = plate_looks.digest(model)
    folder = tmp_path / before
    folder.mkdir()
    kept = [(number, [[]] * 3) for number in range(plate_looks.BLOCK)]
    (folder / "00000.pickle").write_bytes(pickle.dumps(kept))
    found = list(plate_looks.looks(3, 7, model, tmp_path))
    assert [number for number, _ in found] == [3, 4, 5, 6]
    model.write_bytes(b"other")
    assert plate_looks.digest(model) != before


def test_who_was_not_seen_is_charged_nothing() -> None:
    one = arrival(0, KNOWN)
    blind: plate_looks.Looks = [[], [], []]
    told = plate_arrivals.outcome(one, blind, KNOWN, plate_arrivals.granted(KNOWN))
    assert told.verdict == "none" and not told.wrong and told.missed
