"""What is shown of a plate to whoever looks on: all of it only if it is expected here."""

from __future__ import annotations

from collections.abc import Collection

from edge.core.plates import fold, normalise

DOT = "•"
# The place that issued it and its last two signs: enough to find a car, too little to name it.
FIRST, LAST = 2, 2
LEAST_HIDDEN = 3


def masked_plate(text: str) -> str:
    """沪A12345 is 沪A•••45. Of a short plate less is shown, of none less than three are hidden."""
    plain = normalise(text)
    shown = max(0, len(plain) - LEAST_HIDDEN)
    first = min(FIRST, (shown + 1) // 2)
    last = min(LAST, shown - first)
    hidden = len(plain) - first - last
    return plain[:first] + DOT * hidden + plain[len(plain) - last :]


def shown_plate(text: str, expected: Collection[str]) -> str:
    """In clear only if one of `expected` is the same plate."""
    plain = fold(text)
    known = any(plain == fold(plate) for plate in expected)
    return normalise(text) if known else masked_plate(text)
