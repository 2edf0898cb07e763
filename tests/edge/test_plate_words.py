"""What the core makes of the looker's word, from the picture to what is signed."""

from datetime import timedelta

import pytest
from edge_rig import MAY_1, Rig, make_grant
from looking_rig import NS, OWN, STRANGER, Gate
from plate_lines import said, seen

from edge.adapters.looking import read_of
from edge.core.arrival_reads import ArrivalReads
from edge.core.plate_regions import BR, CN, EU
from edge.core.plate_verdicts import Sight, decide
from edge.core.plate_votes import tally
from edge.core.plates import SURE_TO_ACCEPT, Verdict, match
from edge.core.readings import PlateRead
from edge.core.retelling import anew

EVEN = said("沪A01234", at2=("8", 0.49))


def word(line, expected, region=CN) -> PlateRead:
    read = read_of(decide(tally([seen(line)] * 3, region, expected)))
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("sight", "sure"),
    [
        (Sight(OWN, 0.7, "accepted", OWN, 0.1), SURE_TO_ACCEPT),
        (Sight(OWN, 0.99, "ambiguous", STRANGER, 0.99, True), 0.0),
        (Sight(OWN, 0.99, "other", OWN, 0.97, True), 0.97),
        (Sight(OWN, 0.99, "other", OWN, 0.6), 0.6),
    ],
)
def test_only_an_accepted_plate_is_told_as_surer_than_it_was_read(sight, sure) -> None:
    read = read_of(sight)
    assert read is not None and read.sure == sure


def test_a_text_that_is_not_asserted_names_nobody_however_sure_it_is() -> None:
    read = read_of(Sight(OWN, 0.99, "other", OWN, 0.93))
    assert read is not None and read.sure is not None and read.sure < SURE_TO_ACCEPT


@pytest.mark.parametrize("spelt", ["沪AO1234", "沪A01234"])
@pytest.mark.parametrize(("line", "found"), [(EVEN, "ambiguous"), (said("沪A01234"), "accepted")])
def test_a_booked_plate_is_judged_alike_however_its_driver_spells_it(spelt, line, found) -> None:
    grant = make_grant(plates=(spelt,))
    assert match(word(line, [spelt, "京B67890"]), [grant], MAY_1).match == found


@pytest.mark.parametrize(
    ("region", "line", "booked"),
    [
        (CN, EVEN, "沪A01234"),
        (CN, EVEN, "沪A81234"),
        (EU, said("RK393AK", at2=("8", 0.5)), "RK393AK"),
        (EU, said("RK393AK", at2=("8", 0.5)), "RK893AK"),
    ],
)
def test_an_even_read_of_nobody_is_not_accepted_for_who_books_later(region, line, booked) -> None:
    assert match(word(line, [], region), [make_grant(plates=(booked,))], MAY_1).match != "accepted"


def test_a_clear_read_of_nobody_is_accepted_for_who_books_later() -> None:
    assert match(word(said(OWN), []), [make_grant()], MAY_1).match == "accepted"


@pytest.mark.parametrize("booked", ["ABC1O23", "ABC1I23"])
def test_where_letters_and_digits_differ_the_other_one_is_not_accepted(booked) -> None:
    came = booked.replace("O", "0").replace("I", "1")
    read = word(said(came), [booked], BR)
    assert match(read, [make_grant(plates=(booked,))], MAY_1).match != "accepted"
    assert match(word(said(booked), [booked], BR), [make_grant(plates=(booked,))], MAY_1).match == (
        "accepted"
    )


def test_a_booking_agreed_anew_in_another_spelling_keeps_its_car() -> None:
    own = make_grant(plates=("沪AO1234",))
    late_at = MAY_1 + timedelta(seconds=9)
    newer = make_grant(id="g-2", plates=("沪A01234",), issued_at=late_at)
    before = Verdict("accepted", own.id, None, own.booking)
    found = anew(before, word(said("沪A01234"), own.plates), own, [own, newer], MAY_1)
    assert found is not None and (found.match, found.grant) == ("accepted", "g-2")


@pytest.mark.parametrize(("line", "told_again"), [(EVEN, False), (said("沪A01234"), True)])
def test_a_stay_booked_after_the_car_came_is_told_again_only_if_its_plate_was_clear(
    line, told_again
) -> None:
    gate = Gate()
    gate.run(60).comes(seen(line))
    assert gate.arrival()[0] == "other"
    gate.grant(plates=("沪A01234",))
    gate.run(5).goes()
    assert any(event.match == "accepted" for event in gate.events()) is told_again


def test_an_even_read_of_a_plate_spelt_with_a_letter_is_left_to_a_person() -> None:
    gate = Gate()
    gate.grant(plates=("沪AO1234",))
    gate.run(60).comes(seen(EVEN))
    assert gate.arrival()[:2] == ("ambiguous", "g-1")


@pytest.mark.parametrize(("next_one", "found"), [("", "ambiguous"), (STRANGER, "other")])
def test_what_was_read_of_the_car_that_left_does_not_name_the_next(next_one, found) -> None:
    rig = Rig(camera=True)
    rig.command(make_grant())
    rig.empty(1)
    rig.car(10)
    rig.plate(12, OWN)
    rig.empty(16)
    if next_one:
        rig.plate(18, next_one, 0.1)
    rig.car(20)
    rig.end()
    arrivals = [event for event in rig.events() if event.kind == "arrival"]
    assert [event.match for event in arrivals] == ["accepted", found]


def test_a_read_that_comes_after_its_car_has_gone_is_not_kept() -> None:
    reads = ArrivalReads(before_s=15, keep_s=600)
    reads.add(100 * NS, PlateRead(OWN, 0.99, 0.99), "cam0")
    reads.came(95 * NS, 101 * NS)
    reads.left(105 * NS)
    reads.add(104 * NS, PlateRead(OWN, 0.99, 0.99), "cam0")
    reads.came(112 * NS, 120 * NS)
    assert reads.own is None
    reads.add(113 * NS, PlateRead(STRANGER, 0.99, 0.99), "cam0")
    assert reads.own is not None and reads.own.text == STRANGER
