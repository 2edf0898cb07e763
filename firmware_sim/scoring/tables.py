"""A score for people: a column a detector, and a row a tag; both fit a terminal of 80."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.box import SIMPLE_HEAD
from rich.table import Table

from firmware_sim.score import Score

Cell = Callable[[Score], str]


def detectors(title: str, scores: Mapping[str, Score]) -> Table:
    table = _table(title)
    table.add_column("", no_wrap=True)
    for name in scores:
        table.add_column(name, justify="right")
    for figure, cell in FIGURES.items():
        table.add_row(figure, *(cell(score) for score in scores.values()))
    return table


def tags(scores: Mapping[str, Score]) -> Table:
    """False changes are put down to what the truth names around them (matching.Surroundings)."""
    table = _table("by tag")
    for name in ("tag", "true", "missed", "false", "report p95", "dwell p95", "at inside"):
        table.add_column(name, justify="left" if name == "tag" else "right")
    for tag, score in scores.items():
        table.add_row(
            tag,
            str(score.true),
            str(score.true - score.matched),
            str(score.detected - score.matched),
            seconds(score.report_p95_s),
            seconds(score.dwell_error_p95_s),
            percent(score.at_inside_uncertainty),
        )
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def _false(score: Score) -> str:
    false = score.false_stays_per_space_day
    return str(score.false_stays) if false is None else f"{false:.3f}"


FIGURES: dict[str, Cell] = {
    "F1": lambda s: f"{s.f1:.4f}",
    "  95 % bounds": lambda s: f"{s.f1_low:.4f}-{s.f1_high:.4f}",
    "missed stays": lambda s: f"{s.missed_stays} of {s.stays}",
    "false / space-day": _false,
    "report p50": lambda s: seconds(s.report_p50_s),
    "report p95": lambda s: seconds(s.report_p95_s),
    "report p99": lambda s: seconds(s.report_p99_s),
    "dwell error p50": lambda s: seconds(s.dwell_error_p50_s),
    "dwell error p95": lambda s: seconds(s.dwell_error_p95_s),
    "  share > 60 s": lambda s: percent(s.dwell_over_60, 2),
    "time in unknown": lambda s: percent(s.unknown_share, 2),
    "money, together": lambda s: percent(s.money_error, 3),
    "  each for itself": lambda s: percent(s.money_apart, 3),
    "  held back": lambda s: percent(s.money_held_back, 3),
    "time error p95": lambda s: seconds(s.at_error_p95_s),
    "  inside": lambda s: percent(s.at_inside_uncertainty),
}
