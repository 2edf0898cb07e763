"""The ground truth: who parks where from when to when, and who has booked what. Drawn from a seed.

Nothing of the product is asked: what a run is judged by is made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from firmware_sim.city.clocks import DAY_S

SPACES_A_GATEWAY = 2
GATEWAYS = 3
DRIVERS = 4
# Shortest stay and shortest gap between two cars that a space without a field sensor must tell.
SHORTEST_S, GAP_S = 420.0, 150.0
MEAN_STAY_S, LONGEST_S = 5_500.0, 16_000.0
MISREAD, UNREAD, WALK_IN = 0.08, 0.06, 0.35
LETTERS, DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789"
# Read for each other by no reader: a misread is one wrong character, and doubtful.
WRONG = {"1": "4", "4": "9", "9": "1", "7": "3", "3": "7", "2": "6", "6": "2", "5": "0", "0": "5"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a driver asks for, at `asked_s`. `cancelled_s`: he changes his mind then."""

    key: str
    driver: int
    space: str
    plate: str
    asked_s: float
    starts_s: float
    ends_s: float
    cancelled_s: float | None = None
    again: bool = False
    rival: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """At rest from `arrives_s`, begins to leave at `departs_s`. `read`: what the camera makes of

    the plate, None: nothing. `wish`: by which it came, None: a walk-in.
    """

    number: int
    space: str
    plate: str
    arrives_s: float
    departs_s: float
    read: str | None
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Town:
    """`visits` and `wishes` in order of time."""

    seed: int
    gateways: dict[str, tuple[str, ...]]
    visits: tuple[Visit, ...]
    wishes: tuple[Wish, ...]

    @property
    def spaces(self) -> tuple[str, ...]:
        return tuple(space for spaces in self.gateways.values() for space in spaces)

    def gateway_of(self, space: str) -> str:
        return next(name for name, spaces in self.gateways.items() if space in spaces)


def all_gateways() -> dict[str, tuple[str, ...]]:
    """As they are enrolled; a seed's town has the first of them."""
    return {
        f"gw-{n + 1}": tuple(f"S{n * SPACES_A_GATEWAY + k + 1}" for k in range(SPACES_A_GATEWAY))
        for n in range(GATEWAYS)
    }


def town(seed: int, lasts_s: float = DAY_S) -> Town:
    rng = Random(f"town {seed}")
    chosen = rng.choice((1, 1, 2, 2, 2, 3))
    gateways = dict(list(all_gateways().items())[:chosen])
    visits: list[Visit] = []
    wishes: list[Wish] = []
    for space in (space for spaces in gateways.values() for space in spaces):
        _Street(rng, space, lasts_s, visits, wishes).fill()
    return Town(
        seed,
        gateways,
        tuple(sorted(visits, key=lambda it: (it.arrives_s, it.space))),
        tuple(sorted(wishes, key=lambda it: (it.asked_s, it.key))),
    )


class _Street:
    """One space's day. `booked_s`: until when it is booked already."""

    def __init__(
        self, rng: Random, space: str, lasts_s: float, visits: list[Visit], wishes: list[Wish]
    ) -> None:
        self._rng, self._space, self._lasts_s = rng, space, lasts_s
        self._visits, self._wishes, self._booked_s = visits, wishes, 0.0

    def fill(self) -> None:
        rng, gone_s = self._rng, 0.0
        at_s = rng.uniform(900, 9_000)
        while at_s < self._lasts_s - 3_600:
            if rng.random() < 0.12 and at_s - gone_s > 600:
                at_s = self._nobody(at_s)
                continue
            stays_s = min(max(rng.expovariate(1 / MEAN_STAY_S), SHORTEST_S), LONGEST_S)
            until_s = round(min(at_s + stays_s, self._lasts_s), 1)
            self._visit(round(at_s, 1), until_s)
            gone_s = until_s
            pause = rng.expovariate(1 / 7_000) if rng.random() < 0.8 else 0.0
            at_s = until_s + GAP_S + pause

    def _visit(self, arrives_s: float, departs_s: float) -> None:
        rng, plate = self._rng, _plate(self._rng)
        wish = None
        if rng.random() > WALK_IN:
            wish = self._wish(plate, arrives_s, departs_s)
        seen = rng.random()
        read = None if seen < UNREAD else _misread(plate) if seen < UNREAD + MISREAD else plate
        number = len(self._visits) + 1
        self._visits.append(Visit(number, self._space, plate, arrives_s, departs_s, read, wish))

    def _wish(self, plate: str, arrives_s: float, departs_s: float) -> Wish | None:
        """Early, in time or late; he leaves before the end, within the grace, or well after it."""
        rng = self._rng
        early_s = rng.choice((-600.0, -300.0, 300.0, 900.0, 2_400.0))
        over_s = rng.choice((-900.0, -300.0, -60.0, 200.0, 1_500.0, 4_000.0))
        starts_s, ends_s = _minute(arrives_s - early_s), _minute(departs_s - over_s)
        if starts_s < self._booked_s or starts_s < 900 or ends_s - max(starts_s, arrives_s) < 300:
            return None
        asked_s = max(30.0, starts_s - rng.uniform(120, 7_200))
        wish = Wish(
            f"wish-{self._space}-{len(self._wishes) + 1}",
            rng.randrange(DRIVERS),
            self._space,
            plate,
            asked_s,
            starts_s,
            ends_s,
            again=rng.random() < 0.3,
            rival=rng.random() < 0.3,
        )
        return self._kept(wish)

    def _nobody(self, at_s: float) -> float:
        """Booked by one who cancels, or never comes; no other car is there meanwhile."""
        rng = self._rng
        starts_s = _minute(at_s + 600)
        ends_s = starts_s + 60 * rng.randrange(30, 90)
        cancels = rng.random() < 0.5
        asked_s = max(30.0, starts_s - rng.uniform(900, 5_000))
        wish = Wish(
            f"wish-{self._space}-{len(self._wishes) + 1}",
            rng.randrange(DRIVERS),
            self._space,
            _plate(rng),
            asked_s,
            starts_s,
            ends_s,
            cancelled_s=rng.uniform(asked_s + 60, starts_s) if cancels else None,
        )
        if starts_s >= self._booked_s:
            self._kept(wish)
        return ends_s + 4_200

    def _kept(self, wish: Wish) -> Wish:
        self._wishes.append(wish)
        self._booked_s = wish.ends_s + 60
        return wish


def _minute(at_s: float) -> float:
    return float(int(at_s // 60) * 60)


def _plate(rng: Random) -> str:
    tail = "".join(rng.choice(DIGITS) for _ in range(5))
    return rng.choice("沪苏浙京粤川") + rng.choice(LETTERS) + tail


def _misread(plate: str) -> str:
    """One character of it."""
    return plate[:-1] + WRONG.get(plate[-1], "7")
