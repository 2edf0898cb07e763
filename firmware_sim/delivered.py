"""A gateway that no cloud knows: the broker's word for each event stands for the cloud's."""

from __future__ import annotations

from collections import deque

import paho.mqtt.client as paho

from contracts.wire.codec import decode_up, encode
from contracts.wire.messages import Ack, SignedEvent
from contracts.wire.topics import topic_for
from edge.adapters.mqtt import QOS, BrokerAddress, PahoUplink
from edge.ports import Put, Received


class ConfirmedUplink(PahoUplink):
    """Used from one thread. What is in doubt is bounded by the agent's window, sent again or not:
    the agent sends no further than that without an acknowledgement."""

    def __init__(self, address: BrokerAddress, client_id: str, keepalive_s: int, put: Put) -> None:
        super().__init__(address, client_id, keepalive_s, put)
        self._waiting: deque[tuple[Ack, paho.MQTTMessageInfo]] = deque()

    def publish(self, topic: str, payload: bytes) -> bool:
        info = self._client.publish(topic, payload, qos=QOS)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            return False
        _, message = decode_up(topic, payload)
        if isinstance(message, SignedEvent):
            body = message.body
            ack = Ack(gateway=body.gateway, epoch=body.epoch, seq=body.seq)
            self._waiting.append((ack, info))
        return True

    def confirmed(self) -> list[Received]:
        """What the broker has confirmed since the last call, as the acknowledgement of it."""
        waiting, ack = self._waiting, None
        while waiting and waiting[0][1].is_published():
            ack, _ = waiting.popleft()
        return [] if ack is None else [Received(str(topic_for(ack)), encode(ack))]
