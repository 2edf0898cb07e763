"""The detector and the baselines side by side on the same readings, each read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from edge.core.fusion import Change, DetectorSettings
from edge.core.readings import Channel, Reading
from firmware_sim.baselines import PEERS, Peer, peers_for
from firmware_sim.replay import Replay
from firmware_sim.scoring.stays import Watch
from firmware_sim.scoring.tally import Tally, tally
from firmware_sim.trace import Truth

OURS = "berth"
NAMES = (OURS, *PEERS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each detector said, and from when to when each space was watched."""

    changes: dict[str, list[Change]]
    watch: dict[str, Watch]

    def tallies(self, truth: Iterable[Truth]) -> dict[str, Tally]:
        rows = [row for row in truth if row.space is None or row.space in self.watch]
        return {name: tally(said, rows, self.watch) for name, said in self.changes.items()}


def side_by_side(channels: Mapping[str, Channel], readings: Iterable[Reading]) -> Outcome:
    watching, said = Watching(channels), {name: list[Change]() for name in PEERS}
    heard = _heard(channels, watching.pass_on(readings), said)
    ours = list(Replay(dict(channels), DetectorSettings()).run(heard))
    return Outcome({OURS: ours, **said}, watching.spaces())


class Watching:
    """From when to when each space was watched, seen while the readings pass by."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._first_ns: dict[str, int] = {}
        self._last_ns: dict[str, int] = {}

    def pass_on(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        first_ns, last_ns = self._first_ns, self._last_ns
        for reading in readings:
            name = reading.channel
            if name not in last_ns:
                first_ns[name] = reading.mono_ns
            last_ns[name] = reading.mono_ns
            yield reading

    def spaces(self) -> dict[str, Watch]:
        """From the first to the last reading of any deciding channel of the space."""
        spaces: dict[str, Watch] = {}
        for name, from_ns in self._first_ns.items():
            space, kind = self._channels[name].space, self._channels[name].kind
            if space is None or kind not in ("ultrasonic", "magnetic"):
                continue
            until_ns = max(from_ns, self._last_ns[name])
            known = spaces.get(space, (from_ns, until_ns))
            spaces[space] = min(known[0], from_ns), max(known[1], until_ns)
        return spaces


def _heard(
    channels: Mapping[str, Channel], readings: Iterable[Reading], said: dict[str, list[Change]]
) -> Iterator[Reading]:
    """Passes the readings on; each peer has heard its own before."""
    listeners: dict[str, list[tuple[Peer, list[Change]]]] = {}
    for name, changes in said.items():
        for peer in peers_for(name, channels.values()):
            listeners.setdefault(peer.wants, []).append((peer, changes))
    for reading in readings:
        for peer, changes in listeners.get(reading.channel, ()):
            if told := peer.feed(reading):
                changes += told
        yield reading
