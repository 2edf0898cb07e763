"""Block zero: the same bytes at every start, so that a data folder can be recognised."""

from eth.abc import AtomicDatabaseAPI
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague import PragueVM
from eth_typing import Address

from cloud.adapters.dev_keys import DEV_ACCOUNTS, dev_address
from cloud.adapters.devchain.evm import Header

DEV_BALANCE_WEI = 10**6 * 10**18
GAS_LIMIT = 30_000_000
GENESIS_BASE_FEE_WEI = 10**9


def make_genesis(db: AtomicDatabaseAPI, chain_id: int) -> Header:
    """Writes the funded accounts into `db` and returns the header over them."""
    params = {
        "difficulty": 0,
        "gas_limit": GAS_LIMIT,
        "timestamp": 0,
        "base_fee_per_gas": GENESIS_BASE_FEE_WEI,
        "extra_data": b"berth dev chain %d" % chain_id,
    }
    header = PragueVM.create_genesis_header(**params)
    state = PragueVM.build_state(db, header, ChainContext(chain_id))
    for index in range(DEV_ACCOUNTS):
        state.set_balance(Address(dev_address(index)), DEV_BALANCE_WEI)
    state.persist()
    return header.copy(state_root=state.state_root)
