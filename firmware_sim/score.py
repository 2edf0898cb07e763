"""Detected against true (design.md, section 5). Same changes and truth, same score, to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edge.core.fusion import Change
from firmware_sim.scoring.figures import f1_bounds, quantile, share, wilson, wilson_low
from firmware_sim.scoring.matching import EARLY_S, KINDS, LATE_S, match
from firmware_sim.scoring.stays import Watch
from firmware_sim.scoring.tally import Moment, StayBill, Tally, tally
from firmware_sim.trace import NS, Truth

__all__ = [
    "EARLY_S",
    "KINDS",
    "LATE_S",
    "Score",
    "Tally",
    "by_tag",
    "match",
    "quantile",
    "score",
    "score_of",
    "tally",
    "wilson_low",
]

DWELL_BOUND_S = 60.0
DAY_NS = 86_400 * NS


@dataclass(frozen=True, slots=True)
class Score:
    """`*_low` and `*_high` are 95 % Wilson bounds; what cannot be told is None.

    true, detected, matched: arrivals and departures together.
    at_*: error of the estimated time; inside: the truth lies within the uncertainty it admits.
    report_*: from the true moment to the report.
    dwell_*: of the stays of which both ends were found.
    false_stays: arrivals that match no true one; missed_stays the reverse; resolved_stays: those
    of the missed that were at least seen standing (`known`).
    money_error: |billed by the estimated times - true| / true, of all stays together.
    money_apart: the same with each stay's difference for itself: none offsets another.
    money_held_back: the part of the bill that its uncertainty and its time in unknown forgive.
    unknown_share: of the time after each space's first decision, or after its first minute.
    """

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
    precision_high: float
    recall_high: float
    f1_low: float
    f1_high: float
    stays: int
    resolved_stays: int
    true_minor: int
    billed_minor: int
    money_error: float | None
    money_apart: float | None
    money_held_back: float | None
    space_days: float | None
    false_stays_per_space_day: float | None
    unknown_share: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def score(
    changes: Iterable[Change], truth: Iterable[Truth], watch: Mapping[str, Watch] | None = None
) -> Score:
    """`watch` (first and last mono_ns of each space's readings) adds the figures per time."""
    return score_of(tally(changes, truth, watch))


def by_tag(counted: Tally) -> dict[str, Score]:
    """Each tag's moments and stays, with the false changes in whose surroundings it was named."""
    return {tag: score_of(counted.only(tag)) for tag in counted.tags()}


def score_of(counted: Tally) -> Score:
    figures: dict[str, Any] = {
        **_detection(counted),
        **_times([one for one in counted.moments if one.error_s is not None]),
        **_dwell([one.dwell_error_s for one in counted.bills if one.dwell_error_s is not None]),
        **_money(counted.bills),
        **_per_time(counted),
    }
    return Score(**figures)


def _detection(counted: Tally) -> dict[str, Any]:
    true, matched = len(counted.moments), sum(one.error_s is not None for one in counted.moments)
    false = len(counted.false)
    detected = matched + false
    precision = matched / detected if detected else 1.0
    recall = matched / true if true else 1.0
    low, high = wilson(matched, detected), wilson(matched, true)
    f1 = f1_bounds(matched, false, true - matched)
    return {
        "true": true,
        "detected": detected,
        "matched": matched,
        "precision": precision,
        "recall": recall,
        "precision_low": low[0],
        "precision_high": low[1],
        "recall_low": high[0],
        "recall_high": high[1],
        "f1": 2 * precision * recall / (precision + recall) if matched or not true else 0.0,
        "f1_low": f1[0],
        "f1_high": f1[1],
        "stays": sum(one.arrives for one in counted.moments),
        "false_stays": sum(one.arrives for one in counted.false),
        "missed_stays": sum(one.arrives and one.error_s is None for one in counted.moments),
        "resolved_stays": sum(one.resolved for one in counted.bills),
    }


def _times(found: list[Moment]) -> dict[str, Any]:
    errors_s = [abs(one.error_s or 0.0) for one in found]
    reports_s = [one.report_s for one in found]
    inside = sum(error_s <= one.doubt_s for error_s, one in zip(errors_s, found))
    return {
        "at_error_p50_s": quantile(errors_s, 0.5),
        "at_error_p95_s": quantile(errors_s, 0.95),
        "at_inside_uncertainty": share(inside, len(found)),
        "report_p50_s": quantile(reports_s, 0.5),
        "report_p95_s": quantile(reports_s, 0.95),
        "report_p99_s": quantile(reports_s, 0.99),
    }


def _dwell(errors_s: list[float]) -> dict[str, Any]:
    return {
        "dwell_error_p50_s": quantile(errors_s, 0.5),
        "dwell_error_p95_s": quantile(errors_s, 0.95),
        "dwell_over_60": share(sum(e > DWELL_BOUND_S for e in errors_s), len(errors_s)),
    }


def _money(bills: tuple[StayBill, ...]) -> dict[str, Any]:
    true = sum(bill.true_minor for bill in bills)
    billed = sum(bill.found_minor for bill in bills)
    apart = sum(abs(bill.found_minor - bill.true_minor) for bill in bills)
    held_back = sum(bill.found_minor - bill.certain_minor for bill in bills)
    return {
        "true_minor": true,
        "billed_minor": billed,
        "money_error": share(abs(billed - true), true),
        "money_apart": share(apart, true),
        "money_held_back": share(held_back, billed),
    }


def _per_time(counted: Tally) -> dict[str, Any]:
    days = counted.watched_ns / DAY_NS
    false = sum(one.arrives for one in counted.false)
    return {
        "space_days": days or None,
        "false_stays_per_space_day": false / days if days else None,
        "unknown_share": share(counted.unknown_ns, counted.judged_ns),
    }
