"""Browsers that are signed in: begin, find, list and end. Tokens come from outside, 256 bits."""

from dataclasses import dataclass
from hashlib import sha256

from sqlmodel import Session, col, delete, select

from cloud.account_tables import KnownBrowser, WebSession
from cloud.core import sessions
from cloud.tables import Account

DROPPED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Start:
    """`token` goes to the browser and nowhere else; `id` may be shown. `how`: it was signed in."""

    token: str
    id: str
    how: str
    agent: str = ""
    rate: float = 1.0


def mark_of(secret: str) -> str:
    """All that is stored of a token, a key or a code: they are random, one plain hash will do."""
    return sha256(secret.encode()).hexdigest()


def begin(session: Session, account: Account, start: Start, now_ms: int) -> WebSession:
    """A bounded number of an account's: the one that was used longest ago goes."""
    _tidy(session, now_ms)
    number = account.number or 0
    older = select(WebSession).where(WebSession.account == number)
    rows = session.exec(older.order_by(col(WebSession.seen_ms).desc())).all()
    for row in rows[sessions.MAX_OF_ACCOUNT - 1 :]:
        session.delete(row)
    spans = sessions.spans(account.role, start.rate)
    row = WebSession(
        mark=mark_of(start.token),
        id=start.id,
        account=number,
        how=start.how,
        agent=sessions.browser(start.agent),
        made_ms=now_ms,
        seen_ms=now_ms,
        idle_ms=spans.idle_ms,
        ends_ms=now_ms + spans.whole_ms,
    )
    session.add(row)
    session.flush()
    return row


def found(session: Session, token: str, now_ms: int) -> tuple[WebSession, Account] | None:
    """Of a token whose session has not ended in either way."""
    row = session.get(WebSession, mark_of(token))
    if row is None or not sessions.live(row.seen_ms, row.idle_ms, row.ends_ms, now_ms):
        return None
    account = session.get(Account, row.account)
    return None if account is None else (row, account)


def seen(session: Session, token: str, now_ms: int) -> None:
    row = session.get(WebSession, mark_of(token))
    if row is not None and row.seen_ms < now_ms:
        row.seen_ms = now_ms
        session.add(row)


def of_account(session: Session, number: int, now_ms: int) -> list[WebSession]:
    """Those that live, newest use first."""
    rows = select(WebSession).where(WebSession.account == number)
    ordered = rows.order_by(col(WebSession.seen_ms).desc(), col(WebSession.id))
    return [
        row
        for row in session.exec(ordered).all()
        if sessions.live(row.seen_ms, row.idle_ms, row.ends_ms, now_ms)
    ]


def account_of(session: Session, session_id: str) -> int | None:
    named = select(WebSession.account).where(WebSession.id == session_id)
    return session.exec(named).first()


def end(session: Session, session_id: str) -> None:
    session.connection().execute(delete(WebSession).where(col(WebSession.id) == session_id))


def end_token(session: Session, token: str) -> None:
    session.connection().execute(delete(WebSession).where(col(WebSession.mark) == mark_of(token)))


def end_all(session: Session, number: int, but: str = "") -> int:
    """`but`: the token of the one that goes on. How many ended."""
    ended = delete(WebSession).where(col(WebSession.account) == number)
    if but:
        ended = ended.where(col(WebSession.mark) != mark_of(but))
    return session.connection().execute(ended).rowcount


def _tidy(session: Session, now_ms: int) -> None:
    for table in (WebSession, KnownBrowser):
        old = select(table).where(col(table.ends_ms) <= now_ms)
        for row in session.exec(old.limit(DROPPED_AT_ONCE)).all():
            session.delete(row)
