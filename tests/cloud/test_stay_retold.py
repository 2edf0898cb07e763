"""Cars that the gateway knew only later, with the real gateway core: what is billed, by what."""

from datetime import timedelta

import pytest
from sqlmodel import select

from cloud.core.reasons import Refusal
from cloud.tables import Booking, Settlement
from cloud.usecases import bookings, changing, dispute_evidence, notices, stay_asks, stay_desk
from contracts.ledger.pricing import Terms
from contracts.ledger.receipt import Receipt
from tests.cloud.gate_rig import Gate
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, Lot, code
from tests.contracts.making import at

HOUR = Terms(no_show_timeout_s=1800, no_show_fee_minor=300)


def opened(rig: Rig, terms: Terms | None = None) -> tuple[Lot, Gate]:
    lot = Lot(rig, terms)
    return lot, Gate(lot)


def extend(lot: Lot, booking: Booking, ends_s: float, key: str = "longer") -> Booking | Refusal:
    quoted = int(ends_s - 60) // 60 * 10
    by = changing.By(key, lot.rig.driver, f"cmd-{key}", quoted)
    now = lot.rig.clock.at
    return lot.rig.db.write(lambda s: changing.extend(s, booking.id, at(ends_s), by, now))


def extended(lot: Lot, booking: Booking, ends_s: float, key: str = "longer") -> Booking:
    made = extend(lot, booking, ends_s, key)
    assert isinstance(made, Booking), made
    return made


def assign(lot: Lot, booking: Booking) -> None:
    judged = stay_desk.Judged("account:9", "The same car on the picture.", "ask-1")
    number, now = lot.stays()[-1].number or 0, lot.rig.clock.at
    done = lot.rig.db.write(lambda s: stay_desk.assign(s, number, booking.id, judged, now))
    assert not isinstance(done, Refusal), done


def billed(lot: Lot, booking: Booking) -> Receipt:
    lot.rig.settle()
    return lot.receipt(booking)


def told(lot: Lot) -> list[str]:
    found = lot.rig.db.read(lambda s: notices.of_account(s, lot.rig.driver))
    return [row["code"] for row in found]


def left_unpaid_for(lot: Lot, booking: Booking) -> None:
    """The stay is nobody's, and the driver who waited has neither come nor paid."""
    lot.rig.settle()
    assert lot.stay().booking is None
    assert lot.booking(booking).state in ("confirmed", "granted", "overdue")
    assert lot.rig.db.read(lambda s: s.exec(select(Settlement)).all()) == []
    assert lot.balance() == 10_000 - booking.held_minor


# Known only later


def test_a_booking_that_followed_its_car_is_billed_from_its_arrival(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0], "S2")
    assert lot.booking(booking).space == "S2"
    gate.hears()
    gate.sees(1900, 0, "S2")
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, receipt.record.starts_at) == (1799, at(100))
    assert lot.alarms() == set()


def test_a_misread_plate_that_a_person_compared_is_billed_from_its_arrival(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, "沪A12346")
    assert (lot.stay().kind, lot.stay().booking) == ("doubtful", None)
    lot.until(400)
    assign(lot, booking)
    gate.hears()
    gate.sees(1900, 0)
    assert billed(lot, booking).record.billed_s == 1799
    assert "ambiguous_plate" not in lot.alarms()


def test_without_a_read_plate_what_a_person_assigned_still_goes_to_a_person(rig: Rig) -> None:
    """No camera saw it: the gateway cannot sign whose car it is, and no receipt could prove it."""
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, None)
    assign(lot, booking)
    gate.hears()
    gate.sees(1900, 0)
    assert (lot.stay().state, lot.balance()) == ("disputed", 10_000)


def test_a_strangers_stay_is_not_billed_to_the_driver_who_waits_in_the_cameras_view(
    rig: Rig,
) -> None:
    """The stranger's plate was never read; the driver's was, just before the stranger left."""
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, None)
    assert lot.stay().kind == "doubtful"
    gate.reads(1895, PLATES[0])
    gate.sees(1900, 0)
    left_unpaid_for(lot, booking)


