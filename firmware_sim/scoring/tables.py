"""A score for people: one row a detector, and one a tag."""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from firmware_sim.score import Score

FILE_COLUMNS = 132
FIGURES = (
    "F1 (95 % bounds)",
    "missed",
    "false / space-day",
    "report p95",
    "dwell p95 / > 60 s",
    "unknown",
    "money",
    "at inside",
)


def console() -> Console:
    """A file has no edge to wrap at, whatever terminal it was made from."""
    there = Console()
    return there if there.is_terminal else Console(width=FILE_COLUMNS)


def detectors(title: str, scores: Mapping[str, Score]) -> Table:
    table = _table(title)
    table.add_column("", no_wrap=True)
    for name in FIGURES:
        table.add_column(name, justify="right", no_wrap=True)
    for name, score in scores.items():
        table.add_row(name, *_cells(score))
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


def _cells(score: Score) -> list[str]:
    false = score.false_stays_per_space_day
    return [
        f"{score.f1:.4f} ({score.f1_low:.4f}-{score.f1_high:.4f})",
        f"{score.missed_stays} of {score.stays}",
        str(score.false_stays) if false is None else f"{false:.3f}",
        seconds(score.report_p95_s),
        f"{seconds(score.dwell_error_p95_s)} / {percent(score.dwell_over_60, 2)}",
        percent(score.unknown_share, 2),
        percent(score.money_error, 3),
        percent(score.at_inside_uncertainty),
    ]
