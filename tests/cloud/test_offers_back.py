"""Owners and operators take back what was offered: refused, moved, or paid for, as it was shown."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from cloud.audit_tables import Notice
from cloud.booking_tables import FeeDue
from cloud.core.compensation import Compensation
from cloud.core.compensation import Notice as Tier
from cloud.core.limits import Limits
from cloud.core.money import PLATFORM
from cloud.core.reasons import Refusal
from cloud.core.windows import inside
from cloud.errors import Unknown
from cloud.offer_tables import SpaceClosure, TakeBack
from cloud.tables import Booking, Command, Entry, Offer
from cloud.usecases import (
    offer_changes,
    offer_closures,
    offer_plates,
    offers,
    taking_back,
)
from cloud.usecases.offer_changes import Change
from cloud.usecases.offer_closures import Closing, ClosurePlan
from cloud.usecases.offer_conflicts import Agreed
from cloud.usecases.offers import More
from cloud.usecases.taking_back import Plan, Wanted
from contracts.ledger.pricing import Tariff, Window
from contracts.wire.types import to_ms
from tests.cloud.offer_rig import (
    HOUR_S,
    arrive,
    book,
    codes,
    composed,
    offered,
    shared,
    state_of,
    window,
)
from tests.cloud.rig import Rig
from tests.contracts.making import at

ENDED = "cancelled"


def do(rig: Rig, story: Callable[..., Any], *args: object, **more: object) -> Any:
    """A use case that writes, now."""
    return rig.db.write(lambda s: story(s, *args, rig.clock.at, **more))


def fees(rig: Rig) -> list[tuple[str, str, int, int, int]]:
    rows = rig.db.read(lambda s: s.exec(select(FeeDue).order_by(FeeDue.booking)).all())
    return [(row.booking, row.code, row.amount_minor, row.payer, row.payee) for row in rows]


def told(rig: Rig, account: int) -> list[str]:
    rows = rig.db.read(lambda s: s.exec(select(Notice).order_by(Notice.id)).all())
    return [row.code for row in rows if row.account == account]


def everything(rig: Rig) -> list[str]:
    """All that a refusal or a look must leave as it is."""

    def rows(s: Session) -> list[str]:
        kinds = (Booking, Offer, Command, Entry, FeeDue, SpaceClosure, TakeBack, Notice)
        return [repr(row) for kind in kinds for row in s.exec(select(kind)).all()]

    return rig.db.read(rows)


def free(rig: Rig, space: str, asked: Window) -> bool:
    (candidate,) = rig.db.read(lambda s: offers.candidates(s, asked, space, True)) or [None]
    return candidate is not None and inside(asked, candidate.windows) and not candidate.booked


# Shrinking and withdrawing


def test_owner_shrinks_or_withdraws_a_window_with_bookings_is_refused_with_each_of_them(
    rig: Rig,
) -> None:
    offered(rig, "S1")
    for number, begins_h in enumerate((1, 30, 200)):
        book(rig, "S1", begins_h, begins_h + 2, f"k{number}")
    before = everything(rig)
    smaller = composed(rig, hours=[window(0, 24)])
    refused = do(rig, offer_changes.publish, smaller)
    assert codes(refused) == ["bookings_in_way", "bookings_in_way"]
    assert "2026-05-02 14:00" in refused.reasons[0].sentence_en
    withdrawn = do(rig, offer_changes.withdraw, "S1", rig.owner)
    assert len(codes(withdrawn)) == 3
    assert everything(rig) == before


def test_owner_shrinks_or_withdraws_a_window_with_bookings_cancels_with_compensation_as_shown(
    rig: Rig,
) -> None:
    """Refused or cancelled with compensation: by notice, a minimum, and nothing a week ahead."""
    offered(rig, "S1")
    soon, later, far = (
        book(rig, "S1", begins, begins + 2, f"k{begins}") for begins in (1, 30, 200)
    )
    shown = do(rig, offer_changes.preview_withdrawal, "S1", rig.owner)
    assert isinstance(shown, Change)
    costs = [(it.booking, it.compensation_minor) for it in shown.in_the_way]
    # 12.00 each: half of it an hour before, at least 5.00 a day before, nothing 8 days before.
    assert costs == [(soon.id, 600), (later.id, 500), (far.id, 0)]
    assert shown.compensation_minor == shown.plain()["compensation_minor"] == 1100
    agreed = Agreed(shown.token, "dec-1")
    closed = do(rig, offer_changes.withdraw, "S1", rig.owner, agreed=agreed)
    assert isinstance(closed, Offer) and closed.status == "closed"
    assert {state_of(rig, it) for it in (soon, later, far)} == {ENDED}
    owed = [(booking, amount) for booking, _c, amount, payer, payee in fees(rig)]
    assert sorted(owed) == sorted([(soon.id, 600), (later.id, 500)])
    assert {fee[3:] for fee in fees(rig)} == {(rig.owner, rig.driver)}
    assert told(rig, rig.driver).count("booking_cancelled") == 3
    assert told(rig, rig.driver).count("compensation_due") == 2
    assert rig.db.read(lambda s: offers.candidates(s, window(1, 2), "S1")) == []


def test_a_shrunk_window_cancels_only_what_lies_outside_it(rig: Rig) -> None:
    offered(rig, "S1")
    inside, outside = book(rig, "S1", 1, 3, "k1"), book(rig, "S1", 30, 32, "k2")
    smaller = composed(rig, hours=[window(0, 24)])
    shown = do(rig, offer_changes.preview, smaller)
    made = do(rig, offer_changes.publish, smaller, agreed=Agreed(shown.token, "dec-1"))
    assert isinstance(made, Offer) and made.version == 2
    assert (state_of(rig, inside), state_of(rig, outside)) == ("confirmed", ENDED)


def test_what_changed_unseen_is_not_agreed_to(rig: Rig) -> None:
    offered(rig, "S1")
    book(rig, "S1", 30, 32, "k1")
    shown = do(rig, offer_changes.preview_withdrawal, "S1", rig.owner)
    agreed = Agreed(shown.token, "dec-1")
    # Another booking came in between.
    second = book(rig, "S1", 40, 42, "k2")
    before = everything(rig)
    assert codes(do(rig, offer_changes.withdraw, "S1", rig.owner, agreed=agreed)) == [
        "changed_since"
    ]
    # And the notice got shorter: the same bookings at another price.
    shown = do(rig, offer_changes.preview_withdrawal, "S1", rig.owner)
    rig.clock.at = at(29 * HOUR_S)
    agreed = Agreed(shown.token, "dec-1")
    assert codes(do(rig, offer_changes.withdraw, "S1", rig.owner, agreed=agreed)) == [
        "changed_since"
    ]
    assert everything(rig) == before and state_of(rig, second) == "confirmed"


def test_who_stands_there_stays_though_the_space_is_withdrawn(rig: Rig) -> None:
    offered(rig, "S1")
    standing = book(rig, "S1", 0, 2, "k1")
    arrive(rig, standing, 60)
    shown = do(rig, offer_changes.preview_withdrawal, "S1", rig.owner)
    assert (shown.in_the_way, [it.booking for it in shown.kept]) == ((), [standing.id])
    assert isinstance(do(rig, offer_changes.withdraw, "S1", rig.owner), Offer)
    assert state_of(rig, standing) == "active" and fees(rig) == []


def test_refused_or_cancelled_with_compensation_by_the_rules_of_the_offer_that_was_booked(
    rig: Rig,
) -> None:
    mild = Compensation(notices=(Tier(from_s=0, percent=1),))
    offered(rig, "S1", more=More(compensation=mild))
    early = book(rig, "S1", 1, 2, "k1")
    do(rig, offer_changes.publish, composed(rig))
    late = book(rig, "S1", 3, 4, "k2")
    shown = do(rig, offer_changes.preview_withdrawal, "S1", rig.owner)
    costs = {it.booking: it.compensation_minor for it in shown.in_the_way}
    assert costs == {early.id: 6, late.id: 500}


def test_only_the_owner_withdraws_and_only_what_is_offered(rig: Rig) -> None:
    offered(rig, "S1")
    assert codes(do(rig, offer_changes.withdraw, "S1", rig.driver)) == ["not_owner"]
    assert isinstance(do(rig, offer_changes.withdraw, "S1", rig.owner), Offer)
    assert codes(do(rig, offer_changes.withdraw, "S1", rig.owner)) == ["nothing_offered"]


# Tow, maintenance


def test_tow_maintenance_close_the_space_and_move_the_bookings(rig: Rig) -> None:
    offered(rig, "S1", "S2", "S3")
    first, second = book(rig, "S1", 24, 26, "k1"), book(rig, "S1", 26, 28, "k2")
    untouched = book(rig, "S1", 60, 61, "k3")
    book(rig, "S2", 26.5, 27, "k4")
    closing = Closing("S1", window(24, 48), "maintenance")
    plan = do(rig, offer_closures.preview, closing)
    assert [(it.what, it.space, it.cost_minor) for it in plan.outcomes] == [
        ("moved", "S2", 0),
        ("moved", "S3", 0),
    ]
    row = do(rig, offer_closures.close, closing, PLATFORM, Agreed(plan.token, "dec-1"))
    assert isinstance(row, SpaceClosure)
    spaces = rig.db.read(lambda s: {b.id: b.space for b in s.exec(select(Booking)).all()})
    assert (spaces[first.id], spaces[second.id], spaces[untouched.id]) == ("S2", "S3", "S1")
    assert fees(rig) == [] and told(rig, rig.driver) == ["booking_moved", "booking_moved"]
    assert not free(rig, "S1", window(30, 31)) and free(rig, "S1", window(50, 51))
    again = do(rig, offer_closures.close, closing, PLATFORM, Agreed(plan.token, "dec-1"))
    assert again.id == row.id and len(told(rig, rig.driver)) == 2
    other = Closing("S1", window(24, 49), "maintenance")
    assert codes(do(rig, offer_closures.close, other, PLATFORM, Agreed("", "dec-1"))) == [
        "key_reused"
    ]
    do(rig, offer_closures.lift, row.id)
    assert free(rig, "S1", window(30, 31))


def test_tow_maintenance_where_nothing_is_free_cancel_at_the_platforms_cost(rig: Rig) -> None:
    offered(rig, "S1")
    booking = book(rig, "S1", 1, 3, "k1")
    closing = Closing("S1", window(1, 2), "event")
    plan = do(rig, offer_closures.preview, closing)
    assert [(it.what, it.due_minor) for it in plan.outcomes] == [("cancelled", 600)]
    wrong = do(rig, offer_closures.close, closing, PLATFORM, Agreed("0x00", "dec-1"))
    assert codes(wrong) == ["changed_since"] and state_of(rig, booking) == "confirmed"
    do(rig, offer_closures.close, closing, PLATFORM, Agreed(plan.token, "dec-1"))
    assert state_of(rig, booking) == ENDED
    assert fees(rig) == [(booking.id, "compensation", 600, PLATFORM, rig.driver)]


def test_tow_maintenance_a_car_that_stands_there_stops_all_but_the_tow(rig: Rig) -> None:
    offered(rig, "S1")
    standing = book(rig, "S1", 0, 2, "k1")
    arrive(rig, standing, 60)
    assert codes(do(rig, offer_closures.preview, Closing("S1", window(1, 4), "maintenance"))) == [
        "stands_there"
    ]
    tow = Closing("S1", window(0, 4), "tow")
    plan = do(rig, offer_closures.preview, tow)
    assert [it.what for it in plan.outcomes] == ["stays"]
    assert isinstance(
        do(rig, offer_closures.close, tow, PLATFORM, Agreed(plan.token, "dec-1")), SpaceClosure
    )
    # A car that overstays stands there, too.
    rig.clock.at = at(3 * HOUR_S)
    do(rig, offer_closures.lift, "dec-1")
    later = Closing("S1", window(3, 4), "maintenance")
    assert codes(do(rig, offer_closures.preview, later)) == ["stands_there"]


def test_a_closure_that_cannot_be_meant_is_refused(rig: Rig) -> None:
    offered(rig, "S1")
    for begins_h, ends_h in ((2, 2), (3, 2), (0, 400 * 24), (-3, -2)):
        asked = window(begins_h, ends_h)
        refused = do(rig, offer_closures.preview, Closing("S1", asked, "other"))
        assert codes(refused) == ["bad_window"], (begins_h, ends_h)


def test_a_space_is_closed_once_at_a_time_and_a_closure_of_nobody_is_unknown(rig: Rig) -> None:
    offered(rig, "S1")
    closing = Closing("S1", window(1, 3), "other")
    plan = do(rig, offer_closures.preview, closing)
    do(rig, offer_closures.close, closing, PLATFORM, Agreed(plan.token, "dec-1"))
    overlapping = Closing("S1", window(2, 4), "other")
    assert codes(do(rig, offer_closures.preview, overlapping)) == ["closed_already"]
    touching = Closing("S1", window(3, 4), "other")
    assert isinstance(do(rig, offer_closures.preview, touching), ClosurePlan)
    for story in (
        lambda s: offer_closures.lift(s, "dec-9", at(0)),
        lambda s: offer_closures.preview(s, Closing("S9", window(1, 2), "other"), at(0)),
        lambda s: offer_closures.standby(s, "S9", PLATFORM, True, at(0)),
        lambda s: taking_back.give_again(s, "dec-9", rig.owner, at(0)),
    ):
        with pytest.raises(Unknown):
            rig.db.write(story)


def test_a_booking_moves_only_to_a_space_that_is_as_roomy(rig: Rig) -> None:
    shared(rig, "S1", "S2", "S3")
    for space, height in (("S1", 220), ("S2", 200), ("S3", None)):
        row = composed(rig, space, more=More(limits=Limits(max_height_cm=height)))
        assert isinstance(do(rig, offers.publish, row), Offer)
    book(rig, "S1", 1, 2, "k1")
    plan = do(rig, offer_closures.preview, Closing("S1", window(1, 2), "other"))
    assert [it.space for it in plan.outcomes] == ["S3"]


def test_bookings_one_after_the_other_move_to_the_nearest_space_together(rig: Rig) -> None:
    offered(rig, "S1", "S2")
    book(rig, "S1", 1, 3, "k1")
    book(rig, "S1", 3, 5, "k2")
    plan = do(rig, offer_closures.preview, Closing("S1", window(2, 4), "other"))
    assert [(it.what, it.space) for it in plan.outcomes] == [("moved", "S2"), ("moved", "S2")]


# "I need it back"


def test_owner_wants_the_space_back_early_moves_who_comes_next_to_the_standby_space(
    rig: Rig,
) -> None:
    offered(rig, "S1", "S2", "S3")
    do(rig, offer_closures.standby, "S3", PLATFORM, True)
    booking = book(rig, "S1", 2, 4, "k1")
    wanted = Wanted("S1", rig.owner, window(0, 10))
    plan = do(rig, taking_back.plan, wanted)
    # S2 is nearer by name; the standby space is there for just this.
    assert [(it.what, it.space) for it in plan.outcomes] == [("moved", "S3")]
    assert (plan.standing, plan.causer, plan.standby, plan.cost_minor) == ("none", "owner", None, 0)
    taken = do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1"))
    assert isinstance(taken, TakeBack)
    moved = rig.db.read(lambda s: s.get_one(Booking, booking.id))
    assert (moved.space, moved.held_minor) == ("S3", 1200)
    assert not free(rig, "S1", window(5, 6)) and free(rig, "S1", window(11, 12))
    assert told(rig, rig.driver) == ["booking_moved"]
    assert told(rig, rig.owner)[-1:] == ["space_taken_back"]
    assert do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1")).id == taken.id
    other = Wanted("S1", rig.owner, window(0, 11))
    assert codes(do(rig, taking_back.confirm, other, Agreed(plan.token, "dec-1"))) == ["key_reused"]


def test_owner_wants_the_space_back_early_pays_for_a_dearer_space_and_sees_it_before(
    rig: Rig,
) -> None:
    offered(rig, "S1")
    rig.enrol(("S1", "S2"))
    rig.register("S2")
    rig.sweeps.drive()
    rig.report("snapshot", "free", 0, space="S2")
    dear = composed(rig, "S2")
    dear.tariff = Tariff(
        id="t-dear", version=1, currency="CNY", per_hour_minor=900
    ).model_dump_json()
    assert isinstance(do(rig, offers.publish, dear), Offer)
    booking = book(rig, "S1", 2, 4, "k1")
    wanted = Wanted("S1", rig.owner, window(2, 3))
    plan = do(rig, taking_back.plan, wanted)
    assert [(it.space, it.due_minor, it.extra_minor) for it in plan.outcomes] == [("S2", 0, 600)]
    assert plan.plain()["cost_minor"] == 600
    do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1"))
    assert fees(rig) == [(booking.id, "reassignment", 600, rig.owner, rig.owner)]


def test_owner_wants_the_space_back_early_while_a_booked_car_stands_there(rig: Rig) -> None:
    offered(rig, "S1", "S2", "S3")
    do(rig, offer_closures.standby, "S3", PLATFORM, True)
    do(rig, offer_plates.add, "S1", rig.owner, "沪B00001")
    standing = book(rig, "S1", 0, 5, "k1")
    arrive(rig, standing, 60)
    following = book(rig, "S1", 6, 8, "k2")
    wanted = Wanted("S1", rig.owner, window(0, 10))
    plan = do(rig, taking_back.plan, wanted)
    assert isinstance(plan, Plan)
    assert (plan.standing, plan.free_at, plan.causer) == ("booked", at(5 * HOUR_S), "owner")
    # The one standby space is for who comes next; the owner has one only where there are two.
    assert [(it.what, it.space) for it in plan.outcomes] == [("stays", None), ("moved", "S3")]
    assert plan.standby is None
    do(rig, offer_closures.standby, "S2", PLATFORM, True)
    plan = do(rig, taking_back.plan, wanted)
    assert [(it.what, it.space) for it in plan.outcomes] == [("stays", None), ("moved", "S2")]
    assert plan.standby == "S3"
    taken = do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1"))
    assert taken.standby == "S3"
    assert state_of(rig, standing) == "active"
    assert told(rig, rig.driver) == ["booking_moved", "owner_needs_space"]
    assert rig.db.read(lambda s: s.get_one(Booking, following.id)).space == "S2"
    lent = [
        rig.db.read(
            lambda s, h=h: offers.is_owners_plate(s, "S3", "沪B00001", to_ms(at(h * HOUR_S)))
        )  # type: ignore[misc]
        for h in (0, 9, 10)
    ]
    assert lent == [True, True, False] and not free(rig, "S3", window(1, 2))
    do(rig, taking_back.give_again, "dec-1", rig.owner)
    assert free(rig, "S3", window(1, 2))
    assert not rig.db.read(lambda s: offers.is_owners_plate(s, "S3", "沪B00001", rig.now_ms))
    assert codes(do(rig, taking_back.give_again, "dec-1", rig.driver)) == ["not_owner"]


def test_owner_wants_the_space_back_early_from_who_overstays_at_the_overstayers_cost(
    rig: Rig,
) -> None:
    offered(rig, "S1")
    standing = book(rig, "S1", 0, 2, "k1")
    arrive(rig, standing, 60)
    rig.clock.at = at(3 * HOUR_S)
    rig.heartbeat()
    plan = do(rig, taking_back.plan, Wanted("S1", rig.owner, window(3, 6)))
    assert (plan.standing, plan.free_at, plan.causer) == ("overstay", None, "driver")
    assert [it.what for it in plan.outcomes] == ["stays"] and plan.cost_minor == 0


def test_owner_wants_the_space_back_early_and_a_car_nobody_booked_stands_there(rig: Rig) -> None:
    offered(rig, "S1")
    rig.report("arrival", "occupied", 60, match="other", space="S1")
    rig.clock.at = at(120)
    plan = do(rig, taking_back.plan, Wanted("S1", rig.owner, window(0, 6)))
    assert (plan.standing, plan.causer, plan.outcomes) == ("unbooked", "driver", ())


def test_owner_wants_the_space_back_early_and_nothing_changes_unseen(rig: Rig) -> None:
    offered(rig, "S1")
    wanted = Wanted("S1", rig.owner, window(0, 10))
    plan = do(rig, taking_back.plan, wanted)
    booking = book(rig, "S1", 2, 4, "k1")
    before = everything(rig)
    refused = do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1"))
    assert codes(refused) == ["changed_since"] and everything(rig) == before
    plan = do(rig, taking_back.plan, wanted)
    assert everything(rig) == before
    assert (plan.compensation_minor, plan.outcomes[0].what) == (500, "cancelled")
    # The token of another window is no agreement to this one.
    other = Wanted("S1", rig.owner, window(0, 9))
    assert codes(do(rig, taking_back.confirm, other, Agreed(plan.token, "dec-1"))) == [
        "changed_since"
    ]
    do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1"))
    assert state_of(rig, booking) == ENDED
    assert [fee[2:] for fee in fees(rig)] == [(plan.compensation_minor, rig.owner, rig.driver)]


def test_a_time_that_cannot_be_taken_back_is_refused(rig: Rig) -> None:
    offered(rig, "S1")
    for begins_h, ends_h in ((-1, 2), (2, 2), (3, 2), (0, 91 * 24), (-5, -4)):
        refused = do(rig, taking_back.plan, Wanted("S1", rig.owner, window(begins_h, ends_h)))
        assert codes(refused) == ["take_back_window"], (begins_h, ends_h)


def test_only_the_owner_takes_a_space_back_and_not_twice_for_one_time(rig: Rig) -> None:
    offered(rig, "S1")
    assert codes(do(rig, taking_back.plan, Wanted("S1", rig.driver, window(0, 1)))) == ["not_owner"]
    wanted = Wanted("S1", rig.owner, window(0, 2))
    plan = do(rig, taking_back.plan, wanted)
    do(rig, taking_back.confirm, wanted, Agreed(plan.token, "dec-1"))
    again = do(rig, taking_back.plan, Wanted("S1", rig.owner, window(1, 3)))
    assert isinstance(again, Refusal) and codes(again) == ["closed_already"]
