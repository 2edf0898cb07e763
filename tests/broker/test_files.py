"""What `berth-cloud broker-config` writes; the sweep that keeps the door as the database has it."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from cloud.adapters import mosquitto
from cloud.adapters.broker import server_tls
from cloud.adapters.broker_choice import mosquitto_door
from cloud.adapters.clock import SystemClock
from cloud.adapters.db import Database
from cloud.adapters.mosquitto_control import MosquittoControl
from cloud.adapters.tls import client_context
from cloud.cli import app
from cloud.core.broker_rules import CLOUD, CONTROL, dynamic_security
from cloud.entrypoints.doors import Doors
from cloud.errors import BadSetting
from cloud.identity_tables import CertificateRow
from cloud.ports.doors import DoorUnreachable
from contracts.wire.types import to_ms
from tests.broker.brokers import MOSQUITTO, Mosquitto, free_port
from tests.broker.catalogue import ABSENT
from tests.broker.papers import DAY, Papers
from tests.broker.peer import SUBACK, V3, Hello, Peer, subscribe

PLAN = mosquitto.Plan(("broker.example.org", "127.0.0.1"), 8883, 8884, plugin="/usr/lib/plugin.so")


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers(tmp_path / "papers")


def written(folder: Path, papers: Papers, *gateways: str, days: float = 0) -> dict[str, bytes]:
    now = papers.now + timedelta(days=days)
    known = mosquitto.Known(gateways, papers.revoked)
    files = mosquitto.write(folder, PLAN, known, papers.authority, now)
    return {name: (folder / name).read_bytes() for name in files}


def test_files_are_their_user_s_alone_and_keys_stay_when_it_is_written_again(
    tmp_path: Path, papers: Papers
) -> None:
    folder = tmp_path / "broker"
    first = written(folder, papers, "gw-1")
    again = written(folder, papers, "gw-1", "gw-2", days=1)
    assert first.keys() == again.keys()
    same = {name for name in first if first[name] == again[name]}
    assert same >= {name for name in first if name.endswith(("key.pem", ".key"))}
    assert same >= {"berth-cloud/cert.pem", "dynamic-security.json", "mosquitto.conf"}
    assert first["crl.pem"] != again["crl.pem"]
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_certificates_of_the_cloud_are_renewed_in_time(tmp_path: Path, papers: Papers) -> None:
    first = written(tmp_path / "b", papers)
    kept = written(tmp_path / "b", papers, days=mosquitto.CERTIFICATE_DAYS - 61)
    fresh = written(tmp_path / "b", papers, days=mosquitto.CERTIFICATE_DAYS - 59)
    name = f"{CLOUD}/cert.pem"
    assert first[name] == kept[name] != fresh[name]
    (tmp_path / "b" / name).write_bytes(b"broken")
    assert b"BEGIN CERTIFICATE" in written(tmp_path / "b", papers)[name]


def test_everybody_is_in_the_list_by_name_and_nothing_is_allowed_by_default() -> None:
    made = dynamic_security(["gw-2", "gw-1", "gw-1"])
    names = [client["username"] for client in made["clients"]]
    assert names == [CLOUD, CONTROL, "gw-1", "gw-2"]
    assert not any(made["defaultACLAccess"][kind] for kind in ("publishClientSend", "subscribe"))
    roles = {role["rolename"]: role["acls"] for role in made["roles"]}
    said = {acl["topic"] for acl in roles["gw-1"] if acl["acltype"] == "publishClientSend"}
    assert said == {"park/v1/gw/gw-1/up/#"}
    heard = {acl["topic"] for acl in roles["gw-1"] if acl["acltype"] == "subscribePattern"}
    assert heard == {"park/v1/gw/gw-1/down/#"}


def test_the_settings_that_matter_are_there(tmp_path: Path, papers: Papers) -> None:
    """Each was measured: without it an attack of the catalogue gets through (docs/security.md)."""
    text = written(tmp_path / "b", papers, "gw-1")["mosquitto.conf"].decode()
    for line in (
        *("allow_anonymous false", "require_certificate true", "tls_version tlsv1.3"),
        *("use_identity_as_username true", "use_username_as_clientid true"),
        *("retain_available false", "persistence false", "max_qos 1", "max_packet_size 20480"),
        *("listener 8883", "listener 8884 127.0.0.1", "max_connections 1000"),
    ):
        assert f"\n{line}\n" in text
    settings = [line.split()[0] for line in text.splitlines() if line and line[0] != "#"]
    assert "memory_limit" not in settings


def test_the_broker_s_certificate_bears_its_names(tmp_path: Path, papers: Papers) -> None:
    pem = written(tmp_path / "b", papers)["server.pem"]
    found = x509.load_pem_x509_certificate(pem).extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example.org"]


@pytest.mark.parametrize("folder", ["with space", "tab\there"])
def test_a_folder_that_mosquitto_cannot_name_is_refused(
    tmp_path: Path, papers: Papers, folder: str
) -> None:
    with pytest.raises(BadSetting, match="space"):
        written(tmp_path / folder, papers)


def test_the_embedded_broker_takes_the_same_folder(tmp_path: Path, papers: Papers) -> None:
    written(tmp_path / "b", papers)
    made = server_tls(tmp_path / "b")
    assert made.minimum_version.name == "TLSv1_3"
    assert made.verify_mode.name == "CERT_REQUIRED"


def test_the_door_is_held_only_with_the_identity_for_it(tmp_path: Path, papers: Papers) -> None:
    written(tmp_path / "b", papers)
    url = "mqtts://127.0.0.1:8884"
    assert mosquitto_door(url, None) is None
    assert mosquitto_door(url, tmp_path / "b" / CLOUD) is not None
    (tmp_path / "b" / CONTROL / "key.pem").unlink()
    assert mosquitto_door(url, tmp_path / "b" / CLOUD) is None


def test_the_command_writes_the_folder_of_an_installation(tmp_path: Path) -> None:
    """Before its first start, too: then nobody is known yet."""
    command = ["broker-config", str(tmp_path / "b"), "--json", "--data", str(tmp_path / "data")]
    command += ["--name", "broker.example.org", "--plugin", "x.so"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["broker"] == "mqtts://broker.example.org:8883"
    assert told["cloud"]["BERTH_BROKER"] == "mqtts://127.0.0.1:8884"
    assert client_context(Path(told["cloud"]["BERTH_TLS"])) is not None
    again = CliRunner().invoke(app, [*command[:5], "--port", "9000"])
    assert json.loads(again.output)["broker"] == "mqtts://broker.example.org:9000"
    assert set(told["files"]) >= {"mosquitto.conf", "crl.pem", "dynamic-security.json"}


class HeldDoor:
    """A Door that keeps what it was brought; `away`: nobody answers."""

    def __init__(self) -> None:
        self.brought: list[tuple[frozenset[str], frozenset[str]]] = []
        self.away = False

    def bring(self, inside: frozenset[str], shut: frozenset[str]) -> None:
        if self.away:
            raise DoorUnreachable("nobody there")
        self.brought.append((inside, shut))


def certificate(gateway: str, serial: int, state: str = "valid", days: int = 9) -> CertificateRow:
    now_ms = to_ms(SystemClock().now())
    return CertificateRow(
        serial=f"{serial:032x}",
        gateway=gateway,
        signer="0x",
        key="k",
        pem="",
        state=state,
        starts_ms=now_ms - 1000,
        ends_ms=now_ms + days * 86_400_000,
        revoked_ms=now_ms if state == "revoked" else None,
    )


def test_the_sweep_brings_who_is_enrolled_and_who_is_revoked(tmp_path: Path) -> None:
    db, door = Database(tmp_path / "cloud.sqlite"), HeldDoor()
    rows = (
        certificate("gw-1", 1),
        certificate("gw-1", 2, "revoked"),
        certificate("gw-2", 3, "revoked"),
        certificate("gw-3", 4, "superseded"),
        certificate("gw-4", 5, days=-1),
    )
    db.write(lambda s: s.add_all(rows))
    doors = Doors(db, door, SystemClock())
    door.away = True
    doors.bring()
    door.away = False
    doors.bring()
    assert door.brought == [(frozenset({"gw-1", "gw-3"}), frozenset({"gw-2"}))]
    db.close()


def test_a_broker_that_is_away_is_said_and_asked_again(papers: Papers) -> None:
    door = MosquittoControl(f"mqtts://127.0.0.1:{free_port()}", papers.of(CONTROL))
    for _ in range(2):
        with pytest.raises(DoorUnreachable):
            door.bring(frozenset({"gw-1"}), frozenset())


@pytest.mark.skipif(MOSQUITTO is None, reason=ABSENT)
def test_mosquitto_refuses_a_certificate_once_its_list_is_read_again(
    tmp_path: Path, papers: Papers
) -> None:
    running = Mosquitto(tmp_path / "b", papers, ("gw-1",))
    try:
        shown = papers.of("gw-1", revoked=True)
        with Peer(running.address, shown, V3).open() as peer:
            assert peer.hello(Hello("gw-1"))
        crl = papers.authority.crl(papers.revoked, papers.now + DAY / 24 / 60)
        (tmp_path / "b" / "crl.pem").write_bytes(crl)
        os.kill(running.process.pid, signal.SIGHUP)
        let_in = True
        for _ in range(50):
            with Peer(running.address, shown, V3).open() as peer:
                let_in = peer.hello(Hello("gw-1"))
            if not let_in:
                break
        assert not let_in and "REVOKED" in peer.refusal
    finally:
        running.stop()


@pytest.mark.skipif(MOSQUITTO is None, reason=ABSENT)
def test_mosquitto_stays_well_while_gateways_come_and_go(tmp_path: Path, papers: Papers) -> None:
    """With memory_limit 2.0.11 refuses everybody after the second that goes."""
    running = Mosquitto(tmp_path / "b", papers, ("gw-1",))
    shown = papers.of("gw-1")
    try:
        for turn in range(8):
            names = frozenset({"gw-1"} | ({f"gw-x{turn}"} if turn % 2 else set()))
            running.door.bring(names, frozenset())
        with Peer(running.address, shown, V3).open() as peer:
            assert peer.hello(Hello("gw-1"))
            peer.send(subscribe("park/v1/gw/gw-1/down/#", V3))
            answer = peer.until(SUBACK)
            assert answer is not None and answer.body[-1] == 1
        assert "out of memory" not in running.said()
    finally:
        running.stop()
