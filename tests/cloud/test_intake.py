"""Events in bulk: stored first, applied after, and in the end all is as if taken one by one."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from cloud.adapters.checkers import Checkers
from cloud.core.checking import Raw, Sealed, all_checked, sealed
from cloud.entrypoints.applying import Applying, Lag
from cloud.entrypoints.intake import ROOM, Desk, Inbox, Intake, Owed
from cloud.entrypoints.metrics import Meters
from cloud.errors import DatabaseBusy, NoDatabase, SealBroken
from cloud.tables import Alarm, EventRow, Gateway, Space, Stay
from cloud.usecases import gateways, stay_intake
from cloud.usecases.stays import Taken
from contracts.wire.codec import encode
from contracts.wire.messages import SignedEvent, Status, Telemetry, Up
from contracts.wire.signing import Domain
from contracts.wire.topics import topic_for
from tests.cloud.rig import Rig
from tests.contracts.making import OTHER_KEY, at

COUNT = 12


def lot(folder: Path) -> Rig:
    """A gateway that was heard before, with three spaces."""
    rig = Rig(folder)
    rig.import_titles()
    rig.enrol()
    rig.report("boot", "unknown", 1, space="S1")
    return rig


@pytest.fixture
def known(tmp_path: Path) -> Rig:
    return lot(tmp_path)


def cars(rig: Rig, count: int = COUNT) -> list[SignedEvent]:
    """They come and go in turn in three spaces."""
    kinds = [("arrival", "occupied"), ("departure", "free")]
    return [
        rig.next_event(*kinds[n // 3 % 2], 60.0 * (n + 1), space=f"S{n % 3 + 1}")
        for n in range(count)
    ]


def store(rig: Rig, events: list[SignedEvent]) -> tuple[list[Taken], list[Sealed]]:
    group = [sealed(it, rig.domain) for it in events]
    return rig.db.write(lambda s: stay_intake.store(s, group, rig.clock.at))


def apply_all(rig: Rig, at_once: int = 5) -> None:
    for _ in range(100):
        names = rig.db.read(stay_intake.behind)
        if not names:
            return
        for name in names:
            rig.db.write(lambda s, n=name: stay_intake.apply_waiting(s, n, at_once, rig.clock.at))
    raise AssertionError("it never ends")


def dump(rig: Rig) -> list[object]:
    """All that events leave behind, byte for byte."""
    tables = (EventRow, Stay, Space, Gateway, Alarm)
    rows = rig.db.read(lambda s: [row.model_dump() for t in tables for row in s.exec(select(t))])
    return sorted(rows, key=repr)


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    one = lot(tmp_path_factory.mktemp("one"))
    for event in cars(one):
        one.take(event)
    return dump(one)


def test_what_is_stored_in_bulk_ends_as_what_is_taken_one_by_one(
    known: Rig, one_by_one: list[object]
) -> None:
    told, rest = store(known, cars(known))
    assert not rest
    assert [(it.gateway, it.seq) for it in told] == [("gw-1", COUNT + 1)]
    assert known.db.read(stay_intake.waiting) == COUNT
    apply_all(known)
    assert dump(known) == one_by_one


@settings(max_examples=5, deadline=None)
@given(drawn=st.data())
def test_however_they_are_sent_again_and_grouped_the_end_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, one_by_one: list[object], drawn: st.DataObject
) -> None:
    bulk = lot(tmp_path_factory.mktemp("any"))
    events = cars(bulk)
    sent = [drawn.draw(st.integers(0, COUNT - 1)) for _ in range(drawn.draw(st.integers(0, 20)))]
    order = [events[number] for number in [*sent, *range(COUNT)]]
    while order:
        size = drawn.draw(st.integers(1, len(order)))
        _, rest = store(bulk, order[:size])
        for it in rest:
            event = next(e for e in events if e.body.seq == it.seq)
            bulk.take(event)
        if drawn.draw(st.booleans()):
            apply_all(bulk, drawn.draw(st.integers(1, 5)))
        order = order[size:]
    apply_all(bulk)
    assert dump(bulk) == one_by_one


def test_an_event_sent_again_is_acknowledged_up_to_what_is_stored(known: Rig) -> None:
    events = cars(known)
    store(known, events)
    told, rest = store(known, events[:3])
    assert not rest
    assert [it.seq for it in told] == [COUNT + 1]


def test_of_a_gap_nothing_is_stored_in_bulk(known: Rig) -> None:
    first, _, third = cars(known, 3)
    told, rest = store(known, [first, third])
    assert [it.seq for it in told] == [2]
    assert [it.seq for it in rest] == [4]


def test_another_key_is_left_to_who_judges_keys(known: Rig) -> None:
    forged = known.next_event("arrival", "occupied", 60, key=OTHER_KEY)
    assert len(store(known, [forged])[1]) == 1
    assert known.take(forged).refused == "wrong_key"


def test_a_revoked_gateway_is_left_to_who_judges_keys(known: Rig) -> None:
    known.db.write(lambda s: gateways.revoke(s, "gw-1", "stolen", known.clock.at))
    assert len(store(known, cars(known, 1))[1]) == 1


def test_another_event_of_a_stored_number_is_left_to_who_refuses_it(known: Rig) -> None:
    events = cars(known, 2)
    store(known, events)
    known._seq -= 1
    other = known.next_event("departure", "free", 500)
    _, rest = store(known, [other])
    assert [it.seq for it in rest] == [other.body.seq]
    assert known.take(other).refused == "number_reused"


def test_until_all_is_applied_nothing_is_concluded_from_silence(known: Rig) -> None:
    known.heartbeat()
    store(known, cars(known))
    row = known.db.read(lambda s: s.get_one(Gateway, "gw-1"))
    assert not gateways.told_all(row)
    apply_all(known)
    row = known.db.read(lambda s: s.get_one(Gateway, "gw-1"))
    assert gateways.told_all(row)


def test_a_number_that_is_missing_is_not_asked_for_while_it_waits(known: Rig) -> None:
    """What is stored and not applied is no gap."""
    events = cars(known)
    store(known, events)
    taken = known.take(events[-1])
    assert taken.gap is None


def test_telemetry_is_shed_first_then_status_then_replies_and_events_last() -> None:
    inbox = Inbox(100)
    status = Status(gateway="g", online=True, at=at(0), boot_id="b", version="1", clock="synced")
    shed: list[str] = []
    for _ in range(101):
        shed += [kind for kind in ROOM if not inbox.takes(kind) and kind not in shed]
        if inbox.takes("event"):
            inbox.put_nowait(status)
    assert shed == ["telemetry", "status", "reply", "event"]
    assert inbox.qsize() == 100
    assert not inbox.takes("nonsense")


class Office:
    """An intake on a rig, with what it answered."""

    def __init__(self, rig: Rig, checkers: Checkers) -> None:
        self.rig, self.inbox = rig, Inbox()
        self.acked: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        desk = Desk(self.commit, self.answer, self.counts)
        self.intake = Intake(rig.db, rig.clock, checkers, self.inbox, desk)

    def commit(self, group: list[Up]) -> list[Taken]:
        events = [it for it in group if isinstance(it, SignedEvent)]
        return [self.rig.take(it) for it in events]

    def answer(self, taken: Taken) -> None:
        self.acked[taken.gateway] = taken.seq

    def give(self, *raws: Raw) -> None:
        for raw in raws:
            self.inbox.put_nowait(raw)

    async def until(self, seq: int | None) -> None:
        """All is applied, and acknowledged up to `seq` (None: nobody waits to hear of it)."""
        running = asyncio.create_task(self.intake.run())
        async with asyncio.timeout(20):
            while (
                self.acked.get("gw-1") != seq
                or self.rig.db.read(stay_intake.behind)
                or not self.inbox.empty()
            ):
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])


def raw(event: SignedEvent) -> Raw:
    return topic_for(event), encode(event)


def test_events_checked_in_processes_are_stored_in_order_and_acknowledged(known: Rig) -> None:
    events = cars(known, 180)
    office = Office(known, Checkers(known.domain, 2))
    bad = ("park/v1/gw/gw-1/up/event", b"{")
    office.give(*(raw(it) for it in events[:90]), bad, *(raw(it) for it in events[90:]))
    asyncio.run(office.until(181))
    assert office.counts["malformed"] == 1
    rows = known.db.read(lambda s: list(s.exec(select(EventRow.seq).order_by(EventRow.seq))))  # type: ignore[arg-type]
    assert rows == list(range(1, 182))


def test_a_checker_that_dies_costs_time_and_no_event(known: Rig) -> None:
    class Mortal(Checkers):
        async def check(self, group):  # type: ignore[no-untyped-def]
            await super().check(group)
            for checker in self._checkers:
                if checker._process is not None:
                    checker._process.kill()
            return await super().check(group)

    events = cars(known, 90)
    office = Office(known, Mortal(known.domain, 1))
    office.give(*map(raw, events))
    asyncio.run(office.until(91))
    rows = known.db.read(lambda s: list(s.exec(select(EventRow.seq).order_by(EventRow.seq))))  # type: ignore[arg-type]
    assert rows == list(range(1, 92))


def test_a_message_between_events_of_its_gateway_keeps_its_place(known: Rig) -> None:
    events = cars(known, 4)
    office = Office(known, Checkers(known.domain, 1))
    seen: list[int] = []

    def commit(group: list[Up]) -> list[Taken]:
        seen.extend(it.body.seq if isinstance(it, SignedEvent) else 0 for it in group)
        return Office.commit(office, group)

    office.intake._desk = Desk(commit, office.answer, office.counts)
    status = Status(gateway="gw-1", online=True, at=at(0), boot_id="b", version="1", clock="synced")
    for it in (events[0], events[1]):
        office.inbox.put_nowait(raw(it))
    office.inbox.put_nowait(status)
    for it in (events[2], events[3]):
        office.inbox.put_nowait(raw(it))
    asyncio.run(office.until(5))
    assert seen == [2, 3, 0, 4, 5]


def test_a_stream_that_never_rests_becomes_stays_all_the_same(known: Rig) -> None:
    """A group is always waiting to be stored; what is stored is applied in between."""
    events = cars(known, 150)
    office = Office(known, Checkers(known.domain, 1))
    lags: list[int] = []

    async def restless() -> None:
        intake, running = office.intake, None
        for first in range(0, 150, 10):
            group = [sealed(it, known.domain) for it in events[first : first + 10]]
            checked: asyncio.Future[list[Up | Sealed]] = asyncio.get_running_loop().create_future()
            checked.set_result(list(group))
            intake._since_s.append(0.0)
            await intake._checking.put(checked)  # type: ignore[arg-type]
            running = running or asyncio.create_task(intake._store())
            lags.append(known.db.read(stay_intake.waiting))
        assert running is not None
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(restless())
    assert max(lags) < 100


def spoil(rig: Rig, seq: int) -> None:
    def spoiled(session: Session) -> None:
        session.get_one(EventRow, ("gw-1", 1, seq)).body = "{}"

    rig.db.write(spoiled)


def test_an_event_that_cannot_be_applied_rests_longer_each_time_and_holds_up_nobody(
    known: Rig,
) -> None:
    store(known, cars(known, 3))
    spoil(known, 2)
    now_s, failed = [0.0], Counter[str]()
    applying = Applying(
        known.db, known.clock, Lag(lambda: now_s[0]), lambda: failed.update(["unapplied"])
    )
    for at_s, tried in (
        (0, 1),
        (0.9, 1),
        (1, 2),
        (2.9, 2),
        (3, 3),
        (7, 4),
        (15, 5),
        (22, 5),
        (23, 6),
    ):
        now_s[0] = at_s
        due = failed["unapplied"] < tried
        assert applying.some() is due
        assert not applying.some()
        assert failed["unapplied"] == tried
        assert applying.owes


def test_events_before_one_that_cannot_be_applied_are_applied(known: Rig) -> None:
    store(known, cars(known, 5))
    spoil(known, 4)
    applying = Applying(known.db, known.clock, Lag(lambda: 0.0), lambda: None)
    while applying.some():
        pass
    assert [it.applied for it in known.db.read(stay_intake.standing)] == [3]


class Frail:
    """The rig's database, of which some calls fail: None stands for one that goes well."""

    def __init__(self, rig: Rig, reads: list[Exception | None], writes: list[Exception | None]):
        self._db, self._reads, self._writes = rig.db, reads, writes

    def read(self, story: Any) -> Any:
        return self._failing(self._reads) or self._db.read(story)

    def write(self, story: Any) -> Any:
        return self._failing(self._writes) or self._db.write(story)

    def _failing(self, errors: list[Exception | None]) -> None:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error


