"""Who stood there from when to when: by the truth, and by the detector's own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.core.fusion import Change
from edge.core.occupancy import Occupancy
from firmware_sim.scoring.matching import KINDS
from firmware_sim.scoring.stays import Watch
from firmware_sim.trace import Truth


@dataclass(frozen=True, slots=True)
class Band:
    occupancy: Occupancy
    from_ns: int
    until_ns: int


def true_bands(rows: Iterable[Truth], watch: Watch) -> list[Band]:
    moves = sorted((r for r in rows if r.kind in KINDS.values()), key=lambda r: r.mono_ns)
    begins: Occupancy = "occupied" if moves and moves[0].kind == "depart" else "free"
    steps: list[tuple[int, Occupancy]] = [(watch[0], begins)]
    steps += [(r.mono_ns, "occupied" if r.kind == "arrive" else "free") for r in moves]
    return _between(steps, watch)


def told_bands(changes: Sequence[Change], final: Occupancy, watch: Watch) -> list[Band]:
    """By the estimated times, in the order of the reports; `final` is what was known at the end."""
    steps: list[tuple[int, Occupancy]] = [(watch[0], "unknown")]
    for number, change in enumerate(changes):
        steps.append((change.at_ns, _after(changes, number, final)))
    return _between(steps, watch)


def _after(changes: Sequence[Change], number: int, final: Occupancy) -> Occupancy:
    """What a `known` says is told by the claim before it; by the next one if it is the first."""
    change = changes[number]
    if change.kind == "unknown":
        return "unknown"
    if change.kind != "known":
        return "occupied" if change.kind == "arrival" else "free"
    for before in reversed(changes[:number]):
        if before.kind in KINDS:
            return "occupied" if before.kind == "arrival" else "free"
    for after in changes[number + 1 :]:
        if after.kind in KINDS:
            return "free" if after.kind == "arrival" else "occupied"
    return final


def _between(steps: list[tuple[int, Occupancy]], watch: Watch) -> list[Band]:
    bands: list[Band] = []
    for (from_ns, occupancy), then in zip(steps, [*steps[1:], None]):
        from_ns, until_ns = max(from_ns, watch[0]), min(then[0] if then else watch[1], watch[1])
        if until_ns > from_ns:
            bands.append(Band(occupancy, from_ns, until_ns))
    return bands
