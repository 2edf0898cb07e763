"""The table of a booking's moves: what it allows, what it refuses, and its picture."""

import pytest

from cloud.core.booking import AHEAD, FIRST, HOLDING, MOVES, IllegalMove, State, moved
from cloud.tables import Booking
from cloud.usecases import bookings
from tests.cloud.rig import Rig
from tests.tools.booking_picture import PAGE, drawn

STATES = {state for state, _ in MOVES} | set(MOVES.values())
CANCELS = ("cancel", "cancel_by_owner", "cancel_by_operator", "close")


def reachable(first: State) -> set[State]:
    found, todo = set[State](), [first]
    while todo:
        state = todo.pop()
        found.add(state)
        todo += [after for (before, _), after in MOVES.items() if before == state]
        todo = [it for it in todo if it not in found]
    return found


def test_every_state_can_be_reached_from_a_confirmed_quote() -> None:
    assert reachable(FIRST) == STATES


@pytest.mark.parametrize("state", sorted(STATES))
def test_once_its_car_has_come_a_booking_can_only_be_made_longer(state: State) -> None:
    for move in (*CANCELS, "extend", "change", "reassign", "expire", "arrive", "arrive_early"):
        longer = (state, move) == ("active", "extend")
        assert ((state, move) in MOVES) == (state in AHEAD or longer), (state, move)


@pytest.mark.parametrize("state", sorted(STATES - set(HOLDING)))
def test_what_is_over_never_holds_its_space_again(state: State) -> None:
    assert not reachable(state) & set(HOLDING)


def test_what_is_agreed_anew_must_be_acknowledged_anew() -> None:
    for move in ("extend", "change", "reassign"):
        assert moved("granted", move) == "confirmed"


def test_an_illegal_move_raises_one_error_and_leaves_the_booking_as_it_was(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.db.write(lambda s: bookings.cancel(s, booking.id, "c-x", rig.clock.at))
    before = rig.db.read(lambda s: bookings.get(s, booking.id).model_dump())
    for move in ("arrive", "extend", "depart", "expire", "settle"):
        with pytest.raises(IllegalMove, match=move):
            rig.db.write(
                lambda s, m=move: bookings.move(s, s.get_one(Booking, booking.id), m, rig.clock.at)
            )
    assert rig.db.read(lambda s: bookings.get(s, booking.id).model_dump()) == before


def test_the_picture_in_the_docs_is_that_of_the_table() -> None:
    page = PAGE.read_text("utf-8")
    assert drawn(page) == page, "run: python -m tests.tools.booking_picture"
