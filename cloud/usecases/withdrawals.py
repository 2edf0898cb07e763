"""Money that moved on the chain without a call of ours: withdrawals, others' deposits, claims.

Booked before our books are compared with the chain: who takes his own money out stops nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.core.money import PLATFORM
from cloud.ports.chain import Happened
from cloud.tables import Alarm, ChainAttempt, ChainCall, Setting
from cloud.usecases import accounts, filing, holds
from cloud.usecases.gateways import clear_alarm, raise_alarm
from contracts.wire.types import to_ms

SETTING, REREAD = "history", "reread:"
NAMES = ("Withdrawn", "Deposited", "Claimed", "WithdrawalRequested", "FeesWithdrawn")
LEAVES = ("Withdrawn", "FeesWithdrawn")
# Which function of ours makes an event that is booked already.
OURS = {"Deposited": "deposit", "FeesWithdrawn": "withdraw_fees"}
CODE = "withdrew_held"
# Blocks read in one turn.
MAX_BLOCKS = 20_000
# Read again each time: a node behind its peers may have told of its last blocks only in part.
REREAD_BLOCKS = 64
_REREADS = select(Setting).where(col(Setting.key).startswith(REREAD, autoescape=True))


@dataclass(frozen=True, slots=True)
class Span:
    """Blocks to read, both ends included."""

    first: int
    last: int


def read_to(session: Session) -> int | None:
    """The last block that is in our books; None before the first was read."""
    row = session.get(Setting, SETTING)
    return int(row.value) if row else None


def due(session: Session, block: int) -> Span | None:
    """What to read next on the way to that final block; None when nothing is due.

    Money moves in accounts alone, and only we open them: nothing is older than our first one.
    """
    done = read_to(session)
    if done is not None:
        if done >= block:
            return None
        return Span(max(done + 1 - REREAD_BLOCKS, 0), min(done + MAX_BLOCKS, block))
    opened = select(func.min(ChainCall.block_number)).where(
        ChainCall.function == "open_account", ChainCall.status == "final"
    )
    first = session.exec(opened).one()
    if first is None or first > block:
        return None
    return Span(first, min(first + MAX_BLOCKS - 1, block))


def book(session: Session, happened: Sequence[Happened], span: Span, now: datetime) -> None:
    """Once per transaction and log index, however often it is read; then the bookmark moves.

    Not of accounts that are in no block: their numbers may be a stranger's there.
    """
    unopened = filing.all_unopened(session)
    for one in happened:
        if one.event.args.get("account_id") in unopened:
            continue
        if one.event.name == "WithdrawalRequested":
            holds.noticed(session, int(one.event.args["account_id"]))
        elif not _is_ours(session, one):
            _post(session, one, now)
    _look_after(session)
    row = session.get(Setting, SETTING) or Setting(key=SETTING, value="-1")
    row.value = str(max(int(row.value), span.last))
    session.add(row)
    for done in session.exec(_REREADS).all():
        if int(done.value) <= span.last:
            session.delete(done)
    session.flush()


def opened(session: Session, account: int, block: int) -> None:
    """One that was refused before is in this block: what was left out of its number's history is

    read again from the first block on, and its stays wait for that.
    """
    if not filing.count_named(session, f"{filing.ASIDE}account:{account}:"):
        return
    for key in (SETTING, f"{REREAD}{account}"):
        row = session.get(Setting, key)
        if row is not None:
            session.delete(row)
    session.flush()
    session.add(Setting(key=f"{REREAD}{account}", value=str(block)))
    session.flush()


def being_read(session: Session) -> set[int]:
    """Accounts whose money on the chain is not all in our books yet."""
    return {int(row.key.removeprefix(REREAD)) for row in session.exec(_REREADS)}


def _is_ours(session: Session, one: Happened) -> bool:
    """A deposit or payout of ours, which is in our books since it was queued.

    Known by its hash, which nobody else can have; anybody may copy its reference.
    """
    call = (
        select(ChainCall.id)
        .join(ChainAttempt, col(ChainAttempt.call) == col(ChainCall.number))
        .where(
            ChainAttempt.hash == one.tx_hash,
            ChainCall.function == OURS.get(one.event.name, ""),
            ChainCall.status != "failed",
        )
    )
    return session.exec(call).first() is not None


def _post(session: Session, one: Happened, now: datetime) -> None:
    """Fees are the platform's account; all others are numbered alike here and in the contract."""
    number, amount_minor = (
        int(one.event.args.get("account_id", PLATFORM)),
        int(one.event.args["amount"]),
    )
    leaves = one.event.name in LEAVES
    postings = money.deposit(number, -amount_minor if leaves else amount_minor)
    transfer = f"chain:{one.tx_hash}:{one.log_index}"
    accounts.post(session, transfer, postings, to_ms(now))
    available_minor = accounts.balance(session, number)
    if leaves and number != PLATFORM and available_minor < 0:
        sentence = (
            f"Account {number} withdrew {amount_minor} on the chain. Its bookings and stays need "
            f"more than is left: {-available_minor} is missing."
        )
        raise_alarm(session, f"{CODE}:{number}", CODE, None, sentence, now)


def _look_after(session: Session) -> None:
    """Those who have money again are no news."""
    for alarm in session.exec(select(Alarm).where(Alarm.code == CODE)).all():
        if accounts.balance(session, int(alarm.id.rpartition(":")[2])) >= 0:
            clear_alarm(session, alarm.id)
