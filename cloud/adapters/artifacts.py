"""The compiled contracts, as the package carries them."""

import json
from importlib.resources import files
from typing import Any

from cloud.ports.chain import Contract

NAMES: dict[Contract, str] = {
    "token": "DemoToken",
    "registry": "PropertyRegistry",
    "ledger": "ParkingLedger",
    "evidence": "EvidenceCheck",
}


def artifact(contract: Contract) -> dict[str, Any]:
    """abi, bytecode, compiler, evm_version, source_sha256."""
    where = files("contracts.ledger") / "artifacts" / f"{NAMES[contract]}.json"
    loaded: dict[str, Any] = json.loads(where.read_text("utf-8"))
    return loaded
