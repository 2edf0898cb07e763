"""Notices: told with the deed, sent after it, tried again; one suite for every channel."""

import email
import email.policy
import hashlib
import hmac
import json
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import Session, select

from cloud.adapters.document_memory import MemoryDocuments
from cloud.adapters.notify_apprise import AppriseNotify
from cloud.adapters.notify_channels import channels
from cloud.adapters.notify_email import EmailNotify, MailServer, mail_server
from cloud.adapters.notify_fake import FakeNotify
from cloud.adapters.notify_log import LogNotify
from cloud.adapters.notify_webhook import SIGNATURE, WebhookNotify
from cloud.audit_tables import Notice, NoticeContact
from cloud.core import notice_texts
from cloud.core.notice_texts import UnknownNotice
from cloud.core.reasons import Refusal
from cloud.entrypoints.compliance_sweep import ComplianceSweep
from cloud.errors import Unknown
from cloud.ports.notify import Message, Notify, NotSent
from cloud.tables import Alarm
from cloud.usecases import notices
from cloud.usecases.notices import MAX_ATTEMPTS, Way
from tests.cloud.mail_rig import Received, certificate_in, http_receiver, mail_receiver
from tests.cloud.rig import Rig
from tests.contracts.making import at

SECRET = "a secret of enough length"
EXPIRED = {"kind": "consent", "space": "S1", "until": "2026-05-01"}


def message(channel: str, address: str) -> Message:
    return Message(
        id="notice-7",
        channel=channel,
        address=address,
        secret=SECRET,
        code="document_expired",
        subject="材料已过期",
        body="车位 S1 的材料。",
        at=at(0),
    )


@dataclass
class Line:
    """A channel with a receiver behind it: what has arrived there, as (id, subject, body)."""

    notify: Notify
    message: Message
    arrived: Callable[[], list[tuple[str, str, str]]]
    refuse: Callable[[bool], None]


def fake_line() -> Iterator[Line]:
    fake = FakeNotify()

    def refuse(for_good: bool) -> None:
        fake.refused = ("nobody",) if for_good else ()
        fake.failures = 0 if for_good else 1

    def arrived() -> list[tuple[str, str, str]]:
        return [(one.id, one.subject, one.body) for one in fake.taken]

    yield Line(fake, message("fake", "nobody"), arrived, refuse)


def mail_of(raw: bytes) -> tuple[str, str, str]:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    number = str(mail["Message-ID"]).strip("<>").split("@")[0]
    return number, str(mail["Subject"]), str(mail.get_content()).strip()


def mail_line() -> Iterator[Line]:
    with mail_receiver() as received:
        server = MailServer("127.0.0.1", received.port, "berth@example.org", plain=True)
        yield Line(
            EmailNotify(server),
            message("email", "owner@example.org"),
            lambda: [mail_of(raw) for raw in received.bodies],
            lambda for_good: received.answers.append(550 if for_good else 451),
        )


def told(raw: bytes) -> tuple[str, str, str]:
    body = json.loads(raw)
    return body["id"], body["subject"], body["body"]


def hook_line() -> Iterator[Line]:
    with http_receiver() as received:
        yield Line(
            WebhookNotify(inside=True),
            message("webhook", f"http://127.0.0.1:{received.port}/hook?x=1"),
            lambda: [told(raw) for raw in received.bodies],
            lambda for_good: received.answers.append(410 if for_good else 503),
        )