def test_a_question_about_another_space_ties_no_stranger_to_the_driver_who_waits(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, "粤C55555")
    for second in (400, 401):
        gate.reads(second, PLATES[0])
    rig.db.write(lambda s: stay_asks.snapshot(s, "S2", "ask-other", rig.clock.at))
    gate.hears()
    assert [event.match for event in gate.told if event.space == "S1"][-1] == "other"
    assert lot.stay().booking is None
    gate.sees(1900, 0)
    left_unpaid_for(lot, booking)


@pytest.mark.parametrize("gone", [False, True])
def test_the_evidence_of_a_stay_that_was_told_again_begins_with_what_was_told_first(
    rig: Rig, gone: bool
) -> None:
    """A person judges by it: what the camera read first stays there, and the bill's own too."""
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, "沪A12346")
    lot.until(400)
    assign(lot, booking)
    gate.hears()
    assert lot.stay().first_seq > (lot.stay().opened_seq or 0)
    kinds = ["arrival", "snapshot", "snapshot"]
    if gone:
        gate.sees(1900, 0)
        kinds = [*kinds, "departure"]
        receipt = billed(lot, booking)
        assert [event.body.match for event in receipt.events] == ["accepted"] * 3
    found = rig.db.read(lambda s: dispute_evidence.bundle(s, lot.stay().number or 0))
    assert [event["body"]["kind"] for event in found["events"]] == kinds
    assert found["events"][0]["body"]["match"] == "ambiguous"
    assert [row["match"] for row in found["plates"]] == ["ambiguous", "accepted"]


def test_the_evidence_of_a_stay_that_the_gateway_knew_by_itself_begins_with_the_arrival(
    rig: Rig,
) -> None:
    lot, gate = opened(rig, Terms(early_start_s=600))
    booking = lot.book("S1", 3600, 7200)
    gate.hears()
    gate.comes(900, PLATES[0])
    gate.sees(7000, 0)
    assert billed(lot, booking).record.starts_at == at(3000)
    found = rig.db.read(lambda s: dispute_evidence.bundle(s, lot.stay().number or 0))
    matches = [event["body"]["match"] for event in found["events"]]
    assert matches == ["other", "accepted", "accepted"]


@pytest.mark.parametrize(("early_s", "begins_s"), [(600, 2000), (10, 2030), (0, 2040)])
def test_who_walked_in_and_booked_is_billed_from_arrival_as_far_as_the_terms_let_them_come_early(
    rig: Rig, early_s: int, begins_s: int
) -> None:
    lot, gate = opened(rig, HOUR.model_copy(update={"early_start_s": early_s}))
    lot.book("S1", 60, 7260)
    gate.hears()
    lot.until(60 + 1861)
    rig.sweeps.watch()
    gate.hears()
    gate.comes(2000, PLATES[0])
    asked = lot.ask("S1", 2040, 7200)
    ids, number = bookings.Ids("b-walk", "cmd-walk"), lot.stay().number or 0
    new = rig.db.write(lambda s: stay_desk.walk_in(s, number, asked, ids, rig.clock.at))
    assert isinstance(new, Booking), new
    gate.hears()
    gate.sees(3840, 0)
    receipt = billed(lot, new)
    assert receipt.record.starts_at == at(begins_s)
    assert receipt.record.billed_s == 3840 - begins_s - 1


def test_a_plate_corrected_while_the_car_stands_there_makes_it_its_bookings(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, "沪A12346")
    by = changing.By("edit", rig.driver, "cmd-edit", None)
    rig.db.write(lambda s: changing.change_plate(s, booking.id, "沪A12346", by, rig.clock.at))
    gate.hears()
    assert (lot.stay().kind, lot.stay().booking) == ("booked", booking.id)
    assert (lot.booking(booking).state, lot.alarms()) == ("active", set())
    gate.sees(1900, 0)
    assert billed(lot, booking).record.billed_s == 1799


