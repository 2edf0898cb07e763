"""What the chain collected of a settlement where that is another sum than our books had posted.

A payer may have withdrawn in a block that was not final when his batch was put together. The
chain's word counts: the difference is posted by an entry of its own, and a person is told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.core.paying import BPS, Payment, payment_of
from cloud.tables import Collected, Settlement
from cloud.usecases import accounts
from cloud.usecases.gateways import raise_alarm
from contracts.wire.types import to_ms


def paid_minor(session: Session, row: Settlement) -> int:
    """As the chain has it."""
    told = missing(session, [row.stay]).get(row.stay)
    return (row.paid_minor or 0) if told is None else row.amount_minor - told


def missing(session: Session, stays: Sequence[int]) -> dict[int, int]:
    """By stay number, of those that were told otherwise than our books had it."""
    newest = select(func.max(Collected.id)).where(col(Collected.stay).in_(stays))
    rows = session.exec(
        select(Collected.stay, Collected.missing_minor).where(
            col(Collected.id).in_(newest.group_by(col(Collected.stay)))
        )
    )
    return dict(rows.all())


def as_paid(session: Session, seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is shown of settlements without a stay, each paid as the chain has it."""
    lacking = missing(session, [one["stay"] for one in seen])
    for one in seen:
        if one["stay"] in lacking:
            one["paid_minor"] = one["amount_minor"] - lacking[one["stay"]]
    return seen


def told(
    session: Session, members: Sequence[Any], by_chain: Mapping[int, int], now: datetime
) -> None:
    """`members`: rows of stay, amount_minor, paid_minor and word; `by_chain`: stay -> missing."""
    any_told = session.exec(select(Collected.id).limit(1)).first() is not None
    known = missing(session, [row.stay for row in members]) if any_told else {}
    for row in members:
        ours = known.get(row.stay, row.amount_minor - (row.paid_minor or 0))
        theirs = by_chain.get(row.stay, 0)
        if theirs == ours:
            continue
        sentence = (
            f"Stay {row.stay}: the chain misses {theirs}, we {ours}. The chain's word counts."
        )
        raise_alarm(session, f"books:{row.stay}", "books_differ", None, sentence, now)
        made = Collected(stay=row.stay, missing_minor=theirs)
        session.add(made)
        session.flush()
        postings = _moved(payment_of(int(row.word, 16)), ours, theirs)
        accounts.post(session, f"collected:{made.id}", postings, to_ms(now))


def _moved(of: Payment, ours: int, theirs: int) -> list[money.Posting]:
    """From what `ours` of it was missing to `theirs`; of a credit the platform gave its part."""
    by = theirs - ours
    fee = 0
    if not of.credit:
        before, after = of.amount_minor - ours, of.amount_minor - theirs
        fee = before * of.fee_bps // BPS - after * of.fee_bps // BPS
    return money.post(of.payer, of.payee, 0, -by, -fee)
