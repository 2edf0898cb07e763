"""Credits drawn from a seed, and lies about them. None of those may be called a valid credit."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from pydantic import ValidationError

from contracts.ledger.credit import Credit, counter_record
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.onchain import UNPAID_EVENT
from contracts.ledger.receipt import Proof, Receipt
from contracts.ledger.records import SettlementRecord, word_hex
from tests.receipts.drawn import Made, a_receipt, an_address, answers, hex32, proof_fields, question
from tests.receipts.lies import node_answers
from tests.receipts.mutations import MUTATIONS, OF_ANY, dumped, name_twice, plain_of

REASONS = (
    "The sensor was covered.",
    "传感器被遮挡，退还一半。",
    'Paid "twice"\\\nby mistake\u2028\u0000\x7f🚗',
    "x",
    "🚗" * 400,
)
LAST = 2**53 - 1  # the highest batch's number
Lie = Callable[[Random, "MadeCredit"], bytes | None]


@dataclass(frozen=True, slots=True)
class MadeCredit:
    """`made` is the corrected receipt; `leaves` are those of the credit's batch."""

    credit: Credit
    made: Made
    leaves: tuple[bytes, ...]

    @property
    def paper(self) -> Credit:
        return self.credit


def a_paid_receipt(seed: int) -> Made:
    drawn = (a_receipt(seed * 17 + step) for step in count())
    return next(made for made in drawn if made.receipt.total_minor)


def a_credit(seed: int) -> MadeCredit:
    """In a later batch, or now and then in the one of the record it corrects."""
    rng, made = Random(f"credit {seed}"), a_paid_receipt(seed)
    before, reason = made.receipt.record, rng.choice(REASONS)
    amount = rng.choice((1, before.amount_minor, rng.randint(1, before.amount_minor)))
    stay = rng.choice([number for number in (2, 78, 2**48 - 2) if number != before.stay])
    record = counter_record(before, stay, amount, reason)
    receipt, chain, others = (
        made.receipt,
        made.receipt.chain,
        [rng.randbytes(32)] * rng.randint(0, 3),
    )
    if rng.random() < 0.1 or chain.batch == LAST:
        others = list(made.leaves)
    else:
        batch = rng.choice((chain.batch + 1, LAST))
        places = {"batch": batch, "transaction": hex32(rng), "block_hash": hex32(rng)}
        later = chain.block_number + rng.choice((0, 1, 2**20))
        chain = chain.model_copy(update=places | {"block_number": later})
    leaves = (*others, record.leaf())
    tree = Tree(leaves)
    if chain == receipt.chain:
        at = leaves.index(before.leaf())
        receipt = receipt.model_copy(update={"proof": Proof(**proof_fields(tree, at))})
    credit = Credit(
        format="berth-credit",
        version=1,
        corrects=receipt,
        reason=reason,
        record=record,
        proof=Proof(**proof_fields(tree, len(others))),
        chain=chain.model_copy(update={"word": word_hex(record.word())}),
    )
    return MadeCredit(credit, Made(receipt, made.key, made.leaves), leaves)


def as_filed(credit: Credit) -> Receipt:
    """The corrected receipt in the credit's place on the chain."""
    own = {"chain": credit.chain, "proof": credit.proof, "record": credit.record}
    return credit.corrects.model_copy(update=own)


def credit_answers(credit: Credit) -> dict[str, Any]:
    """What an honest node says of both records."""
    before, after = answers(credit.corrects), answers(as_filed(credit))
    key = question("eth_getTransactionReceipt", [credit.chain.transaction])
    if key in before:
        before[key]["logs"] += after.pop(key)["logs"]
    return after | before


MAX_LIES = 100


def credit_node_lies(rng: Random, made: MadeCredit) -> dict[str, Any]:
    """An honest node but for one of the two records."""
    credit = made.credit
    corrected = rng.random() < 0.3
    lied_of = credit.corrects if corrected else as_filed(credit)
    if not corrected and credit.chain.transaction == credit.corrects.chain.transaction:
        told = credit_answers(credit)
        mined = told[question("eth_getTransactionReceipt", [credit.chain.transaction])]
        mined["logs"].append(_unpaid(credit))
        return told
    key = question("eth_getTransactionReceipt", [lied_of.chain.transaction])
    honest = answers(lied_of)[key]
    for _ in range(MAX_LIES):
        # It may lie of something else: here only what became of the transaction is its own.
        lie = node_answers(rng, Made(lied_of, made.made.key, made.leaves))
        if lie.get(key) != honest:
            break
    return credit_answers(credit) | {key: lie.get(key)}


def _unpaid(credit: Credit) -> dict[str, Any]:
    stay = f"0x{credit.record.stay:064x}"
    return {
        "address": credit.chain.ledger,
        "topics": ["0x" + keccak(UNPAID_EVENT.encode()).hex(), stay],
        "data": f"0x{3:064x}{77:064x}",
    }


def filed_again(plain: Any, made: MadeCredit) -> bytes | None:
    """The operator's lie: its word and its proof are made to fit, in a batch of its own."""
    filed = SettlementRecord.model_validate_json(json.dumps(plain["record"]))
    tree = Tree([*made.leaves, filed.leaf()])
    plain["chain"]["word"] = word_hex(filed.word())
    plain["proof"] = json.loads(json.dumps(proof_fields(tree, len(made.leaves))))
    if made.credit.corrects.chain.batch == LAST:
        return None
    plain["chain"]["batch"] = LAST
    return dumped(plain)


