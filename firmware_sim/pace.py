"""Gives items when they are due. Reading a trace knows nothing of this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
# The shortest wait: at 5,000 lines/s a hundred lines leave together, at most this late.
BATCH_S = 0.02


class Pace:
    """`due_real_s` maps trace time to real time; `now` and `sleep` are the caller's clock."""

    def __init__(
        self,
        due_real_s: Callable[[int], float],
        now: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self._due_real_s = due_real_s
        self._now = now
        self._sleep = sleep

    def batches(self, items: Iterable[tuple[int, T]], skip_past: bool) -> Iterator[list[T]]:
        """(mono_ns, item) pairs in lists, each when its last item is due.

        With `skip_past`, what was due before the first call is dropped: a world does not wait.
        """
        started_s = now_s = self._now()
        batch: list[T] = []
        for mono_ns, item in items:
            due_s = self._due_real_s(mono_ns)
            if skip_past and due_s < started_s:
                continue
            if due_s > now_s:
                if batch:
                    yield batch
                    batch = []
                now_s = self._wait(due_s)
            batch.append(item)
        if batch:
            yield batch

    def _wait(self, due_s: float) -> float:
        while (now_s := self._now()) < due_s:
            self._sleep(max(due_s - now_s, BATCH_S))
        return now_s
