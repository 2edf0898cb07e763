"""A chain with a pool, blocks at their time, and nodes that reorganise, forget and fall silent.

It is the shipped fake of the contracts, which one suite holds equal to their bytecode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from cloud.adapters.fake_chain import FAKE_GAS, Block, FakeChain, _signed
from cloud.core.fees import Fees
from cloud.ports.chain import Call, ChainUnreachable, Outcome, Sender, SignedTransaction
from contracts.ledger.hashing import keccak

FINAL_AFTER = 6
NOBODY = "nobody"
MOST_REMEMBERED = 64


class CityChain(FakeChain):
    """`before_send`: may end the cloud's process there. `lose_answers`: so many of the next sends
    arrive, and their sender hears nothing."""

    def __init__(self, now_s: Callable[[], int], addresses: dict[Sender, str]) -> None:
        self.now_s = now_s
        super().__init__(lambda: self.now_s(), addresses=addresses)
        self.finality_depth = FINAL_AFTER
        self._nonces[NOBODY] = 0
        self.lose_answers = 0
        self.cost: Callable[[str], None] = lambda what: None
        self.ever: list[SignedTransaction] = []
        self.counts: Counter[str] = Counter()

    def begin(self) -> None:
        """From now on as nodes have it: what was sent waits for a block."""
        self.mining = False
        self.ever = []

    def send(self, tx: SignedTransaction) -> None:
        self.cost("send")
        super().send(tx)
        self.ever = [*(it for it in self.ever if it.hash != tx.hash), tx][-MOST_REMEMBERED:]
        self.cost("sent")
        if self.lose_answers:
            self.lose_answers -= 1
            self.counts["answers_lost"] += 1
            raise ChainUnreachable("the answer was lost")

    def block(self) -> None:
        """Of each sender the next that waits, or an empty one: the chain goes on."""
        ready = [
            tx
            for (sender, nonce), tx in sorted(self._pool.items())
            if nonce == self._nonces[sender]
        ]
        for tx in ready:
            self.mine(tx)
        if not ready:
            self._empty()

    def reorganise(self, rng: Random) -> None:
        """The newest blocks are others: what they held waits again, or is forgotten."""
        depth = min(rng.randrange(1, FINAL_AFTER + 1), len(self._blocks) - 1)
        gone = [block.outcome.hash for block in list(self._blocks)[len(self._blocks) - depth :]]
        self.rollback(depth)
        known = {tx.hash: tx for tx in self.ever}
        for tx_hash in gone:
            tx = known.get(tx_hash)
            if tx is not None and rng.random() < 0.6:
                self._pool[self._sender(tx), tx.nonce] = tx
        for _ in range(depth):
            self.block()
        self.counts["reorganised"] += 1

    def drop(self) -> None:
        """The pool forgets: a node that started again."""
        self.counts["dropped"] += len(self._pool)
        self._pool.clear()

    def take_older(self, rng: Random) -> None:
        """Of the bids for one nonce another than the newest comes into a block."""
        for (sender, nonce), tx in sorted(self._pool.items()):
            rivals = [
                one
                for one in self.ever
                if one.nonce == nonce and one.hash != tx.hash and self._sender(one) == sender
            ]
            if rivals and nonce == self._nonces[sender]:
                self.mine(rng.choice(rivals))
                self.counts["older_taken"] += 1
                return

    def take_nonce(self) -> None:
        """Another program has used the settler's key."""
        call = Call("token", "transfer", (self._addresses["admin"], 0), "settler")
        nonce = self._nonces[self._addresses["settler"]]
        raw = repr((call.contract, call.function, call.args, call.sender, nonce, (9, 9))).encode()
        self.mine(SignedTransaction(raw, "0x" + keccak(raw).hex(), nonce, Fees(9, 9)))
        self.counts["nonces_taken"] += 1

    def _sender(self, tx: SignedTransaction) -> str:
        return self._addresses[_signed(tx)[0].sender]

    def _empty(self) -> None:
        self._height += 1
        number = self._height
        self._nonces[NOBODY] += 1
        self.counts["empty"] += 1
        name = "0x" + keccak(f"empty {number} {self.counts['empty']}".encode()).hex()
        outcome = Outcome(name, True, number, name, FAKE_GAS, True, None)
        self._blocks.append(Block(self._contracts, outcome, NOBODY))
        self._included[name] = outcome
