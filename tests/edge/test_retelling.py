"""A car whose grant is known only after it came: asked, the gateway tells its stay again."""

from datetime import datetime, timedelta

import pytest
from edge_rig import MAY_1, Rig, assert_chained, make_grant
from hypothesis import given
from hypothesis import strategies as st

from contracts.ledger.hashing import unhex
from contracts.ledger.stay import evidence_of
from contracts.wire.messages import Event
from contracts.wire.signing import plate_commitment
from contracts.wire.types import EPOCH, ZERO_DIGEST
from edge.adapters.fake_clock import FakeClock
from edge.core.drafts import Draft
from edge.core.grants import GrantBook
from edge.core.outputs import Told
from edge.core.plates import Verdict
from edge.core.retelling import MAX_TOLD, RULES, Asked, after, again, anew, parts

OURS, THEIRS = "沪A12345", "京B99999"
LATER = {"issued_at": MAY_1 + timedelta(minutes=5)}


def came(plate: str | None = OURS, *grants: object, clock: FakeClock | None = None) -> Rig:
    """A car since second 10, told with the grants that were there."""
    rig = Rig(camera=True, clock=clock)
    for grant in grants:
        rig.command(grant)  # type: ignore[arg-type]
    rig.empty(1)
    if plate:
        rig.plate(9, plate)
    rig.car(10)
    rig.car(20)
    return rig


def asked(rig: Rig) -> list[Event]:
    """What the answer adds."""
    before = len(rig.events())
    rig.ask("snapshot")
    return rig.events()[before:]


def named(events: list[Event]) -> list[tuple[str, str | None]]:
    return [(event.match, event.grant) for event in events]


def at_s(seconds: float) -> datetime:
    return MAY_1 + timedelta(seconds=seconds)


def test_a_car_that_came_before_its_grant_has_its_stay_told_again_from_its_arrival() -> None:
    rig = came()
    assert named(rig.events()[-1:]) == [("other", None)]
    rig.command(make_grant(**LATER))
    first, now = asked(rig)
    assert (first.kind, first.occupancy, first.match, first.grant) == (
        "snapshot", "occupied", "accepted", "g-1",
    )  # fmt: skip
    assert (first.at, first.uncertainty_s) == (at_s(10), 0.5)
    assert (now.at, now.match, now.grant) == (at_s(20), "accepted", "g-1")
    assert_chained(rig.events())


def test_what_is_told_again_proves_the_whole_stay_with_a_departure() -> None:
    rig = came()
    rig.command(make_grant())
    asked(rig)
    rig.empty(1000)
    proven = evidence_of(rig.events()[-3:])
    assert proven is not None
    assert proven.billed_s == 989
    assert {event.grant for event in rig.events()[-3:]} == {"g-1"}


def test_the_plate_goes_out_once_with_the_event_that_names_the_grant() -> None:
    rig = came()
    rig.command(make_grant())
    first, now = asked(rig)
    proof = next(s.plate for s in rig.uplink.events() if s.body.seq == first.seq)
    assert proof is not None
    assert first.plate == plate_commitment(OURS, unhex(proof.salt))
    assert now.plate == ZERO_DIGEST


def test_asked_twice_the_stay_is_told_again_once() -> None:
    rig = came()
    rig.command(make_grant())
    assert len(asked(rig)) == 2
    assert [event.at for event in asked(rig)] == [at_s(20)]


def test_a_plate_that_a_person_compared_is_accepted_by_the_next_version_of_the_grant() -> None:
    rig = came("沪A12346", make_grant())
    assert named(rig.events()[-1:]) == [("ambiguous", "g-1")]
    assert named(asked(rig)) == [("ambiguous", "g-1")]
    rig.command(make_grant(version=2, plates=(OURS, "沪A12346")))
    assert named(asked(rig)) == [("accepted", "g-1")] * 2


def test_a_plate_that_was_read_only_later_than_an_arrival_waits_names_nobody() -> None:
    """It may be the plate of a driver who waits in the camera's view for the space."""
    rig = came(None, make_grant())
    rig.car(30)
    rig.plate(60, OURS)
    assert named(asked(rig)) == [("ambiguous", "g-1")]


def test_a_stranger_whose_plate_was_not_read_leaves_as_nobody_while_the_driver_waits() -> None:
    rig = came(None, make_grant())
    for second in (1894, 1895, 1899):
        rig.plate(second, OURS)
    rig.empty(1900)
    assert named(rig.events()[1:]) == [("ambiguous", "g-1")] * 2


