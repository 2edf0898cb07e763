"""What came in for one space since its last step: taken cheaply, handed on at the step's end."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Container
from math import dist

from edge.core.echo import EchoTrack, m_per_us
from edge.core.field import OVERFLOW_HMC, OVERFLOW_QMC, UT_PER_GAUSS, FieldTrack
from edge.core.plates import fold
from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading
from edge.core.trace_lines import format_reading

# Twenty seconds of 10 Hz and 2 Hz, and of anything up to 100 Hz.
EVIDENCE_READINGS = 2048
ECHO_MAX_US = 200_000.0
DEFAULT_TEMPERATURE_C = 20.0
MOST_IN_A_STEP = 1000
SURE_OF_PLATE, PLATES_KEPT = 0.8, 16
# It corrects for its own temperature; its driver turns the result back at the default.
CORRECTS_ITSELF = ("a02yyuw",)


class Intake:
    """`takers`: what to do with a reading of each channel. Of several channels of one kind the
    first by name decides. `recent`: the readings that decide, faults too, for the evidence."""

    def __init__(self, space: str, channels: tuple[Channel, ...]) -> None:
        self.recent: deque[Reading] = deque(maxlen=EVIDENCE_READINGS)
        self.plates: deque[tuple[int, str]] = deque(maxlen=PLATES_KEPT)
        self.temperature_c = DEFAULT_TEMPERATURE_C
        self._echoes: list[Reading] = []
        self._counts: list[tuple[int, int, int]] = []
        self._m_per_us = m_per_us(DEFAULT_TEMPERATURE_C)
        self._corrects_itself = False
        self._ut_per_count, self._hmc = 1.0, False
        self.has_echo = any(ch.kind == "ultrasonic" and ch.space == space for ch in channels)
        self.takers: dict[str, Callable[[Reading], object]] = {}
        own = sorted((ch for ch in channels if ch.space in (space, None)), key=_name)
        for channel in own:
            self._listen(channel, {ch.kind for ch in own if ch.name in self.takers})

    def __bool__(self) -> bool:
        return bool(self._counts or self._echoes)

    def clear(self) -> None:
        self._counts, self._echoes = [], []

    def forget_plates(self, before_ns: int, known: Callable[[], Container[str]]) -> None:
        """What was read before then, unless its folded text is known."""
        if all(at_ns >= before_ns for at_ns, _ in self.plates):
            return
        here = known()
        kept = [one for one in self.plates if one[0] >= before_ns or fold(one[1]) in here]
        self.plates.clear()
        self.plates.extend(kept)

    def evidence(self, from_ns: int) -> str:
        """0x + sha256 of the lines of the readings since then, as far as `recent` reaches."""
        digest = hashlib.sha256()
        for reading in self.recent:
            if reading.mono_ns > from_ns:
                digest.update(format_reading(reading).encode() + b"\n")
        return "0x" + digest.hexdigest()

    def warm(self, temperature_c: float) -> None:
        self.temperature_c = temperature_c
        if not self._corrects_itself:
            self._m_per_us = m_per_us(temperature_c)

    def hand_on(self, begin_ns: int, echo: EchoTrack, field: FieldTrack) -> None:
        """The field as one bin, its mean and spread; the echoes one by one."""
        counts, echoes = self._counts, self._echoes
        if counts:
            self._counts = []
            if self._hmc:
                counts = [count for count in counts if OVERFLOW_HMC not in count]
            if n := len(counts):
                x, y, z = map(sum, zip(*counts))
                scale = self._ut_per_count
                part = scale / n
                spread_ut = dist(counts[0], counts[-1]) * scale if n > 1 else None
                field.add(begin_ns, (x * part, y * part, z * part), spread_ut, n)
        if echoes:
            self._echoes = []
            for reading in echoes:
                echo.add(reading.mono_ns, reading.value, self._m_per_us)  # type: ignore[arg-type]

    def _listen(self, channel: Channel, kinds: set[str]) -> None:
        if channel.kind == "temperature":
            self.takers[channel.name] = self._take_temperature
        elif channel.kind == "magnetic":
            if not channel.lsb_per_gauss:
                raise ValueError(f"magnetic channel {channel.name} has no lsb_per_gauss")
            if channel.kind not in kinds:
                self._ut_per_count = UT_PER_GAUSS / channel.lsb_per_gauss
                self._hmc = channel.sensor == "hmc5883l"
                checks = channel.sensor in ("qmc5883l", "qmc5883p")
                self.takers[channel.name] = self._take_checked if checks else self._take_counts
        elif channel.kind == "camera":
            self.takers[channel.name] = self._take_plate
        elif channel.kind == "ultrasonic" and channel.kind not in kinds:
            self._corrects_itself = channel.sensor in CORRECTS_ITSELF
            self.takers[channel.name] = self._take_echo

    def _take_checked(self, reading: Reading) -> None:
        if not reading.status & OVERFLOW_QMC:
            self._take_counts(reading)
        else:
            self.recent.append(reading)

    def _take_counts(self, reading: Reading) -> None:
        self.recent.append(reading)
        value = reading.value
        if value.__class__ is tuple and len(self._counts) < MOST_IN_A_STEP:
            self._counts.append(value)

    def _take_echo(self, reading: Reading) -> None:
        self.recent.append(reading)
        value = reading.value
        if value.__class__ is float or value.__class__ is int:
            if 0 < value < ECHO_MAX_US:
                self._echoes.append(reading)
        elif value is None and reading.why == NO_ECHO:
            self._echoes.append(reading)

    def _take_plate(self, reading: Reading) -> None:
        """A camera confirms and tells vehicles apart; it never counts as a sensor that speaks."""
        read = reading.value
        if isinstance(read, PlateRead) and read.confidence >= SURE_OF_PLATE:
            self.plates.append((reading.mono_ns, read.text))

    def _take_temperature(self, reading: Reading) -> None:
        value = reading.value
        if isinstance(value, (int, float)) and -60 < value < 90:
            self.warm(value)


def _name(channel: Channel) -> str:
    return channel.name
