"""Group commit: many callers' stories in one transaction, each by itself; answered after it."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from cloud.adapters import writer
from cloud.adapters.db import Database
from cloud.adapters.plate_keys import CHECK
from cloud.errors import DatabaseBusy
from cloud.tables import Booking, Entry, Setting
from cloud.usecases import accounts
from contracts.ledger.hashing import keccak

SOON_S = 20.0
Story = Callable[[Session], object]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database(tmp_path / "cloud.sqlite")
    yield db
    db.close()


def put(key: str) -> Story:
    return lambda s: s.add(Setting(key=key, value="x"))


def keys(db: Database) -> set[str]:
    """What stories wrote: a new database has a note of its plates' key."""
    return db.read(lambda s: set(s.exec(select(Setting.key)))) - {CHECK}


class Together:
    """Callers who come while one story is being written: they are the next group."""

    def __init__(self, db: Database) -> None:
        self.db, self.entered, self.leave = db, threading.Event(), threading.Event()
        self.told: dict[int, object] = {}
        self.first = threading.Thread(target=db.write, args=(self._slow,))
        self.first.start()
        assert self.entered.wait(SOON_S)

    def _slow(self, session: Session) -> None:
        session.add(Setting(key="first", value="x"))
        self.entered.set()
        assert self.leave.wait(SOON_S)

    def write(self, *stories: Story) -> dict[int, object]:
        """What each caller was told: an answer or an error."""
        callers = [threading.Thread(target=self._call, args=it) for it in enumerate(stories)]
        for caller in callers:
            caller.start()
        wait_until(lambda: len(self.db._writer._waiting) == len(stories))
        self.leave.set()
        for thread in (self.first, *callers):
            thread.join(SOON_S)
        return self.told

    def _call(self, number: int, story: Story) -> None:
        try:
            self.told[number] = self.db.write(story)
        except (KeyError, IntegrityError, OperationalError, DatabaseBusy) as error:
            self.told[number] = error


def wait_until(there: Callable[[], bool]) -> None:
    """Of threads that need nobody to go on: a bounded number of turns of theirs."""
    pause = threading.Event()
    for _ in range(20_000):
        if there():
            return
        pause.wait(0.001)
    raise AssertionError("it never came")


def failing(session: Session) -> None:
    session.add(Setting(key="half", value="x"))
    session.flush()
    raise KeyError("a story of its own")


def twin(session: Session) -> None:
    session.connection().execute(text("INSERT INTO setting VALUES ('first', 'again')"))


def unbalanced(session: Session) -> None:
    session.add(Setting(key="unbalanced", value="x"))
    row = {"transfer": "t", "account": 1, "bucket": "available", "amount_minor": 5}
    session.add(Entry(**row, currency="CNY", at_ms=0))


def test_those_who_wait_are_one_transaction(db: Database) -> None:
    group, before = Together(db), db.commits
    told = group.write(*(put(f"k{n}") for n in range(10)))
    assert len(told) == 10
    assert keys(db) == {"first", *(f"k{n}" for n in range(10))}
    assert db.commits - before == 2


@pytest.mark.parametrize(
    ("story", "error"),
    [(failing, KeyError), (twin, IntegrityError), (unbalanced, IntegrityError)],
)
def test_a_story_that_fails_leaves_nothing_and_the_others_of_its_group_stand(
    db: Database, story: Story, error: type[Exception]
) -> None:
    told = Together(db).write(put("a"), story, put("b"), story, put("c"))
    assert [type(told[n]) is error for n in range(5)] == [False, True, False, True, False]
    assert keys(db) == {"first", "a", "b", "c"}
    assert db.read(lambda s: list(s.exec(select(Entry)))) == []


def test_a_story_sees_what_those_before_it_in_its_group_wrote_and_no_object_of_theirs(
    db: Database,
) -> None:
    kept: list[Setting] = []

    def story(session: Session) -> tuple[int, int]:
        found = len(list(session)), len(session.exec(select(Setting.key)).all())
        row = Setting(key=f"k{len(kept)}", value="x")
        kept.append(row)
        session.add(row)
        return found

    told = Together(db).write(story, story, story)
    assert sorted(told.values(), key=str) == [(0, 2), (0, 3), (0, 4)]


