"""What the sensors of a space can promise and what they cannot, said before anyone relies on it.

Figures are the detector's own settings, so that they change with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from edge.core.occupancy import DetectorSettings
from edge.core.readings import Channel, ChannelKind

MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Promise:
    """`limit`: something that it cannot do, which an installer should know."""

    en: str
    zh: str
    limit: bool = True


NOTHING = Promise(
    "Without an ultrasonic sensor or a magnetometer this space stays unknown.",
    "没有超声波传感器或磁力计，该车位将一直为未知。",
)
CAMERA = Promise(
    "The camera names cars and confirms them; it never ends a stay.",
    "摄像头用于识别和确认车辆，绝不会结束一次停车。",
    limit=False,
)


def promises(
    kinds: Collection[ChannelKind], settings: DetectorSettings | None = None
) -> tuple[Promise, ...]:
    """Of a space with sensors of these kinds."""
    s = settings or DetectorSettings()
    echo, field = "ultrasonic" in kinds, "magnetic" in kinds
    found = [NOTHING]
    if echo and field:
        found = [_both(s)]
    elif echo:
        found = list(_echo_alone(s))
    elif field:
        found = list(_field_alone(s))
    return (*found, CAMERA) if "camera" in kinds else tuple(found)


def promises_of(
    spaces: Mapping[str, Collection[ChannelKind]], settings: DetectorSettings | None = None
) -> dict[str, tuple[Promise, ...]]:
    return {space: promises(kinds, settings) for space, kinds in spaces.items()}


def kinds_of(channels: Iterable[Channel], spaces: Iterable[str]) -> dict[str, set[ChannelKind]]:
    """By space; what belongs to no space (the air's temperature) decides nothing here."""
    found: dict[str, set[ChannelKind]] = {space: set() for space in spaces}
    for channel in channels:
        if channel.space in found:
            found[channel.space].add(channel.kind)
    return found


def alike(
    spaces: Mapping[str, Collection[ChannelKind]], settings: DetectorSettings | None = None
) -> list[tuple[str, tuple[Promise, ...]]]:
    """What is the same for many spaces once, with their names before it."""
    found: dict[tuple[Promise, ...], list[str]] = {}
    for space, made in promises_of(spaces, settings).items():
        found.setdefault(made, []).append(space)
    return [(_named(names), made) for made, names in found.items()]


def _named(spaces: list[str]) -> str:
    more = len(spaces) - MOST_NAMED
    return ", ".join(spaces[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _both(s: DetectorSettings) -> Promise:
    soon, late = f"{s.arrive_s:g}", f"{s.arrive_latest_s:g}"
    gone, young = f"{s.leave_s:g}", f"{s.leave_young_s:g}"
    return Promise(
        f"An arrival is told {soon} to {late} s after the car has come to rest, a departure {gone} "
        f"to {young} s after it has left.",
        f"车辆停稳 {soon} 至 {late} 秒后报告到达，驶离 {gone} 至 {young} 秒后报告离开。",
        limit=False,
    )


def _echo_alone(s: DetectorSettings) -> Iterator[Promise]:
    stood, gone = f"{s.echo_alone_arrive_s:g}", f"{s.echo_alone_leave_s:g}"
    yield Promise(
        f"By ultrasonic alone an arrival is told only {stood} s after the car has come to rest, "
        f"and a departure {gone} s after it has left.",
        f"仅靠超声波时，车辆停稳 {stood} 秒后才报告到达，驶离 {gone} 秒后才报告离开。",
    )
    yield Promise(
        f"By ultrasonic alone whatever stands in front of the sensor for {stood} s is a car: a "
        "trolley, a bin, snow.",
        f"仅靠超声波时，任何物体在传感器前停留 {stood} 秒都会被当作车辆：手推车、垃圾桶、积雪。",
    )
    yield Promise(
        f"By ultrasonic alone two cars that change places within {gone} s are one stay.",
        f"仅靠超声波时，{gone} 秒内先后换位的两辆车会算作一次停车。",
    )


def _field_alone(s: DetectorSettings) -> Iterator[Promise]:
    least, drift = f"{s.alone_on_ut:g}", f"{s.drift_s / 60:g}"
    yield Promise(
        "By magnetometer alone the space must be empty when the gateway is first switched on, "
        "unless it was calibrated.",
        "仅靠磁力计时，除非已标定，网关首次通电时车位必须为空。",
    )
    yield Promise(
        f"By magnetometer alone a car that moves the field by less than {least} µT is not seen.",
        f"仅靠磁力计时，引起磁场变化小于 {least} µT 的车辆检测不到。",
    )
    yield Promise(
        f"By magnetometer alone all that moves the field by {least} µT for good is a car: one in "
        f"the next space, iron that was put down, a drift faster than {drift} minutes.",
        f"仅靠磁力计时，任何使磁场持续变化 {least} µT 的情况都会被当作车辆：邻位车辆、放置的铁件、"
        f"快于 {drift} 分钟的漂移。",
    )
