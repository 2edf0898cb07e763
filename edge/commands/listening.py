"""Readings of a feed, taken on the command's own thread."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from edge.core.readings import Reading
from edge.feeds import Feed, putting
from edge.ports import Ended, Item, Took

INBOX_ITEMS = 10_000


class Listener:
    """`over` once a stream has ended; a sensor's feed never is."""

    def __init__(self, inbox: queue.Queue[Item]) -> None:
        self._inbox = inbox
        self.over = False

    def take(self, wait_s: float) -> list[Reading]:
        """What came in; waits for the first at most `wait_s`."""
        readings: list[Reading] = []
        try:
            item = self._inbox.get(timeout=wait_s)
            while True:
                if isinstance(item, Took):
                    readings.append(item.reading)
                self.over = self.over or isinstance(item, Ended)
                item = self._inbox.get_nowait()
        except queue.Empty:
            return readings

    def forget(self) -> None:
        """What came in so far is of no interest."""
        self.take(0.0)


@contextmanager
def listening(feed: Feed) -> Iterator[Listener]:
    inbox: queue.Queue[Item] = queue.Queue(INBOX_ITEMS)

    feed.start(putting(inbox))
    try:
        yield Listener(inbox)
    finally:
        feed.stop()
