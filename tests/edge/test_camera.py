"""One suite for the fake camera and a real grabber on a folder; then what only the grabber does."""

from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, Protocol

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.camera import FrameSource, Grabber, look_at, open_camera
from edge.adapters.camera_devices import (
    CameraLost,
    FolderDevice,
    OpenCvDevice,
    PiDevice,
    device_of,
)
from edge.adapters.fake_camera import FakeCamera
from edge.core.camera_source import BadSource, CameraSource, parse_source
from firmware_sim.clock import NS, VirtualClock


def image(level: int) -> Any:
    return np.full((4, 6, 3), level, np.uint8)


class Rig(Protocol):
    clock: VirtualClock

    @property
    def camera(self) -> FrameSource: ...
    def show(self, level: int) -> None: ...
    def lose(self) -> None: ...


class FakeRig:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.camera = FakeCamera(self.clock.now_ns)

    def show(self, level: int) -> None:
        self.camera.show(image(level))

    def lose(self) -> None:
        self.camera.lose()


class FolderRig:
    """Each picture is the folder's only one; the grabber is stepped by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.folder = VirtualClock(), folder
        self.camera = Grabber(FolderDevice(folder), self.clock.now_ns)

    def show(self, level: int) -> None:
        cv2.imwrite(str(self.folder / "now.png"), image(level))
        self.camera.turn()

    def lose(self) -> None:
        (self.folder / "now.png").unlink(missing_ok=True)
        self.camera.turn()


@pytest.fixture(params=["fake", "folder"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return FakeRig() if request.param == "fake" else FolderRig(tmp_path)


def pass_s(rig: Rig, seconds: float) -> None:
    rig.clock.advance_to(rig.clock.now_ns() + round(seconds * NS))


def level(source: FrameSource) -> int | None:
    frame = source.latest()
    return None if frame is None else int(frame.image[0, 0, 0])


def test_before_its_first_picture_it_is_coming_up(rig: Rig) -> None:
    assert (rig.camera.latest(), rig.camera.fault) == (None, None)


def test_without_a_first_picture_it_is_a_fault_after_ten_seconds(rig: Rig) -> None:
    pass_s(rig, 10)
    assert rig.camera.fault is None
    pass_s(rig, 0.1)
    assert rig.camera.fault == "camera"


def test_a_picture_is_there_with_its_time(rig: Rig) -> None:
    pass_s(rig, 3)
    rig.show(40)
    frame = rig.camera.latest()
    assert frame is not None
    assert frame.mono_ns == 3 * NS
    assert np.array_equal(frame.image, image(40))
    assert rig.camera.fault is None


def test_only_the_newest_picture_is_kept(rig: Rig) -> None:
    for shown in (10, 20, 30):
        pass_s(rig, 1)
        rig.show(shown)
    assert level(rig.camera) == 30


def test_lost_it_has_no_picture_and_back_it_has_one_again(rig: Rig) -> None:
    rig.show(10)
    pass_s(rig, 1)
    rig.lose()
    assert (rig.camera.latest(), rig.camera.fault) == (None, "camera")
    pass_s(rig, 1)
    rig.show(20)
    assert (level(rig.camera), rig.camera.fault) == (20, None)


def test_a_picture_of_ten_seconds_ago_is_none(rig: Rig) -> None:
    rig.show(10)
    pass_s(rig, 10.1)
    assert (rig.camera.latest(), rig.camera.fault) == (None, "camera")
    rig.show(20)
    assert (level(rig.camera), rig.camera.fault) == (20, None)


def test_it_can_be_closed_twice(rig: Rig) -> None:
    rig.camera.close()
    rig.camera.close()


class Device:
    """Does what its script says, then goes on with the last of it."""

    pace_s = 0.0

    def __init__(self, *script: str) -> None:
        self.script, self.done = list(script), [""]
        self.decoded = self.closed = 0
        self.seen = Event()

    def _act(self, what: str) -> None:
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if now == f"no {what}":
            raise CameraLost

    def open(self) -> None:
        self._act("open")

    def grab(self) -> None:
        self._act("grab")

    def picture(self) -> Any:
        self.decoded += 1
        self.seen.set()
        return image(7)

    def close(self) -> None:
        self.closed += 1


def test_the_pause_between_attempts_grows_to_a_minute_and_starts_anew_after_a_picture() -> None:
    clock = VirtualClock()
    device = Device("no open")
    grabber = Grabber(device, clock.now_ns)
    assert [grabber.turn() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    device.script = ["open", "grab", "no grab", "no open"]
    assert grabber.turn() < 0.01
    assert grabber.fault is None
    assert [grabber.turn() for _ in range(3)] == [1, 2, 4]
    assert grabber.fault == "camera"
    assert device.closed == 11


@pytest.mark.parametrize("step", ["open", "grab", "picture", "close"])
def test_a_camera_that_raises_what_nobody_foresaw_is_lost_told_once_and_opened_again(
    step: str,
) -> None:
    told: list[str] = []
    device = Device("open", "grab", "no grab", "fine")
    real, broken = getattr(device, step), [True, True]

    def breaks() -> Any:
        if broken and broken.pop():
            raise ZeroDivisionError("rtsp://user:secret@host")
        return real()

    setattr(device, step, breaks)
    clock = VirtualClock()
    grabber = Grabber(device, clock.now_ns, told.append)
    for _ in range(6):
        grabber.turn()
        clock.advance_to(clock.now_ns() + NS)
    assert (told, grabber.fault) == (["ZeroDivisionError"], None)
    assert grabber.latest() is not None


@pytest.mark.parametrize("step", ["isOpened", "grab", "retrieve", "release"])
def test_an_error_of_opencv_is_a_lost_camera(step: str) -> None:
    def fails() -> Any:
        raise cv2.error("a damaged frame")

    steps = {
        "set": lambda *_: True,
        "isOpened": lambda: True,
        "grab": lambda: True,
        "retrieve": lambda: (True, image(7)),
        "release": lambda: None,
    }
    library = SimpleNamespace(
        error=cv2.error,
        CAP_V4L2=200,
        CAP_PROP_BUFFERSIZE=38,
        VideoCapture=lambda *_: SimpleNamespace(**{**steps, step: fails}),
    )
    device = OpenCvDevice(parse_source("v4l2:/dev/video0"), lambda: library)
    if step != "release":
        with pytest.raises(CameraLost):
            device.open(), device.grab(), device.picture()
    else:
        device.open()
    device.close()


def test_a_fast_camera_is_drained_but_not_all_is_decoded() -> None:
    clock = VirtualClock()
    device = Device("fine")
    grabber = Grabber(device, clock.now_ns)
    for _ in range(100):
        grabber.turn()
        clock.advance_to(clock.now_ns() + NS // 50)
    assert device.decoded == 10


def test_its_thread_grabs_and_ends_when_it_is_closed() -> None:
    device = Device("fine")
    grabber = Grabber(device, VirtualClock().now_ns)
    grabber.start()
    assert device.seen.wait(5)
    grabber.close()
    assert device.closed == 1
    assert level(grabber) == 7


def test_a_folder_is_shown_in_order_over_and_over_without_what_is_no_picture(
    tmp_path: Path,
) -> None:
    for name, shown in (("b.png", 20), ("a.png", 10), ("d.PNG", 40)):
        cv2.imwrite(str(tmp_path / name.lower()), image(shown))
    (tmp_path / "c.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "e.png").write_bytes(b"")
    (tmp_path / "f.txt").write_text("no picture")
    clock = VirtualClock()
    grabber = Grabber(FolderDevice(tmp_path), clock.now_ns)
    seen = []
    for _ in range(7):
        assert grabber.turn() == 1.0
        seen.append(level(grabber))
        clock.advance_to(clock.now_ns() + NS)
    assert seen == [10, 20, 40, 10, 20, 40, 10]


def test_a_folder_that_is_not_there_is_a_lost_camera(tmp_path: Path) -> None:
    grabber = Grabber(FolderDevice(tmp_path / "none"), VirtualClock().now_ns)
    assert grabber.turn() == 1.0
    assert grabber.fault == "camera"


def test_a_device_that_is_not_there_is_a_lost_camera() -> None:
    for source in ("v4l2:/dev/video977", "picamera2:9"):
        grabber = Grabber(device_of(parse_source(source)), VirtualClock().now_ns)
        assert grabber.turn() == 1.0
        assert grabber.fault == "camera"


def test_a_network_camera_that_refuses_is_lost_and_its_password_is_nowhere(
    capfd: pytest.CaptureFixture[str],
) -> None:
    source = parse_source("rtsp://admin:geheim@127.0.0.1:1/h264?password=geheim")
    grabber = Grabber(device_of(source), VirtualClock().now_ns)
    grabber.turn()
    assert grabber.fault == "camera"
    said = "".join(capfd.readouterr())
    assert "geheim" not in said


def test_it_comes_up_on_a_thread_and_says_when_it_is_lost(tmp_path: Path) -> None:
    camera = open_camera(parse_source(f"folder:{tmp_path}/none"), VirtualClock().now_ns)
    camera.close()
    assert camera.fault == "camera"


class PiCamera:
    """As much of picamera2 as is used, from its manual; `gone` is what the next wait raises."""

    def __init__(self, number: int) -> None:
        if number > 0:
            raise IndexError("list index out of range")
        self.gone: Exception | None = None
        self.running = False

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        return main

    def configure(self, main: dict[str, Any]) -> None:
        self.shape = (main["size"][1], main["size"][0], 3)

    def start(self) -> None:
        self.running = True

    def capture_array(self, name: str, wait: bool) -> object:
        assert (name, wait, self.running) == ("main", False, True)
        return self

    def wait(self, job: object, timeout: float) -> Any:
        if self.gone:
            raise self.gone
        return np.full(self.shape, 9, np.uint8)

    def close(self) -> None:
        self.running = False


def test_a_camera_on_the_pis_ribbon_is_lost_when_it_hangs_and_opened_again() -> None:
    made: list[PiCamera] = []

    def open_one(number: int) -> PiCamera:
        made.append(PiCamera(number))
        return made[-1]

    clock = VirtualClock()
    library = SimpleNamespace(Picamera2=open_one)
    grabber = Grabber(PiDevice(0, lambda: library), clock.now_ns)
    grabber.turn()
    assert level(grabber) == 9
    made[0].gone = TimeoutError()
    grabber.turn()
    assert (grabber.fault, made[0].running) == ("camera", False)
    clock.advance_to(NS)
    grabber.turn()
    assert (len(made), level(grabber)) == (2, 9)

    absent = Grabber(PiDevice(1, lambda: library), clock.now_ns)
    absent.turn()
    assert absent.fault == "camera"


def test_a_look_says_none_or_why(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), image(1))
    (tmp_path / "empty").mkdir()
    assert look_at(f"folder:{tmp_path}") is None
    assert look_at(f"folder:{tmp_path}/empty") == "The folder holds no picture."
    assert look_at(f"folder:{tmp_path}/none") == "The folder cannot be read."
    assert look_at("v4l2:/dev/video977") == "It cannot be opened."
    assert look_at("picamera2:9") is not None
    for secret in ("rtsp://u:geheim@127.0.0.1:1/x", "rtsp://u:geheim@"):
        assert "geheim" not in (look_at(secret) or "geheim")


@pytest.mark.parametrize(
    ("text", "kind", "where", "shown"),
    [
        ("v4l2:/dev/video0", "v4l2", "/dev/video0", "v4l2:/dev/video0"),
        ("picamera2:1", "picamera2", "1", "picamera2:1"),
        ("folder:/a/b", "folder", "/a/b", "folder:/a/b"),
        ("rtsp://cam/1", "rtsp", "rtsp://cam/1", "rtsp://cam/..."),
        ("rtsps://cam:322", "rtsp", "rtsps://cam:322", "rtsps://cam:322/..."),
    ],
)
def test_a_source_is_parsed(text: str, kind: str, where: str, shown: str) -> None:
    source = parse_source(text)
    assert (source.kind, source.where, str(source)) == (kind, where, shown)


@pytest.mark.parametrize(
    "text",
    [
        *("", "v4l2:", "v4l2", "/dev/video0", "V4L2:/dev/video0", "picamera2:", "picamera2:a"),
        *("folder:", "rtsp:", "rtsp://", "rtsp:///x", "rtsp://u:pw@", "rtsp://a b", "http://cam/x"),
    ],
)
def test_what_is_no_source_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(BadSource) as refused:
        parse_source(text)
    assert "u:pw" not in str(refused.value)


SECRETS = st.text("abcXYZ019!$_-:", min_size=6).map(lambda text: f"pW{text}")


@given(secret=SECRETS, form=st.sampled_from(["user", "path", "query", "at", "slash"]))
def test_a_source_never_shows_a_password(secret: str, form: str) -> None:
    url = {
        "user": f"rtsp://admin:{secret}@10.0.0.9:554/live",
        "path": f"rtsp://10.0.0.9/user=admin&password={secret}&channel=1",
        "query": f"rtsp://10.0.0.9?user=admin&password={secret}",
        "at": f"rtsp://10.0.0.9/admin@{secret}",
        "slash": f"rtsp://admin:{secret}/@10.0.0.9/live",
    }[form]
    source = parse_source(url)
    assert source == CameraSource("rtsp", url)
    assert secret not in f"{source} {source!r}"
    assert ("10.0.0.9" in str(source)) == (form not in ("at", "slash"))
