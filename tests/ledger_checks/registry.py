"""PropertyRegistry on pyrevm for its behaviour, and on py-evm for what one transaction costs."""

import re
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from random import Random
from typing import Any

from eth_abi import encode

from cloud.adapters.artifacts import artifact
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, leaf_hash, node_hash, path
from tests.ledger_checks.built import built, compiled
from tests.ledger_checks.evm import ADMIN, DRIVER, REGISTRAR, START_S, address, mapped
from tests.ledger_checks.metered import metered
from tests.tools.compile_contracts import LEDGER

SPACES = [keccak(b"space %d" % at) for at in range(11)]
DECISIONS = [keccak(b"decision %d" % at) for at in range(3)]
NONE = bytes(32)
ROLES = [keccak(b"admin"), keccak(b"registrar"), keccak(b"king")]
SENDERS = (REGISTRAR, REGISTRAR, ADMIN, DRIVER)
PROOF_NODES = 20  # a library of a million titles
CAP_LEVELS, TOGETHER = 6, 32
OUTPUT = re.compile(r"output: (0x[0-9a-f]*)")
FUNCTIONS = {one["name"]: one for one in artifact("registry")["abi"] if one["type"] == "function"}


def call(function: str, *values: Any) -> bytes:
    types = [_typed(one) for one in FUNCTIONS[function]["inputs"]]
    return keccak(f"{function}({','.join(types)})".encode())[:4] + encode(types, values)


def _typed(one: dict[str, Any]) -> str:
    kind = str(one["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_typed(part) for part in one['components'])}){kind[5:]}"


@dataclass
class Registry:
    """Freshly deployed from the creation code."""

    code: bytes
    evm: Any = field(init=False)
    at: str = field(init=False)

    def __post_init__(self) -> None:
        import pyrevm

        self.evm = pyrevm.EVM(spec_id="PRAGUE")
        self.at = self.evm.deploy(address(ADMIN), self.code + encode(["uint256"], [REGISTRAR]))
        self.evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=START_S))

    def send(self, sender: int, data: bytes) -> tuple[str, str, list[Any]]:
        """Whether it worked, what it answered, and its logs."""
        try:
            answer = "0x" + bytes(self.evm.message_call(address(sender), self.at, data)).hex()
        except RuntimeError as reverted:
            found = OUTPUT.search(str(reverted))
            return "reverted", found[1] if found else "", []
        logs = [(list(log.topics), log.data[1].hex()) for log in self.evm.result.logs]
        return "done", answer, logs

    def kept(self) -> list[int]:
        """The plain variables, and the mark of every space."""
        plain = [int(self.evm.storage(self.at, word)) for word in range(6)]
        return plain + [int(self.send(ADMIN, call("shared", one))[1], 16) for one in SPACES]


