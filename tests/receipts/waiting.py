"""Lies about a draft that waits for its batch. None of those may be said to hold."""

from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import ValidationError

from contracts.ledger.pending import DRAWN, Draft, Pending
from tests.receipts.drawn import a_receipt
from tests.receipts.mutations import OF_ANY, name_twice


@dataclass(frozen=True, slots=True)
class Waiting:
    paper: Pending


def a_pending(seed: int) -> Waiting:
    made = a_receipt(seed).receipt
    told: dict[str, Any] = {name: getattr(made, name) for name in DRAWN}
    draft = Draft(chain_id=made.chain.chain_id, ledger=made.chain.ledger, **told)
    return Waiting(
        Pending(
            format="berth-receipt",
            version=2,
            status="pending",
            booking=made.booking.id,
            stay=made.record.stay,
            total_minor=made.total_minor,
            currency=made.tariff.currency,
            leaf="0x" + made.record.leaf().hex(),
            batch=None,
            draft=draft,
        )
    )


def a_lie_about_a_draft(seed: int) -> tuple[str, bytes]:
    """The first of a seed's lies that says something else."""
    rng, made = Random(f"waiting {seed}"), a_pending(seed % 100)
    while True:
        lie = rng.choice(OF_ANY)
        data = lie(rng, made)
        if data is not None and (lie is name_twice or not says_the_same(data, made.paper)):
            return lie.__name__, data


def says_the_same(data: bytes, told: Pending) -> bool:
    """Its batch is not known yet, and less than the whole is no lie."""
    try:
        found = Pending.model_validate_json(data)
    except (ValidationError, OverflowError):
        return False
    if found.draft is None or told.draft is None:
        return True
    untitled = told.draft.model_copy(update={"title": None})
    same = told.model_copy(update={"batch": found.batch})
    return found in (same, same.model_copy(update={"draft": untitled}))
