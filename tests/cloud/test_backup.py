"""A copy while it serves; and a cloud made of yesterday's copy, which gateways complete."""

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlmodel import Session, select
from typer.testing import CliRunner

from cloud.account_tables import Invitation, MailedCode, PasskeyChallenge, WebSession
from cloud.adapters import backup as copies
from cloud.adapters.db import Database
from cloud.cli import app
from cloud.entrypoints.mqtt import Wire, message_of
from cloud.entrypoints.sweeps import Sweeps
from cloud.errors import BackupBroken, NotEmpty
from cloud.identity_tables import ClaimRow
from cloud.tables import Alarm, Booking, EventRow, Settlement, Stay
from cloud.usecases import accounts, gateways
from contracts.wire.codec import encode
from contracts.wire.messages import Down, Up
from contracts.wire.topics import topic_for
from contracts.wire.types import format_instant
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_detector import ScriptedDetector
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Agent, AgentSettings, Ports
from edge.core.gateway import Gateway as Core
from edge.core.gateway import Site
from edge.core.readings import Channel, PlateRead, Reading
from edge.core.space import StaySettings
from edge.core.window import WindowSettings
from edge.ports import Connected, Received, Took
from tests.cloud.rig import Rig
from tests.contracts.making import KEY, T0, at

NS = 1_000_000_000
PLATE = "沪A12345"
SPACES = ("S1", "S2")
ROUNDS = 40


class Line(Wire):
    """The real consumer, whose words are handed over."""

    def __init__(self, rig: Rig, db: Database) -> None:
        super().__init__("mqtt://127.0.0.1:1", db, rig.clock, rig.domain)
        self.said: list[Down] = []

    def _send(self, message: Down) -> None:
        self.said.append(message)


class Gateway:
    """The real agent on its real outbox, at the cloud's lot."""

    def __init__(self, folder: Path, rig: Rig) -> None:
        self.uplink, self.clock, self.real_s = FakeUplink(), FakeClock("boot-1", 0, T0), 0.0
        self.outbox = SqliteOutbox(folder, "gw-1", 1, 10_000)
        channels = {f"us-{it}": Channel(f"us-{it}", "ultrasonic", it) for it in SPACES}
        channels |= {f"cam-{it}": Channel(f"cam-{it}", "camera", it) for it in SPACES}
        detectors = {it: ScriptedDetector(it) for it in SPACES}
        start = self.outbox.load()
        site = Site("gw-1", rig.domain, channels, detectors)
        stay = StaySettings(arrive_settle_s=0, leave_settle_s=0, seen_every_s=10)
        core = Core(site, start, self.clock, lambda: bytes(32), stay)
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
        ports = Ports(self.outbox, self.uplink, self.clock, lambda: self.real_s, log)
        self.agent = Agent(core, start, ports, KEY, AgentSettings("gw-1", "1", WindowSettings()))
        self.agent.open()
        self.agent.turn([Connected()])

    def see(self, at_s: float, space: str, taken: bool, plate: str | None = None) -> None:
        if plate is not None:
            read = PlateRead(plate, 0.95)
            self.agent.turn([Took(Reading(int(at_s * NS), f"cam-{space}", read))])
        self.agent.turn([Took(Reading(int(at_s * NS), f"us-{space}", float(taken)))])

    def reconnect(self) -> None:
        self.agent.turn([Connected()])
        self.pass_s(60)

    def pass_s(self, seconds: float) -> None:
        self.real_s += seconds
        self.agent.turn([])


def talk(gateway: Gateway, line: Line, db: Database) -> None:
    """Until nobody has anything to say."""
    for _ in range(ROUNDS):
        heard: list[Up] = gateway.uplink.sent[:]
        del gateway.uplink.sent[:]
        for taken in line._commit(heard) if heard else []:
            line._answer(taken)
        line.said += [message_of(it) for it in db.read(gateways.pending)]
        said, line.said = line.said, []
        gateway.agent.turn([Received(topic_for(it), encode(it)) for it in said])
        if not said and not gateway.uplink.sent:
            return
    raise AssertionError("they never end")