def another_record(rng: Random, made: MadeCredit) -> bytes | None:
    plain = plain_of(made)
    before, record = plain["corrects"]["record"], plain["record"]
    others: dict[str, tuple[Any, ...]] = {
        "amount_minor": (0, before["amount_minor"] + 1, 2**32 - 1),
        "credit_of": (None, record["stay"], before["stay"] % 2**40 + 1),
        "stay": (before["stay"],),
        "driver_account": (before["driver_account"], 9),
        "owner_account": (before["owner_account"], 9),
        "lines": (hex32(rng), before["lines"]),
        "arrival": (hex32(rng),),
        "departure": (hex32(rng),),
        "booking": (hex32(rng),),
        "tariff": (hex32(rng),),
        "gateway": (an_address(rng),),
        "space": ("S.other",),
        "space_number": (before["space_number"] - 1 or 3,),
        "billed_s": (before["billed_s"] // 2 + 1, 0),
        "starts_at": (before["ends_at"][:-2] + "7Z",),
        "ends_at": (before["starts_at"][:-2] + "7Z",),
        "currency": ("XXX", before["currency"].lower()),
        "fee_bps": ((before["fee_bps"] + 1) % 1001,),
    }
    name = rng.choice(list(others))
    record[name] = rng.choice(others[name])
    return filed_again(plain, made)


def another_reason(rng: Random, made: MadeCredit) -> bytes | None:
    plain = plain_of(made)
    told = plain["reason"]
    changed = (told + " ", told[:-1], "\u200b" + told, told.upper(), "e\u0301", "é", " ")
    plain["reason"] = rng.choice(changed)
    return dumped(plain)


def another_corrected(rng: Random, made: MadeCredit) -> bytes | None:
    """A genuine receipt, but not the one that this counter-record corrects."""
    plain = plain_of(made)
    plain["corrects"] = plain_of(a_paid_receipt(rng.randrange(1000)))
    return dumped(plain)


def corrected_changed(rng: Random, made: MadeCredit) -> bytes | None:
    """A lie about the corrected receipt, inside the credit."""
    data = rng.choice(MUTATIONS)(rng, made.made)
    plain = plain_of(made)
    plain["corrects"] = "\u0001here"
    text = dumped(plain).replace(b'"\\u0001here"', data or b"null")
    return None if data is None else text


def part_of_another(rng: Random, made: MadeCredit) -> bytes | None:
    plain, other = plain_of(made), plain_of(a_credit(rng.randrange(1000)))
    name = rng.choice(("record", "proof", "chain", "reason"))
    plain[name] = rng.choice((other[name], plain["corrects"].get(name, other[name])))
    return dumped(plain)


def another_place(rng: Random, made: MadeCredit) -> bytes | None:
    """What stands in the file alone, or what only the chain knows."""
    plain = plain_of(made)
    which = rng.choice((plain["chain"], plain["corrects"]["chain"]))
    others: dict[str, tuple[Any, ...]] = {
        "batch": (1, 6, which["batch"] - 1 or 4, 2**53 - 2),
        "block_number": (0, 2**41 + 1),
        "chain_id": (7,),
        "ledger": (an_address(rng),),
        "registry": (an_address(rng),),
        "transaction": (hex32(rng), plain["corrects"]["chain"]["transaction"]),
        "block_hash": (hex32(rng),),
        "word": (hex32(rng), plain["corrects"]["chain"]["word"]),
    }
    name = rng.choice(list(others))
    which[name] = rng.choice(others[name])
    return dumped(plain)


def shown_as_a_receipt(rng: Random, made: MadeCredit) -> bytes | None:
    """A counter-record in the place of a settlement, or a receipt that calls itself a credit."""
    plain = plain_of(made)
    if rng.random() < 0.5:
        return dumped(plain["corrects"] | {"format": "berth-credit", "version": 1})
    own = {name: plain[name] for name in ("record", "proof", "chain")}
    more = {} if rng.random() < 0.5 else {"total_minor": plain["record"]["amount_minor"]}
    return dumped(plain["corrects"] | own | more)


LIES: tuple[Lie, ...] = (
    *OF_ANY,
    *(another_record,) * 6,
    another_reason,
    another_corrected,
    *(corrected_changed,) * 4,
    part_of_another,
    *(another_place,) * 2,
    shown_as_a_receipt,
)


def a_lie(seed: int, made: MadeCredit) -> tuple[str, bytes]:
    """The first of a seed's lies that says something else."""
    rng = Random(f"lie {seed}")
    while True:
        lie = rng.choice(LIES)
        data = lie(rng, made)
        if data is not None and (lie is name_twice or not says_the_same(data, made)):
            return lie.__name__, data


def says_the_same(data: bytes, made: MadeCredit) -> bool:
    """Another spelling, or a title left out: no lies."""
    try:
        found = Credit.model_validate_json(data)
    except (ValidationError, OverflowError):
        return False
    told = made.credit
    untitled = told.corrects.model_copy(update={"title": None})
    return found in (told, told.model_copy(update={"corrects": untitled}))
