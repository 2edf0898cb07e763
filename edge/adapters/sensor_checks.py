"""The checks of sensors and cameras: each is opened, sampled, and told in plain units."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias, cast, get_args

from edge.adapters.checks import Check, Level, Machine, Task
from edge.config import CameraSpec, Config, SensorSpec
from edge.core.echo import echo_distance_m
from edge.core.faults import ADVICE, FaultCode, advice_for, wired
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.ports import Sensor

ROOM_CELSIUS = 20.0
UT_PER_GAUSS = 100.0
# The Earth's field is 25 to 65 uT everywhere; steel in the ground changes it by less than this.
PLAUSIBLE_UT = (15.0, 130.0)
POLL_S, POLLS = 0.05, 50
ENOUGH_GOOD, ENOUGH_FAULTS = 2, 3
Wait: TypeAlias = Callable[[float], object]
OpenSensors: TypeAlias = Callable[[Config], Sequence[Sensor]]
LookAtCamera: TypeAlias = Callable[[CameraSpec], str | None]
"""None if it gave a picture, else why not. Never says a password."""


def sensor_tasks(
    config: Config, machine: Machine, open_sensors: OpenSensors, wait: Wait = time.sleep
) -> Iterator[Task]:
    """A sensor for which this machine has no pins or bus is not opened: that is no fault of it."""
    here = {name: spec for name, spec in config.sensors.items() if _has(machine, spec)}
    for name, spec in config.sensors.items():
        if name not in here:
            yield Task(name, "none", _simulated(name, spec))
    if not here:
        return
    built = {
        sensor.channel.name: sensor
        for sensor in open_sensors(config.model_copy(update={"sensors": here}))
    }
    for name, spec in here.items():
        if sensor := built.get(name):
            yield Task(name, lane_of(spec), _look(sensor, wait))
        else:
            yield Task(name, "none", _unbuilt(name))


def camera_tasks(config: Config, look: LookAtCamera) -> Iterator[Task]:
    for name, spec in config.cameras.items():
        yield Task(name, name, _look_at_camera(name, spec, look), ADVICE["camera"].remedy_en)


def lane_of(spec: SensorSpec) -> str:
    """Pings disturb each other, and a bus takes one at a time."""
    if spec.trigger is not None:
        return "pins"
    return f"i2c-{spec.bus}" if spec.bus is not None else spec.port or "1-wire"


def check_sensor(sensor: Sensor, wait: Wait = time.sleep) -> Check:
    """Opens, samples a few times within 2.5 s, and closes it."""
    try:
        fault = sensor.open()
        if fault:
            return _failed(sensor.channel, fault)
        return _judge(sensor, list(_sample(sensor, wait)))
    finally:
        sensor.close()


def plain(channel: Channel, reading: Reading) -> str:
    """Like `2.31 m`, `QMC5883L, 48.2 uT`, `12.5 C` or `nothing in range`."""
    value = reading.value
    if reading.why == NO_ECHO:
        return "nothing in range"
    if isinstance(value, tuple):
        chip = (channel.sensor or "magnetometer").upper()
        return f"{chip}, {_field_ut(channel, value):.1f} uT"
    if isinstance(value, float | int):
        if channel.kind == "temperature":
            return f"{value:.1f} C"
        return f"{echo_distance_m(float(value), ROOM_CELSIUS):.2f} m"
    return "answers"


def _sample(sensor: Sensor, wait: Wait) -> Iterator[Reading]:
    good = faults = 0
    for _ in range(POLLS):
        reading = sensor.sample()
        if reading is not None:
            yield reading
            if _is_good(reading):
                good += 1
            else:
                faults += 1
            if good >= ENOUGH_GOOD or faults >= ENOUGH_FAULTS:
                return
        wait(POLL_S)


def _judge(sensor: Sensor, readings: Sequence[Reading]) -> Check:
    channel = sensor.channel
    good = [reading for reading in readings if _is_good(reading)]
    if not good:
        return _failed(channel, (readings[-1].why if readings else None) or "silent")
    last, said = good[-1], plain(channel, good[-1])
    if isinstance(last.value, tuple):
        low, high = PLAUSIBLE_UT
        if not low <= _field_ut(channel, last.value) <= high:
            fix = "Take magnets, steel and loudspeakers away from it; the Earth has 25 to 65 uT."
            return Check(channel.name, Level.WARNING, f"{said}, far from the Earth's field", fix)
    return Check(channel.name, Level.OK, said)


def _is_good(reading: Reading) -> bool:
    return (reading.value is not None and reading.why is None) or reading.why == NO_ECHO


def _field_ut(channel: Channel, counts: tuple[int, int, int]) -> float:
    return math.hypot(*counts) / (channel.lsb_per_gauss or 1.0) * UT_PER_GAUSS


def _failed(channel: Channel, fault: str) -> Check:
    name = channel.name
    if fault not in get_args(FaultCode):
        return Check(name, Level.FAILED, f"fails: {fault}", "Check its wires and its settings.")
    advice = advice_for(cast(FaultCode, fault), wired(channel))
    return Check(name, Level.FAILED, advice.en, advice.remedy_en)


def _has(machine: Machine, spec: SensorSpec) -> bool:
    if spec.trigger is not None:
        return machine.is_pi
    return spec.bus is None or machine.is_pi or Path(f"/dev/i2c-{spec.bus}").exists()


def _look(sensor: Sensor, wait: Wait) -> Callable[[], Check]:
    return lambda: check_sensor(sensor, wait)


def _unbuilt(name: str) -> Callable[[], Check]:
    advice = ADVICE["missing"]
    return lambda: Check(name, Level.FAILED, advice.en, advice.remedy_en)


def _simulated(name: str, spec: SensorSpec) -> Callable[[], Check]:
    what = "its pins are" if spec.trigger is not None else f"its I2C bus {spec.bus} is"
    said = f"simulated: this is no Raspberry Pi, {what} not looked at"
    fix = "Run doctor on the gateway itself; here `run --readings` takes recorded readings."
    return lambda: Check(name, Level.WARNING, said, fix)


def _look_at_camera(name: str, spec: CameraSpec, look: LookAtCamera) -> Callable[[], Check]:
    def answer() -> Check:
        advice = ADVICE["camera"]
        if why := look(spec):
            return Check(name, Level.FAILED, f"{advice.en} {why}".strip(), advice.remedy_en)
        return Check(name, Level.OK, "gives pictures")

    return answer
