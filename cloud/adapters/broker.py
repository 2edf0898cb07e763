"""The embedded MQTT broker (amqtt, 3.1.1): nothing to install, and nothing relies on its memory.

Who may say and hear what is as at a mosquitto of ours (cloud/core/broker_rules.py). What it cannot:
MQTT 5, sessions that outlive a connection, more than some hundred gateways.
"""

import asyncio
import logging
import ssl
from collections import Counter
from pathlib import Path

from amqtt.broker import Broker

from cloud.adapters.broker_guard import Checked, Guard, Link

LISTENER = "default"
MAX_QUEUED = 10_000
STOP_S = HANDSHAKE_S = 5.0


class EmbeddedBroker:
    """Loopback by default. It keeps no queue for the absent: both sides send again.

    `secret` makes the tokens (broker_rules.token) by which the cloud, and gateways from elsewhere,
    are known; with `tls` everybody is known by its certificate instead.
    """

    def __init__(
        self, host: str, port: int, secret: bytes = b"", tls: ssl.SSLContext | None = None
    ) -> None:
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self._where = (host, port)
        self._tls = tls
        self._guard = Guard(secret, tls)
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def counts(self) -> Counter[str]:
        """Refusals by a word."""
        return self._guard.counts

    def shut_out(self, names: frozenset[str]) -> None:
        """All who are revoked: their connections end at once, and new ones are refused."""
        fresh = names - self._guard.shut
        self._guard.shut = names
        for name in fresh:
            self._guard.close(name)

    async def start(self) -> None:
        anybody = "amqtt.plugins.authentication.AnonymousAuthPlugin"
        self._broker = Broker(  # it needs the running loop
            {
                "listeners": {LISTENER: {"type": "external"}},
                # Whoever gets as far as amqtt was let in by the guard.
                "plugins": {anybody: {"allow_anonymous": True}},
            }
        )
        await self._broker.start()
        wait_s = None if self._tls is None else HANDSHAKE_S
        self._server = await asyncio.start_server(
            self._connected, *self._where, ssl=self._tls, ssl_handshake_timeout=wait_s
        )

    async def stop(self) -> None:
        if self._server is None or self._broker is None:
            return
        self._server.close()
        self._guard.close_all()
        if self._talks:
            await asyncio.wait(self._talks, timeout=STOP_S)
        await self._broker.shutdown()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        found = await self._guard.admit(reader, writer)
        if found is not None:
            await self._served(*found)

    async def _served(self, link: Link, checked: Checked) -> None:
        broker = self._broker
        assert broker is not None
        checked.crowded = lambda: broker._broadcast_queue.qsize() > MAX_QUEUED
        try:
            await broker.external_connected(checked, link.writer, LISTENER)
        finally:
            link.writer.abort()
            self._guard.ended(link)


def server_tls(folder: Path) -> ssl.SSLContext:
    """Of a folder that `berth-cloud broker-config` wrote: TLS 1.3, certificates, revoked ones."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.load_cert_chain(folder / "server.pem", folder / "server.key")
    made.load_verify_locations(folder / "ca.pem")
    made.load_verify_locations(folder / "crl.pem")
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return made
