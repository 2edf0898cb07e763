"""Notices into the cloud's own log: what an installation without a mail server has."""

import structlog

from cloud.ports.notify import Message

log = structlog.get_logger("notice")


class LogNotify:
    def send(self, message: Message) -> None:
        """Neither subject nor body: a log is kept longer than a notice may be."""
        log.info("notice", id=message.id, code=message.code)
