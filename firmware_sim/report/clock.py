"""Trace time as the people at the lot read it from the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from edge.core.trace_lines import TraceHeader
from firmware_sim.trace import NS

STEPS_S = (5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
DAY_S = 86_400


class LotClock:
    def __init__(self, header: TraceHeader) -> None:
        self._header = header
        self._zone = _zone(header.tz)

    def wall(self, mono_ns: int) -> datetime | None:
        """None beyond the calendar."""
        since = timedelta(microseconds=(mono_ns - self._header.mono_ns) // 1000)
        try:
            return (self._header.wall + since).astimezone(self._zone)
        except OverflowError:
            return None

    def text(self, mono_ns: int) -> str:
        """2026-05-01 08:00:12.3, or seconds of the trace where no wall shows it."""
        wall = self.wall(mono_ns)
        if wall is None:
            return f"{mono_ns / NS:.1f} s"
        return f"{wall:%Y-%m-%d %H:%M:%S}.{wall.microsecond // 100_000}"

    def ticks(self, from_ns: int, until_ns: int, most: int) -> list[tuple[int, str]]:
        """At most so many round times of the wall, each with its label."""
        lasts_s = max(1, (until_ns - from_ns) // NS)
        days = DAY_S * (1 + lasts_s // (DAY_S * most))
        step_s = next((step for step in STEPS_S if lasts_s <= step * most), days)
        wall = self.wall(from_ns)
        past_s = _past_midnight_s(wall) if wall else from_ns / NS
        first_ns = from_ns + round((-past_s % step_s) * NS)
        return [(ns, self._label(ns, step_s)) for ns in range(first_ns, until_ns + 1, step_s * NS)]

    def _label(self, mono_ns: int, step_s: int) -> str:
        wall = self.wall(mono_ns)
        if wall is None:
            return f"{mono_ns // NS} s"
        shape = "%m-%d" if step_s >= DAY_S else "%H:%M" if step_s >= 60 else "%H:%M:%S"
        return wall.strftime(shape)


def offset(mono_ns: int) -> str:
    """Hours, minutes, seconds since the trace's zero."""
    minutes, seconds = divmod(mono_ns / NS, 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{int(seconds * 10) / 10:04.1f}"


def _past_midnight_s(wall: datetime) -> float:
    return wall.hour * 3600 + wall.minute * 60 + wall.second + wall.microsecond / 1e6


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return UTC
