"""The statistics of a score, as the books have them."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959964


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The two 95 % bounds of a share (E. B. Wilson, 1927); of nothing anything may be true."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = hits / of, Z95 * Z95
    centre = share + z2 / (2 * of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    # At the ends the bound is the end itself; the arithmetic misses it by a rounding.
    low = 0.0 if hits == 0 else max(0.0, (centre - half) / (1 + z2 / of))
    high = 1.0 if hits == of else min(1.0, (centre + half) / (1 + z2 / of))
    return low, high


def wilson_low(hits: int, of: int) -> float:
    return wilson(hits, of)[0]


def f1_bounds(hits: int, false: int, missed: int) -> tuple[float, float]:
    """F1 = 2 J / (1 + J) rises with J = hits / (hits + false + missed), which is a plain share:
    the bounds of J, carried over, are those of F1."""
    low, high = wilson(hits, hits + false + missed)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def quantile(values: Sequence[float], part: float) -> float | None:
    """Nearest rank; None of nothing."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def share(hits: int, of: int) -> float | None:
    return hits / of if of else None
