"""What a gateway and its cloud tell each other when it is enrolled, renewed or given a new key.

Over HTTP, in JSON. Every request is signed by who may ask it, every answer by the authority whose
certificate the gateway knows (from its claim code, or because it holds it): neither needs TLS.
What is signed never begins like an event's digest (0x19 0x01), so one is never taken for the other.
"""

from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger.hashing import canonical, keccak
from contracts.wire.claim_codes import ROOT_DIGITS
from contracts.wire.types import Address, Frozen, Instant, Name, Signature

MAX_PEM = 4096
MAX_SPACES = 500
SERIAL = r"^[A-Za-z0-9][A-Za-z0-9._:-]{3,63}$"
Pem = Annotated[str, Field(min_length=1, max_length=MAX_PEM)]
Root = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{ROOT_DIGITS}}}$")]
Serial = Annotated[str, Field(pattern=SERIAL)]


class Redeem(Frozen):
    """From a gateway that holds a claim code. `gateway`: what its settings call it, if it has any.

    `csr`: PEM, for the TLS key that was made on the device; `signer`: of its signing key.
    """

    root: Root
    serial: Serial
    gateway: Name | None = None
    csr: Pem
    signer: Address


class Redemption(Frozen):
    """`by_code`: the body signed by the code's key; `by_signer`: by the new signing key."""

    body: Redeem
    by_code: Signature
    by_signer: Signature


class Renew(Frozen):
    """From an enrolled gateway, before its certificate ends, or after.

    `signed_at`: by its own clock; a request counts for a day.
    """

    root: Root
    gateway: Name
    csr: Pem
    signed_at: Instant


class Renewal(Frozen):
    """`by_signer`: the body signed by the signing key that the cloud knows it by."""

    body: Renew
    by_signer: Signature


class Rekey(Frozen):
    """From a gateway that changes its signing key, once everything signed by the old is told."""

    root: Root
    gateway: Name
    before: Address
    signer: Address
    signed_at: Instant


class Rekeying(Frozen):
    """`by_before`: the body signed by the key that goes; `by_signer`: by the one that comes."""

    body: Rekey
    by_before: Signature
    by_signer: Signature


class Identity(Frozen):
    """The cloud's answer to all three: who the gateway is now, and whom it shall believe.

    `request`: the digest of what is answered; `signer`: the address its events count under.
    `commands`: the address that signs the cloud's commands.
    """

    request: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
    gateway: Name
    signer: Address
    certificate: Pem
    authority: Pem
    ends_at: Instant
    chain_id: Annotated[int, Field(ge=1, le=2**53 - 1)]
    ledger: Address
    commands: Address | None = None
    broker: Annotated[str, Field(min_length=1, max_length=255)]
    lot: Name
    spaces: Annotated[list[Name], Field(max_length=MAX_SPACES)]


class SignedIdentity(Frozen):
    """`signature`: hexadecimal, ECDSA P-256 with SHA-256 (DER), by the authority's root key."""

    body: Identity
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){8,72}$")]


Purpose = Literal["redeem", "renew", "rekey"]
PURPOSES: dict[type[Frozen], Purpose] = {Redeem: "redeem", Renew: "renew", Rekey: "rekey"}


def asked_digest(body: Redeem | Renew | Rekey) -> bytes:
    """32 bytes that every signer of the request signs."""
    purpose = PURPOSES[type(body)]
    return keccak(f"Berth enrolment 1 {purpose}\n".encode() + canonical(body))


def answer_bytes(body: Identity) -> bytes:
    """What the authority signs."""
    return b"Berth enrolment 1 answer\n" + canonical(body)
