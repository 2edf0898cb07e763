"""What the dev chain acknowledged is there after kill -9."""

import http.client
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rpc_client import Rpc, signed

from cloud.adapters.devchain import DataFolderError, DevChainServer

CHILD = Path(__file__).with_name("devchain_child.py")
WAIT_S = 30
BURST = 200


@contextmanager
def child_chain(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, str(CHILD), str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield child, child.stdout.readline().strip()
        finally:
            child.kill()


def send_until_killed(url: str, first_nonce: int, kill_at: int, kill: threading.Event) -> list[str]:
    """Hashes in the order they were acknowledged."""
    acknowledged: list[str] = []
    rpc = Rpc(url)
    try:
        for nonce in range(first_nonce, first_nonce + BURST):
            acknowledged.append(rpc.get("eth_sendRawTransaction", signed(nonce)))
            if len(acknowledged) == kill_at:
                kill.set()
    except (OSError, http.client.HTTPException):
        pass
    return acknowledged


def burst(data_dir: Path, first_nonce: int, kill_at: int) -> list[str]:
    """Kill the chain while transactions keep coming; returns what it acknowledged."""
    kill = threading.Event()
    with child_chain(data_dir) as (child, url):

        def killer() -> None:
            kill.wait(WAIT_S)
            child.kill()

        thread = threading.Thread(target=killer)
        thread.start()
        acknowledged = send_until_killed(url, first_nonce, kill_at, kill)
        kill.set()
        thread.join(WAIT_S)
        child.wait(WAIT_S)
    return acknowledged


def test_after_kill_9_under_load_every_acknowledged_transaction_is_on_the_chain(
    tmp_path: Path,
) -> None:
    acknowledged: list[str] = []
    nonce = 0
    for kill_at in (3, 20, 41):
        fresh = burst(tmp_path, nonce, kill_at)
        assert kill_at <= len(fresh) < BURST
        acknowledged += fresh
        with child_chain(tmp_path) as (_, url):
            rpc = Rpc(url)
            receipts = [rpc.get("eth_getTransactionReceipt", one) for one in acknowledged]
            assert all(receipt["status"] == "0x1" for receipt in receipts)
            sender = receipts[0]["from"]
            nonce = int(rpc.get("eth_getTransactionCount", sender, "latest"), 16)
            # The last one may have been stored and killed before it was acknowledged.
            assert len(acknowledged) <= nonce
            assert int(rpc.get("eth_blockNumber"), 16) == nonce
            raw = signed(nonce)
            acknowledged.append(rpc.get("eth_sendRawTransaction", raw))
            assert rpc.error("eth_sendRawTransaction", raw)["message"] == "already known"
            nonce += 1


def test_a_restarted_chain_has_the_same_blocks_and_state(tmp_path: Path) -> None:
    server = DevChainServer(tmp_path, now=lambda: 1_780_000_000)
    rpc = Rpc(server.start())
    for nonce in range(3):
        rpc.get("eth_sendRawTransaction", signed(nonce))
    before = [rpc.get("eth_getBlockByNumber", hex(number), True) for number in range(4)]
    server.stop()
    again = DevChainServer(tmp_path, now=lambda: 1_780_000_000)
    try:
        rpc = Rpc(again.start())
        assert before == [rpc.get("eth_getBlockByNumber", hex(at), True) for at in range(4)]
        burnt = "0x000000000000000000000000000000000000dEaD"
        assert rpc.get("eth_getBalance", burnt, "latest") == "0x3"
        assert rpc.get("eth_getBalance", burnt, "0x1") == "0x1"
    finally:
        again.stop()


def test_two_chains_cannot_share_a_folder(tmp_path: Path) -> None:
    server = DevChainServer(tmp_path)
    try:
        with pytest.raises(DataFolderError, match="another dev chain"):
            DevChainServer(tmp_path)
    finally:
        server.stop()


def test_a_folder_of_another_chain_id_is_refused(tmp_path: Path) -> None:
    DevChainServer(tmp_path).stop()
    with pytest.raises(DataFolderError, match="another chain"):
        DevChainServer(tmp_path, chain_id=5)
    DevChainServer(tmp_path).stop()


def test_a_file_that_is_no_chain_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "chain.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DataFolderError, match="cannot be opened"):
        DevChainServer(tmp_path)
