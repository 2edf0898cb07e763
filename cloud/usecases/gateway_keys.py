"""Whose key signed an event: the present one, one that was changed since, or a revoked one."""

from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core.reasons import Refusal, refuse
from cloud.place_tables import GatewayKey
from cloud.tables import EventRow, Gateway
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

# Of a gateway without one: what it signs is nobody's.
NO_KEY = ""
# What was signed before a change of keys may come so much later.
LATE_MS = 30 * 86_400_000
# Its clock and ours are not one.
SKEW_MS = 600_000


def fits(session: Session, gateway_id: str, signer: str) -> Refusal | None:
    """A revoked key comes back nowhere, and no two gateways have the same."""
    found = select(GatewayKey).where(GatewayKey.signer == signer)
    for row in session.exec(found):
        if row.revoked:
            return refuse("revoked_key")
        if row.gateway != gateway_id and row.until_ms is None:
            return refuse("key_of_another")
    return None


def put(session: Session, gateway: Gateway, signer: str, now_ms: int) -> None:
    """From now on it signs by this one; the one before counts for what was signed until now."""
    if not _of(session, gateway.id) and gateway.signer not in (NO_KEY, signer):
        # Of before keys were kept.
        session.add(GatewayKey(gateway=gateway.id, signer=gateway.signer, from_ms=0))
        session.flush()
    end(session, gateway, now_ms)
    gateway.signer = signer
    session.add(GatewayKey(gateway=gateway.id, signer=signer, from_ms=now_ms))
    session.add(gateway)
    session.flush()


def end(session: Session, gateway: Gateway, now_ms: int) -> None:
    for row in _of(session, gateway.id):
        if row.until_ms is None:
            row.until_ms = now_ms
            row.until_epoch, row.until_seq = gateway.epoch, gateway.seq
            session.add(row)


def revoke(session: Session, gateway: Gateway, why: str, now_ms: int) -> None:
    """All that it ever had: who holds the device holds them."""
    if not _of(session, gateway.id):
        session.add(GatewayKey(gateway=gateway.id, signer=gateway.signer, from_ms=0))
        session.flush()
    end(session, gateway, now_ms)
    for row in _of(session, gateway.id):
        if not row.revoked:
            row.revoked, row.why = True, why
            session.add(row)
    gateway.signer = NO_KEY
    session.add(gateway)
    session.flush()


def refusal(
    session: Session, gateway: Gateway, signer: str, event: Event, now: datetime
) -> str | None:
    """None: its present key signed it, or an earlier one in its time. "" is nobody's key."""
    if not signer:
        return "wrong_key"
    if signer == gateway.signer:
        return None
    rows = [row for row in _of(session, gateway.id) if row.signer == signer]
    if any(row.revoked for row in rows):
        return "revoked_key"
    if any(_in_its_time(session, gateway, row, event, now) for row in rows):
        return None
    return "wrong_key"


def _in_its_time(
    session: Session, gateway: Gateway, row: GatewayKey, event: Event, now: datetime
) -> bool:
    """Reported while it was the key, and numbered before all that the present one has signed."""
    if row.until_ms is None or to_ms(now) > row.until_ms + LATE_MS:
        return False
    said_ms = to_ms(event.reported_at) - SKEW_MS
    if event.clock != "unsynced" and said_ms > row.until_ms:
        return False
    first = row.until_seq + 1 if event.epoch == row.until_epoch else 1
    newer = select(EventRow.seq).where(
        EventRow.gateway == gateway.id,
        EventRow.epoch == event.epoch,
        EventRow.seq >= first,
        EventRow.seq < event.seq,
        EventRow.signer == gateway.signer,
    )
    return session.exec(newer.limit(1)).first() is None


def _of(session: Session, gateway_id: str) -> list[GatewayKey]:
    found = select(GatewayKey).where(GatewayKey.gateway == gateway_id)
    return list(session.exec(found.order_by(col(GatewayKey.number))))
