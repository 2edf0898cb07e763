"""PostgreSQL in the place of SQLite: refusals, one writer, one cloud, and a whole stay served."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError
from sqlmodel import Session, select
from typer.testing import CliRunner

from cloud.adapters.db import Database, exists
from cloud.adapters.postgres import WRITE_LOCK, engines, told
from cloud.cli import app
from cloud.errors import (
    DatabaseBusy,
    DatabaseInUse,
    DatabaseUnfit,
    NoDatabase,
    Unwritable,
)
from cloud.tables import Entry, Setting, Settlement, Stay
from cloud.usecases import accounts, bookings
from contracts.ledger.receipt import Receipt, read, verify
from contracts.wire.codec import encode
from contracts.wire.messages import SignedEvent, Status
from contracts.wire.signing import Domain, address_of
from contracts.wire.topics import topic_for
from firmware_sim.client import Client, wait_for
from firmware_sim.stage import BIN, free_port
from tests.cloud.postgres import Server
from tests.cloud.rig import ADMIN, ROW, Rig
from tests.cloud.test_stays import park
from tests.contracts.making import KEY, at

CLI = CliRunner()
SOON_S, LIVE_S = 20.0, 60.0


def said(url: str, folder: Path) -> tuple[int, str]:
    found = CLI.invoke(app, ["reconcile", "--data", str(folder)], env={"BERTH_DB": url})
    return found.exit_code, found.output


@pytest.fixture
def db(server: Server) -> Iterator[Database]:
    db = Database(server.emptied())
    yield db
    db.close()


def put(db: Database, key: str) -> None:
    db.write(lambda s: s.add(Setting(key=key, value="x")))


def keys(session: Session) -> set[str]:
    return set(session.exec(select(Setting.key)))


def cut(server: Server) -> None:
    """As a restart of the server does: every connection of the cloud's role is gone."""
    ask = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'berth'"
    with psycopg.connect(server.url("cloud", "admin"), autocommit=True) as admin:
        admin.execute(ask)


# Refused at the start


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@host/berth",
        "postgresql://u:secret@host",
        "postgresql://u:secret@host:port/berth",
        "postgresql:/berth",
        "u:secret@host",
        "postgresql://u:se/cret@host/berth",
    ],
)
def test_a_url_that_names_no_database_is_refused_without_telling_its_password(
    url: str, tmp_path: Path
) -> None:
    status, output = said(url, tmp_path)
    assert status == 2
    assert "BERTH_DB" in output and "postgresql://berth@host:5432/berth" in output
    assert "cret" not in output


def test_a_server_that_cannot_be_reached_is_told_with_what_to_do(tmp_path: Path) -> None:
    status, output = said(f"postgresql://u:secret@127.0.0.1:{free_port()}/berth", tmp_path)
    assert status == 1
    assert "cannot be reached" in output and "Start its server" in output
    assert "refused" in output and "secret" not in output and "Traceback" not in output


def test_a_database_that_does_not_exist_or_is_empty_holds_no_cloud(
    server: Server, tmp_path: Path
) -> None:
    assert said(server.url("nowhere"), tmp_path)[0] == 1
    status, output = said(url := server.made(), tmp_path)
    assert (status, exists(url)) == (2, False)
    assert "There is no cloud in the database of BERTH_DB" in output


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ("OWNER berth ENCODING SQL_ASCII TEMPLATE template0 LOCALE 'C'", "must be UTF8"),
        ("OWNER admin", "permission denied"),
    ],
)
def test_a_database_that_cannot_hold_the_tables_is_refused(
    server: Server, made: str, sentence: str
) -> None:
    with pytest.raises(DatabaseUnfit, match=sentence):
        Database(server.made(made))


def test_a_lock_that_is_not_given_is_told_as_another_programs_writing() -> None:
    late = OperationalError("", {}, psycopg.errors.LockNotAvailable("timeout"))
    assert isinstance(told(late), DatabaseBusy)
    gone = OperationalError("", {}, psycopg.OperationalError("the connection is lost\n\tIs it?"))
    assert str(told(gone)) == f"{NoDatabase.__doc__} the connection is lost."


# One writer, one moment, nothing half-done


def test_a_write_waits_for_that_of_another_process_and_sees_what_it_wrote(
    db: Database, server: Server
) -> None:
    other, seen, entered, leave = (
        Database(server.url("cloud")),
        [],
        *(threading.Event() for _ in range(2)),
    )

    def slow(session: Session) -> None:
        assert keys(session) == set()
        entered.set()
        assert leave.wait(SOON_S)
        session.add(Setting(key="first", value="x"))

    first = threading.Thread(target=db.write, args=(slow,))
    second = threading.Thread(target=other.write, args=(lambda s: seen.append(keys(s)),))
    first.start()
    assert entered.wait(SOON_S)
    second.start()
    with psycopg.connect(server.url("cloud", "admin"), autocommit=True) as admin:
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        assert wait_for("the lock", lambda: admin.execute(waits).fetchone() == (1,), SOON_S)
    assert seen == []
    leave.set()
    for thread in (first, second):
        thread.join(SOON_S)
    assert seen == [{"first"}]
    other.close()


