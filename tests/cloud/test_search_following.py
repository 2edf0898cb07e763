"""The held index is never other than the database: whatever changes, and whoever changes it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, col, delete, select

from cloud.adapters.db import Database
from cloud.adapters.search_held import HeldIndex
from cloud.adapters.search_plain import PlainSearch
from cloud.core.places import blurred
from cloud.core.search_segment import EMPTY, WATCHED, Ask
from cloud.offer_tables import LotCalendar, SpaceClosure, StandbySpace
from cloud.search_tables import SearchChange
from cloud.tables import Booking, Gateway, Lot, Offer, Registration, Space, Title
from cloud.usecases import searching
from contracts.wire.types import to_ms
from tests.cloud.rig import ROW, Rig, title_rows
from tests.contracts.making import at

SPACES = ("S1", "S2", "S3", "S4", "S5")
HOUR_MS = 3_600_000
PLACE = blurred(float(ROW["lat"]), float(ROW["lon"]))
ANY, NOW = (10, WATCHED, 0), (2, WATCHED | EMPTY, 190)
QUESTIONS = [
    Ask(*PLACE, to_ms(at(begin)), to_ms(at(end)), 800.0, *more)
    for begin, end, more in (
        (60, 3660, ANY),
        (60, 3660, NOW),
        (3600, 7200, ANY),
        (5400, 12_600, NOW),
        (0, 14_400, ANY),
        (86_400, 90_000, NOW),
    )
]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def city(rig: Rig) -> None:
    """Five shared and offered spaces, a few hundred metres apart, free."""
    changes = {f"S{n}": {"lat": str(31.2304 + n * 0.0012)} for n in range(1, 6)}
    rig.import_titles(title_rows(changes))
    rig.enrol(SPACES)
    for space in SPACES:
        rig.register(space)
    rig.sweeps.drive()
    for number, space in enumerate(SPACES):
        rig.offer(space, hours=2 + number)
        rig.report("snapshot", "free", 0, space=space)
    rig.heartbeat()
    rig.top_up(100_000)


def same(rig: Rig, index: HeldIndex) -> None:
    """Answers and refusals of the index and of the database are equal."""
    now, plain = rig.clock.at, PlainSearch()

    def compare(session: Session) -> None:
        for ask in QUESTIONS:
            assert index.nearest(session, ask, now) == plain.nearest(session, ask, now), ask
            ours, theirs = index.refused(session, ask, now), plain.refused(session, ask, now)
            assert (dict(ours.counts), ours.nearest) == (dict(theirs.counts), theirs.nearest), ask

    rig.db.read(compare)


Story = Callable[[Session], object]


def rows(table: type[SQLModel], field: Any, **values: object) -> Story:
    """A story that sets these in all rows that meet the condition."""

    def story(session: Session) -> None:
        for row in session.exec(select(table).where(field)):
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)

    return story


def toggled(made: SQLModel) -> Story:
    """A story that adds this row, or deletes it if it is there."""
    key = made.space if isinstance(made, StandbySpace) else made.lot  # type: ignore[attr-defined]

    def story(session: Session) -> None:
        row = session.get(type(made), key)
        if row is None:
            session.add(made)
        else:
            session.delete(row)

    return story


def changes(rig: Rig, rng: Random) -> dict[str, Story]:
    """Everything that can change what is free, as stories of one session each."""
    space, begin_ms = rng.choice(SPACES), to_ms(at(rng.randrange(0, 12_000)))
    end_ms, name = begin_ms + rng.randrange(1, 2 * HOUR_MS), rig.new_id("c")
    here, closed = col(Space.id) == space, col(SpaceClosure.space) == space
    state = rng.choice(["cancelled", "completed", "no_show"])
    day = rng.choice(["2026-04-30", "2026-05-01", "2050-12-31"])
    closure = SpaceClosure(
        **{"id": name, "space": space, "reason": "event", "by_account": 1, "made_ms": 0},
        **{"starts_ms": begin_ms, "ends_ms": end_ms},
    )

    def titled(session: Session) -> None:
        row = session.get_one(Title, space)
        row.record = json.dumps(json.loads(row.record) | {"valid_until": day})

    # rig.book() books S1.
    booked, offered = col(Booking.space) == "S1", col(Offer.space) == space
    free_again = delete(Booking).where(booked)
    shared = rng.choice(["shared", "revoked"])
    return {
        "booked": lambda _: None,
        "offered": lambda _: None,
        "state": rows(Booking, booked & col(Booking.state).in_(("confirmed",)), state=state),
        "shortened": rows(Booking, booked, ends_ms=Booking.starts_ms + 1),
        "deleted": lambda session: session.exec(free_again),
        "closed": lambda session: session.add(closure),
        "lifted": rows(SpaceClosure, closed, lifted_ms=1),
        "occupancy": rows(Space, here, occupancy=rng.choice(["free", "occupied", "unknown"])),
        "gateway": rows(Gateway, col(Gateway.id) == "gw-1", online=rng.random() < 0.7),
        "height": rows(Offer, offered, max_height_cm=rng.choice([None, 180])),
        "owner": rows(Offer, offered, owner=rng.choice([rig.owner, rig.driver])),
        "shared": rows(Registration, col(Registration.space) == space, status=shared),
        "zone": rows(Lot, col(Lot.id) == "lot-1", tz=rng.choice(["UTC", "Asia/Shanghai"])),
        "standby": toggled(StandbySpace(space=space, lot="lot-1", by_account=1, made_ms=0)),
        "title": titled,
        "calendar": toggled(LotCalendar(lot="lot-1", country="CN")),
        "moved": rows(Space, here, lat=31.2304 + rng.randrange(0, 60) * 0.0002),
    }


def happens(rig: Rig, rng: Random, name: str) -> None:
    if name == "booked":
        begin, end = sorted(rng.sample(range(0, 14_400, 60), 2))
        rig.book(begin, end, quoted=(end - begin) // 60 * 10, key=rig.new_id("k"))
    elif name == "offered":
        rig.offer(rng.choice(SPACES), hours=rng.choice([1, 2, 5]))
    else:
        rig.db.write(changes(rig, rng)[name])


@pytest.mark.parametrize("seed", range(2))
def test_whatever_changes_the_index_and_the_database_give_the_same_answers(
    rig: Rig, seed: int
) -> None:
    city(rig)
    rng, index = Random(seed), HeldIndex()
    same(rig, index)
    names = list(changes(rig, rng))
    for _ in range(30):
        happens(rig, rng, rng.choice(names))
        same(rig, index)


def test_each_kind_of_change_is_told_to_the_index(rig: Rig) -> None:
    """By itself, with nothing else that would be read again."""
    city(rig)
    index, rng = HeldIndex(), Random(1)
    for name in ("booked", "booked", "booked", "closed", "closed", *changes(rig, rng)):
        for _ in range(3):
            happens(rig, rng, name)
        same(rig, index)


def test_a_booking_that_ends_frees_its_space_in_the_index(rig: Rig) -> None:
    city(rig)
    booking, index = rig.booked(), HeldIndex()

    def near() -> set[str]:
        found = rig.db.read(lambda s: index.nearest(s, QUESTIONS[0], rig.clock.at))
        return {hit.space for hit in found}

    for state in ("cancelled", "completed", "no_show"):
        rig.db.write(rows(Booking, col(Booking.id) == booking.id, state="active"))
        assert "S1" not in near()
        rig.db.write(rows(Booking, col(Booking.id) == booking.id, state=state))
        assert "S1" in near()
    same(rig, index)


def test_a_reader_that_lags_behind_the_log_reads_everything_anew(rig: Rig) -> None:
    city(rig)
    held = rig.db.read(lambda s: searching.built(s, rig.clock.at))
    rig.report("snapshot", "occupied", 10, space="S1")
    rig.report("snapshot", "occupied", 11, space="S2")
    newest = rig.db.read(searching.last_change)
    rig.db.write(lambda s: s.exec(delete(SearchChange).where(col(SearchChange.id) < newest)))
    assert rig.db.read(lambda s: searching.refreshed(s, held)) is None
    assert rig.db.read(lambda s: searching.built(s, rig.clock.at)).change == newest


def test_a_booking_on_its_way_through_its_states_is_not_told_each_time(rig: Rig) -> None:
    city(rig)
    rig.booked()
    before = rig.db.read(searching.last_change)
    granted = select(Booking)

    def grant(session: Session) -> None:
        session.exec(granted).one().state = "granted"

    rig.db.write(grant)
    assert rig.db.read(searching.last_change) == before


def test_an_index_is_renewed_when_its_time_has_come_and_not_before(rig: Rig) -> None:
    city(rig)
    index = HeldIndex()
    assert rig.db.read(lambda s: index.renew(s, rig.clock.at))
    assert not rig.db.read(lambda s: index.renew(s, rig.clock.at))
    later = rig.clock.at + timedelta(hours=8)
    assert rig.db.read(lambda s: index.renew(s, later))
    same(rig, index)


def test_times_that_the_index_does_not_know_are_asked_of_the_database(rig: Rig) -> None:
    city(rig)
    begin_s = 150 * 86_400
    times = {"starts_ms": to_ms(at(begin_s)), "ends_ms": to_ms(at(begin_s + 3600))}
    index, far = HeldIndex(), replace(QUESTIONS[0], **times)
    told = rig.db.read(lambda s: index.refused(s, far, rig.clock.at))
    assert dict(told.counts) == {"no_offer": 5}
    assert rig.db.read(lambda s: index.nearest(s, far, rig.clock.at)) == []


def test_two_processes_on_one_database_see_each_others_bookings(rig: Rig) -> None:
    """Each has an index of its own; the log of changes is the database's."""
    city(rig)
    ours, theirs = HeldIndex(), HeldIndex()
    other = Database(rig.url or rig.folder / "cloud.sqlite")
    try:

        def near(index: HeldIndex, db: Database) -> set[str]:
            found = db.read(lambda s: index.nearest(s, QUESTIONS[0], rig.clock.at))
            return {hit.space for hit in found}

        assert near(ours, rig.db) == near(theirs, other) == set(SPACES)
        rig.booked()
        assert near(theirs, other) == near(ours, rig.db) == set(SPACES) - {"S1"}
        other.write(rows(Space, col(Space.id) == "S2", occupancy="unknown"))
        assert near(ours, rig.db) == near(theirs, other) == set(SPACES) - {"S1", "S2"}
    finally:
        other.close()


def test_a_space_shared_by_another_than_its_offers_owner_is_not_read(rig: Rig) -> None:
    city(rig)
    rig.db.write(rows(Registration, col(Registration.space) == "S2", owner=rig.driver))
    rig.db.write(rows(Space, col(Space.id) == "S3", gateway=None))
    rig.db.write(rows(Lot, col(Lot.id) == "lot-1", tz="Europe/Berlin"))
    standby = StandbySpace(space="S4", lot="lot-1", by_account=1, made_ms=0)
    rig.db.write(lambda session: session.add(standby))
    held = rig.db.read(lambda s: searching.built(s, rig.clock.at))
    assert sorted(held.index.main.ids.tolist()) == [b"S1", b"S5"]
    same(rig, HeldIndex())