def test_time_in_doubt_before_the_car_was_known_is_not_billed(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0], "S2")
    gate.sees(200, None, "S2")
    gate.sees(800, 1, "S2")
    gate.hears()
    gate.sees(1900, 0, "S2")
    assert billed(lot, booking).record.billed_s == 99 + 1099


def test_who_came_before_the_terms_let_them_is_billed_from_when_they_do(rig: Rig) -> None:
    """Nobody asked: the gateway tells by itself whose car it was, before it tells that it left."""
    lot, gate = opened(rig, Terms(early_start_s=600))
    booking = lot.book("S1", 3600, 7200)
    gate.hears()
    gate.comes(900, PLATES[0])
    assert (lot.stay().kind, lot.alarms()) == ("early", {"came_early"})
    gate.sees(7000, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.starts_at, receipt.record.billed_s) == (at(3000), 3999)


def test_an_overstay_of_a_car_that_was_known_only_after_it_goes_to_a_person(rig: Rig) -> None:
    lot, gate = opened(rig, Terms(early_start_s=600, grace_s=600))
    lot.book("S1", 3600, 7200)
    gate.hears()
    gate.comes(900, PLATES[0])
    gate.sees(7200 + 1800, 0)
    assert (lot.stay().state, lot.balance()) == ("disputed", 10_000)
    assert "overstay_unconfirmed" in lot.alarms()


# Extension once parked


def test_extension_at_the_last_minute(rig: Rig) -> None:
    """A parked driver stays on where nobody else has the space; the whole stay is one bill."""
    lot, gate = opened(rig, Terms(grace_s=600))
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0])
    lot.until(3600)
    longer = extended(lot, booking, 7260)
    assert (longer.state, longer.ends_ms, longer.held_minor) == (
        "active",
        booking.ends_ms + 3600_000,
        1200,
    )
    gate.hears()
    gate.sees(7000, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, {line.code for line in receipt.lines}) == (6899, {"parking"})
    assert receipt.booking.window.ends_at == at(7260)
    assert lot.balance() == 10_000 - receipt.total_minor
    assert lot.alarms() == set()


def test_extending_twice_while_parked_is_billed_under_the_last(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0])
    for hours, key in ((2, "one"), (3, "two")):
        lot.until(1000 * hours)
        extended(lot, booking, 60 + 3600 * hours, key)
        gate.hears()
    gate.sees(9000, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, receipt.booking.window.ends_at) == (8899, at(10_860))


def test_extending_is_refused_while_parked_where_another_has_the_space(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    lot.book("S1", 3660, 7260, who=1)
    gate.hears()
    gate.comes(100, PLATES[0])
    before = lot.booking(booking)
    assert code(extend(lot, booking, 5460)) == "overlap"
    assert lot.booking(booking) == before


def test_extending_is_refused_while_parked_once_the_booked_time_is_over(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0])
    lot.until(3654)
    rig.clock.at = at(3660) - timedelta(milliseconds=1)
    extended(lot, booking, 5460)
    rig.clock.at = at(5460)
    assert code(extend(lot, booking, 7260, "late")) == "parked_already"


def test_extending_is_refused_while_parked_without_the_money_for_it(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0])
    for space in ("S2", "S3"):
        lot.book(space, 60, 21_060)
    assert code(extend(lot, booking, 21_060)) == "balance"


def test_a_car_that_left_before_its_gateway_heard_of_the_extension_is_billed_as_it_was_agreed(
    rig: Rig,
) -> None:
    """Nothing is free, and nothing is doubted: it left within what the gateway knew."""
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0])
    lot.until(1000)
    longer = extended(lot, booking, 7260)
    gate.sees(1900, 0)
    now = lot.booking(booking)
    assert (now.grant, now.ends_ms) == (booking.grant, booking.ends_ms)
    assert now.grant != longer.grant
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, receipt.booking.window.ends_at) == (1799, at(3660))
    assert lot.balance() == 10_000 - receipt.total_minor
    assert lot.alarms() == set()


