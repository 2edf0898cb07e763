"""What leaves the house: webhooks to places that an account names, and letters."""

import dataclasses
from contextlib import suppress

import pytest

from cloud.adapters.notify_email import EmailNotify, mail_server
from cloud.adapters.notify_webhook import WebhookNotify, _outside
from cloud.ports.notify import Message, NotSent
from tests.cloud.mail_rig import http_receiver
from tests.contracts.making import at

MESSAGE = Message("notice-1", "webhook", "", "s" * 20, "trust_changed", "x", "y", at(0))


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1"),
        *("::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00::1", "ff02::1", "2001:db8::1"),
        # An address of the old kind inside one of the new, by any way that routers undo.
        *("::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::10.0.0.1"),
        *("64:ff9b:1::10.0.0.1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ],
)
def test_no_address_of_a_private_network_is_outside(address: str) -> None:
    assert not _outside(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::1.1.1.1", "2002:101:101::"]
)
def test_an_address_of_the_internet_is_outside(address: str) -> None:
    assert _outside(address)


@pytest.mark.parametrize(
    "url",
    [
        f"https://{'a' * 64}.example.org/",
        "https://a..example.org/",
        "https://.example.org/",
        "https://[::1/",
        "https://localhost:99999/",
    ],
)
def test_an_address_that_nobody_can_have_is_given_up_and_stops_no_other(url: str) -> None:
    for inside in (False, True):
        with pytest.raises(NotSent):
            WebhookNotify(inside).send(dataclasses.replace(MESSAGE, address=url))


def test_a_path_that_cannot_be_sent_is_given_up_and_stops_no_other() -> None:
    with http_receiver() as hook:
        for path, taken in (("\u4e2d\u6587", 0), ("plain", 1)):
            message = dataclasses.replace(MESSAGE, address=f"http://127.0.0.1:{hook.port}/{path}")
            with suppress(NotSent):
                WebhookNotify(inside=True).send(message)
            assert len(hook.bodies) == taken


@pytest.mark.parametrize("host", [f"{'a' * 64}.example.org", "a..example.org"])
def test_a_mail_server_that_nobody_can_have_stops_no_other_channel(host: str) -> None:
    server = mail_server(f"smtp://{host}?from=berth@example.org")
    with pytest.raises(NotSent):
        EmailNotify(server).send(dataclasses.replace(MESSAGE, address="a@example.org"))
