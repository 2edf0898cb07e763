"""What the sensors of a space cannot promise is said wherever somebody chooses or judges them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.adapters.checks import Check, Level
from edge.adapters.checks import Machine as Computer
from edge.adapters.doctor import Hands, check_all
from edge.cli import app
from edge.config import kinds_in, parse_config
from edge.core.occupancy import DetectorSettings
from edge.core.promises import alike, kinds_of, promises, promises_of
from edge.core.readings import Channel, ChannelKind
from firmware_sim.cli import app as sim
from tests.edge.edge_settings import SETTINGS

SLOW = DetectorSettings(arrive_s=7.5, echo_alone_arrive_s=33.0, alone_on_ut=5.25)
TRACE = Path(__file__).parents[1] / "data" / "first-stay.trace.jsonl.gz"


@pytest.mark.parametrize(
    ("kinds", "figure", "limited"),
    [
        ({"ultrasonic", "magnetic"}, "7.5", False),
        ({"ultrasonic"}, "33", True),
        ({"magnetic"}, "5.25", True),
    ],
)
def test_each_kind_of_space_has_its_promises_with_the_figures_of_its_settings(
    kinds: set[ChannelKind], figure: str, limited: bool
) -> None:
    made = promises(kinds, SLOW)
    assert any(promise.limit for promise in made) == limited
    assert any(figure in promise.en and figure in promise.zh for promise in made)
    assert promises({*kinds, "temperature"}, SLOW) == made


def test_a_camera_confirms_and_is_never_enough() -> None:
    alone = promises({"camera"})
    assert alone[0].limit and "stays unknown" in alone[0].en
    with_others = promises({"camera", "ultrasonic", "magnetic"})
    assert "never ends a stay" in with_others[-1].en and not with_others[-1].limit


def test_no_sensor_at_all_is_said_too() -> None:
    assert promises(set()) == promises({"temperature"})
    assert promises_of({"S1": set()})["S1"][0].limit


def test_the_settings_and_the_channels_tell_the_same_kinds() -> None:
    channels = [
        Channel("us0", "ultrasonic", "S1"),
        Channel("mag0", "magnetic", "S1", "qmc5883l", 12_000.0),
        Channel("us1", "ultrasonic", "S2"),
        Channel("temp0", "temperature", None),
    ]
    device = "  temp0: {kind: ds18b20, device: 28-00000abcdef0}\n"
    config = parse_config((SETTINGS + device).encode(), "f")
    assert kinds_in(config) == kinds_of(channels, ["S1", "S2"])


def test_many_spaces_alike_are_told_once_and_not_all_by_name() -> None:
    spaces: dict[str, set[ChannelKind]] = {f"S{number}": {"magnetic"} for number in range(200)}
    ((named, made),) = alike(spaces)
    assert named == "S0, S1, S2, S3, S4, S5 and 194 more"
    assert made == promises({"magnetic"})


def test_check_config_warns_of_the_space_with_one_sensor_only(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(f'{SETTINGS}commands: "0x{"0" * 40}"\n')
    result = CliRunner().invoke(app, ["check-config", str(path)])
    first, *warnings = result.stdout.splitlines()
    assert result.exit_code == 0 and ": good, " in first
    assert warnings and all(line.startswith("warning: S2: By ultrasonic") for line in warnings)


def test_doctor_tells_the_promises_and_a_limit_is_no_failure(tmp_path: Path) -> None:
    config = parse_config(SETTINGS.encode(), "f", str(tmp_path))
    hands = Hands(lambda config: [], lambda spec: None)
    told = check_all(config, Computer("", True), hands)
    found: dict[Level, Check] = {it.level: it for it in told if it.name == "promises"}
    assert found[Level.OK].sentence.startswith("S1: An arrival is told ")
    assert found[Level.WARNING].sentence.startswith("S2: By ultrasonic alone ")
    assert found[Level.WARNING].remedy


def test_replay_says_what_the_sensors_of_its_trace_can_promise() -> None:
    spoken = CliRunner().invoke(sim, ["replay", str(TRACE)]).stdout
    assert "S1, S2, S3: An arrival is told " in spoken
    found = json.loads(CliRunner().invoke(sim, ["replay", str(TRACE), "--json"]).stdout)
    assert found["promises"]["S2"][0].startswith("An arrival is told ")
