"""A trace played to the real gateway: pause, step, another rate. No thread, no clock of its own.

`Playhead` says when what is due, `Pace` waits for it, `Player` gives it to the agent.
"""

from __future__ import annotations

import math
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from contracts.wire.messages import Event, Telemetry
from edge.agent import Agent
from edge.core.readings import Reading
from edge.ports import Ended, Item, Moment, Took
from firmware_sim.pace import BATCH_ITEMS, Pace

NS = 1_000_000_000
# Keys, acknowledgements and heartbeats are looked at this often, also in a pause.
POLL_S = 0.1
SLOWEST, FASTEST = 0.001, 1_000_000.0

Name: TypeAlias = Literal[
    "pause", "resume", "toggle", "step", "faster", "slower", "quit", "rate", "until"
]
PLAIN = frozenset(get_args(Name)) - {"rate", "until"}


@dataclass(frozen=True, slots=True)
class Command:
    """`value`: the new rate of `rate`, the trace time in ns of `until`.

    `at_once` (a key): not behind a step or an `until` that is under way, as a script's are.
    """

    name: Name
    value: float = 0.0
    at_once: bool = False


def parse_command(line: str, moment_ns: Callable[[str], int]) -> Command:
    """`pause`, `resume`, `step`, `rate 10`, `until 0:20:00`, `quit`. ValueError with a sentence."""
    name, _, rest = line.strip().partition(" ")
    if name in PLAIN and not rest:
        return Command(name)  # type: ignore[arg-type]
    if name == "until":
        return Command("until", moment_ns(rest.strip()))
    if name == "rate":
        try:
            rate = float(rest)
        except ValueError:
            rate = math.nan
        if SLOWEST <= rate <= FASTEST:
            return Command("rate", rate)
        raise ValueError(f"{rest!r} is no rate: write a number from {SLOWEST:g} to {FASTEST:g}")
    raise ValueError(
        f"{line.strip()!r} is no command: write pause, resume, step, rate N, until MOMENT or quit"
    )


class Playhead:
    """Maps trace time to real time while it plays; a pause makes everything due never.

    The next item that it was asked about is never left behind: a trace that cannot be played as
    fast as asked does not rush after a pause to make up for it.
    """

    def __init__(self, from_ns: int, rate: float, now: Callable[[], float]) -> None:
        self._now = now
        self._mark_ns, self._mark_s = from_ns, now()
        self._next_ns = from_ns
        self._until_ns: int | None = None
        self.rate = rate
        self.state: Literal["playing", "paused", "stepping", "stopped"] = "playing"
        self.at_until = False

    def due_real_s(self, mono_ns: int) -> float:
        if self.state == "stopped":
            return -math.inf
        self._next_ns = mono_ns
        if self._until_ns is not None and mono_ns >= self._until_ns:
            self.at_until = True
            return math.inf
        if self.state == "paused":
            return math.inf
        if self.state == "stepping":
            return -math.inf
        return self._mark_s + (mono_ns - self._mark_ns) / NS / self.rate

    def most(self) -> int:
        """While it steps, no reading passes the one that makes the event."""
        return 1 if self.state == "stepping" else BATCH_ITEMS

    def heard_event(self) -> None:
        if self.state == "stepping":
            self._mark()
            self.state = "paused"

    @property
    def busy(self) -> bool:
        """A step or an `until` is under way: what a script says next comes after it."""
        return self.state == "stepping" or (self._until_ns is not None and not self.at_until)

    @property
    def waits(self) -> bool:
        """Only a command can move it."""
        return self.state == "paused" or self.at_until

    def obey(self, command: Command) -> None:
        """To be called between items or while waiting; nothing brings it back from `stopped`."""
        self._mark()
        if self.state == "stopped":
            return
        self._until_ns, self.at_until = None, False
        match command.name:
            case "quit":
                self.state = "stopped"
            case "pause":
                self.state = "paused"
            case "resume":
                self.state = "playing"
            case "toggle":
                self.state = "playing" if self.state == "paused" else "paused"
            case "step":
                self.state = "stepping"
            case "until":
                self.state, self._until_ns = "playing", int(command.value)
            case "rate" | "faster" | "slower":
                factors = {"faster": self.rate * 2, "slower": self.rate / 2}
                rate = factors.get(command.name, command.value)
                self.rate = min(max(rate, SLOWEST), FASTEST)

    def _mark(self) -> None:
        """Goes on from here: where the clock stands in the trace, but not past the next item."""
        now_s = self._now()
        if self.state == "stepping":
            self._mark_ns = self._next_ns
        elif self.state == "playing":
            there_ns = self._mark_ns + int((now_s - self._mark_s) * self.rate * NS)
            self._mark_ns = min(there_ns, self._next_ns)
        self._mark_s = now_s


@dataclass(frozen=True, slots=True)
class Desk:
    """What a player hears and says. `commands` waits at most so long; None among them: no more
    will come. `told` is called after every turn with the trace time reached."""

    commands: Callable[[float], list[Command | None]]
    told: Callable[[int], None]
    event: Callable[[Event], None]


class Hearing:
    """A Watcher (edge.ports): an event ends a step and is told."""

    def __init__(self, head: Playhead, desk: Desk) -> None:
        self._head, self._desk = head, desk

    def took(self, reading: Reading) -> None:
        """Readings were ours to give."""

    def changed(self, event: Event) -> None:
        self._head.heard_event()
        self._desk.event(event)

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        return ()

    def close(self) -> None:
        """Holds nothing."""


class Player:
    def __init__(self, agent: Agent, inbox: queue.Queue[Item], head: Playhead, desk: Desk) -> None:
        self._agent, self._inbox, self._head, self._desk = agent, inbox, head, desk
        self._script: deque[Command] = deque()
        self._no_more = False
        self._at_ns = 0

    def play(self, readings: Iterable[Reading], now: Callable[[], float]) -> None:
        """To the end and until all is acknowledged or the agent's drain is over, or to `quit`."""
        self._agent.open()
        pace = Pace(self._head.due_real_s, now, self._listen, self._head.most)
        for batch in pace.batches(_timed(readings), skip_past=False):
            self._obey(0)
            if self._head.state == "stopped":
                break
            self._at_ns = batch[-1].mono_ns
            self._turn([Took(reading) for reading in batch])
        else:
            self._drain()
        self._agent.close()

    def _listen(self, wait_s: float) -> None:
        self._obey(min(wait_s, POLL_S))
        self._turn([])

    def _obey(self, wait_s: float) -> None:
        for command in self._desk.commands(wait_s):
            if command is None:
                self._no_more = True
            elif command.at_once:
                self._head.obey(command)
            else:
                self._script.append(command)
        while self._script and not self._head.busy:
            self._head.obey(self._script.popleft())
        if self._no_more and not self._script and self._head.waits:
            # Nobody is left who could end the pause.
            self._head.obey(Command("resume"))

    def _turn(self, items: list[Item]) -> None:
        self._agent.turn([*self._waiting(), *items])
        self._desk.told(self._at_ns)

    def _waiting(self) -> Iterator[Item]:
        for _ in range(BATCH_ITEMS):
            try:
                yield self._inbox.get_nowait()
            except queue.Empty:
                return

    def _drain(self) -> None:
        self._turn([Ended()])
        while not self._agent.finished() and self._head.state != "stopped":
            self._listen(POLL_S)


def _timed(readings: Iterable[Reading]) -> Iterator[tuple[int, Reading]]:
    for reading in readings:
        yield reading.mono_ns, reading
