"""What is filed: booking terms, the settlement record behind a leaf, and its word on the chain."""

from typing import Annotated

from pydantic import Field

from contracts.ledger.hashing import canonical, digest, keccak
from contracts.ledger.merkle import leaf_hash
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.wire.types import Address, Count, Digest, Frozen, Instant, Minor, Name, to_ms

AccountNumber = Annotated[int, Field(ge=1, lt=2**32)]
StayNumber = Annotated[int, Field(ge=1, lt=2**48)]
SpaceNumber = Annotated[int, Field(ge=1, lt=2**32)]


class BookingRecord(Frozen):
    """What driver and owner agreed on at confirmation. Says who only by account number."""

    id: Name
    space: Name
    grant: Name
    window: Window
    terms: Terms
    tariff: Digest
    driver_account: AccountNumber
    owner_account: AccountNumber
    quoted_minor: Minor
    confirmed_at: Instant

    def bound(self) -> "BookingRecord":
        """With the grant's id made of all that was agreed: the gateway signs it at the arrival,

        so nobody can change the terms afterwards.
        """
        return self.model_copy(update={"grant": self.grant_of_terms()})

    def grant_of_terms(self) -> str:
        return digest(self.model_dump(mode="json", exclude={"grant"})).removeprefix("0x")


class SettlementRecord(Frozen):
    """What one leaf of a settlement batch stands for."""

    stay: StayNumber
    space: Name
    space_number: SpaceNumber
    booking: Digest
    tariff: Digest
    gateway: Address
    arrival: Digest
    departure: Digest
    lines: Digest
    starts_at: Instant
    ends_at: Instant
    billed_s: Annotated[int, Field(ge=0, lt=2**24)]
    amount_minor: Minor
    currency: str
    driver_account: AccountNumber
    owner_account: AccountNumber

    def leaf(self) -> bytes:
        return leaf_hash(keccak(canonical(self)))

    def word(self) -> int:
        """driver 32, payee 32, stay 48, start 40, duration 24, amount 32, space 32, tag 16 bits."""
        word = 0
        for value, bits in (
            (self.driver_account, 32),
            (self.owner_account, 32),
            (self.stay, 48),
            (to_ms(self.starts_at) // 1000, 40),
            (self.billed_s, 24),
            (self.amount_minor, 32),
            (self.space_number, 32),
            (0, 16),
        ):
            word = word << bits | value
        return word


class TitleRecord(Frozen):
    """One row of the title library. Who holds it stays off the chain, behind the digest's salt."""

    space: Name
    number: SpaceNumber
    lot: Name
    holder: Annotated[str, Field(min_length=1, max_length=120)]
    right: Name
    valid_until: str | None = None
    encumbrance: str = "none"
    use: str = "private"
    salt: Digest

    def digest(self) -> str:
        return digest(self)

    def leaf(self) -> bytes:
        return title_leaf(space_key(self.space), keccak(canonical(self)))


def space_key(space: str) -> bytes:
    return keccak(space.encode())


def title_leaf(key: bytes, title_digest: bytes) -> bytes:
    return leaf_hash(key + title_digest)


def tariff_digest(tariff: Tariff) -> str:
    return digest(tariff)


def word_hex(word: int) -> str:
    return f"0x{word:064x}"


class Deployed(Frozen):
    """The contracts of one installation."""

    chain_id: Count
    token: Address
    registry: Address
    ledger: Address
