"""Empty, car in, car out, neighbour's car: the margin, and what it is refused for."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_settings import SETTINGS, WALL
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.adapters.settings_file import as_yaml, with_calibration, write_calibration
from edge.cli import app
from edge.config import CalibrationSpec, parse_config
from edge.config.whole_file import replace_whole, resemble
from edge.core.calibration import (
    NEIGHBOUR_FIELD,
    NOT_BACK,
    SILENT,
    WEAK_ECHO,
    WEAK_FIELD,
    Calibration,
    Level,
    Step,
    judge,
    measure,
    measure_step,
)
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.trace_lines import TraceHeader, format_header, format_reading
from edge.errors import SettingsUnwritable

NS = 1_000_000_000
LSB = 12_000.0
CHANNELS = {
    "us0": Channel("us0", "ultrasonic", "S1", "hc-sr04"),
    "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", LSB),
    "us1": Channel("us1", "ultrasonic", "S2", "hc-sr04"),
}
Vector = tuple[float, float, float]
EARTH: Vector = (20.0, -5.0, 40.0)


def plus(x: float) -> Vector:
    return (EARTH[0] + x, EARTH[1], EARTH[2])


def readings(
    field_ut: Vector | None, echo_us: float | None, from_s: int = 0, noise_ut: float = 0.3
) -> Iterator[Reading]:
    """Ten seconds: two pings and ten samples a second, the noise as a fixed small pattern."""
    for tenth in range(100):
        at_ns = from_s * NS + tenth * NS // 10
        if field_ut is not None:
            wave = noise_ut * (tenth % 3 - 1)
            counts = tuple(round((part + wave) * LSB / 100) for part in field_ut)
            yield Reading(at_ns, "mag0", counts)  # type: ignore[arg-type]
        if tenth % 5 == 0:
            jitter = 10.0 * (tenth % 2)
            value = None if echo_us is None else echo_us + jitter
            yield Reading(at_ns, "us0", value, NO_ECHO if value is None else None)


def level(field_ut: Vector | None, echo_us: float | None = None) -> Level:
    return measure(readings(field_ut, echo_us), CHANNELS, "S1")


def calibrated(**steps: Level) -> Calibration:
    names: dict[str, Step] = {
        "empty": "empty",
        "car": "car",
        "out": "out",
        "neighbour": "neighbour",
    }
    return judge({names[name]: found for name, found in steps.items()})


def test_a_step_measures_distance_field_and_noise_of_its_own_space() -> None:
    others = [Reading(0, "us1", 99.0), Reading(0, "us0", None, "timeout")]
    found = measure([*readings(EARTH, 5000.0), *others], CHANNELS, "S1")
    assert found.distance_m == pytest.approx(0.86, abs=0.01)
    assert found.field_ut == pytest.approx(EARTH, abs=0.05)
    assert found.field_noise_ut == pytest.approx(0.42, abs=0.05)
    assert (found.echo_samples, found.field_samples) == (20, 100)


def test_a_clear_car_and_a_far_neighbour_are_a_good_margin() -> None:
    found = calibrated(
        empty=level(EARTH),
        car=level(plus(14.0), 5000.0),
        out=level(EARTH),
        neighbour=level(plus(1.0)),
    )
    assert found.good
    assert found.car_ut == pytest.approx(14.0, abs=0.1)
    assert found.margin == pytest.approx(14.0 / (0.42 + 1.0), rel=0.05)
    assert found.empty_m is None
    assert found.echo_margin is not None and found.echo_margin > 10


def test_a_car_that_hardly_moves_the_field_is_refused() -> None:
    found = calibrated(empty=level(EARTH), car=level(plus(0.8), 5000.0), out=level(EARTH))
    assert found.findings == (WEAK_FIELD,)


def test_a_neighbour_that_moves_the_field_as_much_is_refused() -> None:
    found = calibrated(
        empty=level(EARTH),
        car=level(plus(8.0), 5000.0),
        out=level(EARTH),
        neighbour=level(plus(6.0)),
    )
    assert found.findings == (NEIGHBOUR_FIELD,)


def test_a_car_that_was_not_driven_out_is_noticed() -> None:
    found = calibrated(
        empty=level(EARTH), car=level(plus(8.0), 5000.0), out=level(plus(8.0), 5000.0)
    )
    assert found.findings == (NOT_BACK,)


def test_an_ultrasonic_alone_is_judged_by_its_own_step() -> None:
    good = calibrated(empty=level(None, 13_000.0), car=level(None, 5000.0), out=level(None))
    weak = calibrated(empty=level(None, 5500.0), car=level(None, 5000.0), out=level(None))
    assert good.good and good.margin is not None and good.margin > 10
    assert weak.findings == (WEAK_ECHO,)


def test_a_sensor_that_said_too_little_in_a_step_is_named_with_its_remedy() -> None:
    some = list(readings(EARTH, 5000.0))
    without = [it for it in some if it.channel != "us0"]
    faulty = [*without, *(Reading(second * NS, "us0", None, "timeout") for second in range(20))]
    good = measure_step(some, CHANNELS, "S1")
    assert good.silent == ()
    for taken, words in (
        (without, "us0 gave 0 readings in one step, which needs 10. The sensor sends nothing."),
        (faulty, "us0 gave 0 readings in one step, which needs 10. The ultrasonic sensor does not"),
    ):
        found = judge({"empty": good, "car": measure_step(taken, CHANNELS, "S1")})
        assert not found.good and found.margin is None
        assert [it.en[: len(words)] for it in found.findings] == [words]
        assert "us0" in found.findings[0].zh


def test_the_command_refuses_where_one_of_two_sensors_is_silent(tmp_path: Path) -> None:
    path = trace(tmp_path, 12.0)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if '"ch":"us0"' not in line) + "\n")
    settings = tmp_path / "gateway.yaml"
    settings.write_text(SETTINGS)
    command = ["calibrate", "S1", "--config", str(settings), "--seconds", "10"]
    command += ["--readings", str(path), "--steps", "0:00,0:20,0:40"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "Refused: us0 gave 0 readings" in result.output
    assert settings.read_text() == SETTINGS


def test_without_readings_it_is_refused() -> None:
    assert calibrated(empty=Level(), car=Level(), out=Level()).findings == (SILENT,)


@given(
    st.floats(0, 60),
    st.floats(0, 30),
    st.floats(0, 60),
    st.one_of(st.none(), st.floats(100, 30_000)),
)
def test_any_levels_give_a_verdict_and_a_larger_step_of_the_neighbour_never_a_larger_margin(
    car_ut: float, neighbour_ut: float, more_ut: float, echo_us: float | None
) -> None:
    steps = {"empty": level(EARTH), "car": level(plus(car_ut), echo_us), "out": level(EARTH)}
    one = calibrated(**steps, neighbour=level(plus(neighbour_ut)))
    other = calibrated(**steps, neighbour=level(plus(neighbour_ut + more_ut)))
    assert one.margin is not None and other.margin is not None
    assert other.margin <= one.margin * 1.001
    assert one.good == (not one.findings)


SPEC = CalibrationSpec(empty_m=2.31, empty_ut=(12.0, -3.1, 40.2), car_ut=14.2, margin=4.7)
LINE = "{empty_m: 2.31, empty_ut: [12, -3.1, 40.2], car_ut: 14.2, margin: 4.7}"
KEPT = "# before\n" + SETTINGS


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("", f"calibration:\n  S1: {LINE}\n"),
        ("calibration:  # none yet\n", f"calibration:\n  S1: {LINE}  # none yet\n"),
        ("calibration: {}\n", f"calibration: \n  S1: {LINE}\n"),
        (
            "calibration:\n    S2: {margin: 3}  # kept\n# after\n",
            f"calibration:\n    S2: {{margin: 3}}  # kept\n    S1: {LINE}\n# after\n",
        ),
        (
            "calibration:\n  S1:\n    margin: 3  # old\n  # a note\n  S2: {margin: 3}\n",
            f"calibration:\n  S1:\n    {LINE}  # old\n  # a note\n  S2: {{margin: 3}}\n",
        ),
        (
            "calibration: {S2: {margin: 3}}\n",
            f"calibration: {{S1: {LINE}, S2: {{margin: 3}}}}\n",
        ),
        (
            "calibration: {S1: {margin: 3}, S2: {margin: 3}}  # x\n",
            f"calibration: {{S1: {LINE}, S2: {{margin: 3}}}}  # x\n",
        ),
    ],
)
def test_only_the_calibration_changes_and_every_comment_stays(section: str, expected: str) -> None:
    changed = with_calibration(KEPT + section, "S1", SPEC)
    assert changed == KEPT + expected
    assert parse_config(changed.encode(), "f").calibration["S1"] == SPEC


def test_the_file_is_written_whole_with_the_old_one_beside(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(KEPT)
    backup = write_calibration(path, "S1", SPEC)
    assert backup.read_text() == KEPT
    assert as_yaml(SPEC) in path.read_text()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["gateway.yaml", "gateway.yaml.bak"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_owner_and_mode_are_those_of_the_old_file(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(KEPT)
    path.chmod(mode)
    backup = write_calibration(path, "S1", SPEC)
    assert [stat.S_IMODE(found.stat().st_mode) for found in (path, backup)] == [mode, mode]


def test_root_gives_the_new_file_to_the_owner_of_the_old_one(tmp_path: Path) -> None:
    given: list[tuple[int, int]] = []
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x")
    with new.open("wb") as file:
        resemble(file.fileno(), old, lambda handle, user, group: given.append((user, group)))
        resemble(file.fileno(), tmp_path / "none", lambda *_: given.append((0, 0)))
    assert given == [(old.stat().st_uid, old.stat().st_gid)]


def test_a_file_that_may_not_be_given_back_is_not_changed(tmp_path: Path) -> None:
    def refuse(handle: int, user: int, group: int) -> None:
        raise PermissionError("not yours")

    path = tmp_path / "gateway.yaml"
    path.write_text(KEPT)
    with pytest.raises(PermissionError):
        replace_whole(path, lambda file: file.write(b"x"), like=path, give=refuse)
    assert (path.read_text(), list(tmp_path.iterdir())) == (KEPT, [path])


def test_a_file_that_cannot_be_changed_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text("nothing: [of ours\n")
    with pytest.raises(SettingsUnwritable):
        write_calibration(path, "S1", SPEC)
    assert path.read_text() == "nothing: [of ours\n"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["gateway.yaml"]


def trace(tmp_path: Path, car_ut: float) -> Path:
    path = tmp_path / "lot.trace.jsonl"
    own = {name: CHANNELS[name] for name in ("us0", "mag0")}
    lines = [format_header(TraceHeader("gw-1", "UTC", 0, WALL, own))]
    for begin_s, field, echo_us in (
        (0, EARTH, None),
        (20, plus(car_ut), 5000.0),
        (40, EARTH, None),
        (60, plus(0.5), None),
    ):
        lines += [format_reading(reading) for reading in readings(field, echo_us, begin_s)]
    path.write_text("\n".join(lines) + "\n")
    return path


def run(tmp_path: Path, car_ut: float, *more: str) -> tuple[int, str, str]:
    settings = tmp_path / "gateway.yaml"
    settings.write_text(SETTINGS)
    command = ["calibrate", "S1", "--config", str(settings), "--seconds", "10"]
    command += ["--readings", str(trace(tmp_path, car_ut)), *more]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.output, settings.read_text()


def test_the_command_writes_a_good_calibration(tmp_path: Path) -> None:
    code, said, text = run(tmp_path, 12.0, "--steps", "0:00,0:20,0:40,1:00")
    assert code == 0, said
    assert "good" in said
    assert f"calibration of S1: {text.splitlines()[-1].partition('S1: ')[2]}" in said
    found = parse_config(text.encode(), "f").calibration["S1"]
    assert found.car_ut == pytest.approx(12.0, abs=0.1)


def test_the_command_refuses_a_weak_one_and_writes_nothing(tmp_path: Path) -> None:
    code, said, text = run(tmp_path, 1.0, "--steps", "0:00,0:20,0:40")
    assert code == 1
    assert "Refused: The magnetometer does not see this car clearly." in said
    assert text == SETTINGS


@pytest.mark.parametrize("steps", ["", "0:00", "0:20,0:10,0:30", "a,b,c", "1,2,3,4,5"])
def test_steps_that_are_none_are_refused_before_anything_is_read(
    tmp_path: Path, steps: str
) -> None:
    result = run(tmp_path, 12.0, "--steps", steps)
    assert result[0] != 0
