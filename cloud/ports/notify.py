"""How a notice leaves the house: one message, one way, sent or not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same at every attempt: a receiver that has it already may ignore it.

    `address`: an e-mail address, a URL, or what the channel needs; `secret`: signs a webhook.
    """

    id: str
    channel: str
    address: str
    secret: str
    code: str
    subject: str
    body: str
    at: datetime


class NotSent(Exception):
    """Not taken. `for_good`: another attempt would fail the same way."""

    def __init__(self, why: str, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


class Notify(Protocol):
    """One channel. It returns once the next hop has taken the message; raises NotSent."""

    def send(self, message: Message) -> None: ...
