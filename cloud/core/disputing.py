"""The life of a dispute and of an appeal, as tables: who may do what, and what becomes of it."""

from collections.abc import Mapping
from typing import Literal

DisputeState = Literal["open", "decided", "withdrawn"]
AppealState = Literal["open", "upheld", "rejected"]
Who = Literal["driver", "owner", "operator"]
# (state, move) -> (state after, who may)
DISPUTE: Mapping[tuple[str, str], tuple[DisputeState, tuple[Who, ...]]] = {
    ("open", "decide"): ("decided", ("operator",)),
    ("open", "withdraw"): ("withdrawn", ("driver", "owner", "operator")),
}
APPEAL: Mapping[tuple[str, str], tuple[AppealState, tuple[Who, ...]]] = {
    ("open", "uphold"): ("upheld", ("operator",)),
    ("open", "reject"): ("rejected", ("operator",)),
}
# What a dispute may be about.
ABOUT = (
    "space_taken",
    "not_my_car",
    "left_earlier",
    "came_later",
    "wrong_price",
    "broken_evidence",
    "overstay_unconfirmed",
    "damage",
    "other",
)


def after(
    table: Mapping[tuple[str, str], tuple[str, tuple[Who, ...]]], state: str, move: str, who: str
) -> str | None:
    """None: not from this state, or not by them."""
    found = table.get((state, move))
    return found[0] if found is not None and who in found[1] else None
