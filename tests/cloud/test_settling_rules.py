"""The database's rules hold on both engines against a writer that goes round ours."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.errors import OldDatabase
from cloud.tables import Booking, Entry, Settlement
from cloud.usecases import accounts, settlements
from tests.cloud.postgres import Server
from tests.cloud.rig import Rig
from tests.cloud.test_stays import all_of, park

KEPT = ("entry", "batch", "chainattempt", "settlement", "receipt")
KEYS = {"entry": "id", "batch": "seq", "chainattempt": "hash"}
ONE_SIDED = (
    "INSERT INTO entry (transfer, account, bucket, amount_minor, currency, at_ms)"
    " VALUES ('t', 1, 'available', 500, 'CNY', 0)"
)
OTHER_SIDE = ONE_SIDED.replace("500", "-500")
EMPTIED = "DELETE FROM transfersum WHERE transfer = 't'"
# Each is a lie about the sum, and then the row that the commit would find is to go.
HIDDEN = [
    ("UPDATE transfersum SET sum_minor = 0", EMPTIED),
    ("UPDATE transfersum SET sum_minor = -1", OTHER_SIDE.replace("-500", "1")),
    ("UPDATE transfersum SET transfer = 'other', sum_minor = 0 WHERE transfer = 't'",),
    (EMPTIED,),
    (
        "INSERT INTO transfersum VALUES ('t', 'CNY', 0)"
        " ON CONFLICT (transfer, currency) DO UPDATE SET sum_minor = 0",
        EMPTIED,
    ),
    ("INSERT INTO norow VALUES ('t')",),
]
REPLACED = ("INSERT OR REPLACE INTO transfersum VALUES ('t', 'CNY', 0)", EMPTIED)


def settled(rig: Rig) -> Rig:
    """Its batch is final, and its receipt with it."""
    rig.open_market()
    park(rig)
    rig.settle()
    rig.sweeps.drive()
    return rig


def run(*statements: str) -> Callable[[Session], None]:
    def story(session: Session) -> None:
        for statement in statements:
            session.connection().execute(text(statement))

    return story


def replaced(rig: Rig, table: str) -> str:
    """The first row once more, in place of itself."""
    if rig.url is None:
        return f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"
    key = KEYS.get(table, "stay")
    again = f"ON CONFLICT ({key}) DO UPDATE SET {key} = {table}.{key}"
    if table in ("settlement", "receipt"):
        # What is agreed changes, or else nothing does.
        again = f"ON CONFLICT ({key}) DO UPDATE SET booking = 'other'"
    return f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1 {again}"


def test_replacing_a_row_on_record_is_refused(rig: Rig) -> None:
    settled(rig)
    for table in KEPT:
        with pytest.raises(IntegrityError, match="append-only"):
            rig.db.write(run(replaced(rig, table)))


def test_a_one_sided_entry_cannot_be_hidden_in_its_sum(rig: Rig) -> None:
    rig.open_market()
    entries = len(all_of(rig, Entry))
    for change in HIDDEN if rig.url else [*HIDDEN, REPLACED]:
        with pytest.raises(IntegrityError, match="append-only"):
            rig.db.write(run(ONE_SIDED, *change))
        assert len(all_of(rig, Entry)) == entries


def test_a_one_sided_entry_is_refused_at_the_commit_and_not_before(rig: Rig) -> None:
    reached = []

    def story(session: Session) -> None:
        run(ONE_SIDED)(session)
        reached.append(session)

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        rig.db.write(story)
    assert reached
    rig.db.write(run(ONE_SIDED, OTHER_SIDE))


def test_a_start_on_a_database_with_an_older_rule_puts_todays_in_its_place(rig: Rig) -> None:
    rig.open_market()
    if rig.url is None:
        none = "CREATE TRIGGER entry_sums AFTER INSERT ON entry BEGIN SELECT 1; END"
        rig.db.write(run("DROP TRIGGER entry_sums", none))
    else:
        nothing = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        rig.db.write(run(f"CREATE OR REPLACE FUNCTION entry_sums() {nothing}"))
    rig.db.write(run(ONE_SIDED, OTHER_SIDE))
    again = Database(rig.url or rig.folder / "cloud.sqlite")
    with pytest.raises(IntegrityError):
        again.write(run(ONE_SIDED))
    again.close()


def test_bookings_that_overlap_are_refused_when_one_is_moved_or_comes_alive(rig: Rig) -> None:
    rig.open_market()
    plain = rig.booked().model_dump()
    other = {"id": "b-x", "request_key": "x", "grant": "g-x", "state": "cancelled"}
    rig.db.write(lambda s: s.add(Booking(**plain | other)))
    with pytest.raises(IntegrityError, match="booking_overlap"):
        rig.db.write(run("UPDATE booking SET state = 'active' WHERE id = 'b-x'"))


# What only one engine has


def test_on_sqlite_replacing_a_row_is_refused_to_a_connection_without_our_pragmas(
    file_rig: Rig,
) -> None:
    settled(file_rig)
    with closing(sqlite3.connect(file_rig.folder / "cloud.sqlite")) as other:
        for table in KEPT:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.execute(replaced(file_rig, table))


def test_on_sqlite_a_sum_cannot_be_hidden_by_a_connection_without_our_pragmas(
    file_rig: Rig,
) -> None:
    file_rig.open_market()
    with closing(sqlite3.connect(file_rig.folder / "cloud.sqlite")) as other:
        other.execute(ONE_SIDED)
        for change in (*HIDDEN, REPLACED):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.executescript("; ".join(change))


def test_on_postgresql_a_table_on_record_cannot_be_emptied(server_rig: Rig) -> None:
    for table in (*KEPT, "credit", "norow", "transfersum"):
        with pytest.raises(IntegrityError, match="append-only"):
            server_rig.db.write(run(f"TRUNCATE {table} CASCADE"))


def test_on_postgresql_a_temporary_table_does_not_take_the_place_of_ours(server_rig: Rig) -> None:
    """A session's own tables are found first, unless a rule says where to look."""
    shadow = "CREATE TEMPORARY TABLE transfersum (LIKE transfersum INCLUDING ALL)"
    with pytest.raises(IntegrityError, match="foreign key"):
        server_rig.db.write(run(shadow, ONE_SIDED))


