"""Step 6, second half: pay what closed stays cost, file them in a batch, follow it to its block.

Whole batches are read and written at once, as columns: a batch has hundreds of members.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, func, select

from cloud.charge_tables import CHARGE_NUMBERS, ChargeRow
from cloud.core import money
from cloud.core.booking import Move, State, moved
from cloud.core.paying import Paid, Payment, pay, payment_of
from cloud.credit_tables import CREDIT_NUMBERS
from cloud.ports.chain import ChainEvent
from cloud.tables import Batch, Booking, ChainCall, Offer, Settlement, Stay
from cloud.usecases import accounts, collected, filing, receipts, withdrawals
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.many import Many
from cloud.usecases.receipts import pending_of as pending_of
from cloud.usecases.receipts import receipt_of as receipt_of
from cloud.usecases.receipts import receipt_or_pending as receipt_or_pending
from contracts.ledger.merkle import Tree
from contracts.ledger.records import Deployed
from contracts.wire.types import format_instant, to_ms

BATCH_LIMIT = 200
# More than the dearest settlement and the dearest empty batch ever used.
GAS_PER_WORD, GAS_PER_BATCH = 50_000, 300_000

# Statements are made once: putting one together takes longer than running it.
_WAITING = (
    select(Settlement.stay, Settlement.leaf, Settlement.word, Settlement.credit_of)
    .add_columns(col(Booking.id), col(Booking.space), col(Booking.held_minor))
    .join(Booking, col(Booking.id) == col(Settlement.booking))
    .where(col(Settlement.batch).is_(None))
    .order_by(col(Settlement.stay))
    .limit(BATCH_LIMIT)
)
# Without those of an account that is in no block: its number may be a stranger's there.
_WAITING_OPEN = (
    _WAITING.join(Offer, col(Offer.id) == col(Booking.offer), isouter=True)
    .join(ChargeRow, col(ChargeRow.number) == col(Settlement.stay) - CHARGE_NUMBERS, isouter=True)
    .where(~filing.unopened(col(Booking.driver)), ~filing.unopened(col(Offer.owner)))
    .where(~filing.unopened(col(ChargeRow.payer)), ~filing.unopened(col(ChargeRow.payee)))
)
_BATCH = select(Batch.seq).where(col(Batch.call) == bindparam("call")).scalar_subquery()
_MEMBERS = select(
    Settlement.stay, Settlement.amount_minor, Settlement.paid_minor, Settlement.word
).where(col(Settlement.batch) == _BATCH)
_STAYS = select(Settlement.stay).where(
    col(Settlement.batch) == _BATCH, col(Settlement.stay) < CREDIT_NUMBERS
)
_BOOKED = select(Settlement.booking).where(
    col(Settlement.batch) == _BATCH, col(Settlement.stay) < CREDIT_NUMBERS
)
_STATES = select(Booking.state).where(col(Booking.id).in_(_BOOKED)).distinct()
# All three at once: the database refuses a second change.
_PLACE = Many(
    update(Settlement)
    .where(col(Settlement.stay) == bindparam("at"))
    .values(batch=bindparam("seq"), position=bindparam("place"), paid_minor=bindparam("paid"))
)
# A history is a JSON list that is never empty: the confirmation stands in it.
_MOVED = (
    update(Booking)
    .where(col(Booking.id).in_(_BOOKED), col(Booking.state) == bindparam("before"))
    .values(
        state=bindparam("after"),
        history=func.substr(Booking.history, 1, func.length(Booking.history) - 1).op("||")(
            bindparam("told")
        ),
    )
)
_STAYED = update(Stay).where(col(Stay.number).in_(_STAYS)).values(state=bindparam("to"))


def batch(session: Session, now: datetime, age_ms: int = 0) -> Batch | None:
    """Pay the settlements that wait, put them into the next batch, queue it for the chain.

    Once there are enough of them, or the oldest stay ended `age_ms` ago; those of an account that
    is not open on the chain wait on, and hold up no others. Paid here and not
    before, so that every deposit has the same place before or after them in our books as it has
    on the chain.
    """
    rows = list(session.connection().execute(_waiting(session)))
    if not rows or (len(rows) < BATCH_LIMIT and _young(session, rows, to_ms(now), age_ms)):
        return None
    seq = (session.exec(select(func.max(Batch.seq))).one() or 0) + 1
    root = "0x" + Tree([row.leaf for row in rows]).root.hex()
    words = [int(row.word, 16) for row in rows]
    paid = _paid(session, rows, [payment_of(word) for word in words], now)
    placed = [
        {"at": row.stay, "seq": seq, "place": place, "paid": paid_minor}
        for place, (row, paid_minor) in enumerate(zip(rows, paid, strict=True))
    ]
    _PLACE.run(session, placed)
    made = Batch(seq=seq, root=root, call=f"batch:{seq}")
    session.add(made)
    filing.queue(session, made.call, ("ledger", "settle_batch"), [seq, root, words], "settler")
    return made


def gas(call: ChainCall) -> int:
    """The most that a batch may use."""
    words = json.loads(call.args)[2]
    return GAS_PER_BATCH + GAS_PER_WORD * len(words)


def logged(call: ChainCall, events: Sequence[ChainEvent]) -> bool:
    """The ledger's log holds this batch and no other, word by word."""
    found = [event.args for event in events if event.name == "Batch"]
    if len(found) != 1:
        return False
    seq, root, words = json.loads(call.args)
    log = found[0]
    told = (log["seq"], "0x" + bytes(log["detail_root"]).hex(), list(log["words"]))
    return told == (seq, root, words)


