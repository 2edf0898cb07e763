"""ParkingLedger's rule for one word, so that our books move exactly what the contract will move.

The rule itself, in the contract's words: `settle_batch` in contracts/ledger/ParkingLedger.vy. What
it refuses a whole batch for (a stay filed before, a fee above its cap) is not asked here.
"""

from collections.abc import MutableMapping
from typing import NamedTuple

MOST_MINOR = 2**31 - 1  # what one account can hold there
BPS = 10_000


class Payment(NamedTuple):
    """One settlement, counter-record or charge. `fee_bps`: the platform's part of the amount.

    `by_claim`: the payee's money is set aside until it is claimed, and needs no account.
    """

    payer: int
    payee: int
    amount_minor: int
    fee_bps: int = 0
    credit: bool = False
    by_claim: bool = False


def payment_of(word: int) -> Payment:
    """`word` as it goes to the chain; see SettlementRecord.word for its parts."""
    lane, tag = 2**32 - 1, word & 0xFFFF
    return Payment(
        payer=word >> 224,
        payee=word >> 192 & lane,
        amount_minor=word >> 48 & lane,
        fee_bps=tag & 0x3FFF,
        credit=bool(tag & 0x8000),
        by_claim=bool(tag & 0x4000),
    )


class Paid(NamedTuple):
    """`pays_minor` is always `gets_minor + fee_minor`: what the platform gives back is below 0.

    `missing_minor`: what the contract tells as Unpaid.
    """

    pays_minor: int
    gets_minor: int
    fee_minor: int
    missing_minor: int


def pay(word: Payment, balances: MutableMapping[int, int], fees_minor: int) -> Paid:
    """Moves `balances` (an account that is not in it is not open); the fees are the caller's:

    he adds `fee_minor` to what the platform has before the next word.
    """
    payer, payee, amount_minor, bps, credit, by_claim = word
    balance = balances.get(payer, 0)
    has_minor = balance if balance > 0 else 0
    if credit:
        # Who was paid gives back his part, and the platform its own as far as it has it.
        part = amount_minor * bps // BPS
        fee = -min(part, max(fees_minor, 0))
        pays = min(has_minor, amount_minor - part)
    else:
        pays = min(has_minor, amount_minor)
        fee = pays * bps // BPS
    gets = pays - fee
    if not by_claim and amount_minor and not _fits(word, balances, pays, gets):
        return Paid(0, 0, 0, amount_minor)
    if pays:
        balances[payer] = balance - pays
    if gets and not by_claim:
        balances[payee] += gets
    return Paid(pays, gets, fee, amount_minor - pays + min(fee, 0))


def _fits(word: Payment, balances: MutableMapping[int, int], pays: int, gets: int) -> bool:
    """Else nothing at all is moved: the payee has no account, or no room in it."""
    if word.payee not in balances:
        return False
    own = pays if word.payer == word.payee else 0
    return balances[word.payee] - own + gets <= MOST_MINOR