def market(rig: Rig) -> Gateway:
    rig.import_titles()
    rig.enrol(SPACES)
    rig.register()
    rig.sweeps.drive()
    rig.offer()
    rig.top_up()
    gateway = Gateway(rig.folder, rig)
    line = Line(rig, rig.db)
    gateway.see(1, "S1", False)
    gateway.see(1, "S2", False)
    gateway.pass_s(60)
    talk(gateway, line, rig.db)
    return gateway


def a_day(gateway: Gateway) -> None:
    """The booked car comes and goes in S1, two that nobody knows in S2."""
    gateway.see(100, "S1", True, PLATE)
    gateway.see(200, "S2", True)
    gateway.see(900, "S2", False)
    gateway.see(1900, "S1", False)
    gateway.see(2000, "S2", True)
    gateway.see(2100, "S1", False)


def money(rig: Rig, db: Database) -> dict[int, int]:
    return {n: db.read(lambda s, n=n: accounts.total_of(s, n)) for n in (rig.owner, rig.driver)}


def stays(db: Database) -> list[tuple[object, ...]]:
    rows = db.read(lambda s: list(s.exec(select(Stay))))
    return sorted(
        (it.space, it.arrived_ms, it.departed_ms, it.state, it.booking or "") for it in rows
    )


def count(db: Database, table: type) -> int:
    return len(db.read(lambda s: list(s.exec(select(table)))))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "old").mkdir()
    yield Rig(tmp_path / "old")


def restored(rig: Rig, file: Path) -> tuple[Database, Sweeps]:
    """All is lost but the backup, the keys, the gateway and the chain."""
    rig.db.close()
    data = rig.folder.parent / "new"
    keys = rig.folder.parent / "keys.tar"
    copies.backup_keys(rig.folder, keys, rig.folder / "plates.key")
    copies.restore(data, file, keys)
    db = Database(data / "cloud.sqlite")
    return db, Sweeps(db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000)


def test_a_cloud_of_an_old_backup_gets_all_its_stays_back_and_nothing_twice(rig: Rig) -> None:
    gateway = market(rig)
    booking = rig.booked()
    talk(gateway, Line(rig, rig.db), rig.db)
    file = rig.folder.parent / "backup.tar"
    copies.backup(rig.folder, rig.folder / "cloud.sqlite", file, at(0))
    a_day(gateway)
    talk(gateway, Line(rig, rig.db), rig.db)
    before, events = stays(rig.db), count(rig.db, EventRow)
    assert gateway.agent.unacknowledged == 0 and len(before) == 3

    db, _ = restored(rig, file)
    assert stays(db) == []
    gateway.reconnect()
    talk(gateway, Line(rig, db), db)
    assert stays(db) == before
    assert count(db, EventRow) >= events
    assert db.read(lambda s: s.get_one(Booking, booking.id)).state == "completed"


def test_what_the_chain_was_told_after_the_backup_is_not_paid_twice(rig: Rig) -> None:
    gateway = market(rig)
    rig.booked()
    talk(gateway, Line(rig, rig.db), rig.db)
    file = rig.folder.parent / "backup.tar"
    rig.settle()
    copies.backup(rig.folder, rig.folder / "cloud.sqlite", file, at(0))
    a_day(gateway)
    talk(gateway, Line(rig, rig.db), rig.db)
    rig.settle()
    paid = money(rig, rig.db)
    assert rig.chain.read("ledger", "is_settled", 1)

    db, sweeps = restored(rig, file)
    gateway.reconnect()
    talk(gateway, Line(rig, db), db)
    for _ in range(3):
        sweeps.settle()
        sweeps.issue()
        sweeps.audit()
    assert count(db, Settlement) == 1
    assert money(rig, db) == paid
    for account, minor in paid.items():
        assert rig.chain.read("ledger", "balance_of", account) == minor
    # Its books are older than the chain: it sends nothing more, and says so.
    assert rig.chain.read("ledger", "seq") == 1
    codes = db.read(lambda s: {it.code for it in s.exec(select(Alarm))})
    assert {"books_behind", "settling_stopped"} <= codes
    assert "call_failed" not in codes


