"""A city of spaces, offers and bookings to search in; the same seed gives the same city."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloud.core.search_busy import QUARTER_MS, Offered, Taken
from cloud.core.search_segment import EMPTY, KNOWN, LISTED, ONLINE, Ask, Columns

BASE_MS = 1_780_272_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MIDDLE = (31.2304, 121.4737)
METRES = 111_320.0
SIDE_M = 33_500.0
A_LOT, LOT_M = 50, 25.0
CORE_SHARE, CORE_M = 0.2, 5_000.0
DAYS_KNOWN = 92
PATTERNS = 200
THIRD_MS = 56 * HOUR_MS


@dataclass(frozen=True, slots=True)
class City:
    columns: Columns
    taken: Taken
    until_ms: int


def city(spaces: int, bookings: int, seed: int = 1) -> City:
    """Lots of some fifty spaces, more of them in the middle; three bookings a space and week."""
    rng = np.random.default_rng(seed)
    lots = spaces // A_LOT + 1
    core = rng.random(lots) < CORE_SHARE
    places = rng.uniform(-SIDE_M / 2, SIDE_M / 2, (lots, 2))
    places[core] = rng.normal(0, CORE_M, (int(core.sum()), 2))
    metres = places[rng.integers(0, lots, spaces)] + rng.normal(0, LOT_M, (spaces, 2))
    lat = MIDDLE[0] + metres[:, 0] / METRES
    lon = MIDDLE[1] + metres[:, 1] / (METRES * np.cos(np.radians(MIDDLE[0])))
    offered = [Offered((BASE_MS,), (BASE_MS + DAYS_KNOWN * DAY_MS,)), *_patterns(rng)]
    numbers = rng.integers(1, len(offered), spaces)
    numbers[rng.random(spaces) < 0.4] = 0
    ids = np.char.mod("S%07d", rng.permutation(spaces)).astype(np.bytes_)
    columns = Columns(
        ids=ids,
        lat=lat,
        lon=lon,
        flags=_flags(rng, spaces),
        heights_cm=rng.choice([0, 0, 200, 230], spaces).astype(np.uint16),
        offered=offered,
        offered_of=numbers.astype(np.int32),
    )
    return City(columns, _taken(rng, spaces, bookings), BASE_MS + DAYS_KNOWN * DAY_MS)


def asks(many: int, seed: int = 2, whole: bool = False) -> list[Ask]:
    """Near random lots of the city, one to six hours in the next days; `whole`: to the quarter."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(many):
        north, east = rng.normal(0, 7_000, 2)
        begin = int(rng.integers(0, 6 * 24 * 12)) * 5 * 60_000
        length = int(rng.integers(6, 72)) * 5 * 60_000
        if whole:
            begin, length = (ms // QUARTER_MS * QUARTER_MS for ms in (begin, length))
        lat = MIDDLE[0] + float(north) / METRES
        lon = MIDDLE[1] + float(east) / (METRES * float(np.cos(np.radians(MIDDLE[0]))))
        starts_ms = BASE_MS + begin
        found.append(Ask(lat, lon, starts_ms, starts_ms + length, 800.0, 10))
    return found


def _flags(rng: np.random.Generator, spaces: int) -> NDArray[np.uint8]:
    flags = np.full(spaces, LISTED | ONLINE | KNOWN, np.uint8)
    flags[rng.random(spaces) < 0.6] |= EMPTY
    for flag, share in ((LISTED, 0.05), (ONLINE, 0.01), (KNOWN, 0.02)):
        flags[rng.random(spaces) < share] &= ~np.uint8(flag)
    return flags


def _patterns(rng: np.random.Generator) -> list[Offered]:
    """Offered each day from an hour to another."""
    made = []
    for _ in range(PATTERNS):
        begin, length = int(rng.integers(0, 28)) * HOUR_MS // 2, int(rng.integers(12, 30))
        starts = [BASE_MS + day * DAY_MS + begin for day in range(DAYS_KNOWN - 1)]
        ends = [at + min(length * HOUR_MS // 2, DAY_MS - HOUR_MS) for at in starts]
        made.append(Offered(tuple(starts), tuple(ends)))
    return made


def _taken(rng: np.random.Generator, spaces: int, bookings: int) -> Taken:
    """To five minutes, up to eight hours, none over another."""
    rounds, where, starts = -(-bookings // spaces), [], []
    for third in range(rounds):
        where.append(np.arange(min(spaces, bookings - third * spaces)))
        steps = rng.integers(0, 48 * 12, len(where[-1]))
        starts.append(BASE_MS + third * THIRD_MS + steps * 300_000)
    starts_ms = np.concatenate(starts)
    lengths = rng.integers(12, 96, len(starts_ms)) * 300_000
    return Taken(np.concatenate(where), starts_ms, starts_ms + lengths)
