"""The dev chain's figures in docs/decisions/0003-dev-chain.md (run me: no arguments)."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chain_bench import UNIT, Bench, word
from rpc_client import Rpc, signed

from cloud.adapters.chain import Web3Chain
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.ports.chain import Call
from contracts.ledger.hashing import keccak

CHILD = Path(__file__).with_name("devchain_child.py")
DRIVERS = 200
TRANSFERS = 500


@contextmanager
def running(data_dir: str) -> Iterator[str]:
    command = [sys.executable, str(CHILD), data_dir]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            url = child.stdout.readline().strip()
            Rpc(url).get("eth_blockNumber")
            yield url
        finally:
            child.kill()


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def say(name: str, value: float) -> None:
    print(f"{name:<48}{value:>12,.2f}")


class Batches:
    """Batches of fresh stays, numbered in turn."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.stay = 1 << 20

    def call(self, count: int, payees: int = DRIVERS) -> Call:
        first, self.stay = self.stay, self.stay + count
        words = tuple(
            word(at + 1, DRIVERS + 1 + at % payees, first + at, 100) for at in range(count)
        )
        seq = self.bench.chain.read("ledger", "seq") + 1
        return Call("ledger", "settle_batch", (seq, keccak(b"%d" % seq), words), "settler")

    def gas(self, count: int, payees: int = DRIVERS) -> float:
        call = self.call(count, payees)
        outcome = self.bench.do(call.contract, call.function, *call.args, sender=call.sender)
        return outcome.gas_used / count


def fill(bench: Bench) -> None:
    for account_id in range(1, 2 * DRIVERS + 1):
        bench.open(account_id, "0x000000000000000000000000000000000000dEaD")
    for account_id in range(1, DRIVERS + 1):
        bench.fund(account_id, 100_000, keccak(b"%d" % account_id))


def measure(url: str) -> None:
    rpc, raws = Rpc(url), [signed(nonce, key=5) for nonce in range(TRANSFERS)]
    took = seconds(lambda: [rpc.get("eth_sendRawTransaction", raw) for raw in raws])
    say("transfers a second", TRANSFERS / took)
    deployment = deploy(url, dev_role_keys(), UNIT, 0)
    bench = Bench(Web3Chain(url, deployment, dev_role_keys()))
    fill(bench)
    batches = Batches(bench)
    for label in ("first use", "used before"):
        # Largest last, so that the first use of each account is counted where it belongs.
        for count in (1, 10, DRIVERS):
            say(f"settle_batch gas a word, {label}, {count}", batches.gas(count))
    say("settle_batch gas a word, 200 drivers, 20 payees", batches.gas(DRIVERS, payees=20))
    say("settlements a second, signed to read", 5 * DRIVERS / seconds(lambda: five(batches)))
    chain = bench.chain
    signed_batch = chain.sign(batches.call(DRIVERS), chain.next_nonce("settler"))
    took = seconds(lambda: chain.send(signed_batch))
    say("settlements a second, sent only", DRIVERS / took)


def five(batches: Batches) -> None:
    for _ in range(5):
        batches.gas(DRIVERS)


def start_once(data_dir: str) -> None:
    with running(data_dir):
        pass


def main() -> None:
    with tempfile.TemporaryDirectory() as data_dir:
        say("start, seconds", seconds(lambda: start_once(data_dir)))
        with running(data_dir) as url:
            measure(url)
        say("restart after kill -9, seconds", seconds(lambda: start_once(data_dir)))


if __name__ == "__main__":
    main()
