from itertools import product
from typing import get_args

import pytest

from edge.core.occupancy import TABLE, Signal, Standing, occupancy_of

MOVES = {
    ("free", "car"): ("occupied", "arrival"),
    ("free", "doubt"): ("unknown", "unknown"),
    ("occupied", "empty"): ("free", "departure"),
    ("occupied", "doubt"): ("unknown", "unknown"),
    ("unknown", "car"): ("occupied", "known"),
    ("unknown", "empty"): ("free", "known"),
    ("unknown_was_free", "car"): ("occupied", "arrival"),
    ("unknown_was_free", "empty"): ("free", "known"),
    ("unknown_was_occupied", "car"): ("occupied", "known"),
    ("unknown_was_occupied", "empty"): ("free", "departure"),
}


@pytest.mark.parametrize(
    ("standing", "signal"), list(product(get_args(Standing), get_args(Signal)))
)
def test_every_pair_moves_as_written_or_changes_nothing(standing: str, signal: str) -> None:
    move = TABLE.get((standing, signal))  # type: ignore[call-overload]
    seen = None if move is None else (occupancy_of(move[0]), move[1])
    assert seen == MOVES.get((standing, signal))


def test_no_arrival_leads_out_of_occupied_and_no_departure_out_of_free() -> None:
    assert all(
        not s.endswith("occupied") for (s, _), (_, kind) in TABLE.items() if kind == "arrival"
    )
    assert all(s.endswith("occupied") for (s, _), (_, kind) in TABLE.items() if kind == "departure")
