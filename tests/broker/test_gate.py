"""The guard's decisions, packet by packet, without a connection."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cloud.adapters.broker_guard import BURST, MESSAGES_A_S, Bucket
from cloud.core import broker_gate as gate
from cloud.core.mqtt_packets import Connect, read
from tests.broker.peer import V3, Hello, length, packet, publish, subscribe, text

OWN, FOREIGN = "park/v1/gw/gw-1/up/event", "park/v1/gw/gw-2/up/event"
DOWN = "park/v1/gw/gw-1/down"


@dataclass
class Heard:
    counts: list[str] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def talk(self) -> gate.Talk:
        return gate.Talk("gw-1", self.counts.append, self.answers.append)


def judged(talk: gate.Talk, raw: bytes) -> gate.Fate:
    size = len(raw) - 2 - (raw[1] >= 0x80) - (len(raw) > 16_386)
    assert raw[1 : len(raw) - size] == length(size)
    body = raw[len(raw) - size :]
    return talk.judge(read(raw[0], body), body)


@pytest.mark.parametrize(
    ("raw", "fate", "count"),
    [
        (publish(OWN, b"{}", V3), "pass", None),
        (publish(OWN, b"{}", V3, qos=0), "pass", None),
        (publish(FOREIGN, b"{}", V3), "swallow", "foreign_topic"),
        (publish(OWN, b"{}", V3, retain=True), "end", "retained"),
        (publish(OWN, b"{}", V3, qos=2), "end", "quality_2"),
        (publish("x" * 300, b"", V3), "swallow", "foreign_topic"),
        (subscribe(f"{DOWN}/#", V3), "pass", None),
        (subscribe("#", V3), "swallow", "foreign_filter"),
        (packet(0xC0), "pass", None),
        (packet(0xE0), "pass", None),
        (packet(0x40, b"\0\1"), "swallow", "stray_acknowledgement"),
        (packet(0x62, b"\0\1"), "end", "quality_2"),
        (Hello("gw-1").to_bytes(V3), "end", "second_connect"),
        (packet(0xA2, b"\0\1" + text("#")), "pass", None),
    ],
)
def test_what_becomes_of_a_packet_and_how_it_is_counted(
    raw: bytes, fate: gate.Fate, count: str | None
) -> None:
    heard = Heard()
    assert judged(heard.talk(), raw) == fate
    assert heard.counts == ([] if count is None else [count])


def test_a_refused_report_is_acknowledged_by_its_number_and_a_refused_filter_with_0x80() -> None:
    heard = Heard()
    talk = heard.talk()
    judged(talk, publish(FOREIGN, b"{}", V3, number=0x1234))
    judged(talk, publish(FOREIGN, b"{}", V3, qos=0))
    judged(talk, subscribe("#", V3, number=7))
    assert heard.answers == [b"\x40\2\x12\x34", b"\x90\3\0\7\x80"]


def test_an_acknowledgement_passes_once_for_what_was_sent() -> None:
    talk = Heard().talk()
    assert talk.sent(publish(f"{DOWN}/ask", b"x" * 200, V3, number=9))
    assert judged(talk, packet(0x40, b"\0\x09")) == "pass"
    assert judged(talk, packet(0x40, b"\0\x09")) == "swallow"


def test_only_so_many_filters_are_listened_to() -> None:
    talk = Heard().talk()
    fates = [judged(talk, subscribe(f"{DOWN}/{n}", V3)) for n in range(10)]
    assert fates == ["pass"] * 8 + ["swallow"] * 2
    assert judged(talk, subscribe(f"{DOWN}/1", V3)) == "pass"


@pytest.mark.parametrize(
    "connect",
    [
        Connect("gw-1", 30, will_topic=FOREIGN),
        Connect("gw-1", 30, will_topic=OWN, will_retain=True),
        Connect("gw-1", 30, will_topic=OWN, will_qos=2),
        Connect("gw-1", 0),
        Connect("gw-1", 3601),
        Connect("x" * 65, 30),
    ],
)
def test_a_greeting_that_asks_for_too_much_is_refused(connect: Connect) -> None:
    with pytest.raises(gate.Refused):
        gate.check(connect, "gw-1")


def test_a_gateway_s_usual_greeting_is_taken() -> None:
    gate.check(Connect("gw-1", 30, will_topic="park/v1/gw/gw-1/up/status", will_qos=1), "gw-1")


def test_after_a_burst_messages_go_at_a_steady_pace() -> None:
    bucket = Bucket(at_s=100.0)
    waits = [bucket.wait_s(100.0) for _ in range(int(BURST) + 2)]
    assert waits[: int(BURST)] == [0.0] * int(BURST)
    assert waits[-1] == pytest.approx(2 / MESSAGES_A_S)
    assert bucket.wait_s(100.0 + 10) == 0.0