def test_a_car_that_left_later_than_its_gateway_knew_goes_to_a_person(rig: Rig) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, PLATES[0])
    extended(lot, booking, 7260)
    gate.sees(6000, 0)
    assert (lot.stay().state, lot.balance()) == ("disputed", 10_000)
    assert lot.alarms() == {"broken_evidence"}


def test_a_misread_plate_that_a_person_compared_stays_its_bookings_after_an_extension(
    rig: Rig,
) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    gate.comes(100, "沪A88346")
    assert (lot.stay().kind, lot.stay().booking) == ("unbooked", None)
    lot.until(400)
    assign(lot, booking)
    gate.hears()
    for hours, key in ((2, "one"), (3, "two")):
        lot.until(1000 * hours)
        extended(lot, booking, 60 + 3600 * hours, key)
        gate.hears()
    gate.sees(9000, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, receipt.booking.window.ends_at) == (8899, at(10_860))
    assert "broken_evidence" not in lot.alarms()


def test_another_car_is_still_told_apart_while_an_extension_is_under_way(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    extended(lot, booking, 7260)
    lot.says("snapshot", "occupied", 1000, "粤C55555", match="other")
    first, second = lot.stays()
    assert (first.state, second.kind) == ("disputed", "unbooked")


# Let in by what was agreed before a change


def test_change_that_the_gateway_had_not_heard_of(rig: Rig) -> None:
    """The car came rightly, by the grant of seconds before: billed by what is agreed now."""
    lot, gate = opened(rig, HOUR)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    lot.until(90)
    longer = extended(lot, booking, 7260)
    gate.comes(100, PLATES[0])
    assert gate.told[-1].grant == booking.grant
    assert (lot.stay().kind, lot.booking(booking).state) == ("booked", "active")
    gate.hears()
    gate.sees(7000, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, receipt.record.starts_at) == (6899, at(100))
    assert (receipt.booking.grant, receipt.booking.window.ends_at) == (longer.grant, at(7260))
    assert (lot.alarms(), told(lot).count("wrong_vehicle")) == (set(), 0)


def test_change_that_the_gateway_heard_of_only_after_the_car_had_left(rig: Rig) -> None:
    """The gateway was away for both: its events prove what it knew, and no more is charged."""
    lot, gate = opened(rig, HOUR)
    booking = lot.book("S1", 60, 3660)
    gate.hears()
    extended(lot, booking, 7260)
    gate.comes(100, PLATES[0])
    gate.sees(1900, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.billed_s, receipt.booking.grant) == (1799, booking.grant)
    assert (receipt.total_minor, lot.balance()) == (290, 10_000 - 290)
    assert lot.alarms() == set()


# Back within the booked time


@pytest.mark.parametrize("known", [True, False])
def test_second_visit_within_the_booked_time(rig: Rig, known: bool) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 7260)
    gate.hears()
    gate.comes(100, PLATES[0])
    gate.sees(1900, 0)
    if not known:
        rig.db.write(lambda s: bookings.booking_grants.revoke(
            s, ("S1", booking.grant), booking.id, "cmd-r", rig.clock.at))  # fmt: skip
        gate.hears()
    gate.comes(2500, PLATES[0])
    first, second = lot.stays()
    assert (second.kind, second.booking) == ("returned", None)
    assert "came_back" in told(lot)
    assert "grant_without_booking" in lot.alarms()
    gate.sees(3000, 0)
    receipt = billed(lot, booking)
    assert (receipt.record.stay, receipt.record.billed_s) == (first.number, 1799)
    assert lot.stays()[1].state == "unpaid"
    assert lot.balance() == 10_000 - receipt.total_minor


