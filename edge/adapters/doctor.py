"""All checks of one gateway, side by side and within 10 s however much of it is dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from edge.adapters.checks import DOCTOR_S, Check, Level, Machine, Task, run_tasks
from edge.adapters.clock import SystemClock
from edge.adapters.identity_checks import check_certificate, wants_certificate
from edge.adapters.machine_checks import (
    check_broker,
    check_clock,
    check_commands,
    check_data,
    check_key,
    check_power,
    check_rights,
    check_system,
    is_running,
)
from edge.adapters.plate_checks import check_plates
from edge.adapters.sensor_checks import LookAtCamera, OpenSensors, camera_tasks, sensor_tasks
from edge.config import CameraSpec, Config, kinds_in
from edge.core.promises import Promise, alike
from edge.ports import Sensor

IN_USE = "berth-edge runs on this data folder and holds them: they are not opened a second time"
IN_USE_FIX = "See the gateway's page or `berth-edge watch`, or stop it first for this check."
ADD = "Add the other kind of sensor (hardware.md), or accept it."


def real_sensors(config: Config) -> list[Sensor]:
    from edge.adapters.sensors import open_sensors

    return list(open_sensors(config, SystemClock().mono_ns))


def real_camera(spec: CameraSpec) -> str | None:
    from edge.adapters.camera import look_at

    return look_at(spec.source)


@dataclass(frozen=True, slots=True)
class Hands:
    """How sensors and cameras are reached; tests put fakes here."""

    open_sensors: OpenSensors = real_sensors
    look_at_camera: LookAtCamera = real_camera


def check_all(
    config: Config, machine: Machine, hands: Hands | None = None, limit_s: float = DOCTOR_S
) -> list[Check]:
    return run_tasks(list(_tasks(config, machine, hands or Hands())), limit_s)


def _tasks(config: Config, machine: Machine, hands: Hands) -> Iterator[Task]:
    data = config.data_path
    looks: dict[str, Callable[[], Check]] = {
        "system": lambda: check_system(machine),
        "power": lambda: check_power(machine),
        "key": lambda: check_key(data),
        "data": lambda: check_data(data),
        "broker": lambda: check_broker(config),
        "commands": lambda: check_commands(config),
        "clock": lambda: check_clock(config, machine),
        "rights": lambda: check_rights(config),
    }
    for name, look in looks.items():
        yield Task(name, name, look)
    if wants_certificate(config):
        yield Task("certificate", "certificate", lambda: check_certificate(config))
    if config.plates is not None:
        yield Task("plates", "plates", partial(check_plates, config.plates))
    yield Task("sensors", "sensors", lambda: _sensors(config, machine))
    if config.sensors or config.cameras:
        for spaces, made in alike(kinds_in(config)):
            yield Task("promises", "promises", partial(_promised, spaces, made))
    if not is_running(data):
        yield from sensor_tasks(config, machine, hands.open_sensors)
        yield from camera_tasks(config, hands.look_at_camera)


def _promised(spaces: str, made: tuple[Promise, ...]) -> Check:
    said = f"{spaces}: {' '.join(promise.en for promise in made)}"
    if any(promise.limit for promise in made):
        return Check("promises", Level.WARNING, said, ADD)
    return Check("promises", Level.OK, said)


def _sensors(config: Config, machine: Machine) -> Check:
    what = machine.board if machine.is_pi else "simulated: this is no Raspberry Pi"
    if not config.sensors:
        said = f"{what}; readings come on a stream (run --readings)"
        return Check("sensors", Level.OK, said)
    if is_running(config.data_path):
        return Check("sensors", Level.WARNING, IN_USE, IN_USE_FIX)
    count = len(config.sensors) + len(config.cameras)
    return Check("sensors", Level.OK, f"{what}; {count} in the settings")
