"""What a car park does to us, a test per row of docs/edge-cases.md: owners, sensors, the chain."""

from sqlmodel import select

from cloud.core.reasons import Refusal
from cloud.tables import ChainCall
from cloud.usecases import offer_changes, offer_closures, offers, settlements, taking_back
from cloud.usecases.booking_fees import of_booking
from cloud.usecases.offer_conflicts import Agreed
from contracts.ledger.pending import Pending
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.reading import read_strictly
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import Lot, code
from tests.contracts.making import at


def test_owner_wants_the_space_back_early(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 3600, 7200)
    window = Window(starts_at=at(3000), ends_at=at(8000))
    wanted = taking_back.Wanted("S1", rig.owner, window)
    plan = rig.db.read(lambda s: taking_back.plan(s, wanted, rig.clock.at))
    assert not isinstance(plan, Refusal)
    agreed = Agreed(plan.token, "back-1")
    done = rig.db.write(lambda s: taking_back.confirm(s, wanted, agreed, rig.clock.at))
    assert not isinstance(done, Refusal)
    moved = lot.booking(booking)
    assert (moved.space, moved.held_minor) == ("S2", booking.held_minor)
    assert [it.space for it in plan.outcomes] == ["S2"]


def test_owner_shrinks_or_withdraws_a_window_with_bookings(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 3600, 7200)
    tariff = Tariff(id="t-S1", version=2, currency="CNY", per_hour_minor=600)
    short = Window(starts_at=at(0), ends_at=at(5000))
    row = offers.compose("o-short", rig.owner, "S1", [short], (tariff, Terms()))
    refused = rig.db.write(lambda s: offers.publish(s, row, rig.clock.at))
    assert code(refused) == "bookings_in_way"
    for space in ("S2", "S3"):
        lot.says("fault", "unknown", 90, None, space)
    shown = rig.db.read(
        lambda s: offer_changes.preview_withdrawal(s, "S1", rig.owner, rig.clock.at)
    )
    assert not isinstance(shown, Refusal)
    agreed = Agreed(shown.token, "gone-1")
    rig.db.write(lambda s: offer_changes.withdraw(s, "S1", rig.owner, rig.clock.at, agreed))
    assert (lot.booking(booking).state, lot.balance()) == ("cancelled", 10_000)
    due = rig.db.read(lambda s: of_booking(s, booking.id))
    assert [(fee.code, fee.payer) for fee in due] == [("compensation", rig.owner)]


def test_tow_or_maintenance(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 3600, 7200)
    window = Window(starts_at=at(3000), ends_at=at(8000))
    closing = offer_closures.Closing("S1", window, "maintenance")
    plan = rig.db.read(lambda s: offer_closures.preview(s, closing, rig.clock.at))
    assert not isinstance(plan, Refusal)
    agreed = Agreed(plan.token, "close-1")
    rig.db.write(lambda s: offer_closures.close(s, closing, 1, agreed, rig.clock.at))
    assert lot.booking(booking).space == "S2"
    asked = rig.db.read(lambda s: offers.candidates(s, window, "S1"))
    assert all(
        not (one.starts_at <= at(3600) and at(7200) <= one.ends_at)
        for candidate in asked
        for one in candidate.windows
    )


def test_sensor_flapping(rig: Rig) -> None:
    """One stay, however often it is told; what lay between is billed only where it is certain."""
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    for seconds in range(200, 320, 20):
        lot.says("fault", "unknown", seconds)
        lot.says("snapshot", "occupied", seconds + 10, match="accepted", grant=booking.grant)
    lot.go(1900, match="accepted", grant=booking.grant)
    rig.settle()
    assert len(lot.stays()) == 1
    assert lot.receipt(booking).record.billed_s == 1800 - 6 * 10 - 7


def test_camera_loses_a_parked_car(rig: Rig) -> None:
    """A read that fits nothing, or none at all, ends no stay: only a free space does."""
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.says("snapshot", "occupied", 700, None, match="none")
    lot.says("snapshot", "occupied", 800, None, match="ambiguous", grant=booking.grant)
    assert (lot.stay().state, lot.stay().booking) == ("open", booking.id)
    lot.go(1900)
    assert lot.stay().state == "disputed", "what was doubtful is for a person"


def test_chain_down_or_reorg(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.go(1900, match="accepted", grant=booking.grant)
    rig.chain.unreachable = True
    rig.settle()
    text = rig.db.read(lambda s: settlements.receipt_of(s, booking.id))
    pending, waiting = rig.db.read(lambda s: settlements.receipt_or_pending(s, booking.id))
    assert (text, waiting) == (None, True)
    assert isinstance(read_strictly(Pending, pending or ""), Pending)
    rig.chain.unreachable = False
    rig.sweeps.drive()
    assert lot.receipt(booking).total_minor == 290
    rig.chain.rollback(1)
    rig.sweeps.drive()
    assert rig.chain.read("ledger", "is_settled", 1)


def test_refund_address_refuses_money(rig: Rig) -> None:
    """Credits go to a balance that is withdrawn: no address is paid, so none can refuse."""
    lot = Lot(rig)
    for n in range(2):
        booking = lot.book("S1", 60 + 2000 * n, 1860 + 2000 * n)
        lot.come_as(booking, 100 + 2000 * n)
        lot.go(1000 + 2000 * n, match="accepted", grant=booking.grant)
        rig.settle()
    calls = rig.db.read(lambda s: {call.function for call in s.exec(select(ChainCall))})
    assert not {"transfer", "refund", "pay"} & calls
    assert rig.chain.read("ledger", "balance_of", rig.driver) == lot.balance()
