"""Charges drawn from a seed, and lies about them. None of those may be called a valid charge."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from pydantic import ValidationError

from contracts.ledger.charge import DECIDED, Charge, ChargeRecord
from contracts.ledger.credit import reason_digest
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.onchain import BATCH_EVENT, UNPAID_EVENT, selector
from contracts.ledger.receipt import ChainRecord, Proof
from contracts.ledger.records import BookingRecord, SettlementRecord, word_hex
from tests.receipts.credits import REASONS
from tests.receipts.drawn import a_receipt, an_address, hex32, proof_fields, question
from tests.receipts.mutations import OF_ANY, dumped, name_twice, plain_of

CODES = ("no_show", "cancellation", *DECIDED)
SOMEBODY = 77
FAR = 2**53 - 1  # seconds that no date holds
Lie = Callable[[Random, "MadeCharge"], bytes | None]


@dataclass(frozen=True, slots=True)
class MadeCharge:
    """`leaves` are those of its batch before it."""

    charge: Charge
    leaves: tuple[bytes, ...]

    @property
    def paper(self) -> Charge:
        return self.charge


def a_charge(seed: int) -> MadeCharge:
    rng, code = Random(f"charge {seed}"), CODES[seed % len(CODES)]
    made = _priced(seed).receipt
    booking = made.booking
    at = _when(rng, booking, code)
    if code == "cancellation" and booking.terms.cancel_until_s and rng.random() < 0.2:
        # An agreed time that is longer than all dates: it was too late from the first moment on.
        terms = booking.terms.model_copy(update={"cancel_until_s": FAR})
        booking = booking.model_copy(update={"terms": terms}).bound()
    driver, owner = booking.driver_account, booking.owner_account
    sides = {"compensation": (owner, driver), "reassignment": (SOMEBODY, owner)}
    payer, payee = sides.get(code, (driver, owner))
    told = "" if code not in DECIDED and rng.random() < 0.5 else rng.choice(REASONS)
    fees = {
        "no_show": booking.terms.no_show_fee_minor,
        "cancellation": booking.terms.cancel_fee_minor,
    }
    record = ChargeRecord(
        stay=rng.choice((1, 2**41 + 7, 2**48 - 1)),
        booking=booking.digest(),
        space=booking.space,
        space_number=rng.choice((1, 2**32 - 1)),
        code=code,  # type: ignore[arg-type]
        payer_account=payer,
        payee_account=payee,
        amount_minor=fees.get(code, rng.choice((1, 700, 2**32 - 1))),
        currency=made.tariff.currency,
        at=at,
        reason=reason_digest(told),
        adds_to=rng.choice((2, 78)) if code == "correction" else None,
    )
    others = tuple([rng.randbytes(32)] * rng.randint(0, 3))
    leaves = (*others, record.leaf())
    charge = Charge(
        format="berth-charge",
        version=1,
        booking=booking,
        tariff=made.tariff,
        reason=told,
        record=record,
        proof=Proof(**proof_fields(Tree(leaves), len(others))),
        chain=_chain(rng, record),
    )
    return MadeCharge(charge, others)


def _priced(seed: int) -> Any:
    """A booking whose terms know of both fees."""
    drawn = (a_receipt(seed * 19 + step) for step in count())
    terms = ((made, made.receipt.booking.terms) for made in drawn)
    return next(made for made, agreed in terms if agreed.no_show_fee_minor and _late(agreed))


def _late(terms: Any) -> bool:
    return bool(terms.cancel_fee_minor and terms.cancel_until_s)


def _when(rng: Random, booking: BookingRecord, code: str) -> datetime:
    """At the very first moment that the terms allow, or later."""
    more = timedelta(milliseconds=rng.choice((0, 1, 10**6)))
    if code == "cancellation":
        until = timedelta(seconds=booking.terms.cancel_until_s)
        return booking.window.starts_at - until + timedelta(milliseconds=1) + more
    return booking.window.starts_at + timedelta(seconds=booking.terms.no_show_timeout_s) + more


def _chain(rng: Random, record: ChargeRecord) -> ChainRecord:
    return ChainRecord(
        chain_id=rng.choice((1, 31337, 2**53 - 1)),
        ledger=an_address(rng),
        registry=an_address(rng),
        batch=rng.choice((1, 5, 2**53 - 1)),
        word=word_hex(record.word()),
        transaction=hex32(rng),
        block_number=rng.randrange(2**40),
        block_hash=hex32(rng),
    )


def charge_answers(charge: Charge) -> dict[str, Any]:
    """What an honest node says of it."""
    chain, batch = charge.chain, f"{charge.chain.batch:064x}"
    words = ("11" * 32, chain.word[2:])
    parts = (charge.proof.root[2:], "00" * 32, f"{96:064x}", f"{len(words):064x}", *words)
    topics = ["0x" + keccak(BATCH_EVENT.encode()).hex(), "0x" + batch]
    log = {"address": chain.ledger, "topics": topics, "data": "0x" + "".join(parts)}
    mined = {
        "status": "0x1",
        "blockNumber": hex(chain.block_number),
        "blockHash": chain.block_hash,
        "logs": [log],
    }
    calls = {
        "registry()": "0x" + chain.registry[2:].lower().zfill(64),
        "batch_root(uint256)": charge.proof.root,
    }
    found: dict[str, Any] = {
        question("eth_chainId", []): hex(chain.chain_id),
        question("eth_getTransactionReceipt", [chain.transaction]): mined,
    }
    for function, answer in calls.items():
        data = "0x" + selector(function).hex() + (batch if "batch" in function else "")
        found[question("eth_call", [{"to": chain.ledger, "data": data}, "latest"])] = answer
    return found


def charge_node_lies(rng: Random, made: MadeCharge) -> dict[str, Any]:
    """An honest node but for what became of the transaction."""
    told, chain = charge_answers(made.charge), made.charge.chain
    key = question("eth_getTransactionReceipt", [chain.transaction])
    mined, stay = told[key], f"0x{made.charge.record.stay:064x}"
    log = mined["logs"][0]
    how = rng.choice(("none", "status", "unpaid", "words", "block", "ledger", "other chain"))
    if how == "none":
        told[key] = None
    elif how == "status":
        mined["status"] = "0x0"
    elif how == "unpaid":
        unpaid = ["0x" + keccak(UNPAID_EVENT.encode()).hex(), stay]
        mined["logs"].append(log | {"topics": unpaid, "data": f"0x{3:064x}{77:064x}"})
    elif how == "words":
        log["data"] = log["data"][:-64] + "99" * 32
    elif how == "block":
        mined["blockNumber"] = hex(chain.block_number + 1)
    elif how == "ledger":
        log["address"] = "0x" + "66" * 20
    else:
        told[question("eth_chainId", [])] = "0x7"
    return told


def filed_again(plain: Any, made: MadeCharge) -> bytes:
    """The operator's lie: its word and its proof are made to fit."""
    filed = ChargeRecord.model_validate_json(json.dumps(plain["record"]))
    plain["chain"]["word"] = word_hex(filed.word())
    tree = Tree([*made.leaves, filed.leaf()])
    plain["proof"] = json.loads(json.dumps(proof_fields(tree, len(made.leaves))))
    return dumped(plain)


