"""What a car park does to us, a test per row of docs/edge-cases.md: overstay, power, clocks."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from cloud.core.reasons import Refusal
from cloud.stay_tables import TrustEvent
from cloud.tables import Booking, Settlement
from cloud.usecases import bookings, stay_overstays
from cloud.usecases.booking_fees import of_booking
from contracts.ledger.pricing import Terms, Window, quote, total
from contracts.wire.types import from_ms
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, Lot
from tests.contracts.making import TARIFF, at

GRACE = Terms(grace_s=600)


def over(lot: Lot, seconds: float) -> int:
    lot.until(seconds)
    rig = lot.rig
    return len(rig.db.write(lambda s: stay_overstays.ask(s, "cmd-over", rig.clock.at)))


def test_overstay(rig: Rig) -> None:
    """Grace, then the gateway is asked; what it confirms is charged at the surcharge."""
    lot = Lot(rig, GRACE)
    made = lot.book("S1", 60, 3660)
    lot.come_as(made, 100)
    assert over(lot, 3660 + 615) == 0
    assert (over(lot, 3660 + 625), over(lot, 3660 + 700)) == (1, 0)
    assert lot.asked_of_gateway() == 1
    # As a gateway answers by its own settings: fifteen seconds of doubt.
    told = {"match": "accepted", "grant": made.grant, "uncertainty_s": 15.0}
    lot.says("snapshot", "occupied", 3660 + 626, None, **told)
    lot.go(9000, match="accepted", grant=made.grant)
    rig.settle()
    lines = {line.code: line for line in lot.receipt(made).lines}
    assert lines["overstay"].amount_minor > 0


@pytest.mark.parametrize("answer", ["unknown", None])
def test_overstay_that_nothing_confirmed_is_not_charged(rig: Rig, answer: str | None) -> None:
    lot = Lot(rig, GRACE)
    made = lot.book("S1", 60, 3660)
    lot.come_as(made, 100)
    over(lot, 3660 + 625)
    if answer:
        lot.says("snapshot", answer, 3660 + 630)
    lot.go(9000, match="accepted", grant=made.grant)
    rig.settle()
    assert (lot.stay().state, lot.balance()) == ("disputed", 10_000)
    assert "overstay_unconfirmed" in lot.alarms()


def test_overstay_moves_the_next_driver_at_the_causers_cost(rig: Rig) -> None:
    lot = Lot(rig, GRACE)
    lot.publish("S2", 900, 2)
    made = lot.book("S1", 60, 3660)
    following = lot.book("S1", 3660 + 900, 3660 + 900 + 3600, who=1)
    lot.book("S3", 60, 9000)
    lot.come_as(made, 100)
    assert over(lot, 3660 + 625) == 1
    moved = lot.booking(following)
    assert (moved.space, moved.held_minor) == ("S2", following.held_minor)
    (fee,) = rig.db.read(lambda s: of_booking(s, following.id))
    assert (fee.code, fee.payer, fee.amount_minor) == ("reassignment", rig.driver, 300)


@pytest.mark.parametrize(("plate", "space", "blamed"), [(0, "S1", 0), (1, "S2", 1)])
def test_overstay_into_ones_own_next_booking_moves_nobody_but_ones_other_car(
    rig: Rig, plate: int, space: str, blamed: int
) -> None:
    lot = Lot(rig, GRACE)
    made = lot.book("S1", 60, 3660)
    asked = replace(lot.ask("S1", 3660, 7260), plate=PLATES[plate])
    ids = bookings.Ids("b-on", "cmd-on")
    following = rig.db.write(lambda s: bookings.confirm(s, asked, ids, rig.clock.at))
    assert isinstance(following, Booking)
    lot.come_as(made, 100)
    over(lot, 3660 + 625)
    assert lot.booking(following).space == space
    noted = rig.db.read(lambda s: list(s.exec(select(TrustEvent.code))))
    assert noted.count("overstay_met_next") == blamed


def test_overstay_with_no_other_space_gives_the_next_driver_the_money_back(rig: Rig) -> None:
    lot = Lot(rig, GRACE)
    made = lot.book("S1", 60, 3660)
    following = lot.book("S1", 3660 + 900, 3660 + 900 + 3600, who=1)
    for space in ("S2", "S3"):
        lot.says("fault", "unknown", 90, None, space)
    lot.come_as(made, 100)
    over(lot, 3660 + 625)
    assert lot.booking(following).state == "cancelled"
    assert lot.balance(lot.other) == 10_000
    due = {fee.code: fee for fee in rig.db.read(lambda s: of_booking(s, following.id))}
    assert due["compensation"].payee == lot.other
    assert due["reassignment"].payer == rig.driver
    assert due["reassignment"].amount_minor == due["compensation"].amount_minor


def test_quick_swap(rig: Rig) -> None:
    """A left and B came while nobody looked: what A owes is for a person, B has its own stay."""
    lot = Lot(rig)
    made = lot.book("S1", 60, 3660)
    lot.come_as(made, 100)
    lot.says("snapshot", "occupied", 1000, "粤C55555", match="other")
    first, second = lot.stays()
    assert (first.state, first.booking, second.kind) == ("disputed", made.id, "unbooked")
    lot.go(2000)
    assert [stay.state for stay in lot.stays()] == ["disputed", "unpaid"]
    assert lot.balance() == 10_000


def test_power_cut_mid_stay(rig: Rig) -> None:
    """The same car goes on; one that was gone is billed to when it was last seen."""
    lot = Lot(rig)
    made = lot.book("S1", 60, 3660)
    lot.come_as(made, 100)
    boot: dict[str, object] = {"boot_id": "boot-2"}
    same: dict[str, object] = {"match": "accepted", "grant": made.grant}
    lot.says("snapshot", "occupied", 1000, **boot, **same)
    assert lot.stay().state == "open"
    # Last seen at 1500, found free at 2500: it left in between.
    lot.says("snapshot", "free", 2000, uncertainty_s=500.0, boot_id="boot-3")
    rig.settle()
    receipt = lot.receipt(made)
    assert receipt.record.billed_s == 1399
    assert receipt.record.ends_at == at(2000)


def test_gateway_offline_for_hours(rig: Rig) -> None:
    """The car left after 30 min and it was told hours later: 30 min are billed (not 150)."""
    lot = Lot(rig)
    made = lot.book("S1", 60, 3660)
    same: dict[str, object] = {"match": "accepted", "grant": made.grant}
    arrival = rig.next_event("arrival", "occupied", 100, **same)
    departure = rig.next_event("departure", "free", 1900, **same)
    rig.clock.pass_s(10_000)
    rig.sweeps.watch()
    assert lot.booking(made).state == "confirmed"
    rig.take(arrival)
    rig.take(departure)
    rig.settle()
    assert lot.receipt(made).record.billed_s == 1799
    assert lot.receipt(made).total_minor == 290


def test_clock_drift(rig: Rig) -> None:
    """A stamp of 1970 begins nothing; what it ends is measured on the boot's own clock."""
    lot = Lot(rig)
    made = lot.book("S1", 60, 3660)
    lot.come_as(made, 100)
    # Told at 1,905 s of the boot: by its clock, too, it happened five seconds before.
    long_ago = {"at": from_ms(1_000), "reported_at": from_ms(6_000), "clock": "unsynced"}
    lot.until(1905)
    rig.take(lot.event("departure", "free", 1900, grant=made.grant, **long_ago))
    rig.settle()
    assert lot.receipt(made).record.billed_s == 1799


