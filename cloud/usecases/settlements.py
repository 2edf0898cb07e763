"""Step 6, second half: pay what closed stays cost, file them in a batch, follow it to its block.

Whole batches are read and written at once, as columns: a batch has hundreds of members.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.core.booking import Move
from cloud.core.paying import Paid, Payment, pay
from cloud.ports.chain import ChainEvent
from cloud.tables import Batch, Booking, ChainCall, Entry, Settlement, Stay
from cloud.usecases import accounts, bookings, filing, receipts
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.many import Many
from cloud.usecases.receipts import pending_of as pending_of
from cloud.usecases.receipts import receipt_of as receipt_of
from cloud.usecases.receipts import receipt_or_pending as receipt_or_pending
from contracts.ledger.merkle import Tree
from contracts.ledger.records import Deployed, SettlementRecord
from contracts.wire.types import to_ms

BATCH_LIMIT = 200
# More than the dearest settlement and the dearest empty batch ever used.
GAS_PER_WORD, GAS_PER_BATCH = 50_000, 300_000

# Statements are made once: putting one together takes longer than running it.
_WAITING = (
    select(Settlement.stay, Settlement.record, Settlement.credit_of)
    .add_columns(col(Booking.id), col(Booking.space), col(Booking.held_minor))
    .join(Booking, col(Booking.id) == col(Settlement.booking))
    .where(col(Settlement.batch).is_(None))
    .order_by(col(Settlement.stay))
    .limit(BATCH_LIMIT)
)
_BATCH = select(Batch.seq).where(col(Batch.call) == bindparam("call")).scalar_subquery()
_MEMBERS = select(Settlement.stay, Settlement.amount_minor, Settlement.paid_minor).where(
    col(Settlement.batch) == _BATCH
)
_STAYS = select(Settlement.stay).where(
    col(Settlement.batch) == _BATCH, col(Settlement.credit_of).is_(None)
)
_BOOKINGS = (
    select(Booking.id, Booking.state, Booking.history)
    .join(Settlement, col(Settlement.booking) == col(Booking.id))
    .where(col(Settlement.batch) == _BATCH, col(Settlement.credit_of).is_(None))
)
# All three at once: the database refuses a second change.
_PLACE = Many(
    update(Settlement)
    .where(col(Settlement.stay) == bindparam("at"))
    .values(batch=bindparam("seq"), position=bindparam("place"), paid_minor=bindparam("paid"))
)
_BOOKED = Many(
    update(Booking)
    .where(col(Booking.id) == bindparam("at"))
    .values(state=bindparam("to"), history=bindparam("told"))
)
_STAYED = update(Stay).where(col(Stay.number).in_(_STAYS)).values(state=bindparam("to"))


def batch(session: Session, now: datetime, age_ms: int = 0) -> Batch | None:
    """Pay the settlements that wait, put them into the next batch, queue it for the chain.

    Once there are enough of them, or the oldest stay ended `age_ms` ago. Paid here and not
    before, so that every deposit has the same place before or after them in our books as it has
    on the chain.
    """
    rows = list(session.connection().execute(_WAITING))
    if not rows or (len(rows) < BATCH_LIMIT and _young(session, rows, to_ms(now), age_ms)):
        return None
    seq = (session.exec(select(func.max(Batch.seq))).one() or 0) + 1
    records = [SettlementRecord.model_validate_json(row.record) for row in rows]
    root = "0x" + Tree([record.leaf() for record in records]).root.hex()
    paid = _paid(session, rows, records, now)
    placed = [
        {"at": row.stay, "seq": seq, "place": place, "paid": paid_minor}
        for place, (row, paid_minor) in enumerate(zip(rows, paid, strict=True))
    ]
    _PLACE.run(session, placed)
    made = Batch(seq=seq, root=root, call=f"batch:{seq}")
    session.add(made)
    words = [record.word() for record in records]
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

    `missing`: stay number -> what the contract could not collect. It must be what our books could
    not: else a person looks. A receipt that is there already names a block that has vanished: it
    is put right at once, before its new block is final.
    """
    _move(session, call, "settle", now)
    members = list(session.connection().execute(_MEMBERS, {"call": call.id}))
    for stay, amount_minor, paid_minor in members:
        ours = amount_minor - (paid_minor or 0)
        if missing.get(stay, 0) != ours:
            sentence = f"Stay {stay}: the chain misses {missing.get(stay, 0)}, we {ours}."
            raise_alarm(session, f"books:{stay}", "books_differ", None, sentence, now)
    receipts.corrected(session, call, deployed)