def test_second_visit_within_the_booked_time_that_is_booked_anew(rig: Rig) -> None:
    lot, gate = opened(rig, Terms(early_start_s=0))
    booking = lot.book("S1", 60, 7260)
    gate.hears()
    gate.comes(100, PLATES[0])
    gate.sees(1900, 0)
    gate.comes(2500, PLATES[0])
    asked = lot.ask("S1", 2520, 7200)
    theirs, ids = lot.ask("S1", 2520, 7200, who=1), bookings.Ids("b-back", "cmd-back")
    stranger = rig.db.write(lambda s: stay_desk.book(s, theirs, ids, rig.clock.at))
    assert code(stranger) == "space_occupied"
    for _ in range(2):
        new = rig.db.write(lambda s: stay_desk.book(s, asked, ids, rig.clock.at))
        assert isinstance(new, Booking), new
    assert "grant_without_booking" not in lot.alarms()
    gate.hears()
    gate.sees(4320, 0)
    one, two = billed(lot, booking), lot.receipt(new)
    assert (one.record.billed_s, two.record.billed_s) == (1799, 1799)
    assert two.record.starts_at == at(2520)
    assert lot.balance() == 10_000 - one.total_minor - two.total_minor


def test_who_found_another_car_there_cannot_book_it_as_theirs(rig: Rig) -> None:
    """A left early and came back into B's time; B, who found the space taken, is released."""
    lot, gate = opened(rig, HOUR)
    lot.book("S1", 60, 7260)
    gate.hears()
    gate.comes(100, PLATES[0])
    gate.sees(1900, 0)
    theirs = lot.book("S1", 2400, 7200, who=1)
    gate.hears()
    gate.comes(2500, PLATES[0])
    back = lot.stays()[-1]
    assert back.kind == "returned"
    lot.until(2400 + 1861)
    rig.sweeps.watch()
    assert lot.booking(theirs).state == "no_show"
    asked, ids = lot.ask("S1", 4320, 7200, who=1), bookings.Ids("b-anew", "cmd-anew")
    refused = rig.db.write(lambda s: stay_desk.book(s, asked, ids, rig.clock.at))
    assert code(refused) == "space_occupied"
    number = back.number or 0
    refused = rig.db.write(lambda s: stay_desk.walk_in(s, number, asked, ids, rig.clock.at))
    assert code(refused) == "not_your_stay"
    assert lot.stays()[-1].booking is None


def test_second_visit_within_the_booked_time_to_a_space_that_another_has_booked(
    rig: Rig,
) -> None:
    lot, gate = opened(rig)
    booking = lot.book("S1", 60, 7260)
    gate.hears()
    gate.comes(100, PLATES[0])
    gate.sees(1900, 0)
    theirs = lot.book("S1", 2400, 6000, who=1)
    gate.hears()
    gate.comes(2500, PLATES[0])
    assert lot.stays()[1].kind == "returned"
    rows = rig.db.read(lambda s: notices.of_account(s, rig.driver))
    (row,) = [row for row in rows if row["code"] == "came_back"]
    assert "请驶离" in row["body"]
    assert "wrong_vehicle" in lot.alarms()
    asked = lot.ask("S1", 2520, 5400)
    ids, number = bookings.Ids("b-back", "cmd-back"), lot.stays()[1].number or 0
    refused = rig.db.write(lambda s: stay_desk.walk_in(s, number, asked, ids, rig.clock.at))
    assert code(refused) == "overlap"
    assert lot.booking(theirs).state in ("confirmed", "granted")
    assert lot.booking(booking).state == "completed"


def test_who_comes_back_for_their_next_booking_of_the_space_has_come_by_that(rig: Rig) -> None:
    lot, gate = opened(rig, Terms(early_start_s=900))
    first = lot.book("S1", 60, 3660)
    following = lot.book("S1", 3660, 7260)
    gate.hears()
    gate.comes(100, PLATES[0])
    gate.sees(1900, 0)
    assert gate.lot.booking(following).version == following.version + 1
    gate.comes(3000, PLATES[0])
    assert gate.told[-1].grant == first.grant
    assert (lot.booking(following).state, lot.stays()[1].booking) == ("active", following.id)
    gate.hears()
    gate.sees(6000, 0)
    one, two = billed(lot, first), lot.receipt(following)
    assert (one.record.billed_s, two.record.billed_s) == (1799, 2999)
    assert lot.alarms() == set()
