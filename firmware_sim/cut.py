"""A piece of a trace and of its truth: some minutes, some spaces, some channels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.core.readings import Channel, Reading
from edge.core.trace_lines import MAX_NS, TraceHeader
from firmware_sim.trace import NS, Truth

ELAPSED = re.compile(r"(?:(?:(\d{1,6}):)?(\d{1,6}):)?(\d{1,9}(?:\.\d{1,9})?)")


def moment_ns(text: str, header: TraceHeader) -> int:
    """`1:20:00`, `20:00` or `90.5` since the header's clock, or a wall time in ISO 8601.

    A wall time without an offset is in the trace's zone. ValueError with a sentence.
    """
    elapsed = ELAPSED.fullmatch(text)
    if elapsed is not None:
        hours, minutes, seconds = elapsed.groups()
        whole_s = int(hours or 0) * 3600 + int(minutes or 0) * 60
        return header.mono_ns + whole_s * NS + round(float(seconds) * NS)
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no moment: write 1:20:00 since the trace's start, or a wall time as "
            f"{header.wall:%Y-%m-%dT%H:%M}Z"
        ) from None
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=_zone(header.tz))
    return header.mono_ns + (wall - header.wall) // timedelta(microseconds=1) * 1000


def elapsed_text(mono_ns: int, header: TraceHeader) -> str:
    """As `moment_ns` reads it: h:mm:ss, with milliseconds where there are some."""
    ms = (mono_ns - header.mono_ns) // 1_000_000
    sign, ms = ("-", -ms) if ms < 0 else ("", ms)
    minutes, ms = divmod(ms, 60_000)
    fraction = f".{ms % 1000:03}" if ms % 1000 else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{ms // 1000:02}{fraction}"


@dataclass(frozen=True, slots=True)
class Cut:
    """Keeps [from_ns, to_ns). `spaces` and `channels` None: all; a channel of no space stays."""

    from_ns: int = 0
    to_ns: int = MAX_NS
    spaces: frozenset[str] | None = None
    channels: frozenset[str] | None = None

    def header(self, header: TraceHeader) -> TraceHeader:
        """The clock stays; ValueError where a name is not in the trace, or nothing is left."""
        known = {ch.space for ch in header.channels.values() if ch.space is not None}
        _refuse_unknown("space", self.spaces, known)
        _refuse_unknown("channel", self.channels, header.channels)
        if self.to_ns <= self.from_ns:
            raise ValueError("--to is not after --from")
        kept = {name: ch for name, ch in header.channels.items() if self._has(ch)}
        if not kept:
            raise ValueError("no channel is left: the named channels are not of the named spaces")
        return replace(header, channels=kept)

    def readings(self, header: TraceHeader, readings: Iterable[Reading]) -> Iterator[Reading]:
        """`header` is the one that `self.header` made. To the end, as a clock may go back."""
        names, from_ns, to_ns = frozenset(header.channels), self.from_ns, self.to_ns
        for reading in readings:
            if from_ns <= reading.mono_ns < to_ns and reading.channel in names:
                yield reading

    def truth(self, rows: Iterable[Truth]) -> list[Truth]:
        return [
            row
            for row in rows
            if self.from_ns <= row.mono_ns < self.to_ns
            and (self.spaces is None or row.space is None or row.space in self.spaces)
        ]

    def _has(self, channel: Channel) -> bool:
        of_space = self.spaces is None or channel.space is None or channel.space in self.spaces
        return of_space and (self.channels is None or channel.name in self.channels)


def names_of(text: str | None) -> frozenset[str] | None:
    """`S1,S2` as a set; None where nothing was asked for."""
    if text is None:
        return None
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _refuse_unknown(what: str, asked: frozenset[str] | None, known: Collection[str]) -> None:
    unknown = sorted((asked or frozenset()) - set(known))
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        raise ValueError(f"no {what} {', '.join(unknown)} in this trace; it has {names}")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(
            f"this trace's zone {name!r} is not known here: give the wall time an offset, as Z"
        ) from None
