"""mosquitto's dynamic security plugin, told over MQTT who may come in: `$CONTROL/...`.

The broker may run on another machine: no file is shared with it. A revoked gateway's open
connection ends with the command (measured on 2.0.11), before its certificate is on any list.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50
from gmqtt.mqtt.handler import MQTTError

from cloud.core import broker_rules as rules
from cloud.ports.doors import DoorUnreachable

ANSWER_S = 5.0
KEEPALIVE_S = 30
TLS_PORT = 8883
TOPIC = f"{rules.COMMANDS}/v1"
# A command to admit has some 500 bytes, and all of one message must fit into one packet.
COMMANDS_AT_ONCE = 20
# The plugin's list may have been lost, or changed by hand.
LOOK_AGAIN_TURNS = 60
EVERYBODY = {"command": "listClients", "count": -1, "offset": 0, "verbose": False}

Command = dict[str, Any]


class MosquittoControl:
    """A Door. It connects for each change only: `url` mqtts://host:port, `tls` with ours shown."""

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._where = (parts.hostname or "127.0.0.1", parts.port or TLS_PORT)
        self._tls = tls
        self._brought: frozenset[str] | None = None
        self._turns = 0

    def bring(self, inside: frozenset[str], shut: frozenset[str]) -> None:
        wanted = inside - shut
        self._turns += 1
        if self._brought == wanted and self._turns < LOOK_AGAIN_TURNS:
            return
        asyncio.run(self._bring(wanted))
        self._brought, self._turns = wanted, 0

    async def _bring(self, inside: frozenset[str]) -> None:
        try:
            async with asyncio.timeout(ANSWER_S), Asking(self._where, self._tls) as asking:
                there = await asking.names()
                gone = there - inside - {rules.CLOUD, rules.CONTROL}
                commands = [c for name in sorted(gone) for c in rules.shutting_out(name)]
                commands += [c for name in sorted(inside - there) for c in rules.admitting(name)]
                for first in range(0, len(commands), COMMANDS_AT_ONCE):
                    await asking.ask(commands[first : first + COMMANDS_AT_ONCE])
        except (OSError, TimeoutError, MQTTError) as error:
            raise DoorUnreachable(f"{type(error).__name__} {error}") from None


class Asking:
    """One connection as `berth-control`: a question at a time, each answered."""

    def __init__(self, where: tuple[str, int], tls: ssl.SSLContext) -> None:
        self._where, self._tls = where, tls
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._listening = asyncio.Event()
        self._client = Client(rules.CONTROL, clean_session=True)
        self._client.set_config({"reconnect_retries": 0})
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe

    async def __aenter__(self) -> "Asking":
        host, port = self._where
        how = {"ssl": self._tls, "keepalive": KEEPALIVE_S, "version": MQTTv50}
        await self._client.connect(host, port, **how)
        self._client.subscribe(f"{TOPIC}/response", qos=1)
        await self._listening.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.disconnect()

    async def names(self) -> frozenset[str]:
        found = await self.ask([EVERYBODY])
        return frozenset(str(name) for name in found[0].get("data", {}).get("clients", ()))

    async def ask(self, commands: Sequence[Command]) -> list[dict[str, Any]]:
        self._client.publish(TOPIC, json.dumps({"commands": commands}), qos=1)
        answer = json.loads(await self._answers.get())
        return [one for one in answer.get("responses", ()) if isinstance(one, dict)]

    def _on_message(self, _c: Client, _topic: str, payload: bytes, *_more: Any) -> int:
        if not self._answers.full():
            self._answers.put_nowait(payload)
        return 0

    def _on_subscribe(self, *_: Any) -> None:
        self._listening.set()
