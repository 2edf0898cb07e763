"""A booking's way as its driver is told it, whatever was agreed anew meanwhile."""

from typing import Any

import pytest
from sqlmodel import Session

from cloud.usecases import bookings, views
from tests.cloud.booking_rig import booked, cancel, change, extend, hours, market, move_space
from tests.cloud.rig import Rig


@pytest.fixture
def lot(rig: Rig) -> Rig:
    market(rig, ("S1", "S3"))
    return rig


def steps(rig: Rig, booking: Any) -> list[tuple[str, bool]]:
    view = rig.db.read(lambda s: views.booking(s, booking.id))
    return [(one["step"], one["done"]) for one in view["steps"]]


def acknowledged(rig: Rig, booking_id: str) -> None:
    def story(session: Session) -> None:
        row = bookings.get(session, booking_id)
        bookings.move(session, row, "acknowledge", rig.clock.at)

    rig.db.write(story)


AHEAD = [("active", False), ("completed", False), ("settled", False)]


def test_a_moved_booking_says_from_where(lot: Rig) -> None:
    made = booked(lot, hours(2, 3), 600)
    lot.clock.pass_s(60)
    move_space(lot, made, "S3", 300)
    assert steps(lot, made) == [("confirmed", True), ("moved", True), ("granted", False), *AHEAD]
    view = lot.db.read(lambda s: views.booking(s, made.id))
    assert view["steps"][1]["moved_from"] == "S1"
    assert view["space"] == "S3"
    assert view["steps"][0]["at"] < view["steps"][1]["at"]


def test_a_moved_booking_that_ends_says_what_happened_and_nothing_twice(lot: Rig) -> None:
    made = booked(lot, hours(2, 3), 600)
    lot.clock.pass_s(60)
    move_space(lot, made, "S3", 300)
    lot.clock.pass_s(60)
    extend(lot, made, 4, 600)
    lot.clock.pass_s(60)
    change(lot, made, hours(5, 6), 300)
    cancel(lot, made)
    told = [name for name, _ in steps(lot, made)]
    assert told == ["confirmed", "moved", "extended", "changed", "cancelled"]


def test_what_is_agreed_anew_has_to_reach_the_gateway_anew(lot: Rig) -> None:
    made = booked(lot, hours(2, 3), 600)
    acknowledged(lot, made.id)
    assert steps(lot, made)[1] == ("granted", True)
    extend(lot, made, 4, 1200)
    assert steps(lot, made)[:3] == [("confirmed", True), ("extended", True), ("granted", False)]
