"""The real command, over a real broker that dies, to a cloud that acknowledges."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from contracts.wire.codec import decode_up, encode
from contracts.wire.messages import Ack, Event, SignedEvent, Status, Up
from contracts.wire.signing import Domain, event_digest, recover
from contracts.wire.topics import ALL_UP, topic_for
from contracts.wire.types import checksummed
from edge.cli import app

LEDGER = checksummed("ab" * 20)
DOMAIN = Domain(1, LEDGER)
WAIT_S = 15
HEADER = {
    "format": "berth-trace",
    "version": 1,
    "gateway": "gw-1",
    "tz": "UTC",
    "clock": {"mono_ns": 0, "wall": "2026-05-01T00:00:00Z"},
    "channels": {"us0": {"kind": "ultrasonic", "space": "S1", "sensor": "hc-sr04"}},
}


def lines(from_s: int, to_s: int, echo_us: int | None) -> bytes:
    """Ten readings a second."""
    fields = {"v": None, "why": "no_echo"} if echo_us is None else {"v": echo_us}
    times = range(from_s * 10, to_s * 10)
    return b"".join(
        json.dumps({"t": t * 100_000_000, "ch": "us0", **fields}).encode() + b"\n" for t in times
    )


class Broker:
    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        script = Path(__file__).with_name("broker_child.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(self.port)], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class TestCloud:
    """Acknowledges what is contiguous; keeps all of it."""

    __test__ = False

    def __init__(self, port: int) -> None:
        self.news = threading.Condition()
        self.events: dict[int, SignedEvent] = {}
        self.others: list[Up] = []
        client = self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="cloud")
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda c, *_: c.subscribe(ALL_UP, qos=1)
        client.on_message = lambda _c, _u, message: self.take(message.topic, message.payload)
        client.connect("127.0.0.1", port)
        client.loop_start()

    def take(self, topic: str, payload: bytes) -> None:
        _, message = decode_up(topic, payload)
        with self.news:
            if isinstance(message, SignedEvent):
                assert self.events.setdefault(message.body.seq, message) == message
                self.acknowledge()
            else:
                self.others.append(message)
            self.news.notify_all()

    def acknowledge(self) -> None:
        seq = 0
        while seq + 1 in self.events:
            seq += 1
        ack = Ack(gateway="gw-1", epoch=self.events[1].body.epoch if seq else 0, seq=seq)
        self.client.publish(topic_for(ack), encode(ack), qos=1)

    def wait_for(self, kind: str, occupancy: str) -> Event:
        with self.news:
            came = self.news.wait_for(lambda: self.found(kind, occupancy), WAIT_S)
            assert came, [(s.body.kind, s.body.occupancy) for s in self.events.values()]
            return self.found(kind, occupancy)[0]

    def found(self, kind: str, occupancy: str) -> list[Event]:
        bodies = [signed.body for signed in self.events.values()]
        return [body for body in bodies if (body.kind, body.occupancy) == (kind, occupancy)]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


@pytest.fixture
def cloud(broker: Broker) -> Iterator[TestCloud]:
    cloud = TestCloud(broker.port)
    yield cloud
    cloud.stop()


@pytest.fixture
def config(broker: Broker, tmp_path: Path) -> Path:
    options = ["--gateway", "gw-1", "--broker", f"mqtt://127.0.0.1:{broker.port}"]
    options += ["--chain-id", "1", "--ledger", LEDGER, "--data", str(tmp_path)]
    assert CliRunner().invoke(app, ["init", *options]).exit_code == 0
    return tmp_path / "gateway.yaml"


class Gateway:
    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-c", "from edge.cli import main; main()", "run"]
        command += ["--config", str(config), "--readings", "-"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stderr=pipe)
        self.feed(json.dumps(HEADER).encode() + b"\n")

    def feed(self, some: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(some)
        self.process.stdin.flush()

    def end(self) -> str:
        _, logged = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == 0, logged.decode()
        return logged.decode()


@pytest.fixture
def gateway(config: Path) -> Iterator[Gateway]:
    gateway = Gateway(config)
    yield gateway
    gateway.process.kill()
    gateway.process.communicate()


def test_a_stay_reaches_the_cloud_though_the_broker_dies_in_the_middle(
    broker: Broker, cloud: TestCloud, gateway: Gateway
) -> None:
    gateway.feed(lines(0, 30, None) + lines(30, 90, 5800))
    arrival = cloud.wait_for("arrival", "occupied")
    broker.kill()
    gateway.feed(b"rubbish\n" + lines(90, 130, None))
    broker.start()
    departure = cloud.wait_for("departure", "free")
    logged = gateway.end()
    assert (departure.at - arrival.at).total_seconds() == pytest.approx(60, abs=3)
    assert sorted(cloud.events) == list(range(1, len(cloud.events) + 1))
    signers = {recover(event_digest(s.body, DOMAIN), s.signature) for s in cloud.events.values()}
    assert len(signers) == 1
    assert '"bad_lines": 1' in logged
    assert any(isinstance(other, Status) and other.online for other in cloud.others)


def test_kill_9_mid_stay_gives_one_arrival_and_one_departure(
    cloud: TestCloud, gateway: Gateway, config: Path
) -> None:
    gateway.feed(lines(0, 30, None) + lines(30, 90, 5800))
    cloud.wait_for("arrival", "occupied")
    gateway.process.kill()
    gateway.process.wait(WAIT_S)
    again = Gateway(config)
    again.feed(lines(100, 160, 5800) + lines(160, 200, None))
    cloud.wait_for("departure", "free")
    again.end()
    assert len(cloud.found("arrival", "occupied")) == len(cloud.found("departure", "free")) == 1
    assert len(cloud.found("snapshot", "occupied")) == 1
    assert len({signed.body.boot_id for signed in cloud.events.values()}) == 2
    assert sorted(cloud.events) == list(range(1, len(cloud.events) + 1))


def test_sigterm_ends_the_run_at_once_and_the_waiting_stream_does_not_hold_it(
    cloud: TestCloud, gateway: Gateway
) -> None:
    gateway.feed(lines(0, 30, None))
    cloud.wait_for("snapshot", "free")
    gateway.process.terminate()
    assert gateway.process.wait(WAIT_S) == 0
    assert gateway.process.stderr is not None
    logged = gateway.process.stderr.read().decode()
    assert "Fatal" not in logged
    with cloud.news:
        assert cloud.news.wait_for(lambda: cloud.others[-1].online is False, WAIT_S)  # type: ignore[union-attr]
