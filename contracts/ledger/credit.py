"""A counter-record's receipt: the receipt it corrects, and what was paid back of it. Pure.

Nothing filed is ever changed: who paid too much gets a settlement of its own in the other
direction, with its own stay number, and both stand for good. One credit shows only itself: that
several of one stay do not pay back more than was settled is for the operator's books to keep.
"""

from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger import merkle
from contracts.ledger.hashing import digest, unhex
from contracts.ledger.links import Broken, Link, checked
from contracts.ledger.receipt import ChainRecord, Proof, Receipt, money, verify
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
    "starts_at",
    "ends_at",
    "billed_s",
    "currency",
    "fee_bps",
)
MAX_REASON = 400
Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


class Credit(Frozen):
    """`corrects` as it was issued; `reason` is for people, and its digest is in `record.lines`."""

    format: Literal["berth-credit"]
    version: Annotated[int, Field(ge=1, le=1)]
    corrects: Receipt
    reason: Reason
    record: SettlementRecord
    proof: Proof
    chain: ChainRecord


def reason_digest(reason: str) -> str:
    """Stands where a settlement has its lines' digest: a credit has no lines of its own."""
    return digest({"reason": reason})


def counter_record(
    record: SettlementRecord, stay: int, amount_minor: int, reason: str
) -> SettlementRecord:
    """`amount_minor` of it paid back under a stay number of its own; at most what was settled.

    The fee's part goes back as well: the tag carries the same basis points. The `reason` is bound:
    nobody can tell another one afterwards.
    """
    if not 0 < amount_minor <= record.amount_minor or stay == record.stay or record.credit_of:
        raise ValueError("a counter-record pays back a part of a settlement, under a new number")
    if not 0 < len(reason) <= MAX_REASON:
        raise ValueError(f"a credit's reason has 1 to {MAX_REASON} characters")
    return record.model_copy(
        update={
            "stay": stay,
            "credit_of": record.stay,
            "amount_minor": amount_minor,
            "driver_account": record.owner_account,
            "owner_account": record.driver_account,
            "lines": reason_digest(reason),
        }
    )


def verify_credit(credit: Credit) -> list[Link]:
    """Every link of the corrected receipt, then the credit's own two. All must hold."""
    return [
        *verify(credit.corrects),
        checked("credit", _credit, credit),
        checked("credit proof", _proof, credit),
    ]


def _credit(credit: Credit) -> str:
    record, before = credit.record, credit.corrects.record
    if record.credit_of != before.stay or record.stay == before.stay:
        raise Broken(f"The counter-record does not correct stay {before.stay}.")
    if any(getattr(record, name) != getattr(before, name) for name in SAME):
        raise Broken("The counter-record is not of the same stay, terms and evidence.")
    if record.lines != reason_digest(credit.reason):
        raise Broken("The reason is not the one that was filed.")
    parties = (record.driver_account, record.owner_account)
    if parties != (before.owner_account, before.driver_account):
        raise Broken("The counter-record does not pay back to the one who paid.")
    if not 0 < record.amount_minor <= before.amount_minor:
        raise Broken("The counter-record pays back nothing, or more than was settled.")
    if word_hex(record.word()) != credit.chain.word:
        raise Broken("The chain's word is not the counter-record's.")
    back, settled = (money(item.amount_minor, credit.corrects) for item in (record, before))
    return (
        f"Of the {settled} of stay {before.stay}, {back} goes back to account "
        f"{record.owner_account}. Other credits of this stay, if any, are not in this file."
    )


def _proof(credit: Credit) -> str:
    here, there = credit.chain, credit.corrects.chain
    home = ("chain_id", "ledger", "registry")
    if any(getattr(here, name) != getattr(there, name) for name in home):
        raise Broken("The counter-record stands in another ledger than the record it corrects.")
    if here.batch < there.batch or here.block_number < there.block_number:
        raise Broken("The counter-record stands before the record it corrects.")
    if here.batch == there.batch and not _one_batch(credit):
        raise Broken("The two records name one batch, and it is not the same in both.")
    siblings = [unhex(node) for node in credit.proof.siblings]
    if not merkle.proves(credit.record.leaf(), siblings, unhex(credit.proof.root)):
        raise Broken("The counter-record does not lead to the root of its batch.")
    return f"The counter-record is in batch {here.batch}, by {len(siblings)} nodes of proof."


def _one_batch(credit: Credit) -> bool:
    here, there = credit.chain, credit.corrects.chain
    place = ("transaction", "block_number", "block_hash")
    same = all(getattr(here, name) == getattr(there, name) for name in place)
    return same and credit.proof.root == credit.corrects.proof.root
