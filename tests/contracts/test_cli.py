"""berth-verify as a reader runs it: exit codes, and sentences that name the remedy."""

import json
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from contracts.cli import check
from tests.contracts.making import credit_of, pending, receipt, titled

RECEIPT = titled(receipt())
CREDIT = credit_of(RECEIPT)
PENDING = pending(RECEIPT)
BARE = PENDING.model_copy(update={"draft": None})
BY_THE_FILE = (
    "PASS for what the file itself shows; the chain was not asked. "
    "Ask it: --rpc URL --ledger ADDRESS. "
)
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


def test_a_file_that_no_node_was_asked_about_says_so_to_people_and_programs(
    tmp_path: Path, silent_node: str
) -> None:
    alone = ran(tmp_path)
    assert alone.exit_code == 0
    assert alone.stdout.splitlines()[-1] == BY_THE_FILE + (
        "It shows this one settlement of stay 1: whether the stay was settled again, "
        "the ledger's log tells."
    )
    asked = ran(tmp_path, "--json"), ran(tmp_path, "--json", "--rpc", silent_node)
    told = [json.loads(found.stdout) for found in asked]
    assert [(said["ok"], said["chain"]) for said in told] == [(True, "not asked"), (None, "silent")]
    assert told[0]["links"][0]["name"] == "titles"


def test_a_title_that_is_not_shown_is_told_apart_from_a_link(tmp_path: Path) -> None:
    for made in (receipt(), credit_of(receipt()), pending()):
        found = ran(tmp_path, text=made.model_dump_json())
        lines = found.stdout.splitlines()
        (said,) = [line for line in lines if "titles" in line]
        assert said.startswith("----  titles ")
        assert said.endswith("not shown: whether the space was rightly shared is not checked here.")
        plain = json.loads(ran(tmp_path, "--json", text=made.model_dump_json()).stdout)
        assert plain["not shown"] == ["titles"]
        assert "titles" not in [link["name"] for link in plain["links"]]
    assert "----" not in ran(tmp_path).stdout


def test_help_says_whose_word_the_gateways_key_is_and_that_one_receipt_is_one_settlement() -> None:
    said = " ".join(CliRunner().invoke(APP, ["--help"]).stdout.split())
    assert "The gateway's key is the registrar's word" in said
    assert "whether the stay was settled again, the ledger's log tells" in said


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


def test_a_credit_passes_with_its_reason_and_says_that_it_shows_only_itself(tmp_path: Path) -> None:
    found = ran(tmp_path, "--ledger", CREDIT.chain.ledger, text=CREDIT.model_dump_json())
    assert found.exit_code == 0
    assert found.stdout.startswith("Credit of stay 1: The sensor was covered.\n")
    for link in ("titles", "record", "proof", "credit", "credit proof", "ledger"):
        assert f"PASS  {link} " in found.stdout
    assert found.stdout.splitlines()[-1].startswith(BY_THE_FILE)
    assert "this one credit of stay 1, and no others." in found.stdout


def test_a_credit_of_another_ledger_is_refused(tmp_path: Path) -> None:
    found = ran(tmp_path, "--ledger", "0x" + "77" * 20, text=CREDIT.model_dump_json())
    assert found.exit_code == 1
    assert "FAIL: broken at ledger." in found.stdout


def test_a_pending_receipt_is_neither_passed_nor_broken(tmp_path: Path) -> None:
    found = ran(tmp_path, text=PENDING.model_dump_json())
    assert found.exit_code == 1
    assert "FAIL" not in found.stdout
    assert "PASS  arithmetic" in found.stdout
    assert "PASS:" not in found.stdout
    assert found.stdout.splitlines()[-1] == (
        "PENDING: stay 1 is not on the chain yet. "
        "All 10 links that it can show already hold. Ask again later."
    )


def test_a_pending_receipt_without_its_draft_says_that_nothing_was_checked(
    tmp_path: Path, silent_node: str
) -> None:
    found = ran(tmp_path, "--rpc", silent_node, text=BARE.model_dump_json())
    assert found.exit_code == 1
    assert found.stdout == (
        "PENDING: stay 1 is not on the chain yet. "
        "This file carries nothing that could be checked already. Ask again later.\n"
    )


def test_a_program_reads_null_for_a_pending_receipt_and_false_for_a_broken_draft(
    tmp_path: Path,
) -> None:
    said = json.loads(ran(tmp_path, "--json", text=PENDING.model_dump_json()).stdout)
    assert said["ok"] is None
    assert said["verdict"].startswith("PENDING: ")
    changed = json.loads(PENDING.model_dump_json())
    changed["draft"]["lines"][0]["amount_minor"] += 1
    said = json.loads(ran(tmp_path, "--json", text=json.dumps(changed)).stdout)
    assert said["ok"] is False
    assert said["verdict"] == "FAIL: broken at arithmetic, record."


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\r", "\x9b1m"])
def test_what_a_stranger_wrote_cannot_reach_the_terminal(tmp_path: Path, hostile: str) -> None:
    """In a field's name or in a credit's reason: it could paint PASS over FAIL."""
    unread = ran(tmp_path, text=json.dumps({"format": "berth-receipt", f"a{hostile}": 1}))
    changed = json.loads(CREDIT.model_dump_json()) | {"reason": f"a{hostile}"}
    shown = ran(tmp_path, text=json.dumps(changed))
    assert unread.exit_code == shown.exit_code == 1
    assert hostile not in unread.stdout + shown.stdout
    assert "FAIL: broken at credit." in shown.stdout


def test_a_file_larger_than_any_receipt_is_refused(tmp_path: Path) -> None:
    found = ran(tmp_path, text=" " * (1 << 20) + RECEIPT.model_dump_json())
    assert found.exit_code == 2
    assert "too large for a receipt" in found.stderr
