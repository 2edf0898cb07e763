"""What compliance does by itself: registrations checked again, papers running out, notices sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.ports.documents import Documents
from cloud.ports.notify import Message, Notify, NotSent
from cloud.usecases import documents, notices, rechecking

# In one turn: what is left waits for the next.
MAX_CHUNKS = 5
MAX_SENT = 50
# Of files that no row needs; one that was just stored may still get its row.
MAX_FILES = 200


@dataclass
class ComplianceSweep:
    """Each part may be stopped anywhere and run again: it reads where things stand."""

    db: Database
    clock: Clock
    store: Documents
    channels: Mapping[str, Notify]

    def __post_init__(self) -> None:
        self._unwanted: set[str] = set()

    def run(self) -> None:
        self.check()
        self.send()

    def check(self) -> None:
        now = self.clock.now()
        self.db.write(lambda s: documents.expire(s, now))
        self.db.write(lambda s: rechecking.tell_ended(s, now))
        for _ in range(MAX_CHUNKS):
            if not self.db.write(lambda s: rechecking.step(s, now)):
                break

    def send(self) -> None:
        """Outside of every transaction; an address that did not answer is left alone this turn."""
        now = self.clock.now()
        silent: set[tuple[str, str]] = set()
        for message in self.db.read(lambda s: notices.due(s, now, MAX_SENT)):
            way = (message.channel, message.address)
            if way not in silent and not self._send(message):
                silent.add(way)

    def tidy(self) -> None:
        """Erase the files that no row needs, at the second look: a row may just have come."""
        held = list(self.store.all())
        found: set[str] = set()
        for start in range(0, len(held), MAX_FILES):
            part = held[start : start + MAX_FILES]
            found |= set(self.db.read(lambda s, part=part: documents.unwanted(s, part)))  # type: ignore[misc]
        for name in sorted(found & self._unwanted):
            self.store.erase(name)
        self._unwanted = found

    def _send(self, message: Message) -> bool:
        try:
            self.channels[message.channel].send(message)
        except NotSent as error:
            why, for_good, now = str(error), error.for_good, self.clock.now()
            self.db.write(lambda s: notices.not_sent(s, message.id, why, for_good, now))
            return for_good
        now = self.clock.now()
        self.db.write(lambda s: notices.sent(s, message.id, now))
        return True
