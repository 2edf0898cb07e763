"""What is stored becomes stays, whatever happens meanwhile: nobody has to send anything for it.

An event is acknowledged once it is stored, and its gateway never sends it again. So applying rests
on no message and no flag: it looks into the database, again and again, until nothing waits.
"""

from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cloud.adapters.clock import Clock, monotonic_s
from cloud.adapters.db import Database
from cloud.errors import CloudError, DatabaseBusy, NoDatabase
from cloud.usecases import stay_intake

log = structlog.get_logger("intake")
# So many events are applied in one transaction.
APPLIED_AT_ONCE = 16
# A gateway whose event could not be applied rests so long, and each time twice as long, up to this.
FIRST_REST_S, LONGEST_REST_S = 1.0, 8.0
# Longer than this no acknowledged event may wait to become part of a stay.
LATE_S = 30.0


class Lag:
    """How long events wait to be applied, by looking at it."""

    def __init__(self, now_s: Callable[[], float] = monotonic_s) -> None:
        self.now_s = now_s
        # gateway: (epoch, the last number that was stored then, then)
        self._since: dict[str, tuple[int, int, float]] = {}

    def look(self, behind: Iterable[stay_intake.Behind]) -> None:
        """All that is behind now. Whoever looks seldom learns later that something waits."""
        now_s = self.now_s()
        self._since = {it.gateway: self._of(it, now_s) for it in behind}

    def _of(self, it: stay_intake.Behind, now_s: float) -> tuple[int, int, float]:
        was = self._since.get(it.gateway)
        if was is None or was[0] != it.epoch or it.applied >= was[1]:
            return it.epoch, it.stored, now_s
        return was

    def longest(self) -> tuple[float, str]:
        """In seconds, and whose it is; (0.0, "") if nothing waits."""
        now_s = self.now_s()
        return max(
            ((now_s - s, name) for name, (_, _, s) in self._since.items()), default=(0.0, "")
        )


class Applying:
    def __init__(self, db: Database, clock: Clock, lag: Lag, failed: Callable[[], None]) -> None:
        """`failed`: told of each event that could not be applied."""
        self._db, self._clock, self._lag, self._failed = db, clock, lag, failed
        # gateway: (not before, how long it rested)
        self._resting: dict[str, tuple[float, float]] = {}
        # Whether anything may wait, as far as the last look told.
        self.owes = True

    def some(self) -> bool:
        """True if there is more to do now. If not, and it `owes`, ask again after a while."""
        self.owes = True
        try:
            behind = self._db.read(stay_intake.standing)
            self._lag.look(behind)
            self.owes = bool(behind)
            names = self._awake([it.gateway for it in behind])
            left = APPLIED_AT_ONCE
            for name in names:
                left -= self._applied(name, left)
                if left <= 0:
                    break
        except CloudError as error:
            log.warning(error.code, error=str(error))
            return False
        except (SQLAlchemyError, OSError):
            log.exception("nothing_applied")
            return False
        return bool(names)

    def _awake(self, names: list[str]) -> list[str]:
        now_s = self._lag.now_s()
        self._resting = {it: rest for it, rest in self._resting.items() if it in names}
        return [it for it in names if self._resting.get(it, (now_s, 0.0))[0] <= now_s]

    def _applied(self, name: str, limit: int) -> int:
        """An event that cannot be applied holds up neither others' nor those before it."""
        now = self._clock.now()
        try:
            done, told = self._db.write(lambda s: stay_intake.apply_waiting(s, name, limit, now))
        except (DatabaseBusy, NoDatabase):
            raise
        except Exception:
            if limit > 1:
                return self._applied(name, 1)
            self._rest(name)
            log.exception("event_not_applied", gateway=name)
            return 0
        self._resting.pop(name, None)
        for seq, trace in told:
            log.info("event_applied", gateway=name, seq=seq, trace=trace)
        return done

    def _rest(self, name: str) -> None:
        rested_s = self._resting.get(name, (0.0, 0.0))[1]
        rest_s = min(max(2 * rested_s, FIRST_REST_S), LONGEST_REST_S)
        self._resting[name] = self._lag.now_s() + rest_s, rest_s
        self._failed()
