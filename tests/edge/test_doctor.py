"""The doctor: one line each, a remedy for every failure, in time even when everything is dead."""

import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from contracts.wire.types import checksummed
from edge.adapters.checks import Check, Level, Machine, Task, run_tasks
from edge.adapters.machine_checks import (
    check_data,
    check_key,
    check_power,
    check_rights,
    check_system,
    is_running,
    on_sd_card,
)
from edge.adapters.outbox import SqliteOutbox
from edge.adapters.sensor_checks import camera_tasks, check_sensor, lane_of, sensor_tasks
from edge.commands.health import as_json_row, as_line, exit_code
from edge.config import Config, parse_config
from edge.core.faults import ADVICE
from edge.core.health import advice
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.ports import Sensor

PI = Machine("Raspberry Pi 5 Model B Rev 1.0", True)
LAPTOP = Machine("", True)
TEXT = f"""\
gateway: gw-1
data: .
broker: mqtt://localhost:1883
ledger: {{chain_id: 1, address: "{checksummed("ab" * 20)}"}}
sensors:
  us0: {{kind: hc-sr04, space: S1, trigger: 23, echo: 24}}
  mag0: {{kind: auto, space: S1, bus: 31}}
  us1: {{kind: a02yyuw, space: S2, port: /dev/ttyAMA0}}
  temp0: {{kind: ds18b20, device: 28-00000abcdef0}}
cameras:
  cam0: {{space: S1, source: "rtsp://u:secret@10.0.0.9/s"}}
"""
CONFIG = parse_config(TEXT.encode(), "f", "/tmp")
MAG = Channel("mag0", "magnetic", "S1", "qmc5883l", 12_000)
US = Channel("us0", "ultrasonic", "S1", "hc-sr04")


class Scripted:
    """A sensor that answers what it is told to, and then nothing more."""

    def __init__(
        self, channel: Channel, answers: Sequence[Reading | None] = (), fault: str | None = None
    ) -> None:
        self.channel, self.period_s, self.closed = channel, 0.1, False
        self._answers, self._fault = iter(answers), fault

    def open(self) -> str | None:
        return self._fault

    def sample(self) -> Reading | None:
        return next(self._answers, None)

    def close(self) -> None:
        self.closed = True


def no_wait(_seconds: float) -> None:
    pass


def read(channel: Channel, *values: object, why: str | None = None) -> list[Reading | None]:
    return [Reading(n, channel.name, value, why) for n, value in enumerate(values)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "values", "said"),
    [
        (US, (13_400.0, 13_450.0), "2.31 m"),
        (MAG, ((2000, 3000, 4500), (2000, 3000, 4500)), "QMC5883L, 48.1 uT"),
        (Channel("temp0", "temperature", None, "ds18b20"), (-3.25, -3.25), "-3.2 C"),
    ],
)
def test_a_sensor_is_told_in_plain_units(
    channel: Channel, values: tuple[object, ...], said: str
) -> None:
    sensor = Scripted(channel, [None, *read(channel, *values)])
    assert check_sensor(sensor, no_wait) == Check(channel.name, Level.OK, said)
    assert sensor.closed


def test_an_ultrasonic_that_hears_nothing_in_range_is_well() -> None:
    sensor = Scripted(US, read(US, None, None, why=NO_ECHO))
    assert check_sensor(sensor, no_wait) == Check("us0", Level.OK, "nothing in range")


def test_one_lost_sample_is_no_failure() -> None:
    sensor = Scripted(US, [*read(US, None, why="timeout"), *read(US, 5800.0, 5800.0)])
    assert check_sensor(sensor, no_wait).sentence == "1.00 m"


@pytest.mark.parametrize("fault", sorted(ADVICE))
def test_every_fault_has_its_sentence_and_its_remedy(fault: str) -> None:
    at_open = check_sensor(Scripted(MAG, fault=fault), no_wait)
    sampled = Scripted(MAG, read(MAG, None, None, None, why=fault))
    assert check_sensor(sampled, no_wait) == at_open
    assert sampled.closed
    assert at_open.level is Level.FAILED
    assert (at_open.sentence, at_open.remedy) == (
        ADVICE[fault].en,  # type: ignore[index]
        advice(fault, "i2c").remedy_en,
    )


def test_a_sensor_that_says_nothing_is_given_up_after_a_bounded_wait() -> None:
    waited: list[float] = []
    check = check_sensor(Scripted(US), waited.append)
    assert (check.level, check.remedy) == (Level.FAILED, ADVICE["silent"].remedy_en)
    assert sum(waited) == pytest.approx(2.5)


def test_a_field_that_the_earth_cannot_have_is_a_warning() -> None:
    check = check_sensor(Scripted(MAG, read(MAG, (30_000, 0, 0), (30_000, 0, 0))), no_wait)
    assert check.level is Level.WARNING
    assert check.sentence == "QMC5883L, 250.0 uT, far from the Earth's field"


def tasks_of(machine: Machine, config: Config = CONFIG) -> tuple[dict[str, Task], list[str]]:
    asked: list[str] = []

    def open_sensors(given: Config) -> list[Sensor]:
        asked.extend(given.sensors)
        return [Scripted(Channel(name, "ultrasonic", "S1"), ()) for name in given.sensors]

    tasks = {task.name: task for task in sensor_tasks(config, machine, open_sensors, no_wait)}
    return tasks, asked


def test_on_a_laptop_pins_and_buses_are_simulated_and_the_rest_is_looked_at() -> None:
    tasks, asked = tasks_of(LAPTOP)
    assert asked == ["us1", "temp0"]
    for name in ("us0", "mag0"):
        check = tasks[name].look()
        assert check.level is Level.WARNING
        assert check.sentence.startswith("simulated: this is no Raspberry Pi")
    assert not tasks["us1"].look().ok


