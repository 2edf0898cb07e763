"""Rank the spaces that fit a request. Every score says its parts, every exclusion its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import cos, hypot, radians

from cloud.core.reasons import REASONS, Reason
from contracts.ledger.pricing import Line, Tariff, Terms, Window, quote, total

METRES_PER_DEGREE = 111_320.0
WALK_LIMIT_M = 800.0
SOON = timedelta(minutes=15)
WEIGHTS = {"walk": 0.4, "price": 0.3, "fit": 0.1, "certainty": 0.2}


@dataclass(frozen=True, slots=True)
class Wish:
    """Where (degrees), when, and how high the vehicle is."""

    lat: float
    lon: float
    window: Window
    height_cm: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One offered space as the database knows it now."""

    space: str
    offer: str
    lat: float
    lon: float
    windows: tuple[Window, ...]
    tariff: Tariff
    terms: Terms
    occupancy: str
    gateway_online: bool
    booked: tuple[Window, ...]
    max_height_cm: int | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`parts` are 0..1 each; `score` is their weighted sum."""

    space: str
    offer: str
    score: float
    parts: dict[str, float]
    walk_m: int
    lines: tuple[Line, ...]
    quoted_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Excluded:
    space: str
    reason: Reason


def rank(
    wish: Wish, candidates: Iterable[Candidate], soon: bool
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
    dearest = max((_price(wish, c) for c in fitting), default=0)
    ranked = [_scored(wish, candidate, dearest) for candidate in fitting]
    return sorted(ranked, key=lambda r: (-r.score, r.space)), excluded


def walk_m(wish: Wish, lat: float, lon: float) -> float:
    """Straight line on the local plane; good to a metre over a district."""
    north = (lat - wish.lat) * METRES_PER_DEGREE
    east = (lon - wish.lon) * METRES_PER_DEGREE * cos(radians(wish.lat))
    return hypot(north, east)


def overlaps(a: Window, b: Window) -> bool:
    return a.starts_at < b.ends_at and b.starts_at < a.ends_at


def covering(windows: Iterable[Window], asked: Window) -> Window | None:
    for window in windows:
        if window.starts_at <= asked.starts_at and asked.ends_at <= window.ends_at:
            return window
    return None


def objection(wish: Wish, candidate: Candidate, soon: bool) -> str | None:
    """Why this space cannot be had, as a code of REASONS; the same for offering and for booking."""
    if walk_m(wish, candidate.lat, candidate.lon) > WALK_LIMIT_M:
        return "too_far"
    if covering(candidate.windows, wish.window) is None:
        return "no_offer"
    if any(overlaps(wish.window, booked) for booked in candidate.booked):
        return "overlap"
    if wish.height_cm and candidate.max_height_cm and wish.height_cm > candidate.max_height_cm:
        return "too_high"
    return _objection_now(candidate, soon)


def _objection_now(candidate: Candidate, soon: bool) -> str | None:
    if not candidate.gateway_online:
        return "gateway_offline"
    if candidate.occupancy == "unknown":
        return "space_unknown"
    if soon and candidate.occupancy == "occupied":
        return "space_occupied"
    return None


def _price(wish: Wish, candidate: Candidate) -> int:
    return total(quote(candidate.tariff, candidate.terms, wish.window))


def _scored(wish: Wish, candidate: Candidate, dearest_minor: int) -> Recommendation:
    metres = walk_m(wish, candidate.lat, candidate.lon)
    lines = quote(candidate.tariff, candidate.terms, wish.window)
    price_minor = total(lines)
    parts = {
        "walk": 1 - metres / WALK_LIMIT_M,
        "price": 1 - price_minor / dearest_minor if dearest_minor else 1.0,
        "fit": _fit(wish, candidate),
        "certainty": 1.0 if candidate.occupancy == "free" else 0.5,
    }
    return Recommendation(
        space=candidate.space,
        offer=candidate.offer,
        score=round(sum(WEIGHTS[name] * part for name, part in parts.items()), 4),
        parts={name: round(part, 4) for name, part in parts.items()},
        walk_m=round(metres),
        lines=tuple(lines),
        quoted_minor=price_minor,
        currency=candidate.tariff.currency,
    )


def _fit(wish: Wish, candidate: Candidate) -> float:
    """1 if the request fills the offered window: short requests leave long windows whole."""
    window = covering(candidate.windows, wish.window)
    if window is None:
        return 0.0
    asked = wish.window.ends_at - wish.window.starts_at
    return asked / (window.ends_at - window.starts_at)
