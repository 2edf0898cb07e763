"""A database shows no plate without the key; one of before there were seals is sealed by steps."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from cloud.adapters.db import Database
from cloud.entrypoints import forgetting
from cloud.errors import NoPlateKey, OtherPlateKey, SealBroken
from cloud.offer_tables import OwnerPlate
from cloud.tables import Booking, Command, EventRow, PersonKey, Setting
from cloud.usecases import changing, gateways, offer_plates, plate_sealing, plate_vault
from contracts.wire.messages import Grant
from tests.canaries import found_in
from tests.cloud.privacy_rig import raw_of
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, SALT, Lot

OWN = "沪B67890"


def lived(rig: Rig) -> tuple[Lot, Booking]:
    """A plate in every place: booked, changed, granted, read, and an owner's."""
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    by = changing.By("key-plate", rig.driver, "cmd-plate")
    rig.db.write(lambda s: changing.change_plate(s, booking.id, PLATES[1], by, rig.clock.at))
    lot.come_as(booking, 100)
    lot.come(120, PLATES[0], "S3", match="other")
    rig.db.write(lambda s: offer_plates.add(s, "S2", rig.owner, OWN, rig.clock.at))
    return lot, lot.booking(booking)


def in_clear(rig: Rig, booking: Booking) -> None:
    """As a version before this one wrote it."""

    def write(session: Any) -> None:
        row = session.get_one(Booking, booking.id)
        row.plate, row.asked = PLATES[1], _put(row.asked, 4, PLATES[0])
        words = "UPDATE bookingkey SET wish = :wish"
        wish = json.dumps(["plate", rig.driver, booking.id, PLATES[1]])
        session.connection().execute(text(words), {"wish": wish})
        session.connection().execute(text("UPDATE ownerplate SET plate = :p"), {"p": OWN})
        for event in session.exec(select(EventRow)).all():
            if event.plate:
                plate = PLATES[0] if event.space == "S3" else PLATES[1]
                event.plate = json.dumps({"text": plate, "salt": SALT})
        for command in session.exec(select(Command).where(Command.kind == "grant")).all():
            command.payload = plate_vault.opened_grant(session, command)
        session.flush()
        session.connection().execute(text("DELETE FROM personkey"))

    rig.db.write(write)


def _put(told: str, place: int, value: str) -> str:
    wish = json.loads(told)
    wish[place] = value
    return json.dumps(wish)


def everything(rig: Rig) -> dict[str, Any]:
    """All that was sealed, opened."""

    def read(session: Any) -> dict[str, Any]:
        events = session.exec(select(EventRow).order_by(EventRow.seq)).all()
        commands = session.exec(select(Command).where(Command.kind == "grant")).all()
        bookings = session.exec(select(Booking)).all()
        return {
            "bookings": [plate_vault.of_booking(session, it) for it in bookings],
            "events": [plate_vault.of_event(session, it) for it in events if it.plate],
            "grants": sorted(
                Grant.model_validate_json(plate_vault.opened_grant(session, it)).plates
                for it in commands
            ),
            "owners": offer_plates.plates_of(session, "S2"),
        }

    return rig.db.read(read)


def test_a_copy_of_the_database_shows_no_plate_and_the_installation_reads_all(rig: Rig) -> None:
    lived(rig)
    assert everything(rig) == {
        "bookings": [PLATES[1]],
        "events": [PLATES[1], PLATES[0]],
        "grants": sorted([(PLATES[0],), (PLATES[1],)]),
        "owners": (OWN,),
    }
    assert found_in(raw_of(rig)) == []


def test_old_plates_are_sealed_by_steps_and_it_goes_on_where_it_was_stopped(rig: Rig) -> None:
    _, booking = lived(rig)
    wanted = everything(rig)
    in_clear(rig, booking)
    assert found_in(raw_of(rig)) and everything(rig) == wanted
    steps = 0
    while rig.db.write(lambda s: plate_sealing.seal_some(s, 1)):
        steps += 1
        assert everything(rig) == wanted, f"after step {steps}"
        rig.db.close()
        rig.db = Database(rig.folder / "cloud.sqlite")
    assert steps > 5
    rig.db.tidy()
    assert found_in(raw_of(rig)) == [] and everything(rig) == wanted
    assert not rig.db.write(plate_sealing.seal_some)


