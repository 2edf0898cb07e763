"""The connection to a node: kept, shared by threads, and clear about what goes wrong on it."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cloud.adapters.web3_provider import PooledProvider
from cloud.ports.chain import ChainUnreachable


class Node(ThreadingHTTPServer):
    """Answers every question with its method; `status` and `body` are what a test makes of it."""

    daemon_threads = True
    status, body = 200, b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections: set[tuple[str, int]] = set()
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.connections.add(self.client_address)
        self.server.headers.append(dict(self.headers))
        answer = (
            [_told(one) for one in reversed(asked)] if isinstance(asked, list) else _told(asked)
        )
        body = self.server.body or json.dumps(answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


def _told(asked: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked["id"], "result": asked["method"]}


@pytest.fixture
def node() -> Iterator[Node]:
    with Node() as node:
        serving = threading.Thread(target=node.serve_forever)
        serving.start()
        yield node
        node.shutdown()
        serving.join()


def test_answers_come_in_the_order_of_the_questions_whatever_the_nodes(node: Node) -> None:
    names: list[Any] = [("eth_a", []), ("eth_b", []), ("eth_c", [])]
    found: Any = PooledProvider(node.url).make_batch_request(names)
    assert [reply["result"] for reply in found] == ["eth_a", "eth_b", "eth_c"]


def test_threads_one_after_the_other_use_one_connection(node: Node) -> None:
    provider, ask = PooledProvider(node.url), ("eth_a", [])
    for _ in range(4):
        thread = threading.Thread(target=provider.make_request, args=ask)
        thread.start()
        thread.join()
    assert len(node.headers) == 4 and len(node.connections) == 1


def test_name_and_password_of_the_address_go_into_the_header_alone(node: Node) -> None:
    url = node.url.replace("http://", "http://us%40er:p%3Aw@")
    PooledProvider(url).make_request("eth_a", [])  # type: ignore[arg-type]
    [headers] = node.headers
    assert headers["authorization"] == "Basic " + base64.b64encode(b"us@er:p:w").decode()
    assert headers["Host"] == node.url.split("/")[2]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (502, b"", "HTTP status 502"),
        (302, b"", "HTTP status 302"),
        (200, b"<html>", "it sent what is no JSON-RPC"),
        (200, b"\xff\xfe", "it sent what is no JSON-RPC"),
    ],
)
def test_what_is_no_answer_is_told_without_the_address_and_its_key(
    node: Node, status: int, body: bytes, said: str
) -> None:
    node.status, node.body = status, body
    with pytest.raises(ChainUnreachable, match=said) as caught:
        PooledProvider(node.url + "secret-key").make_request("eth_a", [])  # type: ignore[arg-type]
    assert "secret-key" not in str(caught.value)


def test_a_node_that_is_not_there_is_told_in_words(node: Node) -> None:
    url = node.url.replace(str(node.server_address[1]), "1")
    with pytest.raises(ChainUnreachable, match=r"\(no connection\)"):
        PooledProvider(url).make_request("eth_a", [])  # type: ignore[arg-type]
