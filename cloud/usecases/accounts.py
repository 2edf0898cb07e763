"""Accounts and their money: open, top up, hold, post, void. Entries are never changed."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.core.money import AVAILABLE, HELD, Posting
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.tables import Account, Balance, Entry
from cloud.usecases import filing, ledger_state
from cloud.usecases.gateways import clear_alarm
from cloud.usecases.many import Many
from contracts.ledger.hashing import keccak

CURRENCY = "CNY"
ROLES = ("owner", "driver", "operator")
_COLUMNS = ("transfer", "account", "bucket", "amount_minor", "currency", "at_ms")
_ENTRIES = Many(insert(Entry), _COLUMNS)


def token_hash(token: str) -> str:
    """Keys are 256 random bits, so one plain hash is enough to store them safely."""
    return keccak(token.encode()).hex()


def open_account(
    session: Session, name: str, role: str, token: str, address: str, now_ms: int
) -> Account:
    """A row here and an account of the same number in the ledger contract."""
    account = Account(
        name=name, role=role, token_hash=token_hash(token), address=address, created_ms=now_ms
    )
    session.add(account)
    session.flush()
    _queue_opening(session, account)
    return account


def reopen(session: Session, number: int, address: str = "") -> bool:
    """Ask the contract once more, with another address if one is given; False if the account was

    not refused. The contract takes it only where that address has the number, or nobody.
    """
    account, call = get(session, number), f"account:{number}"
    if filing.status_of(session, call) != "failed":
        return False
    account.address = address or account.address
    session.add(account)
    filing.set_aside(session, call)
    clear_alarm(session, f"call:{call}")
    _queue_opening(session, account)
    return True


def refused(session: Session, number: int, now_ms: int) -> None:
    """The contract did not open it: what was to be paid in there would be a stranger's."""
    for call in filing.queued(session, f"deposit:{number}:"):
        undo_deposit(session, call.id, now_ms)
        filing.step(session, call, "fail", reason="its account is not open")


def _queue_opening(session: Session, account: Account) -> None:
    args = [account.number, account.address]
    call = f"account:{account.number}"
    filing.queue(session, call, ("ledger", "open_account"), args, "registrar")


def by_token(session: Session, token: str) -> Account | None:
    return session.exec(select(Account).where(Account.token_hash == token_hash(token))).first()


def get(session: Session, number: int) -> Account:
    account = session.get(Account, number)
    if account is None:
        raise Unknown(f"Account {number}.")
    return account


def top_up(
    session: Session, number: int, amount_minor: int, reference: str, now_ms: int
) -> int | Refusal:
    """Deposit once per reference; a repeated one moves nothing. Gives the available balance.

    Refused for good where the chain refused it: its reference has had its answer.
    """
    get(session, number)
    transfer = f"deposit:{number}:{reference}"
    before = _amount(session, transfer, number)
    if before is not None and before != amount_minor:
        return refuse("key_reused")
    if _posted(session, f"undo:{transfer}"):
        return refuse("top_up_refused")
    if before is None:
        if (refusal := _no_deposits(session, number)) is not None:
            return refusal
        post(session, transfer, money.deposit(number, amount_minor), now_ms)
        stamp = "0x" + keccak(transfer.encode()).hex()
        filing.queue(
            session, transfer, ("ledger", "deposit"), [number, amount_minor, stamp], "admin"
        )
    return balance(session, number, AVAILABLE)


def _no_deposits(session: Session, number: int) -> Refusal | None:
    if ledger_state.closed(session):
        return refuse("ledger_closed")
    failed = filing.status_of(session, f"account:{number}") == "failed"
    return refuse("account_not_open") if failed else None


def undo_deposit(session: Session, transfer: str, now_ms: int) -> None:
    """The chain refused it: the credit goes, by an entry of its own."""
    number = int(transfer.split(":")[1])
    amount_minor = _amount(session, transfer, number) or 0
    post(session, f"undo:{transfer}", money.deposit(number, -amount_minor), now_ms)


def _amount(session: Session, transfer: str, number: int) -> int | None:
    return session.exec(
        select(Entry.amount_minor).where(Entry.transfer == transfer, Entry.account == number)
    ).first()


def balance(session: Session, number: int, bucket: str = AVAILABLE) -> int:
    total = session.exec(
        select(func.coalesce(func.sum(Balance.sum_minor), 0)).where(
            Balance.account == number, Balance.bucket == bucket
        )
    ).one()
    return int(total)


def total_of(session: Session, number: int) -> int:
    return balance(session, number, AVAILABLE) + balance(session, number, HELD)


def totals(session: Session, numbers: Collection[int] | None = None) -> dict[int, int]:
    """Available and held together: of these accounts, or of all that ever held money."""
    found = select(Balance.account, func.sum(Balance.sum_minor)).group_by(col(Balance.account))
    if numbers is None:
        found = found.where(Balance.account != money.OUTSIDE)
    else:
        found = found.where(col(Balance.account).in_(numbers))
    session.flush()
    known = session.connection().execute(found).all()
    return dict.fromkeys(numbers or (), 0) | {number: int(total) for number, total in known}


def post(session: Session, transfer: str, postings: Iterable[Posting], now_ms: int) -> None:
    """Once per transfer name: a repeated one changes nothing."""
    if _posted(session, transfer):
        return
    write(session, entries(transfer, postings, now_ms))


def entries(transfer: str, postings: Iterable[Posting], now_ms: int) -> list[dict[str, Any]]:
    """As columns, not as objects: a batch writes hundreds that nobody changes again."""
    return [
        {
            "transfer": transfer,
            "account": posting.account,
            "bucket": posting.bucket,
            "amount_minor": posting.amount_minor,
            "currency": CURRENCY,
            "at_ms": now_ms,
        }
        for posting in postings
    ]


def write(session: Session, columns: list[dict[str, Any]]) -> None:
    session.flush()
    _ENTRIES.run(session, columns)


def _posted(session: Session, transfer: str) -> bool:
    return session.exec(select(Entry.id).where(Entry.transfer == transfer)).first() is not None
