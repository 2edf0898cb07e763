"""What goes wrong, and when: a list, so that a failing run is shrunk by leaving some of it out."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from firmware_sim.city.clocks import DAY_S
from firmware_sim.city.town import Town

YEARS_S = 10 * 365 * DAY_S
MOST_FAULTS = 400


@dataclass(frozen=True, slots=True)
class Fault:
    """`where`: a gateway, a space, or ''. `how`: what else it needs, drawn with it."""

    at_s: float
    kind: str
    where: str
    lasts_s: float
    how: float

    def __str__(self) -> str:
        place = f" {self.where}" if self.where else ""
        return f"{self.at_s:.1f} s {self.kind}{place} for {self.lasts_s:.1f} s ({self.how:.3f})"


# kind -> (weight, where, shortest, longest): how long it lasts is drawn evenly in its logarithm.
KINDS: dict[str, tuple[int, str, float, float]] = {
    "lossy": (14, "gateway", 20, 900),
    "doubling": (8, "gateway", 20, 900),
    "shuffled": (8, "gateway", 20, 900),
    "slow": (5, "gateway", 20, 600),
    "gateway_cut_off": (8, "gateway", 30, 7_200),
    "cloud_cut_off": (4, "", 20, 3_600),
    "broker_killed": (5, "", 1, 120),
    "gateway_killed": (5, "gateway", 2, 60),
    "gateway_killed_writing": (6, "gateway", 2, 60),
    "power_cut": (4, "gateway", 10, 3_600),
    "power_cut_writing": (5, "gateway", 10, 600),
    "disk_lies": (2, "gateway", 10, 300),
    "disk_full": (5, "gateway", 30, 7_200),
    "disk_read_only": (3, "gateway", 30, 1_800),
    "clock_jumps": (5, "gateway", 60, 7_200),
    "clock_unset": (3, "gateway", 60, 3_600),
    "cloud_killed": (12, "", 1, 60),
    "cloud_busy": (3, "", 5, 60),
    "chain_away": (6, "", 20, 3_600),
    "chain_reorganised": (9, "", 0, 0),
    "chain_drops": (5, "", 0, 0),
    "chain_takes_older": (4, "", 0, 0),
    "chain_answer_lost": (5, "", 0, 0),
    "chain_slow": (4, "", 60, 1_800),
    "nonce_taken": (1, "", 0, 0),
    "sensor_silent": (2, "space", 30, 2_400),
    "sensor_fault": (2, "space", 30, 2_400),
    "sensor_strays": (6, "space", 5, 120),
    "key_changed": (1, "gateway", 5, 60),
}


def draw(town: Town, count: int, lasts_s: float) -> list[Fault]:
    """Most of them around what happens: a quiet hour proves little."""
    rng = Random(f"faults {town.seed}")
    moments = [at for visit in town.visits for at in (visit.arrives_s, visit.departs_s)]
    moments += [wish.asked_s for wish in town.wishes]
    kinds, weights = list(KINDS), [row[0] for row in KINDS.values()]
    # Each town is hit by some kinds more than by others: rare pairs meet now and then.
    weights = [weight * rng.choice((0, 1, 1, 2, 4)) for weight in weights]
    if not any(weights):
        weights = [1] * len(kinds)
    faults = [
        _one(rng, town, moments, kind, lasts_s)
        for kind in rng.choices(kinds, weights, k=min(count, MOST_FAULTS))
    ]
    return sorted(faults, key=lambda it: (it.at_s, it.kind, it.where, it.how))


def _one(rng: Random, town: Town, moments: list[float], kind: str, lasts_s: float) -> Fault:
    _, where, shortest_s, longest_s = KINDS[kind]
    if kind.startswith("chain") and rng.random() < 0.75:
        # The chain is asked for something once a stay is over.
        left = [visit.departs_s for visit in town.visits if visit.wish] or [lasts_s / 2]
        at_s = rng.choice(left) + rng.uniform(0, 4_500)
    elif rng.random() < 0.75 and moments:
        at_s = rng.choice(moments) + rng.uniform(-90, 150)
    else:
        at_s = rng.uniform(0, lasts_s)
    length_s = shortest_s * (longest_s / shortest_s) ** rng.random() if shortest_s else 0.0
    places = {"gateway": tuple(town.gateways), "space": town.spaces, "": ("",)}[where]
    at_s = round(min(max(at_s, 60.0), lasts_s), 1)
    return Fault(at_s, kind, rng.choice(places), round(length_s, 1), round(rng.random(), 6))
