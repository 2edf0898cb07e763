"""Disputes: evidence, replays with the money difference, a person's decision, counter-records."""

import json
from datetime import timedelta

import pytest

from cloud.core.reasons import Refusal
from cloud.core.replays import Assumption
from cloud.stay_tables import Dispute
from cloud.tables import Booking
from cloud.usecases import (
    accounts,
    charge_receipts,
    charges,
    credits,
    dispute_holds,
    disputes,
    stay_desk,
    stay_overstays,
    trust,
)
from cloud.usecases.dispute_evidence import bundle, replay, replay_all
from cloud.usecases.disputes import Decision, Opening
from cloud.usecases.space_taken import Complaint, space_taken
from contracts.ledger.charge import Charge
from contracts.ledger.files import read, verify_paper
from contracts.ledger.pricing import Terms
from contracts.ledger.receipt import Receipt
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import Lot, code
from tests.contracts.making import at


def parked(rig: Rig, settle: bool = True) -> tuple[Lot, Booking]:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.go(1900, match="accepted", grant=booking.grant, uncertainty_s=300.0)
    if settle:
        rig.settle()
    return lot, booking


def open_one(lot: Lot, name: str = "d-1", **more: object) -> Dispute | Refusal:
    fields = {"stay": 1, "by": lot.rig.driver, "role": "driver", "about": "left_earlier"} | more
    opening = Opening(id=name, **fields)  # type: ignore[arg-type]
    return lot.rig.db.write(lambda s: disputes.opened(s, opening, lot.rig.clock.at))


def decide(lot: Lot, *decided: object, name: str = "d-1") -> Dispute | Refusal:
    verdict, amount_minor = decided
    decision = Decision(verdict, "account:9", "Looked at it.", amount_minor)  # type: ignore[arg-type]
    return lot.rig.db.write(lambda s: disputes.decide(s, name, decision, lot.rig.clock.at))


def held(lot: Lot) -> int:
    rig = lot.rig
    return rig.db.read(lambda s: dispute_holds.held_minor(s, rig.owner, rig.clock.at))


def test_refund_or_dispute(rig: Rig) -> None:
    """The row of the edge cases: replayed, decided by a person, paid back by a counter-record."""
    lot, booking = parked(rig)
    before = lot.receipt(booking)
    open_one(lot)
    told = rig.db.read(lambda s: replay(s, 1, Assumption("left_at", at=at(1000))))
    assert not isinstance(told, Refusal)
    assert (told.settled_minor, told.total_minor, told.difference_minor) == (240, 140, -100)
    decided = decide(lot, "credit", -told.difference_minor)
    assert isinstance(decided, Dispute)
    rig.settle()
    (credit,) = rig.db.read(lambda s: credits.of_booking(s, booking.id))
    assert (credit["credit_of"], credit["paid_minor"]) == (1, 100)
    assert lot.receipt(booking) == before
    assert lot.balance() == 10_000 - 240 + 100
    assert "dispute" not in lot.alarms()


def test_every_assumption_tells_its_price_and_none_changes_anything(rig: Rig) -> None:
    parked(rig)
    found = {one.assumption.kind: one for one in rig.db.read(lambda s: replay_all(s, 1))}
    totals = {kind: one.total_minor for kind, one in found.items()}
    assert totals == {
        "as_seen": 240,
        "arrival_earliest": 250,
        "arrival_latest": 240,
        "departure_earliest": 240,
        "departure_latest": 340,
        "clock_not_trusted": 0,
        "not_billed": 0,
    }
    assert found["not_billed"].difference_minor == -240
    assert all(one.plain()["sentence_zh"] for one in found.values())


@pytest.mark.parametrize(
    "assumption",
    [Assumption("left_at"), Assumption("other_booking", booking="b-none"), Assumption("nonsense")],
)
def test_what_cannot_be_assumed_is_refused(rig: Rig, assumption: Assumption) -> None:
    parked(rig)
    assert code(rig.db.read(lambda s: replay(s, 1, assumption))) == "bad_assumption"


