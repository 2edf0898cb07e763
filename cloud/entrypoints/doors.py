"""A sweep that keeps the broker's door as the database has it: who is enrolled, who is revoked."""

import structlog
from sqlmodel import Session, select

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.identity_tables import CertificateRow
from cloud.ports.doors import Door, DoorUnreachable
from cloud.tables import Gateway
from cloud.usecases import certificates, gateway_keys

log = structlog.get_logger("doors")


class Doors:
    """Idempotent: a broker that was away, or began anew, is told all at the next turn.

    `wall` is real time, by which certificates end.
    """

    def __init__(self, db: Database, door: Door, wall: Clock) -> None:
        self._db, self._door, self._wall = db, door, wall

    def bring(self) -> None:
        inside, shut = self._db.read(self._identities)
        try:
            self._door.bring(inside, shut)
        except DoorUnreachable as error:
            log.warning("door_unreachable", error=str(error))

    def _identities(self, session: Session) -> tuple[frozenset[str], frozenset[str]]:
        """Gateways with a certificate that counts, and those whose key or certificates do not."""
        inside = certificates.names(session, self._wall.now())
        keyless = session.exec(select(Gateway.id).where(Gateway.signer == gateway_keys.NO_KEY))
        taken_back = select(CertificateRow.gateway).where(CertificateRow.state == "revoked")
        shut = frozenset(keyless) | frozenset(session.exec(taken_back)) - inside
        return inside - shut, shut