class Moves:
    """Calls of every function, about half of them refused: wrong senders, proofs and encodings."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.titles = [[rng.randbytes(32) for _ in SPACES] for _ in range(3)]
        self.trees = [
            Tree([leaf_hash(space + title) for space, title in zip(SPACES, titles, strict=True)])
            for titles in self.titles
        ]
        self.library = 0

    def move(self) -> tuple[int, bytes]:
        """(sender, calldata)"""
        sender, data = self.rng.choice(SENDERS), self._made()
        broken = self.rng.random()
        if broken < 0.05:
            data = data[: self.rng.randrange(len(data))]
        elif broken < 0.15:
            place = self.rng.randrange(len(data))
            data = data[:place] + self.rng.randbytes(1) + data[place + 1 :]
        return sender, data

    def _made(self) -> bytes:
        name = self.rng.choice([*FUNCTIONS, "share", "share", "share_many", "share_many"])
        if name == "publish":
            self.library = self.rng.randrange(len(self.trees))
            root = self.rng.choice([self.trees[self.library].root] * 5 + [NONE])
            return call(name, root, len(SPACES), DECISIONS[0])
        if name == "share_many":
            return call(name, *self._marks())
        if name in ("share", "transfer", "verify"):
            at, decision = self._at(), self.rng.choice([*DECISIONS, NONE])
            proof = self.trees[self.library].proof(at)
            if self.rng.random() < 0.2:
                proof = [*proof[1:], self.rng.randbytes(32)] * self.rng.randrange(7)
            proven = (SPACES[at], self.titles[self.library][at], proof[:30])
            return call(name, *(proven if name == "verify" else (*proven, decision)))
        inputs = [str(one["type"]) for one in FUNCTIONS[name]["inputs"]]
        return call(name, *(self._value(kind) for kind in inputs))

    def _marks(self) -> tuple[list[bytes], list[tuple[Any, ...]], list[bytes]]:
        tree, level = self.trees[self.library], self.rng.randrange(5)
        marks: list[tuple[Any, ...]] = []
        siblings: list[bytes] = []
        for at in self.rng.sample(range(len(SPACES)), self.rng.randrange(1, 6)):
            siblings += [tree.node(*one) for one in path(at, len(SPACES)) if one[0] < level]
            decision = self.rng.choice([*DECISIONS] * 8 + [NONE])
            under = at >> level if self.rng.random() < 0.95 else self.rng.randrange(70)
            title = self.titles[self.library][at]
            marks.append((SPACES[at], title, decision, under, len(siblings)))
        width = len(tree.levels[level]) // 32
        return [tree.node(level, at) for at in range(width)], marks, siblings

    def _value(self, kind: str) -> Any:
        if kind == "bool":
            return self.rng.random() < 0.5
        if kind == "address":
            return address(self.rng.choice((0, ADMIN, REGISTRAR, DRIVER)))
        if kind == "uint256":
            return self.rng.choice((0, START_S, START_S + 1, 2**256 - 1))
        return self.rng.choice([*ROLES * 3, *SPACES])

    def _at(self) -> int:
        return self.rng.randrange(len(SPACES))


def share_gas(seed: int) -> int:
    """Of one whole transaction: a space's first share, with random digests and siblings."""
    given = _proven(Random(seed), PROOF_NODES)
    data = call("share", given.space, given.title, given.proof, given.decision)
    return _spent(given.root, data)


def transfer_gas(seed: int) -> int:
    """Of one whole transaction: a shared space's mark moves to its new title."""
    given = _proven(Random(seed), PROOF_NODES)
    data = call("transfer", given.space, given.title, given.proof, given.decision)
    return _spent(given.root, data, marked=given.space)


def share_many_gas(seed: int) -> int:
    """Of a space, where one transaction first shares 32 of a library of a million titles."""
    rng = Random(seed)
    below = [_proven(rng, PROOF_NODES - CAP_LEVELS) for _ in range(TOGETHER)]
    cap = [one.root for one in below] + [rng.randbytes(32) for _ in range(2**CAP_LEVELS - TOGETHER)]
    marks = [
        (one.space, one.title, one.decision, at, (at + 1) * (PROOF_NODES - CAP_LEVELS))
        for at, one in enumerate(below)
    ]
    siblings = [node for one in below for node in one.proof]
    return _spent(Tree(cap).root, call("share_many", cap, marks, siblings)) // TOGETHER


@dataclass(frozen=True, slots=True)
class Proven:
    space: bytes
    title: bytes
    decision: bytes
    proof: list[bytes]
    root: bytes


def _proven(rng: Random, nodes: int) -> Proven:
    space, title, decision = (rng.randbytes(32) for _ in range(3))
    proof = [rng.randbytes(32) for _ in range(nodes)]
    root = reduce(node_hash, proof, leaf_hash(space + title))
    return Proven(space, title, decision, proof, root)


def _spent(root: bytes, data: bytes, marked: bytes | None = None) -> int:
    """`marked`: a space that is shared already."""
    registry, places = Registry(built("PropertyRegistry").code), built("PropertyRegistry").places
    sealed = keccak(root + encode(["uint256"], [REGISTRAR]))
    kept = {"registrar": REGISTRAR, "root": int.from_bytes(root, "big"), "version": 1}
    kept["sealed"] = int.from_bytes(sealed, "big")
    storage = {places[name]: value for name, value in kept.items()}
    if marked is not None:
        storage[mapped(places["shared"], int.from_bytes(marked, "big"))] = 1
    return metered(registry.evm, {registry.at: storage}, REGISTRAR, registry.at, data)


def older_code(folder: Path) -> bytes:
    """The registry's source as the compiler's older code generator makes it."""
    for name in ("PropertyRegistry.vy", "proof.vy"):
        text = (LEDGER / name).read_text("utf-8")
        (folder / name).write_text(text.replace("# pragma experimental-codegen\n", ""), "utf-8")
    bytecode = str(compiled("PropertyRegistry", folder)["bytecode"])
    return bytes.fromhex(bytecode.removeprefix("0x"))
