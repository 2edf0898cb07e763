"""The guard's reading of MQTT 3.1.1: any bytes give a packet or BadPacket; which filters cover."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core import broker_rules as rules
from cloud.core.mqtt_packets import (
    BadPacket,
    Connect,
    OtherVersion,
    Publish,
    Subscribe,
    as_client,
    length_of,
    read,
    written,
)
from tests.broker.attacks_packets import IGNORED, first_packets, later_packets
from tests.broker.peer import V3, V5, Hello, length, publish, subscribe

LETTERS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
TOPIC = LETTERS.filter(lambda found: found and not set(found) & set("+#"))
LEVEL = st.sampled_from(["a", "b", "", "$x", "+"])
FILTER = st.lists(LEVEL, min_size=1, max_size=4).flatmap(
    lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels, "#"])])
)


def parts(raw: bytes) -> tuple[int, bytes]:
    at = next(n for n in range(1, 6) if raw[n] < 0x80) + 1
    return raw[0], raw[at:]


@given(st.integers(0, 255), st.binary(max_size=80))
def test_any_bytes_are_a_packet_or_a_bad_one(first: int, body: bytes) -> None:
    try:
        read(first, body)
    except BadPacket:
        return


@given(
    LETTERS,
    st.integers(0, 65_535),
    st.none() | st.tuples(TOPIC, st.binary(max_size=20), st.integers(0, 2), st.booleans()),
    LETTERS | st.none(),
)
def test_a_greeting_is_read_as_it_was_written(
    client_id: str, keepalive_s: int, will: tuple[str, bytes, int, bool] | None, user: str | None
) -> None:
    topic, payload, qos, retain = will or (None, b"", 0, False)
    asked = Connect(client_id, keepalive_s, True, user, b"x" if user is not None else None)
    hello = Hello(
        client_id,
        keepalive_s,
        user=user,
        password=b"x" if user is not None else None,
        will_topic=topic,
        will=payload,
        will_qos=qos,
        will_retain=retain,
    )
    read_back = read(*parts(hello.to_bytes(V3)))
    assert isinstance(read_back, Connect)
    assert (read_back.client_id, read_back.keepalive_s) == (client_id, keepalive_s)
    assert (read_back.user, read_back.password) == (asked.user, asked.password)
    handed_on = as_client(read_back, "gw-1/7")
    again = read(*parts(written(handed_on)))
    assert isinstance(again, Connect)
    assert (again.client_id, again.user, again.password) == ("gw-1/7", None, None)
    assert (again.will_topic, again.will, again.will_qos) == (topic, payload, qos)


@given(TOPIC, st.binary(max_size=30), st.integers(0, 2), st.booleans())
def test_a_report_is_read_as_it_was_written(
    topic: str, payload: bytes, qos: int, retain: bool
) -> None:
    raw = publish(topic, payload, V3, qos=qos, retain=retain)
    assert read(*parts(raw)) == Publish(topic, qos, retain, payload)


def test_a_subscription_is_read_as_it_was_written() -> None:
    assert read(*parts(subscribe("a/+/#", V3))) == Subscribe(("a/+/#",))


@given(st.integers(0, 268_435_455))
def test_a_length_is_read_as_it_was_written(count: int) -> None:
    raw = length(count)
    assert length_of(raw) == count
    assert length_of(raw[:-1]) is None


def test_a_length_of_five_bytes_is_bad() -> None:
    with pytest.raises(BadPacket):
        length_of(b"\xff\xff\xff\xff")


BROKEN = {
    **first_packets(V3),
    **later_packets(V3),
    "a password without a user": Hello("gw-1", password="x").to_bytes(V3),
    "a control character": publish("park\x07", b"", V3),
}
# Well formed as such: what is wrong with them is when they come, how large they are, or who.
FINE_ALONE = (
    *("PUBLISH before CONNECT", "SUBSCRIBE before CONNECT", "a ping before CONNECT"),
    *("a goodbye before CONNECT", "PUBLISH of quality 2", "a packet of 64 KB"),
)
# Wrong before there is a body at all (see `length_of`).
NO_BODY = [name for name in BROKEN if "announced" in name or "five bytes" in name] + ["ones"]


@pytest.mark.parametrize("said", sorted({*BROKEN} - {*FINE_ALONE, *NO_BODY}))
def test_what_breaks_the_standard_is_bad(said: str) -> None:
    with pytest.raises(BadPacket):
        read(*parts(BROKEN[said]))


def test_what_mosquitto_only_ignores_is_bad_here() -> None:
    for said in IGNORED:
        with pytest.raises(BadPacket):
            read(*parts(BROKEN[said]))


def test_another_version_is_told_apart_so_that_it_can_be_answered() -> None:
    for hello in (Hello("gw-1").to_bytes(V5), Hello("gw-1", level=3).to_bytes(V3)):
        with pytest.raises(OtherVersion):
            read(*parts(hello))


def matches(topic: str, wanted: str) -> bool:
    """MQTT 3.1.1, 4.7.1: written anew from the standard."""
    said, asked = topic.split("/"), wanted.split("/")
    if asked[-1] == "#":
        asked = asked[:-1]
        if len(said) < len(asked):
            return False
        said = said[: len(asked)]
    return len(said) == len(asked) and all(two in ("+", one) for one, two in zip(said, asked))


@given(FILTER, FILTER, st.lists(st.sampled_from(["a", "b", "", "$x"]), min_size=1, max_size=6))
def test_what_a_covered_filter_hears_its_cover_hears(
    outer: str, inner: str, levels: list[str]
) -> None:
    topic = "/".join(levels)
    if rules.covers(outer, inner) and matches(topic, inner):
        assert matches(topic, outer)


@given(FILTER, st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6))
def test_a_topic_is_covered_by_what_hears_it(outer: str, levels: list[str]) -> None:
    topic = "/".join(levels)
    assert rules.covers(outer, topic) == matches(topic, outer)


@pytest.mark.parametrize(
    ("name", "topic", "may"),
    [
        ("gw-1", "park/v1/gw/gw-1/up/event", True),
        ("gw-1", "park/v1/gw/gw-2/up/event", False),
        ("gw-1", "park/v1/gw/gw-1/down/grant", False),
        ("gw-1", "park/v1/gw/+/up/event", False),
        ("+", "park/v1/gw/gw-1/up/event", False),
        ("#", "park/v1/gw/gw-1/up/event", False),
        ("berth-other", "park/v1/gw/berth-other/up/event", False),
        ("Berth-Cloud", "park/v1/gw/Berth-Cloud/up/event", False),
        (rules.CLOUD, "park/v1/gw/gw-1/down/grant", True),
        (rules.CLOUD, "park/v1/gw/gw-1/up/event", False),
        (rules.CLOUD, "$CONTROL/dynamic-security/v1", False),
        (rules.CONTROL, "$CONTROL/dynamic-security/v1", True),
        (rules.CONTROL, "park/v1/gw/gw-1/down/grant", False),
    ],
)
def test_who_may_speak_where(name: str, topic: str, may: bool) -> None:
    assert rules.may_publish(name, topic) is may


@pytest.mark.parametrize(
    ("name", "wanted", "may"),
    [
        ("gw-1", "park/v1/gw/gw-1/down/#", True),
        ("gw-1", "park/v1/gw/gw-1/down/ack", True),
        ("gw-1", "park/v1/gw/gw-1/down/+", True),
        ("gw-1", "park/v1/gw/+/down/#", False),
        ("gw-1", "park/v1/gw/gw-1/#", False),
        ("gw-1", "#", False),
        ("gw-1", "$share/x/park/v1/gw/gw-1/down/#", False),
        (rules.CLOUD, "park/v1/gw/+/up/#", True),
        (rules.CLOUD, "park/v1/gw/gw-1/up/event", True),
        (rules.CLOUD, "park/v1/gw/#", False),
    ],
)
def test_who_may_listen_where(name: str, wanted: str, may: bool) -> None:
    assert rules.may_subscribe(name, wanted) is may
