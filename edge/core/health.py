"""Which sensors can be believed: from readings and time, with no opinion about any space.

A fault is told after it has lasted `PATIENCE_NS`, and is over after as long without one: a loose
contact is one alarm and not a hundred.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import get_args

from edge.core.faults import ADVICE, Advice, FaultCode, Wired, advice_for, wired
from edge.core.readings import IMAGE, NO_ECHO, Channel, ChannelKind, Reading

NS = 1_000_000_000
PATIENCE_NS = 10 * NS
WINDOW_NS = 60 * NS
# One raw echo time so often and so long: noise alone makes another of them sooner.
FROZEN_NS, FROZEN_SAMPLES = 600 * NS, 100
# An echo timed on a pin differs by microseconds from the one before, whatever stands there. A
# serial module sends whole millimetres, and a still scene repeats them for hours.
TIMED_ON_PINS = frozenset(("hc-sr04", "jsn-sr04t"))
FROZEN: FaultCode = "frozen"
# How long a channel may say nothing. A camera speaks when it has read a plate.
SILENCE_NS: dict[ChannelKind, int | None] = {
    "ultrasonic": 15 * NS,
    "magnetic": 15 * NS,
    "temperature": 300 * NS,
    "camera": None,
}
CODES = frozenset(get_args(FaultCode))
UNCLEAR = "unclear"
SOMETHING = Advice(
    "The sensor says that it cannot measure.",
    "传感器报告无法测量。",
    "Run `berth-edge doctor`, and replace the sensor if it stays so.",
    "运行 `berth-edge doctor`；若仍如此，请更换传感器。",
)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """`fault` is one of ADVICE's, or UNCLEAR; `since_ns` when it began, `good_ns` the last sample
    that measured something: None as well while nothing came yet."""

    name: str
    space: str | None
    fault: str | None
    since_ns: int | None
    good_ns: int | None
    per_minute: int
    wired: Wired = ""


def advice(fault: str, way: Wired = "") -> Advice:
    return next((advice_for(code, way) for code in ADVICE if code == fault), SOMETHING)


def believed(reading: Reading, frozen: Collection[str]) -> Reading:
    """What the detectors may have of it: of a frozen channel that it is one, not its value."""
    if reading.value is None or reading.channel not in frozen:
        return reading
    return Reading(reading.mono_ns, reading.channel, None, FROZEN, reading.status)


class Health:
    """Memory and time per reading do not grow."""

    def __init__(
        self, channels: Mapping[str, Channel], absent: Mapping[str, str] | None = None
    ) -> None:
        """`absent`: what did not even open, with its fault; that is told without patience."""
        self._lines = {
            name: _Line(channel, (absent or {}).get(name))
            for name, channel in sorted(channels.items())
        }

    def took(self, reading: Reading) -> None:
        line = self._lines.get(reading.channel)
        if line is not None:
            line.took(reading)

    def tick(self, now_ns: int) -> list[str]:
        """The channels whose fault came, went or changed since the last tick."""
        then_ns, lines = now_ns - FROZEN_NS, self._lines
        lively = {name for name, line in lines.items() if line.varied_since(then_ns)}
        return [name for name, line in lines.items() if line.judge(now_ns, bool(lively - {name}))]

    def frozen(self) -> frozenset[str]:
        return frozenset(state.name for state in self.states() if state.fault == FROZEN)

    def states(self) -> tuple[ChannelState, ...]:
        return tuple(line.state() for line in self._lines.values())


class _Line:
    """One channel: the present run of faults or of measurements, and what was told of it."""

    __slots__ = (
        "_at_once", "_begun_ns", "_channel", "_count", "_fault", "_fault_ns", "_frozen",
        "_good_from_ns",
        "_good_ns", "_heard_ns", "_per_minute", "_same", "_same_ns", "_since_ns", "_told",
        "_value", "_varied_ns",
    )  # fmt: skip

    def __init__(self, channel: Channel, absent: str | None) -> None:
        self._channel = channel
        self._fault: str | None = absent
        self._at_once = absent is not None
        self._told: str | None = None
        self._since_ns: int | None = None
        self._heard_ns: int | None = None
        self._good_ns: int | None = None
        self._begun_ns: int | None = None
        self._varied_ns: int | None = None
        self._fault_ns = self._good_from_ns = self._same_ns = 0
        self._count = self._per_minute = self._same = 0
        self._value: object = None
        self._frozen = False

    def took(self, reading: Reading) -> None:
        now_ns, why = reading.mono_ns, reading.why
        self._heard_ns = now_ns
        if why is not None and why != NO_ECHO and not why.startswith(IMAGE):
            self._bad(why if why in CODES else UNCLEAR, now_ns)
            return
        self._good_ns = now_ns
        self._count += 1
        if self._channel.kind == "ultrasonic":
            self._compare(reading.value, now_ns)
        if self._fault is not None and not self._frozen:
            self._fault, self._good_from_ns, self._at_once = None, now_ns, False

    def varied_since(self, then_ns: int) -> bool:
        return self._varied_ns is not None and self._varied_ns > then_ns

    def judge(self, now_ns: int, others_vary: bool) -> bool:
        self._count_out(now_ns)
        self._listen(now_ns)
        long = now_ns - self._same_ns > FROZEN_NS and self._same > FROZEN_SAMPLES
        if long and (others_vary or self._channel.sensor in TIMED_ON_PINS):
            self._frozen = True
            self._bad(FROZEN, self._same_ns)
        if self._at_once and self._told is None:
            self._fault_ns = now_ns
        was, self._told = self._told, self._decide(now_ns)
        return was != self._told

    def state(self) -> ChannelState:
        channel, since_ns = self._channel, self._since_ns if self._told is not None else None
        return ChannelState(
            channel.name,
            channel.space,
            self._told,
            since_ns,
            self._good_ns,
            self._per_minute,
            wired(channel),
        )

    def _compare(self, value: object, now_ns: int) -> None:
        if value is not None and value == self._value:
            self._same += 1
            return
        if value is not None and self._value is not None:
            self._varied_ns = now_ns
        self._value, self._same, self._same_ns, self._frozen = value, 1, now_ns, False
        if value is None:
            self._same = 0

    def _bad(self, fault: str, from_ns: int) -> None:
        if self._fault is None:
            self._fault_ns = from_ns
        self._fault = fault

    def _count_out(self, now_ns: int) -> None:
        if self._begun_ns is None:
            self._begun_ns = now_ns
        passed_ns = now_ns - self._begun_ns
        if passed_ns >= WINDOW_NS:
            self._per_minute = round(self._count * 60 * NS / passed_ns)
            self._begun_ns, self._count = now_ns, 0

    def _listen(self, now_ns: int) -> None:
        if self._heard_ns is None:
            self._heard_ns = now_ns
        limit_ns = SILENCE_NS[self._channel.kind]
        if limit_ns is not None and now_ns - self._heard_ns > limit_ns:
            self._bad("silent", self._heard_ns)

    def _decide(self, now_ns: int) -> str | None:
        if self._fault is not None:
            hasty = now_ns - self._fault_ns < PATIENCE_NS and not self._at_once
            if hasty and self._told is None:
                return None
            if self._told is None:
                self._since_ns = self._fault_ns
            return self._fault
        over = now_ns - self._good_from_ns >= PATIENCE_NS
        return None if over else self._told
