"""Notices to a URL of the account's own, signed with its secret (HMAC-SHA256).

An account names this URL: it must not lead into the operator's own network. Every address of the
host is looked at, and the one that was looked at is the one connected to.
"""

import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from cloud.ports.notify import Message, NotSent
from contracts.wire.types import format_instant, to_ms

# Of one step, and of them all: a receiver may answer a byte at a time, without an end.
TIMEOUT_S, TOTAL_S = 5.0, 15.0
SIGNATURE = "Berth-Signature"
# What a receiver refuses for good; 408 and 429 mean later.
FOR_GOOD = frozenset(range(400, 500)) - {408, 425, 429}
MAX_ANSWER_BYTES = 4096
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def signature(secret: str, at_s: int, body: bytes) -> str:
    """`t=SECONDS,v1=HEX` over "SECONDS.BODY": an old message cannot be sent again as a new one."""
    told = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256)
    return f"t={at_s},v1={told.hexdigest()}"


def body_of(message: Message) -> bytes:
    told = {
        "id": message.id,
        "code": message.code,
        "subject": message.subject,
        "body": message.body,
        "at": format_instant(message.at),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


class WebhookNotify:
    """`inside`: addresses of private networks are let through; plain http is, too."""

    def __init__(
        self,
        inside: bool = False,
        trust: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self._inside = inside
        self._trust = trust or ssl.create_default_context()
        self._total_s = total_s

    def send(self, message: Message) -> None:
        body = body_of(message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "berth",
            SIGNATURE: signature(message.secret, to_ms(message.at) // 1000, body),
        }
        try:
            status = self._post(message.address, body, headers)
        except (OSError, HTTPException) as error:
            raise NotSent(f"webhook: {type(error).__name__}") from None
        except ValueError:
            # A name, port or path that cannot be sent at all: no turn of the sweep may end by it.
            raise NotSent("webhook: this is no address", for_good=True) from None
        if not 200 <= status < 300:
            raise NotSent(f"webhook: status {status}", status in FOR_GOOD)

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        if not secure and not self._inside:
            raise NotSent("webhook: only https leaves this house", for_good=True)
        port = parts.port or (443 if secure else 80)
        sock = self._connected(host, port, secure)
        cut = threading.Timer(self._total_s, _cut, [sock])
        cut.daemon = True
        cut.start()
        connection = (HTTPSConnection if secure else HTTPConnection)(host, port, timeout=TIMEOUT_S)
        connection.sock = sock
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(MAX_ANSWER_BYTES)
            return answer.status  # a redirection is not followed: it is no answer of a receiver
        finally:
            cut.cancel()
            connection.close()
            sock.close()

    def _connected(self, host: str, port: int, secure: bool) -> socket.socket:
        """TLS has not begun yet: its steps are for the clock of them all."""
        with ExitStack() as stack:
            sock = socket.create_connection((self._looked_at(host, port), port), TIMEOUT_S)
            stack.callback(sock.close)
            if secure:
                sock = self._trust.wrap_socket(
                    sock, server_hostname=host, do_handshake_on_connect=False
                )
            stack.pop_all()
        return sock

    def _looked_at(self, host: str, port: int) -> str:
        found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        private = [at for at in found if not _outside(str(at))]
        if private and not self._inside:
            raise NotSent("webhook: this host is inside a private network", for_good=True)
        return str(found[0])


def _outside(address: str) -> bool:
    """Of an address that carries one of the old kind in it (RFC 6052, 3056, 4291), that one."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        carried = found in NAT64 and ipaddress.IPv4Address(found.packed[-4:])
        found = carried or found.sixtofour or found.ipv4_mapped or found
    site = isinstance(found, ipaddress.IPv6Address) and found.is_site_local
    usable = not (found.is_multicast or found.is_reserved or site)
    return found.is_global and usable


def _cut(sock: socket.socket) -> None:
    """Whoever waits on it reads its end. Of TLS it is the socket below that ends."""
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
