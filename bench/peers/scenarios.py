"""What the peers of the gas table do, each as its authors mean it, after a first use."""

from random import Random
from typing import Any

from bench.peers import npm
from bench.peers.wire import Recorder, address, encode
from contracts.ledger.hashing import keccak

ADMIN, SETTLER, OWNER = 0, 2, 4
START_S, SEED, ACCOUNTS, PAYEES = 1_780_000_000, 1, 1_000, 200
EAS_AT_ONCE = 40  # 200 attestations do not fit in a block


def openzeppelin(chain: Recorder) -> None:
    """A transfer between used accounts, and 200 payees in one Disperse, used before too."""
    compiled = npm.solidity()
    coin, disperse = compiled["Coin"], compiled["Disperse"]
    token, payer = chain.create(coin), chain.create(disperse)
    payees = [keccak(b"payee %d" % at)[12:] for at in range(PAYEES)]
    for label in ("", "erc20_transfer"):
        data = encode(coin["abi"], "transfer", payees[0], 5)
        chain.send(label, ADMIN, token, data)
    chain.send("", ADMIN, token, encode(coin["abi"], "approve", payer, 2**256 - 1))
    for label in ("", "disperse"):
        data = encode(disperse["abi"], "disperse", token, payees, [5] * PAYEES)
        chain.send(label, ADMIN, payer, data)


def attestations(chain: Recorder) -> None:
    """EAS as shipped: one attestation of one word, many in a call, and bare timestamps."""
    registry_of, eas_of = npm.attestations("SchemaRegistry"), npm.attestations("EAS")
    registry = chain.create(registry_of)
    eas, none = chain.create(eas_of, registry), "0x" + "00" * 20
    schema_text = "uint256 settlement"
    data = encode(registry_of["abi"], "register", schema_text, none, False)
    chain.send("", ADMIN, registry, data)
    schema = keccak(schema_text.encode() + bytes(20) + b"\0")

    def requests(count: int) -> list[tuple[Any, ...]]:
        return [(address(OWNER), 0, False, bytes(32), keccak(b"%d" % at), 0) for at in range(count)]

    abi = eas_of["abi"]
    for label in ("", "eas_attest"):
        data = encode(abi, "attest", (schema, requests(1)[0]))
        chain.send(label, SETTLER, eas, data)
    data = encode(abi, "multiAttest", [(schema, requests(EAS_AT_ONCE))])
    chain.send("eas_multi_attest", SETTLER, eas, data)
    stamps = [keccak(b"stamp %d" % at) for at in range(PAYEES)]
    chain.send("eas_multi_timestamp", SETTLER, eas, encode(abi, "multiTimestamp", stamps))


def struct_each(chain: Recorder) -> None:
    """Settlements as structs with a map of those settled; accounts used before."""
    compiled, rng = npm.structs(), Random(SEED)
    contract = chain.create(compiled)
    for first in range(1, ACCOUNTS + 1, 250):
        numbers = list(range(first, first + 250))
        chain.send("", ADMIN, contract, encode(compiled["abi"], "fund", numbers, 10**6))
    rows = []
    for stay in range(1, PAYEES + 1):
        driver, payee = rng.sample(range(1, ACCOUNTS + 1), 2)
        amount_minor, space = rng.randrange(50, 2_000), rng.randrange(1, 5_000)
        rows.append((driver, payee, stay, START_S, 3_600, amount_minor, space))
    chain.send("struct_each", ADMIN, contract, encode(compiled["abi"], "settle_many", rows))


# (label, how many it did at once, what it is)
PEERS: tuple[tuple[str, int, str], ...] = (
    ("erc20_transfer", 1, "OpenZeppelin's ERC-20 transfer"),
    ("disperse", PAYEES, "a Disperse loop, each of 200"),
    ("eas_attest", 1, "EAS attest"),
    ("eas_multi_attest", EAS_AT_ONCE, f"EAS multiAttest, each of {EAS_AT_ONCE}"),
    ("eas_multi_timestamp", PAYEES, "EAS multiTimestamp, each of 200"),
    ("struct_each", PAYEES, "a struct for each, each of 200"),
)
