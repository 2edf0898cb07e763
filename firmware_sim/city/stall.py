"""Whether what the cloud has acknowledged becomes stays in time, seen from outside."""

from __future__ import annotations

from sqlmodel import Session, col, select

from cloud.tables import Gateway
from firmware_sim.city.frail import FrailDatabase

# Far more than the intake takes, or rests after a failure.
LOOK_S = 40.0
Mark = tuple[str, int, int]


class Stall:
    """`late`: what stood still from one look to the next, though nothing kept the cloud from it."""

    def __init__(self, db: FrailDatabase) -> None:
        self._db = db
        self._before: set[Mark] = set()
        self._state = (0, 0)
        self.late: list[str] = []

    def look(self, life: int) -> None:
        """Every `LOOK_S`. `life`: which one of the cloud's processes is up."""
        state = (life, self._db.refused)
        found = set(self._db.real.read(_waiting))
        if state == self._state and not self._db.busy:
            for gateway, epoch, seq in sorted(found & self._before):
                self.late.append(
                    f"{gateway} stands at {epoch}.{seq} for {LOOK_S:.0f} s, and more waits"
                )
        self._before, self._state = found, state


def _waiting(session: Session) -> list[Mark]:
    """Up to where each gateway is applied of which more is stored."""
    asked = select(Gateway).where(col(Gateway.kept_seq) > col(Gateway.seq))
    return [(it.id, it.epoch, it.seq) for it in session.exec(asked)]
