"""What is said of the vehicle that came: accepted, ambiguous (a person decides), other, or none.

Measured on real plates; docs/plates.md has the figures. An expected plate is accepted only if it
leads everything else that may have been read, other expected plates by more; the worse the plate
could be read at all, the further it must lead. It is another vehicle only if what was read leads
all that are expected by far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, inf
from types import MappingProxyType
from typing import Literal, TypeAlias

from edge.core.plate_regions import Region
from edge.core.plate_votes import Scored, Tally
from edge.core.plates import ANOTHERS_EDITS, edits

Decided: TypeAlias = Literal["accepted", "ambiguous", "other", "none"]

# Beyond these an exponential says nothing more.
MOST_LOGITS = 30.0


@dataclass(frozen=True, slots=True)
class Sureness:
    """P(right) = 1 / (1 + exp(-(base + lead * its lead + fit * its fit)))."""

    base: float
    lead: float
    fit: float

    def of(self, lead: float, fit: float) -> float:
        logits = self.base + self.lead * lead + self.fit * fit
        return 1 / (1 + exp(-max(-MOST_LOGITS, min(MOST_LOGITS, logits))))


@dataclass(frozen=True, slots=True)
class Limits:
    """In nats a line. A lead is the score less that of the best rival; a fit is the score a
    character, 0 where every step is certain.

    A lead of `accept` over all, and of `among` over other expected plates, accepts one; a lead of
    `deny` (negative) makes it another vehicle. For each nat that the fit is below `accept_fit` or
    `deny_fit`, it takes a slope more. A fit below `none` is no plate. From `assert_sure` on a plate
    is asserted though none is expected.
    """

    accept: float
    expected: Sureness
    free: Sureness
    assert_sure: float
    accept_slope: float = 4.0
    accept_fit: float = -0.5
    among: float = 2.0
    deny: float = -4.0
    deny_slope: float = 20.0
    deny_fit: float = -0.4
    none: float = -2.5


@dataclass(frozen=True, slots=True)
class Sight:
    """`text`: accepted: as the lot spells it; ambiguous: the nearest that is expected; other: what
    was read; none: empty. `confidence`: how likely the verdict is right; of an ambiguous one, that
    `text` is. `free`: what was read, whatever is expected; `free_sure`: how likely that is right,
    and `asserted` whether it is enough by itself."""

    text: str
    confidence: float
    verdict: Decided
    free: str = ""
    free_sure: float = 0.0
    asserted: bool = False


NOTHING = Sight("", 0.0, "none")

# How sure: fitted on half of the real plates. The leads: such that fewer than 0.1 % of
# one-character neighbours were accepted in either half, clear frames (docs/plates.md).
LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "cn": Limits(
            0.3,
            Sureness(2.17, 0.69, 0.27),
            Sureness(0.89, 0.92, 1.96),
            0.95,
            accept_slope=3.0,
            accept_fit=-0.2,
            deny=-3.0,
            deny_slope=10.0,
        ),
        "br": Limits(0.6, Sureness(2.58, 0.98, 0.0), Sureness(-0.35, 1.55, 3.06), 0.98),
        "eu": Limits(0.3, Sureness(3.51, 1.38, 0.0), Sureness(3.01, 0.67, 5.68), 0.97),
        "us": Limits(0.3, Sureness(1.84, 0.63, 0.0), Sureness(0.52, 0.89, 2.84), 0.97, 3.0),
    }
)


def limits_of(region: Region) -> Limits:
    """Of a region that was never measured: the strictest of those that were."""
    strictest = max(LIMITS.values(), key=lambda it: it.accept)
    return LIMITS.get(region.name, strictest)


def decide(tally: Tally, limits: Limits | None = None) -> Sight:
    limits = limits or limits_of(tally.region)
    read = assert_free(tally, limits)
    if read.verdict == "none":
        return read
    if not tally.expected:
        return _denied(tally, read, read.free_sure)
    best = tally.expected[0]
    lead, fit = _lead(tally, best, (*tally.free, *tally.expected)), _fit(tally, best)
    sure = limits.expected.of(lead, fit)
    needed = limits.accept + limits.accept_slope * max(0.0, limits.accept_fit - fit)
    if lead >= needed and _lead(tally, best, tally.expected) >= limits.among:
        return replace(read, text=best.text, confidence=sure, verdict="accepted")
    seen = _fit(tally, tally.free[0])
    if lead <= limits.deny - limits.deny_slope * max(0.0, limits.deny_fit - seen):
        return _denied(tally, read, 1 - sure)
    return replace(read, text=best.text, confidence=sure, verdict="ambiguous")


def _denied(tally: Tally, read: Sight, sure: float) -> Sight:
    """Another vehicle, unless it may be one whose plate the region's readers cannot say at all."""
    near = [text for text in tally.unscored if _may_hide(text, read.free, tally.region)]
    if near:
        return replace(read, text=near[0], confidence=0.0, verdict="ambiguous")
    return replace(read, text=read.free, confidence=sure, verdict="other")


def _may_hide(text: str, free: str, region: Region) -> bool:
    plate = region.fold(text)
    unknown = sum(char not in region.chars for char in plate)
    return edits(plate, region.fold(free)) < ANOTHERS_EDITS + unknown


def assert_free(tally: Tally, limits: Limits | None = None) -> Sight:
    """Without any list: `accepted` is what may be asserted, `ambiguous` what was only read."""
    limits = limits or limits_of(tally.region)
    if not tally.free or _fit(tally, tally.free[0]) < limits.none:
        return NOTHING
    best = tally.free[0]
    sure = limits.free.of(_lead(tally, best, tally.free), _fit(tally, best))
    asserted = sure >= limits.assert_sure
    verdict: Decided = "accepted" if asserted else "ambiguous"
    return Sight(best.text, sure, verdict, best.text, sure, asserted)


def _lead(tally: Tally, of: Scored, rivals: Sequence[Scored]) -> float:
    """In nats a line, over the best of `rivals` that does not fold alike; unbounded without any."""
    one = tally.region.fold(of.text)
    scores = [it.score for it in rivals if tally.region.fold(it.text) != one]
    return (of.score - max(scores)) / tally.weight if scores else inf


def _fit(tally: Tally, of: Scored) -> float:
    return of.score / tally.weight / len(of.text)