def office_of(rig: Rig, reads: list[Exception | None], writes: list[Exception | None]) -> Office:
    office = Office(rig, Checkers(rig.domain, 1))
    desk = Desk(office.commit, office.answer, office.counts)
    frail: Any = Frail(rig, reads, writes)
    office.intake = Intake(frail, rig.clock, Checkers(rig.domain, 1), office.inbox, desk)
    return office


BUSY, BROKEN = DatabaseBusy(), OperationalError("", {}, Exception("disk I/O error"))


@pytest.mark.parametrize("error", [BUSY, NoDatabase("It is away."), BROKEN, RuntimeError("once")])
def test_what_is_acknowledged_is_applied_though_applying_failed_and_nothing_more_comes(
    known: Rig, error: Exception
) -> None:
    events = cars(known, 6)
    office = office_of(known, [], [None, error, error])
    office.give(*map(raw, events))
    asyncio.run(office.until(7))
    assert len(known.db.read(lambda s: list(s.exec(select(Stay))))) == 3


def test_what_waits_is_found_though_looking_failed(known: Rig) -> None:
    store(known, cars(known, 6))
    office = office_of(known, [BUSY, BROKEN], [])
    asyncio.run(office.until(None))
    assert known.db.read(stay_intake.waiting) == 0
    assert len(known.db.read(lambda s: list(s.exec(select(Stay))))) == 3


