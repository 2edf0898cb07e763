"""How the levels of the empty space and of the car in it follow what is known."""

from __future__ import annotations

from math import dist

from edge.core.field import Vector
from edge.core.signs import OTHER_S, Tracks

# Who stands before the sensor for longer than this is no person who loads the car.
STRANGER_S = 90.0
# So many echoes from beyond the space in a row: no car is in the beam, whatever the field says.
FLOOR_SAMPLES = 6
# The first still field after a departure is the empty one.
FRESH_S = 4.0


def strange_free(t: Tracks) -> bool:
    """The field is that of a car, or of iron, and the echo cannot vouch that nothing is there."""
    far_off = t.field.from_empty_ut() >= t.settings.sure_ut
    return len(t.heard) > 1 and far_off and t.echo.floor_n < FLOOR_SAMPLES


def follow_free(
    t: Tracks, now_ns: int, elapsed_s: float, fresh: bool, strange_s: float = 0.0
) -> bool:
    """`fresh`: a car has just left. True while that still stands. `strange_s`: for how long the
    field has been strange; after `rebaseline_s` it is taken for that of the empty space."""
    s, field = t.settings, t.field
    still_s = field.still_s(now_ns)
    if still_s <= 0 or field.level_ut is None:
        return fresh
    echo_says_empty = "echo" in t.heard and t.echo.far_ns is not None
    alone = t.heard == ("field",)
    if field.baseline_ut is None:
        if still_s >= s.cold_s and (echo_says_empty or alone):
            field.baseline_ut = field.level_ut
    elif echo_says_empty:
        if fresh and min(still_s, t.echo.far_s(now_ns)) >= FRESH_S:
            field.baseline_ut = field.level_ut
            return False
        if not strange_free(t):
            field.follow_empty(min(1.0, elapsed_s / s.follow_s))
        elif strange_s >= s.rebaseline_s:
            field.baseline_ut = field.level_ut
    elif alone and field.from_empty_ut() < s.alone_on_ut:
        field.follow_empty(min(1.0, elapsed_s / s.drift_s))
    return fresh


def follow_car(t: Tracks, now_ns: int, swapping: bool) -> None:
    """The echo vouches for a car that stands while the field around it changes."""
    echo, field = t.echo, t.field
    if "field" in t.heard and field.level_ut is not None:
        still_s = field.still_s(now_ns)
        if field.parked_ut is None:
            if still_s >= t.settings.field_s and echo.far_ns is None:
                field.parked_ut = field.level_ut
        elif field.left_ns is None and still_s > 0:
            drift(t, field.level_ut)
            field.parked_ut = field.level_ut
        elif t.heard == ("field",) and field.gone_ns is None and still_s >= OTHER_S:
            field.park()
    if "echo" in t.heard and echo.far_ns is None and not swapping:
        _follow_echo(t, now_ns)


def _follow_echo(t: Tracks, now_ns: int) -> None:
    echo, near_s = t.echo, t.echo.near_s(now_ns)
    if echo.parked_m is None:
        enough_s = t.settings.arrive_s
    elif abs(echo.near_m - echo.parked_m) <= 1.5 * t.settings.level_tolerance_m:
        enough_s = OTHER_S
    else:
        enough_s = STRANGER_S
        if "field" in t.heard:
            return
    if near_s >= enough_s:
        echo.park()


def shift(t: Tracks) -> None:
    """What a neighbour's car adds, it adds to the empty level too."""
    field = t.field
    new, old, base = field.level_ut, field.parked_ut, field.baseline_ut
    if new is None or old is None:
        return
    if base is not None and dist(new, old) < t.settings.sure_ut:
        drift(t, new)
    field.park()


def drift(t: Tracks, new: Vector) -> None:
    """What moves the level of the car that stands there moves the empty one as much."""
    old, base = t.field.parked_ut, t.field.baseline_ut
    if old is not None and base is not None:
        t.field.baseline_ut = (
            base[0] + new[0] - old[0],
            base[1] + new[1] - old[1],
            base[2] + new[2] - old[2],
        )
