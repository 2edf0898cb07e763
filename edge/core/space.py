"""One space: its detector's changes become drafts of events, plates and grants included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from contracts.wire.messages import EventKind
from contracts.wire.types import ZERO_DIGEST, Occupancy
from edge.core import plates, retelling
from edge.core.arrival_reads import ArrivalReads
from edge.core.drafts import NOBODY, Draft, between, since
from edge.core.fusion import JSON, Change
from edge.core.grants import GrantBook
from edge.core.outputs import SpaceRecord, WallClock
from edge.core.plates import Verdict
from edge.core.readings import NO_ECHO, PlateRead, Reading
from edge.core.scale import Scale

NS = 1_000_000_000


class Detector(Protocol):
    """`SpaceDetector`, or the shipped `ScriptedDetector`."""

    @property
    def occupancy(self) -> Occupancy: ...
    def feed(self, reading: Reading) -> list[Change]: ...
    def tick(self, mono_ns: int) -> list[Change]: ...
    def deadline(self) -> int | None: ...
    def state(self) -> dict[str, JSON]: ...


@dataclass(frozen=True, slots=True)
class StaySettings:
    """`*_settle_s`: how long a detector may need to report it. What was seen is sure only up to
    that long before the last reading."""

    plate_wait_s: float = 5.0
    plate_before_s: float = 15.0
    arrive_settle_s: float = 60.0
    leave_settle_s: float = 15.0
    boot_known_s: float = 60.0
    seen_every_s: float = 30.0
    keep_reads_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all spaces of a gateway share."""

    clock: WallClock
    grants: GrantBook
    settings: StaySettings


