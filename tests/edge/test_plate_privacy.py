"""Who is not expected is not kept: masked where it is shown, minutes where it is remembered."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking_rig import CAMERAS, NS, OWN, PLATES, STRANGER, Gate
from plate_trails import found
from test_bundle import MACHINE

from contracts.wire.codec import encode
from contracts.wire.messages import Ack
from contracts.wire.topics import topic_for
from edge.adapters.bundle import Facts, make_bundle
from edge.core.arrival_reads import ArrivalReads
from edge.core.plate_masks import DOT, LEAST_HIDDEN, masked_plate, shown_plate
from edge.core.plates import normalise
from edge.core.readings import PlateRead, Reading
from edge.core.redact import MASK, Redactor
from edge.core.ring import masked
from edge.ports import Received

A_MINUTE = "plates: {regions: [cn], keep_unexpected_min: 1}\n"
SECRET = "沪A12345"


def test_a_plate_is_masked_in_its_middle() -> None:
    assert masked_plate("沪A12345") == "沪A•••45"
    assert masked_plate("沪A·D12345") == "沪A••••45"
    assert masked_plate("ABC1D23") == "AB•••23"
    assert masked_plate("AB1") == "•••" and masked_plate("AB12") == "A•••"
    assert masked_plate("") == ""


@given(st.text("ABC0123456789沪", max_size=16))
def test_whatever_its_length_at_least_three_signs_are_hidden(text: str) -> None:
    plain = normalise(text)
    hidden = masked_plate(text)
    assert len(hidden) == len(plain)
    assert hidden.count(DOT) >= min(LEAST_HIDDEN, len(plain))
    assert all(a in (DOT, b) for a, b in zip(hidden, plain))


def test_only_an_expected_plate_is_shown_in_clear_however_it_is_written() -> None:
    assert shown_plate("沪A12345", ["沪A·12345"]) == "沪A12345"
    assert shown_plate("沪AO2345", ["沪A02345"]) == "沪AO2345"
    assert shown_plate("沪A12345", ["沪A12346"]) == "沪A•••45"


def test_ring_and_recorder_hold_no_plate_and_not_how_sure_it_was() -> None:
    read = masked(Reading(1, "cam0", PlateRead(SECRET, 0.9, 0.99))).value
    assert read == PlateRead("*******", 0.9)


def test_even_a_masked_plate_does_not_leave_in_a_support_file() -> None:
    said = Redactor().text(f"cam0 saw {masked_plate(SECRET)} at S1")
    assert said == f"cam0 saw {MASK} at S1"


def test_reads_of_passing_cars_are_forgotten_after_the_minutes_that_are_set() -> None:
    reads = ArrivalReads(before_s=15, keep_s=60)
    reads.add(0, PlateRead(STRANGER, 0.9))
    reads.add(50 * NS, PlateRead(OWN, 0.9))
    reads.forget(61 * NS)
    voted = reads.voted(50 * NS, 60 * NS)
    assert voted is not None and voted.text == OWN
    assert reads.voted(0, 10 * NS) is None
    reads.forget(200 * NS)
    assert reads.voted(50 * NS, 60 * NS) is None


def test_the_car_that_stands_there_is_known_until_it_leaves() -> None:
    reads = ArrivalReads(before_s=15, keep_s=60)
    reads.add(0, PlateRead(STRANGER, 0.9))
    reads.came(5 * NS, 10 * NS)
    reads.forget(9_000 * NS)
    assert reads.own is not None and reads.own.text == STRANGER
    reads.left()
    assert reads.own is None


def acknowledge(gate: Gate) -> None:
    last = max(signed.body.seq for signed in gate.uplink.events())
    ack = Ack(gateway="gw-1", epoch=gate.agent._core.epoch, seq=last)
    gate._items.append(Received(topic_for(ack), encode(ack)))


def test_of_a_stranger_who_stands_there_for_long_only_a_digest_is_kept() -> None:
    reads = ArrivalReads(before_s=15, keep_s=60)
    reads.add(0, PlateRead(STRANGER, 0.9, 0.9))
    reads.came(5 * NS, 10 * NS)
    reads.hide(70 * NS, set, bytes)
    assert reads.own is not None, "the minutes are not over"
    reads.hide(71 * NS, lambda: {STRANGER}, bytes)
    assert reads.own is not None, "he is expected"
    reads.hide(71 * NS, set, lambda: b"salt")
    reads.forget(71 * NS)
    assert reads.own is None and STRANGER not in str(vars(reads))
    reads.expect((OWN,))
    assert reads.own is None
    reads.expect((OWN, "粤B·98K76"))
    assert reads.own == PlateRead(STRANGER, 0.9, 0.9)


@pytest.mark.parametrize("goes", [True, False])
def test_a_digest_is_of_the_car_that_stands_there_and_of_no_later_one(goes: bool) -> None:
    reads = ArrivalReads(before_s=15, keep_s=60)
    reads.add(0, PlateRead(STRANGER, 0.9))
    reads.came(5 * NS, 10 * NS)
    reads.hide(100 * NS, set, bytes)
    if goes:
        reads.left(200 * NS)
    else:
        reads.came(300 * NS, 310 * NS)
    reads.expect((STRANGER,))
    assert reads.own is None


def test_a_digest_knows_letters_apart_as_the_reads_comparison_does() -> None:
    for sure, known in ((None, True), (0.95, False)):
        reads = ArrivalReads(before_s=15, keep_s=60)
        reads.add(0, PlateRead("ABC1023", 0.9, sure))
        reads.came(5 * NS, 10 * NS)
        reads.hide(100 * NS, set, bytes)
        reads.expect(("ABC1O23",))
        assert (reads.own is not None) is known


def test_a_stranger_who_books_where_he_stands_is_still_known_an_hour_later() -> None:
    gate = Gate(plates=A_MINUTE)
    gate.run(60).comes(STRANGER).run(1800)
    gate.grant(plates=(STRANGER,), early_s=3600.0)
    gate.run(5).goes()
    told = [(event.match, event.grant) for event in gate.events() if event.occupancy == "occupied"]
    assert told[0] == ("other", None) and told[-1] == ("accepted", "g-1")


@pytest.mark.parametrize("goes", [True, False])
def test_minutes_later_no_part_of_a_gateway_names_a_stranger(goes: bool) -> None:
    gate = Gate(plates=A_MINUTE)
    gate.run(60).comes(STRANGER)
    if goes:
        gate.goes()
    assert found(gate.agent, STRANGER) != [], "or what is found later proves nothing"
    acknowledge(gate)
    gate.run(300)
    sent, gate.uplink.sent = gate.uplink.sent, []
    assert found(gate.agent, STRANGER) == []
    assert STRANGER in str(sent), "the cloud has it: the owner's own car is known there alone"


def test_the_booked_cars_plate_stays_known_while_it_stands_there() -> None:
    gate = Gate(plates=A_MINUTE)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(OWN).run(900)
    space: Any = gate.agent._core._spaces["S1"]
    assert [text for _, text in space._detector._intake.plates][-1:] == [OWN]
    assert space.reads.own is not None


def test_the_last_word_of_a_measured_reader_counts_and_each_of_another_camera() -> None:
    reads = ArrivalReads(before_s=15, keep_s=60)
    reads.add(1 * NS, PlateRead(STRANGER, 0.9, 0.6), "cam0")
    reads.add(2 * NS, PlateRead(OWN, 0.8, 0.95), "cam0")
    voted = reads.voted(5 * NS, 6 * NS)
    assert voted is not None and (voted.text, voted.sure) == (OWN, 0.95)
    reads.add(3 * NS, PlateRead(STRANGER, 0.9, 0.99), "cam1")
    voted = reads.voted(5 * NS, 6 * NS)
    assert voted is not None and voted.text == STRANGER
    assert voted.sure is not None and voted.sure < 0.9, "two cameras that differ are doubtful"


def test_a_gateway_forgets_who_only_passed(tmp_path: Path) -> None:
    gate = Gate()
    gate.run(60)
    gate.shows(STRANGER)
    for _ in range(6):
        gate.car = not gate.car
        gate.run(3)
    gate.car = False
    gate.run(900)
    assert gate.worker._looks == {} and gate.worker._frames == {}
    space = gate.agent._core._spaces["S1"]
    assert space.reads._reads == type(space.reads._reads)()


def test_no_line_of_the_log_names_a_plate_and_no_file_holds_a_frame(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER).goes().comes(OWN)
    said = str(gate.logged)
    assert gate.logs("plate_look") and OWN not in said and STRANGER not in said
    assert masked_plate(STRANGER) not in said
    assert not (tmp_path / "evidence").exists()
    assert gate.worker._looks == {} and gate.worker._frames == {}


def test_a_support_file_tells_how_many_residents_there_are_and_none_of_them(
    tmp_path: Path,
) -> None:
    detector = tmp_path / "of-mr-wang.onnx"
    plates = PLATES.replace("}", f', residents: ["{SECRET}"], detector: "{detector}"}}')
    config = Gate(tmp_path, plates).config
    text = make_bundle(Facts(config, [], MACHINE, []))["gateway.yaml"]
    assert "residents: 1" in text and SECRET not in text and "wang" not in text
    assert CAMERAS[:7] in text
