"""Group commit: what many callers write at once is one transaction of SQLite, and one wait for

the disk. Each caller's story has a savepoint of its own: one that raises leaves nothing behind, and
the others stand. Nobody gets an answer before the commit that holds his story. There is no thread:
the first who waits leads, writes for all who wait by then, and the next one leads after him. A
coroutine cannot lead: where it is its turn, a thread of the writer's does.
"""

import asyncio
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from cloud.errors import DatabaseBusy

T = TypeVar("T")
MAX_WAITING = 10_000
MAX_GROUP = 64
# The commit would find it and refuse the whole group: asked of each story that wrote, of a
# table that is empty but for what this story has not balanced.
UNBALANCED = "SELECT 1 FROM transfersum LIMIT 1"


class Grouped(sqlite3.Connection):
    """To a session a connection like any other; its transactions are savepoints of a group."""

    told = False
    # A story that is alone needs no savepoint, which would cost a long one two thirds more.
    alone = False

    def start(self) -> None:
        if not self.told and not self.alone:
            self.execute("SAVEPOINT story")
        elif not self.in_transaction:
            # It rolled itself back and goes on; without one every statement would stand by itself.
            self.execute("BEGIN IMMEDIATE")
        self.told = True

    def commit(self) -> None:
        if self.told and not self.alone:
            self.execute("RELEASE story")
        self.told = False

    def rollback(self) -> None:
        # Some failures (a full disk) have ended the whole transaction already.
        if self.told and self.in_transaction:
            self.execute("ROLLBACK" if self.alone else "ROLLBACK TO story")
            if not self.alone:
                self.execute("RELEASE story")
        self.told = False

    @contextmanager
    def group(self, alone: bool) -> Iterator[None]:
        """The transaction itself."""
        self.alone = alone
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            if self.in_transaction:
                self.execute("COMMIT")
        finally:
            if self.in_transaction:
                self.execute("ROLLBACK")
            self.told = self.alone = False


class Call(ABC, Generic[T]):
    """One story on its way, and how its caller hears that it has ended, or that he is to lead."""

    __slots__ = ("ended", "error", "result", "story")

    def __init__(self, story: Callable[[Session], T]) -> None:
        self.story = story
        self.ended = False
        self.result: T | None = None
        self.error: BaseException | None = None

    def __enter__(self) -> None: ...

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        """What a story raises is its caller's; but what ends the thread ends it."""
        self.error = error
        return isinstance(error, Exception)

    def end(self, error: BaseException | None) -> None:
        self.error, self.ended = self.error or error, True

    def answer(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]

    @abstractmethod
    def wake(self) -> None: ...


class Blocked(Call[T]):
    """Of a thread that waits for its turn."""

    __slots__ = ("turn",)

    def __init__(self, story: Callable[[Session], T]) -> None:
        super().__init__(story)
        self.turn = threading.Lock()
        self.turn.acquire()

    def wake(self) -> None:
        self.turn.release()


class Awaited(Call[T]):
    """Of a coroutine; `lead` has a thread lead for it."""

    __slots__ = ("_lead", "done", "loop")

    def __init__(self, story: Callable[[Session], T], lead: Callable[[], object]) -> None:
        super().__init__(story)
        self._lead, self.loop = lead, asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()

    def wake(self) -> None:
        self._lead()


class Writer:
    """The only one in this process who writes by this engine; its connections are `Grouped`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gate = threading.Lock()
        self._waiting: deque[Call[Any]] = deque()
        self._led = False
        self._leader = ThreadPoolExecutor(1, "writer")
        self.commits = 0

    def write(self, story: Callable[[Session], T]) -> T:
        """Raises what the story raised, or DatabaseBusy when too many wait already."""
        call = Blocked(story)
        self._queue(call)
        call.turn.acquire()
        if not call.ended:
            self._lead()
        return call.answer()

    async def write_soon(self, story: Callable[[Session], T]) -> T:
        """The same for a coroutine; one that is cancelled hears nothing, and its story stands."""
        call = Awaited(story, self._lead_soon)
        self._queue(call)
        await call.done
        return call.answer()

    def close(self) -> None:
        """After what waits was written."""
        self._leader.shutdown()

    def _lead_soon(self) -> None:
        try:
            self._leader.submit(self._lead)
        except RuntimeError:
            # It is being closed: whoever led until now is the last who can.
            self._lead()

    def _queue(self, call: Call[Any]) -> None:
        with self._gate:
            if len(self._waiting) >= MAX_WAITING:
                raise DatabaseBusy(f"{MAX_WAITING} wait to write.")
            self._waiting.append(call)
            leads, self._led = not self._led, True
        if leads:
            call.wake()

    def _lead(self) -> None:
        """For itself and those behind it; then the first of those who came meanwhile leads."""
        with self._gate:
            count = min(len(self._waiting), MAX_GROUP)
            group = [self._waiting.popleft() for _ in range(count)]
        failed: BaseException | None = DatabaseBusy("The write was broken off.")
        try:
            failed = self._write(group)
        finally:
            with self._gate:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            _end(group, failed)
            if following is not None:
                following.wake()

    def _write(self, group: list[Call[Any]]) -> BaseException | None:
        """What went wrong with all of them; their own errors are theirs."""
        try:
            with self._engine.connect() as connection:
                raw = _raw(connection)
                with (
                    raw.group(len(group) == 1),
                    Session(connection, expire_on_commit=False) as session,
                ):
                    for call in group:
                        _tell(call, session, raw)
                self.commits += 1
        except sqlite3.Error as error:
            return DBAPIError.instance("", None, error, sqlite3.Error)
        except DBAPIError as error:
            return error
        return None


def _end(group: list[Call[Any]], failed: BaseException | None) -> None:
    """A loop is woken once for all of its coroutines."""
    awaited: dict[asyncio.AbstractEventLoop, list[Awaited[Any]]] = {}
    for call in group:
        call.end(failed)
        if isinstance(call, Awaited):
            awaited.setdefault(call.loop, []).append(call)
        else:
            call.wake()
    for loop, calls in awaited.items():
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_told, calls)


def _told(calls: list[Awaited[Any]]) -> None:
    for call in calls:
        if not call.done.done():
            call.done.set_result(None)


def _tell(call: Call[Any], session: Session, raw: Grouped) -> None:
    """One session for all, as its own begin and commit would cost more than a story; emptied after

    each, so that a story finds no objects but its own, and its caller gets them detached.
    """
    before = raw.total_changes
    raw.start()
    with call:
        call.result = call.story(session)
        session.flush()
        if raw.total_changes != before and raw.execute(UNBALANCED).fetchone():
            raise _unbalanced()
        raw.commit()
    if call.error is not None:
        session.rollback()
        raw.rollback()
    if session.identity_map:
        session.expunge_all()
    if not raw.in_transaction and not (raw.alone and call.error is not None):
        raise sqlite3.OperationalError("the transaction is gone") from call.error


def _unbalanced() -> BaseException:
    wrong = sqlite3.IntegrityError("FOREIGN KEY constraint failed: a transfer's sum is not zero")
    return DBAPIError.instance("", None, wrong, sqlite3.Error)


def _raw(connection: Connection) -> Grouped:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, Grouped)
    return raw
