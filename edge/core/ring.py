"""The last minutes of all channels, packed small, and what makes them worth keeping."""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from contracts.wire.messages import Event
from edge.core.fusion import Change
from edge.core.readings import IMAGE, NO_ECHO, PlateRead, Reading
from edge.core.trace_lines import format_reading

NS = 1_000_000_000
# A full pack is small enough to be made within a turn: about 2 ms on a desktop core.
PACK_READINGS = 256
PACK_NS = 2 * NS
MAX_READINGS = 2_000_000
MAX_BYTES = 32 << 20
SHORT_STAY_S = 120.0
GZIP_BITS = 31
# Before a channel's name, in the one way in which a reading is written.
NAME = b',"ch":'
# Names come with the readings; more places than this are not looked at.
MAX_PLACES = 2_000

Seen: TypeAlias = "Change | Event | Reading"


@dataclass(frozen=True, slots=True)
class Pack:
    """Some readings as one whole gzip member: members after each other are a trace's lines.

    `data` is the plain lines where the Packer was told so.
    """

    from_ns: int
    to_ns: int
    readings: int
    data: bytes


class Packer:
    """Readings in, packs out; a pack is due after PACK_READINGS of them or PACK_NS of their time.

    Plates leave masked, text as long as it was, all stars, unless the owner of them asked.
    """

    def __init__(
        self, press: Callable[[bytes], bytes] | None = None, mask_plates: bool = True
    ) -> None:
        self._press = press or member
        self._seen = masked if mask_plates else as_read
        self._waiting: list[Reading] = []

    def add(self, reading: Reading) -> Pack | None:
        waiting = self._waiting
        waiting.append(reading)
        passed_ns = reading.mono_ns - waiting[0].mono_ns
        due = len(waiting) >= PACK_READINGS or not -PACK_NS < passed_ns < PACK_NS
        return self.pack() if due else None

    def pack(self) -> Pack | None:
        """What waits; None if nothing does."""
        if not self._waiting:
            return None
        readings, self._waiting = self._waiting, []
        lines = "".join(format_reading(self._seen(reading)) + "\n" for reading in readings)
        return Pack(
            readings[0].mono_ns, readings[-1].mono_ns, len(readings), self._press(lines.encode())
        )


