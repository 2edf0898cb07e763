"""Merkle trees, prices and the evidence of a stay."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, leaf_hash, node_hash, proves
from contracts.ledger.pricing import Tariff, Terms, Window, price, quote, total
from contracts.ledger.stay import evidence_of
from tests.contracts.making import TARIFF, at, event, receipt

WINDOW = Window(starts_at=at(0), ends_at=at(7200))
TERMS = Terms()
LEAVES = [leaf_hash(bytes([n])) for n in range(33)]


@given(st.integers(1, 33), st.data())
def test_every_leaf_has_a_proof_and_no_other_value_has(count: int, data: st.DataObject) -> None:
    tree = Tree(LEAVES[:count])
    index = data.draw(st.integers(0, count - 1))
    proof = tree.proof(index)
    assert proves(LEAVES[index], proof, tree.root)
    assert not proves(keccak(b"other"), proof, tree.root)


def test_an_inner_node_does_not_pass_as_a_leaf() -> None:
    tree = Tree(LEAVES[:4])
    inner = node_hash(LEAVES[0], LEAVES[1])
    assert not proves(leaf_hash(LEAVES[0] + LEAVES[1]), tree.proof(0)[1:], tree.root)
    assert proves(inner, tree.proof(0)[1:], tree.root)


def bill(seconds: float, tariff: Tariff = TARIFF) -> int:
    return total(price(tariff, TERMS, WINDOW, [(at(0), at(seconds))]))


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_a_longer_stay_never_costs_less_and_none_is_negative(a: int, b: int) -> None:
    tariff = TARIFF.model_copy(update={"free_s": 900, "cap_minor": 1000})
    assert 0 <= bill(min(a, b), tariff) <= bill(max(a, b), tariff)


def test_an_hour_costs_an_hour() -> None:
    assert bill(3600) == 600


def test_a_started_step_is_the_drivers() -> None:
    assert bill(3659) == bill(3600)


def test_free_minutes_come_off_the_bill() -> None:
    tariff = TARIFF.model_copy(update={"free_s": 900})
    assert bill(600, tariff) == 0
    assert bill(3600, tariff) == 450


def test_the_cap_holds() -> None:
    assert bill(7200, TARIFF.model_copy(update={"cap_minor": 700})) == 700


def test_leaving_within_the_grace_costs_nothing_more() -> None:
    assert bill(7200 + 600) == bill(7200)


def test_overstay_counts_from_the_end_of_the_grace_at_the_surcharge() -> None:
    assert bill(7200 + 600 + 3600) == bill(7200) + 900


def test_the_quote_is_the_price_of_the_window() -> None:
    assert total(quote(TARIFF, TERMS, WINDOW)) == bill(7200)


def test_doubt_is_the_drivers() -> None:
    found = evidence_of([event(1, "arrival", "occupied", 100), event(2, "departure", "free", 200)])
    assert found is not None
    assert found.billed == ((at(101), at(199)),)
    assert found.billed_s == 98


def test_unknown_time_is_not_billed() -> None:
    found = evidence_of([item.body for item in receipt().events])
    assert found is not None
    assert found.billed == ((at(301), at(1999)), (at(2101), at(5699)))


def test_a_space_found_free_at_boot_is_billed_to_when_it_was_last_seen() -> None:
    """The power was out from 1,000 s to 2,000 s; the car left somewhere in between."""
    events = [
        event(1, "arrival", "occupied", 100),
        event(3, "snapshot", "free", 1500, uncertainty_s=500.0),
    ]
    found = evidence_of(events)
    assert found is not None
    assert found.billed == ((at(101), at(1000)),)


@pytest.mark.parametrize(
    "occupancies", [["occupied"], ["free", "free"], ["occupied", "free", "free"], ["occupied"] * 2]
)
def test_events_that_tell_no_stay_give_none(occupancies: list[str]) -> None:
    events = [event(n, "snapshot", o, n * 100) for n, o in enumerate(occupancies, 1)]
    assert evidence_of(events) is None


def test_a_stay_shorter_than_its_doubt_costs_nothing() -> None:
    found = evidence_of([event(1, "arrival", "occupied", 100), event(2, "departure", "free", 101)])
    assert found is not None
    assert found.billed == ()
    assert found.departed_at - found.arrived_at == timedelta(seconds=1)


def test_an_arrival_by_a_clock_that_was_not_set_bills_nothing() -> None:
    events = [
        event(1, "arrival", "occupied", 100, clock="unsynced"),
        event(2, "departure", "free", 900),
    ]
    found = evidence_of(events)
    assert found is not None
    assert found.billed == ()


def test_a_departure_by_an_unset_clock_is_measured_on_the_boots_own() -> None:
    """The wall clock jumped by years; 800 s passed since the arrival."""
    gone = event(2, "departure", "free", 900).model_copy(
        update={"at": at(9e7), "reported_at": at(9e7 + 5), "clock": "unsynced"}
    )
    found = evidence_of([event(1, "arrival", "occupied", 100), gone])
    assert found is not None
    assert found.billed == ((at(101), at(899)),)


def test_a_departure_by_an_unset_clock_after_a_boot_bills_nothing() -> None:
    events = [
        event(1, "arrival", "occupied", 100),
        event(2, "snapshot", "free", 900, clock="unsynced", boot_id="boot-2"),
    ]
    found = evidence_of(events)
    assert found is not None
    assert found.billed == ()
