"""What an owner should not withdraw yet: the price of stays disputed soon after their end."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from cloud.stay_tables import Dispute
from cloud.tables import Booking, Offer, Settlement, Stay
from cloud.usecases import credits
from contracts.wire.types import to_ms

# A payout is held for so long after a stay; a dispute opened later holds none.
PAYOUT_HELD_MS = 48 * 3_600_000
MAX_DISPUTED = 1_000


def held_minor(session: Session, account: int, now: datetime) -> int:
    """Of this owner, by disputes that are open; what is decided or given back holds nothing."""
    owned = select(Offer.id).where(col(Offer.owner) == account)
    # Who says that a stay stood in the way of his booking does not dispute its price.
    own = or_(col(Dispute.booking).is_(None), col(Dispute.booking) == col(Stay.booking))
    found = (
        select(Settlement, Stay, Dispute)
        .join(Stay, col(Stay.number) == col(Settlement.stay))
        .join(Booking, col(Booking.id) == col(Settlement.booking))
        .join(Dispute, col(Dispute.stay) == col(Stay.number))
        .where(Dispute.state == "open", col(Settlement.credit_of).is_(None), own)
        .where(col(Booking.offer).in_(owned))
        .order_by(col(Settlement.stay))
        .limit(MAX_DISPUTED)
    )
    return sum(
        credits.left_minor(session, settled)
        for settled, stay, dispute in session.exec(found)
        if _in_time(stay, dispute, to_ms(now))
    )


def _in_time(stay: Stay, dispute: Dispute, now_ms: int) -> bool:
    """Opened during the stay or within 48 hours after it: then it holds until it ends."""
    return dispute.opened_ms <= min((stay.departed_ms or 0) + PAYOUT_HELD_MS, now_ms)
