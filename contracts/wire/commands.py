"""EIP-712 signatures of what the cloud tells a gateway, by the cloud's command key.

The domain is that of events: a command for another chain or ledger recovers to nobody known.
"""

from typing import Any

from contracts.ledger.hashing import canonical, keccak
from contracts.wire.messages import Down
from contracts.wire.signing import Domain, recover, sign
from contracts.wire.topics import KIND_OF

COMMAND_TYPE = "Command(string gateway,string kind,uint64 signedAtMs,bytes32 content)"
_TYPE_HASH = keccak(COMMAND_TYPE.encode())


def command_digest(message: Down, domain: Domain) -> bytes:
    """`content`: keccak of the RFC 8785 text of all that is said, fields of no effect left out."""
    said: dict[str, Any] = message.model_dump(
        mode="json", exclude_defaults=True, exclude={"signed_at_ms", "signature"}
    )
    struct = keccak(
        _TYPE_HASH
        + keccak(message.gateway.encode())
        + keccak(KIND_OF[type(message)].encode())
        + message.signed_at_ms.to_bytes(32, "big")
        + keccak(canonical(said))
    )
    return keccak(b"\x19\x01" + domain.separator() + struct)


def signed(message: Down, key: bytes, domain: Domain, signed_at_ms: int) -> Down:
    timed = message.model_copy(update={"signed_at_ms": signed_at_ms, "signature": None})
    return timed.model_copy(update={"signature": sign(command_digest(timed, domain), key)})


def signer_of(message: Down, domain: Domain) -> str | None:
    """None: it is not signed, or its signature is none."""
    if message.signature is None:
        return None
    return recover(command_digest(message, domain), message.signature)
