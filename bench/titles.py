"""The library of a million titles: its tree, and what marks cost: `python -m bench.titles`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from bench import titles_import
from bench.rows import Row, result
from cloud.adapters.chain import Web3Chain
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.ports.chain import Call, Chain
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, leaf_hash, path

TITLES, MARKS, CAP_LEVEL, SEED = 1_000_000, 64, 14, 1
PROOFS, CHANGES = 20_000, 5_000
NONE = ("nothing", None)


def rows() -> list[Row]:
    leaves = [_leaf(number) for number in range(TITLES)]
    begun_s = time.perf_counter()
    tree = Tree(leaves)
    built_s = time.perf_counter() - begun_s
    rng = Random(SEED)
    places = [rng.randrange(TITLES) for _ in range(PROOFS)]
    proof_us = _each_us(lambda: [tree.proof(place) for place in places], PROOFS)
    change_us = _each_us(lambda: _change(tree, leaves, places[:CHANGES]), CHANGES)
    mb = sum(len(level) for level in tree.levels) / 1e6
    return [
        result("ledger.titles.build_1m_s", built_s, "s", ("pure Python's Keccak", 43.8)),
        result("ledger.titles.proof_us", proof_us, "us", NONE),
        result("ledger.titles.update_us", change_us, "us", ("a new tree", built_s * 1e6)),
        result("ledger.titles.tree_mb", mb, "MB", NONE),
        *_gas(tree, rng),
        *titles_import.rows(),
    ]


def _key(number: int) -> bytes:
    return keccak(b"space %d" % number)


def _digest(number: int) -> bytes:
    return keccak(b"title %d" % number)


def _leaf(number: int) -> bytes:
    return leaf_hash(_key(number) + _digest(number))


def _each_us(work: Callable[[], object], times: int) -> float:
    begun_s = time.perf_counter()
    work()
    return (time.perf_counter() - begun_s) * 1e6 / times


def _change(tree: Tree, leaves: list[bytes], places: list[int]) -> None:
    for place in places:
        tree.update(place, leaves[place])


def _gas(tree: Tree, rng: Random) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server = DevChainServer(Path(folder))
        url = server.start()
        try:
            keys = dev_role_keys()
            return _gas_table(Web3Chain(url, deploy(url, keys, 10_000, 3600), keys), tree, rng)
        finally:
            server.stop()


def _gas_table(chain: Chain, tree: Tree, rng: Random) -> list[Row]:
    # Those with the longest proofs: 20 nodes.
    deep = 32 * (TITLES // 64)
    first, *rest = rng.sample([n for n in range(deep) if len(tree.proof(n)) == 20], MARKS + 1)
    one = (_key(first), _digest(first), tuple(tree.proof(first)), keccak(b"decision"))
    library = (tree.root, TITLES, keccak(b"library"))
    names: dict[str, tuple[str, tuple[Any, ...]]] = {
        "publish_first": ("publish", library),
        "publish": ("publish", library),
        "share": ("share", one),
        "transfer": ("transfer", one),
        "unshare": ("unshare", (one[0], keccak(b"revoked"))),
        "share_again": ("share", one),
        "expire": ("expire", (one[0], 1)),
    }
    used = {name: _used(chain, *call) for name, call in names.items()}
    del used["share_again"]
    used["share_many_each"] = _used(chain, "share_many", _together(tree, rest)) / MARKS
    return [result(f"ledger.gas.titles.{name}", gas, "gas", NONE, 0) for name, gas in used.items()]


def _together(tree: Tree, places: list[int]) -> tuple[Any, ...]:
    marks, siblings = [], list[bytes]()
    for place in places:
        siblings += [tree.node(*where) for where in path(place, TITLES) if where[0] < CAP_LEVEL]
        marks.append(
            (
                _key(place),
                _digest(place),
                keccak(b"decision %d" % place),
                place >> CAP_LEVEL,
                len(siblings),
            )
        )
    width = len(tree.levels[CAP_LEVEL]) // 32
    return tuple(tree.node(CAP_LEVEL, i) for i in range(width)), tuple(marks), tuple(siblings)


def _used(chain: Chain, function: str, args: tuple[Any, ...]) -> int:
    signed = chain.sign(
        Call("registry", function, args, "registrar"), chain.next_nonce("registrar")
    )
    chain.send(signed)
    outcome = chain.outcome(signed.hash)
    if outcome is None or not outcome.ok:
        raise SystemExit(f"{function} failed: {outcome}")
    return outcome.gas_used


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:36} {row['value']:>12} {row['unit']}")
