"""Detected against true: one-to-one matching of arrivals and departures, and the dwell errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge.core.fusion import Change
from firmware_sim.trace import NS, Truth

EARLY_S, LATE_S = 15.0, 30.0
KINDS = {"arrival": "arrive", "departure": "depart"}
DWELL_BOUND_S = 60.0
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Score:
    """`*_low` is the lower 95 % Wilson bound; a quantile of nothing is None."""

    true: int
    detected: int
    matched: int
    precision: float
    recall: float
    precision_low: float
    recall_low: float
    f1: float
    at_error_p50_s: float | None
    at_error_p95_s: float | None
    at_inside_uncertainty: float | None
    report_p50_s: float | None
    report_p95_s: float | None
    report_p99_s: float | None
    dwell_error_p50_s: float | None
    dwell_error_p95_s: float | None
    dwell_over_60: float | None
    false_stays: int
    missed_stays: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def score(changes: Iterable[Change], truth: Iterable[Truth]) -> Score:
    found = [change for change in changes if change.kind in KINDS]
    rows = [row for row in truth if row.kind in KINDS.values()]
    pairs = match(found, rows)
    errors = [abs(c.at_ns - t.mono_ns) / NS for c, t in pairs]
    inside = [e <= c.uncertainty_s for e, (c, _) in zip(errors, pairs, strict=True)]
    reports = [(c.reported_ns - t.mono_ns) / NS for c, t in pairs]
    dwell = _dwell_errors_s(rows, pairs)
    true, detected, matched = len(rows), len(found), len(pairs)
    precision = matched / detected if detected else 1.0
    recall = matched / true if true else 1.0
    arrivals = [(c, t) for c, t in pairs if t.kind == "arrive"]
    return Score(
        true=true,
        detected=detected,
        matched=matched,
        precision=precision,
        recall=recall,
        precision_low=wilson_low(matched, detected),
        recall_low=wilson_low(matched, true),
        f1=2 * precision * recall / (precision + recall) if matched or not true else 0.0,
        at_error_p50_s=quantile(errors, 0.5),
        at_error_p95_s=quantile(errors, 0.95),
        at_inside_uncertainty=_share(inside),
        report_p50_s=quantile(reports, 0.5),
        report_p95_s=quantile(reports, 0.95),
        report_p99_s=quantile(reports, 0.99),
        dwell_error_p50_s=quantile(dwell, 0.5),
        dwell_error_p95_s=quantile(dwell, 0.95),
        dwell_over_60=_share([error > DWELL_BOUND_S for error in dwell]),
        false_stays=sum(c.kind == "arrival" for c in found) - len(arrivals),
        missed_stays=sum(t.kind == "arrive" for t in rows) - len(arrivals),
    )


def match(changes: Iterable[Change], truth: Iterable[Truth]) -> list[tuple[Change, Truth]]:
    """Each change with at most one true moment of its space and kind inside the window.

    Both in time order with one window for all: taking the first that fits matches the most.
    """
    waiting: dict[tuple[str, str | None], list[Truth]] = {}
    for row in sorted(truth, key=lambda row: row.mono_ns):
        waiting.setdefault((row.kind, row.space), []).append(row)
    pairs: list[tuple[Change, Truth]] = []
    for change in sorted(changes, key=lambda change: change.at_ns):
        rows = waiting.get((KINDS.get(change.kind, ""), change.space), [])
        while rows and change.at_ns - rows[0].mono_ns > LATE_S * NS:
            rows.pop(0)
        if rows and change.at_ns - rows[0].mono_ns >= -EARLY_S * NS:
            pairs.append((change, rows.pop(0)))
    return pairs


def wilson_low(hits: int, of: int) -> float:
    if of == 0:
        return 0.0
    share, z2 = hits / of, Z95 * Z95
    centre = share + z2 / (2 * of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (centre - half) / (1 + z2 / of))


def quantile(values: Sequence[float], part: float) -> float | None:
    """Nearest rank."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _dwell_errors_s(rows: list[Truth], pairs: list[tuple[Change, Truth]]) -> list[float]:
    """Of the true stays of which both ends were found."""
    found = {(t.space, t.kind, t.mono_ns): c.at_ns for c, t in pairs}
    errors: list[float] = []
    arrived: dict[str | None, int] = {}
    for row in sorted(rows, key=lambda row: row.mono_ns):
        if row.kind == "arrive":
            arrived[row.space] = row.mono_ns
            continue
        start_ns = arrived.pop(row.space, None)
        begin = found.get((row.space, "arrive", start_ns or 0))
        end = found.get((row.space, "depart", row.mono_ns))
        if start_ns is not None and begin is not None and end is not None:
            errors.append(abs((end - begin) - (row.mono_ns - start_ns)) / NS)
    return errors
