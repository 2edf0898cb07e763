"""What stands in the place of a receipt, credit or charge until it is filed, told apart from it.

It may carry the receipt's draft: then all that needs no place on the chain is checked already.
"""

from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger.charge import ChargeCode
from contracts.ledger.links import Broken, Link, checked
from contracts.ledger.pricing import Line, Tariff
from contracts.ledger.reading import read_strictly
from contracts.ledger.receipt import (
    ChainRecord,
    GatewayKey,
    Proof,
    Receipt,
    SealedEvent,
    StayTimes,
    TitleProof,
    money,
    verify,
)
from contracts.ledger.records import BookingRecord, SettlementRecord, word_hex
from contracts.wire.types import ZERO_DIGEST, Address, Count, Digest, Frozen, Minor, Name

# Links that speak of a batch, of which there is none yet.
FILED = ("proof",)


class Draft(Frozen):
    """A receipt's fields without its batch. Events are signed for `chain_id` and `ledger`."""

    chain_id: Count
    ledger: Address
    gateway: GatewayKey
    booking: BookingRecord
    tariff: Tariff
    events: Annotated[tuple[SealedEvent, ...], Field(min_length=2, max_length=1000)]
    stay: StayTimes
    lines: tuple[Line, ...]
    total_minor: Minor
    record: SettlementRecord
    title: TitleProof | None = None

    def receipt(self) -> Receipt:
        """With an empty place on the chain, so that a receipt's own checks can be asked."""
        nowhere = ChainRecord(
            chain_id=self.chain_id,
            ledger=self.ledger,
            registry=self.ledger,
            batch=1,
            word=word_hex(self.record.word()),
            transaction=ZERO_DIGEST,
            block_number=0,
            block_hash=ZERO_DIGEST,
        )
        told = {name: getattr(self, name) for name in Draft.model_fields if name in DRAWN}
        proof = Proof(root=ZERO_DIGEST, siblings=())
        return Receipt(format="berth-receipt", version=2, proof=proof, chain=nowhere, **told)


DRAWN = set(Draft.model_fields) & set(Receipt.model_fields)


class Pending(Frozen):
    """As the cloud gives it: it proves nothing of the chain, and says what will be filed."""

    format: Literal["berth-receipt"]
    version: Annotated[int, Field(ge=2, le=2)]
    status: Literal["pending"]
    booking: Name
    stay: Count
    total_minor: Minor
    currency: str
    leaf: Digest
    batch: Count | None
    draft: Draft | None = None


class PendingCredit(Frozen):
    """As the cloud gives it: nothing of it can be checked before its batch is mined."""

    format: Literal["berth-credit"]
    version: Annotated[int, Field(ge=1, le=1)]
    status: Literal["pending"]
    booking: Name
    stay: Count
    credit_of: Count
    amount_minor: Minor
    currency: str
    reason: str
    leaf: Digest
    batch: Count | None


class PendingCharge(Frozen):
    """As the cloud gives it: nothing of it can be checked before its batch is mined."""

    format: Literal["berth-charge"]
    version: Annotated[int, Field(ge=1, le=1)]
    status: Literal["pending"]
    booking: Name
    stay: Count
    code: ChargeCode
    amount_minor: Minor
    currency: str
    reason: str
    leaf: Digest
    batch: Count | None


def told(text: bytes | str) -> str | None:
    """The sentence for a pending receipt; None for any other text."""
    found = read_strictly(Pending, text)
    return None if isinstance(found, str) else f"Stay {found.stay} is not on the chain yet."


def verify_pending(pending: Pending) -> list[Link]:
    """What of it can be checked already; nothing if it carries no draft."""
    if pending.draft is None:
        return []
    receipt = pending.draft.receipt()
    links = [link for link in verify(receipt) if link.name not in FILED]
    return [*links, checked("draft", _draft, pending)]


def _draft(pending: Pending) -> str:
    """What will be filed is what the draft shows."""
    if pending.draft is None:
        raise Broken("There is no draft.")
    record, booking = pending.draft.record, pending.draft.booking
    shown = (pending.stay, pending.total_minor, pending.currency, pending.booking)
    if shown != (record.stay, record.amount_minor, record.currency, booking.id):
        raise Broken("What is said to be filed is not what the draft shows.")
    if pending.leaf != "0x" + record.leaf().hex():
        raise Broken("The leaf that is said to be filed is not the draft's record.")
    amount = money(record.amount_minor, pending.draft.receipt())
    return f"Stay {record.stay} will be filed with {amount}, as leaf {pending.leaf[:10]}."
