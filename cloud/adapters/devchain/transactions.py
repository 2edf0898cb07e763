"""What comes in to be executed, signed or not, and how its failure is told."""

from dataclasses import dataclass
from typing import Any

import rlp
from eth.abc import ComputationAPI, StateAPI
from eth.exceptions import PyEVMError
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_keys.exceptions import BadSignature
from eth_typing import Address
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from cloud.adapters.devchain.errors import REVERTED, RpcError, refused
from cloud.adapters.devchain.evm import Transaction
from cloud.adapters.devchain.genesis import GAS_LIMIT

NO_ADDRESS = b"\0" * 20
# Legacy, access list, dynamic fee: what our own clients and the usual wallets send.
KNOWN_TYPES = (0, 1, 2)
UNDECODABLE = (
    RLPException,
    PyEVMError,
    ValidationError,
    BadSignature,
    ValueError,
    TypeError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class Message:
    """What eth_call and eth_estimateGas run; nobody signed it."""

    sender: bytes = NO_ADDRESS
    to: bytes = b""
    value: int = 0
    data: bytes = b""
    gas: int = GAS_LIMIT


# Transaction type (its first byte) -> where its access list stands.
ACCESS_LIST_FIELD = {1: {7}, 2: {8}}


def decode_transaction(raw: bytes) -> Transaction:
    try:
        transaction: Transaction = PragueVM.get_transaction_builder().decode(raw)
        transaction.validate()
        transaction.get_sender()
        lists = _list_fields(raw)
    except UNDECODABLE as error:
        raise refused(f"invalid transaction: {error}") from error
    if not lists <= ACCESS_LIST_FIELD.get(raw[0], set()):
        raise refused("invalid transaction: a list where a number belongs")
    if transaction.type_id not in (None, *KNOWN_TYPES):
        raise refused("transaction type not supported")
    return transaction


def _list_fields(raw: bytes) -> set[int]:
    """Positions of fields that are lists. The decoder takes an empty one for zero, so that one

    transaction would have two spellings and two hashes.
    """
    fields = rlp.decode(raw if raw[0] >= 0x80 else raw[1:])
    return {position for position, field in enumerate(fields) if isinstance(field, list)}


def check_transaction(
    transaction: Transaction, state: StateAPI, chain_id: int, after: int | None = None
) -> None:
    """geth's refusals in geth's words: clients tell them apart by the text.

    `after`: the nonce behind those that wait; up to it a nonce fits.
    """
    if transaction.chain_id != chain_id:
        raise refused(f"invalid chain id for signer: have {transaction.chain_id} want {chain_id}")
    if transaction.gas > GAS_LIMIT:
        raise refused("exceeds block gas limit")
    expected = state.get_nonce(transaction.sender)
    if transaction.nonce < expected:
        raise refused(f"nonce too low: next nonce {expected}, tx nonce {transaction.nonce}")
    if transaction.nonce > (expected if after is None else after):
        raise refused(f"nonce too high: next nonce {expected}, tx nonce {transaction.nonce}")
    if transaction.max_fee_per_gas < (state.execution_context.base_fee_per_gas or 0):
        raise refused("max fee per gas less than block base fee")
    cost = transaction.value + transaction.gas * transaction.max_fee_per_gas
    if state.get_balance(transaction.sender) < cost:
        raise refused("insufficient funds for gas * price + value")
    if transaction.gas < transaction.intrinsic_gas:
        raise refused("intrinsic gas too low")


def message_transaction(message: Message, gas: int, nonce: int) -> Any:
    unsigned = PragueVM.create_unsigned_transaction(
        nonce=nonce,
        gas_price=0,
        gas=gas,
        to=Address(message.to),
        value=message.value,
        data=message.data,
    )
    return SpoofTransaction(unsigned, from_=message.sender)


def gas_used(transaction: Any, computation: ComputationAPI) -> int:
    return int(PragueVM.finalize_gas_used(transaction, computation))


def topic_bytes(log: Any) -> tuple[bytes, ...]:
    return tuple(int(topic).to_bytes(32, "big") for topic in log.topics)


def raise_if_failed(computation: ComputationAPI, gas: int) -> None:
    if not computation.is_error:
        return
    data = bytes(computation.output)
    if not data and computation.get_gas_remaining() == 0:
        raise refused(f"gas required exceeds allowance ({gas})")
    raise RpcError(REVERTED, "execution reverted" + revert_reason(data), "0x" + data.hex())


def revert_reason(data: bytes) -> str:
    """The text of Error(string), as geth appends it."""
    if data[:4] != bytes.fromhex("08c379a0") or len(data) < 68:
        return ""
    length = int.from_bytes(data[36:68], "big")
    return ": " + data[68 : 68 + length].decode("utf-8", "replace")
