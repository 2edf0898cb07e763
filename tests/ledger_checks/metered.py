"""What one whole transaction costs, on py-evm: it meters each cold word, and pyrevm's are warm."""

from typing import Any

from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction

from tests.ledger_checks.evm import START_S, address

GAS_LIMIT, GAS_PRICE, RICH = 16_000_000, 10**10, 10**24
GENESIS: dict[str, Any] = {
    "difficulty": 0,
    "extra_data": b"",
    "gas_limit": 30_000_000,
    "mix_hash": b"\0" * 32,
    "timestamp": START_S,
}


def metered(evm: Any, storage: dict[str, dict[int, int]], sender: int, to: str, data: bytes) -> int:
    """Gas of `data` to `to`, a contract of `evm`; `storage`: what each contract holds by then."""
    genesis: dict[Any, Any] = {
        bytes.fromhex(place[2:]): {
            "balance": 0,
            "nonce": 1,
            "code": bytes(evm.get_code(place)).rstrip(b"\0"),
            "storage": stored,
        }
        for place, stored in storage.items()
    }
    payer = bytes.fromhex(address(sender)[2:])
    genesis[payer] = {"balance": RICH, "nonce": 0, "code": b"", "storage": {}}
    kind = MiningChain.configure("Gas", vm_configuration=((0, PragueVM),), chain_id=1)
    world = kind.from_genesis(AtomicDB(), GENESIS, genesis)
    assert isinstance(world, MiningChain)
    unsigned = world.create_unsigned_transaction(
        nonce=0, gas_price=GAS_PRICE, gas=GAS_LIMIT, to=bytes.fromhex(to[2:]), value=0, data=data
    )
    # The block's time is an argument too: py-evm would ask this machine's clock.
    vm = world.get_vm(world.header.copy(timestamp=START_S + 12))
    done = vm.state.apply_transaction(SpoofTransaction(unsigned, from_=payer))
    assert done.is_success, done.error
    return (RICH - int(vm.state.get_balance(payer))) // GAS_PRICE