def another_record(rng: Random, made: MadeCharge) -> bytes | None:
    """Each of these is something else than the terms, or the file, say."""
    plain = plain_of(made)
    record, code = plain["record"], plain["record"]["code"]
    others: dict[str, tuple[Any, ...]] = {
        "booking": (hex32(rng),),
        "space": ("S.other",),
        "currency": ("XXX", record["currency"].lower()),
        "reason": (hex32(rng), reason_digest("Another.")),
        "adds_to": (record["stay"], None if code == "correction" else 5),
        "payee_account": (9, record["payer_account"]),
    }
    if code != "reassignment":
        others["payer_account"] = (9, record["payee_account"])
    if code not in DECIDED:
        others["amount_minor"] = (0, record["amount_minor"] + 1, record["amount_minor"] - 1)
        others["at"] = ("1971-01-01T00:00:00.000Z",)
    else:
        others["amount_minor"] = (0,)
    name = rng.choice(list(others))
    value = rng.choice(others[name])
    record[name] = value
    return filed_again(plain, made)


def too_early(rng: Random, made: MadeCharge) -> bytes | None:
    """A millisecond before the terms allow it; all else is filed anew."""
    told = made.charge
    booking, terms = told.booking, told.booking.terms
    if told.record.code == "no_show" and terms.no_show_timeout_s:
        at = booking.window.starts_at + timedelta(seconds=terms.no_show_timeout_s)
        at -= timedelta(milliseconds=1)
    elif told.record.code == "cancellation" and terms.cancel_until_s != FAR:
        at = booking.window.starts_at - timedelta(seconds=terms.cancel_until_s)
    else:
        return None
    plain = plain_of(made)
    record = told.record.model_copy(update={"at": at})
    plain["record"] = json.loads(record.model_dump_json())
    return filed_again(plain, made)


