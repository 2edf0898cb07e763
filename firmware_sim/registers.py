"""Three magnetometers below the driver: their registers, with virtual time.

A chip does nothing by itself: whenever it is asked, it catches up with the time. Only the newest
of the samples that it would have made meanwhile is worked out, so a day passes as fast as it is
read. Sources: as edge.core.chips; written from the data sheets, not from the driver's table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Literal, TypeAlias

from firmware_sim.i2c import Chip, SimulatedBus, Tca9548a

__all__ = [
    "Chip",
    "Hmc5883l",
    "Mishap",
    "Qmc5883l",
    "Qmc5883p",
    "RegisterChip",
    "SimulatedBus",
    "Tca9548a",
]

Vector: TypeAlias = tuple[float, float, float]
FieldUt: TypeAlias = Callable[[int], Vector]
NS = 1_000_000_000
UT_PER_GAUSS = 100.0
REGISTERS = 0x40
NOISE_UT = 0.3
NEVER_NS = 2**63
INT16 = 32_768
# Of the two QMCs: what their two bits of data rate mean.
QMC_RATES_HZ = (10, 50, 100, 200)


MishapKind: TypeAlias = Literal["unplugged", "asleep", "stuck", "brown_out"]


@dataclass(frozen=True, slots=True)
class Mishap:
    """From `from_ns` until `to_ns`: `unplugged` no answer, and power-on settings afterwards;
    `asleep` an answer but no new sample; `stuck` fresh samples of one value. `brown_out` is over
    at once and costs the settings.
    """

    kind: MishapKind
    from_ns: int
    to_ns: int = NEVER_NS


class RegisterChip(ABC):
    """Common to the three: registers, a pointer that moves on, samples when they are due."""

    power_on: ClassVar[dict[int, int]]
    data_first: ClassVar[int]
    order: ClassVar[Literal["little", "big"]] = "little"

    def __init__(
        self,
        field_ut: FieldUt,
        now_ns: Callable[[], int],
        rng: Random,
        noise_ut: float = NOISE_UT,
        mishaps: Sequence[Mishap] = (),
    ) -> None:
        self._field_ut, self._now_ns, self._rng, self._noise_ut = field_ut, now_ns, rng, noise_ut
        self._lost_at_ns = sorted(
            m.from_ns for m in mishaps if m.kind in ("unplugged", "brown_out")
        )
        self._mishaps = [m for m in mishaps if m.kind != "brown_out"]
        self._losses = 0
        self.registers = bytearray(REGISTERS)
        self.power_up()

    def power_up(self) -> None:
        """Also what a soft reset does."""
        self.registers[:] = bytes(REGISTERS)
        for register, value in self.power_on.items():
            self.registers[register] = value
        self._since_ns, self._made, self._output_ns = self._now_ns(), 0, 0

    def present(self) -> bool:
        now_ns = self._now_ns()
        if self._lost_at_ns and bisect_right(self._lost_at_ns, now_ns) > self._losses:
            self._losses = bisect_right(self._lost_at_ns, now_ns)
            self.power_up()
        return not self._suffers("unplugged", now_ns)

    def read(self, register: int, count: int) -> bytes:
        self._catch_up()
        read = bytearray()
        for _ in range(count):
            read.append(self.registers[register])
            self._was_read(register)
            register = self.after(register)
        return bytes(read)

    def write(self, register: int, data: bytes) -> None:
        self._catch_up()
        for value in data:
            self._written(register, value)
            register = self.after(register)

    def after(self, register: int) -> int:
        """Where the pointer goes from there."""
        return (register + 1) % REGISTERS

    def _catch_up(self) -> None:
        now_ns = self._now_ns()
        if not self._output_ns or self._suffers("asleep", now_ns):
            return
        due = (now_ns - self._since_ns) // self._output_ns
        if due > self._made:
            skipped, self._made = due - self._made > 1, due
            self._sample(self._since_ns + due * self._output_ns, skipped)

    def _measure_every(self, output_ns: int) -> None:
        """0: not at all."""
        self._since_ns, self._made, self._output_ns = self._now_ns(), 0, output_ns

    def _counts(
        self, at_ns: int, lsb_per_gauss: float, noise: float, offset_ut: float = 0.0
    ) -> list[int]:
        """Unbounded: what happens beyond the range differs. `noise` in shares of its least."""
        scale, noise_ut = lsb_per_gauss / UT_PER_GAUSS, self._noise_ut * noise
        gauss = self._rng.gauss if noise_ut else _none
        field_ut = self._field_ut(at_ns)
        return [round((value + offset_ut + gauss(0, noise_ut)) * scale) for value in field_ut]

    def _put(self, counts: Iterable[int]) -> None:
        if not self._suffers("stuck", self._now_ns()):
            data = b"".join(count.to_bytes(2, self.order, signed=True) for count in counts)
            self.registers[self.data_first : self.data_first + 6] = data

    def _suffers(self, kind: MishapKind, now_ns: int) -> bool:
        return any(m.kind == kind and m.from_ns <= now_ns < m.to_ns for m in self._mishaps)

    @abstractmethod
    def _sample(self, at_ns: int, skipped: bool) -> None:
        """A measurement is done; `skipped`: others were, since the last time anyone asked."""

    @abstractmethod
    def _was_read(self, register: int) -> None: ...
    @abstractmethod
    def _written(self, register: int, value: int) -> None: ...


def _none(mean: float, sigma: float) -> float:
    return 0.0


def _clamped(count: int) -> int:
    return max(-INT16, min(count, INT16 - 1))


class Qmc5883l(RegisterChip):
    """Address 0x0D. Its thermometer reads 0."""

    power_on: ClassVar[dict[int, int]] = {0x0D: 0xFF}
    data_first = 0x00

    def after(self, register: int) -> int:
        rolls = self.registers[0x0A] & 0x40 and register == 0x06
        return 0 if rolls else super().after(register)

    def _written(self, register: int, value: int) -> None:
        if register == 0x0A and value & 0x80:
            return self.power_up()
        if register in (0x09, 0x0A, 0x0B):
            self.registers[register] = value
        if register == 0x09:
            self._measure_every(NS // QMC_RATES_HZ[value >> 2 & 3] if value & 3 == 1 else 0)

    def _was_read(self, register: int) -> None:
        if register < 0x06:
            self.registers[0x06] &= ~0b101

    def _sample(self, at_ns: int, skipped: bool) -> None:
        control = self.registers[0x09]
        lsb_per_gauss = 3000 if control >> 4 & 3 else 12_000
        counts = self._counts(at_ns, lsb_per_gauss, 2 ** ((control >> 6) / 2))
        bounded = [_clamped(count) for count in counts]
        # Not read since the sample before this one: that one is lost.
        lost = skipped or self.registers[0x06] & 0b001
        self.registers[0x06] = 0b001 | (bounded != counts) << 1 | bool(lost) << 2
        self._put(bounded)


class Hmc5883l(RegisterChip):
    """Address 0x1E. RDY stays up when it is read, as in the real one."""

    power_on: ClassVar[dict[int, int]] = {0: 0x10, 1: 0x20, 2: 0x01, 10: 0x48, 11: 0x34, 12: 0x33}
    data_first = 0x03
    order = "big"
    RATES_HZ = (0.75, 1.5, 3.0, 7.5, 15.0, 30.0, 75.0, 75.0)
    LSB_PER_GAUSS = (1370, 1090, 820, 660, 440, 390, 330, 230)
    MEASURES_NS = 6_000_000
    OVERFLOW, RANGE = -4096, range(-2048, 2048)

    def power_up(self) -> None:
        super().power_up()
        self._gain, self._read_of_six = self.LSB_PER_GAUSS[1], 0

    def after(self, register: int) -> int:
        return {0x08: 0x03, 0x0C: 0x00}.get(register) or super().after(register) % 0x0D

    def _written(self, register: int, value: int) -> None:
        if register > 0x02:
            return
        self.registers[register] = value
        mode, control = self.registers[2] & 3, self.registers[0]
        if register == 0x02 and mode == 1:
            self._measure_every(self.MEASURES_NS << (control >> 5 & 3))
        elif mode != 1:
            self._measure_every(0 if mode else int(NS / self.RATES_HZ[control >> 2 & 7]))

    def _was_read(self, register: int) -> None:
        if 0x03 <= register <= 0x08:
            self._read_of_six = (self._read_of_six + 1) % 6
            self.registers[0x09] = 0b01 | bool(self._read_of_six) << 1

    def _sample(self, at_ns: int, skipped: bool) -> None:
        averaged = 1 << (self.registers[0] >> 5 & 3)
        x, y, z = self._counts(at_ns, self._gain, (8 / averaged) ** 0.5)
        # A new gain holds from the second measurement on.
        self._gain = self.LSB_PER_GAUSS[self.registers[1] >> 5]
        if self.registers[2] & 3 == 1:
            self.registers[2] = 0x83
            self._measure_every(0)
        if not self._read_of_six:
            self.registers[0x09] = 0b01
            self._put(count if count in self.RANGE else self.OVERFLOW for count in (x, z, y))


class Qmc5883p(RegisterChip):
    """Address 0x2C. Its mode changes only by way of suspend."""

    power_on: ClassVar[dict[int, int]] = {0x00: 0x80}
    data_first = 0x01
    LSB_PER_GAUSS = (1000, 2500, 3750, 15_000)
    RANGE = range(-30_000, 30_001)
    # What a bridge that is never set and reset may have kept of a magnet that came too near.
    OFFSET_UT = 20.0

    def _written(self, register: int, value: int) -> None:
        if register == 0x0B and value & 0x80:
            return self.power_up()
        if register == 0x0A:
            self._switch(value)
        elif register in (0x0B, 0x29):
            self.registers[register] = value

    def _switch(self, value: int) -> None:
        mode, before = value & 3, self.registers[0x0A] & 3
        if mode and before and mode != before:
            return
        self.registers[0x0A] = value
        rate_hz = 200 if mode > 1 else QMC_RATES_HZ[value >> 2 & 3]
        self._measure_every(NS // rate_hz if mode else 0)

    def _was_read(self, register: int) -> None:
        if register == 0x09:
            self.registers[0x09] = 0

    def _sample(self, at_ns: int, skipped: bool) -> None:
        control, ranged = self.registers[0x0A], self.registers[0x0B]
        noise = 2 ** (((control >> 4 & 3) + 3 - (control >> 6)) / 2)
        offset_ut = self.OFFSET_UT if ranged & 3 else 0.0
        counts = self._counts(at_ns, self.LSB_PER_GAUSS[ranged >> 2 & 3], noise, offset_ut)
        overflow = any(count not in self.RANGE for count in counts)
        self.registers[0x09] |= 0b01 | overflow << 1
        self._put(_clamped(count) for count in counts)
        if control & 3 == 2:
            self.registers[0x0A] = control & ~3
            self._measure_every(0)