def test_clock_drift_of_an_arrival_nobody_can_date_bills_nothing(rig: Rig) -> None:
    lot = Lot(rig)
    made = lot.book("S1", 60, 3660)
    lot.says("arrival", "occupied", 100, match="accepted", grant=made.grant, clock="unsynced")
    lot.go(1900, match="accepted", grant=made.grant)
    rig.settle()
    assert (lot.receipt(made).record.billed_s, lot.balance()) == (0, 10_000)


def test_duplicates_and_reordering(tmp_path_factory: pytest.TempPathFactory) -> None:
    ends = set()
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)):
        rig = Rig(tmp_path_factory.mktemp("order"))
        lot = Lot(rig)
        made = lot.book("S1", 60, 3660)
        same: dict[str, object] = {"match": "accepted", "grant": made.grant}
        events = [
            rig.next_event("arrival", "occupied", 100, **same),
            rig.next_event("fault", "unknown", 500),
            rig.next_event("snapshot", "occupied", 600, **same),
            rig.next_event("departure", "free", 900, **same),
        ]
        for index in (*order, *order):
            rig.take(events[index])
        (row,) = rig.db.read(lambda s: list(s.exec(select(Settlement))))
        ends.add((row.record, lot.stay().model_dump_json()))
        rig.db.close()
    assert len(ends) == 1


def test_price_change_mid_stay(rig: Rig) -> None:
    """The owner asks five times the price while the car stands there: the frozen one counts."""
    lot = Lot(rig)
    made = lot.book("S1", 60, 3660)
    lot.come_as(made, 100)
    assert not isinstance(lot.publish("S1", 3000, 2), Refusal)
    lot.go(1900, match="accepted", grant=made.grant)
    rig.settle()
    assert lot.receipt(made).total_minor == 290


def test_dst_and_time_zones() -> None:
    """01:30 to 03:30 in Berlin on 25 October 2026 is three hours, and is priced as three."""
    berlin = ZoneInfo("Europe/Berlin")
    begins = datetime(2026, 10, 25, 1, 30, tzinfo=berlin)
    ends = datetime(2026, 10, 25, 3, 30, tzinfo=berlin)
    assert ends - begins == timedelta(hours=2), "the trap"
    window = Window(starts_at=begins, ends_at=ends)
    assert total(quote(TARIFF, Terms(), window)) == 3 * TARIFF.per_hour_minor
