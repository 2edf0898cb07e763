"""The channels of a lot: when each samples, what its faults and the gateway's stalls do to its
lines, and the readings that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge.core.readings import NO_ECHO, PlateRead, Reading
from firmware_sim.lot.echoes import EchoSensor
from firmware_sim.lot.fields import FieldSensor
from firmware_sim.lot.physics import Array, stream
from firmware_sim.lot.weather import Air
from firmware_sim.lot.world import Fault, Sense, Spans, Stall, World, within
from firmware_sim.trace import NS

Timed: TypeAlias = tuple[int, int, Reading]
"""When the line is written (ns), the channel's place among those of one moment, the reading."""

ECHO_S, FIELD_S, AIR_S = 0.5, 0.1, 60.0
MS = 1_000_000
JITTER_MS = 4
AIR_NOISE_C = 0.06
AIR_PLACE = 1_000_000


class ChannelOfLot(Protocol):
    def until(self, until_s: float) -> list[Timed]: ...


class Beat:
    """Even times with a phase of its own, each up to some milliseconds late."""

    def __init__(self, rng: np.random.Generator, period_s: float) -> None:
        self._rng, self._period_ms = rng, round(period_s * 1000)
        self._phase_ms = int(rng.integers(self._period_ms))
        self._next = 0

    def until(self, until_s: float) -> NDArray[np.int64]:
        """The next times in ns, up to but not including `until_s` (before they are late)."""
        last = max(self._next, -((self._phase_ms - round(until_s * 1000)) // self._period_ms))
        beats = np.arange(self._next, last, dtype=np.int64)
        self._next = last
        late = (self._rng.random(len(beats)) * JITTER_MS).astype(np.int64)
        return (self._phase_ms + beats * self._period_ms + late) * MS


class Lines:
    """What becomes of the lines of one channel: lost, told as a fault, or written late."""

    def __init__(self, world: World, number: int | None, sense: Sense | None) -> None:
        faults = [f for f in world.faults if f.flaw == "dropout"]
        self._dropouts: Spans[Fault] = Spans(
            [f for f in faults if f.number == number and f.sense == sense]
        )
        self._stalls: Spans[Stall] = Spans([s for s in world.stalls if s.sense is None])
        self._late: Spans[Stall] = Spans(
            [s for s in world.stalls if sense and (s.number, s.sense) == (number, sense)]
        )

    def settle(self, place: int, readings: list[Reading], at_s: Array) -> list[Timed]:
        if not readings:
            return []
        between = (float(at_s[0]), float(at_s[-1]) + 1e-3)
        lost = np.zeros(len(readings), dtype=bool)
        for fault in self._dropouts.touching(*between):
            part = within(at_s, fault.from_s, fault.until_s)
            lost[part] = fault.why is None
            if fault.why is not None:
                readings[part] = [
                    Reading(r.mono_ns, r.channel, None, fault.why) for r in readings[part]
                ]
        timed = [(reading.mono_ns, place, reading) for reading in readings]
        for late in self._late.touching(*between):
            part, late_ns = within(at_s, late.from_s, late.until_s), int(late.late_s * NS)
            timed[part] = [(ns + late_ns, place, reading) for ns, place, reading in timed[part]]
        for stall in self._stalls.touching(*between):
            lost[within(at_s, stall.from_s, stall.until_s)] = True
        if not lost.any():
            return timed
        return [one for one, gone in zip(timed, lost.tolist(), strict=True) if not gone]


class EchoChannel:
    def __init__(self, world: World, number: int, seed: int) -> None:
        self._name, self._place = f"us{number}", 3 * number
        self._beat = Beat(stream(seed, "echo beat", number), ECHO_S)
        self._sensor = EchoSensor(world, number, seed)
        self._lines = Lines(world, number, "us")

    def until(self, until_s: float) -> list[Timed]:
        times_ns = self._beat.until(until_s)
        at_s, name = times_ns / NS, self._name
        echoes = self._sensor.next(at_s).tolist()
        readings = [
            Reading(ns, name, echo) if echo == echo else Reading(ns, name, None, NO_ECHO)
            for ns, echo in zip(times_ns.tolist(), echoes, strict=True)
        ]
        return self._lines.settle(self._place, readings, at_s)


class FieldChannel:
    def __init__(self, world: World, number: int, seed: int) -> None:
        self._name, self._place = f"mag{number}", 3 * number + 1
        self._beat = Beat(stream(seed, "field beat", number), FIELD_S)
        self._sensor = FieldSensor(world, number, seed)
        self._lines = Lines(world, number, "mag")

    def until(self, until_s: float) -> list[Timed]:
        times_ns = self._beat.until(until_s)
        at_s, name = times_ns / NS, self._name
        x, y, z = self._sensor.next(at_s).astype(np.int64).T.tolist() if len(at_s) else ([],) * 3
        readings = [
            Reading(ns, name, counts)
            for ns, counts in zip(times_ns.tolist(), zip(x, y, z, strict=True), strict=True)
        ]
        return self._lines.settle(self._place, readings, at_s)


class PlateChannel:
    def __init__(self, world: World, number: int, seed: int) -> None:
        reads = [read for v in world.visits if v.number == number for read in v.reads]
        self._reads: Iterator[tuple[float, str, float]] = iter(sorted(reads))
        self._next = next(self._reads, None)
        self._name, self._place = f"cam{number}", 3 * number + 2
        self._lines = Lines(world, number, None)

    def until(self, until_s: float) -> list[Timed]:
        found: list[Reading] = []
        while self._next is not None and self._next[0] < until_s:
            at_s, text, confidence = self._next
            value = PlateRead(text, confidence)
            found.append(Reading(int(at_s * 1000) * MS, self._name, value))
            self._next = next(self._reads, None)
        return self._lines.settle(
            self._place, found, np.array([reading.mono_ns / NS for reading in found])
        )


class AirChannel:
    def __init__(self, world: World, seed: int) -> None:
        self._air, self._lines = Air(world), Lines(world, None, None)
        self._beat = Beat(stream(seed, "air beat"), AIR_S)
        self._noise = stream(seed, "air noise")

    def until(self, until_s: float) -> list[Timed]:
        times_ns = self._beat.until(until_s)
        at_s = times_ns / NS
        values = self._air.celsius(at_s) + AIR_NOISE_C * self._noise.standard_normal(len(at_s))
        readings = [
            Reading(ns, "temp0", round(value, 1))
            for ns, value in zip(times_ns.tolist(), values.tolist(), strict=True)
        ]
        return self._lines.settle(AIR_PLACE, readings, at_s)
