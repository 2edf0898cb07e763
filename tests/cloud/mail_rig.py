"""Loopback servers that take notices, by mail and by HTTP; both end by themselves."""

import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Received:
    """`answers`: codes for the next requests; afterwards all is taken.

    100: the receiver says "go on" without an end, until the sender leaves.
    """

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def next_answer(self, usual: int) -> int:
        return self.answers.pop(0) if self.answers else usual


@contextmanager
def http_receiver(certificate: Path | None = None) -> Iterator[Received]:
    """`certificate`: a PEM file with its key; then it is HTTPS."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = received.next_answer(204)
            while status == 100:
                try:
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                except OSError:
                    self.close_connection = True
                    return
            if status < 300:
                received.bodies.append(body)
                received.headers.append(dict(self.headers))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{received.port}/elsewhere")
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.port = server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        yield from _running(server, received)


def certificate_in(folder: Path) -> Path:
    """Of this machine's loopback, signed by itself; made by openssl."""
    file = folder / "loopback.pem"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-subj", "/CN=loopback"]
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(file), "-out", str(folder / "crt")]
    subprocess.run(["openssl", "req", "-x509", *made, *more], check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "crt").read_text())
    return file


@contextmanager
def mail_receiver() -> Iterator[Received]:
    """Enough of SMTP (RFC 5321) for one message: EHLO, MAIL, RCPT, DATA, QUIT."""
    received = Received()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            for raw in self.rfile:
                verb = raw[:4].upper()
                if verb == b"QUIT":
                    self.say("221 bye")
                    return
                if verb == b"DATA":
                    self.say("354 go on")
                    received.bodies.append(self.message())
                    self.say("250 taken")
                elif verb == b"RCPT":
                    self.say(f"{received.next_answer(250)} recipient")
                else:
                    self.say("250 fine")

        def message(self) -> bytes:
            lines: list[bytes] = []
            for raw in self.rfile:
                if raw == b".\r\n":
                    break
                lines.append(raw.removeprefix(b"."))
            return b"".join(lines)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        received.port = server.server_address[1]
        yield from _running(server, received)


def _running(server: socketserver.BaseServer, received: Received) -> Iterator[Received]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join(5)
