"""What a simulated lot's cameras show, and what the real pipeline makes of it."""

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.adapters.camera import Frame
from edge.core.plate_regions import REGIONS
from edge.core.plate_votes import Glimpse, tally
from edge.core.readings import IMAGE
from firmware_sim.cli import app
from firmware_sim.frames.lots import LotCamera
from firmware_sim.frames.pictures import (
    FRAMES_A_DEPARTURE,
    FRAMES_AN_ARRIVAL,
    pictures_of,
    with_pictures,
)
from firmware_sim.frames.source import PERIOD_NS, SimulatedCamera
from firmware_sim.lot import make
from firmware_sim.trace import TraceReader
from tests.sim.lot_gateway import NS, LotGateway, detector, real_eye, staged

OWN, STRANGER, NEAR = "沪A12345", "粤B98K76", "沪A12346"
STAY = f"  - 2:00 car arrives at S1 (plate {OWN})\n  - 5:00 car leaves S1\n"
UNCHARGED = ("other", "ambiguous")
COMES = f"  - 1:30 car arrives at S1 (plate {OWN})\n"
STANDING_NS, EMPTY_NS = 125 * NS, 60 * NS


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_the_same_seed_and_time_give_the_same_bytes_whatever_was_looked_at_before() -> None:
    one, other = (LotCamera(staged(STAY, seed=3), "S1") for _ in range(2))
    other.jpeg(EMPTY_NS)
    assert one.jpeg(STANDING_NS) == other.jpeg(STANDING_NS)
    assert LotCamera(staged(STAY, seed=4), "S1").jpeg(STANDING_NS) != one.jpeg(STANDING_NS)


def test_no_two_frames_are_alike_though_nothing_moves() -> None:
    camera = LotCamera(staged(STAY), "S1")
    one, other = (camera.frame(EMPTY_NS + n * PERIOD_NS).astype(int) for n in range(2))
    assert (one != other).any() and np.abs(one - other).mean() < 12


def test_an_empty_space_shows_no_plate_and_a_car_shows_its_own_until_it_leaves() -> None:
    camera = LotCamera(staged(STAY), "S1")
    assert camera.frame(EMPTY_NS).shape == (480, 640, 3)
    assert camera.seen(EMPTY_NS) == () == camera.seen(340 * NS)
    (plate,) = camera.seen(STANDING_NS)
    assert (plate.text, plate.space) == (OWN, "S1") and plate.share > 0.9
    assert 50 < plate.width_px < 140


def test_a_person_who_walks_by_covers_the_plate_and_the_truth_says_so() -> None:
    walks = "".join(f"  - 3:{n:02} person walks past S1\n" for n in range(0, 40, 5))
    camera = LotCamera(staged(STAY + walks), "S1")
    times = range(179 * NS, 224 * NS, NS // 8)
    shares = [plate.share for at in times for plate in camera.seen(at) if plate.text == OWN]
    assert min(shares) < 0.6 < 0.95 < max(shares)


def test_the_neighbours_car_is_in_view_of_some_cameras_and_is_told_as_its_own_spaces() -> None:
    events = STAY + f"  - 1:00 car arrives at S2 (plate {STRANGER})\n"
    seen = [
        plate
        for seed in range(16)
        for plate in LotCamera(staged(events, seed=seed), "S1").seen(STANDING_NS)
    ]
    beside = [plate for plate in seen if plate.space == "S2" and plate.share > 0.9]
    assert beside and {plate.text for plate in beside} == {STRANGER}


def test_the_spaces_part_of_the_picture_holds_its_own_plate_and_not_the_neighbours() -> None:
    events = STAY + f"  - 1:00 car arrives at S2 (plate {STRANGER})\n"
    for seed in range(8):
        camera = LotCamera(staged(events, seed=seed), "S1")
        for plate in camera.seen(STANDING_NS):
            quad = tuple((float(x), float(y)) for x, y in plate.quad)
            glimpse = Glimpse((), quad, 1.0)  # type: ignore[arg-type]
            assert camera.part.holds(glimpse, (640, 480)) == (plate.text == OWN)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3), st.floats(0, 86_399), st.sampled_from(("easy", "hard")))
def test_any_moment_of_any_lot_has_a_frame_and_a_truth(seed: int, at_s: float, level: str) -> None:
    camera = _camera(level, seed)
    at_ns = int(at_s * NS)
    assert camera.frame(at_ns).shape == (240, 320, 3)
    for plate in camera.seen(at_ns):
        assert 0.0 <= plate.share <= 1.0 and plate.text and plate.quad.shape == (4, 2)


@cache
def _camera(level: str, seed: int) -> LotCamera:
    return LotCamera(make(level, seed, 2, 24.0), "S2", (320, 240))