def test_on_a_pi_every_sensor_is_looked_at_and_each_bus_by_one_at_a_time() -> None:
    tasks, asked = tasks_of(PI)
    assert asked == ["us0", "mag0", "us1", "temp0"]
    assert [task.lane for task in tasks.values()] == ["pins", "i2c-31", "/dev/ttyAMA0", "1-wire"]
    assert lane_of(CONFIG.sensors["us0"]) == "pins"


def test_a_camera_without_a_picture_fails_and_its_password_stays_hidden() -> None:
    (dark,) = camera_tasks(CONFIG, lambda spec: "it does not answer.")
    (good,) = camera_tasks(CONFIG, lambda spec: None)
    assert dark.look().remedy == ADVICE["camera"].remedy_en
    assert "secret" not in as_line(dark.look())
    assert good.look() == Check("cam0", Level.OK, "gives pictures")


def ok(name: str) -> Callable[[], Check]:
    return lambda: Check(name, Level.OK, "")


def test_what_hangs_is_told_and_holds_up_nothing_but_its_own_lane() -> None:
    forever, after = threading.Event(), threading.Event()

    def hang() -> Check:
        forever.wait()
        return Check("hung", Level.OK, "")

    def told() -> Check:
        after.set()
        return Check("good", Level.OK, "")

    tasks = [
        Task("hung", "a", hang),
        Task("behind", "a", ok("behind")),
        Task("good", "b", told),
    ]
    checks = run_tasks(tasks, limit_s=0.05)
    forever.set()
    assert [check.name for check in checks] == ["hung", "behind", "good"]
    assert not checks[0].ok and "did not answer within" in checks[0].sentence
    assert not checks[1].ok
    assert checks[2].ok and after.is_set()


def test_what_a_library_raises_is_a_finding_and_the_lane_goes_on() -> None:
    def burst() -> Check:
        raise RuntimeError("Cannot determine SOC peripheral base address")

    checks = run_tasks([Task("bad", "a", burst), Task("good", "a", ok("good"))])
    assert [check.ok for check in checks] == [False, True]


def test_a_thousand_sensors_run_on_a_bounded_number_of_threads() -> None:
    at_once = itertools.count(1)
    running: list[int] = []

    def look() -> Check:
        running.append(threading.active_count())
        return Check(str(next(at_once)), Level.OK, "")

    before = threading.active_count()
    checks = run_tasks([Task(str(n), f"lane {n}", look) for n in range(1000)])
    assert len(checks) == 1000
    assert max(running) <= before + 16 + 1


@pytest.mark.parametrize(
    ("bits", "level"),
    [(None, Level.OK), (0, Level.OK), (0x50000, Level.WARNING), (0x50005, Level.FAILED)],
)
def test_a_weak_supply_is_told_by_the_pis_own_bits(bits: int | None, level: Level) -> None:
    check = check_power(Machine("Raspberry Pi 4", True, throttled=bits))
    assert check.level is level
    assert bool(check.remedy) is (level is not Level.OK)


def test_a_32_bit_system_fails_and_a_laptop_is_said_to_be_one() -> None:
    assert check_system(LAPTOP).sentence.startswith("simulated: this is no Raspberry Pi")
    narrow = check_system(Machine("Raspberry Pi 4", True, is_64_bit=False))
    assert not narrow.ok
    assert "64-bit system" in narrow.remedy


def test_a_missing_key_and_a_missing_folder_fail_with_their_remedies(tmp_path: Path) -> None:
    assert "berth-edge init" in check_key(tmp_path).remedy
    assert "give it to the user" in check_data(tmp_path / "none").remedy
    assert check_data(tmp_path).level in (Level.OK, Level.WARNING)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_is_a_card_if_its_device_says_so(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    devices = tmp_path / "block"
    devices.mkdir()
    target = tmp_path / "devices" / "mmc_host" / "mmcblk0" / "mmcblk0p2"
    target.mkdir(parents=True)
    assert not on_sd_card(tmp_path, devices)
    (devices / f"{number >> 8 & 0xFFF}:{number & 0xFF}").symlink_to(target)
    assert on_sd_card(tmp_path, devices)


def test_a_device_that_this_user_may_not_use_names_the_group_to_join(tmp_path: Path) -> None:
    port = tmp_path / "ttyAMA0"
    port.touch()
    config = CONFIG.model_copy(
        update={"sensors": {"us1": CONFIG.sensors["us1"].model_copy(update={"port": str(port)})}}
    )
    assert check_rights(config, lambda path: True).ok
    check = check_rights(config, lambda path: False)
    assert not check.ok
    assert "usermod -aG dialout" in check.remedy


def test_a_gateway_that_runs_is_noticed_and_left_alone(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    outbox = SqliteOutbox(tmp_path, "gw-1", 1, 10)
    assert is_running(tmp_path)
    outbox.close()
    assert not is_running(tmp_path)


def test_every_line_says_what_is_wrong_and_what_to_do() -> None:
    failed = Check("us0", Level.FAILED, "It is dead.", "Bury it.")
    assert as_line(failed) == "FAIL us0: It is dead. Bury it."
    assert as_line(Check("us0", Level.OK, "2.31 m")) == "ok   us0: 2.31 m"
    assert as_json_row(failed)["remedy"] == "Bury it."
    assert (exit_code([failed]), exit_code([Check("a", Level.WARNING, "")])) == (1, 0)
