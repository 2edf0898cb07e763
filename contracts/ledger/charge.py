"""What is due without a stay: its record, the word it is filed as, and its file. Pure.

The word is a settlement's, of no duration and no fee; the leaf is a struct of its own, so that no
charge passes as a settlement and no settlement as a charge. What the frozen terms say of it is
checked; that nobody came, when it was cancelled, and why, is the operator's word.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger import merkle
from contracts.ledger.amounts import amount_of
from contracts.ledger.credit import MAX_REASON, reason_digest
from contracts.ledger.hashing import unhex
from contracts.ledger.links import Broken, Link, checked
from contracts.ledger.pricing import Tariff
from contracts.ledger.receipt import ChainRecord, Proof
from contracts.ledger.records import (
    AccountNumber,
    BookingRecord,
    SpaceNumber,
    StayNumber,
    packed,
    tariff_digest,
    word_hex,
)
from contracts.ledger.structs import Struct
from contracts.wire.types import Digest, Frozen, Instant, Minor, Name, to_ms

ChargeCode = Literal["no_show", "cancellation", "compensation", "reassignment", "correction"]
# What a person decided: their amounts follow from no terms, and they need a reason.
DECIDED = ("compensation", "reassignment", "correction")
CHARGE_STRUCT = Struct(
    "Charge(uint256 stay,bytes32 booking,string space,uint256 spaceNumber,string code,"
    "uint256 payerAccount,uint256 payeeAccount,uint256 amountMinor,string currency,uint256 atMs,"
    "bytes32 reason,uint256 addsTo)"
)


class ChargeRecord(Frozen):
    """What one leaf of a batch stands for. `booking`: the digest of the terms it is due under.

    `stay`: a number of its own. `adds_to`: of a correction, the stay that was settled with too
    little. No platform's fee is taken of it.
    """

    stay: StayNumber
    booking: Digest
    space: Name
    space_number: SpaceNumber
    code: ChargeCode
    payer_account: AccountNumber
    payee_account: AccountNumber
    amount_minor: Minor
    currency: str
    at: Instant
    reason: Digest
    adds_to: StayNumber | None = None

    def digest(self) -> str:
        return CHARGE_STRUCT.digest(
            self.stay,
            self.booking,
            self.space,
            self.space_number,
            self.code,
            self.payer_account,
            self.payee_account,
            self.amount_minor,
            self.currency,
            to_ms(self.at),
            self.reason,
            self.adds_to or 0,
        )

    def leaf(self) -> bytes:
        return merkle.leaf_hash(unhex(self.digest()))

    def word(self) -> int:
        """A settlement's word from payer to payee, of no duration and without a tag."""
        return packed(
            (self.payer_account, self.payee_account),
            self.stay,
            (to_ms(self.at) // 1000, 0),
            self.amount_minor,
            (self.space_number, 0),
        )


class Charge(Frozen):
    """`booking` and `tariff` as they were agreed; `reason` is for people, its digest is filed."""

    format: Literal["berth-charge"]
    version: Annotated[int, Field(ge=1, le=1)]
    booking: BookingRecord
    tariff: Tariff
    reason: Annotated[str, Field(max_length=MAX_REASON)]
    record: ChargeRecord
    proof: Proof
    chain: ChainRecord


def due_minor(booking: BookingRecord, code: str, at: datetime) -> int:
    """By the frozen terms alone: for not coming, or for cancelling at that time; 0 for nothing."""
    terms, starts_ms = booking.terms, to_ms(booking.window.starts_at)
    if code == "no_show":
        return terms.no_show_fee_minor
    late = to_ms(at) > starts_ms - terms.cancel_until_s * 1000
    return terms.cancel_fee_minor if code == "cancellation" and late else 0


def verify_charge(charge: Charge) -> list[Link]:
    """From what was agreed to the root of the batch. All must hold."""
    return [
        checked("agreed", _agreed, charge),
        checked("due", _due, charge),
        checked("charge", _charge, charge),
        checked("charge proof", _proof, charge),
    ]


def _agreed(charge: Charge) -> str:
    booking, record = charge.booking, charge.record
    if booking.digest() != record.booking or booking.space != record.space:
        raise Broken("The booking is not the one that the charge names.")
    if booking.grant != booking.grant_of_terms():
        raise Broken("The booking's terms are not those that its grant is made of.")
    if tariff_digest(charge.tariff) != booking.tariff or charge.tariff.currency != record.currency:
        raise Broken("The tariff, and with it the currency, is not the one frozen in the booking.")
    return f"Booking {booking.id} of space {booking.space}, as confirmed."


def _due(charge: Charge) -> str:
    booking, record = charge.booking, charge.record
    sides = (record.payer_account, record.payee_account)
    agreed = (booking.driver_account, booking.owner_account)
    if not _between(record.code, sides, agreed):
        raise Broken("It is not due between these two accounts.")
    if (record.adds_to is not None) != (record.code == "correction"):
        raise Broken("A correction, and nothing else, adds to a settled stay.")
    amount = amount_of(record.amount_minor, charge.tariff.currency)
    if record.code in DECIDED:
        if not charge.reason:
            raise Broken("It was decided by a person, and no reason is given.")
        return f"{amount}, {record.code}: a person's decision, for the reason in this file."
    if record.amount_minor != due_minor(booking, record.code, record.at):
        raise Broken("The amount is not what the agreed terms give.")
    waits_ms = booking.terms.no_show_timeout_s * 1000
    starts_ms = to_ms(booking.window.starts_at)
    if record.code == "no_show" and to_ms(record.at) < starts_ms + waits_ms:
        raise Broken("It was charged before the time was over that the terms wait for the car.")
    return f"{amount}, {record.code}: what the agreed terms give."


def _between(code: str, sides: tuple[int, int], agreed: tuple[int, int]) -> bool:
    """`agreed`: the booking's driver and owner. Who caused a move may be anybody."""
    driver, owner = agreed
    if code == "compensation":
        return sides == (owner, driver)
    return sides[1] == owner if code == "reassignment" else sides == agreed


def _charge(charge: Charge) -> str:
    record = charge.record
    if record.payer_account == record.payee_account or record.amount_minor == 0:
        raise Broken("A charge moves something from one account to another.")
    if record.stay == record.adds_to:
        raise Broken("A charge has a number of its own.")
    if record.reason != reason_digest(charge.reason):
        raise Broken("The reason is not the one that was filed.")
    if word_hex(record.word()) != charge.chain.word:
        raise Broken("The chain's word is not the charge's.")
    amount = amount_of(record.amount_minor, charge.tariff.currency)
    way = f"account {record.payer_account} to {record.payee_account}"
    return f"Number {record.stay}: {amount}, {way}."


def _proof(charge: Charge) -> str:
    siblings = [unhex(node) for node in charge.proof.siblings]
    if not merkle.proves(charge.record.leaf(), siblings, unhex(charge.proof.root)):
        raise Broken("The charge does not lead to the root of its batch.")
    return f"The charge is in batch {charge.chain.batch}, by {len(siblings)} nodes of proof."
