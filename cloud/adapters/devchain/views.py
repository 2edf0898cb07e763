"""Blocks, transactions, receipts and logs as JSON-RPC shows them."""

from typing import Any

from eth.vm.forks.prague import PragueVM
from eth_utils.address import to_checksum_address

from cloud.adapters.devchain.evm import Header, Transaction
from cloud.adapters.devchain.store import Included, LogEntry

Json = dict[str, Any]


def quantity(value: int) -> str:
    return hex(value)


def data(value: bytes) -> str:
    return "0x" + value.hex()


def address(value: bytes | None) -> str | None:
    return to_checksum_address(value) if value else None


def block_view(header: Header, transactions: list[Json] | list[str]) -> Json:
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.uncles_hash),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "transactionsRoot": data(header.transaction_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipt_root),
        "withdrawalsRoot": data(header.withdrawals_root),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root),
        "requestsHash": data(header.requests_hash),
        "miner": address(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "size": quantity(0),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "transactions": transactions,
        "uncles": [],
        "withdrawals": [],
    }


def transaction_view(tx: Included, header: Header) -> Json:
    """Of a transaction in its block."""
    return {
        **waiting_view(tx.raw),
        "blockHash": data(header.hash),
        "blockNumber": quantity(tx.block),
        "transactionIndex": quantity(0),
        "gasPrice": quantity(tx.gas_price),
    }


def waiting_view(raw: bytes) -> Json:
    """Of a transaction that is in no block yet."""
    signed: Transaction = PragueVM.get_transaction_builder().decode(raw)
    kind = signed.type_id or 0
    view: Json = {
        "hash": data(signed.hash),
        "type": quantity(kind),
        "nonce": quantity(signed.nonce),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
        "from": address(signed.sender),
        "to": address(signed.to),
        "value": quantity(signed.value),
        "gas": quantity(signed.gas),
        "gasPrice": quantity(signed.max_fee_per_gas),
        "input": data(signed.data),
        "chainId": quantity(signed.chain_id),
        "v": quantity(signed.y_parity if kind else signed.v),
        "r": quantity(signed.r),
        "s": quantity(signed.s),
    }
    if kind == 2:
        view["maxFeePerGas"] = quantity(signed.max_fee_per_gas)
        view["maxPriorityFeePerGas"] = quantity(signed.max_priority_fee_per_gas)
    if kind:
        view["yParity"] = quantity(signed.y_parity)
        view["accessList"] = [
            {"address": address(entry[0]), "storageKeys": [_word(key) for key in entry[1]]}
            for entry in signed.access_list
        ]
    return view


def receipt_view(tx: Included, header: Header, logs: list[LogEntry]) -> Json:
    signed: Transaction = PragueVM.get_transaction_builder().decode(tx.raw)
    return {
        "transactionHash": data(tx.hash),
        "transactionIndex": quantity(0),
        "blockHash": data(header.hash),
        "blockNumber": quantity(tx.block),
        "type": quantity(signed.type_id or 0),
        "from": address(tx.sender),
        "to": address(signed.to),
        "contractAddress": address(tx.created),
        "status": quantity(tx.status),
        "gasUsed": quantity(tx.gas_used),
        "cumulativeGasUsed": quantity(tx.gas_used),
        "effectiveGasPrice": quantity(tx.gas_price),
        "logs": [log_view(entry, header.hash) for entry in logs],
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
    }


def log_view(entry: LogEntry, block_hash: bytes) -> Json:
    return {
        "address": address(entry.address),
        "topics": [data(topic) for topic in entry.topics],
        "data": data(entry.data),
        "blockNumber": quantity(entry.block),
        "blockHash": data(block_hash),
        "transactionHash": data(entry.tx),
        "transactionIndex": quantity(0),
        "logIndex": quantity(entry.position),
        "removed": False,
    }


def _word(value: int) -> str:
    return data(value.to_bytes(32, "big"))
