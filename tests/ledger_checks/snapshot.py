"""Storage layout and gas of the contracts: `python -m tests.ledger_checks.snapshot` writes both.

Each gas figure is that of one whole transaction (Prague rules) on a chain that has seen the
accounts before: state is put in place, nothing is warm. bench/gas.py measures on two real chains.
"""

import json
from functools import reduce
from random import Random
from typing import Any

from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import leaf_hash, node_hash
from tests.ledger_checks.built import LAYOUT, built, compiled
from tests.ledger_checks.evm import (
    ADMIN,
    DRIVER,
    OPEN,
    OWNER,
    PAUSER,
    REGISTRAR,
    ROLES,
    SETTLER,
    START_S,
    UNIT,
    Chain,
    encoded,
    mapped,
    selector,
    word,
)
from tests.ledger_checks.metered import metered
from tests.ledger_checks.registry import PROOF_NODES, share_gas, share_many_gas, transfer_gas
from tests.tools.compile_contracts import LEDGER, NAMES, source_sha256

GAS = LEDGER / "artifacts" / "gas.json"
SIZES, ACCOUNTS, SEED = (1, 10, 50, 200, 500), 1_000, 1
BY_CLAIM = 2**14
HAS_MINOR, EARNED_MINOR = 1_000_000, 700


def layouts() -> dict[str, Any]:
    return {
        name: {
            "source_sha256": source_sha256(name),
            "storage": compiled(name)["layout"].get("storage_layout", {}),
        }
        for name in NAMES
    }


def gas() -> dict[str, int]:
    chain = Chain()
    figures = {
        f"settle_{size}": _gas(chain, SETTLER, "settle_batch", 2, 1, _words(size, 0)) // size
        for size in SIZES
    }
    words = _words(200, BY_CLAIM)
    figures["settle_200_by_claim"] = _gas(chain, SETTLER, "settle_batch", 2, 1, words) // 200
    reference = int.from_bytes(keccak(b"reference"), "big")
    figures["deposit"] = _gas(chain, DRIVER, "deposit", 1, 500, reference)
    figures["request_withdraw"] = _gas(chain, OWNER, "request_withdraw", 2, 5)
    figures["withdraw"] = _gas(chain, OWNER, "withdraw", 1)
    figures["hold"] = _gas(chain, SETTLER, "hold", 1, 500, START_S + 3_600)
    figures["open_account"] = _gas(chain, REGISTRAR, "open_account", 2_000, OWNER)
    proof = tuple(int.from_bytes(node, "big") for node in _earnings()[1])
    figures["claim"] = _gas(chain, OWNER, "claim", 2, EARNED_MINOR, proof)
    figures["share"] = share_gas(SEED)
    figures["share_32_together"] = share_many_gas(SEED)
    figures["transfer"] = transfer_gas(SEED)
    return figures


def _words(size: int, tag: int) -> tuple[int, ...]:
    rng = Random(SEED)
    pairs = [rng.sample(range(1, ACCOUNTS + 1), 2) for _ in range(size)]
    return tuple(
        word(driver, payee, 1 + at, rng.randrange(50, 2_000), tag, space=rng.randrange(1, 5_000))
        for at, (driver, payee) in enumerate(pairs)
    )


def _gas(chain: Chain, sender: int, function: str, *values: Any) -> int:
    storage = {chain.token: _token_state(chain), chain.ledger: _ledger_state(chain)}
    data = selector(function) + encoded(values)
    return metered(chain.evm, storage, sender, chain.ledger, data)


def _earnings() -> tuple[bytes, list[bytes]]:
    """The root of a million payees' earnings, and the proof of account 2's."""
    leaf = leaf_hash((2).to_bytes(32, "big") + EARNED_MINOR.to_bytes(32, "big"))
    rng = Random(SEED)
    proof = [rng.randbytes(32) for _ in range(PROOF_NODES)]
    return reduce(node_hash, proof, leaf), proof


def _token_state(chain: Chain) -> dict[int, int]:
    places, ledger = built("DemoToken").places, int(chain.ledger, 16)
    rich = {mapped(places["balanceOf"], one): 10**18 for one in (DRIVER, OWNER, ledger)}
    return {**rich, mapped(places["allowance"], DRIVER, ledger): 2**256 - 1}


def _ledger_state(chain: Chain) -> dict[int, int]:
    places = chain.places
    holders = zip(ROLES.values(), (ADMIN, SETTLER, REGISTRAR, PAUSER))
    state = {mapped(places["holder_of"], role): holder for role, holder in holders}
    eight = sum((OPEN | HAS_MINOR) << 32 * at for at in range(8))
    state |= {places["lanes"] + at: eight for at in range(ACCOUNTS // 8 + 1)}
    state |= {mapped(places["owner_of"], account): OWNER for account in (1, 2)}
    asked = mapped(places["withdrawal_of"], 1)
    state |= {asked: 5, asked + 1: START_S - 1, places["filed"]: 1, places["unclaimed"]: HAS_MINOR}
    state[places["earnings_root"]] = int.from_bytes(_earnings()[0], "big")
    state[mapped(places["claimed_of"], 2)] = 1
    return state | {places["seq"]: 1, places["head"]: 1}


def text(content: Any) -> str:
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    LAYOUT.write_text(text(layouts()), "utf-8")
    GAS.write_text(text(gas()), "utf-8")
    print(GAS.read_text("utf-8"), f"unit: gas; {UNIT} token units a minor unit")
