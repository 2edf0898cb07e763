"""Steps 3 to 5: offers, recommendations, bookings that never overlap."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from cloud.core.matching import Wish
from cloud.core.reasons import Refusal
from cloud.tables import Booking, Command, Entry
from cloud.usecases import accounts, bookings, gateways, offers
from contracts.ledger.pricing import Window
from contracts.wire.messages import Reply
from tests.cloud.rig import Rig
from tests.contracts.making import at


def code(result: object) -> str:
    assert isinstance(result, Refusal), result
    return result.reasons[0].code


def balances(rig: Rig) -> tuple[int, int]:
    return rig.db.read(
        lambda s: (accounts.balance(s, rig.driver), accounts.balance(s, rig.driver, "held"))
    )


def recommend(rig: Rig, begins_s: float = 60, ends_s: float = 3660) -> tuple[list, list]:  # type: ignore[type-arg]
    wish = Wish(31.2304, 121.4737, Window(starts_at=at(begins_s), ends_at=at(ends_s)))
    found = rig.db.read(lambda s: offers.recommend(s, wish, rig.clock.at))
    assert not isinstance(found, Refusal)
    return found


def test_only_a_space_marked_as_shared_can_be_offered(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    rig.register()
    assert code(rig.offer()) == "not_shared"
    rig.sweeps.drive()
    assert not isinstance(rig.offer(), Refusal)


def test_a_recommendation_tells_its_parts_and_price(rig: Rig) -> None:
    rig.open_market()
    (best,), excluded = recommend(rig)
    assert (best.space, best.quoted_minor, best.walk_m) == ("S1", 600, 76)
    assert set(best.parts) == {"walk", "entrance", "price", "fit", "certainty", "owner"}
    assert excluded == []


@pytest.mark.parametrize(
    ("occupancy", "reason"), [("unknown", "space_unknown"), ("occupied", "space_occupied")]
)
def test_a_space_not_known_to_be_free_is_left_out_with_its_reason(
    rig: Rig, occupancy: str, reason: str
) -> None:
    rig.open_market()
    rig.report("snapshot", occupancy, 10)
    ranked, excluded = recommend(rig)
    assert ranked == []
    assert [(item.space, item.reason.code) for item in excluded] == [("S1", reason)]


def test_a_silent_gateway_makes_its_spaces_unknown_and_takes_them_off_the_list(rig: Rig) -> None:
    rig.open_market()
    rig.clock.pass_s(21)
    rig.sweeps.watch()
    ranked, excluded = recommend(rig)
    assert ranked == []
    assert excluded[0].reason.code == "gateway_offline"


def test_a_booking_holds_the_quote_and_sends_a_grant(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    assert booking.state == "confirmed"
    assert balances(rig) == (9_400, 600)
    (grant,) = rig.db.read(gateways.pending)
    assert (grant.kind, grant.subject) == ("grant", booking.id)


def test_the_same_confirmation_twice_is_one_booking(rig: Rig) -> None:
    rig.open_market()
    assert rig.booked().id == rig.booked().id
    assert balances(rig) == (9_400, 600)


@pytest.mark.parametrize(("begins_s", "ends_s"), [(0, 61), (100, 200), (3659, 5000), (0, 9000)])
def test_an_overlapping_booking_is_refused_and_nothing_is_held(
    rig: Rig, begins_s: float, ends_s: float
) -> None:
    rig.open_market()
    rig.booked()
    quoted = int((ends_s - begins_s) // 60 * 60 * 600 // 3600)
    assert code(rig.book(begins_s, ends_s, quoted, key="k2")) == "overlap"
    assert balances(rig) == (9_400, 600)


def test_bookings_that_touch_do_not_overlap(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    assert isinstance(rig.book(3660, 7260, key="k2"), Booking)


def test_the_database_itself_refuses_an_overlap_that_a_writer_got_wrong(rig: Rig) -> None:
    rig.open_market()
    plain = rig.booked().model_dump()
    twin = Booking(**plain | {"id": "b-x", "request_key": "x", "grant": "g-x"})
    with pytest.raises(IntegrityError, match="booking_overlap"):
        rig.db.write(lambda s: s.add(twin))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quoted": 599}, "price_changed"),
        ({"begins_s": 3660, "ends_s": 60}, "bad_window"),
        ({"begins_s": 10_000, "ends_s": 20_000}, "no_offer"),
    ],
)
def test_a_booking_that_cannot_be_is_refused_with_its_reason(
    rig: Rig, change: dict[str, float], reason: str
) -> None:
    rig.open_market()
    assert code(rig.book(**change)) == reason  # type: ignore[arg-type]
    assert balances(rig) == (10_000, 0)


def test_a_booking_beyond_the_balance_is_refused(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    rig.book(3660, 10_860, 1200, key="k2")
    with_rest = rig.db.read(lambda s: accounts.balance(s, rig.driver))
    assert with_rest == 8_200
    rig.db.write(
        lambda s: accounts.post(s, "spent", accounts.money.deposit(rig.driver, -8_000), rig.now_ms)
    )
    assert code(rig.book(10_860, 14_400, 590, key="k3")) == "balance"


def test_a_cancelled_booking_gives_the_hold_back_and_revokes_the_grant(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.db.write(lambda s: bookings.cancel(s, booking.id, "cmd-x", rig.clock.at))
    assert balances(rig) == (10_000, 0)
    kinds = [command.kind for command in rig.db.read(gateways.pending)]
    assert kinds == ["grant", "revoke"]
    assert isinstance(rig.book(key="k2"), Booking)


def test_a_driver_who_never_comes_gets_the_hold_back_after_the_time_limit(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.clock.pass_s(3600 + 121)
    rig.heartbeat()
    rig.sweeps.watch()
    assert rig.db.read(lambda s: bookings.get(s, booking.id)).state == "no_show"
    assert balances(rig) == (10_000, 0)


def test_an_acknowledged_grant_moves_the_booking_once(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    (command,) = rig.db.read(gateways.pending)
    reply = Reply(gateway="gw-1", to=command.id, accepted=True)
    answered = [rig.db.write(lambda s: gateways.answered(s, reply, rig.clock.at)) for _ in range(2)]
    assert answered[0] is not None
    assert answered[1] is None


def test_a_strangers_reply_answers_nothing(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    (command,) = rig.db.read(gateways.pending)
    reply = Reply(gateway="gw-2", to=command.id, accepted=True)
    assert rig.db.write(lambda s: gateways.answered(s, reply, rig.clock.at)) is None
    assert rig.db.read(lambda s: s.get_one(Command, command.id)).status == "pending"


def test_a_top_up_counts_once_per_reference(rig: Rig) -> None:
    assert rig.top_up(500) == 500
    assert rig.top_up(500) == 500
    assert rig.top_up(500, "second") == 1_000


def test_entries_balance_and_cannot_be_changed(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    entries = rig.db.read(lambda s: list(s.exec(select(Entry))))
    assert sum(entry.amount_minor for entry in entries) == 0

    def tamper(session: object) -> None:
        row = session.get_one(Entry, 1)  # type: ignore[attr-defined]
        row.amount_minor = 1
        session.add(row)  # type: ignore[attr-defined]

    with pytest.raises(IntegrityError, match="append-only"):
        rig.db.write(tamper)
