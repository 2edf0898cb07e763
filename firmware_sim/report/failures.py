"""Every place where the replay and the truth part, each with its second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edge.core.fusion import Change
from firmware_sim.scoring.matching import KINDS, Surroundings, match
from firmware_sim.scoring.tally import by_space
from firmware_sim.trace import NS, Truth

FailureKind = Literal["missed", "false", "outside"]


@dataclass(frozen=True, slots=True)
class Failure:
    """`outside`: found, but the truth lies outside the uncertainty it admits; that is told, and
    fails neither a JUnit case nor the command. `tags`: the true
    moment's own, or what the truth names around a false one. `detail`: the detector's words."""

    kind: FailureKind
    event: Literal["arrival", "departure"]
    space: str
    at_ns: int
    tags: tuple[str, ...]
    error_s: float | None = None
    uncertainty_s: float | None = None
    detail: str = ""

    @property
    def fails(self) -> bool:
        return self.kind != "outside"


def failures(changes: Iterable[Change], truth: Iterable[Truth]) -> list[Failure]:
    """By time."""
    found, rows = by_space(changes), by_space(truth)
    everywhere = rows.pop(None, [])
    told: list[Failure] = []
    for space in sorted({*found, *rows} - {None}, key=str):
        told += _of_space(found.get(space, []), rows.get(space, []), everywhere)
    return sorted(told, key=lambda one: (one.at_ns, one.space, one.kind, one.event))


def _of_space(changes: list[Change], rows: list[Truth], everywhere: list[Truth]) -> list[Failure]:
    pairs = match(changes, rows)
    hit, seen = {id(change) for change, _ in pairs}, {id(row) for _, row in pairs}
    around = Surroundings([*rows, *everywhere])
    told = [_missed(row) for row in rows if row.kind in KINDS.values() and id(row) not in seen]
    for change in changes:
        if change.kind in KINDS and id(change) not in hit:
            told.append(_about("false", change, change.at_ns, around.tags_at(change.at_ns)))
    for change, row in pairs:
        error_s = (change.at_ns - row.mono_ns) / NS
        if abs(error_s) > change.uncertainty_s + row.unc_ms / 1000:
            told.append(_about("outside", change, row.mono_ns, row.tags, error_s))
    return told


def _missed(row: Truth) -> Failure:
    event: Literal["arrival", "departure"] = "arrival" if row.kind == "arrive" else "departure"
    return Failure("missed", event, row.space or "", row.mono_ns, row.tags)


def _about(
    kind: FailureKind,
    change: Change,
    at_ns: int,
    tags: tuple[str, ...],
    error_s: float | None = None,
) -> Failure:
    event: Literal["arrival", "departure"] = "arrival" if change.kind == "arrival" else "departure"
    return Failure(
        kind, event, change.space, at_ns, tags, error_s, change.uncertainty_s, change.why
    )