def test_the_bundle_holds_all_there_is_and_its_receipt_verifies_by_itself(rig: Rig) -> None:
    parked(rig)
    told = json.loads(json.dumps(rig.db.read(lambda s: bundle(s, 1))))
    assert [event["body"]["kind"] for event in told["events"]] == ["arrival", "departure"]
    assert "沪A12345" not in json.dumps(told, ensure_ascii=False)
    paper = read(json.dumps(told["receipt"]))
    assert isinstance(paper, Receipt)
    assert [link for link in verify_paper(paper) if not link.ok] == []
    assert told["settlement"]["amount_minor"] == 240


def test_only_the_parties_of_a_stay_dispute_it_and_one_at_a_time(rig: Rig) -> None:
    lot, _ = parked(rig)
    assert code(open_one(lot, by=lot.other)) == "not_your_stay"
    assert code(open_one(lot, about="whatever")) == "dispute_about"
    assert isinstance(open_one(lot), Dispute)
    assert isinstance(open_one(lot), Dispute), "the same again is the same"
    assert code(open_one(lot, "d-2")) == "dispute_there"


def test_a_decision_is_made_once_and_needs_a_reason(rig: Rig) -> None:
    lot, _ = parked(rig)
    open_one(lot)
    empty = Decision("rejected", "account:9", "  ")
    refused = rig.db.write(lambda s: disputes.decide(s, "d-1", empty, rig.clock.at))
    assert code(refused) == "decision_reason"
    assert code(decide(lot, "credit", 999)) == "credit_too_much"
    assert isinstance(decide(lot, "rejected", 0), Dispute)
    assert code(decide(lot, "credit", 10)) == "dispute_over"
    withdrawn = rig.db.write(lambda s: disputes.withdraw(s, "d-1", rig.driver, rig.clock.at))
    assert code(withdrawn) == "dispute_over"
    assert rig.db.read(lambda s: trust.score(s, rig.driver, rig.clock.at)).value == 92


def test_only_who_opened_it_withdraws_it(rig: Rig) -> None:
    lot, _ = parked(rig)
    open_one(lot)
    refused = rig.db.write(lambda s: disputes.withdraw(s, "d-1", lot.other, rig.clock.at))
    assert code(refused) == "dispute_over"
    done = rig.db.write(lambda s: disputes.withdraw(s, "d-1", rig.driver, rig.clock.at))
    assert isinstance(done, Dispute)
    assert done.state == "withdrawn"


def test_a_settled_stay_is_not_billed_a_second_time(rig: Rig) -> None:
    lot, _ = parked(rig)
    open_one(lot)
    assert code(decide(lot, "bill", 0)) == "settled_already"


def test_what_no_event_proves_is_not_billed_by_anyone(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.says("snapshot", "occupied", 1000, "粤C55555", match="other")
    assert isinstance(open_one(lot, about="broken_evidence"), Dispute)
    assert code(decide(lot, "bill", 0)) == "not_proven"
    assert isinstance(decide(lot, "waived", 0), Dispute)
    assert lot.balance() == 10_000


def test_an_overstay_that_nothing_confirmed_is_billed_once_a_person_has_decided(rig: Rig) -> None:
    """Settled for the first time then, by its signed events; its driver disputes it again."""
    lot = Lot(rig, Terms(grace_s=600))
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.until(3660 + 630)
    rig.db.write(lambda s: stay_overstays.ask(s, "cmd-over", rig.clock.at))
    lot.go(9000, match="accepted", grant=booking.grant)
    assert lot.stay().state == "disputed"
    open_one(lot, about="overstay_unconfirmed", by=9, role="operator")
    billed = decide(lot, "bill", 0)
    assert isinstance(billed, Dispute)
    rig.settle()
    assert lot.receipt(booking).total_minor == billed.amount_minor > booking.held_minor
    assert lot.stay().state == "settled"
    # The hold was given back when the stay was disputed, and is not given back twice.
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver, "held")) == 0
    assert lot.balance() == 10_000 - billed.amount_minor
    again = open_one(lot, "d-2", about="wrong_price")
    assert isinstance(again, Dispute)