def test_night_is_dark_and_grey_and_rain_takes_contrast() -> None:
    lot = make("easy", 1, 1, 24.0)
    camera = LotCamera(lot, "S1")
    noon, night = camera.frame(4 * 3600 * NS), camera.frame(15 * 3600 * NS)
    assert night.mean() < 0.6 * noon.mean()
    assert np.abs(night[:, :, 0].astype(int) - night[:, :, 2]).mean() < 2
    dry, wet = (LotCamera(staged(it), "S1").sky(200.0) for it in (STAY, STAY + RAIN))
    assert (dry.rain, wet.rain) == (0.0, 0.9) and wet.light < dry.light


RAIN = "  - 3:00 rain for 2 min (heavy)\n"


def test_what_stands_at_the_true_place_is_read_exactly_by_the_real_readers() -> None:
    """No detector: the plate is cut by the truth's own corners."""
    pytest.importorskip("onnxruntime")
    from edge.adapters.fake_plates import FakeFinder
    from edge.adapters.plate_eye import PlateEye, open_readers
    from edge.plate_ports import Found

    readers = open_readers(("ppocr-v4", "ppocr-v6"))
    plates = (OWN, STRANGER, NEAR, "苏AD12345")
    for seed, text in enumerate(plates):
        camera = LotCamera(staged(STAY.replace(OWN, text), seed=seed), "S1")
        (plate,) = (it for it in camera.seen(STANDING_NS) if it.text == text)
        finder = FakeFinder([Found(tuple(map(tuple, plate.quad.tolist())), 1.0)])
        glimpses = PlateEye(finder, readers).look(camera.frame(STANDING_NS))
        assert tally(glimpses, REGIONS["cn"], ()).free[0].text == text


def test_a_simulated_stay_is_recognised_by_the_unmodified_gateway() -> None:
    eye = real_eye()
    gateway = LotGateway(staged(COMES, spaces="[S1]", lasts="110 s"), eye)
    gateway.grant("S1", OWN)
    assert gateway.run().match_at("S1") == ("accepted", "g-1")


@pytest.mark.parametrize(("came", "may_be"), [(STRANGER, ("other",)), (NEAR, UNCHARGED)])
def test_a_simulated_car_that_nobody_expects_is_read_and_never_taken_for_the_expected_one(
    came: str, may_be: tuple[str, ...]
) -> None:
    eye = real_eye()
    gateway = LotGateway(staged(COMES.replace(OWN, came), spaces="[S1]", lasts="110 s"), eye)
    gateway.grant("S1", OWN)
    assert gateway.run().match_at("S1")[0] in may_be
    assert [entry["match"] for entry in gateway.looks()][-1] in may_be


def test_a_source_gives_a_frame_a_period_holds_it_and_can_freeze_or_be_lost() -> None:
    now_ns = [STANDING_NS]
    source = SimulatedCamera(LotCamera(staged(STAY), "S1"), lambda: now_ns[0])
    one = _latest(source)
    now_ns[0] += PERIOD_NS // 2
    assert _latest(source) is one
    now_ns[0] += PERIOD_NS
    assert (_latest(source).image != one.image).any()
    source.freeze()
    held = _latest(source)
    now_ns[0] += PERIOD_NS
    assert _latest(source).image is held.image and _latest(source).mono_ns > held.mono_ns
    source.lose()
    assert (source.latest(), source.fault) == (None, "camera")
    source.mend()
    assert source.fault is None and source.latest() is not None


def _latest(source: SimulatedCamera) -> Frame:
    frame = source.latest()
    assert frame is not None
    return frame


def test_pictures_are_kept_around_arrivals_and_departures_only_and_are_bounded() -> None:
    lot = make("easy", 2, 2, 2.0, stays_per_day=48)
    pictures = pictures_of(lot)
    rows = [row for row in lot.truth if row.kind in ("arrive", "depart")]
    stays = sum(row.kind == "arrive" for row in rows)
    assert len(pictures) == stays * (FRAMES_AN_ARRIVAL + FRAMES_A_DEPARTURE) > 0
    times = {(row.space, row.mono_ns) for row in rows}
    for one in pictures:
        assert any(one.space == s and abs(one.mono_ns - at) <= 5 * NS for s, at in times)
    readings = list(with_pictures(lot.readings(), pictures))
    told = [it for it in readings if it.channel.startswith("cam")]
    assert [it.why for it in told] == [IMAGE + one.name for one in pictures]
    assert [it.mono_ns for it in readings] == sorted(it.mono_ns for it in readings)


def test_generate_writes_the_same_pictures_and_lines_for_the_same_seed(
    runner: CliRunner, tmp_path: Path
) -> None:
    digests = [_generated(runner, tmp_path / name) for name in ("a", "b")]
    assert digests[0] == digests[1]
    with TraceReader(tmp_path / "a" / "lot.trace.jsonl.gz") as reader:
        named = [it.why.removeprefix(IMAGE) for it in reader if it.why and IMAGE in it.why]
    assert named[0] == "frames/000001.jpg" and len(named) == len(digests[0]) - 2
    assert all((tmp_path / "a" / name).is_file() for name in named)


