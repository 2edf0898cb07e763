"""The database's rules hold against a writer that goes round ours; refused top-ups; debts."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.table_rules import postgresql_rules
from cloud.tables import Entry, Settlement
from cloud.usecases import accounts, settlements
from tests.cloud.rig import Rig
from tests.cloud.test_stays import all_of, park

KEPT = ("entry", "batch", "chainattempt", "settlement", "receipt")
LOPSIDED = "INSERT INTO entry VALUES (NULL, 't', 1, 'available', 500, 'CNY', 0)"
HIDDEN = [
    "UPDATE transfersum SET sum_minor = 0",
    "UPDATE transfersum SET transfer = 'other', sum_minor = 0 WHERE transfer = 't'",
    "DELETE FROM transfersum WHERE transfer = 't'",
    "INSERT OR REPLACE INTO transfersum VALUES ('t', 'CNY', 0)",
]


def settled(rig: Rig) -> Rig:
    rig.open_market()
    park(rig)
    rig.settle()
    rig.sweeps.drive()
    return rig


@pytest.mark.parametrize("table", KEPT)
def test_replacing_a_row_on_record_is_refused(rig: Rig, table: str) -> None:
    settled(rig)
    change = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"
    with pytest.raises(IntegrityError, match="append-only"):
        rig.db.write(lambda s: s.connection().execute(text(change)))


@pytest.mark.parametrize("table", KEPT)
def test_replacing_a_row_is_refused_to_a_connection_without_our_pragmas(
    rig: Rig, table: str
) -> None:
    settled(rig)
    with (
        closing(sqlite3.connect(rig.folder / "cloud.sqlite")) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")


@pytest.mark.parametrize("change", HIDDEN)
def test_a_one_sided_entry_cannot_be_hidden_in_its_sum(rig: Rig, change: str) -> None:
    rig.open_market()
    entries = len(all_of(rig, Entry))

    def hide(session: object) -> None:
        for statement in (LOPSIDED, change):
            session.connection().execute(text(statement))  # type: ignore[attr-defined]

    with pytest.raises(IntegrityError, match="append-only"):
        rig.db.write(hide)
    assert len(all_of(rig, Entry)) == entries


@pytest.mark.parametrize("change", HIDDEN)
def test_a_sum_cannot_be_hidden_by_a_connection_without_our_pragmas(rig: Rig, change: str) -> None:
    rig.open_market()
    with closing(sqlite3.connect(rig.folder / "cloud.sqlite")) as other:
        other.execute(LOPSIDED)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(change)


def test_a_start_on_a_database_with_an_older_rule_puts_todays_in_its_place(rig: Rig) -> None:
    rig.open_market()
    rig.db.close()
    path = rig.folder / "cloud.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER entry_sums")
        other.execute("CREATE TRIGGER entry_sums AFTER INSERT ON entry BEGIN SELECT 1; END")
        other.commit()
    again = Database(path)
    with pytest.raises(IntegrityError):
        again.write(lambda s: s.connection().execute(text(LOPSIDED)))


def test_postgresql_refuses_truncation_and_its_rules_can_be_given_twice() -> None:
    """PostgreSQL is not run here: that its text is complete is all that is shown."""
    rules = list(postgresql_rules())
    for table in (*KEPT, "zero", "transfersum"):
        assert any(f"BEFORE TRUNCATE ON {table} " in rule for rule in rules)
    for number, rule in enumerate(rules):
        if "ADD CONSTRAINT" in rule:
            assert "DROP CONSTRAINT IF EXISTS" in rules[number - 1]
        assert not rule.lstrip().startswith(("CREATE TRIGGER", "CREATE FUNCTION"))
        if "WHEN (" in rule:
            assert "SELECT" not in rule


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
