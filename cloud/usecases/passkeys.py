"""Passkeys of an account, and the challenges that each of their answers must be to."""

from sqlmodel import Session, col, func, select

from cloud.account_tables import Passkey, PasskeyChallenge
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Account
from cloud.usecases.sessions import mark_of

CHALLENGE_MS = 5 * 60_000
CHALLENGE_BYTES = 32
MAX_OF_ACCOUNT = 10
MAX_WAITING = 10_000
# Of one account; of the next one its oldest goes, so that nobody is kept from asking.
MAX_WAITING_OF_ACCOUNT = 10
DROPPED_AT_ONCE = 200


def challenge(
    session: Session, token: str, account: int, challenge: bytes, now_ms: int
) -> PasskeyChallenge | Refusal:
    """`token` names it to the browser; `account`: 0 for a sign-in, which names nobody.

    At most MAX_WAITING are waited for, whoever asked, and of an account a few.
    """
    old = select(PasskeyChallenge).where(col(PasskeyChallenge.ends_ms) <= now_ms)
    for row in session.exec(old.limit(DROPPED_AT_ONCE)).all():
        session.delete(row)
    _make_room(session, account)
    if session.exec(select(func.count()).select_from(PasskeyChallenge)).one() >= MAX_WAITING:
        return refuse("passkey_refused")
    made = PasskeyChallenge(
        id=mark_of(token), account=account, challenge=challenge, ends_ms=now_ms + CHALLENGE_MS
    )
    session.add(made)
    session.flush()
    return made


def _make_room(session: Session, account: int) -> None:
    if not account:
        return
    theirs = select(PasskeyChallenge).where(PasskeyChallenge.account == account)
    newest = theirs.order_by(col(PasskeyChallenge.ends_ms).desc(), col(PasskeyChallenge.id))
    for row in session.exec(newest.offset(MAX_WAITING_OF_ACCOUNT - 1)).all():
        session.delete(row)
    session.flush()


def answered(session: Session, token: str, account: int, now_ms: int) -> bytes | None:
    """What was asked, once: an answer that comes again finds nothing."""
    row = session.get(PasskeyChallenge, mark_of(token))
    if row is None or row.account != account:
        return None
    session.delete(row)
    session.flush()
    return row.challenge if row.ends_ms > now_ms else None


def of_account(session: Session, number: int) -> list[Passkey]:
    """Oldest first."""
    rows = select(Passkey).where(Passkey.account == number)
    return list(session.exec(rows.order_by(col(Passkey.made_ms), col(Passkey.id))).all())


def by_credential(session: Session, credential: str) -> Passkey | None:
    return session.exec(select(Passkey).where(Passkey.credential == credential)).first()


def keep(session: Session, row: Passkey) -> Passkey | Refusal:
    if len(of_account(session, row.account)) >= MAX_OF_ACCOUNT:
        return refuse("too_many_passkeys")
    if by_credential(session, row.credential) is not None:
        return refuse("passkey_refused")
    session.add(row)
    session.flush()
    return row


def used(session: Session, passkey_id: str, before: int, after: int, now_ms: int) -> Account | None:
    """None: it was removed, or has signed something else meanwhile."""
    row = session.get(Passkey, passkey_id)
    if row is None or row.signed != before:
        return None
    row.signed, row.used_ms = after, now_ms
    session.add(row)
    return session.get(Account, row.account)


def remove_all(session: Session, number: int) -> None:
    for row in of_account(session, number):
        session.delete(row)


def remove(session: Session, passkey_id: str) -> None:
    row = session.get(Passkey, passkey_id)
    if row is not None:
        session.delete(row)
