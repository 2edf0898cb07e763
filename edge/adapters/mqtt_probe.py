"""Whether a broker lets this gateway in: one CONNECT, one answer, and gone.

Source: MQTT 3.1.1, sections 3.1 and 3.2. The client id is not the gateway's: a broker throws out
the older of two clients with one id, and the gateway may be running.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import replace

from edge.adapters.mqtt import BrokerAddress
from edge.adapters.tls import client_context

CONNECT_S, ANSWER_S = 3.0, 3.0
KEEPALIVE_S = 10
CLEAN, HAS_USER, HAS_PASSWORD = 0x02, 0x80, 0x40
CONNACK, DISCONNECT = b"\x20\x02", b"\xe0\x00"
ANSWER_BYTES = 4
LOOPBACK = ("127.0.0.1", "::1", "localhost")
REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it refuses the client id",
    3: "it says that it is not available",
    4: "user or password is wrong",
    5: "this user may not connect",
}


def ask_broker(address: BrokerAddress, gateway: str) -> str | None:
    """None if it lets us in, else why not. Raises OSError if nothing answers there, TlsUnusable."""
    if address.user is None and address.host in LOOPBACK:
        # The embedded broker knows a gateway by its user name: a revoked one is told so here too.
        address = replace(address, user=gateway)
    with _link(address) as link:
        link.settimeout(ANSWER_S)
        link.sendall(connect_packet(address, f"{gateway}-doctor"))
        answer = _read(link)
        with suppress(OSError):
            link.sendall(DISCONNECT)
    if len(answer) < ANSWER_BYTES or not answer.startswith(CONNACK):
        return "what answers there is no MQTT broker"
    code = answer[3]
    return REFUSALS.get(code, f"it refuses with code {code}") if code else None


def greet(address: BrokerAddress) -> None:
    """The handshake alone: a broker that knows us by our certificate would throw out the gateway

    that runs. Raises OSError, TlsUnusable.
    """
    _link(address).close()


def _link(address: BrokerAddress) -> socket.socket:
    if address.tls is None:
        return socket.create_connection((address.host, address.port), CONNECT_S)
    context = client_context(address.tls)
    plain = socket.create_connection((address.host, address.port), CONNECT_S)
    try:
        return context.wrap_socket(plain, server_hostname=address.host)
    except OSError:
        plain.close()
        raise


def connect_packet(address: BrokerAddress, client_id: str) -> bytes:
    fields, flags = [client_id], CLEAN
    if address.user is not None:
        fields.append(address.user)
        flags |= HAS_USER
        if address.password is not None:
            fields.append(address.password)
            flags |= HAS_PASSWORD
    head = _field("MQTT") + bytes([4, flags]) + KEEPALIVE_S.to_bytes(2, "big")
    body = head + b"".join(_field(text) for text in fields)
    return b"\x10" + _length(len(body)) + body


def _field(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _length(count: int) -> bytes:
    """Seven bits a byte, least first; the high bit says that there is more."""
    out = bytearray()
    while True:
        count, low = divmod(count, 128)
        out.append(low | (0x80 if count else 0))
        if not count:
            return bytes(out)


def _read(link: socket.socket) -> bytes:
    answer = b""
    while len(answer) < ANSWER_BYTES and (more := link.recv(ANSWER_BYTES - len(answer))):
        answer += more
    return answer
