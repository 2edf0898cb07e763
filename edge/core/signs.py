"""What the tracks of one space show at a moment: questions, each answered from the runs alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import dist

from edge.core.echo import NS, EchoTrack
from edge.core.field import FieldTrack
from edge.core.occupancy import DetectorSettings, Signal

# Two starts further apart than this are told with what lies between as uncertainty.
APART_S = 2.5
# A field that moves again this long after the echo came to rest is another vehicle's.
OTHER_S = 15.0
# A roof may pass under the sensor for so long before a car has left, and the field lag as much.
SLACK_S, ROOF_S, HALFWAY_S = 4.0, 8.0, 16.0
SAME_SAMPLES, SAME_BINS = 20, 60
# How long the echo must have been off a strong car's level, once its field is gone.
OFF_S = 1.5


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the space holds, and when that began. `then_ns`: one car left at `at_ns`, and another
    has stood there since then."""

    signal: Signal
    at_ns: int
    spread_s: float = 0.0
    then_ns: int | None = None


class Tracks:
    """`heard` names the sensors whose evidence counts now: echo, field, both or none."""

    def __init__(self, settings: DetectorSettings, echo: EchoTrack, field: FieldTrack) -> None:
        self.settings, self.echo, self.field = settings, echo, field
        self.has_echo = False
        self.heard: tuple[str, ...] = ()