def returned(session: Session, call: ChainCall, now: datetime) -> None:
    """Its block is gone: its stays wait for the chain again. The money stays posted: once."""
    _move(session, call, "return", now)


def _young(session: Session, rows: Sequence[Any], now_ms: int, age_ms: int) -> bool:
    numbers = [row.stay for row in rows]
    oldest = select(func.min(Stay.departed_ms)).where(col(Stay.number).in_(numbers))
    return age_ms > 0 and (session.exec(oldest).one() or 0) > now_ms - age_ms


def _paid(
    session: Session, rows: Sequence[Any], records: list[SettlementRecord], now: datetime
) -> list[int]:
    """What is paid of each, by the contract's own rule, in the batch's order.

    One question for all balances, and all entries at once: a batch is hundreds of them.
    """
    parties = {record.driver_account for record in records}
    balances = _totals(session, {*parties, *(record.owner_account for record in records)})
    fees_minor = accounts.balance(session, money.PLATFORM)
    paid, entries = [], []
    for row, record in zip(rows, records, strict=True):
        done = pay(_payment(record), balances, fees_minor)
        fees_minor += done.fee_minor
        transfer, postings = _postings(row, record, done)
        entries += accounts.entries(transfer, postings, to_ms(now))
        paid.append(record.amount_minor - done.missing_minor)
        if done.missing_minor:
            _unpaid(session, row, record, done.missing_minor, now)
    accounts.write(session, entries)
    return paid


def _payment(record: SettlementRecord) -> Payment:
    return Payment(
        record.driver_account,
        record.owner_account,
        record.amount_minor,
        record.fee_bps,
        record.credit_of is not None,
    )


def _postings(row: Any, record: SettlementRecord, done: Paid) -> tuple[str, list[money.Posting]]:
    """A credit was held by nobody."""
    payer, payee = record.driver_account, record.owner_account
    if record.credit_of is not None:
        return f"credit:{row.stay}", money.credit(payer, payee, done.pays_minor, -done.fee_minor)
    posted = money.post(payer, payee, row.held_minor, done.pays_minor, done.fee_minor)
    return f"settle:{row.id}", posted


def _unpaid(
    session: Session, row: Any, record: SettlementRecord, missing_minor: int, now: datetime
) -> None:
    if record.credit_of is None:
        sentence = f"Booking {row.id} could not be paid in full. Ask the driver to top up."
        raise_alarm(session, f"unpaid:{row.id}", "unpaid", row.space, sentence, now)
        return
    sentence = (
        f"Of the credit of stay {record.credit_of}, {missing_minor} of {record.amount_minor} minor "
        f"units could not be paid back: account {record.driver_account} is short. Once it has "
        "money, credit what is missing."
    )
    raise_alarm(session, f"unpaid:{row.stay}", "credit_unpaid", row.space, sentence, now)


def _totals(session: Session, numbers: set[int]) -> dict[int, int]:
    found = (
        select(Entry.account, func.sum(Entry.amount_minor))
        .where(col(Entry.account).in_(numbers))
        .group_by(col(Entry.account))
    )
    return dict.fromkeys(numbers, 0) | {number: int(sum_) for number, sum_ in session.exec(found)}


def _move(session: Session, call: ChainCall, what: Move, now: datetime) -> None:
    """The stays of a batch and their bookings; credits move none."""
    here, bound = session.connection(), {"call": call.id}
    changes = [
        {"at": number, "to": changed[0], "told": changed[1]}
        for number, state, history in here.execute(_BOOKINGS, bound)
        if (changed := bookings.changed(state, history, what, now)) is not None
    ]
    _BOOKED.run(session, changes)
    here.execute(_STAYED, {**bound, "to": "settled" if what == "settle" else "closed"})
