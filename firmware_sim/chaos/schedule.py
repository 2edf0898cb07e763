"""Which fault strikes what, when and for how long: drawn from one seed, and so repeatable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from firmware_sim.chaos.proxy import Toxics

Kind: TypeAlias = Literal["kill", "freeze", "link", "clock", "disk"]
# Ten years, as I8 has it, and what a wrong time server or a bad daylight rule does.
STEPS_S = (-315_360_000.0, -7200.0, -61.0, 61.0, 3600.0, 315_360_000.0)
KILL_S, FREEZE_S, LINK_S, DISK_S = (0.0, 1.0), (0.5, 4.0), (0.5, 4.0), (1.0, 4.0)
FREE_BYTES = (0, 2048, 16_384)
WEIGHTS: dict[Kind, float] = {"kill": 0.2, "freeze": 0.15, "link": 0.45, "clock": 0.1, "disk": 0.1}
LINKS = (
    Toxics(latency_s=0.3),
    Toxics(latency_s=0.05, jitter_s=0.5),
    Toxics(bytes_per_s=2_000),
    Toxics(slice_bytes=3),
    Toxics(limit_bytes=700),
    Toxics(slow_close_s=1.5, limit_bytes=4_000),
    Toxics(stalled=True),
    Toxics(reset=True),
    Toxics(down=True),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`which`: of the link faults, the clock steps or the disk's rests, by their place."""

    at_s: float
    lasts_s: float
    kind: Kind
    target: str
    which: int = 0

    @property
    def name(self) -> str:
        if self.kind != "link":
            return self.kind
        changed = [name for name in Toxics.__slots__ if getattr(LINKS[self.which], name)]
        return f"link {'+'.join(changed)}"


@dataclass(frozen=True, slots=True)
class Targets:
    processes: Sequence[str]
    links: Sequence[str]
    clocks: Sequence[str]
    disks: Sequence[str]


def drawn(seed: int, targets: Targets, lasts_s: float, every_s: float) -> list[Fault]:
    """About one each `every_s`; no target has two at once."""
    rng, busy, found = Random(seed), dict[str, float](), []
    choices: dict[Kind, Sequence[str]] = {
        "kill": targets.processes,
        "freeze": targets.processes,
        "link": targets.links,
        "clock": targets.clocks,
        "disk": targets.disks,
    }
    kinds = [kind for kind in WEIGHTS if choices[kind]]
    at_s = rng.expovariate(1 / every_s)
    while at_s < lasts_s:
        kind = rng.choices(kinds, [WEIGHTS[it] for it in kinds])[0]
        free = [it for it in choices[kind] if busy.get(it, 0.0) <= at_s]
        if free:
            fault = _fault(at_s, kind, rng.choice(free), rng)
            busy[fault.target] = at_s + fault.lasts_s
            found.append(fault)
        at_s += rng.expovariate(1 / every_s)
    return found


def _fault(at_s: float, kind: Kind, target: str, rng: Random) -> Fault:
    lasts = {"kill": KILL_S, "freeze": FREEZE_S, "link": LINK_S, "disk": DISK_S, "clock": (0, 0)}
    counts = {"link": len(LINKS), "clock": len(STEPS_S), "disk": len(FREE_BYTES)}
    which = rng.randrange(counts.get(kind, 1))
    return Fault(round(at_s, 3), round(rng.uniform(*lasts[kind]), 3), kind, target, which)
