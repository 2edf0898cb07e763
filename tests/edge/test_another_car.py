"""A car where one stood before the restart: the same one, unless its plate says otherwise."""

from datetime import timedelta

import pytest
from edge_rig import MAY_1, Rig, make_grant

from contracts.ledger.hashing import unhex
from contracts.wire.messages import Event, PlateProof
from contracts.wire.signing import plate_commitment
from contracts.wire.types import ZERO_DIGEST

OURS, THEIRS = "沪A12345", "京B99999"


def accepted() -> Rig:
    """Accepted under g-1 since second 10; seen until second 30."""
    rig = Rig(camera=True)
    rig.command(make_grant())
    rig.empty(1)
    rig.plate(9, OURS)
    rig.car(10)
    rig.car(30)
    arrival = rig.events()[-1]
    assert (arrival.kind, arrival.match, arrival.grant) == ("arrival", "accepted", "g-1")
    return rig


def after(rig: Rig, *reads: str, away_s: float = 60) -> tuple[Rig, Event]:
    """What the first decision of a new process says after these plates."""
    again = rig.restarted(away_s, camera=True)
    for second, text in enumerate(reads, 1):
        again.plate(second, text)
    again.car(10)
    snapshot = again.events()[-1]
    assert (snapshot.kind, snapshot.occupancy) == ("snapshot", "occupied")
    return again, snapshot


def proof_of(rig: Rig, event: Event) -> PlateProof | None:
    number = (event.epoch, event.seq)
    return next(s.plate for s in rig.uplink.events() if (s.body.epoch, s.body.seq) == number)


def test_another_plate_after_a_restart_is_another_vehicle() -> None:
    again, snapshot = after(accepted(), THEIRS, THEIRS)
    assert (snapshot.match, snapshot.grant) == ("other", None)
    proof = proof_of(again, snapshot)
    assert proof is not None
    assert proof.text == THEIRS
    assert snapshot.plate == plate_commitment(THEIRS, unhex(proof.salt))
    again.empty(100)
    departure = again.events()[-1]
    assert (departure.kind, departure.match, departure.grant) == ("departure", "other", None)


def test_another_plate_is_still_known_after_a_second_restart() -> None:
    again, _ = after(accepted(), THEIRS)
    _, snapshot = after(again)
    assert (snapshot.match, snapshot.grant) == ("other", None)


@pytest.mark.parametrize("reads", [(), ("?",), (OURS,), (OURS, OURS, THEIRS)])
def test_the_same_plate_or_none_goes_on_as_before(reads: tuple[str, ...]) -> None:
    _, snapshot = after(accepted(), *reads)
    assert (snapshot.match, snapshot.grant, snapshot.plate) == ("accepted", "g-1", ZERO_DIGEST)


def test_a_near_plate_is_said_to_be_doubtful() -> None:
    _, snapshot = after(accepted(), "沪A12346")
    assert (snapshot.match, snapshot.grant) == ("ambiguous", "g-1")
    assert snapshot.plate != ZERO_DIGEST


def test_the_vehicle_of_another_grant_is_named_by_that_grant() -> None:
    rig = accepted()
    rig.command(make_grant(id="g-2", plates=(THEIRS,)))
    _, snapshot = after(rig, THEIRS)
    assert (snapshot.match, snapshot.grant) == ("accepted", "g-2")
    assert snapshot.plate != ZERO_DIGEST


def test_the_next_booking_of_the_same_vehicle_does_not_make_it_another() -> None:
    rig = accepted()
    hours = [MAY_1 + timedelta(hours=hour) for hour in (2, 4)]
    rig.command(make_grant(id="g-2", starts_at=hours[0], ends_at=hours[1]))
    _, snapshot = after(rig, OURS, away_s=3 * 3600)
    assert (snapshot.match, snapshot.grant) == ("accepted", "g-1")


@pytest.mark.parametrize(("read", "match"), [(OURS, "accepted"), (THEIRS, "other")])
def test_a_car_that_overstays_is_still_told_from_another(read: str, match: str) -> None:
    rig = accepted()
    rig.car(3 * 3600)
    again, snapshot = after(rig, read)
    assert snapshot.match == match
    again.empty(60)
    assert again.events()[-1].kind == "departure"
    again.empty(120)
    assert again.outbox.load().grants == ()


def test_reads_long_before_the_decision_do_not_count() -> None:
    again = accepted().restarted(60, camera=True)
    again.plate(1, THEIRS)
    again.car(30)
    assert (again.events()[-1].match, again.events()[-1].grant) == ("accepted", "g-1")
