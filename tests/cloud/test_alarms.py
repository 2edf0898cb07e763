"""Each alarm has an end: what raised it is over, or an operator has seen to it."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from cloud.errors import Unknown
from cloud.tables import Alarm, Booking, Command
from cloud.usecases import alarms, alarms_shown, audit, gateways, trust
from cloud.usecases.alarms import AGAIN_MS, MAX_LOOKED_AT, Seen
from cloud.usecases.stay_desk import Judged, assign
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, Lot

STRANGER = "粤C13579"
MINUTE, DAY = timedelta(minutes=1), timedelta(milliseconds=AGAIN_MS)
BY = Seen("account:1", "The car was towed.")


@pytest.fixture
def lot(rig: Rig) -> Lot:
    return Lot(rig)


def watched(lot: Lot) -> set[str]:
    lot.rig.sweeps.watch()
    return lot.alarms()


def shown(lot: Lot) -> list[str]:
    return [row["id"] for row in lot.rig.db.read(lambda s: alarms_shown.of_lot(s, "lot-1"))]


def seen(lot: Lot, alarm: str) -> None:
    now = lot.rig.clock.at
    lot.rig.db.write(lambda s: alarms.acknowledge(s, alarm, BY, now))


def test_a_stranger_who_leaves_a_booked_space_ends_the_alarm_of_the_wrong_car(lot: Lot) -> None:
    lot.book(begins_s=600, ends_s=4200)
    lot.come(300, STRANGER, match="other")
    assert watched(lot) == {"wrong_vehicle"}
    lot.go(500)
    assert watched(lot) == set()


def test_a_wrong_car_counts_no_more_once_the_booking_is_over(lot: Lot) -> None:
    booking = lot.book(begins_s=600, ends_s=4200)
    lot.come(300, STRANGER, match="other")
    lot.until(5000)
    found = watched(lot)
    assert lot.booking(booking).state == "no_show"
    assert "wrong_vehicle" not in found and "unbooked" in found


def test_a_wrong_car_counts_no_more_once_the_booking_has_another_space(lot: Lot) -> None:
    booking = lot.book(begins_s=600, ends_s=4200)
    lot.come(300, STRANGER, match="other")

    def move(session: object) -> None:
        row = session.get_one(Booking, booking.id)  # type: ignore[attr-defined]
        row.space = "S2"
        session.add(row)  # type: ignore[attr-defined]

    lot.rig.db.write(move)
    assert watched(lot) == set()


def test_the_alarm_of_an_unbooked_car_ends_as_it_leaves_and_not_before(lot: Lot) -> None:
    lot.come(100, STRANGER, match="other")
    lot.until(2000)
    assert watched(lot) == {"unbooked"}
    assert watched(lot) == {"unbooked"}
    lot.go(2100)
    assert watched(lot) == set()


@pytest.mark.parametrize(
    ("match", "code"), [("ambiguous", "ambiguous_plate"), ("other", "came_early")]
)
def test_a_doubtful_car_that_leaves_takes_its_alarm_along(lot: Lot, match: str, code: str) -> None:
    lot.book(begins_s=7200, ends_s=9000)
    lot.come(60, PLATES[0], match=match)
    assert code in watched(lot)
    lot.go(120)
    assert code not in watched(lot)


def test_a_refused_command_is_no_alarm_once_its_booking_is_over(lot: Lot) -> None:
    booking = lot.book(begins_s=600, ends_s=4200)

    def refuse(session: object) -> None:
        sent = select(Command).where(Command.subject == booking.id)
        row = session.exec(sent).first()  # type: ignore[attr-defined]
        row.status = "refused"
        name, now = f"command:{row.id}", lot.rig.clock.at
        gateways.raise_alarm(session, name, "command_refused", None, "Full.", now)  # type: ignore[arg-type]

    lot.rig.db.write(refuse)
    assert watched(lot) == {"command_refused"}
    lot.until(5000)
    watched(lot)
    assert lot.booking(booking).state == "no_show"
    assert "command_refused" not in watched(lot)


def test_little_trust_is_no_alarm_once_the_trust_is_back(lot: Lot) -> None:
    for number in range(9):
        about, now = f"booking:b-{number}", lot.rig.clock.at
        lot.rig.db.write(lambda s, a=about, n=now: trust.note(s, lot.rig.driver, "no_show", a, n))
    assert watched(lot) == {"low_trust"}
    lot.rig.clock.at += timedelta(days=365)
    assert "low_trust" not in watched(lot)


def test_an_acknowledged_alarm_is_shown_no_more_while_its_cause_lasts(lot: Lot) -> None:
    lot.come(100, STRANGER, match="other")
    lot.until(2000)
    watched(lot)
    (name,) = shown(lot)
    seen(lot, name)
    assert shown(lot) == []
    watched(lot)
    assert shown(lot) == []
    log = lot.rig.db.read(lambda s: s.exec(select(Alarm.acknowledged_ms)).all())
    assert log == [lot.rig.now_ms]


def test_an_acknowledged_alarm_is_shown_again_a_day_later_if_its_cause_still_lasts(
    lot: Lot,
) -> None:
    lot.come(100, STRANGER, match="other")
    lot.until(2000)
    watched(lot)
    (name,) = shown(lot)
    seen(lot, name)
    lot.until(2000 + AGAIN_MS / 1000 + 10)
    watched(lot)
    assert shown(lot) == [name]


@pytest.mark.parametrize("code", ["broken_evidence", "wrong_vehicle"])
def test_an_acknowledged_alarm_that_was_raised_once_is_shown_again_a_day_later(
    lot: Lot, code: str
) -> None:
    booking = lot.book(begins_s=600, ends_s=6 * 3600)
    lot.come(300, STRANGER, match="other")
    name, now = f"{code}:{booking.id}", lot.rig.clock.at
    raised = (name, code, "S1", "Look at it.", now)
    lot.rig.db.write(lambda s: gateways.raise_alarm(s, *raised))
    seen(lot, name)
    acknowledged = lot.rig.clock.at
    # Its cause lasts: only the time that has passed since is what this turn sees of it.
    lot.rig.db.write(lambda s: alarms.over(s, acknowledged + MINUTE))
    assert name not in shown(lot)
    kept = lot.rig.db.write(lambda s: alarms.over(s, acknowledged + DAY))
    assert kept == []
    assert name in shown(lot)


def test_many_lasting_alarms_do_not_keep_a_later_one_from_its_end(lot: Lot) -> None:
    lot.come(100, STRANGER, match="other")
    number, now = lot.stay().number, lot.rig.clock.at

    def raise_many(session: Session) -> None:
        for about in range(MAX_LOOKED_AT):
            name = f"early{about:05}:{number}"
            session.add(Alarm(id=name, code="came_early", sentence="Lasts.", at_ms=1))
        gone = f"unbooked:{(number or 0) + 999}"
        gateways.raise_alarm(session, gone, "unbooked", "S1", "Has left.", now)

    lot.rig.db.write(raise_many)
    ended = lot.rig.db.write(lambda s: alarms.over(s, now))
    assert ended == [f"unbooked:{(number or 0) + 999}"]


def test_who_acknowledged_what_and_why_is_on_record_once(lot: Lot) -> None:
    lot.come(100, STRANGER, match="other")
    lot.until(2000)
    watched(lot)
    (name,) = shown(lot)
    seen(lot, name)
    seen(lot, name)
    log = [row for row in lot.rig.db.read(audit.entries) if row.what == "alarm.acknowledged"]
    assert [(row.who, row.about) for row in log] == [("account:1", f"alarm:{name}")]
    assert "towed" in log[0].detail and "unbooked" in log[0].detail


def test_an_alarm_that_is_not_there_cannot_be_acknowledged(lot: Lot) -> None:
    with pytest.raises(Unknown):
        seen(lot, "unbooked:77")


def test_an_assigned_car_leaves_no_alarm_behind(lot: Lot) -> None:
    booking = lot.book(begins_s=60, ends_s=3660)
    lot.come(70, STRANGER, match="ambiguous")
    judged = Judged("account:1", "Compared by eye.", "cmd-desk")
    now = lot.rig.clock.at
    lot.rig.db.write(lambda s: assign(s, lot.stay().number or 0, booking.id, judged, now))
    assert watched(lot) == set()
