"""The embedded broker on loopback, without certificates: names, tokens, what a word is worth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.adapters.broker import EmbeddedBroker
from cloud.adapters.broker_choice import broker_secret, is_loopback, own_broker, wire_url
from cloud.config import Config
from cloud.core import broker_gate as gate
from cloud.core.broker_rules import CLOUD, CONTROL, token
from cloud.core.mqtt_packets import Connect
from cloud.errors import BadKey
from contracts.wire.topics import ALL_UP
from tests.broker.brokers import Loop, free_port
from tests.broker.peer import PUBACK, PUBLISH, SUBACK, V3, Hello, Peer, publish, subscribe

SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    loop, port = Loop(), free_port()
    made = EmbeddedBroker("127.0.0.1", port, SECRET)
    loop.do(made.start())
    made.address = ("127.0.0.1", port)  # type: ignore[attr-defined]
    yield made
    loop.do(made.stop())
    loop.end()


def greeted(broker: EmbeddedBroker, hello: Hello) -> Peer:
    peer = Peer(broker.address, None, V3).open()  # type: ignore[attr-defined]
    peer.hello(hello)
    return peer


@pytest.mark.parametrize(
    ("hello", "refusal"),
    [
        (Hello("gw-1"), ""),
        (Hello("anything", user="gw-1"), ""),
        (Hello("gw-1", user="gw-1", password=token(SECRET, "gw-1")), ""),
        (Hello("x", user=CLOUD, password=token(SECRET, CLOUD)), ""),
        (Hello("gw-1", user="gw-1", password="guessed"), "CONNACK 0x04"),
        (Hello("gw-1", user="gw-1", password=""), "CONNACK 0x04"),
        (Hello("gw-1", user="gw-1", password=token(SECRET, "gw-2")), "CONNACK 0x04"),
        (Hello("x", user=CLOUD, password=token(SECRET, CLOUD)[:-1]), "CONNACK 0x04"),
        (Hello(CLOUD), "CONNACK 0x05"),
        (Hello("x", user=CLOUD), "CONNACK 0x05"),
        (Hello("x", user=CONTROL), "CONNACK 0x05"),
        (Hello("berth-other"), "CONNACK 0x05"),
        (Hello(""), "CONNACK 0x05"),
        (Hello("gw/1"), "CONNACK 0x05"),
        (Hello("x" * 65), "CONNACK 0x05"),
        (Hello("y" * 65, user="gw-1"), "CONNACK 0x02"),
        (Hello("gw-1", keepalive_s=0), "CONNACK 0x03"),
        (Hello("gw-1", keepalive_s=3601), "CONNACK 0x03"),
    ],
)
def test_who_is_let_in_on_loopback_and_how_others_are_told(
    broker: EmbeddedBroker, hello: Hello, refusal: str
) -> None:
    with greeted(broker, hello) as peer:
        assert peer.refusal == refusal
        assert peer.alive() is (refusal == "")


def test_the_cloud_hears_gateways_and_a_gateway_does_not_hear_another(
    broker: EmbeddedBroker,
) -> None:
    cloud_hello = Hello("one", user=CLOUD, password=token(SECRET, CLOUD))
    with greeted(broker, cloud_hello) as cloud, greeted(broker, Hello("gw-1")) as gateway:
        cloud.send(subscribe(ALL_UP, V3))
        assert cloud.until(SUBACK)
        for wanted in (ALL_UP, "#", "park/v1/gw/gw-2/down/#"):
            gateway.send(subscribe(wanted, V3))
            answer = gateway.until(SUBACK)
            assert answer is not None and answer.body[-1] == 0x80
        gateway.send(publish("park/v1/gw/gw-2/up/event", b"no", V3))
        gateway.send(publish("park/v1/gw/gw-1/up/event", b"yes", V3, number=2))
        assert gateway.until(PUBACK)
        heard = cloud.until(PUBLISH)
        assert heard is not None and heard.body.endswith(b"yes")


def test_two_of_the_cloud_s_clients_stand_side_by_side(broker: EmbeddedBroker) -> None:
    password = token(SECRET, CLOUD)
    with (
        greeted(broker, Hello("one", user=CLOUD, password=password)) as one,
        greeted(broker, Hello("two", user=CLOUD, password=password)) as two,
    ):
        assert one.alive() and two.alive()


def test_one_name_has_a_few_connections_and_the_oldest_makes_room(broker: EmbeddedBroker) -> None:
    peers = [greeted(broker, Hello(f"c{n}", user="gw-7")) for n in range(6)]
    assert [peer.alive() for peer in peers] == [False, False, True, True, True, True]
    for peer in peers:
        peer.end()


def test_what_is_refused_is_counted_by_a_word(broker: EmbeddedBroker) -> None:
    before = broker.counts["wrong_token"]
    with greeted(broker, Hello("gw-1", user="gw-1", password="guessed")):
        pass
    assert broker.counts["wrong_token"] == before + 1


def test_beyond_loopback_a_gateway_s_word_is_not_enough() -> None:
    far = gate.Door(loopback=False)
    with pytest.raises(gate.Refused):
        gate.named(Connect("gw-1", 30), far, SECRET)
    shown = Connect("x", 30, user="gw-1", password=token(SECRET, "gw-1").encode())
    assert gate.named(shown, far, SECRET) == "gw-1"


def test_who_never_acknowledges_is_ended_before_it_costs_memory() -> None:
    talk = gate.Talk("gw-1", lambda _: None, lambda _: None)
    sent = [
        talk.sent(publish("park/v1/gw/gw-1/down/ask", b"", V3, number=number))
        for number in range(1, gate.MAX_UNACKNOWLEDGED + 2)
    ]
    assert sent == [True] * gate.MAX_UNACKNOWLEDGED + [False]


def test_the_secret_is_made_once_and_only_its_user_reads_it(tmp_path: Path) -> None:
    first = broker_secret(tmp_path)
    assert broker_secret(tmp_path) == first and len(first) == 32
    assert (tmp_path / "broker.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["broker.key"]


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab", "é"])
def test_a_broken_secret_is_said_with_its_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "broker.key").write_text(text, "utf-8")
    with pytest.raises(BadKey, match=r"broker\.key") as refused:
        broker_secret(tmp_path)
    assert "Delete it" in refused.value.remedy


def test_the_cloud_knocks_with_its_token_only_where_the_broker_may_be_ours(tmp_path: Path) -> None:
    shown = token(broker_secret(tmp_path), CLOUD)

    def url(broker: str) -> str:
        return wire_url(Config(data=tmp_path, broker=broker, broker_port=1999, tls=tmp_path))

    assert url("embedded") == f"mqtt://{CLOUD}:{shown}@127.0.0.1:1999"
    assert url("mqtt://127.0.0.1:7") == f"mqtt://{CLOUD}:{shown}@127.0.0.1:7"
    for other in ("mqtt://broker.example.org:1883", "mqtt://me:word@127.0.0.1:1883"):
        assert url(other) == other
    assert own_broker(Config(data=tmp_path, broker="mqtt://127.0.0.1:7")) is None
    assert [is_loopback(h) for h in ("localhost", "::1", "10.0.0.1", "example.org", None)] == [
        *(True, True, False, False, False)
    ]


def test_a_broker_that_stops_ends_every_connection() -> None:
    loop, port = Loop(), free_port()
    made = EmbeddedBroker("127.0.0.1", port, SECRET)
    loop.do(made.start())
    with Peer(("127.0.0.1", port), None, V3).open() as peer:
        assert peer.hello(Hello("gw-1"))
        loop.do(made.stop())
        assert peer.next() is None and peer.closed
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop.loop).result(1)
    loop.end()
