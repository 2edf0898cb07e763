"""`berth-edge watch --camera`: a line a look, plates masked unless they are expected."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from looking_rig import NEIGHBOUR, NS, OWN, STRANGER, SceneEye, picture
from typer.testing import CliRunner

from edge.adapters.fake_camera import FakeCamera
from edge.adapters.fake_plates import glimpse_of
from edge.cli import app
from edge.commands.watch_camera import CameraWatch, Looked
from edge.config import CameraSpec
from edge.core.plate_regions import REGIONS

NOW = datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC)
BESIDE = ((400.0, 100.0), (530.0, 100.0), (530.0, 138.0), (400.0, 138.0))


class Kerb:
    """One camera before one space; `expected` there: OWN."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.camera, self.eye = FakeCamera(lambda: self.now_ns), SceneEye()
        specs = {"cam0": CameraSpec(space="S1", source="folder:/x")}
        frames = {"cam0": self.camera}
        regions = [REGIONS["cn"]]
        self.watch = CameraWatch(frames, specs, self.eye, regions, [OWN], lambda: 0.0)

    def look(self) -> Looked:
        (looked,) = self.watch.looks()
        return looked


def test_an_expected_plate_is_in_clear_and_any_other_is_masked() -> None:
    kerb = Kerb()
    kerb.eye.scenes.append([glimpse_of(OWN), glimpse_of(STRANGER, quad=BESIDE)])
    kerb.camera.show(picture(1, 1))
    line = kerb.look().line(NOW)
    assert line.startswith(f"12:00:01 cam0 S1: {OWN} ")
    assert "accepted, 粤B•••76 " in line and STRANGER not in line
    assert line.endswith("(0 ms)")


def test_a_plate_that_only_resembles_an_expected_one_is_masked() -> None:
    kerb = Kerb()
    for sure in (0.98, 0.6, 0.4):
        kerb.eye.scenes[0] = [glimpse_of(NEIGHBOUR, sure)]
        kerb.camera.show(picture(0, 1))
        row = str(kerb.look().row(NOW))
        assert NEIGHBOUR not in row


def test_no_plate_no_picture_and_a_lost_camera_are_said() -> None:
    kerb = Kerb()
    assert kerb.look().line(NOW) == "12:00:01 cam0 S1: no picture yet"
    kerb.camera.show(picture(0, 1))
    assert kerb.look().line(NOW) == "12:00:01 cam0 S1: no plate (0 ms)"
    kerb.camera.lose()
    assert kerb.look().line(NOW) == "12:00:01 cam0 S1: The camera gives no picture."
    kerb.now_ns = 100 * NS
    assert kerb.look().why is not None


def test_a_row_is_for_programs() -> None:
    kerb = Kerb()
    kerb.eye.scenes[0] = [glimpse_of(STRANGER)]
    kerb.camera.show(picture(0, 1))
    row = json.loads(json.dumps(kerb.look().row(NOW)))
    assert row["plates"][0]["text"] == "粤B•••76"
    assert set(row) == {"at", "camera", "space", "why", "plates", "ms"}


HEAD = (
    "gateway: gw-1\ndata: .\nbroker: mqtt://127.0.0.1:1883\n"
    f'ledger: {{chain_id: 1, address: "0x{"0" * 40}"}}\n'
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plates: {regions: [cn]}\n", "`cameras:`"),
        ('cameras: {cam0: {space: S1, source: "folder:/x"}}\n', "`plates:`"),
    ],
)
def test_settings_that_name_no_camera_or_no_region_are_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(HEAD + text)
    result = CliRunner().invoke(app, ["watch", "--camera", "--for", "1", "--config", str(path)])
    assert result.exit_code == 2 and said in result.output


def test_a_stream_has_no_pictures(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", "--camera", "--readings", "-"])
    assert result.exit_code == 2 and "stream" in result.output