class Ring:
    """Forgets by age, by number and by bytes, a pack at a time.

    Age counts from the newest pack, so a clock that jumps back keeps the count's bound alone.
    """

    def __init__(
        self, keep_ns: int, max_readings: int = MAX_READINGS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._keep_ns, self._max_readings, self._max_bytes = keep_ns, max_readings, max_bytes
        self._packer = Packer()
        self._packs: deque[Pack] = deque()
        self.readings = self.bytes = 0

    def add(self, reading: Reading) -> None:
        self._push(self._packer.add(reading))

    def packs(self) -> tuple[Pack, ...]:
        """All that is held, oldest first; what waited is packed."""
        self._push(self._packer.pack())
        return tuple(self._packs)

    def _push(self, pack: Pack | None) -> None:
        if pack is None:
            return
        self._packs.append(pack)
        self.readings += pack.readings
        self.bytes += len(pack.data)
        while self._too_much(self._packs[0], pack):
            gone = self._packs.popleft()
            self.readings -= gone.readings
            self.bytes -= len(gone.data)

    def _too_much(self, oldest: Pack, newest: Pack) -> bool:
        if oldest is newest:
            return False
        full = self.readings > self._max_readings or self.bytes > self._max_bytes
        return full or oldest.to_ns < newest.to_ns - self._keep_ns


def lines_of(packs: Iterable[Pack], channels: Collection[str] | None) -> Iterator[bytes]:
    """The lines of these channels, of all if None, without reading more of them than the name."""
    wanted = tuple(NAME + json.dumps(name, ensure_ascii=False).encode() for name in channels or ())
    for pack in packs:
        for line in zlib.decompress(pack.data, GZIP_BITS).splitlines(keepends=True):
            if channels is None or line.startswith(wanted, line.find(NAME)):
                yield line


@dataclass(frozen=True, slots=True)
class Oddity:
    """`code` for names of files, `where` a space or a channel, `why` for a person."""

    code: str
    where: str
    why: str


class OddityFinder:
    """Remembers one thing a space and a channel: enough to see what does not fit."""

    def __init__(self) -> None:
        self._arrived_s: dict[str, float | None] = {}
        self._faulty: set[str] = set()

    def odd(self, seen: Seen) -> Oddity | None:
        if isinstance(seen, Reading):
            return self._fault(seen)
        return None if seen.space is None else self._change(seen.space, seen)

    def _fault(self, reading: Reading) -> Oddity | None:
        """The first of a run of faults; the rest of the run is not news."""
        name, why = reading.channel, reading.why
        if reading.value is not None or why is None or why == NO_ECHO or why.startswith(IMAGE):
            self._faulty.discard(name)
            return None
        if name in self._faulty or len(self._faulty) >= MAX_PLACES:
            return None
        self._faulty.add(name)
        return Oddity("fault", name, f"channel {name}: {why[:80]}")

    def _change(self, space: str, seen: Change | Event) -> Oddity | None:
        if isinstance(seen, Event) and seen.match in ("other", "ambiguous"):
            self._remember(space, seen)
            return Oddity("match", space, f"space {space}: the plate's match is {seen.match}")
        if seen.kind in ("unknown", "fault"):
            # A Change says why in a sentence; an Event is signed and says it by its kind alone.
            why = (
                seen.why if isinstance(seen, Change) else "the sensors do not agree, or are silent"
            )
            code = "disagree" if isinstance(seen, Change) and "disagree" in why else "unknown"
            return Oddity(code, space, f"space {space} is unknown: {why}")
        if seen.kind in ("arrival", "departure"):
            return self._stay(space, seen)
        if seen.kind != "known":
            self._arrived_s.pop(space, None)
        return None

    def _stay(self, space: str, seen: Change | Event) -> Oddity | None:
        known, arrived_s = space in self._arrived_s, self._arrived_s.get(space)
        self._remember(space, seen)
        if known and (seen.kind == "arrival") == (arrived_s is not None):
            return Oddity("contradiction", space, f"space {space}: {seen.kind} twice in a row")
        stayed_s = SHORT_STAY_S if arrived_s is None else at_s(seen) - arrived_s
        if stayed_s < SHORT_STAY_S:
            return Oddity("short-stay", space, f"space {space}: a stay of {stayed_s:.0f} s")
        return None

    def _remember(self, space: str, seen: Change | Event) -> None:
        """None stands for free; a space that is not in it was never seen to change."""
        if seen.kind in ("arrival", "departure"):
            self._arrived_s[space] = at_s(seen) if seen.kind == "arrival" else None


def at_s(seen: Change | Event) -> float:
    """Seconds on the clock that this kind of value uses: monotonic for a Change, Unix for an
    Event."""
    return seen.at_ns / NS if isinstance(seen, Change) else seen.at.timestamp()


def masked(reading: Reading) -> Reading:
    """The same reading without a plate: its text in stars, and no picture's name."""
    value, why = reading.value, reading.why
    if isinstance(value, PlateRead):
        return replace(reading, value=PlateRead("*" * len(value.text), value.confidence))
    if why is not None and why.startswith(IMAGE):
        return replace(reading, why=IMAGE + "*" * len(why.removeprefix(IMAGE)))
    return reading


def as_read(reading: Reading) -> Reading:
    return reading


def as_it_is(lines: bytes) -> bytes:
    return lines


def member(lines: bytes) -> bytes:
    """One gzip member without a name or a time: the same lines give the same bytes."""
    press = zlib.compressobj(6, zlib.DEFLATED, GZIP_BITS)
    return press.compress(lines) + press.flush()
