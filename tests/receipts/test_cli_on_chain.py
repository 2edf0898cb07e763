"""berth-verify with --rpc: a node on this machine that answers as the chain would."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from contracts.cli import check
from contracts.ledger.onchain import Filed
from tests.receipts.credits import a_credit, credit_answers
from tests.receipts.drawn import question
from tests.receipts.judged import REFUSED

APP = typer.Typer()
APP.command()(check)
LATER = (a_credit(seed).credit for seed in range(9))
CREDIT = next(made for made in LATER if made.chain.batch > made.corrects.chain.batch)

EVERY = "every link" if CREDIT.corrects.title else "every link that it shows"
THEN = f'"{hex(CREDIT.corrects.chain.block_number)}"]'


class Node:
    """`told`: what it says of each question, which a test may change."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = credit_answers(CREDIT)
        self.status, self.refusal = 200, {"code": -32000, "message": "missing trie node"}
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                found = node.told.get(question(asked["method"], asked["params"]))
                said = {"error": node.refusal} if found == REFUSED else {"result": found}
                body = json.dumps({"jsonrpc": "2.0", "id": 1, "error": None} | said)
                self.send_response(node.status if found == REFUSED else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Tests are silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def node() -> Iterator[Node]:
    made = Node()
    thread = Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def ran(folder: Path, node: Node, *more: str, paper: Filed = CREDIT) -> Result:
    file = folder / "paper.json"
    file.write_text(paper.model_dump_json(), "utf-8")
    asked = [str(file), "--rpc", node.url, "--ledger", CREDIT.chain.ledger, *more]
    return CliRunner().invoke(APP, asked)


def test_a_credit_passes_with_both_of_its_records_on_the_chain(tmp_path: Path, node: Node) -> None:
    found = ran(tmp_path, node)
    assert found.exit_code == 0
    for link in ("batch root", "payment", "credit batch root", "credit payment"):
        assert f"PASS  {link} " in found.stdout
    assert f"PASS: {EVERY} holds, and the chain agrees. The gateway's key is" in found.stdout
    assert "it proves the stay if the registrar named the real gateway. The file" in found.stdout
    assert json.loads(ran(tmp_path, node, "--json").stdout)["chain"] == "agrees"


def test_a_receipt_that_the_chain_knows_is_still_one_settlement_of_several_perhaps(
    tmp_path: Path, node: Node
) -> None:
    found = ran(tmp_path, node, paper=CREDIT.corrects)
    assert found.exit_code == 0
    assert found.stdout.splitlines()[-1].endswith(
        "whether the stay was settled again, the ledger's log tells."
    )


@pytest.mark.parametrize("status", [200, 400])
def test_a_node_that_keeps_no_old_state_is_no_verdict_and_what_it_told_is_kept(
    tmp_path: Path, node: Node, status: int
) -> None:
    node.status = status
    node.told |= {asked: REFUSED for asked in node.told if THEN in asked}
    found = ran(tmp_path, node)
    assert found.exit_code == 2
    assert "PASS  credit payment " in found.stdout
    last = found.stdout.splitlines()[-1]
    assert last.startswith("Every link that was learnt holds; not learnt of the chain: gateway key")
    assert "an archive node" in found.stderr
    said = json.loads(ran(tmp_path, node, "--json").stdout)
    assert (said["ok"], said["chain"]) == (None, "agrees in part")
    node.told[question("eth_getTransactionReceipt", [CREDIT.chain.transaction])] = None
    assert ran(tmp_path, node).exit_code == 1
    assert json.loads(ran(tmp_path, node, "--json").stdout)["chain"] == "differs"


def test_a_credit_that_the_chain_does_not_know_is_named(tmp_path: Path, node: Node) -> None:
    node.told[question("eth_getTransactionReceipt", [CREDIT.chain.transaction])] = None
    found = ran(tmp_path, node)
    assert found.exit_code == 1
    assert "FAIL: broken at credit transaction." in found.stdout


def test_a_node_that_answers_nonsense_is_no_verdict(tmp_path: Path, node: Node) -> None:
    node.told[question("eth_chainId", [])] = str(CREDIT.chain.chain_id)
    found = ran(tmp_path, node)
    assert found.exit_code == 2
    assert "the node's answer is no number" in found.stderr
    assert "PASS:" not in found.stdout
