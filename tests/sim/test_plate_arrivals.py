"""The bench of simulated arrivals: who comes is right, and what it counts."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plate_arrivals import Outcome, figures, kept
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


def test_a_third_are_expected_a_third_strangers_and_a_third_impostors() -> None:
    came = [arrival(number, KNOWN) for number in range(300)]
    kinds = [one.kind for one in came]
    assert (kinds.count("expected"), kinds.count("stranger")) == (100, 100)
    assert kinds.count("near") > 2 * kinds.count("neighbour") > 0
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


def test_what_was_made_is_found_again_but_for_a_line_cut_off_or_another_detectors(
    tmp_path: Path,
) -> None:
    model, into = tmp_path / "a.onnx", tmp_path / "kept" / "a.jsonl"
    model.write_bytes(b"one")
    assert kept(into, model, whole=False) == {}
    line = json.dumps({name: getattr(ONE, name) for name in Outcome.__slots__})
    into.write_text(into.read_text() + line + "\n" + line[:20], "utf-8")
    assert kept(into, model, whole=False) == {3: ONE}
    assert into.read_text("utf-8").endswith(line + "\n")
    model.write_bytes(b"other")
    with pytest.raises(SystemExit, match="made otherwise"):
        kept(into, model, whole=False)


ONE = outcome(3, "near", "沪A12346", "沪A12345", "ambiguous")
