"""A camera ties a stay to a booking: sensors, frames, eye, verdict and event on the real agent."""

from pathlib import Path
from queue import Queue
from threading import Event
from threading import enumerate as enumerate_threads

import pytest
from edge_rig import MAY_1
from looking_rig import CAMERAS, NEIGHBOUR, NS, OWN, STRANGER, Gate, SceneEye, picture

from edge.adapters.camera import Frame
from edge.adapters.fake_plates import glimpse_of
from edge.adapters.look_worker import Job, LookWorker
from edge.core.plate_regions import REGIONS
from edge.core.plate_tracks import View, doubted
from edge.core.plate_verdicts import Sight
from edge.core.readings import PlateRead, Reading
from edge.errors import VisionMissing
from edge.ports import Item, Took

# Long enough for a busy machine: nothing waits for it when all is well.
WAIT_S = 20.0

BESIDE = ((400.0, 100.0), (530.0, 100.0), (530.0, 138.0), (400.0, 138.0))
FAR = ((10.0, 10.0), (50.0, 10.0), (50.0, 22.0), (10.0, 22.0))


def test_the_booked_car_is_accepted_with_its_grant() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(OWN)
    assert gate.arrival() == ("accepted", "g-1", OWN)
    reads = [reading.value for reading in gate.readings]
    assert all(isinstance(read, PlateRead) and (read.sure or 0) >= 0.9 for read in reads)
    assert 1 <= len(reads) <= 2 and 3 <= gate.eye.looks <= 6


def test_a_strangers_car_is_another_vehicle() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert gate.arrival() == ("other", None, STRANGER)


def test_a_car_whose_plate_differs_in_one_character_is_never_accepted() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(NEIGHBOUR)
    assert gate.arrival()[0] in ("other", "ambiguous")


def test_without_a_frame_in_time_it_is_as_without_a_camera() -> None:
    gate = Gate(camera=False)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(OWN)
    assert gate.arrival() == ("ambiguous", "g-1", None)
    assert gate.eye.looks == 0 and gate.readings == []


def test_frames_without_a_plate_are_no_plate() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes()
    assert gate.arrival() == ("ambiguous", "g-1", None)
    assert [entry["match"] for entry in gate.logs("plate_look")][-1] == "none"


def test_nothing_is_looked_at_while_the_space_is_empty_or_a_car_just_stands_there() -> None:
    gate = Gate()
    gate.run(600)
    assert gate.eye.looks == 1, "once, to see whose plates are in view of the empty space"
    gate.comes(OWN)
    looks = gate.eye.looks
    gate.run(600)
    assert gate.eye.looks == looks


def test_the_next_car_is_read_for_itself() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(OWN).goes().comes(STRANGER)
    assert gate.arrival() == ("other", None, STRANGER)
    assert [event.kind for event in gate.events()][-3:] == ["arrival", "departure", "arrival"]


def test_a_stranger_whose_plate_is_booked_later_by_a_correction_is_told_again() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    gate.grant(id="g-2", version=1, plates=(STRANGER,), issued_at=gate.clock.wall_at(gate.now_ns()))
    gate.run(5).goes()
    told = [(event.kind, event.match, event.grant) for event in gate.events()][-3:]
    assert told == [
        ("arrival", "other", None),
        ("snapshot", "accepted", "g-2"),
        ("departure", "accepted", "g-2"),
    ]


def test_a_doubtful_read_is_told_as_it_was_read_and_is_never_accepted_at_the_departure() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60)
    gate.shows(glimpse_of(OWN), glimpse_of(STRANGER, quad=BESIDE))
    gate.car = True
    gate.run(40).goes()
    matches = [event.match for event in gate.events() if event.kind in ("arrival", "departure")]
    assert matches == ["ambiguous", "ambiguous"]
    (read,) = [reading.value for reading in gate.readings]
    assert isinstance(read, PlateRead) and read.sure == 0.0


def test_a_far_smaller_plate_in_view_does_not_make_it_doubtful() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60).comes(glimpse_of(OWN), glimpse_of(STRANGER, quad=FAR))
    assert gate.arrival()[0] == "accepted"


def test_a_plate_outside_of_the_spaces_part_of_the_picture_is_not_looked_at() -> None:
    view = View(0.0, 0.0, 0.5, 1.0)
    assert view.holds(glimpse_of(OWN, quad=FAR), (600, 400))
    assert not view.holds(glimpse_of(OWN, quad=BESIDE), (600, 400))
    gate = Gate(cameras=CAMERAS.replace('0"', '0", view: [0.0, 0.0, 0.5, 1.0]'))
    gate.grant(plates=(OWN,))
    gate.run(60).comes(glimpse_of(OWN), glimpse_of(STRANGER, quad=BESIDE))
    assert gate.arrival()[0] == "accepted"


def test_the_pictures_of_a_folder_may_rest() -> None:
    gate = Gate(cameras=CAMERAS.replace("v4l2:/dev/video0", "folder:/x"))
    gate.grant(plates=(OWN,))
    gate.run(60, freeze=True).shows(OWN)
    gate.car = True
    gate.run(40, freeze=True)
    assert gate.arrival()[0] == "accepted"


def test_a_camera_that_died_is_no_plate_and_no_crash() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60)
    gate.camera.lose()
    gate.films = False
    gate.comes(OWN)
    assert gate.arrival() == ("ambiguous", "g-1", None)


