"""Notices through the services that the apprise library knows (the extra `notify`)."""

from cloud.ports.notify import Message, NotSent


class AppriseNotify:
    """The address is one of its URLs, such as `tgram://token/chat`; only the operator sets one."""

    def send(self, message: Message) -> None:
        try:
            from apprise import Apprise
        except ImportError:
            raise NotSent("install berth[notify] for this channel") from None
        service = Apprise()
        if not service.add(message.address):
            raise NotSent("apprise knows no such service", for_good=True)
        if not service.notify(title=message.subject, body=message.body):
            raise NotSent("the service did not take it")
