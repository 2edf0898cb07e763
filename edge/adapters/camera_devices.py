"""Cameras as they are opened and read. Each library is imported only where it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

from edge.core.camera_source import CameraSource

# A dead network camera is found out within the ten seconds of `doctor`.
OPEN_TIMEOUT_MS, READ_TIMEOUT_MS = 5_000, 3_000
PI_SIZE = (1280, 720)
FOLDER_PACE_S = 1.0
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
MOST_PICTURE_BYTES = 32 * 2**20
MOST_PICTURES = 10_000
QUIET_FFMPEG = "-8"


class CameraLost(Exception):
    """The camera cannot be opened, or gives no picture any more; the argument says more."""


CANNOT_OPEN = "It cannot be opened."
NO_PICTURE = "It was opened, but no picture came."


class Device(Protocol):
    """Opened again after it was lost. `grab` waits for the next picture and takes it off the
    device, `picture` decodes it. All raise CameraLost, but `close`.
    """

    @property
    def pace_s(self) -> float:
        """The pause between pictures of a device that does not wait by itself."""

    def open(self) -> None: ...
    def grab(self) -> None: ...
    def picture(self) -> Any: ...
    def close(self) -> None: ...


def device_of(source: CameraSource) -> Device:
    if source.kind == "folder":
        return FolderDevice(Path(source.where))
    if source.kind == "picamera2":
        return PiDevice(int(source.where))
    return OpenCvDevice(source)


class OpenCvDevice:
    """V4L2 and RTSP (over TCP, which is OpenCV's default). OpenCV raises where it mostly returns
    False: for a frame that is damaged, or a device that went away within a call.
    """

    pace_s = 0.0

    def __init__(self, source: CameraSource, library: Callable[[], Any] | None = None) -> None:
        """`library` gives cv2, or raises CameraLost."""
        self._source, self._library = source, library or _cv2
        self._error: type[Exception] = CameraLost
        self._capture: Any = None

    def open(self) -> None:
        cv2 = self._library()
        self._error = cv2.error
        with self._or_lost(CANNOT_OPEN):
            self._capture = self._opened(cv2)
            if not self._capture.isOpened():
                raise CameraLost(CANNOT_OPEN)

    def grab(self) -> None:
        with self._or_lost(NO_PICTURE):
            if not self._capture.grab():
                raise CameraLost(NO_PICTURE)

    def picture(self) -> Any:
        with self._or_lost(NO_PICTURE):
            good, image = self._capture.retrieve()
            if not good:
                raise CameraLost(NO_PICTURE)
            return image

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            with suppress(self._error):
                capture.release()

    def _opened(self, cv2: Any) -> Any:
        if self._source.kind == "rtsp":
            limits = [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS),
            ]
            return cv2.VideoCapture(self._source.where, cv2.CAP_FFMPEG, limits)
        capture = cv2.VideoCapture(self._source.where, cv2.CAP_V4L2)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture

    @contextmanager
    def _or_lost(self, sentence: str) -> Iterator[None]:
        try:
            yield
        except self._error:
            raise CameraLost(sentence) from None


class PiDevice:
    """A camera on the Pi's ribbon, by picamera2 (an apt package: the virtual environment must see
    the system's packages). Not tried on hardware.
    """

    pace_s = 0.0
    # What picamera2 raises for a camera that is absent, taken, or gone.
    LOST: ClassVar[tuple[type[Exception], ...]] = (RuntimeError, IndexError, OSError, TimeoutError)

    def __init__(self, number: int, library: Callable[[], Any] | None = None) -> None:
        """`library` gives the module, or raises CameraLost."""
        self._number, self._library = number, library or _picamera2
        self._camera: Any = None
        self._image: Any = None

    def open(self) -> None:
        picamera2 = self._library()
        try:
            self._camera = picamera2.Picamera2(self._number)
            # picamera2 names the order from the other end: its RGB888 lies blue first.
            main = {"size": PI_SIZE, "format": "RGB888"}
            self._camera.configure(self._camera.create_video_configuration(main=main))
            self._camera.start()
        except self.LOST:
            raise CameraLost(CANNOT_OPEN) from None

    def grab(self) -> None:
        try:
            job = self._camera.capture_array("main", wait=False)
            self._image = self._camera.wait(job, timeout=READ_TIMEOUT_MS / 1000)
        except self.LOST:
            raise CameraLost(NO_PICTURE) from None

    def picture(self) -> Any:
        return self._image

    def close(self) -> None:
        camera, self._camera, self._image = self._camera, None, None
        try:
            if camera is not None:
                camera.close()
        except self.LOST:
            return


class FolderDevice:
    """The pictures of a folder by name, one a second, over and over; what is none is left out."""

    pace_s = FOLDER_PACE_S

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._image: Any = None

    def open(self) -> None:
        self._names = self._listed()

    def grab(self) -> None:
        self._image = self._next() or self._next(self._listed())
        if self._image is None:
            raise CameraLost("The folder holds no picture.")

    def picture(self) -> Any:
        return self._image[0]

    def close(self) -> None:
        self._names = []

    def _next(self, again: list[str] | None = None) -> tuple[Any] | None:
        self._names = again or self._names
        while self._names:
            image = _decoded(self._folder / self._names.pop())
            if image is not None:
                return (image,)
        return None

    def _listed(self) -> list[str]:
        """The last one first."""
        try:
            names = [
                path.name for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES
            ]
        except OSError:
            raise CameraLost("The folder cannot be read.") from None
        return sorted(names)[:MOST_PICTURES][::-1]


def _decoded(path: Path) -> Any:
    """None for what is no picture, too large or gone."""
    cv2 = _cv2()
    import numpy as np

    try:
        if path.stat().st_size > MOST_PICTURE_BYTES:
            return None
        data = np.frombuffer(path.read_bytes(), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    except (OSError, cv2.error):
        return None


def _picamera2() -> Any:
    try:
        return import_module("picamera2")
    except ImportError:
        raise CameraLost("picamera2 is not here: apt install python3-picamera2.") from None
    except ValueError:
        # Debian 12 builds it for numpy 1, and our packages bring numpy 2.
        raise CameraLost("picamera2 is older than our numpy: it needs Debian 13.") from None


def _cv2() -> Any:
    """What goes wrong is told by us, in one sentence; a terminal is no place for OpenCV's own."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", QUIET_FFMPEG)
    try:
        import cv2  # berth[vision]
    except ImportError:
        raise CameraLost("OpenCV is not installed: install berth[vision].") from None
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2
