"""The JSON-RPC methods of the dev chain, one small function each."""

from collections.abc import Callable
from typing import Any

from cloud.adapters.devchain import params, views
from cloud.adapters.devchain.chain import DevChain
from cloud.adapters.devchain.errors import UNKNOWN_METHOD, RpcError, invalid, refused
from cloud.adapters.devchain.evm import Header, decode_header
from cloud.adapters.devchain.lookups import Lookups
from cloud.adapters.devchain.store import MAX_LOGS, LogFilter

CLIENT_VERSION = "berth-devchain/1"
TIP_WEI = 10**9
MAX_HISTORY_BLOCKS = 1024
# A block is final as soon as it is there: nothing but dev_rollback takes it back.
NEWEST_TAGS = ("latest", "pending", "safe", "finalized")

Method = Callable[..., Any]


class Methods:
    """Answers one call; the server sees to it that there is one at a time."""

    def __init__(self, chain: DevChain) -> None:
        self._chain = chain
        self._methods: dict[str, Method] = {
            "web3_clientVersion": lambda: CLIENT_VERSION,
            "net_version": lambda: str(chain.chain_id),
            "net_listening": lambda: True,
            "eth_chainId": lambda: views.quantity(chain.chain_id),
            "eth_syncing": lambda: False,
            "eth_accounts": lambda: [],
            "eth_blockNumber": lambda: views.quantity(chain.head.block_number),
            "eth_gasPrice": lambda: views.quantity(self._base_fee() + TIP_WEI),
            "eth_maxPriorityFeePerGas": lambda: views.quantity(TIP_WEI),
            "eth_feeHistory": self.fee_history,
            "eth_getBlockByNumber": self.block_by_number,
            "eth_getBlockByHash": self.block_by_hash,
            "eth_getBalance": self.balance,
            "eth_getTransactionCount": self.transaction_count,
            "eth_getCode": self.code,
            "eth_getStorageAt": self.storage_at,
            "eth_call": self.call,
            "eth_estimateGas": self.estimate_gas,
            "eth_sendRawTransaction": self.send_raw_transaction,
            "eth_getTransactionByHash": self.transaction_by_hash,
            "eth_getTransactionReceipt": self.receipt,
            "eth_getLogs": self.logs,
            "dev_rollback": self.rollback,
            **Lookups(chain, self).table(),
        }

    def answer(self, name: str, arguments: list[Any]) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise RpcError(UNKNOWN_METHOD, f"the method {name} does not exist/is not available")
        try:
            return method(*arguments)
        except TypeError as error:
            raise invalid(f"{name}: {error}") from error

    def fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> views.Json:
        wanted = params.quantity(hex(count) if isinstance(count, int) else count, "blockCount")
        last = self._header(newest).block_number
        first = max(0, last + 1 - min(max(wanted, 1), MAX_HISTORY_BLOCKS))
        headers = [self._at(number) for number in range(first, last + 1)]
        after = self._chain.next_header() if last == self._head_number() else self._at(last + 1)
        rewards = [[views.quantity(TIP_WEI)] * params.percentiles(percentiles) for _ in headers]
        return {
            "oldestBlock": views.quantity(first),
            "baseFeePerGas": [views.quantity(h.base_fee_per_gas) for h in (*headers, after)],
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
            "reward": rewards,
        }

    def block_by_number(self, block: Any, full: bool = False) -> views.Json | None:
        try:
            return self._block(self._header(block), full)
        except LookupError:
            return None

    def block_by_hash(self, block_hash: Any, full: bool = False) -> views.Json | None:
        stored = self._chain.store.header_by_hash(params.octets(block_hash, "hash", 32))
        return None if stored is None else self._block(decode_header(stored), full)

    def balance(self, address: Any, block: Any = "latest") -> str:
        return views.quantity(self._state(block).get_balance(params.octets(address, "address", 20)))

    def transaction_count(self, address: Any, block: Any = "latest") -> str:
        sender = params.octets(address, "address", 20)
        mined = self._state(block).get_nonce(sender)
        waiting = self._chain.pool.next_nonce(sender, mined) if block == "pending" else mined
        return views.quantity(waiting)

    def code(self, address: Any, block: Any = "latest") -> str:
        return views.data(self._state(block).get_code(params.octets(address, "address", 20)))

    def storage_at(self, address: Any, position: Any, block: Any = "latest") -> str:
        where = params.octets(address, "address", 20)
        value = self._state(block).get_storage(where, params.quantity(position, "position"))
        return views.data(value.to_bytes(32, "big"))

    def call(self, transaction: Any, block: Any = "latest") -> str:
        return views.data(self._chain.call(params.message(transaction), self._context(block)))

    def estimate_gas(self, transaction: Any, block: Any = "latest") -> str:
        message = params.message(transaction)
        return views.quantity(self._chain.estimate(message, self._context(block)))

    def send_raw_transaction(self, raw: Any) -> str:
        return views.data(self._chain.submit(params.octets(raw, "transaction")))

    def transaction_by_hash(self, tx_hash: Any) -> views.Json | None:
        wanted = params.octets(tx_hash, "hash", 32)
        found = self._chain.store.transaction(wanted)
        if found is not None:
            return views.transaction_view(found, self._at(found.block))
        waiting = self._chain.store.waiting_named(wanted)
        return None if waiting is None else views.waiting_view(waiting)

    def receipt(self, tx_hash: Any) -> views.Json | None:
        found = self._chain.store.transaction(params.octets(tx_hash, "hash", 32))
        if found is None:
            return None
        logs = self._chain.store.logs_in(found.block)
        return views.receipt_view(found, self._at(found.block), logs)

    def logs(self, wanted: Any) -> list[views.Json]:
        fields = params.an_object(wanted, "filter")
        first, last = self._range(fields)
        addresses = params.addresses(fields.get("address"))
        found = self._chain.store.logs(
            LogFilter(first, last, addresses, params.topics(fields.get("topics")))
        )
        if len(found) > MAX_LOGS:
            raise refused(f"query returned more than {MAX_LOGS} results")
        hashes = {block: self._at(block).hash for block in {entry.block for entry in found}}
        return [views.log_view(entry, hashes[entry.block]) for entry in found]

    def rollback(self, blocks: Any) -> str:
        count = blocks if isinstance(blocks, int) else params.quantity(blocks, "blocks")
        return views.quantity(self._chain.rollback(max(0, count)))

    def _range(self, fields: dict[str, Any]) -> tuple[int, int]:
        if fields.get("blockHash"):
            block_hash = params.octets(fields["blockHash"], "blockHash", 32)
            stored = self._chain.store.header_by_hash(block_hash)
            if stored is None:
                raise refused("unknown block")
            number = decode_header(stored).block_number
            return number, number
        first, last = self._number(fields.get("fromBlock")), self._number(fields.get("toBlock"))
        return min(first, self._head_number() + 1), min(last, self._head_number())

    def _number(self, block: Any) -> int:
        if block is None or block in NEWEST_TAGS:
            return self._head_number()
        return 0 if block == "earliest" else params.quantity(block, "block")

    def _header(self, block: Any) -> Header:
        """Raises LookupError when the block is not there."""
        if isinstance(block, dict):  # EIP-1898
            return self._header_of(block)
        return self._at(self._number(block))

    def _header_of(self, block: dict[str, Any]) -> Header:
        if "blockHash" not in block:
            return self._at(self._number(block.get("blockNumber")))
        stored = self._chain.store.header_by_hash(params.octets(block["blockHash"], "hash", 32))
        if stored is None:
            raise LookupError("block")
        return decode_header(stored)

    def _at(self, number: int) -> Header:
        if number == self._head_number():
            return self._chain.head
        header = None if number > self._head_number() else self._chain.header(number)
        if header is None:
            raise LookupError(number)
        return header

    def _state(self, block: Any) -> Any:
        return self._chain.state_at(self._known(block))

    def _context(self, block: Any) -> Header:
        """What a call sees: at the newest block, the time it would be included at."""
        header = self._known(block)
        if header is not self._chain.head:
            return header
        return header.copy(timestamp=self._chain.next_header().timestamp)

    def _known(self, block: Any) -> Header:
        try:
            return self._header(block)
        except LookupError as error:
            raise refused("header not found") from error

    def _block(self, header: Header, full: bool) -> views.Json:
        found = self._chain.store.transaction_in(header.block_number)
        if found is None:
            return views.block_view(header, [])
        if full:
            return views.block_view(header, [views.transaction_view(found, header)])
        return views.block_view(header, [views.data(found.hash)])

    def _head_number(self) -> int:
        return int(self._chain.head.block_number)

    def _base_fee(self) -> int:
        return int(self._chain.next_header().base_fee_per_gas)