def test_a_backup_is_as_of_one_moment_whoever_writes_meanwhile(rig: Rig) -> None:
    rig.import_titles()
    copies.backup(rig.folder, rig.folder / "cloud.sqlite", rig.folder / "b.tar", at(0))
    rig.enrol()
    copies.backup_keys(rig.folder, rig.folder / "k.tar", rig.folder / "plates.key")
    copies.restore(rig.folder / "new", rig.folder / "b.tar", rig.folder / "k.tar")
    old = Database(rig.folder / "new" / "cloud.sqlite")
    assert count(old, EventRow) == 0 and not old.read(gateways.pending)
    old.close()


def test_documents_are_in_it_and_keys_in_a_file_of_their_own(rig: Rig) -> None:
    sealed = rig.folder / "documents" / ("ab" * 32)
    sealed.parent.mkdir()
    sealed.write_bytes(b"sealed")
    for name in ("operator.key", "documents.key", "commands.hex"):
        (rig.folder / name).write_text(f"hush-hush {name}", "utf-8")
    (rig.folder / "ca").mkdir()
    (rig.folder / "ca" / "root.key").write_text("hush-hush root", "utf-8")
    file, keys = rig.folder / "b.tar", rig.folder / "k.tar"
    made = copies.backup(rig.folder, rig.folder / "cloud.sqlite", file, at(0))
    # With the key of plates, which the database has beside it.
    assert copies.backup_keys(rig.folder, keys, rig.folder / "plates.key") >= 4
    assert made.documents == 1
    assert b"hush-hush" not in file.read_bytes()
    assert {oct(os.stat(it).st_mode & 0o777) for it in (file, keys)} == {"0o600"}
    new = rig.folder / "new"
    copies.restore(new, file, keys)
    assert (new / "documents" / sealed.name).read_bytes() == b"sealed"
    assert (new / "ca" / "root.key").read_text("utf-8") == "hush-hush root"
    assert oct(os.stat(new / "operator.key").st_mode & 0o777) == "0o600"


def test_a_folder_with_a_cloud_is_not_overwritten(rig: Rig) -> None:
    file = rig.folder / "b.tar"
    copies.backup(rig.folder, rig.folder / "cloud.sqlite", file, at(0))
    with pytest.raises(NotEmpty):
        copies.restore(rig.folder, file, None)


@pytest.mark.parametrize("harm", ["cut", "changed", "foreign", "pointing", "no_tar"])
def test_a_damaged_backup_leaves_nothing_behind(rig: Rig, harm: str) -> None:
    file, new = rig.folder / "b.tar", rig.folder / "new"
    copies.backup(rig.folder, rig.folder / "cloud.sqlite", file, at(0))
    raw = file.read_bytes()
    middle = raw.index(b"SQLite format 3") + 5000
    if harm == "cut":
        file.write_bytes(raw[:middle])
    elif harm == "changed":
        file.write_bytes(raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :])
    elif harm == "no_tar":
        file.write_bytes(b"nothing")
    else:
        with tarfile.open(file, "w") as tar:
            tar.addfile(tarfile.TarInfo("manifest.json"))
            member = tarfile.TarInfo("../../away" if harm == "foreign" else "cloud.sqlite")
            if harm == "pointing":
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    with pytest.raises((BackupBroken, OSError, ValueError)):
        copies.restore(new, file, None)
    assert not (new / "cloud.sqlite").exists()
    assert not (rig.folder / "away").exists()


