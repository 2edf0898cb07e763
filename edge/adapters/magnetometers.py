"""A magnetometer on I2C: found by its identity, read only when it has a new sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edge.adapters.i2c import Bus, BusUnusable
from edge.core.chips import CHIPS, OUTPUT_S, QMC5883L, Chip, ChipKind, Counts, overflowed
from edge.core.faults import FaultCode
from edge.core.readings import Channel, Reading

MagnetometerKind: TypeAlias = Literal["auto"] | ChipKind
NS = 1_000_000_000
PERIOD_S = 0.1
NOT_READY_PERIODS = 10
# Noise makes one triple in a minute of fresh samples impossible; a hung chip does just that.
FROZEN_S = 60.0
# The HMC5883L measures once more with its old gain, the others with half a filter.
SETTLING_SAMPLES = 1


@dataclass(frozen=True, slots=True)
class Found:
    kind: ChipKind
    address: int


def probe(bus: Bus, addresses: Iterable[int] | None = None) -> list[Found]:
    """The chips that say who they are; nothing is written. Each is looked for at its one address.

    Raises BusUnusable.
    """
    at = None if addresses is None else frozenset(addresses)
    chips = [chip for chip in CHIPS.values() if at is None or chip.address in at]
    return [Found(chip.kind, chip.address) for chip in chips if _answers(bus, chip)]


class Magnetometer:
    """A Sensor (edge.ports) of raw counts and the chip's status bits.

    A sample beyond the range keeps its counts and status, and says `overflow` beside them. The
    HMC5883L measures when the sample before was read: its samples are one period old.

    Where `auto` has found nothing yet, its channel has the scale of a QMC5883L; another chip that
    comes later is an `identity` fault, as the scale of a running gateway does not change.
    """

    def __init__(
        self,
        name: str,
        space: str | None,
        bus: Bus,
        kind: MagnetometerKind,
        address: int | None,
        now_ns: Callable[[], int],
        period_s: float = PERIOD_S,
    ) -> None:
        """At least two outputs of the chip to a period: faster is not to be had."""
        self.period_s = max(period_s, 2 * OUTPUT_S)
        self._name, self._space, self._bus, self._now_ns = name, space, bus, now_ns
        self._auto = kind == "auto"
        self._chip = QMC5883L if kind == "auto" else CHIPS[kind]
        self._given = address
        self._address = self._chip.address if address is None else address
        self._met = self._final = False
        self._settling = 0
        self._fresh_ns = 0
        self._last: Counts | None = None
        self._still_since_ns = 0

    @property
    def channel(self) -> Channel:
        chip = self._chip
        return Channel(self._name, "magnetic", self._space, chip.kind, chip.lsb_per_gauss)

    def open(self) -> FaultCode | None:
        self._fresh_ns = self._now_ns()
        try:
            return (self._find() if self._auto and not self._met else None) or self._set_up()
        except BusUnusable:
            return "missing"
        except OSError:
            return "bus"

    def sample(self) -> Reading | None:
        try:
            taken = self._take()
        except OSError:
            self._fresh_ns = self._now_ns()  # one trouble at a time
            return self._fault("bus")
        if isinstance(taken, str):
            return self._fault(taken)
        if taken is None:
            late_ns = self._now_ns() - self._fresh_ns
            late = late_ns > NOT_READY_PERIODS * self.period_s * NS
            return self._fault("not_ready") if late else None
        return self._judged(*taken)

    def close(self) -> None:
        """Back to its power-on settings, as far as the chip still listens."""
        try:
            self._bus.write(self._address, *self._chip.rest)
        except OSError:
            return

    def _find(self) -> FaultCode | None:
        found = probe(self._bus, None if self._given is None else [self._given])
        first, self._final = not self._final, True
        if len(found) == 1 and first:
            self._chip, self._address = CHIPS[found[0].kind], found[0].address
        # With two chips on the bus the settings must name the one that is meant.
        return "identity" if len(found) > 1 else None

    def _set_up(self) -> FaultCode | None:
        first, expected = self._chip.identity
        try:
            if self._bus.read(self._address, first, len(expected)) != expected:
                return "identity"
        except BusUnusable:
            raise
        except OSError:
            # Boards sold as one chip hold another, at another address. Not so once it has worked:
            # then whatever else is on the bus is another sensor.
            return "bus" if self._met or not self._others() else "identity"
        self._met = True
        for registers in self._chip.set_up:
            self._bus.write(self._address, *registers)
        self._settling = SETTLING_SAMPLES
        return None

    def _others(self) -> list[Found]:
        chips = [chip for chip in CHIPS.values() if chip is not self._chip]
        return probe(self._bus, [chip.address for chip in chips])

    def _take(self) -> tuple[Counts, int] | FaultCode | None:
        chip, bus, address = self._chip, self._bus, self._address
        state = bus.read(address, chip.state_first, chip.state_count)
        now = chip.state(state)
        if now == "lost":
            return self._set_up()
        if now == "waiting":
            return None
        data = bus.read(address, chip.data_first, chip.layout.size)
        if chip.ask is not None:
            bus.write(address, *chip.ask)
        if now == "skipped":  # the read alone sets this chip going again
            return None
        if self._settling:
            self._settling -= 1
            return None
        return chip.counts(data), state[chip.status_at] & chip.told

    def _judged(self, counts: Counts, status: int) -> Reading:
        now_ns = self._fresh_ns = self._now_ns()
        if overflowed(self._chip.kind, counts, status):
            self._last = None
            return Reading(now_ns, self._name, counts, "overflow", status)
        if counts != self._last:
            self._last, self._still_since_ns = counts, now_ns
        if now_ns - self._still_since_ns > FROZEN_S * NS:
            return self._fault("frozen")
        return Reading(now_ns, self._name, counts, status=status)

    def _fault(self, why: FaultCode) -> Reading:
        return Reading(self._now_ns(), self._name, None, why)


def _answers(bus: Bus, chip: Chip) -> bool:
    first, expected = chip.identity
    try:
        return bus.read(chip.address, first, len(expected)) == expected
    except BusUnusable:
        raise
    except OSError:
        return False
