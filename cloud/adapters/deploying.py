"""The contracts, put on a chain."""

from collections.abc import Mapping
from typing import Any

from eth_account import Account
from web3 import Web3
from web3.types import TxParams

from cloud.adapters import depth as depth
from cloud.adapters.artifacts import NAMES, artifact
from cloud.adapters.chain import check_keys, connect, sign_fields
from cloud.adapters.web3_errors import answers
from cloud.ports.chain import ChainRefused, Contract, Deployment, Sender

DEPLOY_TIMEOUT_S = 120


def deploy(url: str, keys: Mapping[Sender, bytes], unit: int, withdraw_delay_s: int) -> Deployment:
    """All contracts, by the admin, who keeps the right to mint demo tokens."""
    w3 = connect(url)
    with answers():
        chain_id = w3.eth.chain_id
        check_keys(chain_id, keys)
        admin = Account.from_key(keys["admin"])
        registrar = Account.from_key(keys["registrar"]).address
        settler = Account.from_key(keys["settler"]).address
        token = deploy_one(w3, admin, "token")
        registry = deploy_one(w3, admin, "registry", registrar)
        # The admin pauses, until it gives that to a key of its own (`propose_role`).
        pauser = admin.address
        terms = (token, unit, settler, registrar, pauser, withdraw_delay_s, registry)
        ledger = deploy_one(w3, admin, "ledger", *terms)
        evidence = deploy_one(w3, admin, "evidence", ledger)
    return Deployment(chain_id, token, registry, ledger, evidence)


def deploy_one(w3: Web3, admin: Any, name: Contract, *args: Any) -> str:
    compiled = artifact(name)
    factory = w3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
    fields: TxParams = {
        "chainId": w3.eth.chain_id,
        "from": admin.address,
        "data": factory.constructor(*args).data_in_transaction,
        "value": Web3.to_wei(0, "wei"),
    }
    nonce = w3.eth.get_transaction_count(admin.address, "pending")
    sent = w3.eth.send_raw_transaction(sign_fields(w3, admin, fields, nonce).raw)
    receipt = w3.eth.wait_for_transaction_receipt(sent, DEPLOY_TIMEOUT_S)
    address = receipt["contractAddress"]
    if receipt["status"] != 1 or address is None:
        raise ChainRefused("DEPLOY", f"{NAMES[name]} could not be deployed")
    return str(address)
