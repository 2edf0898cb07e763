"""A lot's camera as the gateway's own code opens one: a FrameSource, on virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edge.adapters.camera import PICTURE_S, Frame
from edge.core.faults import FaultCode
from firmware_sim.drawing.plates import Image
from firmware_sim.trace import NS

PERIOD_NS = int(PICTURE_S * NS)


class Shows(Protocol):
    def frame(self, at_ns: int) -> Image: ...


class SimulatedCamera:
    """FrameSource. A frame is made only when somebody looks, and at most one in `period_ns`."""

    def __init__(
        self, camera: Shows, now_ns: Callable[[], int], period_ns: int = PERIOD_NS
    ) -> None:
        self._camera, self._now_ns, self._period_ns = camera, now_ns, period_ns
        self._frame: Frame | None = None
        self._frozen = self._lost = False

    def latest(self) -> Frame | None:
        if self._lost:
            return None
        at_ns = self._now_ns() // self._period_ns * self._period_ns
        if self._frame is None or self._frame.mono_ns != at_ns:
            held = self._frozen and self._frame is not None
            image = self._frame.image if held and self._frame else self._camera.frame(at_ns)
            self._frame = Frame(image, at_ns)
        return self._frame

    @property
    def fault(self) -> FaultCode | None:
        return "camera" if self._lost else None

    def lose(self) -> None:
        """The cable is pulled."""
        self._lost, self._frame = True, None

    def mend(self) -> None:
        self._lost = self._frozen = False

    def freeze(self) -> None:
        """It goes on giving its last picture, as if it were new."""
        self.latest()
        self._frozen = True

    def close(self) -> None:
        """Holds nothing."""
