"""Sends the codes that were asked for: who has the name is looked at here, not where it was asked.

A bounded number at a turn, each in a transaction of its own; the notices' sweep carries them on.
"""

from dataclasses import dataclass

from cloud.adapters.clock import Clock, new_code
from cloud.adapters.db import Database
from cloud.usecases import mailed_codes

AT_ONCE = 20
EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class CodesSweep:
    db: Database
    clock: Clock

    def send(self) -> int:
        """How many were looked at."""
        numbers = self.db.read(lambda session: mailed_codes.asked(session, AT_ONCE))
        for number in numbers:
            self._one(number)
        return len(numbers)

    def _one(self, number: int) -> None:
        code, now = new_code(), self.clock.now()
        self.db.write(lambda session: mailed_codes.send(session, number, code, now))