def another_code(rng: Random, made: MadeCharge) -> bytes | None:
    """Told to be due for something else, as far as nothing else fits that."""
    plain = plain_of(made)
    code = rng.choice([code for code in CODES if code != plain["record"]["code"]])
    plain["record"]["code"] = code
    if code in DECIDED and plain["reason"] and code != "correction":
        sides = {"compensation": ("owner", "driver")}.get(code)
        booking, record = plain["booking"], plain["record"]
        fits = record["payee_account"] == booking["owner_account"]
        if sides is not None:
            fits = record["payer_account"] == booking["owner_account"]
        if fits and record["adds_to"] is None:
            return None
    return filed_again(plain, made)


def another_reason(rng: Random, made: MadeCharge) -> bytes | None:
    plain = plain_of(made)
    told = plain["reason"]
    plain["reason"] = rng.choice((told + " ", told[:-1], "\u200b" + told, told.upper(), "é", " "))
    return dumped(plain)


def other_terms(rng: Random, made: MadeCharge) -> bytes | None:
    """Bound anew, so that only what was filed tells; or with the name of a grant of other terms."""
    told = made.charge.booking
    terms = told.terms.model_copy(update={"no_show_fee_minor": 999, "cancel_fee_minor": 999})
    lied = told.model_copy(update={"terms": terms})
    plain = plain_of(made)
    plain["booking"] = json.loads(rng.choice((lied, lied.bound())).model_dump_json())
    return dumped(plain)


def grant_of_no_terms(rng: Random, made: MadeCharge) -> bytes | None:
    plain = plain_of(made)
    plain["booking"]["grant"] = rng.choice(("g-2", hex32(rng)[2:]))
    return dumped(plain)


def part_of_another(rng: Random, made: MadeCharge) -> bytes | None:
    plain, other = plain_of(made), plain_of(a_charge(rng.randrange(1000)))
    name = rng.choice(("record", "proof", "booking", "tariff", "chain"))
    if name == "chain":
        other["chain"] |= {"word": hex32(rng)}
    plain[name] = other[name]
    return dumped(plain)


def filed_as_a_settlement(rng: Random, made: MadeCharge) -> bytes | None:
    """The very word of the charge, with a settlement behind it: the leaf tells them apart."""
    plain, told = plain_of(made), made.charge.record
    record = SettlementRecord(
        stay=told.stay,
        space=told.space,
        space_number=told.space_number,
        booking=told.booking,
        tariff=made.charge.booking.tariff,
        gateway=an_address(rng),
        arrival=hex32(rng),
        departure=hex32(rng),
        lines=told.reason,
        starts_at=told.at,
        ends_at=told.at,
        billed_s=0,
        amount_minor=told.amount_minor,
        currency=told.currency,
        driver_account=told.payer_account,
        owner_account=told.payee_account,
    )
    assert word_hex(record.word()) == made.charge.chain.word
    tree = Tree([*made.leaves, record.leaf()])
    plain["proof"] = json.loads(json.dumps(proof_fields(tree, len(made.leaves))))
    return dumped(plain)


def shown_as_another(rng: Random, made: MadeCharge) -> bytes | None:
    name = rng.choice(("berth-receipt", "berth-credit"))
    return dumped(plain_of(made) | {"format": name, "version": rng.choice((1, 2))})


LIES: tuple[Lie, ...] = (
    *OF_ANY,
    *(another_record,) * 6,
    *(too_early,) * 2,
    another_code,
    another_reason,
    *(other_terms,) * 2,
    grant_of_no_terms,
    *(part_of_another,) * 2,
    filed_as_a_settlement,
    shown_as_another,
)


def a_charge_lie(seed: int, made: MadeCharge) -> tuple[str, bytes]:
    """The first of a seed's lies that says something else."""
    rng = Random(f"charge lie {seed}")
    while True:
        lie = rng.choice(LIES)
        data = lie(rng, made)
        if data is not None and (lie is name_twice or not says_the_same(data, made)):
            return lie.__name__, data


def says_the_same(data: bytes, made: MadeCharge) -> bool:
    """Another spelling is no lie."""
    try:
        return Charge.model_validate_json(data) == made.charge
    except (ValidationError, OverflowError):
        return False
