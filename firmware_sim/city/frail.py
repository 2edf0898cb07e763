"""What a process that may end at any step sees of its threads and of its database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.errors import DatabaseBusy
from cloud.usecases import stay_intake

T = TypeVar("T")


class Inline(ThreadPoolExecutor):
    """What is handed to a thread is done at once, here."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **more: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **more))
        except BaseException as error:  # noqa: BLE001 - handed on: the process may have been ended in it
            done.set_exception(error)
        return done


class FrailDatabase:
    """The real one, in a process that may end before a commit, in its midst, or after it."""

    def __init__(self, db: Database, cost: Callable[[str], None]) -> None:
        self.real, self._cost = db, cost
        self.busy = False
        # Called once, when events are stored and not yet applied.
        self.between: Callable[[], None] | None = None
        self.refused = 0

    @property
    def commits(self) -> int:
        return self.real.commits

    def write(self, story: Callable[[Session], T]) -> T:
        if self.busy:
            self.refused += 1
            raise DatabaseBusy("The disk is slow.")
        self._cost("begins")

        def told(session: Session) -> T:
            result = story(session)
            session.flush()
            self._cost("uncommitted")
            return result

        result = self.real.write(told)
        self._between()
        self._cost("committed")
        return result

    def _between(self) -> None:
        if self.between is not None and self.real.read(stay_intake.behind):
            strike, self.between = self.between, None
            strike()

    def read(self, story: Callable[[Session], T]) -> T:
        return self.real.read(story)