def _generated(runner: CliRunner, folder: Path) -> dict[str, str]:
    folder.mkdir()
    (folder / "a.yaml").write_text("spaces: [S1]\nlasts: 6 min\nevents:\n" + STAY, "utf-8")
    args = ["--out", str(folder / "lot"), "--scenario", str(folder / "a.yaml"), "--frames"]
    done = runner.invoke(app, ["generate", *args])
    assert done.exit_code == 0, done.output
    files = (it for it in folder.rglob("*") if it.is_file() and it.name != "a.yaml")
    return {it.name: hashlib.sha256(it.read_bytes()).hexdigest() for it in files}


def test_pictures_of_another_trace_are_not_written_over(runner: CliRunner, tmp_path: Path) -> None:
    _generated(runner, tmp_path / "a")
    args = ["--out", str(tmp_path / "a" / "other"), "--minutes", "20", "--frames"]
    done = runner.invoke(app, ["generate", *args])
    assert (done.exit_code, "holds files already" in done.output) == (2, True)


def test_a_replay_reads_the_pictures_and_its_events_carry_the_match(
    runner: CliRunner, tmp_path: Path
) -> None:
    model = str(detector())
    _generated(runner, tmp_path / "a")
    trace = str(tmp_path / "a" / "lot.trace.jsonl.gz")
    events, truth = tmp_path / "events", str(tmp_path / "a" / "lot.truth.jsonl")
    args = ["replay", trace, "--truth", truth, "--events", str(events), "--detector", model]
    done = runner.invoke(app, [*args, "--expected", OWN, "--json"])
    assert done.exit_code == 0, done.output
    plates = json.loads(done.stdout)["plates"]
    assert (plates["accepted"], plates["right"], plates["wrong"]) == (1, 1, 0)
    (seen,) = [line["plate"] for line in map(json.loads, events.open()) if "plate" in line]
    assert (seen["match"], seen["text"]) == ("accepted", OWN)


def test_a_plate_that_nobody_expects_is_masked_in_a_replays_events(
    runner: CliRunner, tmp_path: Path
) -> None:
    model = str(detector())
    _generated(runner, tmp_path / "a")
    trace = str(tmp_path / "a" / "lot.trace.jsonl.gz")
    done = runner.invoke(app, ["replay", trace, "--detector", model, "--expected", STRANGER])
    assert "plate 沪A•••45 other" in done.output and OWN not in done.output


def test_without_the_eye_pictures_change_nothing(runner: CliRunner, tmp_path: Path) -> None:
    _generated(runner, tmp_path / "a")
    trace = str(tmp_path / "a" / "lot.trace.jsonl.gz")
    done = runner.invoke(app, ["replay", trace, "--no-eye", "--json"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["arrivals"], "plates" in found) == (0, 1, False)


def test_the_eye_without_pictures_or_with_another_region_is_refused(
    runner: CliRunner, tmp_path: Path
) -> None:
    bare = Path(__file__).resolve().parents[1] / "data" / "first-stay.trace.jsonl.gz"
    done = runner.invoke(app, ["replay", str(bare), "--eye"])
    assert (done.exit_code, "has no pictures" in done.output) == (2, True)
    _generated(runner, tmp_path / "a")
    trace = str(tmp_path / "a" / "lot.trace.jsonl.gz")
    done = runner.invoke(app, ["replay", trace, "--region", "xx"])
    assert (done.exit_code, "unknown region" in done.output) == (2, True)


def test_without_a_model_a_replay_says_so_and_is_refused_only_where_the_eye_was_asked_for(
    runner: CliRunner, tmp_path: Path
) -> None:
    _generated(runner, tmp_path / "a")
    trace = str(tmp_path / "a" / "lot.trace.jsonl.gz")
    args = ["replay", trace, "--detector", str(tmp_path / "none.onnx")]
    done = runner.invoke(app, args)
    assert (done.exit_code, "pictures are not read" in done.output) == (0, True)
    done = runner.invoke(app, [*args, "--eye"])
    assert (done.exit_code, "none.onnx" in done.output) == (2, True)


def test_a_picture_outside_the_traces_folder_is_never_opened(tmp_path: Path) -> None:
    from edge.adapters.fake_plates import FakeEye, glimpse_of
    from firmware_sim.frames.reading import PictureReader, Taken

    eye = FakeEye([[glimpse_of(OWN)]])
    (tmp_path / "secret.jpg").write_bytes(LotCamera(staged(STAY), "S1").jpeg(STANDING_NS))
    (tmp_path / "a").mkdir()
    reader = PictureReader(eye, [REGIONS["cn"]], tmp_path / "a")
    names = ("../secret.jpg", str(tmp_path / "secret.jpg"), "frames/none.jpg")
    seen = reader.look([Taken(0, "cam0", name) for name in names])
    assert (seen.frames, seen.sight.verdict, eye.looks) == (0, "none", 0)
    assert len(reader.refused) == len(names)
