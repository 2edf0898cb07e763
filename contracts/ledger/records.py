"""What is filed: booking terms, the settlement record behind a leaf, and its word on the chain."""

from typing import Annotated

from pydantic import Field

from contracts.ledger.hashing import canonical, digest, keccak, unhex
from contracts.ledger.merkle import leaf_hash
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.structs import Struct, table_digest
from contracts.wire.types import Address, Count, Digest, Frozen, Instant, Minor, Name, to_ms

AccountNumber = Annotated[int, Field(ge=1, lt=2**32)]
StayNumber = Annotated[int, Field(ge=1, lt=2**48)]
SpaceNumber = Annotated[int, Field(ge=1, lt=2**32)]
MAX_FEE_BPS = 1000
CREDIT_TAG = 1 << 15
NO_CAP = 2**256 - 1

TARIFF_STRUCT = Struct(
    "Tariff(string id,uint256 version,string currency,uint256 perHourMinor,uint256 stepS,"
    "uint256 freeS,uint256 capMinor,uint256 overstayPercent,uint256 dayCapMinor,"
    "uint256 minimumMinor,uint256 bookingFeeMinor,uint256 roundToMinor,uint256 rounding,"
    "uint256 taxBps,uint256 taxAdded,bytes32 overstayTiers,bytes32 timetable)"
)
TERMS_STRUCT = Struct(
    "Terms(uint256 noShowFeeMinor,uint256 lateStopS,uint256 cancelUntilS,uint256 cancelFeeMinor,"
    "uint256 changeUntilS,uint256 minS,uint256 maxS)"
)
ROUNDINGS = ("down", "nearest", "up")
BOOKING_STRUCT = Struct(
    "Booking(string id,string space,uint256 startsMs,uint256 endsMs,uint256 earlyStartS,"
    "uint256 noShowTimeoutS,uint256 graceS,bytes32 tariff,uint256 driverAccount,"
    "uint256 ownerAccount,uint256 quotedMinor,uint256 confirmedMs,bytes32 terms)"
)
SETTLEMENT_STRUCT = Struct(
    "Settlement(uint256 stay,string space,uint256 spaceNumber,bytes32 booking,bytes32 tariff,"
    "address gateway,bytes32 arrival,bytes32 departure,bytes32 lines,uint256 startsMs,"
    "uint256 endsMs,uint256 billedS,uint256 amountMinor,string currency,uint256 driverAccount,"
    "uint256 ownerAccount,uint256 feeBps,uint256 creditOf)"
)


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
        return self.digest().removeprefix("0x")

    def digest(self) -> str:
        """Of all but the grant, which is made of it."""
        return BOOKING_STRUCT.digest(
            self.id,
            self.space,
            to_ms(self.window.starts_at),
            to_ms(self.window.ends_at),
            self.terms.early_start_s,
            self.terms.no_show_timeout_s,
            self.terms.grace_s,
            self.tariff,
            self.driver_account,
            self.owner_account,
            self.quoted_minor,
            to_ms(self.confirmed_at),
            terms_digest(self.terms),
        )


class SettlementRecord(Frozen):
    """What one leaf of a settlement batch stands for.

    A counter-record names the stay it corrects in `credit_of` and has a stay number of its own;
    its `driver_account` pays back and its `owner_account` gets back.
    """

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
    fee_bps: Annotated[int, Field(ge=0, le=MAX_FEE_BPS)] = 0
    credit_of: StayNumber | None = None

    def digest(self) -> str:
        return SETTLEMENT_STRUCT.digest(
            self.stay,
            self.space,
            self.space_number,
            self.booking,
            self.tariff,
            self.gateway,
            self.arrival,
            self.departure,
            self.lines,
            to_ms(self.starts_at),
            to_ms(self.ends_at),
            self.billed_s,
            self.amount_minor,
            self.currency,
            self.driver_account,
            self.owner_account,
            self.fee_bps,
            self.credit_of or 0,
        )

    def leaf(self) -> bytes:
        return leaf_hash(unhex(self.digest()))

    @property
    def fee_minor(self) -> int:
        """The platform's part, where the whole amount was paid."""
        return self.amount_minor * self.fee_bps // 10_000

    def tag(self) -> int:
        """Bit 15: a counter-record. Bits 0 to 13: the platform's part of the payee's money."""
        return (CREDIT_TAG if self.credit_of else 0) | self.fee_bps

    def word(self) -> int:
        """driver 32, payee 32, stay 48, start 40, duration 24, amount 32, space 32, tag 16 bits."""
        return packed(
            (self.driver_account, self.owner_account),
            self.stay,
            (to_ms(self.starts_at) // 1000, self.billed_s),
            self.amount_minor,
            (self.space_number, self.tag()),
        )


def packed(
    parties: tuple[int, int], stay: int, time_s: tuple[int, int], minor: int, rest: tuple[int, int]
) -> int:
    """The ledger's word. `parties`: payer, payee; `time_s`: start, duration; `rest`: space, tag."""
    word = parties[0] << 32 | parties[1]
    word = word << 48 | stay
    word = (word << 40 | time_s[0]) << 24 | time_s[1]
    word = word << 32 | minor
    return (word << 32 | rest[0]) << 16 | rest[1]


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
    return TARIFF_STRUCT.digest(
        tariff.id,
        tariff.version,
        tariff.currency,
        tariff.per_hour_minor,
        tariff.step_s,
        tariff.free_s,
        _cap(tariff.cap_minor),
        tariff.overstay_percent,
        _cap(tariff.day_cap_minor),
        tariff.minimum_minor,
        tariff.booking_fee_minor,
        tariff.round_to_minor,
        ROUNDINGS.index(tariff.rounding),
        tariff.tax_bps,
        int(tariff.tax == "added"),
        table_digest(tier_rows(tariff)),
        table_digest(timetable_rows(tariff)),
    )


def tier_rows(tariff: Tariff) -> list[tuple[int, int]]:
    return [(tier.from_s, tier.per_hour_minor) for tier in tariff.overstay_tiers]


def timetable_rows(tariff: Tariff) -> list[tuple[int, int, int, int, int]]:
    """A row for each rate: its stretch from and to (ms), the day, after how many seconds, what."""
    return [
        (
            to_ms(stretch.starts_at),
            to_ms(stretch.ends_at),
            stretch.day,
            rate.after_s,
            rate.per_hour_minor,
        )
        for stretch in tariff.timetable
        for rate in stretch.rates
    ]


def terms_digest(terms: Terms) -> str:
    """Of what a booking's own struct does not hold."""
    return TERMS_STRUCT.digest(*terms_values(terms))


def terms_values(terms: Terms) -> tuple[int, ...]:
    """In the order of their struct."""
    return (
        terms.no_show_fee_minor,
        terms.late_stop_s,
        terms.cancel_until_s,
        terms.cancel_fee_minor,
        terms.change_until_s,
        terms.min_s,
        terms.max_s,
    )


def _cap(cap_minor: int | None) -> int:
    return NO_CAP if cap_minor is None else cap_minor


def word_hex(word: int) -> str:
    return f"0x{word:064x}"


class Deployed(Frozen):
    """The contracts of one installation."""

    chain_id: Count
    token: Address
    registry: Address
    ledger: Address
    evidence: Address | None = None