def test_a_disputed_stays_price_is_held_until_it_is_decided(rig: Rig) -> None:
    lot, _ = parked(rig)
    now = rig.clock.at
    assert held(lot) == 0
    open_one(lot)
    assert held(lot) == 240
    rig.clock.at = now + timedelta(days=4)
    assert held(lot) == 240
    decide(lot, "rejected", 0)
    assert held(lot) == 0
    open_one(lot, "d-late")
    assert held(lot) == 0, "opened more than 48 hours after the stay"


def test_a_stay_disputed_while_the_car_stands_there_is_held_once_it_is_settled(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    open_one(lot, about="came_later")
    assert held(lot) == 0
    lot.go(1900, match="accepted", grant=booking.grant)
    rig.settle()
    assert held(lot) == lot.receipt(booking).total_minor > 0


def test_what_the_next_driver_says_of_a_stay_does_not_hold_its_price(rig: Rig) -> None:
    """Her dispute is about her own booking; the stay is what stood in its way."""
    lot = Lot(rig)
    booking, following = lot.book("S1", 60, 3660), lot.book("S1", 3660, 7260, who=1)
    lot.come_as(booking, 100)
    lot.until(3665)
    complain(lot, following, driver=lot.other)
    lot.go(3700, match="accepted", grant=booking.grant)
    rig.settle()
    assert held(lot) == 0
    assert isinstance(open_one(lot), Dispute)
    assert 0 < held(lot) <= lot.receipt(booking).total_minor
    assert code(decide(lot, "credit", 10, name="d-9")) == "not_your_stay"
    assert code(decide(lot, "bill", 0, name="d-9")) == "not_your_stay"
    assert isinstance(decide(lot, "waived", 0, name="d-9"), Dispute)


def test_whom_only_a_person_recognised_is_not_billed(rig: Rig) -> None:
    """The gateway never matched the car: no receipt could prove whose stay it was."""
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come(100, match="none")
    judged = stay_desk.Judged("account:9", "It is this car.", "ask-1")
    rig.db.write(lambda s: stay_desk.assign(s, 1, booking.id, judged, rig.clock.at))
    lot.go(1900)
    rig.settle()
    assert (lot.stay().state, lot.balance()) == ("disputed", 10_000)
    open_one(lot, about="broken_evidence", by=9, role="operator")
    assert code(decide(lot, "bill", 0)) == "not_proven"


def corrected(lot: Lot, minor: int, kind: str = "departure_latest", name: str = "d-1") -> object:
    assumed = Assumption(kind)
    decision = Decision("correction", "account:9", "The camera saw it.", minor, assumed)
    return lot.rig.db.write(lambda s: disputes.decide(s, name, decision, lot.rig.clock.at))


def test_what_was_settled_with_too_little_is_made_up_for_by_a_charge_and_only_once(
    rig: Rig,
) -> None:
    lot, booking = parked(rig)
    before = lot.receipt(booking)
    open_one(lot, by=rig.owner, role="owner")
    decided = corrected(lot, 100)
    assert isinstance(decided, Dispute), decided
    assert (decided.charge, decided.credit, decided.amount_minor) == (1, None, 100)
    assert code(corrected(lot, 100)) == "dispute_over"
    rig.settle()
    (told,) = rig.db.read(lambda s: charges.of_booking(s, booking.id))
    assert (told["code"], told["adds_to"], told["paid_minor"]) == ("correction", 1, 100)
    text, _ = rig.db.read(lambda s: charge_receipts.text_or_pending(s, booking.id, 1))
    paper = read(text or "")
    assert isinstance(paper, Charge) and paper.reason == "The camera saw it."
    assert [link for link in verify_paper(paper) if not link.ok] == []
    assert lot.balance() == 10_000 - 240 - 100
    assert lot.receipt(booking) == before


def test_another_dispute_about_the_same_stay_owes_only_what_is_not_charged_yet(rig: Rig) -> None:
    lot, booking = parked(rig)
    open_one(lot)
    assert isinstance(corrected(lot, 10, "arrival_earliest"), Dispute)
    open_one(lot, "d-2")
    found = rig.db.read(lambda s: replay(s, 1, Assumption("departure_latest")))
    assert not isinstance(found, Refusal)
    assert (found.settled_minor, found.difference_minor) == (250, 90)
    assert code(corrected(lot, 100, name="d-2")) == "correction_amount"
    assert isinstance(corrected(lot, 90, name="d-2"), Dispute)
    rig.settle()
    assert lot.balance() == 10_000 - 340
    assert [row["amount_minor"] for row in _charged(rig, booking)] == [10, 90]


def _charged(rig: Rig, booking: Booking) -> list[dict[str, object]]:
    return rig.db.read(lambda s: charges.of_booking(s, booking.id))


@pytest.mark.parametrize(
    ("minor", "kind", "refused"),
    [
        (99, "departure_latest", "correction_amount"),
        (0, "as_seen", "correction_amount"),
        (-240, "not_billed", "correction_amount"),
        (100, "other_booking", "correction_assumption"),
        (100, "left_at", "bad_assumption"),
    ],
)
def test_more_is_due_only_by_a_replay_that_says_so(
    rig: Rig, minor: int, kind: str, refused: str
) -> None:
    lot, booking = parked(rig)
    open_one(lot)
    assert code(corrected(lot, minor, kind)) == refused
    assert code(decide(lot, "correction", 100)) == "correction_assumption"
    assert (_charged(rig, booking), lot.balance()) == ([], 10_000 - 240)
    row = rig.db.read(lambda s: disputes.get(s, "d-1"))
    assert (row.state, row.amount_minor, row.charge) == ("open", 0, None)


def test_a_stay_that_is_in_no_block_is_not_corrected(rig: Rig) -> None:
    lot, _ = parked(rig, settle=False)
    open_one(lot)
    assert code(corrected(lot, 100)) == "not_settled"


def complain(lot: Lot, booking: Booking, wants: str = "space", driver: int | None = None) -> object:
    who = lot.rig.driver if driver is None else driver
    said = Complaint("d-9", booking.id, who, wants)  # type: ignore[arg-type]
    return lot.rig.db.write(lambda s: space_taken(s, said, lot.rig.clock.at))


def test_someone_is_in_my_space_asked_for_the_money_gets_all_of_it(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come(30, "粤C55555", match="other")
    first = complain(lot, booking, "refund")
    assert complain(lot, booking, "refund") == first
    assert (lot.booking(booking).state, lot.balance()) == ("cancelled", 10_000)
    (row,) = rig.db.read(lambda s: disputes.listed(s, rig.driver))
    assert (row.about, row.stay, json.loads(row.text)["occupancy"]) == (
        "space_taken",
        1,
        "occupied",
    )


def test_someone_is_in_my_space_is_refused_while_another_may_rightly_be_there(rig: Rig) -> None:
    lot = Lot(rig)
    first, booking = lot.book("S1", 60, 3660), lot.book("S1", 9000, 12_600)
    lot.come_as(first, 100)
    assert code(complain(lot, booking, "refund")) == "not_your_time"
    assert lot.booking(booking).state in ("confirmed", "granted")


def test_someone_is_in_my_space_is_refused_until_the_booking_right_before_is_over(rig: Rig) -> None:
    """What the terms let come early is the other's time: the gateway lets nobody in there."""
    lot = Lot(rig, Terms(early_start_s=1800))
    first, booking = lot.book("S1", 60, 3660), lot.book("S1", 3660, 7260, who=1)
    lot.come_as(first, 100)
    lot.until(2000)
    assert code(complain(lot, booking, "refund", lot.other)) == "not_your_time"
    lot.until(3670)
    helped = complain(lot, booking, "refund", lot.other)
    assert not isinstance(helped, Refusal)
    assert lot.booking(booking).state == "cancelled"


def test_someone_is_in_my_space_is_refused_where_nobody_is(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.until(70)
    assert code(complain(lot, booking)) == "space_not_taken"
    assert code(complain(lot, booking, driver=lot.other)) == "not_your_stay"
    lot.come_as(booking, 100)
    assert code(complain(lot, booking)) == "your_car_there"
