"""Keys that everybody knows, and the one chain they are good for."""

from coincurve import PrivateKey
from eth_hash.auto import keccak

from cloud.ports.chain import Sender

DEV_CHAIN_ID = 31337
DEV_ACCOUNTS = 16
DEV_ROLES: dict[Sender, int] = {"admin": 0, "registrar": 1, "settler": 2}


def dev_key(index: int) -> bytes:
    return bytes(keccak(b"berth dev key %d" % index))


def dev_address(index: int) -> bytes:
    public = PrivateKey(dev_key(index)).public_key.format(compressed=False)
    return bytes(keccak(public[1:])[12:])


def dev_role_keys() -> dict[Sender, bytes]:
    return {role: dev_key(index) for role, index in DEV_ROLES.items()}


def is_dev_key(key: bytes) -> bool:
    return key in {dev_key(index) for index in range(DEV_ACCOUNTS)}
