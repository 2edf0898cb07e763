"""What a level must reach; a level without targets is reported and not judged."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_sim.score import Score


@dataclass(frozen=True, slots=True)
class Target:
    """`at_least`: the figure may not be below the bound, else not above it."""

    figure: str
    bound: float
    at_least: bool = False

    def missed_by(self, score: Score) -> str | None:
        value = getattr(score, self.figure)
        sign = ">=" if self.at_least else "<="
        if value is None:
            return f"{self.figure}: nothing to judge; the target is {sign} {self.bound:g}"
        if value >= self.bound if self.at_least else value <= self.bound:
            return None
        return f"{self.figure}: {value:.5g}; the target is {sign} {self.bound:g}"


def _targets(figures: dict[str, float]) -> tuple[Target, ...]:
    inside = Target("at_inside_uncertainty", 0.95, at_least=True)
    rest = [Target(name, bound, name == "f1") for name, bound in figures.items()]
    return (*rest, inside)


TARGETS: dict[str, tuple[Target, ...]] = {
    "normal": _targets(
        {
            "f1": 0.995,
            "false_stays_per_space_day": 0.02,
            "report_p95_s": 8,
            "dwell_error_p95_s": 10,
            "dwell_over_60": 0.001,
            "unknown_share": 0.005,
            "money_error": 0.001,
        }
    ),
    "hard": _targets(
        {
            "f1": 0.95,
            "false_stays_per_space_day": 0.2,
            "report_p95_s": 15,
            "dwell_error_p95_s": 20,
            "dwell_over_60": 0.02,
            "unknown_share": 0.02,
        }
    ),
}


def missed(level: str, score: Score) -> list[str]:
    said = (target.missed_by(score) for target in TARGETS.get(level, ()))
    return [sentence for sentence in said if sentence is not None]
