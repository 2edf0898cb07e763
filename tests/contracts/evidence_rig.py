"""EvidenceCheck on pyrevm, over a ledger and a registry of a few lines that hold what is told."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts.ledger.credit import Credit
from contracts.ledger.disputes import brought, brought_alone, brought_pair
from contracts.ledger.hashing import keccak, unhex
from contracts.ledger.receipt import Receipt
from contracts.wire.signing import address_of
from tests.contracts.making import DOMAIN, KEY, LEDGER

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm runs the contracts of these tests")
vyper = pytest.importorskip("vyper", reason="vyper compiles the contracts of these tests")
abi = pytest.importorskip("eth_abi", reason="eth_abi encodes the calls of these tests")

from vyper.compiler.input_bundle import FilesystemInputBundle  # noqa: E402
from vyper.compiler.settings import OptimizationLevel, Settings  # noqa: E402

CONTRACTS = Path(__file__).parents[2] / "contracts" / "ledger"
ANYONE = "0x" + "a1" * 20
GAS = 15_000_000
# The ledger and the registry in one: batches' roots and gateways' keys, as the real ones answer.
HOLDER = """# pragma version 0.4.3
import proof as merkle
root_of: HashMap[uint256, bytes32]
gateway_of: public(HashMap[address, bytes32])
settled: HashMap[uint256, bool]

@external
def put(seq: uint256, root: bytes32):
    self.root_of[seq] = root

@external
def name(signer: address, key: bytes32):
    self.gateway_of[signer] = key

@external
def settle(stay: uint256, settled: bool):
    self.settled[stay] = settled

@external
@view
def is_settled(stay: uint256) -> bool:
    assert stay < 2**48
    return self.settled[stay]

@external
@view
def registry() -> address:
    return self

@external
@view
def verify_record(seq: uint256, leaf: bytes32, proof: DynArray[bytes32, 24]) -> bool:
    return self.root_of[seq] != empty(bytes32) and merkle.root_of(leaf, proof) == self.root_of[seq]
"""
BODY = (
    "(bytes32,uint64,uint64,bytes32,bytes32,bytes32,uint64,uint64,uint64,bytes32,uint64,"
    "bytes32,bytes32,bytes32,bytes32,bytes32,bytes32)"
)
RECORD = (
    "(uint256,bytes32,uint256,bytes32,bytes32,address,bytes32,bytes32,bytes32,uint256,"
    "uint256,uint256,uint256,bytes32,uint256,uint256,uint256,uint256)"
)
BOOKING = (
    "(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,bytes32,uint256,uint256,"
    "uint256,uint256,bytes32)"
)
TARIFF = (
    "(bytes32,uint256,bytes32,uint256,uint256,uint256,uint256,uint256,"
    "uint256,uint256,uint256,uint256,uint256,uint256,uint256,bytes32,bytes32)"
)
TABLES = (
    "((uint256,uint256)[],(uint256,uint256,uint256,uint256,uint256)[],"
    "(uint256,uint256,uint256,uint256,uint256,uint256,uint256))"
)
ARGUMENTS = [
    "uint256",
    "bytes32[]",
    RECORD,
    BOOKING,
    TARIFF,
    TABLES,
    f"({BODY},uint256,uint256,uint256)[]",
]


class Rig:
    """On the chain and at the ledger's address that the receipts of `making` are signed for."""

    def __init__(self) -> None:
        env = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=DOMAIN.chain_id))
        self.evm = pyrevm.EVM(env=env, gas_limit=GAS)
        self.evm.insert_account_info(LEDGER, pyrevm.AccountInfo(code=_compiled("Holder")[1]))
        code = _compiled("EvidenceCheck")[0] + abi.encode(["address"], [LEDGER])
        self.contract = self.evm.deploy(ANYONE, code)
        self.name(address_of(KEY), "gw-1")

    def name(self, signer: str, gateway: str) -> None:
        """Register the key; with no gateway, take it out."""
        key = keccak(gateway.encode()) if gateway else bytes(32)
        self._send(LEDGER, "name(address,bytes32)", ["address", "bytes32"], [signer, key])

    def settle(self, stay: int, settled: bool) -> None:
        self._send(LEDGER, "settle(uint256,bool)", ["uint256", "bool"], [stay, settled])

    def put(self, receipt: Receipt | Credit) -> None:
        """File the batch that the receipt says it is in."""
        self.put_root(receipt.chain.batch, unhex(receipt.proof.root))

    def put_root(self, batch: int, root: bytes) -> None:
        self._send(LEDGER, "put(uint256,bytes32)", ["uint256", "bytes32"], [batch, root])

    def check(self, receipt: Receipt) -> int:
        return self.ask("check", brought(receipt))

    def pair(self, paper: Receipt | Credit, other: Receipt | Credit) -> int:
        return self.ask("dispute_pair", brought_pair(paper, other), ARGUMENTS[:3] * 2)

    def alone(self, paper: Receipt | Credit) -> int:
        return self.ask("dispute_credit_of_nothing", brought_alone(paper), ARGUMENTS[:3])

    def ask(self, what: str, values: tuple[Any, ...], kinds: list[str] = ARGUMENTS) -> int:
        signature = f"{what}({','.join(kinds)})"
        return int.from_bytes(self._send(self.contract, signature, kinds, list(values)), "big")

    def logs(self) -> list[Any]:
        return list(self.evm.result.logs)

    def gas_used(self) -> int:
        return int(self.evm.result.gas_used)

    def _send(self, to: str, signature: str, kinds: list[str], values: list[Any]) -> bytes:
        data = keccak(signature.encode())[:4] + abi.encode(kinds, values)
        return bytes(self.evm.message_call(ANYONE, to, calldata=data, gas=GAS))


@cache
def _compiled(name: str) -> tuple[bytes, bytes]:
    """From the source, so that a bug planted there is met here: (deployment, runtime) code."""
    source = HOLDER if name == "Holder" else (CONTRACTS / f"{name}.vy").read_text("utf-8")
    output = vyper.compile_code(
        source,
        output_formats=["bytecode", "bytecode_runtime"],
        input_bundle=FilesystemInputBundle([CONTRACTS]),
        settings=Settings(optimize=OptimizationLevel.GAS, evm_version="cancun"),
    )
    return unhex(output["bytecode"]), unhex(output["bytecode_runtime"])
