"""The settings of plates, and what a running gateway makes of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from edge_rig import KEY
from edge_settings import SETTINGS
from looking_rig import CAMERAS, CHANNELS, NS, OWN, PLATES, Gate, SceneEye, picture

from edge.adapters.fake_camera import FakeCamera
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.looking import PlateLooker
from edge.adapters.machine import ThisMachine
from edge.adapters.open_looking import (
    Around,
    make_looker,
    regions_of,
    vault_of,
    view_of,
    watch_settings,
)
from edge.adapters.sensors import CameraSensor, is_folder, open_cameras
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import Config, PlatesSpec, parse_config
from edge.core.readings import Channel
from edge.core.trace_lines import TraceHeader
from edge.errors import ConfigWrong
from edge.feeds import Feed
from edge.lookers import Lookers
from edge.ports import Watcher
from edge.watchers import Pulse

SENTENCES = [
    ("regions: [xx]", "10:20: plates.regions[0] is 'xx', but must be one of cn, eu, br, us."),
    ("regions: []", "10:19: plates.regions is a list, but must be a list of one or more of cn, "),
    ("frames: 6", "10:9: plates.regions is missing; it must be a list of one or more of cn, eu"),
    ("regions: [cn], frames: 9", "plates.frames is 9, but must be a whole number from 5 to 8."),
    ("regions: [cn], pace_s: 9", "plates.pace_s is 9, but must be a number from 0.2 to 5."),
    ("regions: [cn], frame: 6", "plates.frame is not a setting; did you mean plates.frames?"),
    ("regions: [br], shapes: {br: [Q0]}", "plates.shapes.br[0] is 'Q0', but must be 2 to 10 of A "),
    ("regions: [br], shapes: {fr: [A0]}", "fr is no region; it must be one of cn, eu, br, us."),
    ("regions: [cn, us, cn]", "plates.regions[2] is 'cn' once more; name each region once."),
    (
        "regions: [cn], shapes: {br: [A0A]}",
        "plates.shapes.br is of no use: plates.regions does",
    ),
    ("regions: [cn], readers: {us: [own]}", "plates.readers.us is of no use: plates.regions does"),
    ("regions: [br], shapes: 3", "plates.shapes is 3, but must be a list of shapes for each of cn"),
    ("regions: [cn], readers: {cn: [x]}", "plates.readers.cn[0] is 'x', but must be one of own, "),
    (
        "regions: [cn], detector: a.tflite",
        "plates.detector is 'a.tflite', but must be ours, or the",
    ),
    ("regions: [cn], residents: [x]", "plates.residents[0] is 'x', but must be a plate of 2 to 16"),
    (
        "regions: [cn], evidence_key: me",
        "plates.evidence_key is 'me', but must be the operator's p",
    ),
    (
        f'regions: [cn], evidence_key: "0x02{"11" * 32}"',
        "but must be the operator's public key as `berth-edge evidence key` shows it",
    ),
    (
        "regions: [cn], evidence_days: 0",
        "plates.evidence_days is 0, but must be a whole number fro",
    ),
]


def config(plates: str, cameras: str = CAMERAS, data: str = ".") -> Config:
    return parse_config((SETTINGS + cameras + plates).encode(), "f", data)


def spec(text: str) -> PlatesSpec:
    found = config(f"plates: {{{text}}}\n").plates
    assert found is not None
    return found


@pytest.mark.parametrize(("text", "said"), SENTENCES)
def test_each_mistake_is_a_sentence_at_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigWrong) as wrong:
        spec(text)
    assert said in str(wrong.value)


def test_a_part_of_the_picture_has_its_corners_in_order() -> None:
    camera = CAMERAS.replace('0"', '0", view: [0.2, 0, 0.8, 1.0]')
    view = view_of(config(PLATES, camera).cameras["cam0"])
    assert (view.left, view.bottom) == (0.2, 1.0)
    with pytest.raises(ConfigWrong, match="left, top, right and bottom"):
        config(PLATES, camera.replace("0.2", "0.9"))


def test_rules_are_data() -> None:
    plain, more = (spec(f"regions: [cn, br]{it}") for it in ("", ", shapes: {br: [AA000A]}"))
    assert [len(region.shapes) for region in regions_of(plain)] == [3, 2]
    (_, br) = regions_of(more)
    assert br.fits("AB123C") is not None and regions_of(plain)[1].fits("AB123C") is None


def test_the_last_frame_is_read_before_the_arrival_is_told() -> None:
    assert watch_settings(spec("regions: [cn], frames: 8"), plate_wait_s=5).standing_s == 4
    assert watch_settings(spec("regions: [cn]"), plate_wait_s=0).standing_s > 0


def test_frames_are_kept_for_a_named_operator_only(tmp_path: Path) -> None:
    assert vault_of(config(PLATES), spec("regions: [cn]")) is None
    key = "0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    plates = spec(f'regions: [cn], evidence_key: "{key}"')
    vault = vault_of(config(PLATES, data=str(tmp_path)), plates)
    assert vault is not None and vault.public == key


def opened(settings: Config, frames: Mapping[str, Any]) -> list[Watcher]:
    clock = FakeClock()
    header = TraceHeader("gw-1", "UTC", 0, clock.wall_at(0), CHANNELS)
    feed = Feed("gw-1", CHANNELS, clock, lambda: header, bool, lambda: None, False, {}, frames)
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    lookers = Lookers(settings, feed, log, safe_mode=False)
    found: list[Watcher] = []

    def look(core: Any, detectors: Any) -> list[Watcher]:
        machine = ThisMachine(settings.data_path, lambda: 0.0)
        found.extend(lookers.open(core, detectors, machine, _Service(), lambda item: True))
        return found

    ports = Ports(MemoryOutbox(), FakeUplink(), clock, lambda: 0.0, log)
    make_agent(settings, CHANNELS, ports, KEY, lambda: bytes(32), look)
    for watcher in found:
        if not isinstance(watcher, Pulse):
            watcher.close()
    return found


class _Service:
    def ready(self) -> None: ...
    def alive(self) -> None: ...
    def stopping(self) -> None: ...


def test_a_gateway_reads_plates_if_settings_and_cameras_say_so(tmp_path: Path) -> None:
    camera = {"cam0": FakeCamera(lambda: 0)}

    def reads(settings: Config, frames: Mapping[str, Any]) -> bool:
        return any(isinstance(it, PlateLooker) for it in opened(settings, frames))

    assert reads(config(PLATES, data=str(tmp_path)), camera)
    assert not reads(config("", data=str(tmp_path)), camera)
    assert not reads(config(PLATES, data=str(tmp_path)), {})


def test_a_camera_of_a_space_that_nothing_watches_is_left_out() -> None:
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    frames, core = {"cam0": FakeCamera(lambda: 0)}, Gate().agent._core
    around = Around(frames, core, {}, lambda item: True, log, SceneEye)
    looker, worker = make_looker(config(PLATES), around)
    assert looker._looked == {}
    worker.close()


def test_a_live_camera_whose_picture_stays_the_same_is_a_fault_and_a_folders_is_not() -> None:
    now = [0]
    for may_rest, fault in ((False, "frozen"), (True, None)):
        camera = FakeCamera(lambda: now[0])
        sensor = CameraSensor(
            Channel("cam0", "camera", "S1"), camera, lambda: now[0], may_rest=may_rest
        )
        told = set()
        for _ in range(700):
            now[0] += NS
            camera.show(picture(0, 1))
            reading = sensor.sample()
            told |= {reading.why} if reading is not None else set()
        assert told - {"image:live"} == ({fault} if fault else set())
        camera.show(picture(0, 2))
        now[0] += 10 * NS
        camera.show(picture(0, 2))
        reading = sensor.sample()
        assert reading is None or reading.why == "image:live"


def test_a_picture_that_is_none_does_not_break_the_sensor() -> None:
    camera = FakeCamera(lambda: 0)
    sensor = CameraSensor(Channel("cam0", "camera", "S1"), camera, lambda: 0)
    for image in (None, 7, "torn", b"", []):
        camera.show(image)
        sensor.sample()


def test_the_sources_of_a_feed_are_named_by_their_channels() -> None:
    specs = config(PLATES).cameras
    sensors, sources = open_cameras(specs, lambda: 0, lambda source, now_ns: FakeCamera(now_ns))
    assert [sensor.channel.name for sensor in sensors] == list(specs) and len(sources) == 1
    assert is_folder("folder:/x") and not is_folder("v4l2:/dev/video0")
    assert OWN not in str(specs)
