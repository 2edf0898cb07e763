"""A gateway that was taken over says whatever it can. Only its own space hears of it (I9)."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from sqlmodel import Session, col, or_, select

from cloud.tables import (
    Alarm,
    Assignment,
    Balance,
    Booking,
    ChainCall,
    Command,
    Entry,
    EventRow,
    Gateway,
    GatewayKey,
    Settlement,
    Space,
    Stay,
)
from cloud.usecases import gateways, telemetry
from cloud.usecases.stay_judging import MAX_FOREIGN_ALARMS
from contracts.errors import Crossed, Malformed
from contracts.wire.codec import decode_up, encode
from contracts.wire.messages import ChannelHealth, Reply, Status, Telemetry
from contracts.wire.signing import event_digest, sign
from tests.cloud.rig import Rig
from tests.cloud.speaker import Speaker
from tests.cloud.stay_rig import PLATES, Lot
from tests.contracts.making import at

OWN, ITS = "S4", ("S1", "S2", "S3")
KINDS = ("arrival", "departure", "snapshot", "fault")
TIMES_S = (-30 * 86_400.0, 0.0, 500.0, 620.0, 86_400.0)


@pytest.fixture
def town(rig: Rig) -> tuple[Lot, Speaker, Booking, Booking]:
    """A car stands in S1 by its booking, another is expected in S2; S4 is the hostile one's."""
    lot = Lot(rig)
    stands = lot.book("S1")
    expected = lot.book("S2", who=1)
    evil = Speaker(rig, "gw-evil")
    evil.enrol(OWN)
    # Its space is as good as the others': whoever parks there could have a booking moved to it.
    rig.register(OWN)
    rig.sweeps.drive()
    lot.publish(OWN)
    lot.come_as(stands, 300)
    return lot, evil, stands, expected


