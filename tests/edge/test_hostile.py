"""Whatever comes down the line, the loop goes on and the next stay is told."""

import json
from datetime import UTC, datetime

import pytest
from edge_rig import MAY_1, Rig, make_grant
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.codec import MAX_BYTES, encode
from contracts.wire.messages import Ack, Ask, Revoke
from edge.adapters.fake_clock import FakeClock
from edge.core.readings import PlateRead, Reading
from edge.ports import BadReading, Disconnected, Received, Took

KINDS = ("ack", "grant", "revoke", "ask", "config", "nothing")
GOOD = [
    make_grant(),
    Revoke(command="c", gateway="gw-1", id="g-1", issued_at=MAY_1),
    Ack(gateway="gw-1", epoch=1, seq=1),
    Ask(command="c", gateway="gw-1", what="events", epoch=1, first=1, last=2**53 - 1),
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def still_works(rig: Rig) -> None:
    rig.empty(1)
    rig.car(10)
    assert rig.said()[-1] == ("arrival", "occupied")


@given(st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=200)), max_size=5))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes_on_any_topic_never_stop_the_loop(messages) -> None:
    rig = Rig()
    rig.give(*(Received(topic, payload) for topic, payload in messages))
    still_works(rig)


@given(
    st.sampled_from(KINDS), st.binary(max_size=200) | ANY_JSON.map(lambda v: json.dumps(v).encode())
)
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_on_down_topics_never_stop_the_loop(kind: str, payload: bytes) -> None:
    rig = Rig()
    rig.give(Received(f"park/v1/gw/gw-1/down/{kind}", payload))
    still_works(rig)


@given(st.sampled_from(GOOD), st.data())
@settings(max_examples=150, deadline=None)
def test_commands_with_one_field_changed_never_stop_the_loop(good, data) -> None:
    fields = json.loads(encode(good))
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(
        ANY_JSON
        | st.sampled_from(["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", 2**63 - 1, 1e7])
    )
    kind = type(good).__name__.lower()
    rig = Rig()
    rig.give(Received(f"park/v1/gw/gw-1/down/{kind}", json.dumps(fields).encode()))
    still_works(rig)


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00.000Z", "2199-12-31T23:59:59.999Z"])
def test_a_grant_at_the_end_of_the_calendar_is_harmless(at: str) -> None:
    rig = Rig()
    fields = json.loads(encode(make_grant())) | {
        "starts_at": at,
        "ends_at": at,
        "early_s": 1e7,
        "late_s": 1e7,
    }
    rig.give(Received("park/v1/gw/gw-1/down/grant", json.dumps(fields).encode()))
    assert rig.uplink.replies()[-1].accepted
    still_works(rig)


def test_a_command_for_another_gateway_or_far_too_long_is_skipped() -> None:
    rig = Rig()
    foreign = encode(make_grant(gateway="gw-2"))
    rig.give(Received("park/v1/gw/gw-2/down/grant", foreign))
    rig.give(Received("park/v1/gw/gw-1/down/grant", foreign))
    rig.give(Received("park/v1/gw/gw-1/down/grant", b" " * (MAX_BYTES + 1)))
    assert rig.uplink.replies() == []
    assert rig.outbox.load().grants == ()


readings = st.builds(
    Reading,
    mono_ns=st.integers(0, 2**63 - 1),
    channel=st.sampled_from(["us-S1", "us-S2", "cam-S1", "cam-S2", "else"]),
    value=st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.builds(PlateRead, st.text(min_size=1), st.floats(0, 1)),
    why=st.sampled_from(["no_echo", "broken"]),
)


@given(st.lists(readings, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_readings_in_any_order_give_gap_free_numbers(some) -> None:
    rig = Rig(camera=True)
    for reading in some:
        rig.give(Took(reading), BadReading("x"), Disconnected("y"))
    rig.end()
    rows = rig.outbox.events(1, 1, 10_000)
    assert [row.seq for row in rows] == list(range(1, rig.core.seq + 1))


@pytest.mark.parametrize("year", [1970, 2199])
def test_a_clock_at_either_end_of_the_calendar_stops_nothing(year: int) -> None:
    rig = Rig(clock=FakeClock(wall=datetime(year, 1, 1, tzinfo=UTC), clock_state="unsynced"))
    rig.car(0)
    rig.car(2**33, value=0)
    rig.wait(60)
    assert rig.said()[-1] == ("departure", "free")
