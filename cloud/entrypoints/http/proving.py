"""What makes a new way in asks once more who is there: a session can be stolen, and a key leak."""

from fastapi import Request
from sqlmodel import Session

from cloud.account_tables import WebSession
from cloud.core.reasons import Refusal, refuse
from cloud.entrypoints.http.door import Door
from cloud.entrypoints.http.rates import household
from cloud.tables import Account
from cloud.usecases import sessions, sign_in
from contracts.wire.types import to_ms

# A sign-in is proof enough for so long.
FRESH_MS = 10 * 60_000


def objection(
    door: Door, request: Request, account: Account, token: str, password: str
) -> Refusal | None:
    """`token`: of the session; empty: a key asks, which is enough where there is no password.

    Raises SignInBusy.
    """
    number, now_ms = account.number or 0, to_ms(door.clock.now())
    held = door.db.read(lambda s: sign_in.stored_hash(s, number))
    if not token:
        return refuse("key_not_enough") if held else None
    if door.db.read(lambda s: fresh(s, door, token)):
        return None
    if held is None or not password:
        return refuse("prove_yourself")
    tried = sign_in.Try(f"account {number}", household(request.scope))
    counted = door.db.write(lambda s: sign_in.attempt(s, tried, now_ms))
    if isinstance(counted, Refusal):
        return counted
    if not door.entry.passwords.verify(password, held)[0]:
        return refuse("wrong_password")
    door.db.write(lambda s: sign_in.forgive(s, counted.buckets))
    return None


def fresh(session: Session, door: Door, token: str) -> bool:
    """Whether somebody signed in just now; by the lot's time."""
    row = session.get(WebSession, sessions.mark_of(token))
    if row is None:
        return False
    return 0 <= to_ms(door.clock.now()) - row.made_ms < FRESH_MS * door.clock.rate
