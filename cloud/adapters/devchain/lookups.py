"""What explorers and command-line tools ask beside the usual: by position, by count, the pool."""

from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from cloud.adapters.devchain import params, views
from cloud.adapters.devchain.chain import DevChain

if TYPE_CHECKING:
    from cloud.adapters.devchain.methods import Method, Methods


class Lookups:
    def __init__(self, chain: DevChain, methods: "Methods") -> None:
        self._chain = chain
        self._main = methods

    def table(self) -> "dict[str, Method]":
        by_number, by_hash = self._main.block_by_number, self._main.block_by_hash
        return {
            "web3_sha3": lambda text: views.data(keccak(params.octets(text, "data"))),
            "net_peerCount": lambda: "0x0",
            "eth_mining": lambda: self._chain.automine,
            "eth_blobBaseFee": lambda: "0x1",
            "eth_getBlockReceipts": self.block_receipts,
            "eth_getBlockTransactionCountByNumber": lambda at: _count(by_number(at)),
            "eth_getBlockTransactionCountByHash": lambda at: _count(by_hash(at)),
            "eth_getUncleCountByBlockNumber": lambda at: _none_of(by_number(at)),
            "eth_getUncleCountByBlockHash": lambda at: _none_of(by_hash(at)),
            "eth_getTransactionByBlockNumberAndIndex": lambda at, index: _nth(
                by_number(at, True), index
            ),
            "eth_getTransactionByBlockHashAndIndex": lambda at, index: _nth(
                by_hash(at, True), index
            ),
            "eth_getRawTransactionByHash": self.raw,
            "txpool_status": self._chain.pool.status,
            "txpool_content": self.content,
            "evm_setAutomine": self.set_automine,
            "evm_mine": lambda: views.quantity(self._chain.mine()),
        }

    def block_receipts(self, block: Any) -> list[Any] | None:
        """By number, tag or hash; None where there is no such block."""
        by_hash = isinstance(block, str) and len(block) == 66
        found = self._main.block_by_hash(block) if by_hash else self._main.block_by_number(block)
        return None if found is None else [self._main.receipt(one) for one in found["transactions"]]

    def raw(self, tx_hash: Any) -> str | None:
        wanted = params.octets(tx_hash, "hash", 32)
        mined = self._chain.store.transaction(wanted)
        raw = mined.raw if mined else self._chain.store.waiting_named(wanted)
        return None if raw is None else views.data(raw)

    def content(self) -> views.Json:
        pending: dict[str, dict[str, views.Json]] = {}
        for raw in self._chain.store.waiting():
            shown = views.waiting_view(raw)
            pending.setdefault(shown["from"], {})[str(int(shown["nonce"], 16))] = shown
        return {"pending": pending, "queued": {}}

    def set_automine(self, on: Any) -> bool:
        """Switched on again, everything that waits is mined first."""
        if on is True:
            self._chain.mine()
        self._chain.automine = on is True
        return True


def _count(block: views.Json | None) -> str | None:
    return None if block is None else views.quantity(len(block["transactions"]))


def _none_of(block: views.Json | None) -> str | None:
    return None if block is None else "0x0"


def _nth(block: views.Json | None, index: Any) -> Any:
    at = params.quantity(index, "index")
    return block["transactions"][at] if block and at < len(block["transactions"]) else None