class Space:
    """After a restart the first thing the detector decides is compared with the record and told as
    a snapshot: the same stay goes on, or it changed while nobody looked, somewhere in between. A
    car where one stood is the same, unless a plate read in this boot names another vehicle."""

    def __init__(
        self,
        name: str,
        detector: Detector,
        record: SpaceRecord,
        cameras: frozenset[str],
        around: Surroundings,
    ) -> None:
        self.name, self.digest = name, record.digest
        self._detector, self._record, self._cameras = detector, record, cameras
        self._clock, self._grants, self._set = around.clock, around.grants, around.settings
        self._scale = Scale(around.clock, record.begun)
        self._wall = self._scale.wall
        self._occupancy, self._known = record.occupancy, record.known
        self._verdict = Verdict(record.match, record.grant, None, record.booking)
        self._told_stay, self._booting = record.told, True
        self._boot_due_ns: int | None = None
        self._first_ns: int | None = None
        self._since_at: datetime | None = None
        self._seen_ns: int | None = None
        self._reads = self.reads = ArrivalReads(self._set.plate_before_s, self._set.keep_reads_s)
        self._pending: Change | None = None

    def boot(self, now_ns: int) -> None:
        self._boot_due_ns = now_ns + int(self._set.boot_known_s * NS)

    def postpone(self, now_ns: int) -> None:
        if self._boot_due_ns is not None:
            self.boot(now_ns)

    def feed(self, reading: Reading) -> list[Draft]:
        if reading.channel in self._cameras:
            if isinstance(reading.value, PlateRead):
                self._reads.add(reading.mono_ns, reading.value, reading.channel)
            return self._told(self._detector.feed(reading))
        measured = reading.value is not None or reading.why == NO_ECHO
        if measured and self._first_ns is None:
            self._first_ns = reading.mono_ns
        drafts = self._told(self._detector.feed(reading))
        if measured and self._sure():
            self._seen_ns = reading.mono_ns
        return drafts

    def tick(self, now_ns: int) -> list[Draft]:
        waited = self._pending is not None and now_ns >= self._release_ns(self._pending)
        drafts = self.release(now_ns) if waited else []
        drafts += self._told(self._detector.tick(now_ns))
        if self._boot_due_ns is not None and now_ns >= self._boot_due_ns:
            self._boot_due_ns = None
            at, unsure_s = since(self._seen_at(), self._wall(now_ns))
            drafts.append(self._blind(now_ns, at, unsure_s, ZERO_DIGEST))
        return drafts

    def deadline(self) -> int | None:
        waits = [self._detector.deadline(), self._boot_due_ns]
        if self._pending is not None:
            waits.append(self._release_ns(self._pending))
        return min((due for due in waits if due is not None), default=None)

    def release(self, now_ns: int) -> list[Draft]:
        """An arrival that still waits for its plate goes out now (the stream has ended)."""
        change, self._pending = self._pending, None
        return [] if change is None else [self._arrival(change, now_ns)]

    def snapshot(self, now_ns: int) -> list[Draft]:
        """Asked for: what is known now, and before it the stay of a car that is known only now."""
        drafts = self.release(now_ns)
        sure = self._sure()
        if sure and self._occupancy == "occupied":
            drafts += self._retold(now_ns, self._wall(now_ns))
        seen_at = self._since_at if self._seen_ns is None else self._wall(self._seen_ns)
        occupancy: Occupancy = self._occupancy if sure else "unknown"
        verdict = self._verdict if occupancy == "occupied" else NOBODY
        at, unsure_s = since(self._seen_at(), self._wall(now_ns))
        if sure and seen_at is not None:
            at, unsure_s = seen_at, self._settle_s()
        self._verdict = replace(self._verdict, text=None)
        now = Draft("snapshot", occupancy, at, unsure_s, now_ns, verdict=verdict)
        return [*drafts, self._keep(now)]

    def record(self) -> SpaceRecord:
        return SpaceRecord(
            digest=self.digest,
            occupancy=self._occupancy,
            known=self._known,
            seen_at=self._seen_at(),
            match=self._verdict.match,
            grant=self._verdict.grant,
            booking=self._verdict.booking,
            told=self._told_stay,
            begun=self._scale.begun,
            detector=self._detector.state() if not self._booting else self._record.detector,
        )

    def _told(self, changes: list[Change]) -> list[Draft]:
        return [draft for change in changes for draft in self._tell(change)]

    def _tell(self, change: Change) -> list[Draft]:
        drafts = self.release(change.reported_ns)
        if change.kind == "unknown":
            # Before the first decision after a boot nothing was claimed, so nothing is withdrawn.
            blind = not self._booting and self._occupancy != "unknown"
            at = self._wall(change.at_ns)
            told = [self._blind(change.reported_ns, at, change.uncertainty_s, change.evidence)]
            return drafts + (told if blind else [])
        if self._booting:
            return [*drafts, self._first(change)]
        if change.kind == "arrival" and self._cameras:
            self._pending = change
            return drafts
        if change.kind == "departure":
            drafts += self._retold(change.reported_ns, self._wall(change.at_ns))
        told_now = {"arrival": self._arrival, "departure": self._departure, "known": self._again}
        return [*drafts, told_now[change.kind](change)]

    def _arrival(self, change: Change, reported_ns: int | None = None) -> Draft:
        reported_ns = change.reported_ns if reported_ns is None else reported_ns
        at = self._wall(change.at_ns)
        self._verdict = self._identify(change.at_ns, reported_ns, (at, at))
        self._reads.came(change.at_ns, self._release_ns(change))
        self._told_stay = ()
        self._now("occupied", at)
        return self._draft("arrival", change, at, reported_ns)

    def _departure(self, change: Change) -> Draft:
        at = self._wall(change.at_ns)
        draft = self._draft("departure", change, at, change.reported_ns, "free")
        self._now("free", at)
        self._verdict = NOBODY
        self._reads.left(change.at_ns)
        return draft

    def _again(self, change: Change) -> Draft:
        """Known again after a fault, and as it was before it."""
        at = self._wall(change.at_ns)
        self._now(self._found(change), at)
        return self._draft("snapshot", change, at, change.reported_ns)

    def _first(self, change: Change) -> Draft:
        self._booting, self._boot_due_ns = False, None
        found, before = self._found(change), self._known
        at = earliest = latest = self._wall(change.reported_ns)
        uncertainty_s = change.uncertainty_s
        seen_at = self._record.seen_at
        if seen_at is not None and before not in (None, found):
            first_ns = change.at_ns if self._first_ns is None else self._first_ns
            latest = self._wall(max(first_ns, change.at_ns))
            at, uncertainty_s = between(seen_at, latest)
            earliest = min(seen_at, at)
        if found == "occupied" and before != "occupied":
            when = (earliest, latest)
            self._verdict = self._identify(change.at_ns, change.reported_ns, when)
            self._told_stay = ()
            self._reads.came(change.at_ns, change.reported_ns)
        elif found == "occupied":
            self._stands(change, at)
        bounded = replace(change, uncertainty_s=uncertainty_s)
        draft = self._draft("snapshot", bounded, at, change.reported_ns, found)
        self._now(found, self._wall(change.at_ns))
        self._verdict = NOBODY if found == "free" else self._verdict
        return draft

    def _stands(self, change: Change, at: datetime) -> None:
        named, self._verdict = self._verdict, self._identify_again(change, at)
        self._told_stay = self._told_stay if self._verdict is named else ()
        if self._verdict is not named:
            self._reads.came(change.at_ns, change.reported_ns)

    def _found(self, change: Change) -> Literal["free", "occupied"]:
        stands = change.kind == "known" and self._detector.occupancy == "occupied"
        return "occupied" if stands or change.kind == "arrival" else "free"

    def _blind(self, now_ns: int, at: datetime, uncertainty_s: float, evidence: str) -> Draft:
        self._occupancy = "unknown"
        return self._keep(Draft("fault", "unknown", at, uncertainty_s, now_ns, evidence))

    def _draft(
        self,
        kind: EventKind,
        change: Change,
        at: datetime,
        reported_ns: int,
        occupancy: Occupancy | None = None,
    ) -> Draft:
        verdict = self._verdict
        # The plate goes out once, with the event that first names it; later ones name the grant.
        self._verdict = replace(verdict, text=None)
        sure_s, told = change.uncertainty_s, occupancy or self._occupancy
        return self._keep(Draft(kind, told, at, sure_s, reported_ns, change.evidence, verdict))

    def _keep(self, draft: Draft) -> Draft:
        self._told_stay = retelling.after(self._told_stay, draft, self._dated())
        draft = replace(draft, reported_at=self._wall(draft.reported_ns))
        self._scale.told(draft.occupancy, draft.reported_ns)
        return draft

    def _retold(self, now_ns: int, until: datetime) -> list[Draft]:
        if not self._dated():
            return []  # Such events would prove no time of day.
        asked = retelling.Asked(self.name, until, now_ns, self._reads.own)
        found = retelling.again(self._told_stay, self._verdict, self._grants, asked)
        self._verdict, drafts = found or (self._verdict, [])
        return drafts

    def _dated(self) -> bool:
        return self._clock.state() != "unsynced"

    def _release_ns(self, change: Change) -> int:
        return change.reported_ns + int(self._set.plate_wait_s * NS)

    def _identify(self, at_ns: int, to_ns: int, when: tuple[datetime, datetime]) -> Verdict:
        grants = self._grants.expected(self.name, *when)
        return plates.match(self._reads.voted(at_ns, to_ns), grants, when[1])

    def _identify_again(self, change: Change, at: datetime) -> Verdict:
        grants = self._grants.expected(self.name, at, at, self._verdict.grant)
        read = self._reads.voted(change.at_ns, change.reported_ns)
        return plates.again(read, self._verdict, grants, at)

    def _now(self, occupancy: Literal["free", "occupied"], since_at: datetime) -> None:
        self._occupancy = self._known = occupancy
        self._since_at, self._seen_ns = since_at, None

    def _sure(self) -> bool:
        """What was told is what the detector still says."""
        agreed = self._detector.occupancy == self._occupancy == self._known
        return agreed and not self._booting and self._pending is None

    def _seen_at(self) -> datetime | None:
        """Nothing later is sure: a change since then may not have been reported yet."""
        if self._booting or self._since_at is None:
            return self._record.seen_at
        if self._seen_ns is None:
            return self._since_at
        return max(self._since_at, self._wall(self._seen_ns) - timedelta(seconds=self._settle_s()))

    def _settle_s(self) -> float:
        return self._set.leave_settle_s if self._known == "occupied" else self._set.arrive_settle_s
