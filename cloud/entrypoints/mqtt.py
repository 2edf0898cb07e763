"""The cloud's end of the wire: reports in, acknowledged after the commit; commands out."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog
from gmqtt import Client
from gmqtt.mqtt.constants import UNLIMITED_RECONNECTS, MQTTv50
from gmqtt.mqtt.handler import MQTTError
from sqlmodel import Session

from cloud.adapters.checkers import Checkers
from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.core.booking import AHEAD
from cloud.core.broker_rules import CLOUD
from cloud.core.checking import Raw
from cloud.entrypoints.applying import Lag
from cloud.entrypoints.intake import ROOM, Desk, Inbox, Intake
from cloud.entrypoints.metrics import Meters
from cloud.entrypoints.ways import Ways
from cloud.errors import BadSetting, DatabaseBusy, NoDatabase
from cloud.tables import Command
from cloud.usecases import bookings, gateways, stays, telemetry
from cloud.usecases.stays import Taken
from contracts.errors import Malformed
from contracts.wire.codec import decode, decode_up, encode
from contracts.wire.messages import Ack, Ask, Down, Reply, SignedEvent, Status, Telemetry, Up
from contracts.wire.signing import Domain
from contracts.wire.topics import ALL_UP, DOWN, topic_for

log = structlog.get_logger("mqtt")
BATCH_LIMIT = 200
RETRY_S = 0.5
PATIENCE = 20
COMMAND_EVERY_S = 1.0
COMMAND_LIVES_S = 30
KEEPALIVE_S = 15
# Without TLS, and with it.
PORTS = {False: 1883, True: 8883}


class Wire:
    """One client, one inbox, one writer: messages are committed in groups, then acknowledged."""

    def __init__(
        self,
        url: str,
        db: Database,
        clock: Clock,
        domain: Domain,
        checkers: Checkers | None = None,
        ways: Ways | None = None,
    ) -> None:
        self._url = urlsplit(url)
        self._db = db
        self._clock = clock
        self._domain = domain
        self._ways = ways or Ways()
        self._inbox = Inbox()
        self._client = self._new_client()
        self.counts: Counter[str] = Counter()
        # By kind; in `counts` all of them together.
        self.shed: Counter[str] = Counter()
        self._checkers = checkers
        self.meters = Meters()
        self.lag = Lag()

    async def run(self) -> None:
        """Until cancelled. What fails inside is logged and counted; the gateways send again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_connected())
            group.create_task(self._consumer())
            group.create_task(self._command())

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected)

    @property
    def inbox(self) -> Inbox:
        return self._inbox

    def _new_client(self) -> Client:
        # By certificate it is known by this name, and takes an older connection's place.
        name = new_id("cloud") if self._ways.tls is None else CLOUD
        client = Client(name, clean_session=True, optimistic_acknowledgement=False)
        if self._url.username:
            client.set_auth_credentials(self._url.username, self._url.password)
        # gmqtt reconnects by itself, and steps down from MQTT 5 to 3.1.1 on the way.
        client.set_config({"reconnect_retries": UNLIMITED_RECONNECTS, "reconnect_delay": RETRY_S})
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    async def _stay_connected(self) -> None:
        """gmqtt's own reconnecting is trusted for a while only; then a new client begins anew."""
        away = PATIENCE
        while True:
            away = 0 if self.connected else away + 1
            if away > PATIENCE:
                away = 0
                await self._connect()
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> None:
        # A client whose connection is gone cannot say goodbye.
        with contextlib.suppress(OSError, RuntimeError):
            await self._client.disconnect()
        self._client = self._new_client()
        safe = self._ways.tls is not None
        host, port = self._url.hostname or "127.0.0.1", self._url.port or PORTS[safe]
        try:
            tls = self._ways.tls() if self._ways.tls is not None else False
            more = {"ssl": tls, "keepalive": KEEPALIVE_S, "version": MQTTv50}
            async with asyncio.timeout(KEEPALIVE_S):
                await self._client.connect(host, port, **more)
        except (OSError, TimeoutError, MQTTError, BadSetting) as error:
            log.warning("broker_unreachable", error=repr(error))

    def _on_disconnect(self, _client: Client, _packet: Any, _error: Any = None) -> None:
        log.warning("broker_lost")

    def _on_connect(self, client: Client, _flags: int, _rc: int, _properties: Any) -> None:
        client.subscribe(ALL_UP, qos=1)
        log.info("broker_connected")

    async def _on_message(
        self, _client: Client, topic: str, payload: bytes, _qos: int, properties: Any
    ) -> int:
        if properties and properties.get("retain"):
            # What a broker kept is nobody's present word.
            self.counts["retained"] += 1
            return 0
        kind = topic.rpartition("/")[2]
        if not self._inbox.takes(kind):
            self.counts["shed" if kind in ROOM else "malformed"] += 1
            self.shed[kind if kind in ROOM else "unknown"] += 1
            return 0
        try:
            message = self._message(topic, payload)
            self._inbox.put_nowait(message)
            self.counts["received"] += 1
        except Malformed as error:
            self.counts[error.code] += 1
            log.warning("malformed", topic=topic, why=error.why)
        return 0

    def _message(self, topic: str, payload: bytes) -> Up | Raw:
        """An event is read by those who check its signature."""
        if self._checkers is not None and topic.endswith("/event"):
            return topic, payload
        return decode_up(topic, payload)[1]

    def _consumer(self) -> Coroutine[Any, Any, None]:
        if self._checkers is None:
            return self._consume()
        desk = Desk(self._commit, self._answer, self.counts, self.meters, self.lag)
        return Intake(self._db, self._clock, self._checkers, self._inbox, desk).run()

    async def _consume(self) -> None:
        while True:
            waiting = await self._inbox.some(BATCH_LIMIT)
            group = [it for it in waiting if not isinstance(it, tuple)]
            for taken in latest(await asyncio.to_thread(self._commit, group)):
                self._answer(taken)

    def _commit(self, group: list[Up]) -> list[Taken]:
        """One transaction for the group; if one message spoils it, each by itself."""
        try:
            return self._db.write(lambda session: self._handle_all(session, group))
        except (DatabaseBusy, NoDatabase) as error:
            # No message's fault: none is acknowledged, all are sent again.
            self.counts["failed"] += len(group)
            log.warning(error.code, error=str(error), unread=len(group))
            return []
        except Exception:
            log.exception("group_failed", size=len(group))
        taken: list[Taken] = []
        for message in group:
            taken += self._commit_one(message)
        return taken

    def _commit_one(self, message: Up) -> list[Taken]:
        """The consumer must outlive any one message: it is counted, logged and sent again."""
        try:
            return self._db.write(lambda session: self._handle_all(session, [message]))
        except Exception:
            self.counts["failed"] += 1
            log.exception("message_failed", kind=type(message).__name__)
            return []

    def _handle_all(self, session: Session, group: Iterable[Up]) -> list[Taken]:
        found = [self._handle(session, message) for message in group]
        for taken in found:
            if taken is not None and taken.about:
                self.counts[taken.about] += 1
        return [taken for taken in found if taken is not None]

    def _handle(self, session: Session, message: Up) -> Taken | None:
        now = self._clock.now()
        if isinstance(message, SignedEvent):
            return stays.take(session, message, self._domain, now)
        if isinstance(message, Status):
            back = gateways.heard(session, message, now)
            return Taken(message.gateway, 0, 0, None, snapshot=True) if back else None
        if isinstance(message, Telemetry):
            telemetry.take(session, message, now)
        if isinstance(message, Reply):
            self._replied(session, message)
        return None

    def _replied(self, session: Session, reply: Reply) -> None:
        now = self._clock.now()
        command = gateways.answered(session, reply, now)
        if command is not None and command.kind == "grant" and command.status == "accepted":
            # A grant that another has replaced since is answered in vain: `answered` knows.
            booking = bookings.get(session, command.subject)
            if booking.state in AHEAD:
                bookings.move(session, booking, "acknowledge", now)

    def _answer(self, taken: Taken) -> None:
        if taken.refused is not None:
            self.counts[taken.refused] += 1
            log.warning("event_refused", gateway=taken.gateway, why=taken.refused)
        if taken.snapshot:
            name = self._ways.new_id("ask")
            self._send(Ask(command=name, gateway=taken.gateway, what="snapshot"))
        if taken.seq or taken.refused == "number_reused":
            self._send(Ack(gateway=taken.gateway, epoch=taken.epoch, seq=taken.seq))
        if taken.gap is not None:
            first, last = taken.gap
            self._send(
                Ask(
                    command=self._ways.new_id("ask"),
                    gateway=taken.gateway,
                    what="events",
                    epoch=taken.epoch,
                    first=first,
                    last=last,
                )
            )

    async def _command(self) -> None:
        """Commands go out again until they are answered: the gateway takes each only once."""
        while True:
            if self.connected:
                for command in await asyncio.to_thread(self._waiting):
                    self._send(message_of(command))
            await asyncio.sleep(COMMAND_EVERY_S)

    def _waiting(self) -> list[Command]:
        try:
            return self._db.read(gateways.pending)
        except (DatabaseBusy, NoDatabase) as error:
            log.warning(error.code, error=str(error))
            return []

    def _send(self, message: Down) -> None:
        """Lost or refused here is no loss: whatever matters is sent again until answered."""
        if not self.connected:
            return
        try:
            # What a broker keeps for a gateway that is away is told anew anyway, and by then right.
            lives = {"message_expiry_interval": COMMAND_LIVES_S}
            said = self._ways.said(message)
            self._client.publish(topic_for(said), encode(said), qos=1, **lives)
        except (OverflowError, OSError, AttributeError) as error:
            self.counts["unsent"] += 1
            log.warning("unsent", error=str(error))


def latest(taken: list[Taken]) -> list[Taken]:
    """One acknowledgement a gateway is enough: the last covers those before it."""
    kept: dict[tuple[str, bool], Taken] = {}
    for item in taken:
        kept[item.gateway, item.snapshot or item.refused is not None] = item
    return list(kept.values())


def message_of(command: Command) -> Down:
    return decode(DOWN[command.kind], command.payload.encode())
