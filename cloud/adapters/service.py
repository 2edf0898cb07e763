"""sd_notify: the service manager is told when the cloud serves, and that it makes progress.

Source: sd_notify(3), a datagram of `NAME=value` to the socket that NOTIFY_SOCKET names.
"""

import socket
from contextlib import suppress


class Service:
    """`address` is NOTIFY_SOCKET, None outside of systemd: then nothing is sent. Never raises and

    never waits.
    """

    def __init__(self, address: str | None) -> None:
        self._socket: socket.socket | None = None
        if not address or address[0] not in "/@":
            return
        # A leading @ is the kernel's abstract namespace, which begins with a zero byte.
        self._address = "\0" + address[1:] if address[0] == "@" else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def say(self, what: str) -> None:
        """READY=1, WATCHDOG=1 (for progress only) or STOPPING=1."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.sendto(what.encode(), self._address)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