def stood(t: Tracks, spread_s: float = 0.0) -> Ruling:
    """Since when a car that is at rest now has been so."""
    echo_ns, field_ns = t.echo.near_ns, t.field.run_ns
    if echo_ns is None:
        return Ruling("car", field_ns, spread_s)
    apart_s = abs(field_ns - echo_ns) / NS
    if apart_s > OTHER_S:
        return Ruling("car", echo_ns, spread_s)
    # What still moved for one of the two was not at rest.
    rest_ns, crept_ns = max(echo_ns, field_ns), t.field.rest_ns()
    spread_s = max(spread_s, apart_s if apart_s > APART_S else 0.0)
    if crept_ns <= rest_ns:
        return Ruling("car", rest_ns, spread_s)
    crept_s = (crept_ns - rest_ns) / NS
    return Ruling("car", (rest_ns + 2 * crept_ns) // 3, max(spread_s, 2 * crept_s / 3))


def left(t: Tracks) -> Ruling:
    """The first sign of leaving; lost echoes alone are none where the field tells."""
    echo, field = t.echo, t.field
    echo_ns = echo.left_ns if "echo" in t.heard else None
    field_ns = field_moved_ns(t) if "field" in t.heard else None
    if echo_ns is None or field_ns is None:
        at_ns = echo_ns if echo_ns is not None else field_ns
        if at_ns is None:
            at_ns = echo.far_ns if "echo" in t.heard else field.run_ns
        return Ruling("empty", at_ns or 0)
    if abs(echo_ns - field_ns) <= APART_S * NS:
        return Ruling("empty", min(echo_ns, field_ns))
    # A person may stand before the sensor, a roof go by under it, a neighbour move the field.
    apart_s = abs(echo_ns - field_ns) / NS
    if firm(t) and (echo_ns < field_ns or apart_s <= ROOF_S):
        return Ruling("empty", field_ns, min(apart_s, SLACK_S))
    # Or it stood half-way, where one of the two had not lost it yet.
    return Ruling("empty", max(echo_ns, field_ns), min(apart_s, HALFWAY_S))


def field_moved_ns(t: Tracks) -> int | None:
    """When the field began the move that took it away from the car's level."""
    left_ns, gone_ns = t.field.left_ns, t.field.gone_ns
    if left_ns is None or gone_ns is None or gone_ns - left_ns <= SLACK_S * NS:
        return left_ns
    return gone_ns - NS


def field_left(t: Tracks, now_ns: int, still_s: float) -> Ruling | None:
    """By the field alone: settled nearer to the empty level than to the car's."""
    field = t.field
    if field.still_s(now_ns) < still_s or field.level_ut is None:
        return None
    if field.baseline_ut is None:
        if field.parked_ut is not None and field.left_ns is None:
            return None
        return Ruling("empty", field.left_ns or field.run_ns)
    if field.parked_ut is None:
        near = field.from_empty_ut() < t.settings.alone_on_ut
        return Ruling("empty", field.run_ns) if near else None
    from_car_ut = dist(field.level_ut, field.parked_ut)
    if field.from_empty_ut() > 0.6 * from_car_ut or field.left_ns is None:
        return None
    return Ruling("empty", field_moved_ns(t) or field.left_ns)


def surely_left(t: Tracks, now_ns: int) -> bool:
    """The field of a strong car is gone and still, and the echo has left its level too."""
    echo, field, step_ut = t.echo, t.field, t.field.step_ut()
    if echo.left_ns is None or step_ut is None or step_ut < t.settings.sure_ut:
        return False
    off_s = (now_ns - echo.left_ns) / NS
    still = field.still_s(now_ns) >= t.settings.field_s
    return off_s >= OFF_S and still and field.from_empty_ut() < 0.25 * step_ut


def field_gone(t: Tracks, now_ns: int) -> bool:
    """The field has left the car's level, by half of what the car had moved it."""
    field = t.field
    latest, parked = field.now_ut(), field.parked_ut
    if field.left_ns is None or latest is None or parked is None:
        return False
    if now_ns - field.left_ns < NS:
        return False
    away_ut = dist(latest, parked)
    step_ut = field.step_ut()
    if step_ut is None or field.baseline_ut is None:
        return away_ut > 1.5 * field.tolerance_ut
    nearer = dist(latest, field.baseline_ut) < away_ut
    if t.echo.loss > 0.3 and field.still_s(now_ns) < 1.0:
        return False
    return away_ut > max(field.tolerance_ut, 0.5 * step_ut) and nearer


def echo_stuck(t: Tracks, now_ns: int) -> Ruling | None:
    """The field says that the car has left, and the echo has long repeated one raw value."""
    if t.echo.same_n < SAME_SAMPLES or t.field.parked_ut is None:
        return None
    if (t.field.step_ut() or 0.0) < t.settings.on_ut:
        return None
    return field_left(t, now_ns, t.settings.field_alone_s)


def field_frozen(t: Tracks) -> bool:
    """Noise makes it impossible that a working sensor repeats itself for half a minute."""
    return t.field.same_n >= SAME_BINS


def firm(t: Tracks) -> bool:
    """A car that moved the field so much cannot have left without moving it back."""
    step_ut = t.field.step_ut()
    return step_ut is not None and step_ut >= t.settings.on_ut and not field_frozen(t)


def nearly_empty(t: Tracks) -> bool:
    """The newest field lies at the empty level, give or take a part of the car's own step."""
    latest, parked, field = t.field.now_ut(), t.field.parked_ut, t.field
    if latest is None or parked is None or field.left_ns is None:
        return False
    if field.baseline_ut is None:
        return dist(latest, parked) > 2 * field.tolerance_ut
    step_ut = field.step_ut() or 0.0
    return dist(latest, field.baseline_ut) < max(1.5 * field.tolerance_ut, 0.3 * step_ut)


def looks_empty(t: Tracks) -> bool:
    """A car that moved the field much seems to have gone, whatever the echo says."""
    field, step_ut = t.field, t.field.step_ut()
    if field.level_ut is None or field.parked_ut is None or step_ut is None:
        return False
    gone = field.from_empty_ut() < 0.3 * dist(field.level_ut, field.parked_ut)
    return gone and step_ut >= t.settings.strange_ut


def is_other(t: Tracks, elsewhere: bool) -> bool:
    """The field at rest is not that of the car which had parked."""
    field = t.field
    if field.level_ut is None or field.parked_ut is None:
        return False
    other_ut = dist(field.level_ut, field.parked_ut)
    step_ut = field.step_ut() or 0.0
    return other_ut > max(2 * field.tolerance_ut, (0.2 if elsewhere else 0.35) * step_ut)
