"""The sensors of one space together: who is heard, what each says, what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.echo import ECHO_MAX_US, NS, Echo, Verdict, echo_distance_m
from edge.core.field import Field, field_ut, overflowed
from edge.core.occupancy import DetectorSettings, Occupancy, Signal
from edge.core.readings import NO_ECHO, Channel, Reading

DEFAULT_TEMPERATURE_C = 20.0
_SIGNAL: dict[Verdict, Signal] = {"present": "car", "absent": "empty"}


@dataclass(slots=True)
class _Opinion:
    verdict: Verdict | None = None
    since_ns: int = 0

    def take(self, judged: tuple[Verdict, int] | None) -> None:
        """A verdict stands until the other one is reached: noise between the two is no change."""
        if judged is not None and judged[0] != self.verdict:
            self.verdict, self.since_ns = judged


class Witness:
    """`heard` names the sensors whose opinion counts now: echo, field, both or none."""

    def __init__(
        self, space: str, channels: tuple[Channel, ...], settings: DetectorSettings
    ) -> None:
        self._set = settings
        self._channels = {ch.name: ch for ch in channels if ch.space in (space, None)}
        for channel in self._channels.values():
            if channel.kind == "magnetic" and not channel.lsb_per_gauss:
                raise ValueError(f"magnetic channel {channel.name} has no lsb_per_gauss")
        self._has_echo = any(ch.kind == "ultrasonic" for ch in self._channels.values())
        self.echo, self.field = Echo(settings), Field(settings)
        self.temperature_c = DEFAULT_TEMPERATURE_C
        self.heard: tuple[str, ...] = ()
        self.conflict_ns: int | None = None
        self._says = {"echo": _Opinion(), "field": _Opinion()}
        self._echo_now: Verdict | None = None

    def decides(self, reading: Reading) -> bool:
        """True if the reading is of a sensor that decides here, be it measurement or fault."""
        channel = self._channels.get(reading.channel)
        return channel is not None and channel.kind in ("ultrasonic", "magnetic")

    def take(self, reading: Reading) -> bool:
        """True if it is a measurement of this space; faults and foreign shapes are not."""
        channel, value = self._channels.get(reading.channel), reading.value
        if channel is None or channel.kind == "camera":
            return False
        if channel.kind == "magnetic":
            return self._take_field(channel, reading)
        if value is None and reading.why == NO_ECHO and channel.kind == "ultrasonic":
            self.echo.add(reading.mono_ns, None)
            return True
        if not isinstance(value, (int, float)):
            return False
        if channel.kind == "temperature":
            self.temperature_c = value if -60 < value < 90 else self.temperature_c
            return False
        if not 0 < value < ECHO_MAX_US:
            return False
        self.echo.add(reading.mono_ns, echo_distance_m(value, self.temperature_c))
        return True

    def judge(self, now_ns: int) -> Signal | None:
        """None while nothing is settled; `doubt` once two have contradicted for `disagree_s`."""
        self._listen(now_ns)
        self._ask_echo(now_ns)
        self._ask_field(now_ns)
        verdicts = [self._says[name].verdict for name in self.heard]
        if "present" not in verdicts or "absent" not in verdicts:
            self.conflict_ns = None
            first = verdicts[0] if verdicts else None
            return None if first is None or None in verdicts else _SIGNAL[first]
        self.conflict_ns = now_ns if self.conflict_ns is None else self.conflict_ns
        return "doubt" if now_ns - self.conflict_ns >= self._set.disagree_s * NS else None

    def starts_ns(self) -> list[int]:
        """The first sample of each heard sensor's final run."""
        return [self._says[name].since_ns for name in self.heard]

    def spacing_s(self) -> float:
        both = {"echo": self.echo.spacing_s, "field": self.field.spacing_s}
        return max((both[name]() for name in self.heard), default=self._set.settle_s)

    def forget(self) -> None:
        """After a silence: what was said before it does not count."""
        self.heard, self.conflict_ns = (), None
        self._says = {"echo": _Opinion(), "field": _Opinion()}

    def follow(self, occupancy: Occupancy, now_ns: int, elapsed_s: float) -> None:
        """Lets the levels follow what is known: the car's while one is in, else the empty one's."""
        echo, field = self._says["echo"].verdict, self._says["field"].verdict
        if occupancy != "occupied":
            self.field.adapt(now_ns, elapsed_s, echo == "absent" and "echo" in self.heard)
            return
        if self._echo_now == "present":
            self.echo.park()
        # The echo vouches for a changed field, and never for one that says the car has gone.
        if field != "absent" and (echo == "present" or "echo" not in self.heard):
            self.field.park()

    def leave(self) -> None:
        self.echo.leave()
        self.field.leave()

    def _take_field(self, channel: Channel, reading: Reading) -> bool:
        value = reading.value
        if not isinstance(value, tuple) or overflowed(channel.sensor, value, reading.status):
            return False
        self.field.add(reading.mono_ns, field_ut(value, channel.lsb_per_gauss or 1.0))
        return True

    def _listen(self, now_ns: int) -> None:
        limit_ns = now_ns - self._set.silent_s * NS
        echo = self.echo.last_ns is not None and self.echo.last_ns > limit_ns
        field = self.field.last_ns is not None and self.field.last_ns > limit_ns
        # Without a baseline the field says nothing, unless there is no echo sensor to wait for.
        field = field and (self.field.baseline_ut is not None or not self._has_echo)
        heard = ("echo",) * echo + ("field",) * field
        if heard != self.heard:
            # A verdict reached with the short windows of two must not be used by one alone.
            self.forget()
            self.heard = heard

    def _ask_echo(self, now_ns: int) -> None:
        judged = self.echo.judge(now_ns, len(self.heard) < 2)
        self._echo_now = judged[0] if judged else None
        self._says["echo"].take(judged)

    def _ask_field(self, now_ns: int) -> None:
        alone = self.heard == ("field",)
        # The first baseline needs the longer window: in a short one a slow pass looks still.
        judged = self.field.judge(now_ns, alone or self.field.baseline_ut is None)
        if alone and self.field.baseline_ut is None:
            judged = self.field.assume_settled()
        self._says["field"].take(judged)
