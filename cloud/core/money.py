"""Double entry for a hold and its end: amounts of one transfer always sum to zero."""

from typing import NamedTuple

OUTSIDE = 0
# The platform's fees. No person has it: people's accounts count from 1, as the ledger's do.
PLATFORM = -1
AVAILABLE = "available"
HELD = "held"


class Posting(NamedTuple):
    account: int
    bucket: str
    amount_minor: int


def deposit(account: int, amount_minor: int) -> list[Posting]:
    """Account 0 is the world outside: what it lacks is what the accounts hold together."""
    return _balanced(
        Posting(OUTSIDE, AVAILABLE, -amount_minor), Posting(account, AVAILABLE, amount_minor)
    )


def hold(account: int, amount_minor: int) -> list[Posting]:
    return _balanced(
        Posting(account, AVAILABLE, -amount_minor), Posting(account, HELD, amount_minor)
    )


def void(account: int, held_minor: int) -> list[Posting]:
    return hold(account, -held_minor)


def post(
    driver: int, owner: int, held_minor: int, amount_minor: int, fee_minor: int = 0
) -> list[Posting]:
    """The whole hold ends; what it lacks or leaves over comes from or goes to the balance.

    `fee_minor`: the platform's part of the amount.
    """
    return _balanced(
        Posting(driver, HELD, -held_minor),
        Posting(driver, AVAILABLE, held_minor - amount_minor),
        Posting(owner, AVAILABLE, amount_minor - fee_minor),
        Posting(PLATFORM, AVAILABLE, fee_minor),
    )


def credit(payer: int, payee: int, paid_minor: int, back_minor: int = 0) -> list[Posting]:
    """Who was paid gives back `paid_minor`, and the platform `back_minor` of its fee."""
    return _balanced(
        Posting(payer, AVAILABLE, -paid_minor),
        Posting(payee, AVAILABLE, paid_minor + back_minor),
        Posting(PLATFORM, AVAILABLE, -back_minor),
    )


def charge(payer: int, payee: int, paid_minor: int) -> list[Posting]:
    """What was due without a stay: held by nobody, and no fee is taken of it."""
    return _balanced(Posting(payer, AVAILABLE, -paid_minor), Posting(payee, AVAILABLE, paid_minor))


def _balanced(*postings: Posting) -> list[Posting]:
    if sum(posting.amount_minor for posting in postings) != 0:
        raise AssertionError("a transfer must sum to zero")
    return [posting for posting in postings if posting.amount_minor]
