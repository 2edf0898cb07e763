"""`make bench`: measure side by side in one run, and write bench/results.json.

`python -m bench.run PART...` measures those parts; the figures of the others stay as they were.
A figure's peer is measured in the same run: a ratio says more than a time on a shared machine.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from bench import below, gateway_load, sensing, writes
from bench.rows import Row, result
from cloud.adapters.chain import Web3Chain, deploy
from cloud.adapters.dev_keys import dev_key, dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.ports.chain import Call, Chain
from contracts.ledger.hashing import keccak, unhex
from contracts.ledger.merkle import node_hash
from contracts.ledger.receipt import verify
from contracts.ledger.records import space_key, title_leaf
from contracts.wire.signing import address_of, recover
from tests.contracts import making

RESULTS = Path(__file__).parent / "results.json"
ROUNDS, REPEATS = 15, 40
ACCOUNTS, BATCH = 1000, 200
PROOF_NODES = 20  # of a library of a million titles
SEED = 1


def in_turn(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Medians in ms of both, taken in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for kept, work in zip(times, (ours, peer)):
            begun_s = time.perf_counter()
            for _ in range(REPEATS):
                work()
            kept.append((time.perf_counter() - begun_s) * 1000 / REPEATS)
    return statistics.median(times[0]), statistics.median(times[1])


def verification() -> dict[str, Any]:
    """A receipt of four events, against its signature recoveries, which no verifier can skip."""
    receipt = making.receipt()
    pairs = [
        (unhex(signed), event.signature) for signed, event in zip(receipt.digests(), receipt.events)
    ]
    assert all(link.ok for link in verify(receipt))
    ours, bare = in_turn(lambda: verify(receipt), lambda: [recover(*pair) for pair in pairs])
    return result("receipt.verify_ms", ours, "ms", ("its 4 signature recoveries alone", bare))


def gas(chain: Chain, call: Call) -> int:
    signed = chain.sign(call, chain.next_nonce(call.sender))
    chain.send(signed)
    outcome = chain.outcome(signed.hash)
    if outcome is None or not outcome.ok:
        raise SystemExit(f"{call.function} failed: {outcome}")
    return outcome.gas_used


def ledger() -> list[dict[str, Any]]:
    """Gas on the dev chain; the peer is a plain ERC-20 transfer between used accounts."""
    with tempfile.TemporaryDirectory() as folder:
        server = DevChainServer(Path(folder))
        url = server.start()
        try:
            keys = dev_role_keys()
            return _gas_table(Web3Chain(url, deploy(url, keys, 10_000, 3600), keys))
        finally:
            server.stop()


def _gas_table(chain: Chain) -> list[dict[str, Any]]:
    transfer = _money(chain)
    peer = ("ERC-20 transfer", float(transfer))
    rows = [result("ledger.gas.share", float(_share(chain)), "gas", peer)]
    stay, rng = 1, Random(SEED)
    for seq, size in enumerate((1, 10, BATCH), 1):
        words = tuple(_word(stay + n, rng) for n in range(size))
        stay += size
        used = gas(chain, Call("ledger", "settle_batch", (seq, b"\1" * 32, words), "settler"))
        rows.append(result(f"ledger.gas.settle_{size}", used / size, "gas/settlement", peer))
    return rows


def _money(chain: Chain) -> int:
    admin, other = address_of(dev_key(0)), address_of(dev_key(9))
    gas(chain, Call("token", "mint", (admin, 10**15), "admin"))
    gas(chain, Call("token", "approve", (chain.deployment().ledger, 2**256 - 1), "admin"))
    for number in range(1, ACCOUNTS + 1):
        gas(chain, Call("ledger", "open_account", (number, other), "registrar"))
        gas(chain, Call("ledger", "deposit", (number, 10_000, number.to_bytes(32, "big")), "admin"))
    gas(chain, Call("token", "transfer", (other, 5), "admin"))
    return gas(chain, Call("token", "transfer", (other, 5), "admin"))


def _share(chain: Chain) -> int:
    """As if under a million titles: the siblings need not come from a tree that was built."""
    key, digest = space_key("S7"), keccak(b"title")
    siblings = [keccak(bytes([n])) for n in range(PROOF_NODES)]
    root = title_leaf(key, digest)
    for sibling in siblings:
        root = node_hash(root, sibling)
    gas(chain, Call("registry", "publish", (root, 2**PROOF_NODES, digest), "registrar"))
    args = (key, digest, tuple(siblings), keccak(b"decision"))
    return gas(chain, Call("registry", "share", args, "registrar"))


def _word(stay: int, rng: Random) -> int:
    driver, payee = rng.sample(range(1, ACCOUNTS + 1), 2)
    word = driver
    for value, bits in ((payee, 32), (stay, 48), (0, 40), (60, 24), (5, 32), (1, 32), (0, 16)):
        word = word << bits | value
    return word


PARTS: dict[str, Callable[[], list[Row]]] = {
    "receipt": lambda: [verification()],
    "ledger": ledger,
    "sensing": sensing.rows,
    "below": below.rows,
    "load": gateway_load.rows,
    "writes": writes.rows,
}


def main(asked: list[str]) -> int:
    if unknown := [part for part in asked if part not in PARTS]:
        print(f"There is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}.")
        return 2
    measured = [row for part in asked or PARTS for row in PARTS[part]()]
    write(measured, RESULTS)
    for row in measured:
        ratio = "-" if row["ratio"] is None else row["ratio"]
        print(
            f"{row['name']:32} {row['value']:>12} {row['unit']:20}"
            f" {ratio:>8} x {row['peer']} ({row['peer_value']})"
        )
    return 0


def write(measured: list[Row], path: Path) -> None:
    """In their order, in the place of those of the same names; what is new comes last."""
    kept: list[Row] = json.loads(path.read_text("utf-8")) if path.exists() else []
    rows = {row["name"]: row for row in [*kept, *measured]}
    path.write_text(json.dumps(list(rows.values()), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