def test_on_postgresql_two_writers_cannot_hold_the_two_sides_of_one_transfer(
    server: Server,
) -> None:
    """Neither takes the writers' lock, and each sees its own side alone."""
    Database(server.emptied()).close()
    with psycopg.connect(server.url("cloud")) as one, psycopg.connect(server.url("cloud")) as two:
        one.execute(ONE_SIDED)
        two.execute("SET lock_timeout = 50")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            two.execute(OTHER_SIDE)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            one.commit()
        two.rollback()
        two.execute(OTHER_SIDE)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            two.commit()


def test_on_postgresql_numbers_beyond_32_bits_are_kept(server_rig: Rig) -> None:
    big = 2**62
    entries: list[dict[str, Any]] = [
        {"transfer": "t", "account": big, "bucket": "held", "amount_minor": amount}
        | {"currency": "CNY", "at_ms": big}
        for amount in (big, -big)
    ]
    server_rig.db.write(lambda s: accounts.write(s, entries))
    assert server_rig.db.read(lambda s: accounts.balance(s, big, "held")) == 0
    found = [entry for entry in all_of(server_rig, Entry) if entry.transfer == "t"]
    assert [entry.amount_minor for entry in found] == [big, -big]


# Refused top-ups; debts


def test_a_top_up_that_the_chain_refused_is_refused_when_it_is_repeated(rig: Rig) -> None:
    rig.open_market()
    assert rig.top_up(700, "second") == 10_700
    transfer = f"deposit:{rig.driver}:second"
    rig.db.write(lambda s: accounts.undo_deposit(s, transfer, rig.now_ms))
    entries = len(all_of(rig, Entry))
    again = rig.db.write(lambda s: accounts.top_up(s, rig.driver, 700, "second", rig.now_ms))
    assert isinstance(again, Refusal)
    assert [reason.code for reason in again.reasons] == ["top_up_refused"]
    assert len(all_of(rig, Entry)) == entries
    assert rig.top_up(700, "third") == 10_700


def test_an_account_that_owes_pays_nothing_and_gets_nothing(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    lost = accounts.money.deposit(rig.driver, -20_000)
    rig.db.write(lambda s: accounts.post(s, "lost", lost, rig.now_ms))
    rig.db.write(lambda s: settlements.batch(s, rig.clock.at))
    assert [row.paid_minor for row in all_of(rig, Settlement)] == [0]
    assert rig.db.read(lambda s: accounts.total_of(s, rig.driver)) == -10_000
    assert rig.db.read(lambda s: accounts.total_of(s, rig.owner)) == 0


def test_a_database_of_an_older_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "cloud.sqlite"
    Database(place).close()
    with sqlite3.connect(place) as raw:
        raw.execute("ALTER TABLE booking DROP COLUMN fee_bps")
        before = raw.execute("SELECT sql FROM sqlite_master").fetchall()
    with pytest.raises(OldDatabase, match="Its table booking has no fee_bps"):
        Database(place)
    with sqlite3.connect(place) as raw:
        assert raw.execute("SELECT sql FROM sqlite_master").fetchall() == before


def test_a_balance_is_its_entries_sum_and_cannot_be_replaced(rig: Rig) -> None:
    settled(rig)
    summed = "SELECT account, bucket, SUM(amount_minor) FROM entry GROUP BY account, bucket"
    kept = "SELECT account, bucket, sum_minor FROM balance"

    def told(session: Session, question: str) -> set[tuple[Any, ...]]:
        return {tuple(row) for row in session.connection().execute(text(question))}

    assert rig.db.read(lambda s: told(s, summed)) == rig.db.read(lambda s: told(s, kept))
    if not rig.url:
        again = (
            "INSERT OR REPLACE INTO balance SELECT account, bucket, currency, 7, entry FROM balance"
        )
        with pytest.raises(IntegrityError, match="append-only"):
            rig.db.write(run(again))
