"""Step 4: what fits a driver's request, ranked and explained; and what fits many at once.

The index proposes; every space that is shown was looked at in the database in this session.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlmodel import Session

from cloud.core.assigning import MAX_PAIRS, MAX_REQUESTS, Choice, together
from cloud.core.matching import SOON, Candidate, Excluded, Recommendation, Wish, objection, rank
from cloud.core.places import blurred
from cloud.core.reasons import REASONS, Reason, Refusal, refuse
from cloud.core.search_segment import EMPTY, WATCHED, Ask
from cloud.core.search_wish import WALK_LIMIT_M
from cloud.ports.search import Search
from cloud.usecases import offers
from cloud.usecases.request_history import known_of
from contracts.ledger.pricing import Window
from contracts.wire.types import to_ms

SHOWN = 10
# The nearest free ones that are looked at and compared; more, where vehicles or stale times left
# fewer than SHOWN of them.
CONSIDERED, MAX_CONSIDERED = 40, 320
EXCLUDED = 10
# A second look, where the database did not have what the index proposed.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """`counts`: offered spaces within the way that cannot be had, by code of the reason.

    `excluded` are the nearest of them; `compared` is how many the ranked were chosen from.
    """

    ranked: tuple[Recommendation, ...]
    excluded: tuple[Excluded, ...]
    counts: Mapping[str, int]
    compared: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """One wish's space, still to be confirmed by its driver; without one, why."""

    space: str | None
    walk_m: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Proposals:
    by_wish: tuple[Proposal, ...]
    walk_m: int


def recommend(session: Session, index: Search, wish: Wish, now: datetime) -> Told | Refusal:
    why_not = offers.unbookable(wish.window, now)
    if why_not is not None:
        return refuse(why_not)
    soon = wish.window.starts_at - now < SOON
    fitting, others = _fitting(session, index, wish, now)
    known = known_of(session, [candidate.space for candidate in fitting], now)
    ranked, _ = rank(wish, fitting, soon, known)
    refused = index.refused(session, _ask(wish, EXCLUDED, now), now)
    seen = {one.space for one in others}
    unseen = (space for space in refused.nearest if space not in seen)
    nearest = [*others[:EXCLUDED], *_looked_at(session, wish.window, unseen)]
    _, excluded = rank(wish, nearest, soon)
    counts = Counter(refused.counts)
    counts.update(code for one in others if (code := objection(wish, one, soon)))
    return Told(tuple(ranked[:SHOWN]), tuple(excluded[:EXCLUDED]), dict(counts), len(fitting))


def assign(
    session: Session, index: Search, wishes: Sequence[Wish], now: datetime
) -> Proposals | Refusal:
    """For a burst of requests: as many served as can be, with the least walk in total.

    A space is proposed to one wish only. Nothing is booked: each driver confirms, and
    bookings.confirm decides.
    """
    if len(wishes) > MAX_REQUESTS:
        return refuse("too_many_wishes")
    for wish in wishes:
        why_not = offers.unbookable(wish.window, now)
        if why_not is not None:
            return refuse(why_not)
    near = [_near(session, index, wish, now, MAX_PAIRS // max(len(wishes), 1)) for wish in wishes]
    return _proposals(session, wishes, near, now)


def _proposals(
    session: Session, wishes: Sequence[Wish], near: list[dict[str, float]], now: datetime
) -> Proposals:
    """Solved again without what the database no longer has, a bounded number of times."""
    had = [bool(one) for one in near]
    chosen: list[str | None] = [None] * len(wishes)
    for _ in range(ROUNDS):
        chosen = _solved(near)
        wrong = [
            (number, space)
            for number, space in enumerate(chosen)
            if space is not None and not _fits(session, wishes[number], space, now)
        ]
        for number, space in wrong:
            del near[number][space]
            chosen[number] = None
        if not wrong:
            break
    told = [
        Proposal(space, round(one[space]))
        if space is not None
        else Proposal(None, 0, REASONS["all_given" if there else "no_offer"])
        for space, one, there in zip(chosen, near, had)
    ]
    return Proposals(tuple(told), sum(one.walk_m for one in told))


def _solved(near: Sequence[Mapping[str, float]]) -> list[str | None]:
    names = sorted({space for one in near for space in one})
    number = {space: at for at, space in enumerate(names)}
    choices = [
        Choice(
            np.array([number[space] for space in one], np.int64),
            np.array(list(one.values()), np.float64),
        )
        for one in near
    ]
    found = together(choices).spaces
    return [None if space is None else names[space] for space in found]


def _near(
    session: Session, index: Search, wish: Wish, now: datetime, many: int
) -> dict[str, float]:
    """Metres to each; the nearest `many` wishes' share of what is looked at together."""
    share = max(1, int(many))
    hits = index.nearest(session, _ask(wish, share, now), now)
    return {hit.space: float(np.sqrt(hit.square_m2)) for hit in hits}


def _fits(session: Session, wish: Wish, space: str, now: datetime) -> bool:
    soon = wish.window.starts_at - now < SOON
    found = _looked_at(session, wish.window, (space,))
    return any(objection(wish, candidate, soon) is None for candidate in found)


def _fitting(
    session: Session, index: Search, wish: Wish, now: datetime
) -> tuple[list[Candidate], list[Candidate]]:
    """The nearest that the database has, too; and those that the index took for fitting alone.

    Of a vehicle it knows the height; all else of it is asked here.
    """
    soon = wish.window.starts_at - now < SOON
    fitting: list[Candidate] = []
    others: list[Candidate] = []
    seen, many = 0, CONSIDERED
    while True:
        hits = index.nearest(session, _ask(wish, many, now), now)
        for one in _looked_at(session, wish.window, (hit.space for hit in hits[seen:])):
            (fitting if objection(wish, one, soon) is None else others).append(one)
        seen = len(hits)
        if len(fitting) >= SHOWN or seen < many or many >= MAX_CONSIDERED:
            return fitting, others
        many *= 2


def _looked_at(session: Session, window: Window, spaces: Iterable[str]) -> Iterator[Candidate]:
    """As the database has them now, at the place that is told before a booking."""
    for space in spaces:
        for candidate in offers.candidates(session, window, space):
            yield replace(candidate, shown=blurred(candidate.lat, candidate.lon))


def _ask(wish: Wish, many: int, now: datetime) -> Ask:
    soon = wish.window.starts_at - now < SOON
    return Ask(
        lat=wish.lat,
        lon=wish.lon,
        starts_ms=to_ms(wish.window.starts_at),
        ends_ms=to_ms(wish.window.ends_at),
        radius_m=WALK_LIMIT_M,
        many=many,
        needs=WATCHED | EMPTY if soon else WATCHED,
        height_cm=wish.height_cm or wish.vehicle.height_cm or 0,
    )