def test_nobody_is_answered_before_the_commit_that_holds_his_story(
    db: Database, tmp_path: Path
) -> None:
    """Another connection, which sees only what is committed, looks on after every answer."""
    other = sqlite3.connect(tmp_path / "cloud.sqlite")
    missing = []
    lock = threading.Lock()

    def call(name: str) -> None:
        for number in range(25):
            db.write(put(f"{name}-{number}"))
            with lock:
                asked = "SELECT 1 FROM setting WHERE key = ?"
                if other.execute(asked, (f"{name}-{number}",)).fetchone() is None:
                    missing.append(f"{name}-{number}")

    other = sqlite3.connect(tmp_path / "cloud.sqlite", check_same_thread=False)
    callers = [threading.Thread(target=call, args=(f"c{n}",)) for n in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(SOON_S)
    other.close()
    assert missing == []
    assert len(keys(db)) == 200


def test_while_another_program_writes_every_caller_is_told_so_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    db = Database(tmp_path / "cloud.sqlite")
    with db._engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, writer.Grouped)
        raw.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(tmp_path / "cloud.sqlite")
    other.execute("BEGIN IMMEDIATE")
    for name in ("a", "b"):
        with pytest.raises(DatabaseBusy):
            db.write(put(name))
    other.execute("ROLLBACK")
    db.write(put("c"))
    assert keys(db) == {"c"}
    other.close()
    db.close()


def test_what_ends_the_thread_that_leads_leaves_the_others_told_and_the_next_goes_on(
    db: Database,
) -> None:
    def ends(_session: Session) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        db.write(ends)
    db.write(put("after"))
    assert keys(db) == {"after"}


def test_a_transfer_that_does_not_balance_is_refused_though_it_is_written_alone(
    db: Database,
) -> None:
    with pytest.raises(IntegrityError, match="sum is not zero"):
        db.write(unbalanced)
    assert keys(db) == set()
    posted = accounts.money.deposit(1, 5)
    db.write(lambda s: accounts.post(s, keccak(b"x").hex(), posted, 0))


def test_coroutines_and_threads_are_written_in_the_same_groups(db: Database) -> None:
    async def many() -> list[object]:
        stories = (put("a"), failing, put("b"), twin, lambda s: "told")
        first = db.write_soon(put("first"))
        later = (db.write_soon(story) for story in stories)
        thread = asyncio.to_thread(db.write, put("thread"))
        return await asyncio.gather(first, *later, thread, return_exceptions=True)

    before = db.commits
    _, a, wrong, b, twice, answer, _ = asyncio.run(many())
    assert (a, b, answer) == (None, None, "told")
    assert (type(wrong), type(twice)) == (KeyError, IntegrityError)
    assert keys(db) == {"first", "a", "b", "thread"}
    assert db.commits - before < 7


@pytest.mark.parametrize("alone", [True, False])
def test_a_story_that_rolled_itself_back_and_went_on_is_whole_or_nothing(
    db: Database, alone: bool
) -> None:
    def anew(session: Session) -> None:
        put("gone")(session)
        session.flush()
        session.rollback()
        put("kept")(session)

    def anew_and_fails(session: Session) -> None:
        anew(session)
        failing(session)

    for story, left in ((anew, {"kept"}), (anew_and_fails, set())):
        if alone:
            with suppress(KeyError):
                db.write(story)
        else:
            Together(db).write(put("other"), story)
        assert keys(db) - {"first", "other"} == left
        db.write(lambda s: [s.delete(row) for row in s.exec(select(Setting))])


def test_what_waits_when_the_writer_is_closed_is_written(db: Database) -> None:
    """Behind a story that is being written, when nobody else is left to lead."""

    async def soon() -> None:
        entered, leave = threading.Event(), threading.Event()

        def slow(session: Session) -> None:
            put("slow")(session)
            entered.set()
            assert leave.wait(SOON_S)

        first = asyncio.create_task(db.write_soon(slow))
        assert await asyncio.to_thread(entered.wait, SOON_S)
        second = asyncio.create_task(db.write_soon(put("second")))
        await asyncio.sleep(0)
        closing = threading.Thread(target=db._writer.close)
        closing.start()
        await asyncio.to_thread(wait_until, lambda: db._writer._leader._shutdown)  # type: ignore[union-attr]
        leave.set()
        await asyncio.wait_for(asyncio.gather(first, second), SOON_S)
        await asyncio.to_thread(closing.join, SOON_S)

    asyncio.run(soon())
    assert keys(db) == {"slow", "second"}


def test_a_coroutine_that_is_cancelled_holds_nobody_up(db: Database) -> None:
    async def left() -> None:
        task = asyncio.create_task(db.write_soon(put("left")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(left())
    db.write(put("next"))
    assert keys(db) == {"left", "next"}


def test_too_many_coroutines_that_wait_are_told_to_come_again(db: Database) -> None:
    db._writer._waiting.extend([None] * writer.MAX_WAITING)  # type: ignore[union-attr, list-item]
    with pytest.raises(DatabaseBusy):
        asyncio.run(db.write_soon(put("one more")))


def test_a_holding_booking_whose_end_is_not_after_its_start_is_refused(db: Database) -> None:
    """The rule against overlaps looks at one neighbour only, which needs times that run forward."""
    row = dict.fromkeys(Booking.model_fields, "x") | {"state": "confirmed", "ends_ms": 5}
    made = Booking(**row | {"starts_ms": 5, "driver": 1, "held_minor": 0, "version": 1})

    with pytest.raises(IntegrityError, match="booking_overlap"):
        db.write(lambda s: s.add(made))
