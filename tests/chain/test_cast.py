"""Foundry's cast on the dev chain, where it is at hand: `make foundry` fetches it from npm."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import DEV_CHAIN_ID, dev_role_keys
from cloud.adapters.devchain import DevChainServer
from contracts.wire.signing import address_of
from tests.foundry.forge import TOOLS

BINARY = "node_modules/@foundry-rs/cast-*/bin/cast*"
LIMIT_S = 60
PAUSED = 1


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[tuple[Callable[..., str], str]]:
    """(cast at a dev chain, the ledger's address)"""
    found = shutil.which("cast") or next(map(str, TOOLS.glob(BINARY)), None)
    if found is None:
        pytest.skip("cast is not installed (make foundry)")
    server = DevChainServer(tmp_path)
    url = server.start()

    def run(*words: str) -> str:
        command = [found, *words, "--rpc-url", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
        return done.stdout.strip()

    try:
        yield run, deploy(url, dev_role_keys(), 10_000, 0).ledger
    finally:
        server.stop()


def test_cast_asks_signs_sends_and_reads_back(cast: tuple[Callable[..., str], str]) -> None:
    run, ledger = cast
    admin = dev_role_keys()["admin"]
    assert int(run("chain-id")) == DEV_CHAIN_ID
    assert run("call", ledger, "admin()(address)") == address_of(admin)
    nonce = int(run("nonce", address_of(admin)))
    assert int(run("estimate", ledger, "pause()", "--from", address_of(admin))) > 21_000
    sent = json.loads(run("send", ledger, "pause()", "--private-key", "0x" + admin.hex(), "--json"))
    assert sent["status"] == "0x1" and int(run("nonce", address_of(admin))) == nonce + 1
    assert int(run("call", ledger, "status()(uint256)")) == PAUSED
    assert run("receipt", sent["transactionHash"], "blockNumber") == run("block-number")
    assert int(run("tx", sent["transactionHash"], "nonce")) == nonce
    assert sent["transactionHash"] in run("logs", "--address", ledger, "--from-block", "0")
    assert run("code", ledger).startswith("0x") and int(run("balance", address_of(admin))) > 0
    assert "pause()" in run("run", sent["transactionHash"])
