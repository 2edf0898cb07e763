"""Both ends of the wire over TLS 1.3 with certificates, through a real mosquitto."""

from __future__ import annotations

import asyncio
import queue
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from edge_rig import make_grant
from paho.mqtt.enums import CallbackAPIVersion
from tls_broker import HOST, Mosquitto, Papers

from cloud.adapters import tls as cloud_tls
from cloud.entrypoints.mqtt import Wire
from cloud.entrypoints.ways import Signing, Ways
from cloud.errors import BadSetting
from cloud.tables import EventRow
from contracts.wire.codec import encode
from contracts.wire.commands import signer_of
from contracts.wire.messages import Ack, Status
from contracts.wire.topics import topic_for
from edge.adapters import tls as edge_tls
from edge.adapters.mqtt import PahoUplink, parse_broker
from edge.adapters.mqtt_probe import ask_broker, greet
from edge.errors import TlsUnusable
from edge.ports import Connected, Disconnected, Item, Received
from tests.cloud.rig import Rig
from tests.contracts.making import at

WAIT_S = 20
CLOUD_KEY = bytes([7]) * 32


@pytest.fixture
def papers() -> Papers:
    return Papers()


@pytest.fixture
def broker(tmp_path: Path, papers: Papers) -> Iterator[Mosquitto]:
    broker = Mosquitto(papers.server(tmp_path / "broker", HOST, "127.0.0.1"))
    yield broker
    broker.end()


class Uplink:
    """The gateway's own adapter, and what it puts on the inbox."""

    def __init__(self, url: str, data: Path) -> None:
        self.inbox: queue.Queue[Item] = queue.Queue()
        address = parse_broker(url, data)
        self.client = PahoUplink(address, "gw-1", 30, lambda item: self.inbox.put(item) or True)
        self.client.start("park/v1/gw/gw-1/up/status", b"{}")

    def next(self, *kinds: type) -> Any:
        while True:
            item = self.inbox.get(timeout=WAIT_S)
            if isinstance(item, kinds):
                return item


def test_a_gateway_with_its_certificate_is_let_in(
    broker: Mosquitto, papers: Papers, tmp_path: Path
) -> None:
    papers.client(tmp_path / "tls", "gw-1")
    uplink = Uplink(broker.url, tmp_path)
    assert isinstance(uplink.next(Connected, Disconnected), Connected)
    uplink.client.stop()
    assert ask_broker(parse_broker(broker.url, tmp_path), "gw-1") is None
    greet(parse_broker(broker.url, tmp_path))


def test_a_broker_of_another_authority_is_not_spoken_to_until_the_papers_are_right(
    broker: Mosquitto, papers: Papers, tmp_path: Path
) -> None:
    """And no restart is needed: what is renewed on the card is shown at the next try."""
    Papers().client(tmp_path / "tls", "gw-1")
    uplink = Uplink(broker.url, tmp_path)
    assert "cannot be reached" in uplink.next(Connected, Disconnected).why
    papers.client(tmp_path / "tls", "gw-1")
    uplink.next(Connected)
    uplink.client.stop()


def test_a_certificate_that_is_over_lets_nobody_in(
    broker: Mosquitto, papers: Papers, tmp_path: Path
) -> None:
    papers.client(tmp_path / "tls", "gw-1", days=-1)
    uplink = Uplink(broker.url, tmp_path)
    assert isinstance(uplink.next(Connected, Disconnected), Disconnected)
    uplink.client.stop()
    with pytest.raises(OSError):
        assert ask_broker(parse_broker(broker.url, tmp_path), "gw-1") is None


def test_a_broker_of_another_name_is_not_spoken_to(papers: Papers, tmp_path: Path) -> None:
    broker = Mosquitto(papers.server(tmp_path / "broker", "broker.example.org"))
    papers.client(tmp_path / "tls", "gw-1")
    uplink = Uplink(broker.url, tmp_path)
    assert "cannot be reached" in uplink.next(Connected, Disconnected).why
    uplink.client.stop()
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
        greet(parse_broker(broker.url, tmp_path))
    broker.end()


