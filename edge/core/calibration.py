"""What a new sensor sees with and without a car, and whether that is enough to tell them apart.

The margin is the step that the car makes, over what moves without it: the noise and the step that
a car in the neighbour space makes. Below `ENOUGH` a car and its neighbour cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import dist, sqrt
from statistics import fmean, median, pstdev
from typing import Literal, TypeAlias

from edge.core.echo import echo_distance_m
from edge.core.faults import Wired, wired
from edge.core.field import UT_PER_GAUSS, Vector
from edge.core.health import advice
from edge.core.readings import NO_ECHO, Channel, Reading

Step: TypeAlias = Literal["empty", "car", "out", "neighbour"]
STEPS: tuple[Step, ...] = ("empty", "car", "out", "neighbour")
ENOUGH, GOOD = 2.0, 4.0
# As many samples as a sensor gives in five seconds, whatever its kind.
LEAST_SAMPLES = 10
MOST_SAMPLES = 20_000
# What stands for the distance of nothing in range.
NOTHING_M = 4.0
# The field of an empty space, before and after the car, may differ by so much of the car's step.
BACK_SHARE = 0.5
# Below this a step is none, whatever the noise is: a sensor in a drawer is very quiet.
LEAST_UT, LEAST_M = 2.0, 0.15
# Noise that no sensor is without, so that no margin is a division by zero.
FLOOR_UT, FLOOR_M = 0.1, 0.01
TEMPERATURE_C = 20.0


@dataclass(frozen=True, slots=True)
class Silent:
    """A sensor that measured too little in one step; `fault` is what it said last, or "silent"."""

    sensor: str
    samples: int
    fault: str
    wired: Wired


@dataclass(frozen=True, slots=True)
class Level:
    """One step as it was measured; `*_samples` 0: this sensor said nothing.

    `distance_m` None with samples: mostly nothing in range. Noises are one standard deviation.
    """

    distance_m: float | None = None
    distance_noise_m: float = 0.0
    echo_samples: int = 0
    field_ut: Vector | None = None
    field_noise_ut: float = 0.0
    field_samples: int = 0
    silent: tuple[Silent, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What keeps this calibration from being used, in English and Chinese, with what to do."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """`margin` is that of the magnetometer, or of the ultrasonic where there is no other."""

    empty_m: float | None
    empty_ut: Vector | None
    car_ut: float | None
    margin: float | None
    echo_margin: float | None
    field_margin: float | None
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return not self.findings


SILENT = Finding(
    "A step has too few readings. See that the sensors of this space answer: `berth-edge doctor`.",
    "某一步骤的读数过少。请用 `berth-edge doctor` 检查该车位的传感器。",
)
WEAK_FIELD = Finding(
    "The magnetometer does not see this car clearly. Mount it lower or nearer to where engine and "
    "axles stand, and away from iron: gratings, gates, cables with current.",
    "磁力计不能清楚地分辨车辆。请降低安装位置或靠近发动机和车轴，并远离铁件：格栅、门、带电电缆。",
)
NEIGHBOUR_FIELD = Finding(
    "The magnetometer sees the neighbour's car almost as well as this one. Move it to the middle "
    "of the space, or lower.",
    "磁力计对邻位车辆的反应几乎与本车位相同。请移到车位中央或降低位置。",
)
WEAK_ECHO = Finding(
    "The ultrasonic sensor sees nearly the same with and without a car. Turn it to where the roof "
    "or the bonnet stands, and away from walls and posts.",
    "有车与无车时超声波读数几乎相同。请将其对准车顶或引擎盖，并避开墙和立柱。",
)
NEIGHBOUR_ECHO = Finding(
    "The ultrasonic sensor hears the neighbour's car. Turn it away, or give it a narrower cone.",
    "超声波传感器会探测到邻位车辆。请调整方向，或使用波束更窄的型号。",
)
NOT_BACK = Finding(
    "After the car had left, the field was not as before. Was the car out, and all iron at rest? "
    "Calibrate once more.",
    "车辆驶离后磁场未恢复。请确认车辆已离开、周围铁件静止，然后重新标定。",
)


def measure(readings: Iterable[Reading], channels: Mapping[str, Channel], space: str) -> Level:
    """The readings of one step; those of other spaces and faults are left out."""
    echoes: list[float | None] = []
    fields: list[Vector] = []
    temperature_c = TEMPERATURE_C
    for reading in readings:
        channel = channels.get(reading.channel)
        if channel is None or channel.space not in (space, None):
            continue
        value = reading.value
        if channel.kind == "temperature" and isinstance(value, int | float):
            temperature_c = float(value)
        elif channel.kind == "ultrasonic" and len(echoes) < MOST_SAMPLES:
            if isinstance(value, int | float):
                echoes.append(float(value))
            elif reading.why == NO_ECHO:
                echoes.append(None)
        elif channel.kind == "magnetic" and isinstance(value, tuple) and reading.why is None:
            scale = UT_PER_GAUSS / (channel.lsb_per_gauss or 1.0)
            if len(fields) < MOST_SAMPLES:
                fields.append((value[0] * scale, value[1] * scale, value[2] * scale))
    return _level(echoes, fields, temperature_c)


def measure_step(taken: Sequence[Reading], channels: Mapping[str, Channel], space: str) -> Level:
    """As `measure`, and which sensors of the space were too silent for it."""
    return replace(measure(taken, channels, space), silent=_silent(taken, channels, space))


def _silent(
    taken: Sequence[Reading], channels: Mapping[str, Channel], space: str
) -> tuple[Silent, ...]:
    measuring = ("ultrasonic", "magnetic")
    own = [it for it in channels.values() if it.space == space and it.kind in measuring]
    good, faults = dict.fromkeys((it.name for it in own), 0), dict[str, str]()
    for reading in taken:
        if reading.channel not in good:
            continue
        if reading.why is None or reading.why == NO_ECHO:
            good[reading.channel] += 1
        else:
            faults[reading.channel] = reading.why
    return tuple(
        Silent(it.name, good[it.name], faults.get(it.name, "silent"), wired(it))
        for it in own
        if good[it.name] < LEAST_SAMPLES
    )


def refusals(levels: Mapping[Step, Level]) -> tuple[Finding, ...]:
    """One for each sensor that was silent in the first step that had one."""
    return next((tuple(map(_too_few, it.silent)) for it in levels.values() if it.silent), ())


def _too_few(silent: Silent) -> Finding:
    told = advice(silent.fault, silent.wired)
    return Finding(
        f"{silent.sensor} gave {silent.samples} readings in one step, which needs {LEAST_SAMPLES}. "
        f"{told.en} {told.remedy_en}",
        f"{silent.sensor} 在一个步骤中只有 {silent.samples} 次读数，至少需要 {LEAST_SAMPLES} 次。"
        f"{told.zh}{told.remedy_zh}",
    )


def judge(levels: Mapping[Step, Level]) -> Calibration:
    """`levels` of all steps; without "neighbour" its step counts as none.

    With a sensor that was silent in a step nothing is judged, and later steps may be left out.
    """
    if told := refusals(levels):
        return Calibration(None, None, None, None, None, None, told)
    empty, car, out = levels["empty"], levels["car"], levels["out"]
    neighbour = levels.get("neighbour")
    has_echo = all(level.echo_samples >= LEAST_SAMPLES for level in (empty, car))
    has_field = all(level.field_samples >= LEAST_SAMPLES for level in (empty, car, out))
    findings: list[Finding] = []
    if not has_echo and not has_field:
        findings.append(SILENT)
    car_ut = echo_margin = field_margin = None
    if has_field:
        car_ut, field_margin, found = _judge_field(empty, car, out, neighbour)
        findings += found
    if has_echo:
        echo_margin, found = _judge_echo(empty, car, out, neighbour)
        findings += found
    return Calibration(
        empty.distance_m if has_echo else None,
        empty.field_ut if has_field else None,
        car_ut,
        field_margin if has_field else echo_margin,
        echo_margin,
        field_margin,
        tuple(findings),
    )


def _judge_field(
    empty: Level, car: Level, out: Level, neighbour: Level | None
) -> tuple[float, float, list[Finding]]:
    car_ut = _apart(car, empty)
    neighbour_ut = _apart(neighbour, out) if neighbour is not None else 0.0
    noise_ut = max(empty.field_noise_ut, FLOOR_UT)
    margin = car_ut / (noise_ut + neighbour_ut)
    if _apart(out, empty) > BACK_SHARE * max(car_ut, LEAST_UT):
        return car_ut, margin, [NOT_BACK]
    if car_ut < LEAST_UT or car_ut / noise_ut < ENOUGH:
        return car_ut, margin, [WEAK_FIELD]
    return car_ut, margin, [NEIGHBOUR_FIELD] if margin < ENOUGH else []


def _judge_echo(
    empty: Level, car: Level, out: Level, neighbour: Level | None
) -> tuple[float, list[Finding]]:
    step_m = _far(empty) - _far(car)
    neighbour_m = 0.0
    if neighbour is not None and neighbour.echo_samples:
        neighbour_m = abs(_far(neighbour) - _far(out if out.echo_samples else empty))
    noise_m = max(empty.distance_noise_m, car.distance_noise_m, FLOOR_M)
    margin = max(step_m, 0.0) / (noise_m + neighbour_m)
    if step_m < LEAST_M or step_m / noise_m < ENOUGH:
        return margin, [WEAK_ECHO]
    return margin, [NEIGHBOUR_ECHO] if margin < ENOUGH else []


def _level(echoes: Sequence[float | None], fields: Sequence[Vector], temperature_c: float) -> Level:
    near = [echo_distance_m(echo, temperature_c) for echo in echoes if echo is not None]
    mostly = len(near) * 2 > len(echoes)
    field_ut = None
    noise_ut = 0.0
    if fields:
        x, y, z = (list(axis) for axis in zip(*fields))
        field_ut = (fmean(x), fmean(y), fmean(z))
        noise_ut = sqrt(pstdev(x) ** 2 + pstdev(y) ** 2 + pstdev(z) ** 2)
    return Level(
        median(near) if mostly else None,
        pstdev(near) if mostly else 0.0,
        len(echoes),
        field_ut,
        noise_ut,
        len(fields),
    )


def _far(level: Level) -> float:
    return NOTHING_M if level.distance_m is None else min(level.distance_m, NOTHING_M)


def _apart(one: Level, other: Level) -> float:
    if one.field_ut is None or other.field_ut is None:
        return 0.0
    return dist(one.field_ut, other.field_ut)
