"""A gateway obeys its own cloud: signed, for it, of now, and each word once."""

from __future__ import annotations

import pytest
from edge_rig import DOMAIN, KEY, MAY_1, Rig, make_grant
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.commands import signed
from contracts.wire.messages import Ack, Ask, Down, Revoke
from contracts.wire.signing import Domain, address_of
from edge.core.commands import MAX_REMEMBERED, WINDOW_MS, CommandGuard, Distrust, Pinned

CLOUD, STRANGER = bytes([7]) * 32, bytes([8]) * 32
PINNED = Pinned((address_of(CLOUD),), DOMAIN)
NOW_MS = 1_777_593_600_000
ACK = Ack(gateway="gw-1", epoch=1, seq=1)
REVOKE = Revoke(command="c-r", gateway="gw-1", id="g-1", issued_at=MAY_1)
ASK = Ask(command="c-a", gateway="gw-1", what="snapshot")


def judged(guard: CommandGuard, at_ms: int, utc_ms: int | None = NOW_MS) -> Distrust | None:
    return guard.judge(signed(ACK, CLOUD, DOMAIN, at_ms), utc_ms)


def test_the_clouds_word_of_now_is_believed_once() -> None:
    guard = CommandGuard(PINNED)
    assert judged(guard, NOW_MS) is None
    assert judged(guard, NOW_MS) == "replayed"
    assert judged(guard, NOW_MS + 1) is None, "said again it is another word"


def test_who_signs_nothing_or_with_another_key_is_not_believed() -> None:
    guard = CommandGuard(PINNED)
    assert guard.judge(ACK, NOW_MS) == "unsigned"
    assert guard.judge(signed(ACK, STRANGER, DOMAIN, NOW_MS), NOW_MS) == "wrong_key"
    assert guard.judge(signed(ACK, KEY, DOMAIN, NOW_MS), NOW_MS) == "wrong_key", "not even itself"


@pytest.mark.parametrize("domain", [Domain(1, DOMAIN.ledger), Domain(31337, "0x" + "cd" * 20)])
def test_a_word_for_another_environment_is_not_believed(domain: Domain) -> None:
    assert CommandGuard(PINNED).judge(signed(ACK, CLOUD, domain, NOW_MS), NOW_MS) == "wrong_key"


def test_by_a_clock_that_is_right_the_window_is_ten_minutes_to_either_side() -> None:
    guard = CommandGuard(PINNED)
    assert judged(guard, NOW_MS - WINDOW_MS - 1) == "too_old"
    assert judged(guard, NOW_MS + WINDOW_MS + 1) == "too_new"
    assert judged(guard, NOW_MS - WINDOW_MS) is None
    assert judged(guard, NOW_MS + WINDOW_MS) is None


def test_without_a_clock_nothing_much_older_than_the_newest_word_is_believed() -> None:
    guard = CommandGuard(PINNED)
    assert judged(guard, NOW_MS, None) is None
    assert judged(guard, NOW_MS - WINDOW_MS, None) is None
    assert judged(guard, NOW_MS - WINDOW_MS - 1, None) == "too_old"


def test_a_cloud_whose_clock_was_years_ahead_is_believed_again() -> None:
    guard, ahead_ms = CommandGuard(PINNED), NOW_MS + 10**12
    for number in range(MAX_REMEMBERED + 2):
        assert judged(guard, ahead_ms + number, None) is None
    assert judged(guard, NOW_MS, None) == "too_old"
    assert judged(guard, NOW_MS) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60), st.booleans())
def test_no_word_is_ever_believed_twice(offsets: list[int], clock: bool) -> None:
    guard, believed = CommandGuard(PINNED), []
    for offset in offsets:
        at_ms = NOW_MS + offset
        if judged(guard, at_ms, NOW_MS if clock else None) is None:
            believed.append(at_ms)
    assert len(believed) == len(set(believed)) == len(set(offsets))