def test_older_tls_is_not_spoken(papers: Papers, tmp_path: Path) -> None:
    papers.client(tmp_path / "tls", "gw-1")
    for made in (edge_tls, cloud_tls):
        context = made.client_context(tmp_path / "tls")
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    papers.server(tmp_path / "broker", HOST)
    old.load_cert_chain(tmp_path / "broker" / "cert.pem", tmp_path / "broker" / "key.pem")
    client, server = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = edge_tls.client_context(tmp_path / "tls")
    one = context.wrap_bio(server, client, server_hostname=HOST)
    other = old.wrap_bio(client, server, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        one.do_handshake()
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
        other.do_handshake()


@pytest.mark.parametrize("gone", ["ca.pem", "cert.pem", "key.pem"])
def test_papers_that_are_missing_are_named_with_the_remedy(
    papers: Papers, tmp_path: Path, gone: str
) -> None:
    papers.client(tmp_path / "tls", "gw-1")
    (tmp_path / "tls" / gone).unlink()
    with pytest.raises(TlsUnusable, match=gone):
        edge_tls.client_context(tmp_path / "tls")
    with pytest.raises(BadSetting, match=gone):
        cloud_tls.client_context(tmp_path / "tls")


def test_a_key_that_others_can_read_or_that_is_anothers_is_refused(
    papers: Papers, tmp_path: Path
) -> None:
    folder = papers.client(tmp_path / "tls", "gw-1")
    (folder / "key.pem").chmod(0o644)
    for made, wrong in ((edge_tls, TlsUnusable), (cloud_tls, BadSetting)):
        with pytest.raises(wrong, match="read by others"):
            made.client_context(folder)
    (folder / "key.pem").chmod(0o600)
    other = papers.client(tmp_path / "other", "gw-2")
    (folder / "key.pem").write_bytes((other / "key.pem").read_bytes())
    for made, wrong in ((edge_tls, TlsUnusable), (cloud_tls, BadSetting)):
        with pytest.raises(wrong):
            made.client_context(folder)


class Town:
    """The cloud's real end of the wire, in a loop of its own."""

    def __init__(self, folder: Path, url: str, tls: Path) -> None:
        self.rig = Rig(folder)
        self.rig.import_titles()
        self.rig.enrol()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        sign = Signing(CLOUD_KEY, self.rig.domain, lambda: 1_777_593_600_000)
        self.ways = Ways(sign, lambda: cloud_tls.client_context(tls))
        self.thread = threading.Thread(target=self._run, args=(url,))
        self.thread.start()

    def _run(self, url: str) -> None:
        self.loop.run_until_complete(self._main(url))

    async def _main(self, url: str) -> None:
        self.stopping = asyncio.Event()
        self.wire = Wire(url, self.rig.db, self.rig.clock, self.rig.domain, ways=self.ways)
        running = asyncio.create_task(self.wire.run())
        self.ready.set()
        await self.stopping.wait()
        running.cancel()
        await asyncio.wait([running])

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(WAIT_S)
        self.rig.db.close()


@pytest.fixture
def town(broker: Mosquitto, papers: Papers, tmp_path: Path) -> Iterator[Town]:
    kept = Status(gateway="gw-1", online=True, at=at(0), boot_id="x", version="1", clock="synced")
    _retain(broker, papers, tmp_path, topic_for(kept), encode(kept))
    tls = papers.client(tmp_path / "cloud-tls", "berth-cloud")
    town = Town(tmp_path / "cloud", broker.url, tls)
    assert town.ready.wait(WAIT_S)
    yield town
    town.end()


def _retain(broker: Mosquitto, papers: Papers, folder: Path, topic: str, payload: bytes) -> None:
    """Somebody has left a word on the gateway's topic for whoever comes later."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="left")
    client.tls_set_context(edge_tls.client_context(papers.client(folder / "left", "gw-1")))
    client.connect(HOST, broker.port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=True).wait_for_publish(WAIT_S)
    client.disconnect()
    client.loop_stop()


def test_an_event_reaches_the_cloud_and_its_signed_answer_the_gateway(
    town: Town, broker: Mosquitto, papers: Papers, tmp_path: Path
) -> None:
    papers.client(tmp_path / "tls", "gw-1")
    uplink = Uplink(broker.url, tmp_path)
    uplink.next(Connected)
    uplink.client.subscribe("park/v1/gw/gw-1/down/#")
    event = town.rig.next_event("snapshot", "free", 0)
    answer = None
    while answer is None:
        # As a gateway does: again and again until it is acknowledged.
        uplink.client.publish("park/v1/gw/gw-1/up/event", encode(event))
        try:
            answer = uplink.inbox.get(timeout=1)
        except queue.Empty:
            continue
        answer = answer if isinstance(answer, Received) and "ack" in answer.topic else None
    ack = Ack.model_validate_json(answer.payload)
    assert (ack.epoch, ack.seq) == (1, 1)
    assert signer_of(ack, town.rig.domain) == town.ways.address
    stored = town.rig.db.read(lambda s: s.get(EventRow, ("gw-1", 1, 1)))
    assert stored is not None and stored.effect == "noted"
    assert town.wire.counts["retained"] == 1, "what the broker kept is nobody's present word"
    uplink.client.stop()


def test_commands_go_out_signed_anew_each_time(tmp_path: Path) -> None:
    times = iter(range(1, 10))
    rig = Rig(tmp_path)
    ways = Ways(Signing(CLOUD_KEY, rig.domain, lambda: next(times)))
    one, two = ways.said(make_grant()), ways.said(make_grant())
    assert (one.signed_at_ms, two.signed_at_ms) == (1, 2) and one.signature != two.signature
    assert {signer_of(it, rig.domain) for it in (one, two)} == {ways.address}
    assert "07070707" not in repr(ways), "no log ever shows the key"
    rig.db.close()
