"""Keys of programs: the one that an account was opened with, and others that it made, by name."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from cloud.account_tables import AccessKey
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Account
from cloud.usecases import accounts
from cloud.usecases.sessions import mark_of

ALL, READ = "all", "read"
SCOPES = (ALL, READ)
MAX_OF_ACCOUNT = 20
# In a list and in a path: the key that the account was opened with, with the account's number.
FIRST = "first-"
NOBODYS = "nobody:"
MAX_DIGITS = 10


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` is told once; `id` names it from then on."""

    id: str
    secret: str
    name: str
    scope: str


def found(session: Session, secret: str) -> tuple[Account, str] | None:
    """(its account, its scope)"""
    account = accounts.by_token(session, secret)
    if account is not None:
        return account, ALL
    row = session.exec(select(AccessKey).where(AccessKey.mark == mark_of(secret))).first()
    holder = session.get(Account, row.account) if row else None
    return None if row is None or holder is None else (holder, row.scope)


def first_id(number: int) -> str:
    return f"{FIRST}{number}"


def number_of(key_id: str) -> int | None:
    """Of an account's first key; None: it is another one."""
    digits = key_id.removeprefix(FIRST)
    named = key_id != digits and digits.isascii() and digits.isdigit() and len(digits) < MAX_DIGITS
    return int(digits) if named else None


def of_account(session: Session, number: int) -> list[AccessKey]:
    """Oldest first."""
    rows = select(AccessKey).where(AccessKey.account == number)
    return list(session.exec(rows.order_by(col(AccessKey.made_ms), col(AccessKey.id))).all())


def make(session: Session, number: int, key: NewKey, now_ms: int) -> AccessKey | Refusal:
    held = of_account(session, number)
    if len(held) >= MAX_OF_ACCOUNT:
        return refuse("too_many_keys")
    row = AccessKey(
        id=key.id,
        account=number,
        name=key.name,
        scope=key.scope,
        mark=mark_of(key.secret),
        made_ms=now_ms,
    )
    session.add(row)
    session.flush()
    return row


def has_first(account: Account) -> bool:
    """Whether the key that it was opened with lets anybody in."""
    return not account.token_hash.startswith(NOBODYS)


def _of_nobody(unusable: str) -> str:
    """In the place of a hash: no key has it."""
    return NOBODYS + accounts.token_hash(unusable)


def none_first(session: Session, account: Account, unusable: str) -> None:
    """Nobody was told the key that it was opened with."""
    account.token_hash = _of_nobody(unusable)
    session.add(account)


def revoke_all(session: Session, number: int, unusable: str) -> None:
    """The first one, too; `unusable` as of revoke."""
    revoke(session, first_id(number), unusable)
    for row in of_account(session, number):
        session.delete(row)


def revoke(session: Session, key_id: str, unusable: str) -> None:
    """It lets nobody in from now on.

    `unusable`: a random text that nobody keeps, for the place of an account's first key.
    """
    first = number_of(key_id)
    if first is not None:
        account = accounts.get(session, first)
        account.token_hash = _of_nobody(unusable)
        session.add(account)
        return
    row = session.get(AccessKey, key_id)
    if row is not None:
        session.delete(row)
