"""Lies told by those who hold the keys: everything around the lie is made to fit it anew.

The gateway's key signs again, the batch is filed again; one link at most may tell.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from contracts.ledger.hashing import digest, keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.onchain import UNPAID_EVENT
from contracts.ledger.records import BookingRecord, SettlementRecord, word_hex
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, event_digest, sign
from tests.receipts.drawn import Made, a_title, answers, question

Lie = Callable[[Random, Any], None]


def one_lie_filed(rng: Random, made: Made) -> bytes | None:
    plain = json.loads(made.receipt.model_dump_json())
    rng.choice(LIES)(rng, plain)
    _chained(plain, made.receipt.domain(), made.key)
    _filed(plain, made)
    if rng.random() < 0.1:
        plain["chain"]["word"] = plain["chain"]["word"][:-1] + rng.choice("123456789abcdef")
    return json.dumps(plain).encode()


def chain_told_otherwise(rng: Random, made: Made) -> bytes | None:
    """What only the chain knows, each by itself."""
    plain = json.loads(made.receipt.model_dump_json())
    name = rng.choice(("registry", "batch", "transaction", "block_number", "block_hash"))
    other = {"registry": "0x" + "00" * 20, "batch": 3, "block_number": 2**41}
    plain["chain"][name] = other.get(name, "0x" + f"{rng.getrandbits(256):064x}")
    return json.dumps(plain).encode()


def another_title(rng: Random, made: Made) -> bytes | None:
    """A title of the liar's own making, in a library of his own: only the chain can tell."""
    if made.receipt.title is None:
        return None
    lied = made.receipt.model_copy(update={"title": a_title(rng, made.receipt.booking.space)})
    return lied.model_dump_json().encode()


def node_answers(rng: Random, made: Made) -> dict[str, Any]:
    """A genuine receipt whose chain tells otherwise: other ledger, other place, failed, unpaid."""
    told = answers(made.receipt)
    mined = told[question("eth_getTransactionReceipt", [made.receipt.chain.transaction])]
    log = mined["logs"][0]
    stay = f"0x{made.receipt.record.stay:064x}"
    unpaid = {
        "address": log["address"],
        "topics": ["0x" + keccak(UNPAID_EVENT.encode()).hex(), stay],
        "data": f"0x{3:064x}{77:064x}",
    }
    how = rng.choice(
        ("ledger", "batch", "words", "block", "hash", "status", "unpaid", "none", "old")
    )
    if how == "unpaid":
        mined["logs"].append(unpaid)
    elif how == "none":
        mined["logs"].clear()
    elif how == "old":
        # A node that keeps no state of old blocks.
        when = f'"{hex(made.receipt.chain.block_number)}"]'
        told |= {asked: {"refused": True} for asked in told if when in asked}
    elif how in ("block", "hash", "status"):
        name = {"block": "blockNumber", "hash": "blockHash", "status": "status"}[how]
        mined[name] = "0x" + "77" * 32 if how == "hash" else "0x0" if how == "status" else "0xff1"
    elif how == "ledger":
        log["address"] = "0x" + "66" * 20
    elif how == "batch":
        log["topics"][1] = f"0x{made.receipt.chain.batch + 1:064x}"
    else:
        log["data"] = log["data"][:-128] + "99" * 64
    return told


def _another_match(rng: Random, plain: Any) -> None:
    rng.choice(plain["events"])["body"]["match"] = rng.choice(("other", "ambiguous"))


def _another_grant(rng: Random, plain: Any) -> None:
    rng.choice(plain["events"][1:])["body"]["grant"] = "another"


def _unmatched_arrival(rng: Random, plain: Any) -> None:
    plain["events"][0]["body"]["match"] = "none"


def _grant_of_no_terms(rng: Random, plain: Any) -> None:
    plain["booking"]["grant"] = "g-2"
    for event in plain["events"]:
        if event["body"]["grant"] is not None:
            event["body"]["grant"] = "g-2"


def _another_record(rng: Random, plain: Any) -> None:
    record = plain["record"]
    others: dict[str, Any] = {
        "starts_at": "2026-05-01T00:00:00.001Z",
        "ends_at": "2026-05-01T00:00:00.001Z",
        "driver_account": 9,
        "owner_account": 9,
        "space": "S9",
        "currency": "XXX",
        "billed_s": record["billed_s"] // 2 + 1,
        "gateway": "0x0000000000000000000000000000000000000000",
        "lines": "0x" + "12" * 32,
        "credit_of": 5,
    }
    name = rng.choice(list(others))
    record[name] = others[name]


