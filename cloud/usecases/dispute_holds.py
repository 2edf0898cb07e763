"""What an owner should not withdraw yet: the price of stays disputed soon after their end."""

from datetime import datetime

from sqlmodel import Session, col, select

from cloud.stay_tables import Dispute
from cloud.tables import Settlement, Stay
from cloud.usecases import credits
from contracts.ledger.records import SettlementRecord
from contracts.wire.types import to_ms

# A payout is held for so long after a stay; a dispute opened later holds none.
PAYOUT_HELD_MS = 48 * 3_600_000
MAX_DISPUTED = 1_000


def held_minor(session: Session, account: int, now: datetime) -> int:
    """Of this owner, by disputes that are open; what is decided or given back holds nothing."""
    found = (
        select(Settlement, Stay, Dispute)
        .join(Stay, col(Stay.number) == col(Settlement.stay))
        .join(Dispute, col(Dispute.stay) == col(Stay.number))
        .where(Dispute.state == "open", col(Settlement.credit_of).is_(None))
        .order_by(col(Settlement.stay))
        .limit(MAX_DISPUTED)
    )
    return sum(
        credits.left_minor(session, settled)
        for settled, stay, dispute in session.exec(found)
        if _in_time(stay, dispute, to_ms(now)) and _owner(settled) == account
    )


def _in_time(stay: Stay, dispute: Dispute, now_ms: int) -> bool:
    """Opened within the 48 hours, and not opened before now is: then it holds until it ends."""
    left_ms = stay.departed_ms or 0
    return left_ms <= dispute.opened_ms <= min(left_ms + PAYOUT_HELD_MS, now_ms)


def _owner(settled: Settlement) -> int:
    return SettlementRecord.model_validate_json(settled.record).owner_account
