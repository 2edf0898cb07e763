"""All spaces and grants of one gateway: readings, commands and time in, outputs out. No IO.

The only state that numbers events is here; it starts from what the outbox had committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.wire.messages import Ack, Ask, Down, Event, Grant, PlateProof, Reply, Revoke
from contracts.wire.signing import Domain, event_digest, plate_commitment
from contracts.wire.types import ZERO_DIGEST
from edge.core.drafts import Draft
from edge.core.grants import GrantBook
from edge.core.outputs import (
    BeginEpoch,
    DropGrant,
    DropRevoked,
    NewEvent,
    Output,
    PutGrant,
    PutRevoked,
    PutSpace,
    SendAgain,
    SetAcked,
    SpaceRecord,
    Start,
    WallClock,
    wall_ms,
)
from edge.core.readings import Channel, Reading
from edge.core.space import NS, Detector, Space, StaySettings, Surroundings
from edge.core.strangers import Strangers

MAX_UNCERTAINTY_S = 10_000_000.0
# An event carries less than 2**32; no Ack, which anyone may have forged, can use the rest up.
MAX_EPOCH = 2**32 - 2**16
# Per process. Two gateways with one name would drive each other up for ever.
MAX_NEW_EPOCHS = 10


@dataclass(frozen=True, slots=True)
class Site:
    """What is installed here, and where its signatures count."""

    gateway: str
    domain: Domain
    channels: Mapping[str, Channel]
    detectors: Mapping[str, Detector]


class Gateway:
    def __init__(
        self,
        site: Site,
        start: Start,
        clock: WallClock,
        salt: Callable[[], bytes],
        settings: StaySettings,
    ) -> None:
        """`salt` gives 32 fresh random bytes per call."""
        self._site, self._clock, self._salt, self._set = site, clock, salt, settings
        self.epoch, self.seq = start.epoch, start.seq
        self._next_epoch = start.next_epoch
        self.strays = self.odd_acks = self._begun = 0
        self._gateway_digest = start.gateway_digest
        self._grants = GrantBook(start.grants, start.revoked)
        self._strangers = Strangers(self._grants, salt, settings.keep_reads_s)
        # For those who look on.
        self.granted, self.expected_plates = self._grants.granted, self._grants.plates
        around = Surroundings(clock, self._grants, settings)
        self._spaces = {
            name: Space(name, detector, _record(start, name), _cameras(site, name), around)
            for name, detector in site.detectors.items()
        }
        self._heard_by = {name: self._listeners(ch) for name, ch in site.channels.items()}
        self._written = dict(start.spaces)
        self._now_ns, self._heard = 0, False
        self._journal_ns: int | None = None
        # Not after the earliest deadline of all spaces: a reading moves only its own spaces', and
        # to look at all of them for each reading would cost more than all the rest.
        self._look_ns: int | None = 0

    def boot(self, mono_ns: int) -> list[Output]:
        self._now_ns = mono_ns
        self._journal_ns = mono_ns + int(self._set.seen_every_s * NS)
        for space in self._spaces.values():
            space.boot(mono_ns)
        self._look_ns = 0
        return self._booted()

    def feed(self, reading: Reading) -> list[Output]:
        if not self._heard:
            # A stream may begin long after its header's time; patience is counted from here.
            self._heard, self._look_ns = True, 0
            for space in self._spaces.values():
                space.postpone(reading.mono_ns)
        outputs = self._due(reading.mono_ns)
        listeners = self._heard_by.get(reading.channel)
        if listeners is None:
            self.strays += 1
            return outputs
        for space in listeners:
            outputs += self._events(space, space.feed(reading))
            due_ns = space.deadline()
            if due_ns is not None and (self._look_ns is None or due_ns < self._look_ns):
                self._look_ns = due_ns
        return outputs + self._journal()

    def tick(self, mono_ns: int) -> list[Output]:
        return self._due(mono_ns) + self._journal()

    def _due(self, mono_ns: int) -> list[Output]:
        """Each deadline at its own time, so that it matters little how often this is called."""
        outputs: list[Output] = []
        if self._look_ns is None or mono_ns < self._look_ns:
            self._now_ns = max(self._now_ns, mono_ns)
            return outputs
        for space in self._spaces.values():
            due_ns = space.deadline()
            while due_ns is not None and due_ns <= mono_ns:
                outputs += self._events(space, space.tick(max(due_ns, self._now_ns)))
                was_ns, due_ns = due_ns, space.deadline()
                if due_ns is not None and due_ns <= was_ns:
                    break
        self._now_ns = max(self._now_ns, mono_ns)
        dues = (space.deadline() for space in self._spaces.values())
        self._look_ns = min((due for due in dues if due is not None), default=None)
        return outputs

    def deadline(self) -> int | None:
        """When to tick at the latest. Nothing may be due then: a reading may have put it off."""
        return self._look_ns

    def finish(self) -> list[Output]:
        """The stream has ended: what waits for a plate goes out, and what was seen is kept."""
        outputs: list[Output] = []
        for space in self._spaces.values():
            outputs += self._events(space, space.release(self._now_ns))
        self._journal_ns = self._now_ns
        return outputs + self._journal()

    def command(self, message: Down) -> list[Output]:
        match message:
            case Ack():
                return self._acked(message)
            case Grant():
                return self._grant(message)
            case Revoke():
                return self._revoke(message)
            case Ask():
                return self._ask(message)

    def _acked(self, ack: Ack) -> list[Output]:
        if ack.epoch == self.epoch and ack.seq <= self.seq:
            return [SetAcked(ack.epoch, ack.seq)]
        if not self.epoch <= ack.epoch <= MAX_EPOCH or self._begun >= MAX_NEW_EPOCHS:
            self.odd_acks += 1
            return []
        return self._begin_epoch(ack)

    def _begin_epoch(self, ack: Ack) -> list[Output]:
        """The cloud holds more of us than we know: an older outbox was put back, and the numbers up
        to there are used. All is told anew under numbers that nobody has used.

        Where no command key is pinned a hostile broker could forge the Ack. The effect is only a
        new epoch: a stay across it goes to a person, and what was not acknowledged is not sent
        again, as after any forged Ack. The same Ack again is of an earlier epoch, and ignored.
        Each space's `previous` goes on, so that nothing lost looks as if it had never been.
        """
        self.epoch = max(self._next_epoch, self.epoch + 1, ack.epoch + 1)
        self.seq, self._begun = 0, self._begun + 1
        return [BeginEpoch(self.epoch, ack.epoch, ack.seq), *self._booted(), *self._snapshots()]

    def _grant(self, grant: Grant) -> list[Output]:
        if grant.space not in self._spaces:
            sentence = f"Space {grant.space} is not at this gateway; it has {self._names()}."
            return [self._reply(grant.command, "unknown_space", sentence)]
        if self._grants.full() and not self._grants.holds(grant.id):
            sentence = "This gateway holds as many grants as it can; revoke some first."
            return [self._reply(grant.command, "too_many_grants", sentence)]
        changed = self._grants.put(grant)
        self._spaces[grant.space].reads.expect(grant.plates)
        kept: list[Output] = [PutGrant(grant), DropRevoked(grant.id)] if changed else []
        return [*kept, self._reply(grant.command)]

    def _revoke(self, revoke: Revoke) -> list[Output]:
        changed = self._grants.revoke(revoke)
        kept: list[Output] = []
        if changed:
            kept = [DropGrant(revoke.id), PutRevoked(revoke.id, revoke.issued_at)]
        return [*kept, self._reply(revoke.command)]

    def _ask(self, ask: Ask) -> list[Output]:
        if ask.what == "events":
            return [SendAgain(ask.command, ask.epoch, ask.first, ask.last)]
        return [*self._snapshots(), self._reply(ask.command)]

    def _booted(self) -> list[Output]:
        at = wall_ms(self._clock, self._now_ns)
        return self._event(None, Draft("boot", None, at, 0.0, self._now_ns))

    def _snapshots(self) -> list[Output]:
        outputs: list[Output] = []
        for space in self._spaces.values():
            outputs += self._events(space, space.snapshot(self._now_ns))
        return outputs

    def _reply(self, command: str, code: str = "ok", sentence: str = "") -> Reply:
        return Reply(
            gateway=self._site.gateway,
            to=command,
            accepted=code == "ok",
            code=code,
            sentence=sentence,
        )

    def _events(self, space: Space, drafts: list[Draft]) -> list[Output]:
        return [output for draft in drafts for output in self._event(space, draft)]

    def _event(self, space: Space | None, draft: Draft) -> list[Output]:
        proof = self._proof(draft)
        body = Event(
            gateway=self._site.gateway,
            epoch=self.epoch,
            seq=self.seq + 1,
            kind=draft.kind,
            space=space.name if space else None,
            occupancy=draft.occupancy,
            at=draft.at,
            uncertainty_s=min(round(draft.uncertainty_s, 3), MAX_UNCERTAINTY_S),
            reported_at=draft.reported_at or wall_ms(self._clock, draft.reported_ns),
            boot_id=self._clock.boot_id,
            boottime_ns=draft.reported_ns,
            clock=self._clock.state(),
            previous=space.digest if space else self._gateway_digest,
            evidence=draft.evidence,
            plate=plate_commitment(proof.text, bytes.fromhex(proof.salt[2:]))
            if proof
            else ZERO_DIGEST,
            match=draft.verdict.match,
            grant=draft.verdict.grant,
        )
        digest = "0x" + event_digest(body, self._site.domain).hex()
        self.seq += 1
        event = NewEvent(body, digest, proof)
        if space is None:
            self._gateway_digest = digest
            return [event]
        space.digest = digest
        return [event, self._put(space)]

    def _proof(self, draft: Draft) -> PlateProof | None:
        if draft.verdict.text is None:
            return None
        return PlateProof(text=draft.verdict.text, salt="0x" + self._salt().hex())

    def _put(self, space: Space) -> PutSpace:
        record = self._written[space.name] = space.record()
        return PutSpace(space.name, record)

    def _journal(self) -> list[Output]:
        """Every `seen_every_s`: few enough writes for a memory card, and short blind intervals."""
        if self._journal_ns is None or self._now_ns < self._journal_ns:
            return []
        self._journal_ns = self._now_ns + int(self._set.seen_every_s * NS)
        at = wall_ms(self._clock, self._now_ns)
        for name, space in self._spaces.items():
            space.reads.forget(self._now_ns)
            detector = self._site.detectors[name]
            self._strangers.forget(name, space.reads, detector, self._now_ns, at)
        moved = [s for s in self._spaces.values() if s.record() != self._written.get(s.name)]
        outputs: list[Output] = [self._put(space) for space in moved]
        if self._clock.state() == "unsynced":
            return outputs  # A clock that may be years ahead must not end anyone's grant.
        named = {record.grant for record in self._written.values()}
        over, old = self._grants.forget(at, named)
        return [*outputs, *map(DropGrant, over), *map(DropRevoked, old)]

    def _listeners(self, channel: Channel) -> tuple[Space, ...]:
        if channel.space is None:
            return tuple(self._spaces.values())
        space = self._spaces.get(channel.space)
        return (space,) if space else ()

    def _names(self) -> str:
        return ", ".join(sorted(self._spaces)) or "no space"


def _record(start: Start, space: str) -> SpaceRecord:
    return start.spaces.get(space, SpaceRecord())


def _cameras(site: Site, space: str) -> frozenset[str]:
    found = (ch for ch in site.channels.values() if ch.space == space and ch.kind == "camera")
    return frozenset(channel.name for channel in found)
