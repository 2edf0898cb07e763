"""Rank the spaces that fit a request. Every score says its parts, every exclusion its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cloud.core.limits import objection_of
from cloud.core.reasons import REASONS, Reason
from cloud.core.search_score import (
    NOTHING_KNOWN,
    Case,
    Field,
    Known,
    explained,
    score,
)
from cloud.core.search_score import WEIGHTS as WEIGHTS
from cloud.core.search_score import Recommendation as Recommendation
from cloud.core.search_wish import METRES_PER_DEGREE as METRES_PER_DEGREE
from cloud.core.search_wish import WALK_LIMIT_M as WALK_LIMIT_M
from cloud.core.search_wish import Candidate as Candidate
from cloud.core.search_wish import Wish as Wish
from cloud.core.search_wish import covering as covering
from cloud.core.search_wish import overlaps as overlaps
from cloud.core.search_wish import too_far
from cloud.core.search_wish import walk_m as walk_m
from contracts.ledger.pricing import Line, quote, total

SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Excluded:
    space: str
    reason: Reason


def rank(
    wish: Wish, candidates: Iterable[Candidate], soon: bool, known: Known = NOTHING_KNOWN
) -> tuple[list[Recommendation], list[Excluded]]:
    """Best first. `soon`: the wish starts so soon that who stands there now matters."""
    fitting: list[Candidate] = []
    excluded: list[Excluded] = []
    for candidate in candidates:
        code = objection(wish, candidate, soon)
        if code is None:
            fitting.append(candidate)
        elif code != "too_far":
            excluded.append(Excluded(candidate.space, REASONS[code]))
    lines = [quote(c.tariff, c.terms, wish.window) for c in fitting]
    compared = Field(len(fitting), max((total(one) for one in lines), default=0))
    ranked = [
        _scored(Case(wish, candidate, total(one), compared, known), tuple(one))
        for candidate, one in zip(fitting, lines)
    ]
    return sorted(ranked, key=lambda r: (-r.score, r.space)), excluded


def objection(wish: Wish, candidate: Candidate, soon: bool) -> str | None:
    """Why this space cannot be had, as a code of REASONS; the same for offering and for booking."""
    if too_far(wish, candidate):
        return "too_far"
    if covering(candidate.windows, wish.window) is None:
        return "no_offer"
    if any(overlaps(wish.window, booked) for booked in candidate.booked):
        return "overlap"
    if wish.height_cm and candidate.max_height_cm and wish.height_cm > candidate.max_height_cm:
        return "too_high"
    return objection_of(candidate.limits, wish.vehicle) or _objection_now(candidate, soon)


def _objection_now(candidate: Candidate, soon: bool) -> str | None:
    if not candidate.gateway_online:
        return "gateway_offline"
    # Never offered while unknown, however late it begins: nobody can say that it will be found.
    if candidate.occupancy == "unknown":
        return "space_unknown"
    if soon and candidate.occupancy == "occupied":
        return "space_occupied"
    return None


def _scored(case: Case, lines: tuple[Line, ...]) -> Recommendation:
    why, candidate = explained(case), case.candidate
    return Recommendation(
        space=candidate.space,
        offer=candidate.offer,
        score=score(why),
        parts={one.part: one.value for one in why},
        walk_m=round(walk_m(case.wish, *candidate.place)),
        lines=lines,
        quoted_minor=case.price_minor,
        tariff=candidate.tariff,
        terms=candidate.terms,
        why=why,
    )
