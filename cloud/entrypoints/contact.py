"""Whether the chain's node answers: shared by the sweeps that ask it, told in an alarm."""

from dataclasses import dataclass, field
from datetime import datetime

import structlog

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.standing import Standing
from cloud.usecases import gateways

log = structlog.get_logger("contact")
# A node that starts again is back by then; longer, and somebody should look.
SILENT_ALARM_S = 60
ALARM = "node:silent"


@dataclass(slots=True)
class Contact:
    """`answers` is None before the first answer: an alarm may have outlived a restart."""

    answers: bool | None = None
    silent_since: datetime | None = None
    told: bool = False
    standing: Standing = field(default_factory=Standing)
    # Whether the contract was asked how it is since the start, and since it refused for that.
    looked: bool = False

    def heard(self, db: Database) -> None:
        if self.answers:
            return
        if self.answers is False:
            log.info("chain_answers")
        self.answers, self.silent_since, self.told = True, None, False
        db.write(lambda s: gateways.clear_alarm(s, ALARM))

    def failed(self, db: Database, clock: Clock, error: Exception) -> None:
        """Logged when it begins; in the alarms once it has lasted."""
        now = clock.now()
        if self.silent_since is None:
            self.silent_since = now
            log.warning("chain_unreachable", error=str(error))
        self.answers = False
        waited_s = (now - self.silent_since).total_seconds() / clock.rate
        if waited_s < SILENT_ALARM_S or self.told:
            return
        self.told = True
        sentence = (
            f"The chain's node gives no answer ({error}). Stays are priced and wait to be settled."
        )
        db.write(lambda s: gateways.raise_alarm(s, ALARM, "chain_silent", None, sentence, now))
