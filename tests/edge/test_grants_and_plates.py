from datetime import timedelta

import pytest
from edge_rig import MAY_1, Rig, make_grant
from hypothesis import given
from hypothesis import strategies as st

from contracts.ledger.hashing import unhex
from contracts.wire.signing import plate_commitment
from contracts.wire.types import ZERO_DIGEST
from edge.adapters.fake_clock import FakeClock
from edge.core.plates import fold, match, normalise, one_edit_apart, vote
from edge.core.readings import PlateRead

OTHER = make_grant(id="g-2", plates=("粤B99999",))


@pytest.mark.parametrize(
    ("read", "grants", "expected"),
    [
        ("沪A12345", [make_grant()], ("accepted", "g-1")),
        ("沪a·12345", [make_grant()], ("accepted", "g-1")),
        ("沪 A I2345", [make_grant()], ("accepted", "g-1")),
        ("沪A1234O", [make_grant(plates=("沪A12340",))], ("accepted", "g-1")),
        ("沪A12345", [OTHER, make_grant()], ("accepted", "g-1")),
        ("沪A12346", [make_grant()], ("ambiguous", "g-1")),
        ("沪A1234", [make_grant()], ("ambiguous", "g-1")),
        ("沪A123456", [make_grant()], ("ambiguous", "g-1")),
        ("沪A12367", [make_grant()], ("other", None)),
        ("沪A12345", [], ("other", None)),
        (None, [make_grant()], ("ambiguous", "g-1")),
        (None, [make_grant(), OTHER], ("none", None)),
        (None, [], ("none", None)),
    ],
)
def test_a_read_is_matched_with_the_expected_grants(read, grants, expected) -> None:
    verdict = match(read, grants, MAY_1)
    assert (verdict.match, verdict.grant) == expected


def test_back_to_back_grants_of_one_vehicle_go_to_the_window_that_holds_the_arrival() -> None:
    first = make_grant(id="g-1", ends_at=MAY_1 + timedelta(hours=1))
    second = make_grant(id="g-2", starts_at=MAY_1 + timedelta(hours=1))
    for minute, name in ((50, "g-1"), (60, "g-2"), (70, "g-2")):
        at = MAY_1 + timedelta(minutes=minute)
        assert match("沪A12345", [second, first], at).grant == name


def test_votes_are_sums_of_confidence_in_any_order() -> None:
    reads = [PlateRead("沪A12345", 0.4), PlateRead("沪A·12345", 0.4), PlateRead("沪A12348", 0.7)]
    assert vote(reads) == vote(reversed(reads)) == "沪A12345"
    assert vote([]) is vote([PlateRead("?", 0.9)]) is None


@given(st.text(max_size=20))
def test_normalising_and_folding_twice_is_as_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)


@given(st.text("A01", max_size=6), st.integers(0, 6))
def test_one_edit_apart_is_one_character_put_in_left_out_or_replaced(text: str, at: int) -> None:
    longer, replaced = text[:at] + "Z" + text[at:], text[:at] + "Z" + text[at + 1 :]
    assert one_edit_apart(text, longer)
    assert one_edit_apart(longer, text)
    assert one_edit_apart(text, replaced)
    assert not one_edit_apart(text, text)
    assert not one_edit_apart(text, longer + "Z")


def test_an_arrival_waits_for_its_plate_and_names_the_grant_until_the_departure() -> None:
    rig = Rig(camera=True)
    rig.command(make_grant())
    rig.empty(1)
    rig.plate(8, "沪A12345", 0.6)
    rig.car(10)
    rig.plate(12, "沪A12345")
    assert rig.said()[-1] == ("snapshot", "free")
    rig.car(16)
    rig.empty(900)
    arrival, departure = rig.events()[-2:]
    assert (arrival.match, arrival.grant) == ("accepted", "g-1")
    assert (departure.kind, departure.grant) == ("departure", "g-1")
    assert departure.plate == ZERO_DIGEST
    proof = next(s.plate for s in rig.uplink.events() if s.body.seq == arrival.seq)
    assert proof is not None
    assert arrival.plate == plate_commitment(proof.text, unhex(proof.salt))
    assert arrival.boottime_ns == 15_000_000_000