def test_a_read_sees_one_moment_whatever_is_written_meanwhile(db: Database) -> None:
    def story(session: Session) -> tuple[set[str], set[str]]:
        before = keys(session)
        put(db, "meanwhile")
        return before, keys(session)

    assert db.read(story) == (set(), set())
    assert db.read(keys) == {"meanwhile"}


def test_what_only_reads_cannot_write(db: Database) -> None:
    with pytest.raises(InternalError, match="read-only"):
        db.read(lambda s: s.connection().execute(text("DELETE FROM setting")))


def test_a_write_that_fails_half_way_leaves_nothing_and_the_next_goes_on(db: Database) -> None:
    def half(session: Session) -> None:
        session.add(Setting(key="half", value="x"))
        session.flush()
        raise KeyError

    with pytest.raises(KeyError):
        db.write(half)
    put(db, "next")
    assert db.read(keys) == {"next"}


def test_a_connection_lost_in_a_write_leaves_nothing_and_a_new_one_is_made(
    db: Database, server: Server
) -> None:
    def story(session: Session) -> None:
        session.add(Setting(key="lost", value="x"))
        session.flush()
        cut(server)

    db.read(keys)
    with pytest.raises(NoDatabase):
        db.write(story)
    put(db, "after")
    assert db.read(keys) == {"after"}


def test_a_text_that_the_server_cannot_hold_is_refused_and_not_a_failure(db: Database) -> None:
    with pytest.raises(Unwritable) as refused:
        db.write(lambda s: accounts.open_account(s, "a\0b", "driver", "key", ADMIN, 0))
    assert refused.value.code == "unwritable" and refused.value.remedy


# One cloud


def test_a_second_cloud_on_the_same_database_is_refused_until_the_first_has_ended(
    db: Database, server: Server
) -> None:
    url = server.url("cloud")
    first = Database(url, alone=True)
    with pytest.raises(DatabaseInUse):
        Database(url, alone=True)
    put(db, "a command beside it may write")
    first.close()
    Database(url, alone=True).close()


def test_a_cloud_whose_place_was_taken_writes_nothing_more(server: Server) -> None:
    url = server.emptied()
    first = Database(url, alone=True)
    put(first, "first")
    cut(server)
    second = Database(url, alone=True)
    with pytest.raises(DatabaseInUse):
        put(first, "late")
    put(second, "second")
    assert first.read(keys) == {"first", "second"}
    for db in (first, second):
        db.close()


def test_the_write_lock_is_not_left_behind(db: Database, server: Server) -> None:
    put(db, "x")
    held = text(f"SELECT count(*) FROM pg_locks WHERE objid = {WRITE_LOCK & 0xFFFFFFFF}")
    assert db.read(lambda s: s.connection().execute(held).scalar_one()) == 0


def test_without_the_driver_the_remedy_names_the_extra() -> None:
    """Asked in a process of its own, in which psycopg cannot be found."""
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from cloud.adapters.db import Database\n"
        "from cloud.errors import NoDriver\n"
        "try: Database('postgresql://h/d')\n"
        "except NoDriver as error: print(error.remedy)\n"
    )
    done = subprocess.run(
        [BIN / "python", "-c", script], capture_output=True, text=True, check=True
    )
    assert "berth[postgres]" in done.stdout


def test_a_backup_restored_into_an_empty_database_keeps_the_books_and_their_rules(
    server: Server, tmp_path: Path
) -> None:
    rig = Rig(tmp_path, url=server.emptied())
    rig.open_market()
    park(rig)
    rig.settle()
    file, copy = tmp_path / "berth.dump", server.made()
    for command in (
        ["pg_dump", "--format=custom", f"--file={file}", rig.url],
        ["pg_restore", "--exit-on-error", "--no-owner", f"--dbname={copy}", file],
    ):
        program = server.programs / str(command[0])
        subprocess.run([program, *command[1:]], check=True, capture_output=True)
    restored = Database(copy)
    for table in (Entry, Settlement, Stay):
        same = [db.read(lambda s, t=table: list(s.exec(select(t)))) for db in (rig.db, restored)]
        assert same[0] == same[1] != []
    with pytest.raises(IntegrityError, match="append-only"):
        restored.write(lambda s: s.connection().execute(text("DELETE FROM entry")))
    put(restored, "and it goes on")
    for db in (rig.db, restored):
        db.close()


# A stay, served


class Gateway:
    """Says over MQTT what a gateway would; its key and its events are those of the rig."""

    def __init__(self, folder: Path, port: int, domain: Domain) -> None:
        self._rig = Rig(folder)
        self._rig.domain = domain
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.username_pw_set("gw-1")
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, message: SignedEvent | Status) -> None:
        sent = self._client.publish(topic_for(message), encode(message), qos=1)
        sent.wait_for_publish(SOON_S)

    def report(self, kind: str, occupancy: str, seconds: float, **more: object) -> None:
        self.say(self._rig.next_event(kind, occupancy, seconds, **more))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._rig.db.close()


