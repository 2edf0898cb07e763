"""From the inbox to the database, in groups: checked elsewhere, stored at once, then acknowledged.

What is shed when more comes than can be stored is stated in `ROOM`: telemetry first, then status,
then replies; events last, and those are sent again until they are acknowledged.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from cloud.adapters.checkers import Checkers
from cloud.adapters.clock import Clock, monotonic_s
from cloud.adapters.db import Database
from cloud.core.checking import Raw, Sealed
from cloud.entrypoints.applying import Applying, Lag
from cloud.entrypoints.metrics import Meters
from cloud.errors import DatabaseBusy, NoDatabase
from cloud.usecases import stay_intake
from cloud.usecases.stays import Taken
from contracts.wire.codec import decode_up
from contracts.wire.messages import Event, PlateProof, SignedEvent, Up

log = structlog.get_logger("intake")
INBOX_LIMIT = 10_000
# Up to which share of the inbox each kind is taken. What is soon told anew is shed first.
ROOM = {"telemetry": 0.5, "status": 0.75, "reply": 0.9, "event": 1.0}
# So many must wait before it pays to have them checked elsewhere.
MANY = 64
CHECKED_AT_ONCE = 250
STORED_AT_ONCE = 2_000
ONE_BY_ONE = 200
# After so long without a message what is stored is looked at again, where an error left some.
LOOK_S = 1.0
# And where all was applied when it was last looked at.
LOOK_SELDOM_S = 20.0
# An acknowledgement waits so long for more of its gateway's events to cover, unless so many came.
ACK_WAIT_S = 0.1
# Where many wait to be stored: an acknowledgement each would cost as much as the storing.
BUSY_ACK_WAIT_S = 0.4
ACK_EVENTS = 10


class Inbox(asyncio.Queue[Up | Raw]):
    """Bounded. `takes` is to be asked first: it is how load is shed.

    `since_s`: when what was taken out last had come in.
    """

    def __init__(self, limit: int = INBOX_LIMIT) -> None:
        super().__init__(limit)

        self._arrived: deque[float] = deque()
        self.since_s = 0.0

    def _put(self, item: Up | Raw) -> None:
        super()._put(item)
        self._arrived.append(monotonic_s())

    def _get(self) -> Up | Raw:
        self.since_s = self._arrived.popleft()
        return super()._get()

    def takes(self, kind: str) -> bool:
        return self.qsize() < self.maxsize * ROOM.get(kind, 0.0)

    async def some(self, limit: int) -> list[Up | Raw]:
        """At least one. `since_s` is then the first one's."""
        group = [await self.get()]
        since_s = self.since_s
        while len(group) < limit and not self.empty():
            group.append(self.get_nowait())
        self.since_s = since_s
        return group


@dataclass(frozen=True, slots=True)
class Desk:
    """What Wire lends: one by one into the database, and the answer to who sent it."""

    commit: Callable[[list[Up]], list[Taken]]
    answer: Callable[[Taken], None]
    counts: Counter[str]
    meters: Meters = field(default_factory=Meters)
    lag: Lag = field(default_factory=Lag)