def test_whatever_a_hostile_gateway_says_of_events_only_its_own_space_hears_of_it(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, evil, stands, expected = town
    lot.rig.clock.at = at(600)
    before = lot.rig.db.read(others)
    for event in lies(evil, [stands.grant, expected.grant, None]):
        assert evil.heard(event).refused is None
    assert lot.rig.db.read(others) == before
    assert lot.occupancy("S1") == "occupied" and lot.occupancy("S2") == "free"
    goes_on(lot, stands)


def lies(evil: Speaker, grants: list[str | None]) -> Iterator[Any]:
    """Of every space, of every kind, by others' grants and plates, at every time."""
    spaces = (*ITS, OWN, "S5", "S-not-there")
    for space, kind, occupancy in product(spaces, KINDS, ("occupied", "free", "unknown")):
        for index, match in enumerate(("accepted", "ambiguous", "other", "none")):
            number = evil.seq
            more: dict[str, Any] = {"match": match, "grant": grants[number % len(grants)]}
            if number % 2:
                more["plate"] = PLATES[index % 2]
            if number % 5 == 0:
                more["clock"] = ("unsynced", "holdover")[index % 2]
            seconds = TIMES_S[number % len(TIMES_S)]
            yield evil.event(kind, occupancy, seconds, space, **more)


def goes_on(lot: Lot, stands: Booking) -> None:
    """The stay of the others is billed as if nothing had been."""
    lot.says("departure", "free", 1900, None, "S1", match="accepted", grant=stands.grant)
    lot.rig.settle()
    assert lot.receipt(stands).total_minor == 260
    assert lot.booking(stands).state == "settled"


def others(session: Session) -> str:
    """All that is not the hostile gateway's own, byte for byte."""
    rows: list[Any] = []
    mine = {"spaces": (OWN,), "gateway": "gw-evil"}
    for table in (Booking, Settlement, Balance, Entry, ChainCall):
        rows += _dump(session, select(table))
    for table in (EventRow, Command, GatewayKey):
        rows += _dump(session, select(table).where(table.gateway != mine["gateway"]))
    rows += _dump(session, select(Gateway).where(Gateway.id != mine["gateway"]))
    rows += _dump(session, select(Space).where(Space.id != OWN))
    rows += _dump(session, select(Stay).where(Stay.space != OWN))
    rows += _dump(session, select(Assignment).where(Assignment.gateway != mine["gateway"]))
    elsewhere = or_(col(Alarm.space).is_(None), col(Alarm.space) != OWN)
    told = select(Alarm).where(elsewhere, ~col(Alarm.id).contains("gw-evil"))
    rows += _dump(session, told)
    return json.dumps(sorted(rows))


def _dump(session: Session, query: Any) -> list[str]:
    return [repr(sorted(row.model_dump().items())) for row in session.exec(query)]


def test_it_cannot_draw_a_booking_away_by_saying_that_the_car_stands_with_it(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, evil, _, expected = town
    lot.rig.clock.at = at(600)
    before = lot.rig.db.read(others)
    evil.says("snapshot", "free", 590, OWN)
    evil.says("arrival", "occupied", 600, OWN, match="none", plate=PLATES[1])
    assert lot.booking(expected).space == "S2"
    assert lot.rig.db.read(others) == before
    assert "parked_elsewhere" in lot.alarms(), "a person looks"


def test_its_replies_answer_nobody_elses_commands(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, _, _, _ = town
    rig = lot.rig
    before = rig.db.read(others)
    for command in rig.db.read(lambda s: list(s.exec(select(Command)))):
        for accepted in (True, False):
            reply = Reply(gateway="gw-evil", to=command.id, accepted=accepted, sentence="<b>!</b>")
            assert rig.db.write(lambda s, r=reply: gateways.answered(s, r, at(600))) is None
    assert rig.db.read(others) == before


def test_what_it_says_of_itself_and_its_sensors_reaches_no_other(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, _, _, _ = town
    rig = lot.rig
    before = rig.db.read(others)
    for number in range(5):
        channels = tuple(
            ChannelHealth(name=f"us{number}-{n}", space=ITS[n % 3], fault="timeout")
            for n in range(100)
        )
        said = Telemetry(
            gateway="gw-evil", at=at(600), clock="synced", channels=channels, whole=False
        )
        rig.db.write(lambda s, t=said: telemetry.take(s, t, at(600)))
        status = Status(
            gateway="gw-evil", online=bool(number % 2), at=at(-(10**8)), boot_id=f"b{number}",
            version="x" * 5000, clock="synced", epoch=2**53 - 1, unacknowledged=2**53 - 1,
        )  # fmt: skip
        rig.db.write(lambda s, m=status: gateways.heard(s, m, at(600)))
    assert rig.db.read(others) == before


def test_in_anothers_name_it_only_raises_an_alarm(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, evil, stands, _ = town
    rig = lot.rig
    before, chain = rig.db.read(others), dict(rig._previous)
    true = lot.event("departure", "free", 650, "S1")
    forged = true.model_copy(
        update={"signature": sign(event_digest(true.body, rig.domain), evil.key)}
    )
    assert rig.take(forged).refused == "wrong_key"
    taken_over = forged.model_copy(
        update={"body": true.body.model_copy(update={"gateway": "gw-evil"})}
    )
    assert evil.heard(taken_over).refused == "wrong_key"
    rig.db.write(lambda s: gateways.clear_alarm(s, "wrong_key:gw-1", "wrong_key:gw-evil"))
    assert rig.db.read(others) == before
    rig._seq, rig._previous = rig._seq - 1, chain
    goes_on(lot, stands)


def test_what_it_caught_of_others_and_says_again_is_theirs_and_known(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, _, stands, _ = town
    rig = lot.rig
    caught = lot.event("snapshot", "occupied", 400, "S1")
    rig.take(caught)
    before = rig.db.read(others)
    for _ in range(3):
        assert rig.take(caught).about == "repeated"
    assert rig.db.read(others) == before
    goes_on(lot, stands)


@pytest.mark.parametrize("cut", [0, 1, 40, 200, -1])
def test_on_anothers_topic_or_cut_off_its_words_are_not_even_read(
    town: tuple[Lot, Speaker, Booking, Booking], cut: int
) -> None:
    _, evil, _, _ = town
    event = evil.event("departure", "free", 600, OWN)
    with pytest.raises(Crossed):
        decode_up("park/v1/gw/gw-1/up/event", encode(event))
    with pytest.raises(Malformed):
        decode_up("park/v1/gw/gw-evil/up/event", encode(event)[:cut])


def test_numbers_without_end_and_spaces_without_end_fill_nothing(
    town: tuple[Lot, Speaker, Booking, Booking],
) -> None:
    lot, evil, _, _ = town
    rig = lot.rig
    kept = len(rig.db.read(lambda s: s.exec(select(EventRow)).all()))
    for number in range(200):
        evil.seq, evil.epoch = 2**40 + number, 1 + number % 3
        evil.says("arrival", "occupied", 600, OWN)
    assert len(rig.db.read(lambda s: s.exec(select(EventRow)).all())) == kept
    evil.seq, evil.epoch = 0, 9
    for number in range(3 * MAX_FOREIGN_ALARMS):
        evil.says("arrival", "occupied", 600, f"X{number}")
    alarms = rig.db.read(lambda s: s.exec(select(Alarm)).all())
    assert sum(alarm.code == "foreign_space" for alarm in alarms) == MAX_FOREIGN_ALARMS
