"""Real sensors, no parked car: no stay may be made of any of it."""

from pathlib import Path

import pytest

from firmware_sim.importers import import_recording
from firmware_sim.replay import replay

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
