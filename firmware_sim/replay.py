"""A trace through the real edge core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edge.core.fusion import Change, DetectorSettings, SpaceDetector
from edge.core.readings import Channel, Reading

LOOK_NS = 1_000_000_000


def detectors_for(
    channels: Iterable[Channel], settings: DetectorSettings
) -> dict[str, SpaceDetector]:
    """One detector for every space that an ultrasonic or magnetic channel watches."""
    known = tuple(channels)
    spaces = {ch.space for ch in known if ch.space and ch.kind in ("ultrasonic", "magnetic")}
    return {space: SpaceDetector(space, known, settings) for space in sorted(spaces)}


class Replay:
    def __init__(self, channels: dict[str, Channel], settings: DetectorSettings) -> None:
        self.detectors = detectors_for(channels.values(), settings)
        everyone = list(self.detectors.values())
        self._listeners = {
            ch.name: everyone if ch.space is None else [self.detectors[ch.space]]
            for ch in channels.values()
            if ch.space is None or ch.space in self.detectors
        }
        self.readings = 0

    def run(self, readings: Iterable[Reading]) -> Iterator[Change]:
        """Ticks at the very deadlines, whenever the next reading comes: same trace, same bytes."""
        look_ns, listeners = 0, self._listeners
        for reading in readings:
            self.readings += 1
            if reading.mono_ns >= look_ns:
                yield from self._tick(reading.mono_ns)
                look_ns = self._look_ns(reading.mono_ns)
            for detector in listeners.get(reading.channel, ()):
                if changes := detector.feed(reading):
                    yield from changes

    def _tick(self, now_ns: int) -> Iterator[Change]:
        for detector in self.detectors.values():
            deadline_ns = detector.deadline()
            if deadline_ns is not None and deadline_ns <= now_ns:
                yield from detector.tick(deadline_ns)

    def _look_ns(self, now_ns: int) -> int:
        """A deadline only moves away, and one that is new is at least a second off."""
        dues = [due for one in self.detectors.values() if (due := one.deadline()) is not None]
        return min([now_ns + LOOK_NS, *dues])


def replay(channels: dict[str, Channel], readings: Iterable[Reading]) -> list[Change]:
    return list(Replay(channels, DetectorSettings()).run(readings))
