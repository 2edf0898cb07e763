"""What owners offer: who may, when it can be had, whose plate it is, where it is said to be."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from cloud.core.limits import Limits, Vehicle
from cloud.core.matching import Candidate, Wish, objection
from cloud.core.reasons import Refusal
from cloud.core.windows_model import DAYS, Schedule
from cloud.errors import Unknown
from cloud.offer_tables import LotCalendar, OwnerPlate, SpaceClosure, StandbySpace
from cloud.tables import Lot, Offer, Space
from cloud.usecases import offer_calendars, offer_plates, offer_windows, offers
from cloud.usecases.offer_calendars import Calendar
from cloud.usecases.offer_places import place_shown
from cloud.usecases.offers import More
from contracts.ledger.pricing import Window
from contracts.wire.types import from_ms, to_ms
from tests.cloud.offer_rig import HOUR_S, book, codes, composed, offered, shared, window
from tests.cloud.rig import Rig, title_rows
from tests.contracts.making import T0, at


def publish(rig: Rig, row: Offer) -> object:
    return rig.db.write(lambda s: offers.publish(s, row, rig.clock.at))


def found(
    rig: Rig, asked: Window, space: str | None = "S1", standby: bool = False
) -> list[Candidate]:
    return rig.db.read(lambda s: offers.candidates(s, asked, space, standby))


def hours(*days: str, begins: int = 0, ends: int = 0, **more: object) -> Schedule:
    row = {"days": list(days or DAYS), "from_min": begins, "to_min": ends}
    return Schedule.model_validate({"weekly": [row], **more})


def test_only_the_registered_owner_of_a_shared_space_offers_it(rig: Rig) -> None:
    shared(rig, "S1")
    stranger = composed(rig)
    stranger.owner = rig.driver
    assert codes(publish(rig, stranger)) == ["not_owner"]
    assert codes(publish(rig, composed(rig, "S2"))) == ["not_shared"]
    assert isinstance(publish(rig, composed(rig)), Offer)


def test_an_offer_of_a_former_owner_is_no_offer(rig: Rig) -> None:
    offered(rig, "S1")
    assert found(rig, window(1, 2))
    row = rig.db.read(lambda s: s.exec(select(Offer)).one())
    row.owner = rig.driver
    rig.db.write(lambda s: s.add(row))
    assert found(rig, window(1, 2)) == []


def test_a_new_offer_replaces_the_old_and_a_booking_keeps_the_version_it_has(rig: Rig) -> None:
    offered(rig, "S1")
    booking = book(rig, "S1", 1, 2, "k1")
    dearer = composed(rig)
    dearer.tariff = dearer.tariff.replace("600", "900")
    assert isinstance(publish(rig, dearer), Offer)
    rows = rig.db.read(lambda s: s.exec(select(Offer).order_by(Offer.version)).all())
    assert [(row.version, row.status) for row in rows] == [(1, "closed"), (2, "open")]
    newest = rig.db.read(lambda s: offers.versions(s, "S1", 1))
    assert [row.version for row in newest] == [2]
    assert rows[0].id == booking.offer and rows[0].closed_ms == rig.now_ms
    (candidate,) = found(rig, window(3, 4))
    assert candidate.tariff.per_hour_minor == 900
    assert '"per_hour_minor":600' in booking.tariff.replace(" ", "")


def test_the_database_itself_refuses_a_second_open_offer(rig: Rig) -> None:
    offered(rig, "S1")
    twin = composed(rig)
    with pytest.raises(IntegrityError):
        rig.db.write(lambda s: s.add(twin))


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        (hours(valid_until="2026-04-29"), "past_window"),
        (hours("mon", valid_from="2026-05-05", valid_until="2026-05-10"), "past_window"),
        (hours(valid_from="2050-12-31", valid_until="2051-01-05"), None),
    ],
)
def test_hours_that_are_over_or_never_come_are_not_published(
    rig: Rig, schedule: Schedule, code: str | None
) -> None:
    shared(rig, "S1")
    if code is None:
        rig.clock.at = T0.replace(year=2050, month=12, day=1)
    result = publish(rig, composed(rig, hours=schedule))
    assert codes(result) == [code] if code else isinstance(result, Offer)


def test_the_end_of_the_titles_term_cuts_the_hours_that_are_offered(rig: Rig) -> None:
    rig.import_titles(title_rows({"S1": {"valid_until": "2026-05-02"}}))
    rig.enrol()
    rig.register()
    rig.sweeps.drive()
    rig.heartbeat()
    publish(rig, composed(rig, hours=hours()))
    # The last day ends at midnight of Shanghai: 16:00 UTC, 40 hours after the rig began.
    (candidate,) = found(rig, window(38, 39))
    assert candidate.windows[-1].ends_at == at(40 * HOUR_S)
    (beyond,) = found(rig, window(39.5, 40.5))
    wish = Wish(31.2304, 121.4737, window(39.5, 40.5))
    assert objection(wish, beyond, False) == "no_offer"
    later = [Window(starts_at=at(41 * HOUR_S), ends_at=at(50 * HOUR_S))]
    assert codes(publish(rig, composed(rig, hours=later))) == ["title_ends"]


def test_dst_and_time_zones_hours_are_those_of_the_lots_clock_through_the_change(rig: Rig) -> None:
    shared(rig, "S1")
    rig.clock.at = T0.replace(month=10, day=24)
    zone = lambda tz: rig.db.write(lambda s: offer_calendars.set_zone(s, "lot-1", tz))  # noqa: E731
    assert codes(zone("Berlin")) == codes(zone("../etc/passwd")) == ["bad_zone"]
    assert isinstance(zone("Europe/Berlin"), Lot)
    publish(rig, composed(rig, hours=hours("sun", begins=90, ends=210)))
    begins = T0.replace(month=10, day=24, hour=23, minute=30)
    asked = Window(starts_at=begins, ends_at=begins + timedelta(hours=3))
    (candidate,) = found(rig, asked)
    # 01:30 to 03:30 on the wall of 25 October 2026 is three hours, all of them for sale.
    assert candidate.windows == (asked,)
    assert objection(Wish(candidate.lat, candidate.lon, asked), candidate, False) is None


def test_public_holidays_are_those_of_the_lots_country_and_of_its_own_list(rig: Rig) -> None:
    shared(rig, "S1")
    publish(rig, composed(rig, hours=hours(begins=480, ends=1080)))
    rule = {"days": list(DAYS), "from_min": 480, "to_min": 1080, "holidays": "closed"}
    publish(rig, composed(rig, hours=Schedule.model_validate({"weekly": [rule]})))
    assert found(rig, window(1, 2))[0].windows  # 09:00 on 1 May 2026; no calendar yet
    may_day = Calendar(country="CN")
    rig.db.write(lambda s: offer_calendars.set_calendar(s, "lot-1", may_day))
    assert found(rig, window(1, 2))[0].windows == ()
    worked = Calendar("CN", extra=(date(2026, 5, 10),), workdays=(date(2026, 5, 1),))
    rig.db.write(lambda s: offer_calendars.set_calendar(s, "lot-1", worked))
    assert found(rig, window(1, 2))[0].windows
    own = window(9 * 24 + 1, 9 * 24 + 2)
    assert found(rig, own)[0].windows == ()
    around = rig.db.read(lambda s: offer_calendars.holidays_of(s, "lot-1", own))
    assert date(2026, 5, 10) in around and date(2026, 5, 1) not in around


def test_a_calendar_nobody_knows_is_refused(rig: Rig) -> None:
    rig.import_titles()
    many = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(401))
    for calendar in (
        Calendar("XX"),
        Calendar("DE", "ZZ"),
        Calendar("", "BE"),
        Calendar("__class__"),
        Calendar("CN", extra=many),
    ):
        story = lambda s, it=calendar: offer_calendars.set_calendar(s, "lot-1", it)  # noqa: E731
        assert codes(rig.db.write(story)) == ["bad_calendar"], calendar
    assert rig.db.read(lambda s: s.get(LotCalendar, "lot-1")) is None
    with pytest.raises(Unknown):
        rig.db.write(lambda s: offer_calendars.set_calendar(s, "lot-9", Calendar("CN")))


def test_a_closed_time_is_not_for_sale_and_a_lifted_one_is(rig: Rig) -> None:
    offered(rig, "S1")
    closure = SpaceClosure(
        id="c1",
        space="S1",
        starts_ms=to_ms(at(2 * HOUR_S)),
        ends_ms=to_ms(at(3 * HOUR_S)),
        reason="maintenance",
        by_account=1,
        made_ms=0,
    )
    rig.db.write(lambda s: s.add(closure))
    (before,) = found(rig, window(1, 2))
    assert before.windows[0].ends_at == at(2 * HOUR_S)
    (across,) = found(rig, window(1.5, 3.5))
    wish = Wish(across.lat, across.lon, window(1.5, 3.5))
    assert objection(wish, across, False) == "no_offer"
    offer = rig.db.read(lambda s: s.exec(select(Offer)).one())
    free = rig.db.read(lambda s: offer_windows.free_windows(s, offer, window(1, 4)))
    assert [(it.starts_at, it.ends_at) for it in free] == [
        (at(0), at(2 * HOUR_S)),
        (at(3 * HOUR_S), at(28 * HOUR_S)),
    ]
    closure.lifted_ms = 1
    rig.db.write(lambda s: s.add(closure))
    assert objection(wish, found(rig, window(1.5, 3.5))[0], False) is None


def test_years_at_once_are_nobodys_offer(rig: Rig) -> None:
    offered(rig, "S1")
    assert found(rig, window(0, 401 * 24)) == []


def test_a_standby_space_is_kept_from_the_public(rig: Rig) -> None:
    offered(rig, "S1", "S2")
    rig.db.write(lambda s: s.add(StandbySpace(space="S1", lot="lot-1", by_account=1, made_ms=0)))
    assert [it.space for it in found(rig, window(1, 2), None)] == ["S2"]
    assert found(rig, window(1, 2)) == []
    assert [it.space for it in found(rig, window(1, 2), standby=True)] == ["S1"]


def test_all_candidates_take_two_questions_however_many_there_are(rig: Rig) -> None:
    offered(rig, "S1", "S2", "S3")
    first = book(rig, "S2", 1, 2, "k1")
    second = book(rig, "S3", 1.5, 2, "k2")
    asked: list[str] = []

    def story(session: Session) -> list[Candidate]:
        connection = session.connection()

        @event.listens_for(connection, "before_cursor_execute")
        def heard(_c: object, _u: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        return offers.candidates(session, window(1, 3))

    rows = rig.db.read(story)
    assert len(asked) == 2
    assert {it.space: [w.starts_at for w in it.booked] for it in rows} == {
        "S1": [],
        "S2": [at(HOUR_S)],
        "S3": [at(1.5 * HOUR_S)],
    }
    assert {first.space, second.space} == {"S2", "S3"}


def test_limits_of_the_vehicle_stand_in_the_offer_and_are_told_with_the_candidate(rig: Rig) -> None:
    limits = Limits(200, 190, 480, 2000, "type2", charging_only=True)
    offered(rig, "S1", more=More(limits=limits))
    (candidate,) = found(rig, window(1, 2))
    assert candidate.limits == limits
    wish = Wish(candidate.lat, candidate.lon, window(1, 2), vehicle=Vehicle(plug="ccs2"))
    assert objection(wish, candidate, False) == "no_plug"


def test_owners_own_car_is_known_by_its_plate_at_once_and_for_as_long_as_it_stands_there(
    rig: Rig,
) -> None:
    shared(rig, "S1")
    add = lambda plate, owner=rig.owner: rig.db.write(  # noqa: E731
        lambda s: offer_plates.add(s, "S1", owner, plate, rig.clock.at)
    )
    assert codes(add("沪B00001", rig.driver)) == ["not_owner"]
    assert isinstance(add("沪B00001"), OwnerPlate) and isinstance(add("沪B00001"), OwnerPlate)

    def known(plate: str, space: str = "S1") -> bool:
        return rig.db.read(lambda s: offers.is_owners_plate(s, space, plate, rig.now_ms))

    assert known("沪B00001") and not known("沪B00002") and not known("沪B00001", "S2")
    for number in range(2, 11):
        assert isinstance(add(f"沪B000{number:02}"), OwnerPlate)
    assert codes(add("沪B00099")) == ["too_many_plates"]
    gone = rig.db.write(lambda s: offer_plates.remove(s, "S1", rig.owner, "沪B00001"))
    assert gone is True and not known("沪B00001")
    assert rig.db.write(lambda s: offer_plates.remove(s, "S1", rig.owner, "沪B00001")) is False
    assert isinstance(add("沪B00099"), OwnerPlate)


def test_owners_own_car_is_a_guest_elsewhere_only_in_its_time(rig: Rig) -> None:
    shared(rig, "S1", "S2")
    then = Window(starts_at=from_ms(1000), ends_at=from_ms(2000))
    rig.db.write(lambda s: offer_plates.invite(s, "S2", rig.owner, "沪B00001", then, rig.clock.at))
    known = [
        rig.db.read(lambda s, ms=ms: offers.is_owners_plate(s, "S2", "沪B00001", ms))  # type: ignore[misc]
        for ms in (999, 1000, 1999, 2000, None)
    ]
    assert known == [False, True, True, False, False]


def test_the_place_is_hidden_until_booked_and_the_lots_name_needs_consent(rig: Rig) -> None:
    offered(rig, "S1", more=More(name_shown=True))
    space, lot, offer = rig.db.read(
        lambda s: (s.get_one(Space, "S1"), s.get_one(Lot, "lot-1"), s.exec(select(Offer)).one())
    )
    booked = place_shown(offer, space, True, lot)
    assert (booked.lat, booked.lon, booked.exact, booked.lot) == (31.2304, 121.4737, True, "lot-1")
    hidden = place_shown(offer, space, False, lot)
    assert (hidden.exact, hidden.radius_m, hidden.lot) == (False, 107, "lot-1")
    assert (hidden.lat, hidden.lon) != (31.2304, 121.4737)
    (candidate,) = found(rig, window(1, 2))
    assert candidate.shown == (hidden.lat, hidden.lon)
    offer.name_shown = False
    unnamed = place_shown(offer, space, False, lot)
    assert (unnamed.lot, unnamed.lot_name) == (None, None)
    assert place_shown(None, space, False, lot) == unnamed


def test_a_refusal_leaves_the_old_offer_open(rig: Rig) -> None:
    offered(rig, "S1")
    book(rig, "S1", 1, 2, "k1")
    smaller = composed(rig, hours=[window(3, 5)])
    result = publish(rig, smaller)
    assert isinstance(result, Refusal) and codes(result) == ["bookings_in_way"]
    assert "2026-05-01 09:00" in result.reasons[0].sentence_en
    assert "5.00 CNY" in result.reasons[0].sentence_zh
    (candidate,) = found(rig, window(10, 11))
    assert candidate.windows
