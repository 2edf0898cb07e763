"""The life of a booking as a table. A move that is not in it changes nothing and says so.

Names in OCPI: confirmed = PENDING, granted = RESERVED, completed = FULFILLED.
"""

from collections.abc import Mapping
from typing import Literal

State = Literal["confirmed", "granted", "active", "completed", "settled", "cancelled", "no_show"]
Move = Literal["acknowledge", "arrive", "depart", "settle", "return", "cancel", "expire"]

# (state, move) -> state
MOVES: Mapping[tuple[State, Move], State] = {
    ("confirmed", "acknowledge"): "granted",
    ("confirmed", "arrive"): "active",
    ("confirmed", "cancel"): "cancelled",
    ("confirmed", "expire"): "no_show",
    ("granted", "acknowledge"): "granted",
    ("granted", "arrive"): "active",
    ("granted", "cancel"): "cancelled",
    ("granted", "expire"): "no_show",
    ("active", "acknowledge"): "active",
    ("active", "depart"): "completed",
    ("completed", "acknowledge"): "completed",
    ("completed", "settle"): "settled",
    ("settled", "acknowledge"): "settled",
    ("settled", "settle"): "settled",
    ("settled", "return"): "completed",
    ("completed", "return"): "completed",
}
HOLDING: tuple[State, ...] = ("confirmed", "granted", "active")


class IllegalMove(ValueError):
    """This booking cannot do that in its present state."""

    code = "illegal_move"


def moved(state: State, move: Move) -> State:
    try:
        return MOVES[state, move]
    except KeyError:
        raise IllegalMove(f"{IllegalMove.__doc__} ({state}, {move})") from None
