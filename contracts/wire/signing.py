"""EIP-712 signatures of events, so that anyone, a contract included, can recover the signer.

Source: EIP-712, EIP-191, SEC 2 (secp256k1), RFC 6979 (the nonce is derived, never drawn).
"""

from dataclasses import dataclass
from functools import lru_cache

from coincurve import PrivateKey, PublicKey

from contracts.errors import BadKey
from contracts.ledger.hashing import keccak, unhex
from contracts.wire.messages import Event
from contracts.wire.types import checksummed, to_ms

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
# (name, EIP-712 type) of every signed field, in the order that is hashed.
FIELDS = (
    ("gateway", "string"),
    ("epoch", "uint64"),
    ("seq", "uint64"),
    ("kind", "string"),
    ("space", "string"),
    ("occupancy", "string"),
    ("atMs", "uint64"),
    ("uncertaintyMs", "uint64"),
    ("reportedAtMs", "uint64"),
    ("bootId", "string"),
    ("boottimeNs", "uint64"),
    ("clock", "string"),
    ("previous", "bytes32"),
    ("evidence", "bytes32"),
    ("plate", "bytes32"),
    ("match", "string"),
    ("grant", "string"),
)
EVENT_TYPE = "Event(" + ",".join(f"{kind} {name}" for name, kind in FIELDS) + ")"
EVENT_TYPE_HASH = keccak(EVENT_TYPE.encode())
# Names of gateways and spaces, boots, and words come again and again: two thirds of the hashing.
MAX_WORDS = 16_384
MAX_DOMAINS = 64


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one chain, one ledger. Elsewhere it recovers to nobody."""

    chain_id: int
    ledger: str

    def separator(self) -> bytes:
        return _separator(self.chain_id, self.ledger)


def event_digest(event: Event, domain: Domain) -> bytes:
    words = [EVENT_TYPE_HASH]
    values = _signed_values(event)
    words += [_word(kind, values[name]) for name, kind in FIELDS]
    return keccak(b"\x19\x01" + domain.separator() + keccak(b"".join(words)))


def sign(digest: bytes, key: bytes) -> str:
    """r ‖ s ‖ v with v in {27, 28}; libsecp256k1 always gives the low s."""
    raw = _private(key).sign_recoverable(digest, hasher=None)
    return "0x" + raw[:64].hex() + f"{raw[64] + 27:02x}"


def recover(digest: bytes, signature: str) -> str | None:
    """The signer's address, or None for what is no signature of ours (a malleable one too)."""
    raw = unhex(signature)
    if len(raw) != 65 or raw[64] not in (27, 28) or int.from_bytes(raw[32:64], "big") > HALF_ORDER:
        return None
    try:
        public = PublicKey.from_signature_and_message(
            raw[:64] + bytes([raw[64] - 27]), digest, hasher=None
        )
    except Exception:  # noqa: BLE001 - coincurve raises bare Exception for bytes of no point
        return None
    return _address(public)


def address_of(key: bytes) -> str:
    return _address(_private(key).public_key)


def plate_commitment(plate: str, salt: bytes) -> str:
    """keccak(salt ‖ plate); the salt is 32 random bytes per stay (an unsalted plate falls in
    seconds to a guess)."""
    return "0x" + keccak(salt + plate.encode()).hex()


HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


@lru_cache(maxsize=MAX_DOMAINS)
def _separator(chain_id: int, ledger: str) -> bytes:
    return keccak(
        keccak(DOMAIN_TYPE.encode())
        + keccak(b"Berth")
        + keccak(b"1")
        + chain_id.to_bytes(32, "big")
        + unhex(ledger).rjust(32, b"\0")
    )


def _private(key: bytes) -> PrivateKey:
    if len(key) != 32:
        raise BadKey(BadKey.__doc__)
    return PrivateKey(key)


def _address(public: PublicKey) -> str:
    return checksummed(keccak(public.format(compressed=False)[1:])[12:].hex())


def _signed_values(event: Event) -> dict[str, str | int]:
    return {
        "gateway": event.gateway,
        "epoch": event.epoch,
        "seq": event.seq,
        "kind": event.kind,
        "space": event.space or "",
        "occupancy": event.occupancy or "",
        "atMs": to_ms(event.at),
        "uncertaintyMs": round(event.uncertainty_s * 1000),
        "reportedAtMs": to_ms(event.reported_at),
        "bootId": event.boot_id,
        "boottimeNs": event.boottime_ns,
        "clock": event.clock,
        "previous": event.previous,
        "evidence": event.evidence,
        "plate": event.plate,
        "match": event.match,
        "grant": event.grant or "",
    }


def _word(kind: str, value: str | int) -> bytes:
    if kind == "string":
        return _text_word(str(value))
    if kind == "bytes32":
        return unhex(str(value))
    return int(value).to_bytes(32, "big")


@lru_cache(maxsize=MAX_WORDS)
def _text_word(value: str) -> bytes:
    return keccak(value.encode())
