"""A cloud in memory: keeps what was sent, answers what it is told to answer."""

from __future__ import annotations

from contracts.wire.codec import decode_up
from contracts.wire.messages import Reply, SignedEvent, Status, Up


class FakeUplink:
    def __init__(self) -> None:
        self.connected = False
        self.full = False
        self.sent: list[Up] = []
        self.subscribed: list[str] = []
        self.will: Up | None = None

    def start(self, will_topic: str, will: bytes) -> None:
        self.will = decode_up(will_topic, will)[1]

    def subscribe(self, topic: str) -> None:
        self.subscribed.append(topic)

    def publish(self, topic: str, payload: bytes) -> bool:
        if self.full:
            return False
        self.sent.append(decode_up(topic, payload)[1])
        return True

    def revive(self) -> bool:
        return False

    def stop(self) -> None:
        self.connected = False

    def events(self) -> list[SignedEvent]:
        return [message for message in self.sent if isinstance(message, SignedEvent)]

    def replies(self) -> list[Reply]:
        return [message for message in self.sent if isinstance(message, Reply)]

    def statuses(self) -> list[Status]:
        return [message for message in self.sent if isinstance(message, Status)]