@pytest.fixture(params=[fake_line, mail_line, hook_line], ids=["fake", "email", "webhook"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    yield from request.param()


def test_a_message_arrives_as_it_was_given(line: Line) -> None:
    line.notify.send(line.message)
    assert line.arrived() == [("notice-7", "材料已过期", "车位 S1 的材料。")]


def test_a_channel_that_is_busy_may_be_tried_again(line: Line) -> None:
    line.refuse(False)
    with pytest.raises(NotSent) as refused:
        line.notify.send(line.message)
    assert not refused.value.for_good
    line.notify.send(line.message)
    assert len(line.arrived()) == 1


def test_an_address_that_is_refused_is_refused_for_good(line: Line) -> None:
    line.refuse(True)
    with pytest.raises(NotSent) as refused:
        line.notify.send(line.message)
    assert refused.value.for_good
    assert line.arrived() == []


@pytest.fixture
def hook() -> Iterator[Received]:
    with http_receiver() as received:
        yield received


def test_a_webhook_is_signed_over_its_time_and_body(hook: Received) -> None:
    WebhookNotify(inside=True).send(message("webhook", f"http://127.0.0.1:{hook.port}/"))
    parts = dict(part.split("=", 1) for part in hook.headers[0][SIGNATURE].split(","))
    signed = f"{parts['t']}.".encode() + hook.bodies[0]
    assert parts["v1"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert int(parts["t"]) == int(at(0).timestamp())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1"])
def test_a_webhook_does_not_lead_into_the_operators_network(hook: Received, host: str) -> None:
    with pytest.raises(NotSent) as refused:
        WebhookNotify().send(message("webhook", f"https://{host}:{hook.port}/"))
    assert refused.value.for_good
    assert hook.bodies == []


def test_a_webhook_that_points_elsewhere_is_not_followed(hook: Received) -> None:
    hook.answers.append(302)
    with pytest.raises(NotSent):
        WebhookNotify(inside=True).send(message("webhook", f"http://127.0.0.1:{hook.port}/"))
    assert hook.bodies == []


def test_a_receiver_that_answers_without_an_end_is_left(hook: Received) -> None:
    hook.answers.append(100)
    with pytest.raises(NotSent) as failed:
        WebhookNotify(inside=True, total_s=0.3).send(
            message("webhook", f"http://127.0.0.1:{hook.port}/")
        )
    assert not failed.value.for_good


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_webhook_over_tls_knows_its_receiver_and_leaves_an_endless_one(tmp_path: Path) -> None:
    certificate = certificate_in(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))
    with http_receiver(certificate) as received:
        to = message("webhook", f"https://127.0.0.1:{received.port}/")
        with pytest.raises(NotSent):
            WebhookNotify(inside=True).send(to)
        assert received.bodies == []
        WebhookNotify(inside=True, trust=trust).send(to)
        assert told(received.bodies[0])[0] == "notice-7"
        received.answers.append(100)
        with pytest.raises(NotSent):
            WebhookNotify(inside=True, trust=trust, total_s=0.3).send(to)


def test_a_subject_with_line_breaks_makes_no_header_of_its_own() -> None:
    with mail_receiver() as received:
        server = MailServer("127.0.0.1", received.port, "berth@example.org", plain=True)
        bad = replace(message("email", "owner@example.org"), subject="A\r\nBcc: eve@example.org")
        EmailNotify(server).send(bad)
        (raw,) = received.bodies
    assert b"\r\nBcc:" not in raw
    assert mail_of(raw)[1] == "A Bcc: eve@example.org"


def test_a_mail_server_without_encryption_is_refused_unless_it_was_asked_for() -> None:
    with mail_receiver() as received:
        server = mail_server(f"smtp://127.0.0.1:{received.port}?from=berth@example.org")
        with pytest.raises(NotSent):
            EmailNotify(server).send(message("email", "owner@example.org"))
        assert received.bodies == []


def test_a_mail_servers_address_reads() -> None:
    made = mail_server("smtps://user:p%40ss@mail.example.org?from=berth@example.org")
    assert made == MailServer(
        "mail.example.org", 465, "berth@example.org", "user", "p@ss", tls=True
    )
    with pytest.raises(ValueError, match="not like smtp"):
        mail_server("http://mail.example.org")


def test_nobody_listening_may_be_tried_again() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MailServer("127.0.0.1", port, "berth@example.org", plain=True)
    for notify, to in (
        (EmailNotify(server), message("email", "owner@example.org")),
        (WebhookNotify(inside=True), message("webhook", f"http://127.0.0.1:{port}/")),
    ):
        with pytest.raises(NotSent) as failed:
            notify.send(to)
        assert not failed.value.for_good


def test_other_services_are_reached_through_apprise(hook: Received) -> None:
    AppriseNotify().send(message("apprise", f"json://127.0.0.1:{hook.port}/"))
    assert json.loads(hook.bodies[0])["title"] == "材料已过期"
    with pytest.raises(NotSent) as refused:
        AppriseNotify().send(message("apprise", "nosuch://x"))
    assert refused.value.for_good


def test_every_text_has_the_same_fields_in_both_languages() -> None:
    for code, by_language in notice_texts.texts().items():
        assert by_language["en"].fields() == by_language["zh"].fields(), code
        assert all(text.subject and text.body for text in by_language.values())


def sweep(rig: Rig, **ways: Notify) -> ComplianceSweep:
    return ComplianceSweep(rig.db, rig.clock, MemoryDocuments(), {"log": LogNotify(), **ways})


def tell(rig: Rig, key: str = "", fields: dict[str, str] | None = None) -> None:
    given = fields or EXPIRED
    rig.db.write(lambda s: notices.tell(s, rig.owner, "document_expired", given, rig.clock.at, key))


def by_mail(rig: Rig, language: str = "en") -> None:
    way = Way("email", "owner@example.org", language)
    made = rig.db.write(lambda s: notices.set_contact(s, rig.owner, way))
    assert isinstance(made, NoticeContact)


def row(rig: Rig) -> Notice:
    return rig.db.read(lambda s: s.exec(select(Notice)).one())


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_notice_is_sent_once_in_the_accounts_language(rig: Rig) -> None:
    fake = FakeNotify()
    by_mail(rig)
    tell(rig)
    sweep(rig, email=fake).send()
    sweep(rig, email=fake).send()
    (one,) = fake.taken
    assert one.subject == "A document has expired"
    assert "consent for S1 counted until 2026-05-01" in one.body
    assert (row(rig).state, row(rig).attempts) == ("sent", 1)


def test_what_was_not_committed_is_not_told(rig: Rig) -> None:
    def fails(session: Session) -> None:
        notices.tell(session, rig.owner, "document_expired", EXPIRED, rig.clock.at)
        raise Unknown("No such thing.")

    with pytest.raises(Unknown):
        rig.db.write(fails)
    assert rig.db.read(lambda s: s.exec(select(Notice)).all()) == []


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_notice_under_the_same_key_is_told_once(rig: Rig) -> None:
    tell(rig, "document:1")
    tell(rig, "document:1")
    assert row(rig).key == "document:1"


def test_an_unknown_code_or_another_field_is_found_where_it_is_told(rig: Rig) -> None:
    with pytest.raises(UnknownNotice):
        rig.db.write(lambda s: notices.tell(s, rig.owner, "no_such", {}, rig.clock.at))
    with pytest.raises(UnknownNotice):
        tell(rig, fields={"kind": "consent"})


def test_a_notice_that_fails_waits_longer_each_time_and_is_given_up_with_an_alarm(
    rig: Rig,
) -> None:
    fake = FakeNotify(failures=10**6)
    by_mail(rig)
    tell(rig)
    waits = []
    for _ in range(MAX_ATTEMPTS):
        before = fake.failures
        rig.clock.at += timedelta(milliseconds=max(row(rig).due_ms - rig.now_ms - 1, 0))
        if rig.now_ms < row(rig).due_ms:
            sweep(rig, email=fake).send()
            assert fake.failures == before
            rig.clock.at += timedelta(milliseconds=1)
        sweep(rig, email=fake).send()
        waits.append(row(rig).due_ms - rig.now_ms)
    assert waits[:3] == [10_000, 40_000, 160_000]
    assert max(waits) == notices.MAX_WAIT_MS
    assert (row(rig).state, row(rig).attempts) == ("given_up", MAX_ATTEMPTS)
    alarm = rig.db.read(lambda s: s.exec(select(Alarm)).one())
    assert alarm.code == "notice_given_up"
    rig.clock.pass_s(10**6)
    left = fake.failures
    sweep(rig, email=fake).send()
    assert fake.failures == left


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_address_that_is_refused_for_good_is_not_tried_again(rig: Rig) -> None:
    by_mail(rig)
    tell(rig)
    sweep(rig, email=FakeNotify(refused=("owner@example.org",))).send()
    assert (row(rig).state, row(rig).attempts) == ("given_up", 1)


def test_a_silent_address_is_asked_once_a_turn_and_others_are_served(rig: Rig) -> None:
    silent, heard = FakeNotify(failures=10**6), FakeNotify()
    by_mail(rig)
    other = rig.account("driver-2")
    way = Way("webhook", "https://example.org/hook", "zh", SECRET)
    rig.db.write(lambda s: notices.set_contact(s, other, way))
    for _ in range(3):
        tell(rig)
    rig.db.write(lambda s: notices.tell(s, other, "document_expired", EXPIRED, rig.clock.at))
    sweep(rig, email=silent, webhook=heard).send()
    assert silent.failures == 10**6 - 1
    assert [one.subject for one in heard.taken] == ["材料已过期"]


def test_a_mail_goes_through_the_real_channel_from_the_outbox(rig: Rig) -> None:
    with mail_receiver() as received:
        url = f"smtp://127.0.0.1:{received.port}?from=berth@example.org&tls=off"
        by_mail(rig, "zh")
        tell(rig)
        ComplianceSweep(rig.db, rig.clock, MemoryDocuments(), channels(url)).send()
        assert [mail_of(raw)[1] for raw in received.bodies] == ["材料已过期"]
    assert row(rig).state == "sent"


def test_mail_waits_where_no_mail_server_is_set(rig: Rig) -> None:
    by_mail(rig)
    tell(rig)
    ComplianceSweep(rig.db, rig.clock, MemoryDocuments(), channels()).send()
    assert (row(rig).state, row(rig).error) == ("waiting", "set BERTH_SMTP for e-mail")


def test_a_refusals_code_is_told_as_its_sentence(rig: Rig) -> None:
    fields = {"booking": "b", "space": "S1", "reason_code": "too_late"}
    rig.db.write(lambda s: notices.tell(s, rig.owner, "booking_cancelled", fields, rig.clock.at))
    (shown,) = rig.db.read(lambda s: notices.of_account(s, rig.owner))
    assert "预订已不能更改" in shown["body"]


@pytest.mark.parametrize(
    "way",
    [
        Way("pigeon"),
        Way("log", language="fr"),
        Way("email", "owner"),
        Way("email", "a@b.org,eve@b.org"),
        Way("email", "a@b.org\r\nBcc: eve@b.org"),
        Way("webhook", "https://example.org/", secret="short"),
        Way("webhook", "file:///etc/passwd", secret=SECRET),
        Way("webhook", "https://user:pass@example.org/", secret=SECRET),
        Way("webhook", "https://example.org:99999/", secret=SECRET),
        Way("apprise", "json://127.0.0.1"),
    ],
)
def test_a_contact_that_cannot_be_used_is_refused(rig: Rig, way: Way) -> None:
    assert isinstance(rig.db.write(lambda s: notices.set_contact(s, rig.owner, way)), Refusal)
    assert rig.db.read(lambda s: s.get(NoticeContact, rig.owner)) is None