def test_a_stranger_read_once_stays_the_stranger_however_often_the_waiting_driver_is_read() -> None:
    rig = came(THEIRS, make_grant())
    rig.plate(400, OURS)
    rig.plate(401, OURS)
    assert named(asked(rig)) == [("other", None)]
    rig.empty(1900)
    assert named(rig.events()[-1:]) == [("other", None)]


def test_a_stranger_known_by_no_plate_stays_so_over_a_restart_beside_the_waiting_driver() -> None:
    later = came(None, make_grant()).restarted(60, camera=True)
    later.plate(4, OURS)
    later.car(5)
    assert named(asked(later)) == [("ambiguous", "g-1")]
    later.empty(100)
    assert named(later.events()[-1:]) == [("ambiguous", "g-1")]


@pytest.mark.parametrize("asked_early", [False, True])
def test_what_an_arrival_waits_for_counts_though_it_was_told_before(asked_early: bool) -> None:
    """Asked at second 11, the arrival goes out without the plate that is read at second 13."""
    rig = Rig(camera=True)
    rig.empty(1)
    rig.car(10)
    if asked_early:
        rig.car(11)
        asked(rig)
    rig.plate(13, OURS)
    rig.plate(15.5, THEIRS)
    rig.plate(16, THEIRS)
    rig.car(20)
    rig.command(make_grant())
    first, _ = asked(rig)
    assert (first.match, first.at) == ("accepted", at_s(10))


@pytest.mark.parametrize("read", [None, THEIRS, "沪A12346"])
def test_a_car_that_is_not_surely_the_grants_stays_as_it_was_told(read: str | None) -> None:
    rig = came(read)
    rig.command(make_grant())
    (now,) = asked(rig)
    assert now.match != "accepted"


def test_an_accepted_car_is_never_another_bookings_while_its_grant_stands() -> None:
    rig = came(OURS, make_grant())
    rig.command(make_grant(id="g-2", booking="b-2", **LATER))
    for second in (30, 31, 32):
        rig.plate(second, THEIRS)
    rig.command(make_grant(id="g-3", booking="b-3", plates=(THEIRS,), **LATER))
    assert named(asked(rig)) == [("accepted", "g-1")]


@pytest.mark.parametrize("revoked", [False, True])
def test_what_was_agreed_anew_for_a_parked_car_takes_the_old_grants_place(revoked: bool) -> None:
    """Extended: the gateway tells the whole stay under the new grant, revoked the old or not."""
    rig = came(OURS, make_grant())
    longer = {"id": "g-2", "ends_at": MAY_1 + timedelta(hours=3), **LATER}
    rig.command(make_grant(**longer))
    if revoked:
        rig.revoke(MAY_1 + timedelta(minutes=5))
    first, now = asked(rig)
    assert named([first, now]) == [("accepted", "g-2")] * 2
    assert first.at == at_s(10)
    rig.empty(2 * 3600 + 60)
    assert named(rig.events()[-1:]) == [("accepted", "g-2")]


def test_a_grant_of_the_same_booking_that_is_older_takes_no_place() -> None:
    rig = came(OURS, make_grant(**LATER))
    rig.command(make_grant(id="g-0"))
    assert named(asked(rig)) == [("accepted", "g-1")]


def test_a_parked_car_that_was_extended_before_a_restart_is_told_again_after_it() -> None:
    later = came(OURS, make_grant()).restarted(60, camera=True)
    later.car(5)
    later.command(make_grant(id="g-2", **LATER))
    told = asked(later)
    assert (told[0].at, told[0].grant) == (at_s(10), "g-2")


def test_another_car_after_a_restart_is_not_told_as_the_first_ones_stay() -> None:
    later = came(OURS, make_grant()).restarted(60, camera=True)
    later.plate(1, THEIRS)
    later.car(5)
    snapshot = later.events()[-1]
    later.command(make_grant(id="g-2", booking="b-2", plates=(THEIRS,), **LATER))
    told, _ = asked(later)
    assert (told.at, told.grant) == (snapshot.at, "g-2")


def test_time_in_doubt_is_told_again_as_it_was() -> None:
    rig = came()
    rig.car(100, value=None)
    rig.car(160)
    rig.command(make_grant())
    told = asked(rig)[:-1]
    assert [(event.occupancy, event.at) for event in told] == [
        ("occupied", at_s(10)), ("unknown", at_s(100)), ("occupied", at_s(160)),
    ]  # fmt: skip
    rig.empty(300)
    proven = evidence_of([*told, rig.events()[-1]])
    assert proven is not None
    assert proven.billed_s == 89 + 139


