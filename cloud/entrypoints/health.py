"""/healthz: the process is alive. /readyz: each part that it needs, since when, and what to do."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlmodel import Session, col, func, select

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.applying import LATE_S
from cloud.entrypoints.contact import Contact
from cloud.entrypoints.metrics import Samples
from cloud.entrypoints.mqtt import Wire
from cloud.entrypoints.turns import Turns
from cloud.errors import CloudError
from cloud.tables import Alarm, ChainCall, Gateway
from cloud.usecases import filing, stay_intake
from contracts.wire.types import format_instant, to_ms

# More than this share of the inbox in use: messages are about to be shed.
FULL_SHARE = 0.5
Gauge = tuple[str, str, str, Samples]


@dataclass(frozen=True, slots=True)
class Part:
    """`since`: when this process first saw it as it is. `remedy`: "" if it is well."""

    name: str
    ok: bool
    since: str
    says: str
    remedy: str = ""


class Since:
    """When each part got as it is, by this process's own looking."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[bool, datetime]] = {}

    def of(self, name: str, ok: bool, now: datetime) -> str:
        was = self._seen.get(name)
        if was is None or was[0] != ok:
            self._seen[name] = (ok, now)
        return format_instant(self._seen[name][1])


@dataclass(frozen=True, slots=True)
class Health:
    """`now` is real time. `facts`: what else /healthz tells."""

    db: Database
    clock: Clock
    wire: Wire
    contact: Contact
    turns: Turns
    now: Callable[[], datetime]
    since: Since

    def parts(self) -> list[Part]:
        own = [self._database(), self._broker(), self._chain(), self._inbox(), self._events()]
        return [*own, *self._sweeps()]

    def _part(self, name: str, ok: bool, says: tuple[str, str], remedy: str) -> Part:
        """`says`: if it is well, and if not."""
        since = self.since.of(name, ok, self.now())
        return Part(name, ok, since, says[0] if ok else says[1], "" if ok else remedy)

    def _database(self) -> Part:
        remedy = "Is its disk full, or its server stopped? Nothing is acknowledged until it writes."
        try:
            self.db.read(lambda s: s.exec(select(Gateway.id).limit(1)).first())
            wrong = ""
        except CloudError as error:
            wrong = str(error)
        return self._part("database", not wrong, ("It answers.", wrong), remedy)

    def _broker(self) -> Part:
        remedy = "Start the broker, or see BERTH_BROKER; gateways keep their events until then."
        says = ("Connected.", "There is no connection to the broker.")
        return self._part("broker", self.wire.connected, says, remedy)

    def _chain(self) -> Part:
        remedy = "Start the node, or see BERTH_CHAIN; stays are priced and wait to be settled."
        says = ("It answers.", "The chain's node gives no answer.")
        return self._part("chain", self.contact.answers is not False, says, remedy)

    def _inbox(self) -> Part:
        used, limit = self.wire.inbox.qsize(), self.wire.inbox.maxsize
        says = (f"{used} of {limit} wait.", f"{used} of {limit} wait; telemetry is shed.")
        remedy = "More comes than is stored: look for a gateway that floods, or a slow disk."
        return self._part("inbox", used < limit * FULL_SHARE, says, remedy)

    def _events(self) -> Part:
        """Looked at here, too: whoever should apply them may be the one that hangs."""
        remedy = "See the log (event_not_applied): its gateway's later events wait behind it."
        with contextlib.suppress(CloudError):
            self.wire.lag.look(self.db.read(stay_intake.standing))
        late_s, name = self.wire.lag.longest()
        wrong = f"{name}'s are stored, and have waited for {late_s:.0f} s to be made into stays."
        return self._part("events", late_s <= LATE_S, ("None waits long.", wrong), remedy)

    def _sweeps(self) -> Iterator[Part]:
        now = self.now()
        for name, turn in sorted(self.turns.all().items()):
            hangs = turn.hangs(now)
            wrong = "It has not ended a turn in time." if hangs else f"It failed: {turn.failed}."
            remedy = "See the log for this sweep; restart the cloud if it hangs: nothing is lost."
            says = ("It makes progress.", wrong)
            yield self._part(f"sweep.{name}", not hangs and not turn.failed, says, remedy)

    def waiting_batches(self) -> int | None:
        """None while the database is away."""
        try:
            return self.db.read(lambda s: filing.count_waiting(s, "batch:"))
        except CloudError:
            return None

    def gauges(self) -> Iterable[Gauge]:
        """For /metrics."""
        yield "berth_inbox_messages", "Waiting to be stored.", "", {"": self.wire.inbox.qsize()}
        yield "berth_inbox_limit", "How many may wait.", "", {"": self.wire.inbox.maxsize}
        yield "berth_ready", "1 for each part that is well.", "part", self._well()
        try:
            yield from self.db.read(lambda s: list(_stored(s)))
        except CloudError:
            return
        waits_s = self.wire.lag.longest()[0]
        yield "berth_events_wait_seconds", "The longest of those unapplied.", "", {"": waits_s}
        turns = self.turns.all().items()
        ages = {name: (self.now() - (it.ended or it.begun)).total_seconds() for name, it in turns}
        yield "berth_sweep_age_seconds", "Since a sweep's last turn ended.", "sweep", ages
        silent = self.contact.silent_since
        lag_s = 0.0 if silent is None else (self.clock.now() - silent).total_seconds()
        yield "berth_chain_silent_seconds", "Since the chain's node last answered.", "", {"": lag_s}

    def _well(self) -> Samples:
        return {part.name: float(part.ok) for part in self.parts()}


def _stored(session: Session) -> Iterator[Gauge]:
    batches = filing.count_waiting(session, "batch:")
    yield "berth_batches_waiting", "Batches that are not on the chain yet.", "", {"": batches}
    calls = dict(
        session.exec(
            select(ChainCall.status, func.count())
            .where(col(ChainCall.status).not_in(("final", "failed")))
            .group_by(ChainCall.status)
        ).all()
    )
    yield "berth_chain_calls", "Calls that are not final, by status.", "status", calls
    online = session.exec(select(func.count()).where(col(Gateway.online).is_(True))).one()
    known = session.exec(select(func.count()).select_from(Gateway)).one()
    yield "berth_gateways", "Known, and heard of.", "state", {"known": known, "online": online}
    unapplied = stay_intake.waiting(session)
    yield "berth_events_unapplied", "Stored, and not yet made into stays.", "", {"": unapplied}
    alarms = dict(session.exec(select(Alarm.code, func.count()).group_by(Alarm.code)).all())
    yield "berth_alarms", "Raised and not over; docs/alarms.md says what to do.", "code", alarms


def add_health(app: FastAPI, health: Health, facts: Callable[[], dict[str, Any]]) -> None:
    @app.get("/healthz")
    def alive() -> dict[str, Any]:
        """The process answers; whether it can do its work is told by /readyz."""
        return {"ok": health.wire.connected, "now": health.clock.now().isoformat(), **facts()}

    @app.get("/readyz")
    def ready() -> JSONResponse:
        parts = health.parts()
        ok = all(part.ok for part in parts)
        told = {"ok": ok, "at_ms": to_ms(health.now()), "parts": [asdict(it) for it in parts]}
        return JSONResponse(told, 200 if ok else 503)
