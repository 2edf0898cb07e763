"""The chain itself: one block for each transaction, committed before it is acknowledged."""

from collections.abc import Callable
from pathlib import Path

from eth.abc import ComputationAPI, ReceiptAPI, StateAPI
from eth.consensus.context import ConsensusContext
from eth.db.atomic import AtomicDB
from eth.db.chain import ChainDB
from eth.db.trie import make_trie_root_and_nodes
from eth.exceptions import VMError
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague import PragueVM
from eth_bloom.bloom import BloomFilter
from eth_typing import Address, Hash32
from eth_utils.exceptions import ValidationError

from cloud.adapters.devchain.errors import DataFolderError, refused
from cloud.adapters.devchain.evm import (
    Header,
    Transaction,
    decode_header,
    encode_header,
)
from cloud.adapters.devchain.genesis import GAS_LIMIT, make_genesis
from cloud.adapters.devchain.pool import Pool
from cloud.adapters.devchain.store import Included, LogEntry, Store
from cloud.adapters.devchain.transactions import (
    NO_ADDRESS,
    Message,
    check_transaction,
    decode_transaction,
    gas_used,
    message_transaction,
    raise_if_failed,
    topic_bytes,
)

# geth stops its search here too: a closer answer is not worth another execution.
# (The 1/64 that a call keeps back is 1.6 %: with 1.5 every estimate would run three times.)
ESTIMATE_TOLERANCE = 0.017
CALL_STIPEND_GAS = 2_300


class DevChain:
    """Not for several threads at once: the server holds one lock around it."""

    def __init__(self, path: Path, chain_id: int, now: Callable[[], int]) -> None:
        self.chain_id = chain_id
        self.store = Store(path)
        self.pool = Pool(self.store, chain_id)
        self.automine = True
        self._now = now
        self._db = AtomicDB(self.store.nodes)
        self._chaindb = ChainDB(self._db)
        self._context = ChainContext(chain_id)
        try:
            self.head: Header = self._open(path)
        except DataFolderError:
            self.close()
            raise

    def close(self) -> None:
        self.store.close()

    def _open(self, path: Path) -> Header:
        genesis = make_genesis(self._db, self.chain_id)
        stored = self.store.header(0)
        if stored is None:
            with self.store.commit():
                self.store.add_block(0, genesis.hash, encode_header(genesis))
            return genesis
        self.store.nodes.forget()
        if stored != encode_header(genesis):
            raise DataFolderError(f"{path} holds another chain; use a new folder or remove it")
        return decode_header(self.store.head() or stored)

    # Reading

    def header(self, number: int) -> Header | None:
        stored = self.store.header(number)
        return None if stored is None else decode_header(stored)

    def state_at(self, header: Header) -> StateAPI:
        return PragueVM.build_state(
            self._db,
            header,
            self._context,
            (Hash32(found) for found in self.store.hashes_before(header.block_number)),
        )

    def next_header(self) -> Header:
        # Many blocks may share a second: pushing the clock on would outrun the world's.
        timestamp = max(self._now(), self.head.timestamp)
        header: Header = PragueVM.create_header_from_parent(
            self.head, timestamp=timestamp, gas_limit=GAS_LIMIT, coinbase=NO_ADDRESS
        )
        return header

    def call(self, message: Message, at: Header) -> bytes:
        computation = self._run(message, at, message.gas)
        raise_if_failed(computation, message.gas)
        return bytes(computation.output)

    def estimate(self, message: Message, at: Header) -> int:
        """The least gas that succeeds, within geth's tolerance."""
        highest, computation = message.gas, self._run(message, at, message.gas)
        raise_if_failed(computation, message.gas)
        used = gas_used(message_transaction(message, message.gas, 0), computation)
        lowest = used - 1
        # A call may pass on at most 63/64 of its gas, so what was used may not be enough.
        middle = (used + computation.get_gas_refund() + CALL_STIPEND_GAS) * 64 // 63
        while highest - lowest > ESTIMATE_TOLERANCE * highest:
            if lowest < middle < highest:
                if self._run(message, at, middle).is_error:
                    lowest = middle
                else:
                    highest = middle
            middle = (highest + lowest) // 2
        return highest

    def _run(self, message: Message, at: Header, gas: int) -> ComputationAPI:
        state = self.state_at(at.copy(base_fee_per_gas=0))
        nonce = state.get_nonce(Address(message.sender))
        try:
            return state.apply_transaction(message_transaction(message, gas, nonce))
        except (ValidationError, VMError) as error:
            raise refused(str(error)) from error
        finally:
            self.store.nodes.forget()

    # Writing

    def submit(self, raw: bytes) -> bytes:
        """Include a signed transaction, or let it wait; when this returns, it is on disk."""
        transaction = decode_transaction(raw)
        if self.store.transaction(transaction.hash) is not None:
            raise refused("already known")
        if self.automine:
            self._mine_one(raw, transaction)
        else:
            self.pool.hold(raw, transaction, self.state_at(self.next_header()))
        return bytes(transaction.hash)

    def mine(self) -> int:
        """All that waits, now; how many blocks that made."""
        return self.pool.mine(self._mine_one)

    def _mine_one(self, raw: bytes, transaction: Transaction) -> None:
        header = self.next_header()
        state = self.state_at(header)
        check_transaction(transaction, state, self.chain_id)
        try:
            self._include(raw, transaction, header, state)
        except (ValidationError, VMError) as error:
            raise refused(str(error)) from error
        finally:
            self.store.nodes.forget()

    def _include(
        self,
        raw: bytes,
        transaction: Transaction,
        header: Header,
        state: StateAPI,
    ) -> None:
        vm = PragueVM(header, self._chaindb, self._context, ConsensusContext(self._db))
        vm._state = state
        receipt, computation = vm.apply_transaction(header, transaction)
        state.persist()
        sealed = seal(header, transaction, receipt, state)
        included = Included(
            hash=transaction.hash,
            block=sealed.block_number,
            raw=raw,
            sender=transaction.sender,
            status=0 if computation.is_error else 1,
            gas_used=receipt.gas_used,
            gas_price=state.get_gas_price(transaction),
            created=computation.msg.storage_address if computation.msg.is_create else None,
        )
        logs = [
            LogEntry(included.block, at, included.hash, log.address, topic_bytes(log), log.data)
            for at, log in enumerate(receipt.logs)
        ]
        with self.store.commit():
            self.store.add_block(sealed.block_number, sealed.hash, encode_header(sealed))
            self.store.add_transaction(included, logs)
        self.head = sealed

    def rollback(self, blocks: int) -> int:
        """Forget the newest blocks with their transactions, as a reorganisation would."""
        number = max(0, self.head.block_number - blocks)
        header = self.header(number)
        assert header is not None
        with self.store.commit():
            self.store.drop_after(number)
        self.head = header
        return int(number)


def seal(header: Header, transaction: Transaction, receipt: ReceiptAPI, state: StateAPI) -> Header:
    """The header over a block of this one transaction."""
    return header.copy(
        bloom=int(BloomFilter(0) | receipt.bloom),
        gas_used=receipt.gas_used,
        state_root=state.state_root,
        transaction_root=make_trie_root_and_nodes([transaction])[0],
        receipt_root=make_trie_root_and_nodes([receipt])[0],
    )