def test_many_waiting_events_are_all_applied_after_one_failed(known: Rig) -> None:
    store(known, cars(known, 40))
    wrong = RuntimeError("now and then")
    office = office_of(known, [], [wrong, wrong])
    asyncio.run(office.until(None))
    assert office.counts["unapplied"] == 1


def test_a_group_that_cannot_be_stored_in_bulk_is_taken_one_by_one(known: Rig) -> None:
    events = cars(known, 6)
    office = office_of(known, [], [SealBroken("The key of person 0 does not open.")])
    office.give(*map(raw, events))
    asyncio.run(office.until(7))
    assert office.counts["failed"] == 0
    assert len(known.db.read(lambda s: list(s.exec(select(Stay))))) == 3


def test_after_an_upgrade_nothing_is_said_to_wait(known: Rig) -> None:
    """What was taken one by one was never stored first: its number is ahead."""

    def older(session: Session) -> None:
        session.get_one(Gateway, "gw-1").kept_seq = 0

    known.db.write(older)
    assert known.db.read(stay_intake.waiting) == 0
    assert known.db.read(stay_intake.behind) == []


def test_how_long_events_wait_is_counted_from_when_they_were_stored() -> None:
    now = [0.0]
    lag = Lag(lambda: now[0])
    for now_s, applied, stored, waits_s in (
        (0, 1, 5, 0),
        # More comes, and some is applied: those up to 5 still wait.
        (10, 3, 9, 10),
        (20, 4, 12, 20),
        # They do not any more; of those after them none is known to have waited.
        (30, 5, 15, 0),
        (35, 5, 15, 5),
    ):
        now[0] = now_s
        lag.look([stay_intake.Behind("gw-1", 1, applied, stored)])
        assert lag.longest() == (waits_s, "gw-1")
    lag.look([])
    assert lag.longest() == (0.0, "")


def test_one_acknowledgement_covers_those_before_it() -> None:
    sent: list[Taken] = []

    async def some() -> None:
        owed = Owed(sent.append, Meters())
        running = asyncio.create_task(owed.run())
        for seq in range(1, 6):
            owed.add([Taken("g", 1, seq, None)], 0.0)
        await asyncio.sleep(0)
        owed.add([Taken("g", 1, 0, None, refused="wrong_key")], 0.0)
        running.cancel()

    asyncio.run(some())
    assert [(it.seq, it.refused) for it in sent] == [(5, None), (0, "wrong_key")]


@given(
    parts=st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=60)), max_size=5),
    seed=st.integers(0, 9),
)
def test_any_bytes_are_checked_without_an_error(parts: list[tuple[str, bytes]], seed: int) -> None:
    shuffled = random.Random(seed).sample(parts, len(parts))
    assert len(all_checked(shuffled, Domain(1, "0x" + "11" * 20))) == len(parts)


def test_a_message_that_nobody_signs_is_left_to_be_read_again(known: Rig) -> None:
    message = Telemetry(gateway="gw-1", at=at(0), clock="synced")
    assert all_checked([(topic_for(message), encode(message))], known.domain) == [None]
