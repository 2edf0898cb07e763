"""Grants at the real gateway core: they follow every change, and are told again when it is back."""

from datetime import timedelta

from cloud.core.booking import AHEAD
from cloud.entrypoints.mqtt import message_of
from cloud.tables import Booking
from cloud.usecases import bookings, gateways
from contracts.wire.messages import Grant, Reply, Status
from contracts.wire.signing import Domain
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_detector import ScriptedDetector
from edge.adapters.fake_outbox import MemoryOutbox
from edge.core.gateway import Gateway, Site
from edge.core.space import StaySettings
from tests.cloud.booking_rig import (
    booked,
    cancel,
    change_plate,
    extend,
    hours,
    market,
    move_space,
    now,
    sent,
)
from tests.cloud.rig import Rig
from tests.contracts.making import at

SPACES = ("S1", "S2")


class Edge:
    """What a gateway makes of the commands that wait for it; `boot`: without its store."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.boots = rig, 0
        self.boot()

    def boot(self) -> None:
        self.boots += 1
        detectors = {space: ScriptedDetector(space) for space in SPACES}
        site = Site("gw-1", Domain(31337, "0x" + "ab" * 20), {}, detectors)
        start = MemoryOutbox().load()
        self.core = Gateway(site, start, FakeClock(), lambda: bytes(32), StaySettings())

    def online(self, online: bool = True) -> None:
        rig = self.rig
        status = Status(
            gateway="gw-1",
            online=online,
            at=rig.clock.at,
            boot_id=f"boot-{self.boots}",
            version="1",
            clock="synced",
        )
        rig.db.write(lambda s: gateways.heard(s, status, rig.clock.at))

    def take(self, lost_replies: bool = False) -> None:
        for command in sent(self.rig):
            for output in self.core.command(message_of(command)):
                if isinstance(output, Reply) and not lost_replies:
                    self._reply(output)

    def _reply(self, reply: Reply) -> None:
        """As the wire's consumer does."""
        rig = self.rig

        def story(session: object) -> None:
            command = gateways.answered(session, reply, rig.clock.at)  # type: ignore[arg-type]
            if command is not None and command.kind == "grant":
                row = bookings.get(session, command.subject)  # type: ignore[arg-type]
                if row.state in AHEAD:
                    bookings.move(session, row, "acknowledge", rig.clock.at)  # type: ignore[arg-type]

        rig.db.write(story)

    def holds(self, space: str = "S1") -> dict[str, Grant]:
        around = (at(-86_400), at(30 * 86_400))
        return {grant.id: grant for grant in self.core._grants.expected(space, *around)}


def opened(rig: Rig) -> Edge:
    market(rig, SPACES)
    edge = Edge(rig)
    edge.online()
    edge.take()
    return edge


def test_every_change_leaves_the_gateway_with_one_grant_the_present_one(rig: Rig) -> None:
    edge = opened(rig)
    booking = booked(rig, hours(1, 2), 600)
    edge.take()
    assert now(rig, booking).state == "granted"
    extend(rig, booking, 3, 1200)
    assert now(rig, booking).state == "confirmed"
    edge.take()
    change_plate(rig, booking, "京B99999")
    edge.take()
    row = now(rig, booking)
    assert (row.state, rig.plate_of(row)) == ("granted", "京B99999")
    (grant,) = edge.holds().values()
    assert (grant.id, grant.version, grant.plates) == (row.grant, row.version, ("京B99999",))
    assert grant.ends_at == at(3 * 3600)
    move_space(rig, booking, "S2", None)
    edge.take()
    assert edge.holds("S1") == {}
    assert list(edge.holds("S2")) == [now(rig, booking).grant]
    cancel(rig, booking)
    edge.take()
    assert edge.holds("S2") == {}


def test_the_answer_to_an_older_grant_does_not_acknowledge_what_was_agreed_since(rig: Rig) -> None:
    edge = opened(rig)
    booking = booked(rig, hours(1, 2), 600)
    (first,) = sent(rig)
    extend(rig, booking, 3, 1200)
    for output in edge.core.command(message_of(first)):
        if isinstance(output, Reply):
            edge._reply(output)
    assert now(rig, booking).state == "confirmed"
    assert [it.id for it in sent(rig) if it.kind == "grant"] != [first.id]


def test_a_gateway_that_lost_its_store_is_told_every_grant_again_after_its_boot(rig: Rig) -> None:
    edge = opened(rig)
    kept = [booked(rig, hours(n, n + 1), 600, f"k{n}") for n in range(1, 4)]
    edge.take()
    cancel(rig, kept[1])
    edge.take()
    assert sent(rig) == []
    edge.online(online=False)
    edge.boot()
    assert edge.holds() == {}
    edge.online()
    edge.take()
    assert set(edge.holds()) == {kept[0].grant, kept[2].grant}
    assert [now(rig, row).state for row in kept] == ["granted", "cancelled", "granted"]


def test_what_was_changed_while_a_gateway_was_away_reaches_it_when_it_is_back(rig: Rig) -> None:
    edge = opened(rig)
    stays, goes = booked(rig, hours(1, 2), 600), booked(rig, hours(5, 6), 600, "k2")
    edge.take()
    edge.online(online=False)
    assert isinstance(cancel(rig, goes), Booking)
    assert sent(rig) == []
    edge.online()
    edge.take()
    assert set(edge.holds()) == {stays.grant}


def test_commands_whose_answers_were_lost_are_sent_again_and_change_nothing_twice(rig: Rig) -> None:
    edge = opened(rig)
    booking = booked(rig, hours(1, 2), 600)
    edge.take(lost_replies=True)
    assert now(rig, booking).state == "confirmed"
    edge.take()
    assert now(rig, booking).state == "granted"
    assert list(edge.holds()) == [booking.grant]


def test_a_grant_is_over_by_itself_with_its_window(rig: Rig) -> None:
    edge = opened(rig)
    booking = booked(rig, hours(1, 2), 600)
    edge.take()
    late_s = bookings.record_of(booking).terms.no_show_timeout_s
    ends = at(2 * 3600) + timedelta(seconds=late_s)
    assert edge.core.granted("S1", ends - timedelta(seconds=1))
    assert not edge.core.granted("S1", ends)


def test_a_gateway_is_not_told_again_of_what_is_over(rig: Rig) -> None:
    edge = opened(rig)
    booked(rig, hours(1, 2), 600)
    edge.take()
    rig.clock.at = at(3 * 3600)
    edge.online(online=False)
    edge.online()
    assert sent(rig) == []
