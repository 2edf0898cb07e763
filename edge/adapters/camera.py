"""The newest picture of a camera. One thread grabs; it keeps one picture, whatever the rate is."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Protocol

from edge.adapters.camera_devices import CameraLost, Device, device_of
from edge.core.camera_source import BadSource, CameraSource, parse_source
from edge.core.faults import FaultCode

__all__ = [
    *("BadSource", "CameraSource", "Frame", "FrameSource"),
    *("look_at", "mark_of", "open_camera", "parse_source"),
]

NS = 1_000_000_000
# Of a picture every so manieth point is enough to see that it is another.
MARK_STEP = 16
# How often a picture is worth decoding; the device's others are only drained.
PICTURE_S = 0.2
# A camera that hangs in its driver cannot be asked: its silence tells.
SILENT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
LEAST_PAUSE_S = 0.001
STOP_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """`image` is a numpy array of uint8, (height, width, 3), blue first; nobody writes to it."""

    image: Any
    mono_ns: int


def mark_of(image: Any) -> int:
    """Differs where pictures differ, nearly always; microseconds, whatever the size. What is no
    picture has one mark: nobody must fall over a broken driver."""
    try:
        return zlib.crc32(image[::MARK_STEP, ::MARK_STEP].tobytes())
    except (AttributeError, TypeError, IndexError):
        return 0


class FrameSource(Protocol):
    def latest(self) -> Frame | None:
        """None until the first picture, and while there is a fault. Never waits."""

    @property
    def fault(self) -> FaultCode | None:
        """`camera`: lost, or silent for `SILENT_S`."""

    def close(self) -> None: ...


class Newest:
    """What every source knows: its one newest frame, and whether it is lost."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._frame: Frame | None = None
        self._lost = False
        self._heard_ns = now_ns()

    def show(self, image: Any) -> None:
        self._heard_ns = self._now_ns()
        self._frame, self._lost = Frame(image, self._heard_ns), False

    def lose(self) -> None:
        self._frame, self._lost = None, True

    def latest(self) -> Frame | None:
        return None if self.fault else self._frame

    @property
    def fault(self) -> FaultCode | None:
        silent = self._now_ns() - self._heard_ns > SILENT_S * NS
        return "camera" if self._lost or silent else None


class Grabber:
    """A FrameSource from a device: opens it, drains it, and opens it again when it is lost.

    `turn` is one step on the caller's thread; `start` makes them on a thread of its own.
    """

    def __init__(
        self,
        device: Device,
        now_ns: Callable[[], int],
        broke: Callable[[str], None] = lambda kind: None,
    ) -> None:
        """`broke` hears, on any thread, the kind of an error that nobody foresaw, once a kind."""
        self._device, self._now_ns, self._broke = device, now_ns, broke
        self._told = ""
        self._newest = Newest(now_ns)
        self._is_open = False
        self._due_ns = 0
        self._pause_s = FIRST_PAUSE_S
        self._stop = Event()
        self._thread: Thread | None = None

    def latest(self) -> Frame | None:
        return self._newest.latest()

    @property
    def fault(self) -> FaultCode | None:
        return self._newest.fault

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Bounded; a device that hangs is left behind, as the thread is a daemon."""
        self._stop.set()
        if self._thread is None:
            self._let_go()
        else:
            self._thread.join(STOP_S)

    def turn(self) -> float:
        """One picture, or one attempt at it; the seconds to wait before the next."""
        try:
            if not self._is_open:
                self._device.open()
                self._is_open = True
            self._device.grab()
            if self._now_ns() >= self._due_ns:
                self._newest.show(self._device.picture())
                self._due_ns = self._now_ns() + round(PICTURE_S * NS)
                self._pause_s = FIRST_PAUSE_S
        except CameraLost:
            return self._rest()
        except Exception as error:  # noqa: BLE001 - a thread that ends would never reconnect
            self._tell(error)
            return self._rest()
        return max(self._device.pace_s, LEAST_PAUSE_S)

    def _rest(self) -> float:
        self._newest.lose()
        self._let_go()
        self._is_open = False
        pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, LONGEST_PAUSE_S)
        return pause_s

    def _run(self) -> None:
        while not self._stop.wait(self.turn()):
            continue
        self._let_go()

    def _let_go(self) -> None:
        try:
            self._device.close()
        except Exception as error:  # noqa: BLE001 - as in `turn`
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Not its text: that may hold the camera's password."""
        kind = type(error).__name__
        if kind != self._told:
            self._told = kind
            self._broke(kind)


def open_camera(
    source: CameraSource,
    now_ns: Callable[[], int],
    broke: Callable[[str], None] = lambda kind: None,
) -> FrameSource:
    """Returns at once; the first picture, or the fault, comes within `SILENT_S`."""
    grabber = Grabber(device_of(source), now_ns, broke)
    grabber.start()
    return grabber


def look_at(source: str) -> str | None:
    """None if the camera gives a picture now, or why not, without any part of `source`.

    On the caller's thread, within 9 s.
    """
    try:
        device = device_of(parse_source(source))
    except BadSource as bad:
        return str(bad)
    try:
        device.open()
        device.grab()
        device.picture()
    except CameraLost as lost:
        return str(lost)
    finally:
        device.close()
    return None
