"""Notices by e-mail, through the mail server of the operator (smtplib)."""

import smtplib
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from cloud.ports.notify import Message, NotSent

TIMEOUT_S = 10.0
PORTS = {"smtp": 587, "smtps": 465}
FOR_GOOD = range(500, 600)


@dataclass(frozen=True, slots=True)
class MailServer:
    """`smtps`: TLS from the start. `smtp`: STARTTLS, which only `plain` may do without."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: bool = False
    plain: bool = False


def mail_server(url: str) -> MailServer:
    """`smtp[s]://[user:password@]host[:port]?from=address[&tls=off]`. Raises ValueError."""
    parts = urlsplit(url)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme not in PORTS or not parts.hostname or "@" not in asked.get("from", ""):
        raise ValueError("this is not like smtp://user:password@host:587?from=berth@example.org")
    return MailServer(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        sender=asked["from"],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        plain=asked.get("tls") == "off",
    )


class EmailNotify:
    def __init__(self, server: MailServer, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._trust = trust or ssl.create_default_context()

    def send(self, message: Message) -> None:
        mail = _mail(message, self._server.sender)
        try:
            with self._connected() as smtp:
                smtp.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSent(f"recipient refused: {codes}", codes[0] in FOR_GOOD) from None
        except smtplib.SMTPResponseException as error:
            # A refused login is the operator's mistake and may be mended: it is tried again.
            for_good = isinstance(error, smtplib.SMTPDataError) and error.smtp_code in FOR_GOOD
            raise NotSent(f"mail server: {error.smtp_code}", for_good) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            # UnicodeError: a host, user or password that cannot be written on the wire.
            raise NotSent(f"mail server: {type(error).__name__}") from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_S, context=self._trust
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        with ExitStack() as stack:
            stack.callback(smtp.close)
            if not server.tls and not server.plain:
                smtp.starttls(context=self._trust)
            if server.user:
                smtp.login(server.user, server.password)
            stack.pop_all()
        return smtp


def _mail(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage()
    try:
        mail["From"], mail["To"] = sender, message.address
        # A line break would begin another header.
        mail["Subject"] = " ".join(message.subject.split())
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    except (ValueError, IndexError) as error:
        raise NotSent(f"address: {error}", for_good=True) from None
    mail.set_content(message.body)
    return mail
