"""sd_notify: the service manager is told when the gateway is ready, and that it makes progress.

Source: sd_notify(3), a datagram of `NAME=value` lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import socket
from contextlib import suppress

MAX_STATUS = 200


class Notifier:
    """`address` is NOTIFY_SOCKET, None outside of systemd: then nothing is sent. Never raises and
    never waits: a service manager that does not listen must not stop the gateway."""

    def __init__(self, address: str | None) -> None:
        self._socket: socket.socket | None = None
        if not address or address[0] not in "/@":
            return
        # A leading @ is the kernel's abstract namespace, which begins with a zero byte.
        self._address = "\0" + address[1:] if address[0] == "@" else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def ready(self) -> None:
        self._send("READY=1")

    def alive(self) -> None:
        """Feeds the watchdog. To be called for progress only: a loop that spins is not alive."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line, shown by `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split())[:MAX_STATUS])

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.sendto(message.encode(), self._address)
