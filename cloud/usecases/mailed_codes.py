"""Codes by e-mail: to choose a new password, and to show that an address is one's own.

What a request does is the same whoever it names: one row that waits. Whether somebody has the
name is looked at afterwards, by the sweep that sends, so neither the answer nor its time tells.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from cloud.account_tables import CodeAsked, MailedCode
from cloud.audit_tables import NoticeContact
from cloud.core import sign_in_names
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Account
from cloud.usecases import access_keys, contacts, notices, passkeys, sessions, sign_in, sign_up
from cloud.usecases.sessions import mark_of
from contracts.wire.types import to_ms

RESET, SIGN_UP = "reset", "sign_up"
# By these a code reaches its person and nobody else; a log is read by others.
PRIVATE = ("email", "webhook", "apprise")
CODE_MS = {RESET: 30 * 60_000, SIGN_UP: 24 * 3_600_000}
# One mail to a name in so long, however often it is asked for.
AGAIN_MS = 60_000
MAX_WAITING, DROPPED_AT_ONCE = 1000, 100


@dataclass(frozen=True, slots=True)
class Wish:
    """No password: whoever asks may not be whom the address belongs to."""

    kind: str
    name: str
    language: str


def ask(session: Session, wish: Wish, now_ms: int) -> Refusal | None:
    if session.exec(select(func.count()).select_from(CodeAsked)).one() >= MAX_WAITING:
        return refuse("too_many_codes")
    row = CodeAsked(
        kind=wish.kind,
        name=sign_in_names.plain(wish.name),
        language=wish.language,
        asked_ms=now_ms,
    )
    session.add(row)
    session.flush()
    return None


def asked(session: Session, limit: int) -> list[int]:
    rows = select(CodeAsked.id).order_by(col(CodeAsked.id)).limit(limit)
    return [number or 0 for number in session.exec(rows).all()]


def send(session: Session, number: int, code: str, now: datetime) -> None:
    """Queues the notice, or nothing where nobody can be told; `code` stands nowhere else."""
    row = session.get(CodeAsked, number)
    if row is None:
        return
    session.delete(row)
    _tidy(session, to_ms(now))
    if _told_just_now(session, row, to_ms(now)):
        return
    holder = sign_in.account_of(session, row.name)
    if row.kind == RESET and holder is not None:
        _reset(session, row, holder, code, now)
    elif row.kind == SIGN_UP and sign_in_names.mailable(row.name):
        _sign_up(session, row, holder, code, now)


def _told_just_now(session: Session, row: CodeAsked, now_ms: int) -> bool:
    """Of its own kind: the code that went out serves whoever has the address, whoever asked.

    Of a sign-up also where there was an account already, and so no code.
    """
    kinds = (RESET,) if row.kind == RESET else (SIGN_UP, "")
    recent = select(MailedCode.mark).where(
        MailedCode.name == row.name,
        col(MailedCode.kind).in_(kinds),
        MailedCode.made_ms > now_ms - AGAIN_MS,
    )
    return session.exec(recent).first() is not None


def reset_code(session: Session, account: int, name: str, code: str, now_ms: int) -> None:
    """Of an operator's command, which prints it; also what a mail carries."""
    row = MailedCode(
        mark=mark_of(code),
        kind=RESET,
        account=account,
        name=name,
        made_ms=now_ms,
        ends_ms=now_ms + CODE_MS[RESET],
    )
    session.add(row)
    session.flush()


def _reset(session: Session, row: CodeAsked, holder: int, code: str, now: datetime) -> None:
    if notices.contact(session, holder).channel not in PRIVATE:
        return
    if contacts.held(session, holder, to_ms(now)):
        contacts.reset_held(session, holder, now)
        return
    reset_code(session, holder, row.name, code, to_ms(now))
    notices.tell(session, holder, "code_reset", {"code": code}, now)


def _sign_up(
    session: Session, row: CodeAsked, holder: int | None, code: str, now: datetime
) -> None:
    """To the address itself. One that has an account already is told so, and has no code to use."""
    now_ms = to_ms(now)
    waiting = MailedCode(
        mark=mark_of(code),
        kind=SIGN_UP if holder is None else "",
        account=0,
        name=row.name,
        contact=-(row.id or 0),
        made_ms=now_ms,
        ends_ms=now_ms + CODE_MS[SIGN_UP],
    )
    session.add(waiting)
    # Notices go to accounts: until there is one, a number below zero has its address.
    way = notices.Way("email", row.name, row.language)
    if isinstance(notices.set_contact(session, waiting.contact, way), Refusal):
        return
    if holder is None:
        notices.tell(session, waiting.contact, "code_sign_up", {"code": code}, now)
    else:
        notices.tell(session, waiting.contact, "sign_up_again", {}, now)


def reset(session: Session, code: str, now_ms: int) -> MailedCode | None:
    """Of a code that is good; it is still good until `changed`."""
    return _good(session, RESET, code, now_ms)


def signing_up(session: Session, code: str, now_ms: int) -> MailedCode | None:
    """Of a code that is good; it is still good until `confirmed`."""
    return _good(session, SIGN_UP, code, now_ms)


def changed(session: Session, code: str, hash: str, unusable: str, now_ms: int) -> int | Refusal:
    """The new password. Every way in that the account had ends: sessions, codes, passkeys, keys.

    Somebody else may have made them. `unusable`: for the place of the account's first key.
    """
    row = _good(session, RESET, code, now_ms)
    if row is None:
        return refuse("code_wrong")
    number = row.account
    sign_up.set_password(session, number, hash, now_ms)
    sessions.end_all(session, number)
    passkeys.remove_all(session, number)
    access_keys.revoke_all(session, number, unusable)
    for other in session.exec(select(MailedCode).where(MailedCode.account == number)).all():
        session.delete(other)
    session.flush()
    return number


def confirmed(
    session: Session, code: str, person: sign_up.Person, now_ms: int
) -> Account | Refusal:
    """A driver's account, told by e-mail from now on. `person`: by the name of `signing_up`."""
    row = _good(session, SIGN_UP, code, now_ms)
    if row is None or row.name != person.name:
        return refuse("code_wrong")
    made = sign_up.opened(session, person, "driver", now_ms)
    if isinstance(made, Account):
        contact = session.get(NoticeContact, row.contact)
        language = contact.language if contact else "zh"
        notices.set_contact(session, made.number or 0, notices.Way("email", row.name, language))
        _forget(session, row)
    return made


def _good(session: Session, kind: str, code: str, now_ms: int) -> MailedCode | None:
    row = session.get(MailedCode, mark_of(code))
    return row if row is not None and row.kind == kind and row.ends_ms > now_ms else None


def _tidy(session: Session, now_ms: int) -> None:
    old = select(MailedCode).where(col(MailedCode.ends_ms) <= now_ms).limit(DROPPED_AT_ONCE)
    for row in session.exec(old).all():
        _forget(session, row)


def _forget(session: Session, row: MailedCode) -> None:
    """With the address that waited for an account."""
    contact = session.get(NoticeContact, row.contact) if row.contact else None
    if contact is not None:
        session.delete(contact)
    session.delete(row)
