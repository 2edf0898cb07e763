"""What waits for its batch: no receipt and no broken one; what it carries already must hold."""

import json
from typing import Any

import pytest

from contracts.ledger import pending
from contracts.ledger.files import Paper, read, verify_paper
from contracts.ledger.pending import Pending, PendingCredit
from contracts.ledger.receipt import Link, verify
from tests.contracts import making

GENUINE = making.titled(making.receipt())
PENDING: dict[str, Any] = {
    "format": "berth-receipt",
    "version": 2,
    "status": "pending",
    "booking": "b-1",
    "stay": 7,
    "total_minor": 290,
    "currency": "CNY",
    "leaf": "0x" + "12" * 32,
    "batch": None,
}
PENDING_CREDIT: dict[str, Any] = {
    "format": "berth-credit",
    "version": 1,
    "status": "pending",
    "booking": "b-1",
    "stay": 9,
    "credit_of": 7,
    "amount_minor": 100,
    "currency": "CNY",
    "reason": "The sensor was covered.",
    "leaf": "0x" + "12" * 32,
    "batch": 3,
}


def known(text: str) -> Paper:
    found = read(text)
    assert not isinstance(found, Link)
    return found


def broken(plain: dict[str, Any]) -> list[str]:
    return [link.name for link in verify_paper(known(json.dumps(plain))) if not link.ok]


def test_a_pending_receipt_is_told_from_a_broken_one() -> None:
    assert isinstance(read(json.dumps(PENDING)), Pending)
    assert pending.told(json.dumps(PENDING)) == "Stay 7 is not on the chain yet."
    assert pending.told(GENUINE.model_dump_json()) is None


def test_a_pending_credit_is_told_from_a_broken_one() -> None:
    assert isinstance(read(json.dumps(PENDING_CREDIT)), PendingCredit)


@pytest.mark.parametrize("change", [{"stay": "7"}, {"status": "paid"}, {"note": "x"}, {"draft": 1}])
def test_what_only_looks_pending_is_not_a_receipt(change: dict[str, object]) -> None:
    found = read(json.dumps(PENDING | change))
    assert isinstance(found, Link)
    assert found.sentence.startswith("Not a ")


def test_without_a_draft_nothing_is_said_to_hold() -> None:
    assert verify_paper(known(json.dumps(PENDING))) == []
    assert verify_paper(known(json.dumps(PENDING_CREDIT))) == []


def test_a_draft_is_checked_at_every_link_but_the_batchs() -> None:
    links = verify_paper(making.pending(GENUINE))
    whole = [link.name for link in verify(GENUINE)]
    assert [link.name for link in links] == [*whole[:-1], "draft"]
    assert whole[-1] == "proof"
    assert all(link.ok for link in links)


@pytest.mark.parametrize(
    ("path", "value", "links"),
    [
        (("stay",), 8, ["draft"]),
        (("total_minor",), 1, ["draft"]),
        (("currency",), "EUR", ["draft"]),
        (("booking",), "b-2", ["draft"]),
        (("leaf",), "0x" + "12" * 32, ["draft"]),
        (("draft", "total_minor"), 1, ["arithmetic", "record"]),
        (("draft", "record", "stay"), 5, ["draft"]),
        (("draft", "chain_id"), 1, ["signatures", "sequence", "record"]),
        (("draft", "tariff", "per_hour_minor"), 500, ["tariff", "arithmetic"]),
        (("draft", "stay", "arrived_at"), "2026-05-01T00:06:00.000Z", ["times"]),
        (("draft", "title", "digest"), "0x" + "12" * 32, ["titles"]),
    ],
)
def test_a_draft_that_says_something_else_is_named(
    path: tuple[str, ...], value: object, links: list[str]
) -> None:
    plain = json.loads(making.pending(GENUINE).model_dump_json())
    inside = plain
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = value
    assert broken(plain) == links
