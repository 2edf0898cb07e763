"""New people: by an operator's invitation, or by themselves as drivers with a code by e-mail."""

from dataclasses import dataclass

from sqlmodel import Session

from cloud.account_tables import Invitation, PasswordRow, SignInName
from cloud.core import sign_in_names
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Account
from cloud.usecases import access_keys, accounts, sign_in
from cloud.usecases.sessions import mark_of

INVITATION_MS = 7 * 86_400_000
# Who invites, and the roles that it may give; an administrator gives any.
MAY_GIVE = {"operator": ("owner", "driver", "operator", "installer")}


@dataclass(frozen=True, slots=True)
class Person:
    """`hash`: of the password; `unusable`: for the place of a first key that nobody gets."""

    name: str
    hash: str
    unusable: str
    address: str


def may_give(by_role: str, role: str) -> bool:
    return by_role == "admin" or role in MAY_GIVE.get(by_role, ())


def invite(
    session: Session, by: Account, role: str, code: str, now_ms: int
) -> Invitation | Refusal:
    """`code` is told to whoever invites, once; it opens one account within INVITATION_MS."""
    if not may_give(by.role, role):
        return refuse("role_not_yours")
    row = Invitation(
        mark=mark_of(code),
        role=role,
        by_account=by.number or 0,
        made_ms=now_ms,
        ends_ms=now_ms + INVITATION_MS,
    )
    session.add(row)
    session.flush()
    return row


def invited(session: Session, code: str, person: Person, now_ms: int) -> Account | Refusal:
    row = session.get(Invitation, mark_of(code))
    if row is None or row.used_by is not None or row.ends_ms <= now_ms:
        return refuse("invitation_wrong")
    made = opened(session, person, row.role, now_ms)
    if isinstance(made, Account):
        row.used_by = made.number
        session.add(row)
    return made


def opened(session: Session, person: Person, role: str, now_ms: int) -> Account | Refusal:
    """An account with a name and a password; its first key is nobody's."""
    if sign_in.account_of(session, person.name) is not None:
        return refuse("name_taken")
    account = accounts.open_account(
        session, person.name, role, person.unusable, person.address, now_ms
    )
    access_keys.none_first(session, account, person.unusable)
    session.add(SignInName(name=person.name, account=account.number or 0))
    set_password(session, account.number or 0, person.hash, now_ms)
    return account


def named(session: Session, number: int, name: str) -> Refusal | None:
    """The name of an account that had only a key until now; it keeps the first one it took."""
    held, other = sign_in.name_of(session, number), sign_in.account_of(session, name)
    if held:
        return None if held == name else refuse("name_taken")
    if not sign_in_names.usable(name):
        return refuse("name_bad")
    if other is not None:
        return refuse("name_taken")
    session.add(SignInName(name=name, account=number))
    session.flush()
    return None


def set_password(session: Session, number: int, hash: str, now_ms: int) -> None:
    row = session.get(PasswordRow, number)
    if row is None:
        row = PasswordRow(account=number, hash=hash, changed_ms=now_ms)
    row.hash, row.changed_ms = hash, now_ms
    session.add(row)
    session.flush()
