"""Gives items when they are due. Reading a trace knows nothing of this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
# The shortest wait: at 5,000 lines/s a hundred lines leave together, at most this late.
BATCH_S = 0.02
# What is overdue leaves in pieces of this size.
BATCH_ITEMS = 1024


def batch_items() -> int:
    return BATCH_ITEMS


class Pace:
    """`due_real_s` maps trace time to real time; `now` and `sleep` are the caller's clock.

    While it waits it asks `due_real_s` again after each sleep, and for the size of a batch before
    each item: a caller may pause, step and change the rate from within `sleep`.
    """

    def __init__(
        self,
        due_real_s: Callable[[int], float],
        now: Callable[[], float],
        sleep: Callable[[float], object],
        most: Callable[[], int] = batch_items,
    ) -> None:
        self._due_real_s = due_real_s
        self._now = now
        self._sleep = sleep
        self._most = most

    def batches(self, items: Iterable[tuple[int, T]], skip_past: bool) -> Iterator[list[T]]:
        """(mono_ns, item) pairs in lists, each when its last item is due.

        With `skip_past`, what was due before the first call is dropped: a world does not wait.
        """
        started_s = now_s = self._now()
        batch: list[T] = []
        for mono_ns, item in items:
            if skip_past and self._due_real_s(mono_ns) < started_s:
                continue
            if batch and (len(batch) >= self._most() or self._due_real_s(mono_ns) > now_s):
                yield batch
                batch = []
            if self._due_real_s(mono_ns) > now_s:
                now_s = self._wait(mono_ns)
            batch.append(item)
        if batch:
            yield batch

    def _wait(self, mono_ns: int) -> float:
        while (now_s := self._now()) < (due_s := self._due_real_s(mono_ns)):
            self._sleep(max(due_s - now_s, BATCH_S))
        return now_s
