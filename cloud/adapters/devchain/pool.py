"""Transactions that wait for a block while automatic mining is off, under geth's rules.

They are on disk when they are acknowledged. With mining on, as it is at the start, the pool is
empty and everything is in a block at once.
"""

from collections.abc import Callable
from typing import Any

from eth.abc import StateAPI

from cloud.adapters.devchain.errors import RpcError, refused
from cloud.adapters.devchain.evm import Transaction
from cloud.adapters.devchain.store import Store
from cloud.adapters.devchain.transactions import check_transaction, decode_transaction

# geth's txpool.pricebump: both fees must rise by so much, else a replacement is refused.
PRICE_BUMP_PERCENT = 10
MAX_WAITING = 1_024


class Pool:
    def __init__(self, store: Store, chain_id: int) -> None:
        self._store = store
        self._chain_id = chain_id

    def next_nonce(self, sender: bytes, mined: int) -> int:
        """After those of the sender that wait without a gap; `mined` is the state's nonce."""
        while self._store.waiting_at(sender, mined) is not None:
            mined += 1
        return mined

    def hold(self, raw: bytes, transaction: Transaction, state: StateAPI) -> None:
        """Raises RpcError in geth's words; once this returns, the transaction is on disk."""
        sender = bytes(transaction.sender)
        after = self.next_nonce(sender, state.get_nonce(transaction.sender))
        check_transaction(transaction, state, self._chain_id, after)
        old = self._store.waiting_at(sender, transaction.nonce)
        if old == raw:
            raise refused("already known")
        if old is not None and not outbids(transaction, decode_transaction(old)):
            raise refused("replacement transaction underpriced")
        if old is None and len(self._store.waiting()) >= MAX_WAITING:
            raise refused("txpool is full")
        self._store.hold(sender, transaction.nonce, bytes(transaction.hash), raw)

    def mine(self, include: Callable[[bytes, Transaction], None]) -> int:
        """Each into a block of its own, in the order of a sender's nonces; how many were mined.

        One that the chain no longer takes leaves the pool, as geth drops it.
        """
        mined = 0
        for raw in self._store.waiting():
            transaction = decode_transaction(raw)
            try:
                include(raw, transaction)
                mined += 1
            except RpcError:
                pass
            self._store.drop_waiting(bytes(transaction.sender), transaction.nonce)
        return mined

    def status(self) -> dict[str, str]:
        return {"pending": hex(len(self._store.waiting())), "queued": "0x0"}


def outbids(new: Transaction, old: Transaction) -> bool:
    return all(
        _fee(new, name) * 100 >= _fee(old, name) * (100 + PRICE_BUMP_PERCENT)
        and _fee(new, name) > _fee(old, name)
        for name in ("max_fee_per_gas", "max_priority_fee_per_gas")
    )


def _fee(transaction: Any, name: str) -> int:
    return int(getattr(transaction, name))