def test_the_commands_say_what_they_did(rig: Rig) -> None:
    run, file = CliRunner(), rig.folder / "b.tar"
    made = run.invoke(app, ["backup", str(file), "--data", str(rig.folder), "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["documents"] == 0
    new = rig.folder / "new"
    done = run.invoke(app, ["restore", str(file), "--data", str(new)])
    assert done.exit_code == 0, done.output
    assert "asked for the events that are missing" in done.output
    again = run.invoke(app, ["restore", str(file), "--data", str(new)])
    assert again.exit_code == 2


def saved(rig: Rig) -> tuple[Path, Path]:
    file, keys = rig.folder / "b.tar", rig.folder / "k.tar"
    copies.backup(rig.folder, rig.folder / "cloud.sqlite", file, at(0))
    copies.backup_keys(rig.folder, keys, rig.folder / "plates.key")
    return file, keys


@pytest.mark.parametrize("beside", ["-wal", "-shm", "-journal"])
def test_where_a_log_of_a_lost_database_is_left_nothing_is_restored(rig: Rig, beside: str) -> None:
    """SQLite would take it for the restored one's."""
    file, keys = saved(rig)
    new = rig.folder / "new"
    new.mkdir()
    left = new / f"cloud.sqlite{beside}"
    left.write_bytes(b"of another")
    with pytest.raises(NotEmpty, match=beside):
        copies.restore(new, file, keys)
    assert [it.name for it in new.iterdir()] == [left.name]


def test_the_key_of_plates_is_saved_wherever_it_lies(rig: Rig) -> None:
    away = rig.folder / "credentials" / "p.key"
    away.parent.mkdir()
    text = (rig.folder / "plates.key").read_text("ascii")
    (rig.folder / "plates.key").rename(away)
    settings = {"BERTH_PLATE_KEY": str(away)}
    words = [str(rig.folder / "b.tar"), "--keys", str(rig.folder / "k.tar")]
    data = ["--data", str(rig.folder)]
    run = CliRunner()
    made = run.invoke(app, ["backup", *words, *data, "--json"], env=settings)
    assert json.loads(made.output)["keys"] == 1, made.output
    new = rig.folder / "new"
    done = run.invoke(app, ["restore", *words, "--data", str(new)], env=settings)
    assert str(away) in done.output
    assert (new / "plates.key").read_text("ascii") == text
    Database(new / "cloud.sqlite").close()


def test_without_the_key_of_plates_no_keys_are_saved_as_if_they_were_all(rig: Rig) -> None:
    away = {"BERTH_PLATE_KEY": str(rig.folder / "away.key")}
    words = ["backup", str(rig.folder / "b.tar"), "--keys", str(rig.folder / "k.tar")]
    found = CliRunner().invoke(app, [*words, "--data", str(rig.folder)], env=away)
    assert found.exit_code == 1
    assert "away.key is missing" in " ".join(found.output.split())
    assert not (rig.folder / "b.tar").exists() and not (rig.folder / "k.tar").exists()


def test_what_lets_somebody_in_is_void_in_a_restored_cloud(rig: Rig) -> None:
    """It may have been ended or used up after the backup."""
    rig.import_titles()
    ever, code = (
        10**13,
        {"mark": "m", "kind": "reset", "account": 1, "name": "n", "ends_ms": 10**13},
    )
    times = {"made_ms": 1, "ends_ms": ever}
    visit = {"mark": "w", "id": "w", "account": 1, "how": "key", "agent": "a", "seen_ms": 1}
    claim = {"id": "c", "mark": "c", "address": "0x1", "gateway": "gw-9", "serial": "1", "lot": "l"}

    def begun(session: Session) -> None:
        session.add(WebSession(**visit, idle_ms=ever, **times))
        session.add(MailedCode(**code, made_ms=1))
        session.add(PasskeyChallenge(id="p", account=0, challenge=b"c", ends_ms=ever))
        session.add(Invitation(mark="i", role="owner", by_account=1, **times))
        session.add(ClaimRow(**claim, spaces="[]", made_by="me", **times))

    rig.db.write(begun)
    file, keys = saved(rig)
    new = rig.folder / "new"
    made = copies.restore(new, file, keys)
    db = Database(new / "cloud.sqlite")
    assert [count(db, it) for it in (WebSession, MailedCode, PasskeyChallenge)] == [0, 0, 0]
    assert db.read(lambda s: s.get_one(Invitation, "i")).ends_ms == 0
    assert db.read(lambda s: s.get_one(ClaimRow, "c")).state == "voided"
    db.close()
    assert made.made_at == format_instant(at(0))


def test_a_restore_says_what_has_to_be_done_again_and_since_when(rig: Rig) -> None:
    file, _ = saved(rig)
    words = ["restore", str(file), "--data", str(rig.folder / "new")]
    found = " ".join(CliRunner().invoke(app, words).output.split())
    assert f"Revoke again what was revoked since {format_instant(at(0))}" in found
