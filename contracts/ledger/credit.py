"""A counter-record's receipt: the receipt it corrects, and what was paid back of it. Pure.

Nothing filed is ever changed: who paid too much gets a settlement of its own in the other
direction, with its own stay number, and both stand for good. One credit shows only itself: that
several of one stay do not pay back more than was settled is for the operator's books to keep.
"""

from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger import merkle
from contracts.ledger.hashing import unhex
from contracts.ledger.receipt import ChainRecord, Link, Proof, Receipt, money, verify
from contracts.ledger.records import SettlementRecord, word_hex
from contracts.wire.types import Frozen

# What a counter-record takes from the record it corrects; the two parties change places.
SAME = (
    "space",
    "space_number",
    "booking",
    "tariff",
    "gateway",
    "arrival",
    "departure",
    "lines",
    "starts_at",
    "ends_at",
    "billed_s",
    "currency",
    "fee_bps",
)


class Credit(Frozen):
    """`corrects` as it was issued; `reason` is for people and part of nothing that is filed."""

    format: Literal["berth-credit"]
    version: Annotated[int, Field(ge=1, le=1)]
    corrects: Receipt
    reason: Annotated[str, Field(min_length=1, max_length=400)]
    record: SettlementRecord
    proof: Proof
    chain: ChainRecord


def counter_record(record: SettlementRecord, stay: int, amount_minor: int) -> SettlementRecord:
    """`amount_minor` of it paid back under a stay number of its own; at most what was settled.

    The fee's part goes back as well: the tag carries the same basis points.
    """
    if not 0 < amount_minor <= record.amount_minor or stay == record.stay or record.credit_of:
        raise ValueError("a counter-record pays back a part of a settlement, under a new number")
    return record.model_copy(
        update={
            "stay": stay,
            "credit_of": record.stay,
            "amount_minor": amount_minor,
            "driver_account": record.owner_account,
            "owner_account": record.driver_account,
        }
    )


def verify_credit(credit: Credit) -> list[Link]:
    """Every link of the corrected receipt, then the credit's own two. All must hold."""
    return [
        *verify(credit.corrects),
        Link("credit", *_credit(credit)),
        Link("credit proof", *_proof(credit)),
    ]


def _credit(credit: Credit) -> tuple[bool, str]:
    record, before = credit.record, credit.corrects.record
    if record.credit_of != before.stay or record.stay == before.stay:
        return False, f"The counter-record does not correct stay {before.stay}."
    if any(getattr(record, name) != getattr(before, name) for name in SAME):
        return False, "The counter-record is not of the same stay, terms and evidence."
    parties = (record.driver_account, record.owner_account)
    if parties != (before.owner_account, before.driver_account):
        return False, "The counter-record does not pay back to the one who paid."
    if not 0 < record.amount_minor <= before.amount_minor:
        return False, "The counter-record pays back nothing, or more than was settled."
    if word_hex(record.word()) != credit.chain.word:
        return False, "The chain's word is not the counter-record's."
    paid = money(record.amount_minor, credit.corrects)
    return True, f"Of stay {before.stay}, {paid} goes back to account {record.owner_account}."


def _proof(credit: Credit) -> tuple[bool, str]:
    here, there = credit.chain, credit.corrects.chain
    if (here.chain_id, here.ledger, here.registry) != (
        there.chain_id,
        there.ledger,
        there.registry,
    ):
        return False, "The counter-record stands in another ledger than the record it corrects."
    siblings = [unhex(node) for node in credit.proof.siblings]
    if not merkle.proves(credit.record.leaf(), siblings, unhex(credit.proof.root)):
        return False, "The counter-record does not lead to the root of its batch."
    return True, f"The counter-record is in batch {here.batch}."
