"""Nobody owes a fee for not coming who may have come while nobody could see."""

from dataclasses import replace

import pytest

from contracts.ledger.pricing import Terms
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import Lot

TERMS = Terms(no_show_fee_minor=300, no_show_timeout_s=1800, early_start_s=900)
BEGINS_S, DUE_S = 3600, 3600 + 1800


@pytest.fixture
def lot(tmp_path) -> Lot:  # type: ignore[no-untyped-def]
    return Lot(Rig(tmp_path), TERMS)


def released(lot: Lot, *said: tuple[str, str, float]) -> tuple[str, int]:
    """The booking's state and what its driver has lost, after a turn past its time."""
    before = lot.balance()
    made = lot.book("S1", BEGINS_S, BEGINS_S + 3600)
    for kind, occupancy, at_s in said:
        lot.says(kind, occupancy, at_s)
    lot.until(DUE_S + 130)
    lot.rig.sweeps.watch()
    lot.rig.settle()
    return lot.booking(made).state, before - lot.balance()


def test_who_does_not_come_while_all_is_seen_owes_the_fee(lot: Lot) -> None:
    assert released(lot, ("snapshot", "free", 60)) == ("no_show", 300)


def test_a_sensor_that_failed_meanwhile_leaves_a_doubt(lot: Lot) -> None:
    said = (("fault", "unknown", BEGINS_S + 60), ("snapshot", "free", BEGINS_S + 1200))
    assert released(lot, *said) == ("no_show", 0)


def test_so_does_one_that_had_failed_before(lot: Lot) -> None:
    assert released(lot, ("fault", "unknown", 60)) == ("no_show", 0)


def test_one_that_failed_and_was_well_again_before_is_no_doubt(lot: Lot) -> None:
    said = (("fault", "unknown", 60), ("snapshot", "free", 600))
    assert released(lot, *said) == ("no_show", 300)


def test_a_boot_in_that_time_leaves_a_doubt(lot: Lot) -> None:
    made = lot.book("S1", BEGINS_S, BEGINS_S + 3600)
    before = lot.balance()
    lot.until(BEGINS_S + 300)
    lot.rig.take(lot.event("boot", None, BEGINS_S + 300, None))  # type: ignore[arg-type]
    lot.says("snapshot", "free", BEGINS_S + 305)
    lot.until(DUE_S + 130)
    lot.rig.sweeps.watch()
    assert lot.booking(made).state == "no_show"
    assert lot.balance() == before + made.held_minor


def test_a_clock_that_nobody_set_tells_of_no_time(lot: Lot) -> None:
    lot.says("snapshot", "free", 60)
    lot.says("snapshot", "free", 70, clock="unsynced")
    assert released(lot) == ("no_show", 0)


def test_it_is_decided_only_once_the_gateway_was_heard_since(lot: Lot) -> None:
    """A gateway that has just fallen silent still counts as one that can be heard."""
    made = lot.book("S1", BEGINS_S, BEGINS_S + 3600)
    lot.says("snapshot", "free", DUE_S - 30)
    lot.rig.clock.pass_s(200)
    patient = replace(lot.rig.sweeps, silent_after_ms=3_600_000)
    patient.watch()
    assert lot.booking(made).state in ("confirmed", "granted")
    lot.until(DUE_S + 300)
    lot.rig.sweeps.watch()
    assert lot.booking(made).state == "no_show"