def _another_sum(rng: Random, plain: Any) -> None:
    plain["total_minor"] += 1
    plain["record"]["amount_minor"] += 1


def _another_quote(rng: Random, plain: Any) -> None:
    """Not what the tariff gives for the window; all else is bound to it anew."""
    was = BookingRecord.model_validate_json(json.dumps(plain["booking"]))
    agreed = was.model_copy(update={"quoted_minor": was.quoted_minor + rng.choice((1, 600))})
    plain["booking"] = json.loads(agreed.bound().model_dump_json())
    plain["record"]["booking"] = agreed.digest()
    for event in plain["events"]:
        if event["body"]["grant"] == was.grant:
            event["body"]["grant"] = agreed.grant_of_terms()


def _another_gateway(rng: Random, plain: Any) -> None:
    plain["gateway"]["id"] = "gw-other"


def _another_space(rng: Random, plain: Any) -> None:
    rng.choice(plain["events"])["body"]["space"] = "S9"


def _numbers_back(rng: Random, plain: Any) -> None:
    plain["events"][-1]["body"]["seq"] = plain["events"][-2]["body"]["seq"]


def _another_split(rng: Random, plain: Any) -> None:
    """The same sum, told otherwise; the lines' digest is filed anew."""
    lines = plain["lines"]
    if not lines:  # all of a timetable's time was too short for a step
        plain["total_minor"] += 1
        return
    line = rng.choice(lines)
    at = "2026-05-01T00:00:00.001Z"
    how = rng.choice(("amount_minor", "starts_at", "ends_at", "included_minor", "billed_s"))
    others = [other for other in lines if other is not line]
    if how == "amount_minor" and others:
        line["amount_minor"] += 1
        rng.choice(others)["amount_minor"] -= 1
    elif how.endswith("_at"):
        line[how] = at
    else:
        line["included_minor" if how == "included_minor" else "billed_s"] += 1
    plain["record"]["lines"] = digest(lines)


def _another_rate(rng: Random, plain: Any) -> None:
    """One of what the tariff asks, under the digest that was agreed on."""
    tariff = plain["tariff"]
    steps = [rate for stretch in tariff["timetable"] for rate in stretch["rates"]]
    changes = [(one, "per_hour_minor") for one in (*steps, *tariff["overstay_tiers"], tariff)]
    changes += [(stretch, "day") for stretch in tariff["timetable"][-1:]]
    changes += [(tariff, name) for name in ("minimum_minor", "booking_fee_minor", "tax_bps")]
    holder, name = rng.choice(changes)
    holder[name] += 1 if holder[name] < 10_000 or name != "tax_bps" else -1


def _another_term(rng: Random, plain: Any) -> None:
    terms = plain["booking"]["terms"]
    terms[rng.choice([name for name in terms if name != "grace_s"])] += 1


LIES: tuple[Lie, ...] = (
    _another_split,
    _another_rate,
    _another_rate,
    _another_term,
    _another_match,
    _another_grant,
    _unmatched_arrival,
    _grant_of_no_terms,
    _another_record,
    _another_record,
    _another_record,
    _another_sum,
    _another_quote,
    _another_gateway,
    _another_space,
    _numbers_back,
)


def _chained(plain: Any, domain: Domain, key: bytes) -> None:
    previous = plain["events"][0]["body"]["previous"]
    for event in plain["events"]:
        event["body"]["previous"] = previous
        found = event_digest(Event.model_validate_json(json.dumps(event["body"])), domain)
        event["signature"], previous = sign(found, key), "0x" + found.hex()
    plain["record"]["departure"] = previous
    first = Event.model_validate_json(json.dumps(plain["events"][0]["body"]))
    plain["record"]["arrival"] = "0x" + event_digest(first, domain).hex()


def _filed(plain: Any, made: Made) -> None:
    filed = SettlementRecord.model_validate_json(json.dumps(plain["record"]))
    tree = Tree([filed.leaf(), *made.leaves])
    plain["chain"]["word"] = word_hex(filed.word())
    plain["proof"] = {
        "root": "0x" + tree.root.hex(),
        "siblings": ["0x" + node.hex() for node in tree.proof(0)],
    }
