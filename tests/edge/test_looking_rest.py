"""Who parked is told by frames of a car at rest, of a live camera; whoever passed or stood there
before names nobody."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looking_rig import NEIGHBOUR, OWN, STRANGER, Gate

from edge.adapters.fake_plates import PLACE, glimpse_of
from edge.core.plate_regions import REGIONS
from edge.core.plate_tracks import sight_of, tracks_of
from edge.core.plate_verdicts import Sight
from edge.core.plate_votes import Glimpse
from edge.plate_ports import Quad

BESIDE: Quad = ((400.0, 300.0), (540.0, 300.0), (540.0, 340.0), (400.0, 340.0))
SMALLER: Quad = ((400.0, 100.0), (490.0, 100.0), (490.0, 126.0), (400.0, 126.0))
FAR: Quad = ((10.0, 10.0), (50.0, 10.0), (50.0, 22.0), (10.0, 22.0))
CN = [REGIONS["cn"]]
E, S, E_BESIDE, S_BESIDE = (
    glimpse_of(text, quad=quad) for quad in (PLACE, BESIDE) for text in (OWN, STRANGER)
)
UNREAD = glimpse_of(STRANGER, 0.01, BESIDE)


def seen(*frames: list[Glimpse], at_rest: int = 3, around: tuple[Glimpse, ...] = ()) -> Sight:
    """OWN is expected."""
    return sight_of(frames, CN, (OWN,), around, at_rest)


def passes_then_stands(passes: Glimpse, *stands: Glimpse, plates: str = "") -> Gate:
    """The first is in view for three seconds, as something comes that then stands there."""
    gate = Gate(plates=f"plates: {{regions: [cn]{plates}}}\n")
    gate.grant(plates=(OWN,))
    gate.run(60).shows(passes)
    gate.car = True
    gate.run(3).shows(*stands)
    return gate.run(40)


def test_the_booked_car_passed_and_who_parked_shows_no_plate() -> None:
    gate = passes_then_stands(E)
    assert gate.arrival() == ("ambiguous", "g-1", None) and gate.readings == []


@pytest.mark.parametrize("more", ["", ", pace_s: 0.5", ", frames: 8, pace_s: 0.5"])
def test_the_booked_car_passed_and_who_parked_is_another(more: str) -> None:
    assert passes_then_stands(E, S_BESIDE, plates=more).arrival() == ("other", None, STRANGER)


@pytest.mark.parametrize("place", [PLACE, BESIDE])
@pytest.mark.parametrize("sure", [0.4, 0.3, 0.2, 0.1])
def test_the_booked_car_passed_and_the_plate_of_who_parked_is_dirty(
    sure: float, place: Quad
) -> None:
    gate = passes_then_stands(E, glimpse_of(STRANGER, sure, place))
    assert gate.arrival()[0] in ("ambiguous", "other")
    for frames in (1, 2, 3):
        dirty = [[glimpse_of(STRANGER, sure, place)]] * frames
        assert seen([E], [E], [E], *dirty, at_rest=frames).verdict != "accepted"


def test_a_stranger_passed_and_who_parked_is_booked() -> None:
    assert passes_then_stands(S, E_BESIDE).arrival() == ("accepted", "g-1", OWN)


PLATES = st.builds(
    cache(glimpse_of),
    st.sampled_from([OWN, STRANGER, NEIGHBOUR]),
    st.sampled_from([0.98, 0.3, 0.01]),
    st.sampled_from([PLACE, BESIDE, SMALLER, FAR]),
)
FRAMES = st.lists(st.lists(PLATES, max_size=2), max_size=3)


@settings(deadline=None, max_examples=40)
@given(FRAMES, FRAMES)
def test_what_was_seen_before_a_car_stood_there_changes_nothing(
    lane: list[list[Glimpse]], rest: list[list[Glimpse]]
) -> None:
    assert seen(*lane, *rest, at_rest=len(rest)) == seen(*rest, at_rest=len(rest))


@settings(deadline=None, max_examples=40)
@given(FRAMES, st.lists(PLATES, max_size=2))
def test_nobody_is_accepted_because_of_what_stood_there_before(
    frames: list[list[Glimpse]], around: list[Glimpse]
) -> None:
    found = seen(*frames, around=tuple(around))
    assert found.verdict != "accepted" or found == seen(*frames)


def test_a_plate_names_who_parked_if_it_is_seen_twice_or_in_the_only_frame() -> None:
    assert seen([E], [E], []).verdict == "accepted"
    assert seen([E], at_rest=1).verdict == "accepted"
    assert seen([E], [], []).verdict == seen([S], [], []).verdict == "ambiguous"
    assert seen([E], [E], [E], at_rest=0).verdict == seen().verdict == "none"


def test_a_plate_in_whose_stead_another_is_seen_at_the_end_names_nobody() -> None:
    assert seen([E], [E], [UNREAD]).verdict == "ambiguous"
    assert seen([UNREAD], [E], [E]).verdict == "accepted"


def test_plates_at_rest_that_disagree_are_for_a_person() -> None:
    smaller = glimpse_of("粤Z11111", quad=SMALLER)
    assert seen(*[[S]] * 3, *[[E_BESIDE, smaller]] * 3).verdict == "ambiguous"
    assert seen(*[[E, S_BESIDE]] * 3).verdict == "ambiguous"
    assert seen(*[[E, glimpse_of(STRANGER, quad=FAR)]] * 3).verdict == "accepted"


def test_a_car_that_still_rolls_moves_and_grows_and_is_one() -> None:
    rolls = [[glimpse_of(OWN, quad=at(40.0 * step, 1 + step / 4))] for step in range(4)]
    (track,) = tracks_of(rolls)
    assert len(track.seen) == 4
    assert seen(*rolls, at_rest=4).verdict == "accepted"


def at(along: float, scale: float) -> Quad:
    (left, top), (right, _), (_, bottom), _ = (
        (along + scale * x, along + scale * y) for x, y in PLACE
    )
    return (left, top), (right, top), (right, bottom), (left, bottom)


# What was in view of the empty space.


def test_a_survey_in_the_wrong_moment_does_not_give_the_stay_to_a_neighbour() -> None:
    frames = [[S, E_BESIDE]] * 3
    assert seen(*frames, around=(S,)).verdict == "ambiguous"
    assert (
        seen(*[[UNREAD, glimpse_of(OWN, quad=SMALLER)]] * 3, around=(UNREAD,)).verdict
        == "ambiguous"
    )


def test_what_stood_there_before_and_is_all_there_is_is_for_a_person() -> None:
    assert seen(*[[E]] * 3, around=(E,)).verdict == "ambiguous"
    assert seen(*[[E]] * 3, around=(S_BESIDE,)).verdict == "accepted"


def test_a_strangers_car_beside_a_neighbour_who_is_expected_is_another_vehicle() -> None:
    assert seen(*[[S, E_BESIDE]] * 3, around=(E_BESIDE,)).verdict == "other"
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.shows(E_BESIDE)
    gate.run(60).comes(S, E_BESIDE)
    assert gate.arrival() == ("other", None, STRANGER)


# A camera that is not live.


@pytest.mark.parametrize("gap_s", [5, 10, 15, 20, 60])
def test_a_camera_that_froze_as_the_booked_car_left_names_nobody(gap_s: int) -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(OWN)
    assert gate.arrival()[0] == "accepted"
    looks = gate.eye.looks
    gate.car = False
    gate.run(gap_s, freeze=True)
    gate.car = True
    gate.run(40, freeze=True)
    assert [event.kind for event in gate.events()].count("arrival") == 2
    assert gate.arrival() == ("ambiguous", "g-1", None) and gate.eye.looks == looks


@pytest.mark.parametrize("comes_s", [0.25, 1, 3, 5])
def test_a_camera_that_froze_while_a_car_came_names_nobody(comes_s: float) -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).shows(OWN)
    gate.car = True
    gate.run(comes_s).run(40, freeze=True)
    assert gate.arrival() == ("ambiguous", "g-1", None) and gate.readings == []


def test_a_camera_that_was_frozen_from_the_first_names_nobody() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.shows(OWN)
    gate.run(60, freeze=True)
    gate.car = True
    gate.run(40, freeze=True)
    assert gate.arrival() == ("ambiguous", "g-1", None) and gate.eye.looks == 0


def test_a_gateway_too_slow_to_look_twice_at_who_parked_leaves_it_to_a_person() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).shows(OWN)
    gate.car = True
    watch, turn = gate.looker._looked["cam0"].watch, gate.worker.turn
    gate.worker.turn = lambda: watch.at_rest < 2 and turn()  # type: ignore[method-assign]
    gate.run(40)
    assert watch.at_rest == 3 and gate.logs("plate_look")[-1]["match"] == "ambiguous"
