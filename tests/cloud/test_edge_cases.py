"""What a car park does to us, a test per row of docs/edge-cases.md: who stands where."""

import pytest

from cloud.core.reasons import Refusal
from cloud.tables import Booking
from cloud.usecases import bookings, changing, notices, offer_plates, offers, stay_desk
from cloud.usecases.space_taken import Complaint, Helped, space_taken
from contracts.ledger.pricing import Terms, Window
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, Lot, code
from tests.contracts.making import at


def told(lot: Lot, account: int) -> list[str]:
    found = lot.rig.db.read(lambda s: notices.of_account(s, account))
    return [row["code"] for row in found]


def test_wrong_vehicle_in_a_booked_space(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come(30, "粤C55555", match="other")
    assert (lot.stay().kind, lot.stay().booking) == ("unbooked", None)
    assert "wrong_vehicle" in lot.alarms()
    assert "wrong_vehicle" in told(lot, rig.driver)
    said = Complaint("d-1", booking.id, rig.driver)
    helped = rig.db.write(lambda s: space_taken(s, said, rig.clock.at))
    assert isinstance(helped, Helped)
    now = lot.booking(booking)
    assert (helped.space, now.space, now.held_minor) == ("S2", "S2", booking.held_minor)
    lot.come_as(booking, 200)
    lot.go(3600, "S2")
    rig.settle()
    assert lot.receipt(booking).total_minor <= booking.held_minor


def test_car_in_a_space_nobody_booked(rig: Rig) -> None:
    lot = Lot(rig)
    lot.come(100, "粤C55555", match="other")
    lot.until(690)
    rig.sweeps.watch()
    assert "unbooked" not in lot.alarms()
    lot.until(701)
    rig.sweeps.watch()
    assert "unbooked" in lot.alarms()
    lot.go(900)
    assert lot.stay().state == "unpaid"


def test_driver_takes_another_shared_space_of_ours(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come(100, PLATES[0], "S2", match="other")
    moved = lot.booking(booking)
    assert (moved.space, moved.state, lot.stay().booking) == ("S2", "active", booking.id)
    assert (lot.stay().kind, lot.asked_of_gateway()) == ("booked", 1)
    # The gateway knows the new grant by now, and says in its answer whose car it is.
    lot.says("snapshot", "occupied", 130, None, "S2", match="accepted", grant=moved.grant)
    lot.go(1930, "S2", match="accepted", grant=moved.grant)
    rig.settle()
    receipt = lot.receipt(booking)
    assert receipt.record.space == "S2"
    assert receipt.record.billed_s == 1799


def test_driver_takes_another_shared_space_of_ours_that_is_not_free(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    theirs = lot.book("S2", 60, 3660, who=1)
    lot.come(100, PLATES[0], "S2", match="other")
    assert (lot.booking(booking).space, lot.booking(theirs).space) == ("S1", "S2")
    assert lot.stay().booking is None
    assert {"parked_elsewhere", "wrong_vehicle"} <= lot.alarms()
    assert told(lot, lot.other).count("wrong_vehicle") == 1


def test_early_arrival(rig: Rig) -> None:
    lot = Lot(rig, Terms(early_start_s=600))
    booking = lot.book("S1", 1200, 4800)
    lot.come_as(booking, 900)
    assert lot.booking(booking).state == "active"
    lot.go(4800, match="accepted", grant=booking.grant)
    rig.settle()
    receipt = lot.receipt(booking)
    # From the event on, five minutes before the booked time: they are priced, too.
    assert receipt.record.billed_s == 3899
    assert receipt.total_minor > booking.held_minor


def test_early_arrival_before_the_terms_allow_it_is_guided(rig: Rig) -> None:
    lot = Lot(rig, Terms(early_start_s=600))
    booking = lot.book("S1", 3600, 7200)
    lot.come(900, PLATES[0], match="other")
    assert (lot.stay().kind, lot.stay().booking) == ("early", None)
    assert lot.booking(booking).state == "confirmed"
    assert "came_early" in lot.alarms()


def late(lot: Lot) -> Booking:
    booking = lot.book("S1", 60, 7260)
    lot.until(60 + 1861)
    lot.rig.sweeps.watch()
    return booking


def test_late_arrival(rig: Rig) -> None:
    lot = Lot(rig, Terms(no_show_timeout_s=1800))
    booking = lot.book("S1", 60, 7260)
    lot.until(60 + 1700)
    rig.sweeps.watch()
    lot.come_as(booking, 60 + 1750)
    assert lot.booking(booking).state == "active"


def test_late_arrival_after_the_release_is_a_walk_in_if_free(rig: Rig) -> None:
    lot = Lot(rig, Terms(no_show_timeout_s=1800, no_show_fee_minor=300))
    booking = late(lot)
    assert lot.booking(booking).state == "no_show"
    lot.come(2000, PLATES[0], match="other")
    assert (lot.stay().kind, lot.stay().booking) == ("walk_in", None)
    asked = lot.ask("S1", 2010, 7200)
    ids = bookings.Ids("b-walk", "cmd-walk")
    number = lot.stay().number or 0
    new = rig.db.write(lambda s: stay_desk.walk_in(s, number, asked, ids, rig.clock.at))
    assert isinstance(new, Booking)
    assert (lot.stay().booking, lot.booking(new).state) == ("b-walk", "active")
    lot.says("snapshot", "occupied", 2100, match="accepted", grant=new.grant)
    lot.go(3900, match="accepted", grant=new.grant)
    rig.settle()
    assert lot.receipt(new).record.billed_s == 1799


def test_late_arrival_when_another_has_booked_since_is_no_walk_in(rig: Rig) -> None:
    lot = Lot(rig, Terms(no_show_timeout_s=1800))
    late(lot)
    theirs = lot.book("S1", 2000, 5600, who=1)
    lot.come(2010, PLATES[0], match="other")
    assert lot.stay().kind == "unbooked"
    assert "wrong_vehicle" in told(lot, lot.other)
    assert lot.booking(theirs).state == "confirmed"


def test_owners_own_car(rig: Rig) -> None:
    lot = Lot(rig)
    rig.db.write(lambda s: offer_plates.add(s, "S1", rig.owner, "沪Z99999", rig.clock.at))
    lot.come(100, "沪Z99999", match="other")
    lot.until(2000)
    rig.sweeps.watch()
    assert (lot.stay().kind, lot.alarms()) == ("owner", set())
    lot.go(2000)
    rig.settle()
    assert lot.stay().state == "closed"
    assert lot.balance(rig.owner) == 0


@pytest.mark.parametrize("read", ["沪A1234S", "沪A12845", "沪A1Z345"])
def test_plate_misread(rig: Rig, read: str) -> None:
    """One character is never held against anyone: a person looks, and says whose car it is."""
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come(100, read, match="ambiguous", grant=booking.grant)
    assert (lot.stay().kind, lot.stay().booking) == ("doubtful", None)
    assert lot.alarms() == {"ambiguous_plate"}
    judged = stay_desk.Judged("account:1", "The same car on the picture.", "ask-1")
    number = lot.stay().number or 0
    rig.db.write(lambda s: stay_desk.assign(s, number, booking.id, judged, rig.clock.at))
    assert (lot.booking(booking).state, lot.stay().booking) == ("active", booking.id)
    assert "ambiguous_plate" not in lot.alarms()
    lot.says("snapshot", "occupied", 200, match="accepted", grant=booking.grant)
    lot.go(2000, match="accepted", grant=booking.grant)
    rig.settle()
    assert lot.receipt(booking).record.billed_s == 1799


def test_plate_typed_wrong_at_booking(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    by = changing.By("edit-1", rig.driver, "cmd-edit", None)
    edited = rig.db.write(
        lambda s: changing.change_plate(s, booking.id, "沪A12346", by, rig.clock.at)
    )
    assert not isinstance(edited, Refusal)
    # So late that the gateway knew the old plate only.
    lot.come(100, "沪A12346", match="other")
    assert (lot.stay().booking, lot.booking(booking).state) == (booking.id, "active")
    again = changing.By("edit-2", rig.driver, "cmd-edit2", None)
    refused = rig.db.write(
        lambda s: changing.change_plate(s, booking.id, "沪A99999", again, rig.clock.at)
    )
    assert code(refused) == "parked_already"


def test_sensors_disagree(rig: Rig) -> None:
    """Unknown: not offered, and of a stay that goes on not billed."""
    lot = Lot(rig)
    lot.says("fault", "unknown", 10, None, "S2")
    window = Window(starts_at=at(3000), ends_at=at(6000))
    asked = lot.ask("S2", 3000, 6000)
    ids = bookings.Ids("b-u", "cmd-u")
    refused = rig.db.write(lambda s: bookings.confirm(s, asked, ids, rig.clock.at))
    assert code(refused) == "space_unknown"
    assert rig.db.read(lambda s: offers.candidates(s, window, "S2"))[0].occupancy == "unknown"
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.says("fault", "unknown", 700)
    lot.says("snapshot", "occupied", 1300)
    lot.go(1900)
    rig.settle()
    assert lot.receipt(booking).record.billed_s == 599 + 599
