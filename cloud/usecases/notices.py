"""Notices: written in the transaction of what they tell, sent after it, a bounded number of times.

A message may arrive twice (its id tells), never for something that was not committed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from cloud.audit_tables import Notice, NoticeContact
from cloud.core import notice_texts
from cloud.core.compliance_states import NOTICE, moved
from cloud.core.reasons import Refusal, refuse
from cloud.ports.notify import Message
from cloud.tables import Account, Alarm
from contracts.wire.types import format_instant, from_ms, to_ms

CHANNELS = ("log", "email", "webhook", "apprise")
# The apprise library opens files and asks any host: only the operator names such an address.
OPERATORS_ONLY = ("apprise",)
DEFAULT = ("log", "", "zh")
# 10 s, 40 s, 160 s ... at most 6 h apart: given up after about 23 h.
MAX_ATTEMPTS = 10
FIRST_WAIT_MS, GROWTH, MAX_WAIT_MS = 10_000, 4, 6 * 3_600_000
MAX_ADDRESS, MIN_SECRET, MAX_SECRET = 400, 16, 200
MAX_ERROR = 300
MAX_OPERATORS = 100


@dataclass(frozen=True, slots=True)
class Way:
    """How an account wants to be told. `secret`: signs webhooks, 16 to 200 characters."""

    channel: str
    address: str = ""
    language: str = "zh"
    secret: str = ""


def tell(
    session: Session,
    account: int,
    code: str,
    fields: Mapping[str, str],
    now: datetime,
    key: str = "",
) -> None:
    """Queue it; the sweep sends it. `key`: told once for all. Raises UnknownNotice."""
    notice_texts.check(code, fields)
    if key and session.exec(select(Notice.id).where(Notice.key == key)).first() is not None:
        return
    told = json.dumps(dict(fields), ensure_ascii=False)
    row = Notice(
        account=account, code=code, fields=told, key=key, due_ms=to_ms(now), created_ms=to_ms(now)
    )
    session.add(row)
    session.flush()


def tell_operators(
    session: Session, code: str, fields: Mapping[str, str], now: datetime, key: str = ""
) -> None:
    numbers = select(Account.number).where(Account.role == "operator").limit(MAX_OPERATORS)
    for number in session.exec(numbers).all():
        tell(session, number or 0, code, fields, now, key and f"{key}:{number}")


def contact(session: Session, account: int) -> NoticeContact:
    channel, address, language = DEFAULT
    return session.get(NoticeContact, account) or NoticeContact(
        account=account, channel=channel, address=address, language=language, secret=""
    )


def set_contact(
    session: Session, account: int, way: Way, by_operator: bool = False
) -> NoticeContact | Refusal:
    if not _usable(way) or (way.channel in OPERATORS_ONLY and not by_operator):
        return refuse("bad_contact")
    row = contact(session, account)
    row.channel, row.address = way.channel, way.address
    row.language, row.secret = way.language, way.secret
    session.add(row)
    session.flush()
    return row


def due(session: Session, now: datetime, limit: int) -> list[Message]:
    """Oldest first, in the words and by the way that the account chose last."""
    waiting = select(Notice).where(Notice.state == "waiting", Notice.due_ms <= to_ms(now))
    rows = session.exec(waiting.order_by(col(Notice.due_ms), col(Notice.id)).limit(limit)).all()
    return [_message(row, contact(session, row.account)) for row in rows]


def sent(session: Session, message_id: str, now: datetime) -> None:
    row = _row(session, message_id)
    if row.state == "waiting":
        row.state, row.sent_ms = moved(NOTICE, row.state, "sent"), to_ms(now)
        row.attempts += 1
        _hide(row)
        session.add(row)


def not_sent(session: Session, message_id: str, why: str, for_good: bool, now: datetime) -> None:
    """Tried again later and later; given up after MAX_ATTEMPTS, with an alarm."""
    row = _row(session, message_id)
    if row.state != "waiting":
        return
    row.attempts += 1
    row.error = why[:MAX_ERROR]
    if for_good or row.attempts >= MAX_ATTEMPTS:
        row.state = moved(NOTICE, row.state, "given_up")
        _hide(row)
        _alarm(session, row, now)
    else:
        row.state = moved(NOTICE, row.state, "failed")
        row.due_ms = to_ms(now) + wait_ms(row.attempts)
    session.add(row)


def _hide(row: Notice) -> None:
    """What is as good as a password stands here no longer than it must."""
    if row.code in notice_texts.SECRET:
        row.fields = "{}"


def wait_ms(attempts: int) -> int:
    """After so many failed ones."""
    return int(min(FIRST_WAIT_MS * GROWTH ** (attempts - 1), MAX_WAIT_MS))


def of_account(session: Session, account: int, limit: int = 50) -> list[dict[str, Any]]:
    """Newest first, in the account's language."""
    language = contact(session, account).language
    rows = select(Notice).where(Notice.account == account).order_by(col(Notice.id).desc())
    rows = rows.where(col(Notice.code).not_in(notice_texts.SECRET))
    return [_view(row, language) for row in session.exec(rows.limit(limit))]


def _view(row: Notice, language: str) -> dict[str, Any]:
    text = notice_texts.rendered(row.code, json.loads(row.fields), language)
    return {
        "id": row.id,
        "code": row.code,
        "subject": text.subject,
        "body": text.body,
        "state": row.state,
        "at": format_instant(from_ms(row.created_ms)),
    }


def _message(row: Notice, way: NoticeContact) -> Message:
    text = notice_texts.rendered(row.code, json.loads(row.fields), way.language)
    return Message(
        id=f"notice-{row.id}",
        channel=way.channel,
        address=way.address,
        secret=way.secret,
        code=row.code,
        subject=text.subject,
        body=text.body,
        at=from_ms(row.created_ms),
    )


def _row(session: Session, message_id: str) -> Notice:
    return session.get_one(Notice, int(message_id.removeprefix("notice-")))


def _alarm(session: Session, row: Notice, now: datetime) -> None:
    alarm = f"notice:{row.id}"
    if session.get(Alarm, alarm) is None:
        sentence = f"Notice {row.id} to account {row.account} was given up: {row.error}"
        session.add(Alarm(id=alarm, code="notice_given_up", sentence=sentence, at_ms=to_ms(now)))


def _usable(way: Way) -> bool:
    known = way.channel in CHANNELS and way.language in notice_texts.LANGUAGES
    plain = way.address.isprintable() and len(way.address) <= MAX_ADDRESS
    if not known or not plain or not way.secret.isprintable():
        return False
    if way.channel == "email":
        name, at, host = way.address.rpartition("@")
        return bool(name and at and "." in host) and not set(way.address) & set(" ,;<>()\"'")
    if way.channel == "webhook":
        return _url(way.address) and MIN_SECRET <= len(way.secret) <= MAX_SECRET
    return way.channel != "apprise" or "://" in way.address


def _url(text: str) -> bool:
    """Without a name or password in it: these would stand in logs."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018
    except ValueError:
        return False
    named = "@" in parts.netloc or " " in text
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not named
