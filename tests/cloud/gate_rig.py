"""The real gateway core and the real cloud, joined without a wire: events up, commands down."""

from sqlmodel import Session

from cloud.core.booking import AHEAD
from cloud.entrypoints.mqtt import message_of
from cloud.usecases import bookings, gateways
from contracts.ledger.hashing import unhex
from contracts.wire.messages import Event, Reply, SignedEvent
from contracts.wire.signing import sign
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_detector import ScriptedDetector
from edge.core.gateway import Gateway, Site
from edge.core.outputs import NewEvent, Output, Start
from edge.core.readings import Channel, PlateRead, Reading
from edge.core.space import NS, StaySettings
from tests.cloud.stay_rig import Lot
from tests.contracts.making import KEY

SPACES = ("S1", "S2", "S3")
SETTINGS = StaySettings(arrive_settle_s=0, leave_settle_s=0, plate_wait_s=2)


class Gate:
    """Its own epoch, after the one in which the lot's rig spoke for it. Time is the lot's."""

    def __init__(self, lot: Lot) -> None:
        self.lot, self.told = lot, list[Event]()
        us = {f"us-{space}": Channel(f"us-{space}", "ultrasonic", space) for space in SPACES}
        cams = {f"cam-{space}": Channel(f"cam-{space}", "camera", space) for space in SPACES}
        detectors = {space: ScriptedDetector(space) for space in SPACES}
        site = Site("gw-1", lot.rig.domain, us | cams, detectors)
        self.core = Gateway(site, Start(epoch=2), FakeClock(), lambda: bytes(32), SETTINGS)
        self._up(self.core.boot(0))
        for space in SPACES:
            self.sees(1, 0, space)

    def sees(self, at_s: float, value: float | None, space: str = "S1") -> None:
        """1: a car, 0: none, None: the sensor has failed."""
        self._reading(at_s, f"us-{space}", value)

    def reads(self, at_s: float, plate: str, space: str = "S1") -> None:
        self._reading(at_s, f"cam-{space}", PlateRead(plate, 0.9))

    def comes(self, at_s: float, plate: str | None, space: str = "S1") -> None:
        if plate is not None:
            self.reads(at_s - 1, plate, space)
        self.sees(at_s, 1, space)
        self.sees(at_s + 5, 1, space)

    def hears(self) -> None:
        """All commands that wait, in their order, and their answers."""
        rig = self.lot.rig
        for command in rig.db.read(gateways.pending):
            self._up(self.core.command(message_of(command)))

    def _reading(self, at_s: float, channel: str, value: float | PlateRead | None) -> None:
        self.lot.until(at_s)
        self._up(self.core.feed(Reading(int(at_s * NS), channel, value)))

    def _up(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, NewEvent):
                self.told.append(output.body)
                signature = sign(unhex(output.digest), KEY)
                signed = SignedEvent(body=output.body, signature=signature, plate=output.plate)
                assert self.lot.rig.take(signed).refused is None
            elif isinstance(output, Reply):
                self._answered(output)

    def _answered(self, reply: Reply) -> None:
        """As the wire's consumer does."""
        now = self.lot.rig.clock.at

        def story(session: Session) -> None:
            command = gateways.answered(session, reply, now)
            if command is not None and command.kind == "grant":
                row = bookings.get(session, command.subject)
                if row.state in AHEAD:
                    bookings.move(session, row, "acknowledge", now)

        self.lot.rig.db.write(story)
