"""Accounts as those see them who manage them; roles are an administrator's."""

from typing import Any

from sqlmodel import Session, col, select

from cloud.account_tables import SignInName
from cloud.tables import Account
from cloud.usecases import accounts, sessions
from contracts.wire.types import format_instant, from_ms


def listed(session: Session, after: int, limit: int) -> list[dict[str, Any]]:
    """By number; one more than `limit` where more follow."""
    rows = select(Account).where(col(Account.number) > after).order_by(col(Account.number))
    found = session.exec(rows.limit(limit + 1)).all()
    numbers = [row.number for row in found]
    named = select(SignInName).where(col(SignInName.account).in_(numbers))
    names = {row.account: row.name for row in session.exec(named).all()}
    return [
        {
            "number": row.number,
            "name": row.name,
            "role": row.role,
            "sign_in_name": names.get(row.number or 0, ""),
            "opened_at": format_instant(from_ms(row.created_ms)),
        }
        for row in found
    ]


def give_role(session: Session, number: int, role: str) -> Account:
    """It counts from the next request on: whoever was signed in signs in anew. Raises Unknown."""
    account = accounts.get(session, number)
    if account.role != role:
        account.role = role
        session.add(account)
        sessions.end_all(session, number)
        session.flush()
    return account