def test_what_was_forgotten_for_want_of_room_is_too_old_and_never_new_again() -> None:
    guard = CommandGuard(PINNED)
    first = signed(ACK, CLOUD, DOMAIN, NOW_MS)
    assert guard.judge(first, NOW_MS) is None
    for number in range(MAX_REMEMBERED):
        assert judged(guard, NOW_MS + 1 + number) is None
    assert guard.judge(first, NOW_MS) == "too_old"
    assert judged(guard, NOW_MS + MAX_REMEMBERED + 1) is None


def pinned_rig() -> Rig:
    rig = Rig(commands=PINNED)
    rig.utc_ms = NOW_MS
    return rig


def tell(rig: Rig, message: Down, key: bytes = CLOUD, at_ms: int = NOW_MS) -> None:
    rig.command(signed(message, key, DOMAIN, at_ms))


def test_a_pinned_gateway_takes_grants_acks_and_questions_of_its_cloud() -> None:
    rig = pinned_rig()
    rig.empty(1)
    tell(rig, make_grant())
    tell(rig, Ack(gateway="gw-1", epoch=1, seq=2))
    tell(rig, ASK)
    assert [reply.to for reply in rig.uplink.replies()] == ["c-1", "c-a"]
    assert rig.agent.unacknowledged == 2, "the two snapshots that were asked for"
    (held,) = rig.outbox.load().grants
    assert held.signature is None and held.signed_at_ms == NOW_MS


@pytest.mark.parametrize(
    "message", [make_grant(), REVOKE, ACK, ASK], ids=lambda m: type(m).__name__
)
def test_whoever_else_commands_a_pinned_gateway_changes_nothing(message: Down) -> None:
    rig = pinned_rig()
    rig.empty(1)
    before = rig.agent.unacknowledged
    rig.command(message)
    tell(rig, message, STRANGER)
    tell(rig, message, at_ms=NOW_MS - WINDOW_MS - 1)
    assert rig.uplink.replies() == []
    assert rig.outbox.load().grants == ()
    assert rig.agent.unacknowledged == before
    assert rig.agent.distrusted == 3
    rig.car(10)
    assert rig.said()[-1] == ("arrival", "occupied"), "the loop goes on"


def test_what_is_not_believed_is_told_once_a_minute() -> None:
    rig = pinned_rig()
    for _ in range(500):
        rig.command(make_grant())
        rig.wait(0.1)
    assert [event for _, event in rig.logged].count("skipped") == 1
    rig.wait(61)
    assert [event for _, event in rig.logged].count("skipped") == 2
    assert rig.agent.distrusted == 500


def test_a_captured_revoke_does_not_come_back_after_a_restart() -> None:
    """Its clock is not set yet: what it holds tells it how late it was."""
    rig = pinned_rig()
    tell(rig, make_grant(), at_ms=NOW_MS)
    again = rig.restarted(0)
    tell(again, make_grant(id="g-2", command="c-2"), at_ms=NOW_MS - WINDOW_MS - 1)
    assert [reply.to for reply in again.uplink.replies()] == []
    tell(again, make_grant(id="g-2", command="c-2"), at_ms=NOW_MS - WINDOW_MS)
    assert [reply.to for reply in again.uplink.replies()] == ["c-2"]


def test_while_the_key_is_changed_both_are_believed() -> None:
    guard = CommandGuard(Pinned((address_of(CLOUD), address_of(STRANGER)), DOMAIN))
    for number, key in enumerate((CLOUD, STRANGER)):
        assert guard.judge(signed(ACK, key, DOMAIN, NOW_MS + number), NOW_MS) is None


def test_a_gateway_that_has_no_key_pinned_goes_on_as_before() -> None:
    rig = Rig()
    rig.command(make_grant())
    tell(rig, REVOKE)
    assert [reply.to for reply in rig.uplink.replies()] == ["c-1", "c-r"]
