"""The channels that this installation has, by name."""

from collections.abc import Mapping

from cloud.adapters.notify_apprise import AppriseNotify
from cloud.adapters.notify_email import EmailNotify, mail_server
from cloud.adapters.notify_log import LogNotify
from cloud.adapters.notify_webhook import WebhookNotify
from cloud.ports.notify import Message, Notify, NotSent


class NoMailServer:
    def send(self, message: Message) -> None:
        raise NotSent("set BERTH_SMTP for e-mail")


def channels(smtp_url: str = "", inside: bool = False) -> Mapping[str, Notify]:
    """`smtp_url`: see mail_server; empty: e-mail waits. `inside`: see WebhookNotify."""
    return {
        "log": LogNotify(),
        "email": EmailNotify(mail_server(smtp_url)) if smtp_url else NoMailServer(),
        "webhook": WebhookNotify(inside),
        "apprise": AppriseNotify(),
    }
