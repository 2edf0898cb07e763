"""Cars in doubt: nobody pays for what the car park did not know."""

import pytest

from cloud.core.reasons import Refusal
from cloud.tables import Booking
from cloud.usecases import booking_fees, booking_no_shows, changing, gateways, stay_desk
from contracts.ledger.pricing import Terms
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, Lot
from tests.contracts.making import at

FEE = Terms(no_show_timeout_s=1800, no_show_fee_minor=300)


def fees(lot: Lot, booking: Booking) -> list[str]:
    found = lot.rig.db.read(lambda s: booking_fees.of_booking(s, booking.id))
    return [row.code for row in found]


def extended(lot: Lot, booking: Booking, ends_s: float) -> Booking:
    by = changing.By("longer", lot.rig.driver, "cmd-longer", int(ends_s - 60) // 60 * 10)
    now = lot.rig.clock.at
    made = lot.rig.db.write(lambda s: changing.extend(s, booking.id, at(ends_s), by, now))
    assert isinstance(made, Booking), made
    return made


def test_a_plate_that_differs_by_a_sign_that_is_the_same_is_its_bookings(rig: Rig) -> None:
    """O is never on a plate: who types it means the zero that the camera reads."""
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    now = rig.clock.at
    by = changing.By("plate", rig.driver, "cmd-plate")
    rig.db.write(lambda s: changing.change_plate(s, booking.id, "沪AO2I45", by, now))

    lot.come(100, "沪A02145", match="other")

    assert (lot.stay().kind, lot.stay().booking) == ("booked", booking.id)


def test_who_was_let_in_by_the_grant_before_a_change_has_come_by_the_booking(rig: Rig) -> None:
    """The gateway had not heard of the change: the driver is neither a stranger nor a no-show."""
    lot = Lot(rig, FEE)
    before = lot.book("S1", 60, 3660)
    after = extended(lot, before, 7260)
    assert before.grant != after.grant

    lot.come(100, PLATES[0], match="accepted", grant=before.grant)

    assert (lot.stay().kind, lot.stay().booking) == ("booked", before.id)
    assert lot.booking(before).state == "active"
    assert "wrong_vehicle" not in lot.alarms()
    lot.until(60 + 1861)
    rig.sweeps.watch()
    assert fees(lot, before) == []
    # Billed from where the gateway knew what was agreed: before that no receipt could prove it.
    lot.says("snapshot", "occupied", 2000, None, match="accepted", grant=after.grant)
    lot.go(3800, match="accepted", grant=after.grant)
    rig.settle()
    assert lot.receipt(before).record.billed_s == 1799


@pytest.mark.parametrize("read", ["沪A12346", "沪A1234S"])
def test_a_booking_whose_car_may_stand_there_is_no_no_show_before_a_person_has_looked(
    rig: Rig, read: str
) -> None:
    lot = Lot(rig, FEE)
    booking = lot.book("S1", 60, 7260)
    lot.come(100, read, match="ambiguous")
    lot.until(60 + 1861)
    rig.sweeps.watch()
    assert (lot.booking(booking).state, fees(lot, booking)) == ("confirmed", [])

    judged = stay_desk.Judged("account:9", "It is this car.", "ask-1")
    done = rig.db.write(lambda s: stay_desk.assign(s, 1, booking.id, judged, rig.clock.at))
    assert not isinstance(done, Refusal)
    assert lot.booking(booking).state == "active"


def test_a_booking_whose_doubtful_car_has_left_is_released_and_owes_nothing(rig: Rig) -> None:
    lot = Lot(rig, FEE)
    booking = lot.book("S1", 60, 7260)
    lot.come(100, "沪A12346", match="ambiguous")
    lot.go(200)
    lot.until(60 + 1861)
    rig.sweeps.watch()
    assert (lot.booking(booking).state, fees(lot, booking)) == ("no_show", [])


def test_an_overstay_moves_the_next_driver_however_long_after_it_began(rig: Rig) -> None:
    lot = Lot(rig, Terms(grace_s=600))
    booking = lot.book("S1", 60, 3660)
    following = lot.book("S1", 7260, 10860, who=1)
    lot.come_as(booking, 100)
    lot.until(3660 + 630)
    rig.sweeps.watch()
    assert lot.booking(following).space == "S1", "an hour ahead: the car may leave in time"
    lot.until(7260 - 300)
    for _ in range(2):
        rig.sweeps.watch()
    assert lot.booking(following).space == "S2"
    assert lot.asked_of_gateway() == 1


def test_who_came_while_the_gateway_was_away_is_not_charged_for_not_coming(rig: Rig) -> None:
    """Its first event makes it heard again; the arrival is still on its way."""
    lot = Lot(rig, FEE)
    made = lot.book("S1", 60, 3660)
    rig.db.write(lambda s: gateways.silence(s, at(9_000), 1_000))
    lot.until(1_900)
    rig.report("snapshot", "free", 1_895, space="S3")
    assert expired(rig) == []
    rig.heartbeat(unacknowledged=1)
    assert expired(rig) == []
    lot.come_as(made, 120)
    rig.heartbeat()
    assert (expired(rig), lot.booking(made).state) == ([], "active")


def test_who_found_a_strangers_car_owes_nothing_though_it_has_left_since(rig: Rig) -> None:
    lot = Lot(rig, FEE)
    made = lot.book("S1", 60, 3660)
    lot.come(100, "粤C55555", match="other")
    lot.go(1_850)
    lot.until(1_930)
    assert expired(rig) == [made.id]
    assert fees(lot, made) == []


def expired(rig: Rig) -> list[str]:
    rows = rig.db.write(lambda s: booking_no_shows.expire(s, rig.new_id("cmd"), rig.clock.at))
    return [row.id for row in rows]
