"""The channel that ships for tests and demonstrations: it keeps what it was given."""

from dataclasses import dataclass, field

from cloud.ports.notify import Message, NotSent


@dataclass
class FakeNotify:
    """Fails the next `failures` times; an address of `refused` is refused for good."""

    failures: int = 0
    refused: tuple[str, ...] = ()
    taken: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        if message.address in self.refused:
            raise NotSent("no such address", for_good=True)
        if self.failures:
            self.failures -= 1
            raise NotSent("not now")
        self.taken.append(message)
