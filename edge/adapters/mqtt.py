"""MQTT by paho. Its thread only puts onto the inbox; its acknowledgements are not looked at."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.adapters.tls import FOLDER, client_context, load
from edge.errors import TlsUnusable
from edge.ports import Connected, Disconnected, Item, Put, Received

RECONNECT_MIN_S, RECONNECT_MAX_S = 1, 30
CONNECT_TIMEOUT_S = 5.0
MAX_QUEUED = 500
STOP_S = 2.0
QOS = 1
DEFAULT_PORT, TLS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: Path | None = None
    """The folder of the certificate; None: in clear."""


def parse_broker(url: str, data: Path = Path()) -> BrokerAddress:
    """`mqtt[s]://[user:password@]host[:port]`, checked by the configuration before."""
    parts = urlsplit(url)
    tls = data / FOLDER if parts.scheme == "mqtts" else None
    port = parts.port or (TLS_PORT if tls else DEFAULT_PORT)
    return BrokerAddress(parts.hostname or "", port, parts.username, parts.password, tls)


class PahoUplink:
    """Its client id is the gateway's own, and no session is kept: what matters is sent again.

    Raises TlsUnusable.
    """

    def __init__(self, address: BrokerAddress, client_id: str, keepalive_s: int, put: Put) -> None:
        self._address, self._keepalive_s, self._put = address, keepalive_s, put
        self._gone, self._stopping = threading.Event(), threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        client.max_queued_messages_set(MAX_QUEUED)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        if address.tls is not None:
            self._context = client_context(address.tls)
            client.tls_set_context(self._context)
            client.on_pre_connect = self._on_pre_connect
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        self._client = client

    def start(self, will_topic: str, will: bytes) -> None:
        self._client.will_set(will_topic, will, qos=QOS, retain=False)
        self._client.connect_async(self._address.host, self._address.port, self._keepalive_s)
        self._client.loop_start()

    def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, qos=QOS)

    def publish(self, topic: str, payload: bytes) -> bool:
        return self._client.publish(topic, payload, qos=QOS).rc == paho.MQTT_ERR_SUCCESS

    def revive(self) -> bool:
        # loop_start does nothing while its thread lives; a dead one still claims to be connected.
        return self._client.loop_start() == paho.MQTT_ERR_SUCCESS

    def stop(self) -> None:
        self._gone.clear()
        self._stopping.set()
        if self._client.is_connected():
            self._client.disconnect()
            self._gone.wait(STOP_S)
        else:
            self._client.disconnect()

    def _on_pre_connect(self, _c: Any, _u: Any) -> None:
        # What was good at the start and is being written now is read at the next try.
        with suppress(TlsUnusable):
            if self._address.tls is not None:
                load(self._context, self._address.tls)

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self._tell(Disconnected(f"The broker refused: {reason}."))
        else:
            self._tell(Connected())

    def _on_connect_fail(self, _c: Any, _u: Any) -> None:
        self._tell(Disconnected("The broker cannot be reached."))

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        self._gone.set()
        self._tell(Disconnected(f"The connection ended: {reason}."))

    def _on_message(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._tell(Received(topic, bytes(message.payload)))

    def _tell(self, item: Item) -> None:
        # A full inbox holds the broker back. Dropping a Connected would silence the gateway.
        while not self._put(item) and not self._stopping.is_set():
            continue
