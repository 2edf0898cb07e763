"""berth-verify as a reader runs it: exit codes, and sentences that name the remedy."""

import json
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from contracts.cli import check
from tests.contracts.making import receipt, titled

RECEIPT = titled(receipt())
APP = typer.Typer()
APP.command()(check)


def ran(folder: Path, *asked: str, text: str = RECEIPT.model_dump_json()) -> Result:
    file = folder / "receipt.json"
    file.write_text(text, "utf-8")
    return CliRunner().invoke(APP, [str(file), *asked])


@pytest.fixture
def silent_node() -> str:
    """An address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


def test_a_node_that_is_silent_leaves_the_files_own_links_to_be_read(
    tmp_path: Path, silent_node: str
) -> None:
    found = ran(tmp_path, "--rpc", silent_node)
    assert found.exit_code == 2
    assert "PASS  proof" in found.stdout
    assert "PASS:" not in found.stdout
    block = RECEIPT.chain.block_number
    assert f"Check --rpc; the node must hold block {block}." in found.stderr


def test_a_broken_receipt_is_broken_whatever_the_node_says(
    tmp_path: Path, silent_node: str
) -> None:
    changed = json.loads(RECEIPT.model_dump_json())
    changed["total_minor"] -= 1
    found = ran(tmp_path, "--rpc", silent_node, text=json.dumps(changed))
    assert found.exit_code == 1
    assert "FAIL: broken at arithmetic, record." in found.stdout


def test_a_program_reads_that_nothing_was_learnt_of_the_chain(
    tmp_path: Path, silent_node: str
) -> None:
    found = ran(tmp_path, "--json", "--rpc", silent_node)
    said = json.loads(found.stdout)
    assert said["ok"] is None
    assert "Check --rpc" in said["node"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--rpc", "banana"),
        ("--rpc", "file:///etc/hosts"),
        ("--rpc", "http://[::1"),
        ("--ledger", "banana"),
        ("--ledger", "0x12"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_read(
    tmp_path: Path, option: str, value: str
) -> None:
    found = ran(tmp_path, option, value)
    assert found.exit_code == 2
    assert f"{option} {value} is no" in found.stderr
    assert found.stdout == ""