def filed(
    session: Session, call: ChainCall, missing: dict[int, int], deployed: Deployed, now: datetime
) -> None:
    """The chain has mined a batch: its stays are settled, and `receipts.issue` follows.

    `missing`: stay number -> what the contract could not collect. Where our books had it otherwise
    they follow, and a person looks. A receipt that is there already names a block that has
    vanished: it is put right at once, before its new block is final.
    """
    _move(session, call, "settle", now)
    members = session.connection().execute(_MEMBERS, {"call": call.id}).all()
    collected.told(session, members, missing, now)
    receipts.corrected(session, call, deployed)


def returned(session: Session, call: ChainCall, now: datetime) -> None:
    """Its block is gone: its stays wait for the chain again. The money stays posted: once."""
    _move(session, call, "return", now)


def _waiting(session: Session) -> Any:
    read = withdrawals.being_read(session)
    if not read and not filing.all_unopened(session):
        return _WAITING
    charged = col(ChargeRow.payer).is_(None) | col(ChargeRow.payer).not_in(read)
    sides = (col(Booking.driver).not_in(read), col(Offer.owner).not_in(read))
    return _WAITING_OPEN.where(*sides, charged)


def _young(session: Session, rows: Sequence[Any], now_ms: int, age_ms: int) -> bool:
    numbers = [row.stay for row in rows]
    oldest = select(func.min(Stay.departed_ms)).where(col(Stay.number).in_(numbers))
    return age_ms > 0 and (session.exec(oldest).one() or 0) > now_ms - age_ms


def _paid(
    session: Session, rows: Sequence[Any], payments: list[Payment], now: datetime
) -> list[int]:
    """What is paid of each, by the contract's own rule, in the batch's order.

    One question for all balances, and all entries at once: a batch is hundreds of them.
    """
    parties = {number for payment in payments for number in payment[:2]}
    balances = accounts.totals(session, parties)
    fees_minor = accounts.balance(session, money.PLATFORM)
    paid, entries = [], []
    for row, payment in zip(rows, payments, strict=True):
        done = pay(payment, balances, fees_minor)
        fees_minor += done.fee_minor
        transfer, postings = _postings(row, payment, done)
        entries += accounts.entries(transfer, postings, to_ms(now))
        paid.append(payment.amount_minor - done.missing_minor)
        if done.missing_minor:
            _unpaid(session, row, payment, done.missing_minor, now)
    accounts.write(session, entries)
    return paid


def _postings(row: Any, of: Payment, done: Paid) -> tuple[str, list[money.Posting]]:
    """A credit was held by nobody, and neither was a charge."""
    if row.stay >= CHARGE_NUMBERS:
        return f"charge:{row.stay}", money.charge(of.payer, of.payee, done.pays_minor)
    if of.credit:
        posted = money.credit(of.payer, of.payee, done.pays_minor, -done.fee_minor)
        return f"credit:{row.stay}", posted
    posted = money.post(of.payer, of.payee, row.held_minor, done.pays_minor, done.fee_minor)
    return f"settle:{row.id}", posted


def _unpaid(session: Session, row: Any, of: Payment, missing_minor: int, now: datetime) -> None:
    if row.stay >= CHARGE_NUMBERS:
        sentence = (
            f"Of a charge of {of.amount_minor} minor units without a stay, {missing_minor} could "
            f"not be collected: account {of.payer} is short, or {of.payee} is full. Settle the "
            "rest with them."
        )
        raise_alarm(session, f"unpaid:{row.stay}", "charge_unpaid", row.space, sentence, now)
        return
    if not of.credit:
        sentence = f"Booking {row.id} could not be paid in full. Settle the rest with the driver."
        raise_alarm(session, f"unpaid:{row.id}", "unpaid", row.space, sentence, now)
        return
    sentence = (
        f"Of the credit of stay {row.credit_of}, {missing_minor} of {of.amount_minor} minor "
        f"units could not be paid back: account {of.payer} is short, or {of.payee} is full. Once "
        "that is mended, credit what is missing."
    )
    raise_alarm(session, f"unpaid:{row.stay}", "credit_unpaid", row.space, sentence, now)


def _move(session: Session, call: ChainCall, what: Move, now: datetime) -> None:
    """The stays of a batch and their bookings, all at once; credits and charges move none."""
    here, bound = session.connection(), {"call": call.id}
    states: Sequence[State] = here.execute(_STATES, bound).scalars().all()  # type: ignore[assignment]
    for before in states:
        after: State = moved(before, what)
        if after != before:
            told = ", " + json.dumps({"state": after, "at": format_instant(now)}) + "]"
            here.execute(_MOVED, {**bound, "before": before, "after": after, "told": told})
    here.execute(_STAYED, {**bound, "to": "settled" if what == "settle" else "closed"})
