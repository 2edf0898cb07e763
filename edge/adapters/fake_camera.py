"""A camera that tests and simulations show pictures to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.adapters.camera import Frame, Newest
from edge.core.faults import FaultCode


class FakeCamera:
    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._newest = Newest(now_ns)
        self.closed = False

    def show(self, image: Any) -> None:
        self._newest.show(image)

    def lose(self) -> None:
        self._newest.lose()

    def latest(self) -> Frame | None:
        return self._newest.latest()

    @property
    def fault(self) -> FaultCode | None:
        return self._newest.fault

    def close(self) -> None:
        self.closed = True
