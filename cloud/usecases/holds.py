"""Who asks to withdraw leaves in the contract what bookings and unsettled stays need of it.

A hold never stops a settlement. It is placed when a final block tells of a request, renewed while
the request lasts, and the contract ends it: with its time, a pause or the close.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core.calls import WAITING
from cloud.core.money import HELD
from cloud.credit_tables import CREDIT_NUMBERS
from cloud.tables import Booking, Offer, Setting, Settlement
from cloud.usecases import accounts, charges, dispute_holds, filing
from cloud.usecases.unsettled import unsettled
from contracts.wire.types import to_ms

# As in ParkingLedger.vy.
REQUEST_LASTS_S, MAX_HOLD_S = 7 * 86_400, 30 * 86_400
# The chain's clock may be behind ours.
CLOCK_MARGIN_S = 3_600
# A hold that cannot last as long as its request is renewed when so much of it is left.
RENEW_BEFORE_S = MAX_HOLD_S // 2
# An account with a request, and how many holds it ever had.
WATCHED, TURNS = "asked:", "holds:"
# Accounts looked after in one turn, those first that waited longest.
MAX_WATCHED = 100


@dataclass(frozen=True, slots=True)
class Request:
    """As the contract has it; no amount: there is none, or no longer."""

    amount_minor: int
    ready_at_s: int


def noticed(session: Session, account: int) -> None:
    """The chain told of a request, or tells of it again."""
    key = f"{WATCHED}{account}"
    if session.get(Setting, key) is None:
        session.add(Setting(key=key, value=""))


def watched(session: Session) -> list[int]:
    asked = select(Setting.key).where(col(Setting.key).startswith(WATCHED, autoescape=True))
    keys = session.exec(asked.order_by(col(Setting.value)).limit(MAX_WATCHED))
    return [int(key.removeprefix(WATCHED)) for key in keys]


def place(session: Session, account: int, request: Request, now: datetime) -> None:
    """The hold that is needed now, unless it is there or under way. Once the request is over,

    nothing more: what is left of the hold concerns nobody.
    """
    now_s = to_ms(now) // 1000
    ends_s = request.ready_at_s + REQUEST_LASTS_S
    row = session.get(Setting, f"{WATCHED}{account}")
    if row is not None and (not request.amount_minor or ends_s <= now_s):
        session.delete(row)
    elif row is not None:
        row.value = f"{to_ms(now):015d}"
        session.add(row)
        _renew(session, account, ends_s, now)


def needed_minor(session: Session, account: int, now: datetime) -> int:
    """What this account's money is needed for and the chain has not taken yet, and what it was

    paid for stays that are in dispute.
    """
    booked = accounts.balance(session, account, HELD)
    disputed = dispute_holds.held_minor(session, account, now)
    return booked + _unsettled_minor(session, account) + disputed


def _renew(session: Session, account: int, ends_s: int, now: datetime) -> None:
    now_s = to_ms(now) // 1000
    turns = session.get(Setting, f"{TURNS}{account}") or Setting(key=f"{TURNS}{account}", value="0")
    newest = filing.call_named(session, f"hold:{account}:{turns.value}")
    if newest is not None and newest.status in WAITING:
        return
    there = newest is not None and newest.status != "failed"
    _account, placed, until_s = json.loads(newest.args) if newest and there else (0, 0, 0)
    amount_minor = needed_minor(session, account, now)
    wanted_s = min(ends_s, now_s + MAX_HOLD_S - CLOCK_MARGIN_S) if amount_minor else 0
    lasts = until_s >= wanted_s or until_s - now_s > RENEW_BEFORE_S
    if amount_minor == placed and lasts:
        return
    turns.value = str(int(turns.value) + 1)
    session.add(turns)
    args = [account, amount_minor, wanted_s]
    filing.queue(session, f"hold:{account}:{turns.value}", ("ledger", "hold"), args, "settler")


def _unsettled_minor(session: Session, account: int) -> int:
    """Beyond what its bookings hold: overstays that wait for a batch, credits and charges it owes,

    and what batches take that are in no block.
    """
    owned = select(Offer.id).where(col(Offer.owner) == account)
    pays = (col(Settlement.stay) < CREDIT_NUMBERS) & (col(Booking.driver) == account)
    owes = (col(Settlement.credit_of).is_not(None)) & (col(Booking.offer).in_(owned))
    due = pays | owes | charges.paid_by(account)
    return sum(_takes_minor(*row) for row in unsettled(session, WAITING, due))


def _takes_minor(row: Settlement, booking: Booking) -> int:
    if row.batch is not None:
        return row.paid_minor or 0
    whole = row.stay >= CREDIT_NUMBERS
    return row.amount_minor if whole else max(row.amount_minor - booking.held_minor, 0)
