"""Real sensors, no parked car: no stay may be made of any of it."""

from pathlib import Path

import pytest

from edge.core.fusion import DetectorSettings
from firmware_sim.importers import import_recording
from firmware_sim.replay import Replay, replay

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FILES = [
    ("csm_hmc5883l", "5.10.13.NorthCTLMEXIT.txt"),
    ("csm_hmc5883l", "9.23_car_data_-y-y-y+y+y+y.txt"),
    ("csm_hmc5883l", "data3.txt"),
    ("hcsr04_street", "sornar_data_first_sample.csv"),
    ("mag3110_lvez1", "capture0_32kmph.xlsx"),
    ("obs_raw", "obs_b8cf_nopos.csv"),
    ("qmc5883l_static", "filtered_raw_data.csv"),
    ("qmc5883l_static", "noisy_raw_data.csv"),
]


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded data is not here (shared/data)")
@pytest.mark.parametrize(("kind", "name"), FILES)
def test_a_recording_in_which_nobody_parks_gives_no_stay(kind: str, name: str) -> None:
    recording = import_recording(kind, DATA / kind / name)
    changes = replay(recording.header.channels, recording.readings)
    assert len(recording.readings) > 700
    assert [c for c in changes if c.kind in ("arrival", "departure")] == []


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded data is not here (shared/data)")
def test_the_six_labelled_passes_are_found_where_they_are_and_no_other() -> None:
    recording = import_recording("csm_hmc5883l", DATA / "csm_hmc5883l" / FILES[1][1])
    run = Replay(recording.header.channels, DetectorSettings())
    assert [c.kind for c in run.run(recording.readings)] == ["known"]
    found = [(p.from_ns / 1e9 * 24, p.to_ns / 1e9 * 24) for p in run.detectors["S1"].passes.recent]
    # Samples of the label's own text, 24 a second.
    labelled = [(202, 285), (767, 840), (1331, 1395), (1827, 1895), (2372, 2436), (2861, 2913)]
    assert len(found) == len(labelled)
    for (from_n, to_n), (label_from, label_to) in zip(found, labelled, strict=True):
        assert from_n < label_to and to_n > label_from


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded data is not here (shared/data)")
@pytest.mark.parametrize(("name", "passes"), [(FILES[0][1], 6), (FILES[2][1], 0)])
def test_passes_of_the_other_recordings_are_counted(name: str, passes: int) -> None:
    """At a car park's exit 5 or 6 are visible; in the other nothing happens for four minutes."""
    recording = import_recording("csm_hmc5883l", DATA / "csm_hmc5883l" / name)
    run = Replay(recording.header.channels, DetectorSettings())
    list(run.run(recording.readings))
    assert run.detectors["S1"].passes.count == passes