def test_a_camera_that_changes_its_size_in_the_middle_is_read_on() -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.run(60)
    gate.shows(OWN)
    gate.car = True
    gate.run(3)
    gate.side = 300
    gate.run(40)
    assert gate.arrival()[0] == "accepted"


@pytest.mark.parametrize("broken", [ValueError("沪A12345"), VisionMissing("No model.")])
def test_an_eye_that_breaks_is_told_once_without_its_text_and_the_space_goes_on(
    broken: Exception,
) -> None:
    gate = Gate()
    gate.grant(plates=(OWN,))
    gate.eye.breaks = broken
    gate.run(60).comes(OWN)
    assert gate.arrival() == ("ambiguous", "g-1", None)
    told = gate.logs("plates_broke") + gate.logs("vision_missing")
    assert len(told) == 1 and "沪" not in str(told)


def test_a_black_picture_is_not_searched() -> None:
    gate = Gate().run(60)
    looks, gate.films, gate.car = gate.eye.looks, False, True
    for second in range(160):
        gate.camera.show(picture(0, second) // 64)
        gate.run(0.25)
    assert gate.eye.looks == looks and gate.arrival()[0] == "none"


def test_a_plate_that_a_grant_of_another_space_names_is_another_vehicle_here() -> None:
    gate = Gate()
    gate.grant(space="S2", plates=(STRANGER,))
    gate.grant(id="g-2", command="c-2", plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert gate.arrival() == ("other", None, STRANGER)


def test_a_look_takes_the_newest_frame_and_a_bounded_queue_drops_the_older_one() -> None:
    gate = Gate().run(60)
    looks = gate.eye.looks
    gate.shows(OWN)
    gate.car = True
    stalled, gate.worker.turn = gate.worker.turn, lambda: False  # type: ignore[method-assign]
    gate.run(30)
    gate.worker.turn = stalled  # type: ignore[method-assign]
    assert gate.worker.dropped >= 2 and gate.eye.looks == looks
    gate.run(1)
    assert gate.eye.looks <= looks + 1


def test_the_worker_on_its_own_thread_reads_says_and_ends() -> None:
    eye, said = SceneEye(), Queue[Item]()
    eye.scenes.append([glimpse_of(OWN)])
    read, forgot = PlateRead(OWN, 0.9, 0.9), Event()
    worker = LookWorker(
        lambda: eye,
        [REGIONS["cn"]],
        lambda item: said.put(item) is None,
        lambda code, detail: forgot.set(),
    )
    worker.start()
    try:
        worker.offer(Job("cam0", 1, Frame(picture(1, 1), 5 * NS), (OWN,), at_rest=True))
        worker.say(Reading(5 * NS, "cam0", read))
        assert said.get(timeout=WAIT_S) == Took(Reading(5 * NS, "cam0", read))
        # A picture that breaks the eye, after the good one: both have been looked at by then.
        worker.offer(Job("cam1", 1, Frame(picture(9, 1), 6 * NS), ()))
        assert forgot.wait(WAIT_S)
        assert eye.looks == 2
        (seen,) = worker.results()
        assert (seen.sight.verdict, seen.sight.text, seen.mono_ns) == ("accepted", OWN, 5 * NS)
    finally:
        worker.close()
    assert not any(thread.name == "plates" for thread in enumerate_threads())


def test_of_two_plates_as_large_as_each_other_one_of_them_expected_a_person_decides() -> None:
    booked, other = Sight(OWN, 0.99, "accepted", OWN), Sight(STRANGER, 0.99, "other", STRANGER)
    assert doubted(booked, [other]).verdict == "ambiguous"
    assert doubted(other, [booked]).verdict == "ambiguous"
    assert doubted(booked, [booked]).verdict == "accepted"
    assert doubted(other, [other]).verdict == "other"


def test_a_neighbour_as_large_as_the_booked_car_is_for_a_person_and_a_small_one_is_not() -> None:
    for quad, match in ((BESIDE, "ambiguous"), (FAR, "accepted")):
        neighbour = glimpse_of(STRANGER, quad=quad)
        gate = Gate()
        gate.grant(plates=(OWN,))
        gate.shows(neighbour)
        gate.run(60).comes(glimpse_of(OWN), neighbour)
        assert gate.arrival()[0] == match


def test_the_grants_of_the_whole_lot_are_expected_this_spaces_first() -> None:
    gate = Gate()
    gate.grant(space="S2", plates=(STRANGER,))
    gate.grant(id="g-2", command="c-2", plates=(OWN,))
    gate.run(1)
    knows = gate.looker._knows
    assert knows.expected("S1", MAY_1) == (OWN, STRANGER)
    assert knows.expected("S2", MAY_1) == (STRANGER, OWN)


def test_residents_of_the_settings_are_known_but_have_no_grant(tmp_path: Path) -> None:
    gate = Gate(plates=f'plates: {{regions: [cn], residents: ["{STRANGER}"]}}\n')
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert gate.arrival() == ("other", None, STRANGER)
    assert gate.looker._knows.expected("S1", MAY_1)[-1] == STRANGER


def test_a_read_is_dated_by_its_frame() -> None:
    gate = Gate()
    gate.run(60).comes(OWN)
    reading = gate.readings[-1]
    arrival = next(event for event in gate.events() if event.kind == "arrival")
    assert reading.mono_ns <= arrival.boottime_ns
    assert arrival.boottime_ns - reading.mono_ns < 15 * NS
