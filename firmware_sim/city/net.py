"""Gateways, a broker and the cloud, joined by lines that lose, double, shuffle and delay.

What becomes of a message is drawn from the seed, its line and its number on that line: leaving a
fault out of a run changes as little of the rest as can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from firmware_sim.city.clocks import CityClock
from firmware_sim.clock import NS

NORMAL_S = (0.01, 0.2)
# What both ends take to notice that a line is cut, and to speak again once it is not.
NOTICED_S, JOINED_S = 40.0, 3.0
CLOUD = "cloud"
Taker: TypeAlias = Callable[[str, bytes], None]


@dataclass
class Line:
    """Between a gateway and the broker, or the broker and the cloud. Shares are 0 to 1."""

    lost: float = 0.0
    doubled: float = 0.0
    shuffled_s: float = 0.0
    delay_s: float = 0.0
    cuts: int = 0
    sent: Counter[str] = field(default_factory=Counter)


class Net:
    """`takers`: who listens, by the name of his line; called at the moment of delivery."""

    def __init__(self, world: CityClock, seed: int, gateways: tuple[str, ...]) -> None:
        self._world, self._seed = world, seed
        self.lines = {name: Line() for name in (*gateways, CLOUD)}
        self.takers: dict[str, Taker] = {}
        self.broker_down = self.under_way = self.most_under_way = 0
        self.counts: Counter[str] = Counter()

    def up(self, gateway: str, topic: str, payload: bytes) -> None:
        self._hop((gateway, CLOUD), CLOUD, topic, payload)

    def down(self, topic: str, payload: bytes) -> None:
        """The topic names the gateway."""
        gateway = topic.split("/")[3]
        if gateway in self.lines:
            self._hop((CLOUD, gateway), gateway, topic, payload)

    def will(self, gateway: str, topic: str, payload: bytes) -> None:
        """The broker's own word for one that is gone, if the broker lives."""
        if not self.broker_down:
            self._hop((CLOUD,), CLOUD, topic, payload)

    def heal(self) -> None:
        for line in self.lines.values():
            line.lost = line.doubled = line.shuffled_s = line.delay_s = 0.0
            line.cuts = 0
        self.broker_down = 0

    def open(self, name: str) -> bool:
        """Whether anything passes between that end and the broker."""
        return not self.lines[name].cuts and not self.broker_down

    def _hop(self, route: tuple[str, ...], to: str, topic: str, payload: bytes) -> None:
        if not route:
            taker = self.takers.get(to)
            if taker is not None:
                taker(topic, payload)
            return
        name, line = route[0], self.lines[route[0]]
        line.sent[to] += 1
        if not self.open(name):
            self.counts["cut"] += 1
            return
        rng = Random(f"{self._seed} {name} {to} {line.sent[to]}")
        copies = 0 if rng.random() < line.lost else 2 if rng.random() < line.doubled else 1
        self.counts["lost"] += copies == 0
        self.counts["doubled"] += copies == 2
        for _ in range(copies):
            delay_s = rng.uniform(*NORMAL_S) + line.delay_s + rng.random() * line.shuffled_s
            self._send(delay_s, route, to, topic, payload)

    def _send(
        self, delay_s: float, route: tuple[str, ...], to: str, topic: str, payload: bytes
    ) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)

        def lands() -> None:
            """What was under way when the line was cut is lost, too."""
            self.under_way -= 1
            if self.open(route[0]):
                self._hop(route[1:], to, topic, payload)
            else:
                self.counts["cut"] += 1

        self._world.at(self._world.now_ns() + round(delay_s * NS), lands)
