"""A detector that does as its readings say: value 1 = a car, 0 = none, None = a fault."""

from __future__ import annotations

from edge.core.fusion import JSON, Change
from edge.core.occupancy import TABLE, Occupancy, Signal, Standing, occupancy_of
from edge.core.readings import Reading

EVIDENCE = "0x" + "e5" * 32


class ScriptedDetector:
    """Moves by the real table, at once and without doubt."""

    def __init__(self, space: str) -> None:
        self.space = space
        self._standing: Standing = "unknown"

    @property
    def occupancy(self) -> Occupancy:
        return occupancy_of(self._standing)

    def feed(self, reading: Reading) -> list[Change]:
        if not isinstance(reading.value, int | float | None):
            return []
        signal: Signal = "doubt"
        if reading.value is not None:
            signal = "car" if reading.value else "empty"
        move = TABLE.get((self._standing, signal))
        if move is None:
            return []
        self._standing, kind = move
        at_ns = reading.mono_ns
        return [Change(self.space, kind, at_ns, 0.5, at_ns, EVIDENCE, f"the script says {signal}")]

    def tick(self, mono_ns: int) -> list[Change]:
        return []

    def deadline(self) -> int | None:
        return None

    def state(self) -> dict[str, JSON]:
        return {"version": 1, "standing": self._standing}
