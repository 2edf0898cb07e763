"""Where everything of one space is drawn: numbers for the page's SVG, no markup."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.core.fusion import Change
from firmware_sim.report.bands import Band
from firmware_sim.report.clock import LotClock, offset
from firmware_sim.report.envelope import Envelope
from firmware_sim.report.failures import Failure
from firmware_sim.report.signals import Signals
from firmware_sim.trace import NS, Truth

WIDTH, EDGE, TICKS, LEAST_STROKE = 1200, 30, 10, 1.6
DISTANCE_TOP, FIELD_TOP, PLOT_HEIGHT = 80, 204, 100
LEAST_M, LEAST_UT = 2.5, 5.0


@dataclass(frozen=True, slots=True)
class Box:
    """A band's piece; `kind` is an occupancy."""

    x: float
    width: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment. `failure`: number of the failure it belongs to, None if all is well."""

    x: float
    kind: str
    title: str
    failure: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths are SVG path data, drawn `stroke` wide so that neighbouring columns meet; tops are
    what the upper edge of each plot stands for."""

    distance: str
    silence: str
    field: str
    stroke: float
    distance_top_m: str
    field_top_ut: str
    truth: tuple[Box, ...]
    told: tuple[Box, ...]
    truth_marks: tuple[Mark, ...]
    told_marks: tuple[Mark, ...]
    failures: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is drawn of one space. `failures` are numbered for the whole page."""

    signals: Signals
    truth: Sequence[Truth]
    changes: Sequence[Change]
    true_bands: Sequence[Band]
    told_bands: Sequence[Band]
    failures: Sequence[tuple[int, Failure]]


@dataclass(frozen=True, slots=True)
class Axis:
    from_ns: int
    until_ns: int

    def x(self, mono_ns: int) -> float:
        part = (mono_ns - self.from_ns) / max(1, self.until_ns - self.from_ns)
        return round(part * WIDTH, 1)

    def holds(self, mono_ns: int) -> bool:
        return self.from_ns <= mono_ns <= self.until_ns


def chart(scene: Scene, axis: Axis, clock: LotClock) -> Chart:
    signals = scene.signals
    top_m = max(LEAST_M, signals.distance_m.most())
    top_ut = max(LEAST_UT, signals.field_ut.most())
    ticks = clock.ticks(axis.from_ns, axis.until_ns, TICKS)
    return Chart(
        distance=_path(signals.distance_m, axis, DISTANCE_TOP, top_m),
        silence=_silence(signals, axis),
        field=_path(signals.field_ut, axis, FIELD_TOP, top_ut, math.sqrt),
        stroke=_stroke(signals.field_ut, axis),
        distance_top_m=f"{top_m:.1f}",
        field_top_ut=f"{top_ut:.0f}",
        truth=_boxes(scene.true_bands, axis, clock),
        told=_boxes(scene.told_bands, axis, clock),
        truth_marks=tuple(
            Mark(axis.x(row.mono_ns), row.kind, _true_title(row))
            for row in scene.truth
            if axis.holds(row.mono_ns)
        ),
        told_marks=_told_marks(scene, axis),
        failures=tuple(
            Mark(axis.x(one.at_ns), one.kind, f"{offset(one.at_ns)} {one.kind} {one.event}", n)
            for n, one in scene.failures
            if axis.holds(one.at_ns)
        ),
        ticks=tuple((x, label) for ns, label in ticks if EDGE < (x := axis.x(ns)) < WIDTH - EDGE),
    )


def _told_marks(scene: Scene, axis: Axis) -> tuple[Mark, ...]:
    failed: dict[tuple[int, str], int] = {(one.at_ns, one.event): n for n, one in scene.failures}
    return tuple(
        Mark(axis.x(one.at_ns), one.kind, _told_title(one), failed.get((one.at_ns, one.kind)))
        for one in scene.changes
        if axis.holds(one.at_ns)
    )


def _boxes(bands: Sequence[Band], axis: Axis, clock: LotClock) -> tuple[Box, ...]:
    """Of each band the part that is in sight."""
    boxes: list[Box] = []
    for band in bands:
        from_ns = max(band.from_ns, axis.from_ns)
        until_ns = min(band.until_ns, axis.until_ns)
        if from_ns < until_ns:
            x = axis.x(from_ns)
            title = f"{clock.text(band.from_ns)} - {clock.text(band.until_ns)}"
            width = max(1.0, round(axis.x(until_ns) - x, 1))
            boxes.append(Box(x, width, band.occupancy, title))
    return tuple(boxes)


def _silence(signals: Signals, axis: Axis) -> str:
    """Strokes above the distance where nothing but lost echoes was heard."""
    width_ns = max(signals.silence.width_ns, signals.distance_m.width_ns)
    heard = {mono_ns // width_ns for mono_ns, *_ in signals.distance_m.columns()}
    times = [mono_ns for mono_ns, *_ in signals.silence.columns()]
    top = DISTANCE_TOP - 4
    return "".join(f"M{axis.x(ns):g} {top}v4" for ns in times if ns // width_ns not in heard)


def _stroke(envelope: Envelope, axis: Axis) -> float:
    return round(max(LEAST_STROKE, axis.x(axis.from_ns + envelope.width_ns)), 1)


def _path(
    envelope: Envelope,
    axis: Axis,
    top: int,
    most: float,
    shape: Callable[[float], float] = lambda part: part,
) -> str:
    """One upright stroke a column, at least two units long so that a steady signal is seen.

    The field is drawn by its square root: a car passes at a hundred times what it parks with.
    """
    pieces: list[str] = []
    for mono_ns, low, high in envelope.columns():
        y_low = round(top + PLOT_HEIGHT * (1 - shape(low / most)))
        y_high = min(y_low - 2, round(top + PLOT_HEIGHT * (1 - shape(high / most))))
        pieces.append(f"M{axis.x(mono_ns):g} {y_low}V{y_high}")
    return "".join(pieces)


def _true_title(row: Truth) -> str:
    named = ", ".join(row.tags)
    return f"{offset(row.mono_ns)} {row.kind}" + (f" [{named}]" if named else "")


def _told_title(one: Change) -> str:
    after_s = (one.reported_ns - one.at_ns) / NS
    said = f"{offset(one.at_ns)} {one.kind} ±{one.uncertainty_s:g} s"
    return f"{said}, reported {after_s:.1f} s later: {one.why}"