@pytest.fixture
def served(server: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """`berth-cloud serve` with everything embedded but its database; gives its settings."""
    ports = {f"BERTH_{name}": str(free_port()) for name in ("PORT", "BROKER_PORT", "CHAIN_PORT")}
    settings = os.environ | ports
    settings |= {"BERTH_DB": server.emptied(), "BERTH_DATA": str(tmp_path / "data")}
    settings |= {"BERTH_CLOCK": f"2026-05-01T00:00:00Z@{time.time()}*1"}
    settings |= {"BERTH_HEARTBEAT_S": "3600"}
    with (
        (tmp_path / "cloud.log").open("wb") as log,
        subprocess.Popen([BIN / "berth-cloud", "serve"], env=settings, stderr=log) as cloud,
    ):
        try:
            yield settings
        finally:
            cloud.send_signal(signal.SIGINT)
            cloud.wait(30)


def test_a_stay_is_served_settled_and_receipted_with_all_state_in_postgresql(
    served: dict[str, str], tmp_path: Path
) -> None:
    client = Client(f"http://127.0.0.1:{served['BERTH_PORT']}")
    health = wait_for("the cloud", lambda: client.get("/healthz"), LIVE_S)
    operator = client.signed_in((tmp_path / "data" / "operator.key").read_text().strip())
    titles = tmp_path / "titles.csv"
    row = {"space": "S1", "number": "1", **ROW}
    titles.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", "utf-8")
    command = [BIN / "berth-cloud", "titles", "import", titles]
    subprocess.run(command, env=served, check=True, capture_output=True)
    people = {
        role: operator.post("/api/v1/accounts", {"name": role, "role": role})
        for role in ("owner", "driver")
    }
    owner, driver = (client.signed_in(people[role]["key"]) for role in ("owner", "driver"))
    top_up = f"/api/v1/accounts/{people['driver']['number']}/top-up"
    operator.post(top_up, {"amount_minor": 10_000}, "first-top-up")
    known = {"id": "gw-1", "signer": address_of(KEY), "lot": "lot-1", "spaces": ["S1"]}
    operator.post("/api/v1/gateways", known)
    deployed = health["deployed"]
    domain = Domain(deployed["chain_id"], deployed["ledger"])
    gateway = Gateway(tmp_path / "gateway", int(served["BERTH_BROKER_PORT"]), domain)
    online = Status(gateway="gw-1", online=True, at=at(0), boot_id="b", version="1", clock="synced")
    gateway.say(online)
    gateway.report("snapshot", "free", 0)
    consent = {"management_consent": True, "co_owner_consent": True}
    asked = owner.post("/api/v1/registrations", {"space": "S1", "holder": "王伟", **consent})
    mark = f"/api/v1/registrations/{asked['id']}"
    wait_for("the mark", lambda: owner.get(mark)["status"] == "shared", LIVE_S)
    hours = {"starts_at": "2026-05-01T00:00:00.000Z", "ends_at": "2026-05-01T04:00:00.000Z"}
    price = {"per_hour_minor": 600}
    owner.post("/api/v1/offers", {"space": "S1", "windows": [hours], "price": price})
    window = {"starts_at": "2026-05-01T00:02:00.000Z", "ends_at": "2026-05-01T01:02:00.000Z"}
    wish = {"space": "S1", "plate": "沪A12345", "quoted_minor": 600, **window}
    booking = driver.post("/api/v1/bookings", wish, "first-booking")["id"]
    db = Database(served["BERTH_DB"])
    grant = db.read(lambda s: bookings.get(s, booking).grant)
    gateway.report("arrival", "occupied", 200, match="accepted", grant=grant)
    gateway.report("departure", "free", 2000, match="accepted", grant=grant)
    gateway.close()
    path = f"/api/v1/bookings/{booking}"
    wait_for("the receipt", lambda: client.get(path)["state"] == "settled", LIVE_S)
    receipt = wait_for("the receipt", lambda: issued(client.text(f"{path}/receipt")), LIVE_S)
    assert [link for link in verify(receipt) if not link.ok] == []
    assert not (tmp_path / "data" / "cloud.sqlite").exists()
    entries = db.read(lambda s: list(s.exec(select(Entry))))
    db.close()
    assert sum(entry.amount_minor for entry in entries) == 0
    assert receipt.total_minor in {entry.amount_minor for entry in entries}
    with pytest.raises(DatabaseInUse):
        engines(served["BERTH_DB"], alone=True)[0].connect()


def issued(found: str) -> Receipt | None:
    try:
        receipt = read(found)
    except ValueError:
        return None
    return receipt if isinstance(receipt, Receipt) else None
