"""A replay and a trace for people: short tables, and sentences for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edge.core.trace_lines import TraceHeader
from firmware_sim.report.clock import LotClock
from firmware_sim.report.failures import Failure
from firmware_sim.report.junit import sentence
from firmware_sim.score import Score
from firmware_sim.scoring import tables
from firmware_sim.scoring.peers import OURS

MOST_TOLD = 20


def tell_spaces(found: Mapping[str, Mapping[str, Any]]) -> None:
    """By space: what was counted there, by the name of its column."""
    columns = list(next(iter(found.values()), {}))
    table = _table("space", *columns)
    for space, cells in found.items():
        table.add_row(space, *(str(cells[name]) for name in columns))
    Console().print(table)


def tell_score(score: Score, failures: Sequence[Failure]) -> None:
    """The failures first; then what was found outside the uncertainty it stated."""
    console = Console()
    console.print(tables.detectors("against the truth", {OURS: score}))
    wrong = [one for one in failures if one.fails]
    _tell(console, "failures", wrong)
    _tell(console, "outside the stated uncertainty", [one for one in failures if not one.fails])


def tell_trace(header: TraceHeader, lasts_s: float, readings: int, reasons: Sequence[str]) -> None:
    begins = LotClock(header).text(header.mono_ns).partition(".")[0]
    lasts = timedelta(seconds=round(lasts_s))
    console = Console()
    _line(console, f"{header.gateway}: {readings} readings in {lasts} from {begins} ({header.tz})")
    for reason in reasons:
        _line(console, f"bad {reason}")


def tell_channels(channels: Mapping[str, Mapping[str, Any]]) -> None:
    table = _table("channel", "space", "sensor", "readings", "/s", "range")
    for name, about in channels.items():
        low, high = about["low"], about["high"]
        reach = "-" if low is None else f"{low:g} to {high:g} {about['unit']}"
        rate = "-" if about["rate_hz"] is None else f"{about['rate_hz']:g}"
        sensor = about["sensor"] or about["kind"]
        table.add_row(name, about["space"] or "-", sensor, str(about["readings"]), rate, reach)
    console = Console()
    console.print(table)
    for name, about in channels.items():
        if said := remarks(about):
            _line(console, f"{name}: {', '.join(said)}")


def remarks(about: Mapping[str, Any]) -> list[str]:
    """`no echo 1.2 %`, `3 gaps over 5 s`: what a healthy channel has not."""
    found: list[str] = []
    if about.get("no_echo_share"):
        found.append(f"no echo {about['no_echo_share']:.1%}")
    if about.get("gaps_over_5_s"):
        longest = f"the longest {about['longest_gap_s']:g} s at {about['longest_gap_at']}"
        found.append(f"{about['gaps_over_5_s']} gaps over 5 s, {longest}")
    if about["went_back"]:
        found.append(f"time goes back {about['went_back']} times")
    if about["faults"]:
        whys = ", ".join(f"{why} {count}" for why, count in about["whys"].items())
        found.append(f"{about['faults']} faults: {whys}")
    return found


def _tell(console: Console, what: str, found: Sequence[Failure]) -> None:
    _line(console, f"{what}: {len(found) or 'none'}")
    for one in found[:MOST_TOLD]:
        _line(console, f"  {sentence(one)}")
    if len(found) > MOST_TOLD:
        _line(console, f"  and {len(found) - MOST_TOLD} more: --html shows them")


def _line(console: Console, text: str) -> None:
    """As it is: names of a trace are no markup, and a sentence is not broken."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    numbers = ("readings", "/s", "arrivals", "departures", "passes")
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left")
    return table
