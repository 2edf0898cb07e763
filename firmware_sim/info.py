"""What a trace holds, a channel at a time, in one pass and little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edge.core.readings import IMAGE, NO_ECHO, Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cut import elapsed_text
from firmware_sim.trace import NS

# A sensor that measures all the time and is silent for longer has left a hole worth naming.
GAP_NS = 5 * NS
STEADY = ("ultrasonic", "magnetic")
MOST_WHYS = 20
OTHER_WHYS = "other"
UNITS = {"ultrasonic": "us", "magnetic": "counts", "camera": "confidence", "temperature": "C"}


@dataclass(slots=True)
class ChannelTally:
    """`low` and `high`: echo in us, counts of all axes, confidence, or degrees Celsius."""

    readings: int = 0
    no_echo: int = 0
    faults: int = 0
    went_back: int = 0
    gaps: int = 0
    longest_gap_ns: int = 0
    longest_gap_at_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0
    low: float | None = None
    high: float | None = None
    whys: Counter[str] = field(default_factory=Counter)

    def add(self, reading: Reading) -> None:
        now_ns = reading.mono_ns
        if self.readings == 0:
            self.first_ns = self.last_ns = now_ns
        self.readings += 1
        passed_ns = now_ns - self.last_ns
        if passed_ns > self.longest_gap_ns or passed_ns > GAP_NS:
            self._gap(passed_ns)
        elif passed_ns < 0:
            self.went_back += 1
        self.last_ns = now_ns
        value = reading.value
        if value.__class__ is float or value.__class__ is int:
            self._range(value, value)
        elif value.__class__ is tuple:
            self._range(min(value), max(value))
        else:
            self._rest(reading)

    def _range(self, low: float, high: float) -> None:
        if self.low is None or self.high is None:
            self.low, self.high = low, high
        elif low < self.low:
            self.low = low
        if self.high is not None and high > self.high:
            self.high = high

    def _gap(self, passed_ns: int) -> None:
        self.gaps += passed_ns > GAP_NS
        if passed_ns > self.longest_gap_ns:
            self.longest_gap_ns, self.longest_gap_at_ns = passed_ns, self.last_ns

    def _rest(self, reading: Reading) -> None:
        if isinstance(reading.value, PlateRead):
            self._range(reading.value.confidence, reading.value.confidence)
        elif reading.why == NO_ECHO:
            self.no_echo += 1
        elif reading.why is not None and not reading.why.startswith(IMAGE):
            self.faults += 1
            known = reading.why in self.whys or len(self.whys) < MOST_WHYS
            self.whys[reading.why if known else OTHER_WHYS] += 1

    def as_dict(self, channel: Channel, header: TraceHeader) -> dict[str, Any]:
        lasts_ns = self.last_ns - self.first_ns
        rate = (self.readings - 1) * NS / lasts_ns if lasts_ns > 0 else None
        found: dict[str, Any] = {"kind": channel.kind, "space": channel.space}
        found |= {"sensor": channel.sensor, "readings": self.readings}
        found |= {"rate_hz": None if rate is None else round(rate, 3)}
        found |= {"low": self.low, "high": self.high, "unit": UNITS[channel.kind]}
        if channel.kind == "ultrasonic":
            share = self.no_echo / self.readings if self.readings else 0.0
            found |= {"no_echo_share": round(share, 4)}
        if channel.kind in STEADY:
            at = elapsed_text(self.longest_gap_at_ns, header) if self.longest_gap_ns else None
            found |= {"longest_gap_s": round(self.longest_gap_ns / NS, 3), "longest_gap_at": at}
            found |= {"gaps_over_5_s": self.gaps}
        found |= {"went_back": self.went_back, "faults": self.faults}
        return found | {"whys": dict(self.whys.most_common())}


def tally(header: TraceHeader, readings: Iterable[Reading]) -> dict[str, ChannelTally]:
    tallies = {name: ChannelTally() for name in header.channels}
    adders = {name: one.add for name, one in tallies.items()}
    for reading in readings:
        adders[reading.channel](reading)
    return tallies


def lasts_s(tallies: Iterable[ChannelTally]) -> float:
    heard = [one for one in tallies if one.readings]
    if not heard:
        return 0.0
    return (max(one.last_ns for one in heard) - min(one.first_ns for one in heard)) / NS
