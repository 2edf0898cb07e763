"""What `watch` shows: tables for a terminal, lines for everything else."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.wire.types import Occupancy
from edge.core.health import ChannelState, advice
from edge.core.live import SpaceView

BAR_M, BAR_WIDTH = 4.0, 24
LETTERS: dict[Occupancy, tuple[str, str]] = {
    "free": ("F", "green"),
    "occupied": ("O", "red"),
    "unknown": ("?", "yellow"),
}


def screen(
    views: tuple[SpaceView, ...], states: tuple[ChannelState, ...], at: datetime
) -> RenderableType:
    table = Table(title=f"{at:%Y-%m-%d %H:%M:%S} UTC, q ends", expand=False)
    for name in ("space", "", "distance", "field", "last event"):
        table.add_column(name)
    for view in views:
        letter, colour = LETTERS[view.occupancy]
        table.add_row(
            Text(view.space),
            Text(f"{letter} {view.occupancy}", style=f"bold {colour}"),
            Text(f"{bar(view.distance_m, view.echo_heard)} {distance(view)}"),
            Text(field(view)),
            Text(told(view)),
        )
    return Group(table, _sensors(states))


def _sensors(states: tuple[ChannelState, ...]) -> RenderableType:
    table = Table(expand=False)
    for name in ("sensor", "a minute", "state"):
        table.add_column(name)
    for state in states:
        said = Text("well", style="green") if state.good_ns is not None else Text("waiting")
        if state.fault is not None:
            said = Text(fault(state), style="bold yellow")
        table.add_row(Text(state.name), str(state.per_minute), said)
    return table


def line(view: SpaceView) -> str:
    """One space on one line, without colour."""
    letter, _ = LETTERS[view.occupancy]
    return f"{view.space} {letter} {view.occupancy}: {distance(view)}, {field(view)}; {told(view)}"


def as_json(view: SpaceView, at: datetime) -> dict[str, object]:
    return {
        "at": at.isoformat(),
        "space": view.space,
        "occupancy": view.occupancy,
        "distance_m": None if view.distance_m is None else round(view.distance_m, 3),
        "field_ut": None if view.field_ut is None else round(view.field_ut, 2),
        "change_ut": None if view.change_ut is None else round(view.change_ut, 2),
        "last": None if view.told is None else view.told.kind,
        "last_at": None if view.told is None else view.told.at.isoformat(),
    }


def distance(view: SpaceView) -> str:
    if view.distance_m is not None:
        return f"{view.distance_m:.2f} m"
    return "nothing in range" if view.echo_heard else "no distance"


def field(view: SpaceView) -> str:
    if view.field_ut is None:
        return "no field"
    change = "" if view.change_ut is None else f", change {view.change_ut:.1f}"
    return f"{view.field_ut:.1f}{change} µT"


def told(view: SpaceView) -> str:
    if view.told is None:
        return "no event yet"
    return f"{view.told.kind} at {view.told.at:%H:%M:%S}"


def fault(state: ChannelState) -> str:
    text = advice(state.fault or "", state.wired)
    return f"{text.en} {text.remedy_en}"


def bar(distance_m: float | None, heard: bool = True) -> str:
    """Full at `BAR_M` and for nothing in range; empty if no sensor says how far."""
    if not heard:
        return "░" * BAR_WIDTH
    share = 1.0 if distance_m is None else min(distance_m / BAR_M, 1.0)
    filled = round(share * BAR_WIDTH)
    return "█" * filled + "░" * (BAR_WIDTH - filled)
