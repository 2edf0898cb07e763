"""The life of a booking as a table. A move that is not in it changes nothing and says so.

Names in OCPI: confirmed = PENDING, granted = RESERVED, completed = FULFILLED.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

State = Literal["confirmed", "granted", "active", "completed", "settled", "cancelled", "no_show"]
Move = Literal[
    "acknowledge",
    "arrive",
    "arrive_early",
    "extend",
    "change",
    "reassign",
    "depart",
    "settle",
    "return",
    "cancel",
    "cancel_by_owner",
    "cancel_by_operator",
    "close",
    "expire",
    "walk_in",
]
# What `confirm` makes.
FIRST: State = "confirmed"

# Before the car comes: the gateway may know of it (granted) or not yet (confirmed). Whatever is
# agreed anew must be acknowledged anew.
_AHEAD: Mapping[Move, State] = {
    "acknowledge": "granted",
    "arrive": "active",
    "arrive_early": "active",
    "extend": "confirmed",
    "change": "confirmed",
    "reassign": "confirmed",
    "cancel": "cancelled",
    "cancel_by_owner": "cancelled",
    "cancel_by_operator": "cancelled",
    "close": "cancelled",
    "expire": "no_show",
}
# (state, move) -> state
MOVES: Mapping[tuple[State, Move], State] = {
    **{("confirmed", move): state for move, state in _AHEAD.items()},
    **{("granted", move): state for move, state in _AHEAD.items()},
    ("active", "acknowledge"): "active",
    # Until the booked time is over; the gateway tells the stay again under the new grant.
    ("active", "extend"): "active",
    ("active", "depart"): "completed",
    ("completed", "acknowledge"): "completed",
    ("completed", "settle"): "settled",
    ("settled", "acknowledge"): "settled",
    ("settled", "settle"): "settled",
    # The price is found again, or decided by a person.
    ("settled", "return"): "completed",
    ("completed", "return"): "completed",
    # Who comes after all books anew, if the space is free: this booking stays what it was.
    ("no_show", "walk_in"): "no_show",
}
# These keep their space, and the hold of their quote.
HOLDING: tuple[State, ...] = ("confirmed", "granted", "active")
AHEAD: tuple[State, ...] = ("confirmed", "granted")
ENDED: tuple[State, ...] = ("settled", "cancelled", "no_show")
# A move that leaves the state as it was and is yet told: something was agreed, or happened.
TOLD: frozenset[Move] = frozenset({"extend", "change", "reassign", "walk_in"})
# Those whose state alone does not tell what happened.
NAMED: frozenset[Move] = TOLD | {"arrive_early", "cancel_by_owner", "cancel_by_operator", "close"}


class IllegalMove(ValueError):
    """This booking cannot do that in its present state."""

    code = "illegal_move"


def moved(state: State, move: Move) -> State:
    try:
        return MOVES[state, move]
    except KeyError:
        raise IllegalMove(f"{IllegalMove.__doc__} ({state}, {move})") from None


def diagram() -> str:
    """The table as mermaid draws it (docs/booking.md); what changes nothing is left out."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"  [*] --> {FIRST}: confirm"
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, move), after in MOVES.items():
        if before != after or move in TOLD:
            arrows.setdefault((before, after), []).append(move)
    for (before, after), moves in arrows.items():
        yield f"  {before} --> {after}: {', '.join(moves)}"
    for state in ENDED:
        yield f"  {state} --> [*]"