def test_nothing_is_told_of_the_time_before_the_grant_counts() -> None:
    rig = came()
    rig.car(500)
    rig.command(make_grant(starts_at=at_s(400), early_s=100.0))
    first, _ = asked(rig)
    assert (first.at, first.uncertainty_s, first.grant) == (at_s(300), 0.0, "g-1")


def test_a_grant_that_counts_only_later_names_nobody_yet() -> None:
    rig = came()
    rig.command(make_grant(starts_at=at_s(4000)))
    assert named(asked(rig)) == [("other", None)]


def test_a_car_whose_grant_is_known_by_its_departure_is_told_before_that_without_being_asked() -> (
    None
):
    rig = came()
    rig.command(make_grant())
    rig.empty(100)
    first, gone = rig.events()[-2:]
    assert (first.kind, first.at, first.grant) == ("snapshot", at_s(10), "g-1")
    assert (gone.kind, gone.grant, gone.plate) == ("departure", "g-1", ZERO_DIGEST)


def test_a_grant_that_counts_only_after_the_car_had_left_names_nobody() -> None:
    rig = came()
    rig.command(make_grant(starts_at=at_s(101)))
    rig.empty(100)
    assert named(rig.events()[-1:]) == [("other", None)]


def test_a_space_in_doubt_tells_no_stay_again() -> None:
    rig = came()
    rig.car(30, value=None)
    rig.command(make_grant())
    assert [event.occupancy for event in asked(rig)] == ["unknown"]


def test_a_clock_that_nobody_set_tells_no_stay_again() -> None:
    clock = FakeClock(clock_state="unsynced")
    rig = came(OURS, clock=clock)
    rig.command(make_grant())
    assert named(asked(rig)) == [("other", None)]


def test_what_an_unset_clock_told_is_not_told_again() -> None:
    undated = Told(occupancy="occupied", at=EPOCH, uncertainty_s=0.5, dated=False)
    later = [
        Told(occupancy="unknown", at=at_s(100), uncertainty_s=0.5),
        Told(occupancy="occupied", at=at_s(160), uncertainty_s=0.5),
    ]
    book = GrantBook([make_grant()], {})
    asked_then = Asked("S1", at_s(300), 0, OURS)
    found = again([undated, *later], Verdict("other"), book, asked_then)
    assert found is not None
    assert [draft.at for draft in found[1]] == [at_s(160)]
    found = again([undated], Verdict("other"), book, asked_then)
    assert found == (Verdict("accepted", "g-1", OURS, "b-1"), [])


def test_after_a_departure_nothing_of_it_is_told_again() -> None:
    rig = came()
    rig.empty(100)
    rig.car(200)
    rig.plate(201, OURS)
    rig.car(210)
    rig.command(make_grant())
    first, _ = asked(rig)
    assert first.at == at_s(200)


def draft(occupancy: str, at: datetime) -> Draft:
    return Draft("snapshot", occupancy, at, 0.5, 0)  # type: ignore[arg-type]


SAID = st.lists(st.tuples(st.sampled_from(["occupied", "unknown", "free"]), st.booleans()))


@given(SAID, st.integers(0, 40))
def test_what_is_told_again_is_bounded_begins_with_the_car_and_is_not_before_the_grant(
    said: list[tuple[str, bool]], opens: int
) -> None:
    told: tuple[Told, ...] = ()
    for second, (occupancy, dated) in enumerate(said):
        told = after(told, draft(occupancy, at_s(second)), dated)
        assert len(told) <= MAX_TOLD
        assert "free" not in {part.occupancy for part in told}
    found = parts(told, at_s(opens))
    assert not found or found[0].occupancy == "occupied"
    assert all(part.at >= at_s(opens) for part in found)


def test_the_rules_are_for_every_standing_and_an_accepted_grant_that_stands_is_kept() -> None:
    own, other = make_grant(), make_grant(id="g-2", booking="b-2", **LATER)
    assert RULES["stands"] == "keep"
    before = Verdict("accepted", "g-1", None, "b-1")
    assert anew(before, OURS, own, [own, other], MAY_1) is None
    gone = anew(before, OURS, None, [other], MAY_1)
    assert gone is not None
    assert gone.grant == "g-2"
    assert anew(before, None, None, [other], MAY_1) is None