def test_an_old_wish_sent_again_is_known_after_sealing(rig: Rig) -> None:
    _, booking = lived(rig)
    in_clear(rig, booking)
    forgetting.seal_all(rig.db)
    by = changing.By("key-plate", rig.driver, "cmd-plate")
    again = rig.db.write(
        lambda s: changing.change_plate(s, booking.id, PLATES[1], by, rig.clock.at)
    )
    assert isinstance(again, Booking) and again.id == booking.id


def test_the_plates_key_of_another_installation_or_none_stops_the_start(rig: Rig) -> None:
    key = rig.plate_key
    rig.db.close()
    kept = key.read_text()
    key.unlink()
    with pytest.raises(NoPlateKey):
        Database(rig.folder / "cloud.sqlite")
    key.write_text("ab" * 32)
    key.chmod(0o600)
    with pytest.raises(OtherPlateKey):
        Database(rig.folder / "cloud.sqlite")
    key.write_text(kept)
    Database(rig.folder / "cloud.sqlite").close()


def test_a_key_of_a_story_that_failed_is_no_key(rig: Rig) -> None:
    """Or what was sealed next could never be opened again."""

    def failing(session: Any) -> None:
        plate_vault.seal(session, 99, PLATES[0], "x")
        raise ValueError

    with pytest.raises(ValueError):
        rig.db.write(failing)
    assert rig.db.read(lambda s: s.get(PersonKey, 99)) is None
    token = rig.db.write(lambda s: plate_vault.seal(s, 99, PLATES[0], "x"))
    assert rig.db.read(lambda s: plate_vault.opened(s, token, "x")) == PLATES[0]


def test_a_plate_swapped_between_two_rows_is_noticed(rig: Rig) -> None:
    lot = Lot(rig)
    one, other = lot.book("S1", 60, 3660), lot.book("S2", 60, 3660, who=1)

    def swap(session: Any) -> None:
        session.get_one(Booking, one.id).plate = session.get_one(Booking, other.id).plate

    rig.db.write(swap)
    with pytest.raises(SealBroken):
        rig.plate_of(one)


def test_the_index_of_marks_is_looked_into(rig: Rig) -> None:
    def plan(session: Any) -> str:
        condition = plate_vault.is_plate(session, Booking.plate, PLATES[0])
        asked = select(Booking.id).where(condition.clauses[0])
        words = asked.compile(session.connection(), compile_kwargs={"literal_binds": True})
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")
        return " ".join(row[-1] for row in rows)

    assert "booking_plate_mark" in rig.db.read(plan)


def test_a_grant_on_its_way_is_in_clear_for_its_gateway_and_sealed_at_rest(rig: Rig) -> None:
    Lot(rig).book("S1", 60, 3660)
    (sent,) = [it for it in rig.db.read(gateways.pending) if it.kind == "grant"]
    assert Grant.model_validate_json(sent.payload).plates == (PLATES[0],)
    kept = rig.db.read(lambda s: s.get_one(Command, sent.id))
    assert PLATES[0] not in kept.payload
    assert rig.db.read(lambda s: s.get(Setting, "plates.check")) is not None
    assert rig.db.read(lambda s: s.exec(select(OwnerPlate)).all()) == []


def test_a_database_of_before_a_column_gets_it_at_its_start(rig: Rig) -> None:
    rig.db.write(lambda s: s.connection().execute(text("ALTER TABLE gateway DROP COLUMN kept_seq")))
    rig.db.close()
    rig.db = Database(rig.folder / "cloud.sqlite")
    asked = text("SELECT COUNT(kept_seq) FROM gateway")
    assert rig.db.read(lambda s: s.connection().execute(asked).scalar_one()) == 0
