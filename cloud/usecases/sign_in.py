"""Signing in: an attempt is counted before its password is looked at, and forgiven if it is right.

Nothing here tells whether a name exists: an attempt at one that nobody has is counted, hashed and
refused as any other.
"""

from dataclasses import dataclass
from hashlib import sha256

from sqlmodel import Session, col, select

from cloud.account_tables import KnownBrowser, PasswordRow, SignInFailure, SignInName
from cloud.core import sign_in_names, throttling
from cloud.core.reasons import Refusal, refuse_told
from cloud.tables import Account
from cloud.usecases.sessions import mark_of

KNOWN_MS = 180 * 86_400_000
DROPPED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Try:
    """`household`: where it comes from. `browser`: the text of one that signed in before."""

    name: str
    household: bytes
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`hash`: None where nobody has the name, or it has no password; `buckets`: its counts."""

    account: int | None
    hash: str | None
    buckets: tuple[str, ...]


def attempt(session: Session, asked: Try, now_ms: int) -> Attempt | Refusal:
    """Counted as a failure until it is forgiven: many at once cannot get in before the count."""
    name = sign_in_names.plain(asked.name)
    number = account_of(session, name)
    known = number is not None and knows(session, asked.browser, number, now_ms)
    place = asked.browser.encode() if known else asked.household
    buckets = [(_bucket("place", name, place), throttling.PLACE_FREE, throttling.PLACE_KEPT_MS)]
    if not known:
        buckets.append((_bucket("name", name), throttling.NAME_FREE, throttling.NAME_KEPT_MS))
    rows = [(_row(session, key, kept_ms, now_ms), free) for key, free, kept_ms in buckets]
    wait_ms = max(throttling.left_ms(row.failed, row.last_ms, now_ms, f) for row, f in rows)
    if wait_ms:
        return refuse_told("sign_in_wait", wait_s=str(-(-wait_ms // 1000)))
    for row, _ in rows:
        row.failed, row.last_ms = row.failed + 1, now_ms
        session.add(row)
    held = session.get(PasswordRow, number) if number is not None else None
    session.flush()
    return Attempt(number, held.hash if held else None, tuple(key for key, _, _ in buckets))


def forgive(session: Session, buckets: tuple[str, ...]) -> None:
    for bucket in buckets:
        row = session.get(SignInFailure, bucket)
        if row is not None:
            session.delete(row)


def account_of(session: Session, name: str) -> int | None:
    """`name`: a plain one."""
    row = session.get(SignInName, name)
    return row.account if row else None


def name_of(session: Session, number: int) -> str:
    """Empty: the account has none, and signs in with its key alone."""
    named = select(SignInName.name).where(SignInName.account == number)
    return session.exec(named).first() or ""


def stored_hash(session: Session, number: int) -> str | None:
    row = session.get(PasswordRow, number)
    return row.hash if row else None


def right(session: Session, tried: Attempt, anew: str | None) -> Account | None:
    """The account, if the password is still the one that was compared; its hash, if made anew."""
    number = tried.account
    row = session.get(PasswordRow, number) if number is not None else None
    if row is None or row.hash != tried.hash:
        return None
    if anew:
        row.hash = anew
        session.add(row)
    forgive(session, tried.buckets)
    return session.get(Account, number)


def remember(session: Session, number: int, browser: str, now_ms: int) -> None:
    """`browser`: a random text that it keeps."""
    row = KnownBrowser(mark=mark_of(browser), account=number, ends_ms=now_ms + KNOWN_MS)
    session.merge(row)


def knows(session: Session, browser: str, number: int, now_ms: int) -> bool:
    row = session.get(KnownBrowser, mark_of(browser)) if browser else None
    return row is not None and row.account == number and row.ends_ms > now_ms


def _row(session: Session, bucket: str, kept_ms: int, now_ms: int) -> SignInFailure:
    """What is older than it is kept counts no more; a bounded number of others goes with it."""
    old = select(SignInFailure).where(col(SignInFailure.last_ms) < now_ms - kept_ms)
    if kept_ms == throttling.PLACE_KEPT_MS:
        for row in session.exec(old.limit(DROPPED_AT_ONCE)).all():
            session.delete(row)
        session.flush()
    found = session.get(SignInFailure, bucket)
    if found is None:
        return SignInFailure(bucket=bucket, failed=0, last_ms=now_ms)
    if found.last_ms < now_ms - kept_ms:
        found.failed = 0
    return found


def _bucket(kind: str, name: str, place: bytes = b"") -> str:
    return sha256(b"\0".join((kind.encode(), name.encode(), place))).hexdigest()
