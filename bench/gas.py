"""The gas table: our contracts and their peers side by side, the same transactions on two chains.

Our dev chain runs them, anvil gets the very same bytes: a row's figure counts only if both agree,
and `ledger.gas.chains_differ` says how many transactions did not. Peers come from npm at run time;
where they cannot be had their rows say "not measured here" with the reason.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bench.crowd import Closed, Rolling, anyone, one_lot
from bench.peers import npm
from bench.peers.scenarios import PEERS, attestations, openzeppelin, struct_each
from bench.peers.wire import Node, Recorder, Ticking, address, differences, encode, replay
from bench.rows import Row, result
from cloud.adapters.artifacts import artifact
from cloud.adapters.dev_keys import DEV_CHAIN_ID
from cloud.adapters.devchain import DevChainServer
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import node_hash
from contracts.ledger.records import title_leaf

ADMIN, REGISTRAR, SETTLER, PAUSER, OWNER = 0, 1, 2, 3, 4
UNIT, START_S, SEED = 10_000, 1_780_000_000, 1
SIZES = (1, 10, 50, 200, 500)
ACCOUNTS, MORE_ACCOUNTS = 1_000, (4_000, 40_000)
SHARED_AT_ONCE, PROOF_NODES = 32, 20  # a proof in a library of a million titles
PAYEES = 200
MANY, BACKLOGS, BACKLOG = 40_000, (1_000, 1_500, 2_000), 1_500
EARNINGS_NODES = 15  # a tree of 20,000 payees
BY_CLAIM = 2**14
NO_DELAY_S = 0


@dataclass
class Ours:
    """Our three contracts and the moves of the table, each sent once it has been prepared."""

    chain: Recorder
    settler: int = SETTLER
    token: str = ""
    registry: str = ""
    ledger: str = ""
    opened: set[int] = field(default_factory=set)
    funded: set[int] = field(default_factory=set)
    seq: int = 0
    stay: int = 1
    rng: Random = field(default_factory=lambda: Random(SEED))

    def deploy(self) -> None:
        registrar, settler = address(REGISTRAR), address(self.settler)
        self.token = self.chain.create(artifact("token"))
        self.registry = self.chain.create(artifact("registry"), registrar)
        terms = (settler, registrar, address(PAUSER), NO_DELAY_S, self.registry)
        self.ledger = self.chain.create(artifact("ledger"), self.token, UNIT, *terms)
        self._call("", ADMIN, "token", "mint", address(ADMIN), 10**18)
        self._call("", ADMIN, "token", "approve", self.ledger, 2**256 - 1)

    def money(self) -> None:
        """A deposit and a withdrawal of an account that is not new."""
        self._open({1})
        for label in ("", "deposit"):
            self._deposit(label, 1)
        self._call("", OWNER, "ledger", "request_withdraw", 1, 5)
        self._call("", OWNER, "ledger", "withdraw", 1)
        self._call("request_withdraw", OWNER, "ledger", "request_withdraw", 1, 5)
        self._call("withdraw", OWNER, "ledger", "withdraw", 1)
        self.funded.add(1)

    def settle(self, label: str, size: int, accounts: int, tag: int = 0) -> None:
        """One batch between random accounts, all of them used before.

        Of many accounts only those drawn are opened: a word of storage that holds one open
        account costs what a word of eight does.
        """
        pairs = [anyone(self.rng, accounts) for _ in range(size)]
        self.settle_these(
            label, [Closed(self.stay + at, *one) for at, one in enumerate(pairs)], tag
        )

    def settle_these(self, label: str, stays: list[Closed], tag: int = 0) -> None:
        paid = set() if tag & BY_CLAIM else {one.payee for one in stays}
        self._open(paid | {one.driver for one in stays})
        for driver in sorted({one.driver for one in stays} - self.funded):
            self._deposit("", driver)
            self.funded.add(driver)
        words = [self._word(one, tag) for one in stays]
        self.stay = max(self.stay, *(one.stay + 1 for one in stays))
        self.seq += 1
        root = keccak(b"batch %d" % self.seq)
        self._call(label, self.settler, "ledger", "settle_batch", self.seq, root, words)

    def settle_from(self, label: str, rolling: Rolling) -> None:
        """Its typical batch; stay numbers before it are on the chain, as they would be."""
        batch, before = rolling.typical()
        first = (self.stay | 255) + 1
        for name, stays in (("", before), (label, batch)):
            self.settle_these(name, [one._replace(stay=first + one.stay) for one in stays])

    def claim(self) -> None:
        """What an owner takes again, of a root of 20,000 payees: the second of two claims."""
        siblings = [keccak(bytes([at])) for at in range(EARNINGS_NODES)]
        for label, earned in (("", 500), ("claim", 900)):
            leaf = keccak(bytes(1) + (1).to_bytes(32, "big") + earned.to_bytes(32, "big"))
            self._call("", self.settler, "ledger", "publish_earnings", _root(leaf, siblings))
            self._call(label, OWNER, "ledger", "claim", 1, earned, siblings)

    def share(self) -> None:
        """Proofs as under a million titles: the siblings need not be of a tree that was built."""
        digest = keccak(b"title")
        for label in ("", "publish"):
            self._publish(label, [keccak(bytes([at])) for at in range(PROOF_NODES)], digest)
        siblings = [keccak(bytes([at])) for at in range(PROOF_NODES)]
        decision = keccak(b"decision")
        for label, name in (("", b"S1"), ("share", b"S2")):
            key = keccak(name)
            root = _root(title_leaf(key, digest), siblings)
            self._call("", REGISTRAR, "registry", "publish", root, 2**PROOF_NODES, digest)
            args = (key, digest, siblings, decision)
            self._call(label, REGISTRAR, "registry", "share", *args)
        cap, marks, siblings = _many(digest, decision)
        self._call("", REGISTRAR, "registry", "publish", _over(cap), 2**PROOF_NODES, digest)
        self._call("share_many", REGISTRAR, "registry", "share_many", cap, marks, siblings)

    def _publish(self, label: str, siblings: list[bytes], digest: bytes) -> None:
        root = _root(digest, siblings)
        self._call(label, REGISTRAR, "registry", "publish", root, 2**PROOF_NODES, digest)

    def _open(self, numbers: set[int]) -> None:
        for number in sorted(numbers - self.opened):
            self._call("", REGISTRAR, "ledger", "open_account", number, address(OWNER))
        self.opened |= numbers

    def _deposit(self, label: str, number: int) -> None:
        reference = keccak(b"%d %d" % (number, len(self.chain.sent)))
        self._call(label, ADMIN, "ledger", "deposit", number, 100_000, reference)

    def _word(self, one: Closed, tag: int) -> int:
        space, amount_minor = self.rng.randrange(1, 5_000), self.rng.randrange(50, 2_000)
        word = one.driver
        parts = ((one.payee, 32), (one.stay, 48), (START_S, 40), (3_600, 24), (amount_minor, 32))
        for value, bits in (*parts, (space, 32), (tag, 16)):
            word = word << bits | value
        return word

    def _call(self, label: str, key: int, contract: str, function: str, *args: Any) -> None:
        abi = artifact(contract)["abi"]  # type: ignore[arg-type]
        self.chain.send(label, key, getattr(self, contract), encode(abi, function, *args))


def _root(leaf: bytes, siblings: list[bytes]) -> bytes:
    for sibling in siblings:
        leaf = node_hash(leaf, sibling)
    return leaf


def _many(digest: bytes, decision: bytes) -> tuple[list[bytes], list[tuple[Any, ...]], list[bytes]]:
    """(cap, marks, siblings): a level of the tree and one space under each of its nodes."""
    cap: list[bytes] = []
    marks: list[tuple[Any, ...]] = []
    siblings: list[bytes] = []
    below = PROOF_NODES - (SHARED_AT_ONCE.bit_length() - 1)
    for at in range(SHARED_AT_ONCE):
        key = keccak(b"many %d" % at)
        own = [keccak(b"%d %d" % (at, depth)) for depth in range(below)]
        siblings += own
        marks.append((key, digest, decision, at, len(siblings)))
        cap.append(_root(title_leaf(key, digest), own))
    return cap, marks, siblings


def _over(row: list[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2])]
    return row[0]


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server = DevChainServer(Path(folder), now=Ticking(START_S))
        try:
            chain = Recorder(Node(server.start()))
            rolling = {backlog: Rolling(SEED, MANY, backlog) for backlog in BACKLOGS}
            settled = _run_ours(Ours(chain), rolling[BACKLOG])
            absent = _run_peers(chain)
            parity = _parity(chain)
        finally:
            server.stop()
    waits = [row for one in rolling.values() for row in one.rows()]
    return [*_our_rows(chain, settled), *waits, *_peer_rows(chain, absent), parity]


def _run_ours(ours: Ours, rolling: Rolling) -> dict[str, int]:
    """{label: settlements in it}."""
    ours.deploy()
    ours.share()
    ours.money()
    ours.settle("", 1, ACCOUNTS)
    sizes = {}
    for size in SIZES:
        ours.settle(f"settle_{size}", size, ACCOUNTS)
        sizes[f"settle_{size}"] = size
    ours.settle("settle_200_by_claim", 200, ACCOUNTS, BY_CLAIM)
    sizes["settle_200_by_claim"] = 200
    for accounts in MORE_ACCOUNTS:
        label = f"settle_200_of_{accounts}"
        ours.settle(label, 200, accounts)
        sizes[label] = 200
    return sizes | _run_many(ours, rolling)


def _run_many(ours: Ours, rolling: Rolling) -> dict[str, int]:
    """What brings many accounts under a Disperse loop, and the claim that pays by claim costs."""
    label = f"settle_200_of_{MANY}"
    ours.settle(f"{label}_by_claim", 200, MANY, BY_CLAIM)
    ours.claim()
    ours.settle_these(f"{label}_at_one_lot", one_lot(ours.rng, MANY, ours.stay))
    ours.settle_from(f"{label}_of_{BACKLOG}_waiting", rolling)
    names = ("by_claim", "at_one_lot", f"of_{BACKLOG}_waiting")
    return {f"{label}_{name}": 200 for name in names}


def _run_peers(chain: Recorder) -> str:
    """Why those of npm are missing, or nothing."""
    works: tuple[Callable[[Recorder], None], ...] = (struct_each, openzeppelin, attestations)
    try:
        for work in works:
            work(chain)
    except npm.Absent as absent:
        return str(absent)
    return ""


def _our_rows(chain: Recorder, settled: dict[str, int]) -> list[Row]:
    transfer = _peer(chain, "erc20_transfer", 1)
    disperse = _peer(chain, "disperse", PAYEES)
    found = [
        _row(
            label,
            chain.gas_of(label) / size,
            "gas/settlement",
            transfer if size < 200 else disperse,
        )
        for label, size in settled.items()
    ]
    for label in ("share", "publish", "deposit", "request_withdraw", "withdraw", "claim"):
        found.append(_row(label, float(chain.gas_of(label)), "gas", transfer))
    many = chain.gas_of("share_many") / SHARED_AT_ONCE
    found.append(_row("share_many", many, "gas/space", transfer))
    return found


def _peer_rows(chain: Recorder, absent: str) -> list[Row]:
    """A peer's figure; its own peer is our settlement in a batch of 200."""
    ours = ("our settlement, each of 200", chain.gas_of("settle_200") / 200)
    found = []
    for label, count, what in PEERS:
        name, value = _peer(chain, label, count)
        if value is None:
            missing = {**_row(f"peer.{label}", 0.0, "gas each", ours), "value": None, "ratio": None}
            found.append({**missing, "peer": f"{what}: not measured here ({absent})"})
        else:
            found.append(_row(f"peer.{label}", value, "gas each", ours) | {"what": name})
    return found


def _peer(chain: Recorder, label: str, count: int) -> tuple[str, float | None]:
    what = next(what for name, _, what in PEERS if name == label)
    try:
        return what, chain.gas_of(label) / count
    except KeyError:
        return f"{what} (not measured here)", None


def _row(label: str, value: float, unit: str, peer: tuple[str, float | None]) -> Row:
    return result(f"ledger.gas.{label}", value, unit, peer, digits=1)


def _parity(chain: Recorder) -> Row:
    name = "ledger.gas.chains_differ"
    try:
        with npm.anvil(DEV_CHAIN_ID, START_S) as url:
            node = Node(url)
            node.fund_dev_accounts()
            theirs = replay(node, chain)
    except npm.Absent as absent:
        empty = result(name, 0.0, "transactions", (f"not measured here ({absent})", None))
        return {**empty, "value": None}
    differ = float(len(differences(chain.receipts, theirs)))
    return result(name, differ, "transactions", ("sent to both chains", float(len(theirs))))
