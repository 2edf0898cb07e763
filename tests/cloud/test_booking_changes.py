"""Extend, change, cancel, not come, come early or late: what is agreed, held, due and told."""

import pytest

from cloud.core.reasons import Refusal
from cloud.tables import Booking
from cloud.usecases import booking_arrivals, bookings, changing
from contracts.ledger.pricing import Window
from contracts.wire.messages import Grant
from tests.cloud.booking_rig import (
    PLATE,
    book,
    booked,
    cancel,
    change,
    change_plate,
    code,
    due,
    extend,
    held,
    history,
    hours,
    market,
    move_space,
    now,
    pass_hours,
    price,
    sent,
)
from tests.cloud.rig import Rig
from tests.contracts.making import at


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Every one of these on both."""
    return str(request.param)


# A change is a new agreement


def test_an_extension_is_quoted_held_and_bound_to_a_new_grant(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    longer = extend(rig, booking, 3, 1200)
    assert isinstance(longer, Booking), longer
    record = bookings.record_of(longer)
    assert (longer.ends_ms, held(rig), record.quoted_minor) == (
        booking.ends_ms + 3600_000,
        1200,
        1200,
    )
    assert record.grant == record.grant_of_terms() == longer.grant != booking.grant
    assert history(longer) == ["confirmed", "extend"]


def test_shortening_gives_back_what_the_new_quote_does_not_hold(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 4), 1800)
    assert isinstance(change(rig, booking, hours(1, 2), 600), Booking)
    assert held(rig) == 600
    assert isinstance(book(rig, hours(2, 4), 1200, "k2"), Booking)


def test_a_change_has_the_present_price_of_the_offer_and_is_refused_at_another(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    price(rig, "S1", 900)
    assert code(extend(rig, booking, 3, 1200)) == "price_changed"
    assert held(rig) == 600
    quoted = rig.db.read(
        lambda s: changing.quote_change(s, booking.id, hours(1, 3), None, rig.clock.at)
    )
    assert not isinstance(quoted, Refusal)
    assert quoted[1] == 1800
    assert isinstance(extend(rig, booking, 3, 1800), Booking)


@pytest.mark.parametrize("ends", [2.5, 3])
def test_an_extension_into_the_next_booking_is_refused_and_changes_nothing(
    rig: Rig, ends: float
) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    booked(rig, hours(2, 3), 600, "k2")
    before = now(rig, booking).model_dump()
    assert code(extend(rig, booking, ends, None)) == "overlap"
    assert (now(rig, booking).model_dump(), held(rig)) == (before, 1200)


def test_the_same_change_again_is_the_same_and_another_under_its_key_is_refused(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    first = extend(rig, booking, 3, 1200, "key")
    again = extend(rig, booking, 3, 1200, "key")
    assert isinstance(first, Booking)
    assert isinstance(again, Booking)
    assert (first.grant, first.version, held(rig)) == (again.grant, again.version, 1200)
    assert code(extend(rig, booking, 4, 1800, "key")) == "key_reused"


def test_the_first_confirmation_repeated_after_a_change_is_still_the_same_booking(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    extend(rig, booking, 3, 1200)
    again = booked(rig, hours(1, 2), 600)
    assert (again.id, again.ends_ms) == (booking.id, booking.ends_ms + 3600_000)
    assert code(book(rig, hours(1, 3), 1200)) == "key_reused"


def test_a_change_after_the_time_that_the_terms_tell_is_refused_and_an_extension_is_not(
    rig: Rig,
) -> None:
    market(rig, change_until_s=7200)
    booking = booked(rig, hours(3, 4), 600)
    pass_hours(rig, 1.5)
    assert code(change(rig, booking, hours(4, 5), 600)) == "change_late"
    assert isinstance(extend(rig, booking, 5, 1200), Booking)


@pytest.mark.parametrize(("ends", "why"), [(1.4, "window_short"), (4.1, "window_long")])
def test_a_window_outside_the_terms_is_refused_when_booking_and_when_changing(
    rig: Rig, ends: float, why: str
) -> None:
    market(rig, min_s=1800, max_s=3 * 3600)
    assert code(book(rig, hours(1, ends), 0)) == why
    booking = booked(rig, hours(1, 2), 600)
    assert code(change(rig, booking, hours(1, ends), None)) == why


def test_once_the_car_stands_there_only_a_later_end_is_agreed(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    pass_hours(rig, 1)
    rig.report("arrival", "occupied", 3700, match="accepted", grant=booking.grant)
    for refused in (
        change(rig, booking, hours(2, 3), None),
        change(rig, booking, hours(1, 3), None),
        change_plate(rig, booking, "京B99999"),
        move_space(rig, booking, "S2", None),
    ):
        assert code(refused) == "parked_already"
    assert code(cancel(rig, booking)) == "too_late"
    assert code(extend(rig, booking, 2, 600)) == "not_longer"
    assert code(extend(rig, booking, 3, 600)) == "price_changed"
    longer = extend(rig, booking, 3, 1200)
    assert isinstance(longer, Booking), longer
    assert (longer.state, history(longer)[-1], held(rig)) == ("active", "extend", 1200)
    kinds = [command.kind for command in sent(rig)]
    assert kinds == ["grant", "revoke", "ask"]


def test_while_the_car_stands_there_its_longer_price_is_shown_before_it_is_agreed(rig: Rig) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    pass_hours(rig, 1)
    rig.report("arrival", "occupied", 3700, match="accepted", grant=booking.grant)
    shown = rig.db.read(
        lambda s: changing.quote_change(s, booking.id, hours(1, 3), None, rig.clock.at)
    )
    assert not isinstance(shown, Refusal)
    assert shown[1] == 1200


# Plate and space


def test_a_plate_typed_wrong_is_mended_before_the_car_comes_and_told_as_the_next_version(
    rig: Rig,
) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    mended = change_plate(rig, booking, "沪A12346")
    assert isinstance(mended, Booking)
    (command,) = sent(rig)
    grant = Grant.model_validate_json(command.payload)
    assert (grant.id, grant.version, grant.plates) == (booking.grant, 2, ("沪A12346",))
    assert code(change_plate(rig, booking, "?!")) == "bad_plate"


def test_moved_at_no_extra_cost_the_price_stays_and_the_causer_owes_the_rest(rig: Rig) -> None:
    market(rig, ("S1", "S2"))
    booking = booked(rig, hours(1, 2), 600)
    moved = move_space(rig, booking, "S2", None)
    assert isinstance(moved, Booking)
    assert (moved.space, moved.tariff, held(rig)) == ("S2", booking.tariff, 600)
    assert due(rig) == [("reassignment", 600, -1, rig.owner)]
    assert isinstance(book(rig, hours(1, 2), 600, "k2"), Booking)


def test_moved_by_its_driver_it_costs_what_the_other_space_costs(rig: Rig) -> None:
    market(rig, ("S1", "S3"))
    booking = booked(rig, hours(1, 2), 600)
    assert code(move_space(rig, booking, "S3", 600)) == "price_changed"
    assert isinstance(move_space(rig, booking, "S3", 300), Booking)
    assert (held(rig), due(rig)) == (300, [])


# The end of a booking


def test_cancelling_is_free_until_the_time_of_the_terms_and_their_fee_is_due_after(
    rig: Rig,
) -> None:
    market(rig, cancel_until_s=3600, cancel_fee_minor=150)
    first, second = booked(rig, hours(1, 2), 600), booked(rig, hours(3, 4), 600, "k2")
    assert isinstance(cancel(rig, first), Booking)
    assert due(rig) == []
    pass_hours(rig, 2.5)
    for _ in range(2):
        assert isinstance(cancel(rig, second), Booking)
    assert due(rig) == [("cancellation", 150, rig.driver, rig.owner)]
    assert held(rig) == 0


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_a_booking_taken_away_is_compensated_by_who_took_it(rig: Rig, who: str) -> None:
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    rig.db.write(
        lambda s: bookings.cancel_by(
            s, bookings.get(s, booking.id), who, "works", rig.new_id("c"), rig.clock.at
        )
    )
    ((fee, amount, payer, payee),) = due(rig)
    assert (fee, payer, payee) == (
        "compensation",
        rig.owner if who == "owner" else -1,
        rig.driver,
    )
    assert amount > 0
    assert (held(rig), history(now(rig, booking))[-1]) == (0, f"cancel_by_{who}")


def test_a_no_show_owes_the_fee_of_the_terms_and_comes_in_again_only_by_a_new_booking(
    rig: Rig,
) -> None:
    market(rig, no_show_timeout_s=1800, no_show_fee_minor=200)
    booking = booked(rig, hours(1, 4), 1800)
    pass_hours(rig, 1.6)
    rig.sweeps.watch()
    assert now(rig, booking).state == "no_show"
    assert (due(rig), held(rig)) == ([("no_show", 200, rig.driver, rig.owner)], 0)
    window = Window(starts_at=rig.clock.at, ends_at=at(4 * 3600))
    asked = bookings.Asked("k2", rig.driver, "S1", window, PLATE, 1440)
    ids = bookings.Ids("b-again", "c-again")
    again = rig.db.write(
        lambda s: booking_arrivals.walk_in(s, booking.id, asked, ids, rig.clock.at)
    )
    assert isinstance(again, Booking), again
    assert history(now(rig, booking)) == ["confirmed", "no_show", "walk_in"]
    other = bookings.Asked("k3", rig.driver, "S1", window, PLATE, 1440)
    assert (
        code(
            rig.db.write(lambda s: booking_arrivals.walk_in(s, again.id, other, ids, rig.clock.at))
        )
        == "not_no_show"
    )


def test_all_that_are_due_are_released_at_once(rig: Rig) -> None:
    market(rig, no_show_timeout_s=60)
    for number in range(5):
        booked(rig, hours(1 + number / 10, 1 + (number + 1) / 10), 60, f"k{number}")
    pass_hours(rig, 2)
    rig.sweeps.watch()
    assert held(rig) == 0


# Early


def early(rig: Rig, booking: Booking) -> object:
    return rig.db.read(lambda s: booking_arrivals.may_come(s, booking.id, rig.clock.at))


def test_who_comes_early_is_let_in_within_the_terms_where_the_space_is_free(rig: Rig) -> None:
    market(rig, early_start_s=1800)
    booking = booked(rig, hours(1, 2), 600)
    assert code(early(rig, booking)) == "too_early"
    pass_hours(rig, 0.6)
    assert isinstance(early(rig, booking), Booking)
    rig.report("arrival", "occupied", 2400, match="accepted", grant=booking.grant)
    assert history(now(rig, booking)) == ["confirmed", "arrive_early"]


def test_who_comes_early_while_another_has_the_space_is_told_to_wait(rig: Rig) -> None:
    market(rig, early_start_s=1800)
    booking = booked(rig, hours(2, 3), 600)
    before = booked(rig, hours(1, 1.75), 450, "k2")
    grants = [Grant.model_validate_json(it.payload) for it in sent(rig)]
    assert {(it.booking, it.early_s) for it in grants} == {(before.id, 1800), (booking.id, 900)}
    pass_hours(rig, 1.6)
    assert code(early(rig, booking)) == "early_not_free"
    assert isinstance(cancel(rig, before), Booking)
    assert isinstance(early(rig, booking), Booking)
    grants = [Grant.model_validate_json(it.payload) for it in sent(rig) if it.kind == "grant"]
    assert (booking.id, 1800) in {(it.booking, it.early_s) for it in grants}
