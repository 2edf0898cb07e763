"""The dev chain on a loopback port: JSON-RPC over HTTP."""

import ipaddress
import json
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from pathlib import Path
from typing import Any

from cloud.adapters.dev_keys import DEV_CHAIN_ID
from cloud.adapters.devchain.chain import DevChain
from cloud.adapters.devchain.errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    RpcError,
)
from cloud.adapters.devchain.methods import Methods

MAX_BODY_BYTES = 1 << 20
MAX_DROPPED_BYTES = 16 << 20
DROP_PIECE_BYTES = 1 << 16
DROP_WAIT_S = 2.0
MAX_BATCH = 100
MAX_DEPTH = 32
IDLE_CONNECTION_S = 60
STOP_WAIT_S = 10.0
STOP_CHECK_S = 0.05
CHAIN_FILE = "chain.sqlite"


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def clock() -> int:
    return int(time.time())


class DevChainServer:
    """Owns the data folder while it runs; `port` 0 takes a free one."""

    def __init__(
        self,
        data_dir: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        chain_id: int = DEV_CHAIN_ID,
        now: Callable[[], int] = clock,
        beyond_loopback: bool = False,
    ) -> None:
        """Raises ValueError for a host that others can reach, unless `beyond_loopback` allows it:

        everybody knows the dev keys, and dev_rollback asks for none.
        """
        if not beyond_loopback and not is_loopback(host):
            raise ValueError(
                f"{host} is not a loopback address. "
                "Allow others in with --beyond-loopback, or bind 127.0.0.1."
            )
        data_dir.mkdir(parents=True, exist_ok=True)
        self._chain = DevChain(data_dir / CHAIN_FILE, chain_id, now)
        self._lock = threading.Lock()
        self._methods = Methods(self._chain)
        try:
            self._http = Listener((host, port), self.reply)
        except OSError:
            self._chain.close()
            raise
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> str:
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(STOP_CHECK_S,), name="devchain", daemon=True
        )
        self._thread.start()
        return self.url

    def serve_forever(self) -> None:
        """Until the process is told to stop; leaves the folder closed."""
        try:
            self._http.serve_forever(STOP_CHECK_S)
        finally:
            self._close()

    def stop(self) -> None:
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join(STOP_WAIT_S)
        self._close()

    def _close(self) -> None:
        self._http.server_close()
        with self._lock:
            self._chain.close()

    def reply(self, body: bytes) -> bytes:
        """The answer to a request or a batch of them."""
        try:
            request = json.loads(body) if depth(body) <= MAX_DEPTH else None
        except ValueError:
            return _encode(_failure(None, RpcError(PARSE_ERROR, "parse error")))
        if not isinstance(request, list):
            return _encode(self._one(request))
        if not request or len(request) > MAX_BATCH:
            error = RpcError(INVALID_REQUEST, f"a batch holds 1 to {MAX_BATCH} requests")
            return _encode(_failure(None, error))
        return _encode([self._one(single) for single in request])

    def _one(self, request: Any) -> dict[str, Any]:
        name = request.get("method") if isinstance(request, dict) else None
        if not isinstance(name, str):
            return _failure(None, RpcError(INVALID_REQUEST, "invalid request"))
        arguments = request.get("params") or []
        if not isinstance(arguments, list):
            return _failure(request.get("id"), RpcError(INVALID_REQUEST, "params: expected a list"))
        try:
            with self._lock:
                result = self._methods.answer(name, arguments)
        except RpcError as error:
            return _failure(request.get("id"), error)
        except sqlite3.Error as error:
            return _failure(
                request.get("id"), RpcError(INTERNAL_ERROR, f"the chain's file: {error}")
            )
        return {"jsonrpc": "2.0", "id": request.get("id"), "result": result}


def depth(body: bytes) -> int:
    """Of brackets: py-evm lifts Python's recursion limit so far that a deep one would crash it."""
    steps = (1 if found in b"[{" else -1 for found in re.findall(rb"[\[\]{}]", body))
    return max(accumulate(steps), default=0)


def _failure(request_id: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": error.body()}


def _encode(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    # A restart must get its port back at once.
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], reply: Callable[[bytes], bytes]) -> None:
        # First: where the port is taken, its parent closes the server before it is complete.
        self.reply = reply
        self._connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Open connections end too, or their threads would go on answering."""
        super().server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_CONNECTION_S
    # One buffered write for head and body, sent at once: without both a reply waits 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Listener

    def do_POST(self) -> None:
        length = self._length()
        if length is None:
            self._refuse(411, "a Content-Length is needed")
        elif length > MAX_BODY_BYTES:
            self._refuse(413, f"a request has at most {MAX_BODY_BYTES} bytes")
        elif self.headers.get_content_type() != "application/json":
            # Also keeps web pages out: a browser asks before it sends JSON elsewhere.
            self._refuse(415, "the Content-Type must be application/json")
        else:
            self._send(200, self.server.reply(self.rfile.read(length)))

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a line for each request would bury what matters."""

    def _length(self) -> int | None:
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None

    def _refuse(self, status: int, sentence: str) -> None:
        """The body is read and dropped, within bounds: a client that still sends when we close

        would get a broken pipe instead of the answer.
        """
        self.close_connection = True
        self._send(status, sentence.encode())
        left = min(self._length() or 0, MAX_DROPPED_BYTES)
        with suppress(OSError):
            self.wfile.flush()
            self.connection.settimeout(DROP_WAIT_S)
            while left > 0 and (piece := self.rfile.read(min(left, DROP_PIECE_BYTES))):
                left -= len(piece)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