def test_plates_read_long_before_or_after_an_arrival_do_not_count() -> None:
    rig = Rig(camera=True)
    rig.command(make_grant())
    rig.empty(1)
    rig.plate(14, "粤B99999")
    rig.car(30)
    rig.plate(36, "粤B99999")
    arrival = rig.events()[-1]
    assert (arrival.kind, arrival.match, arrival.grant) == ("arrival", "ambiguous", "g-1")


def test_a_departure_before_the_plate_wait_is_over_comes_after_its_arrival() -> None:
    rig = Rig(camera=True)
    rig.empty(1)
    rig.car(10)
    rig.empty(13)
    assert rig.said()[-2:] == [("arrival", "occupied"), ("departure", "free")]


def test_a_stream_that_ends_does_not_swallow_a_waiting_arrival() -> None:
    rig = Rig(camera=True)
    rig.empty(1)
    rig.car(10)
    rig.end()
    assert rig.said()[-1] == ("arrival", "occupied")


@pytest.mark.parametrize(
    ("arrives_s", "grant"),
    [(899, None), (900, "g-1"), (2000, "g-1"), (4199, "g-1"), (4200, None)],
)
def test_a_grant_counts_from_early_to_late_half_open(arrives_s: int, grant: str | None) -> None:
    rig = Rig()
    start, end = MAY_1 + timedelta(seconds=1000), MAY_1 + timedelta(seconds=4000)
    rig.command(make_grant(starts_at=start, ends_at=end, early_s=100.0, late_s=200.0))
    rig.empty(1)
    rig.car(arrives_s)
    assert rig.events()[-1].grant == grant


def test_a_grant_is_stored_before_it_is_accepted_and_counts_after_a_restart() -> None:
    rig = Rig()
    rig.outbox.broken = True  # type: ignore[attr-defined]
    rig.command(make_grant())
    assert rig.uplink.replies() == []
    rig.outbox.broken = False  # type: ignore[attr-defined]
    rig.wait(2)
    assert [(reply.to, reply.accepted) for reply in rig.uplink.replies()] == [("c-1", True)]
    again = rig.restarted(60)
    again.empty(1)
    again.car(10)
    assert again.events()[-1].grant == "g-1"


def test_a_grant_delivered_twice_is_accepted_twice_and_changes_nothing() -> None:
    rig = Rig()
    for _ in range(2):
        rig.command(make_grant())
    rig.command(make_grant(version=2, ends_at=MAY_1 + timedelta(hours=5)))
    rig.command(make_grant())
    assert [reply.accepted for reply in rig.uplink.replies()] == [True] * 4
    (held,) = rig.outbox.load().grants
    assert held.version == 2


def test_a_grant_for_a_space_elsewhere_is_refused_with_a_sentence() -> None:
    rig = Rig()
    rig.command(make_grant(space="S9"))
    (reply,) = rig.uplink.replies()
    assert (reply.accepted, reply.code) == (False, "unknown_space")
    assert reply.sentence == "Space S9 is not at this gateway; it has S1, S2."


def test_a_revoked_grant_is_void_even_if_it_is_delivered_once_more() -> None:
    rig = Rig()
    rig.command(make_grant())
    rig.revoke(MAY_1 + timedelta(seconds=5))
    rig.command(make_grant())
    again = rig.restarted(60)
    again.command(make_grant())
    again.empty(1)
    again.car(10)
    assert again.events()[-1].grant is None
    assert all(reply.accepted for reply in rig.uplink.replies())


def test_a_grant_issued_after_its_revoke_counts_again() -> None:
    rig = Rig()
    rig.command(make_grant())
    rig.revoke(MAY_1 + timedelta(seconds=5))
    rig.command(make_grant(version=2, issued_at=MAY_1 + timedelta(seconds=9)))
    rig.revoke(MAY_1 + timedelta(seconds=5))
    rig.empty(1)
    rig.car(10)
    assert rig.events()[-1].grant == "g-1"


@pytest.mark.parametrize(("state", "held"), [("synced", 0), ("unsynced", 1)])
def test_expired_grants_are_forgotten_but_not_by_a_clock_that_nobody_set(state, held) -> None:
    rig = Rig(clock=FakeClock(clock_state=state))
    rig.command(make_grant())
    rig.empty(3 * 3600)
    assert len(rig.outbox.load().grants) == held