class Intake:
    """A line of two: groups are checked in processes, and stored in the order they came in."""

    def __init__(self, db: Database, clock: Clock, checkers: Checkers, inbox: Inbox, desk: Desk):
        self._db, self._clock, self._checkers = db, clock, checkers
        self._inbox, self._desk = inbox, desk
        self._checking: asyncio.Queue[asyncio.Task[list[Up | Sealed]]] = asyncio.Queue(
            2 * checkers.number
        )
        # Of each group under way, when its first message came in.
        self._since_s: deque[float] = deque()
        self._owed = Owed(desk.answer, desk.meters, lambda: inbox.qsize() >= MANY)
        self._applying = Applying(db, clock, desk.lag, self._unapplied)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._check())
                group.create_task(self._store())
                group.create_task(self._owed.run())
        finally:
            await self._checkers.close()

    async def _check(self) -> None:
        while True:
            group = await self._inbox.some(CHECKED_AT_ONCE)
            self._since_s.append(self._inbox.since_s)
            await self._checking.put(asyncio.create_task(self._checked(group)))

    async def _checked(self, group: Sequence[Up | Raw]) -> list[Up | Sealed]:
        raw = [it for it in group if isinstance(it, tuple)]
        few = len(raw) < MANY
        found = iter(self._checkers.here(raw) if few else await self._checkers.check(raw))
        return [it for it in (self._one(item, found) for item in group) if it is not None]

    def _one(self, item: Up | Raw, found: Iterator[object]) -> Up | Sealed | None:
        if not isinstance(item, tuple):
            return item
        checked = next(found)
        if isinstance(checked, str):
            self._desk.counts["malformed"] += 1
            log.warning("malformed", topic=item[0], why=checked)
            return None
        return checked if isinstance(checked, Sealed) else decode_up(*item)[1]

    async def _store(self) -> None:
        behind = True
        while True:
            if behind and self._checking.empty():
                behind = await asyncio.to_thread(self._applying.some)
                continue
            checked = await self._next()
            if checked is None:
                behind = True
                continue
            batch = await checked
            since_s = self._since_s.popleft()
            while len(batch) < STORED_AT_ONCE and not self._checking.empty():
                batch += await self._checking.get_nowait()
                self._since_s.popleft()
            begun_s = monotonic_s()
            with self._desk.meters.commit.time():
                taken = await asyncio.to_thread(self._commit, batch)
            self._owed.add(taken, since_s)
            behind = behind or any(isinstance(it, Sealed) for it in batch)
            if behind and self._inbox.takes("telemetry"):
                behind = await self._apply_for(monotonic_s() - begun_s)

    async def _next(self) -> asyncio.Task[list[Up | Sealed]] | None:
        """None if nothing came for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if self._applying.owes else LOOK_SELDOM_S):
                return await self._checking.get()
        return None

    def _unapplied(self) -> None:
        self._desk.counts["unapplied"] += 1

    async def _apply_for(self, took_s: float) -> bool:
        """As long as the storing took: else a steady stream would never become stays. But where

        so many wait that telemetry is shed, storing comes first.
        """
        until_s = monotonic_s() + took_s
        behind = True
        while behind and monotonic_s() < until_s:
            behind = await asyncio.to_thread(self._applying.some)
        return behind

    def _commit(self, batch: Sequence[Up | Sealed]) -> list[Taken]:
        """Of a gateway that sent more than events, all is taken one by one, in its order."""
        several = {it.gateway for it in batch if not isinstance(it, Sealed | SignedEvent)}
        plain = [it for it in batch if isinstance(it, Sealed) and it.gateway not in several]
        slow = [it for it in batch if not isinstance(it, Sealed) or it.gateway in several]
        taken, rest = self._stored(plain)
        ups = [opened(it) if isinstance(it, Sealed) else it for it in [*slow, *rest]]
        for at in range(0, len(ups), ONE_BY_ONE):
            taken += self._desk.commit(ups[at : at + ONE_BY_ONE])
        return taken

    def _stored(self, plain: list[Sealed]) -> tuple[list[Taken], list[Sealed]]:
        if not plain:
            return [], []
        now = self._clock.now()
        try:
            return self._db.write(lambda s: stay_intake.store(s, plain, now))
        except (DatabaseBusy, NoDatabase) as error:
            # No message's fault: none is acknowledged, all are sent again.
            self._desk.counts["failed"] += len(plain)
            log.warning(error.code, error=str(error), unread=len(plain))
            return [], []
        except Exception:
            # One by one, each that spoils it is left out and counted; the line must outlive it.
            log.exception("group_failed", size=len(plain))
            return [], plain


class Owed:
    """Acknowledgements on their way out: the last of a gateway covers those before it."""

    def __init__(
        self,
        answer: Callable[[Taken], None],
        meters: Meters,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._answer, self._meters, self._busy = answer, meters, busy
        self._waiting: dict[str, tuple[Taken, float]] = {}
        self._told: dict[str, int] = {}
        self._some = asyncio.Event()

    def add(self, taken: Iterable[Taken], since_s: float) -> None:
        """`since_s`: when the first of them had come in."""
        for item in taken:
            if item.refused is not None or item.snapshot or item.gap is not None:
                self._answer(item)
            elif item.seq - self._told.get(item.gateway, 0) >= ACK_EVENTS:
                self._tell(item, self._waiting.get(item.gateway, (item, since_s))[1])
            else:
                before_s = self._waiting.get(item.gateway, (item, since_s))[1]
                self._waiting[item.gateway] = item, before_s
        if self._waiting:
            self._some.set()

    async def run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            waiting, self._waiting = self._waiting, {}
            for item, since_s in waiting.values():
                self._tell(item, since_s)
            await asyncio.sleep(BUSY_ACK_WAIT_S if self._busy() else ACK_WAIT_S)

    def _tell(self, item: Taken, since_s: float) -> None:
        self._waiting.pop(item.gateway, None)
        self._told[item.gateway] = item.seq
        self._answer(item)
        self._meters.ack.observe(monotonic_s() - since_s)


def opened(event: Sealed) -> SignedEvent:
    """As it came, for those who judge it one by one."""
    plate = PlateProof.model_validate_json(event.plate) if event.plate else None
    body = Event.model_validate_json(event.body)
    return SignedEvent(body=body, signature=event.signature, plate=plate)
