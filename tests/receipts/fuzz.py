"""Both verifiers on files that nobody listed: `python -m tests.receipts.fuzz --seconds 300`.

Several lies at once, parts of them mended so that deeper links are reached, other spellings of the
same text, and nodes that answer nonsense. Both must say the same of each, and neither may pass what
is not the file it was drawn from. Exit 1 names each seed: `--from SEED --cases 1` runs it alone.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from contracts.ledger import files
from contracts.ledger.charge import Charge, ChargeRecord
from contracts.ledger.credit import Credit, reason_digest
from contracts.ledger.hashing import digest, keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.pending import Pending
from contracts.ledger.pricing import Tariff
from contracts.ledger.receipt import Link, Receipt
from contracts.ledger.records import BookingRecord, SettlementRecord, tariff_digest, word_hex
from contracts.ledger.stay import evidence_of
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, event_digest, sign
from contracts.wire.types import format_instant
from tests.receipts import charges, credits, mutations
from tests.receipts.charges import MadeCharge, a_charge, charge_answers
from tests.receipts.credits import MadeCredit, a_credit, credit_answers
from tests.receipts.drawn import Made, a_receipt, an_address, answers, hex32
from tests.receipts.judged import NODE, Case, verdicts
from tests.receipts.mutations import inside, leaves, objects
from tests.receipts.waiting import Waiting, a_pending

Paper = Made | MadeCredit | MadeCharge | Waiting
Mend = Callable[[Any, Random, bytes], None]
TRIES = 8
DIGEST, INSTANT = re.compile(r"0x[0-9a-f]{64}"), re.compile(r"\d{4}-\d\d-\d\dT.*Z")
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    "",
    0,
    -1,
    1.0,
    0.5,
    1e-7,
    2**53,
    2**63,
    "0",
    [],
    {},
    "\ud7ff",
    "\U0010ffff",
)


def drawn(seed: int) -> tuple[Paper, bytes, dict[str, Any]]:
    """A genuine file of one of the kinds, its gateway's key, and what an honest node says."""
    kinds = ("receipt", "receipt", "credit", "charge", "draft")
    return _paper(kinds[seed % len(kinds)], seed // len(kinds) % 300)


@cache
def _paper(kind: str, seed: int) -> tuple[Paper, bytes, dict[str, Any]]:
    if kind == "draft":
        return a_pending(seed), b"", {}
    if kind == "charge":
        charge = a_charge(seed)
        return charge, b"", charge_answers(charge.charge)
    if kind == "credit":
        made = a_credit(seed)
        return made, made.made.key, credit_answers(made.credit)
    receipt = a_receipt(seed)
    return receipt, receipt.key, answers(receipt.receipt)


@dataclass(frozen=True, slots=True)
class Drawn:
    """`by_operator`: who holds the ledger's keys and no gateway's tells the lie, and files it."""

    case: Case
    by_operator: bool


def a_case(seed: int) -> Drawn:
    rng = Random(f"fuzz {seed}")
    paper, key, node = drawn(seed)
    by_operator = bool(node) and rng.random() < 0.3
    plain = _lied(rng, paper, b"" if by_operator else key or keccak(b"a liar"))
    short, ascii_only = mutations.short(plain), rng.random() < 0.5
    text = json.dumps(short, ensure_ascii=ascii_only, separators=rng.choice(SPACED))
    text = mutations.long_numbers(text)
    if by_operator:
        node = _agreeing(text) or node
    data = _respelled(rng, text) if rng.random() < 0.2 else _bytes(text)
    node = _odd_node(rng, node) if node and rng.random() < 0.12 else node
    return Drawn(Case(f"fuzz {seed}", data, node), by_operator)


def _lied(rng: Random, paper: Paper, key: bytes) -> Any:
    """Most still read as a file of its kind: their lies are deeper than the format."""
    deep = rng.random() < 0.7
    for _ in range(TRIES):
        plain = json.loads(paper.paper.model_dump_json())
        changes = rng.choice((0, 1, 1, 2, 3))
        for _ in range(changes):
            _change(rng, plain)
        if changes and rng.random() < 0.8:
            _mended(rng, plain, key)
        if not deep or not isinstance(files.read(_bytes(json.dumps(mutations.short(plain)))), Link):
            break
    return plain


def _agreeing(text: str) -> dict[str, Any]:
    """A chain on which just this was filed."""
    found = files.read(_bytes(text))
    if isinstance(found, Credit):
        return credit_answers(found)
    if isinstance(found, Charge):
        return charge_answers(found)
    return answers(found) if isinstance(found, Receipt) else {}


SPACED = ((",", ":"), (", ", ": "), ("\n,\t", "\r:"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


HOW = (*("near",) * 7, *("swap",) * 3, "list", "list", "other", "odd", "field")


def _change(rng: Random, plain: Any) -> None:
    paths = leaves(plain)
    path = rng.choice(paths)
    holder, value = inside(plain, path), mutations.held_at(plain, path)
    how = rng.choice(HOW)
    if how == "near":
        holder[path[-1]] = _near(rng, value)
    elif how == "swap":
        alike = [one for one in paths if type(mutations.held_at(plain, one)) is type(value)]
        holder[path[-1]] = mutations.held_at(plain, rng.choice(alike))
    elif how == "other":
        holder[path[-1]] = mutations.changed(rng, value)
    elif how == "odd":
        holder[path[-1]] = rng.choice(ODD)
    elif how == "list":
        _relisted(rng, plain)
    else:
        one = rng.choice(objects(plain))
        name = rng.choice(list(one) or ["x"])
        one.pop(name, None) if rng.random() < 0.6 else one.update({name: None, "x" + name: 1})


def _near(rng: Random, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return rng.choice((5, "gw-1", "0x" + "00" * 32))
    if isinstance(value, int | float):
        return value + rng.choice((1, -1, 1000, -1000, 0.001, -0.001, 0.0005, 2**16))
    if DIGEST.fullmatch(value):
        return hex32(rng)
    if INSTANT.fullmatch(value):
        at = rng.randrange(18, 23) if rng.random() < 0.8 else rng.randrange(len(value))
        return value[:at] + rng.choice("0123456789") + value[at + 1 :]
    if value.startswith("0x") and len(value) == 42:
        return rng.choice((an_address(rng), value.lower(), value.upper().replace("X", "x")))
    choices = ("synced", "holdover", "unsynced", "occupied", "free", "unknown", "accepted", "none")
    return rng.choice((*choices, value + "1", "S1", "parking", "free", "cap", "CNY", "EUR"))


def _relisted(rng: Random, plain: Any) -> None:
    lists = [value for one in objects(plain) for value in one.values() if isinstance(value, list)]
    chosen = rng.choice(lists or [[]])
    how = rng.randrange(4)
    if how == 0 and chosen:
        chosen.pop(rng.randrange(len(chosen)))
    elif how == 1 and chosen:
        chosen.append(rng.choice(chosen))
    elif how == 2:
        rng.shuffle(chosen)
    else:
        chosen.clear()


def _mended(rng: Random, plain: Any, key: bytes) -> None:
    """In this order, each or not: a lie that fits what stands before it reaches what comes after.

    What does not read any more cannot be mended.
    """
    if plain.get("format") == "berth-charge":
        _charge_mended(plain, rng)
        return
    told = plain.get("draft") or plain.get("corrects") or plain
    for mend in (_grant, _signatures, _times, _sum, _record, _filed):
        if rng.random() < 0.75 and (key or mend is not _signatures):
            with suppress(ValueError, TypeError, LookupError, AttributeError, OverflowError):
                mend(told, rng, key)
    if "corrects" in plain and rng.random() < 0.75:
        with suppress(ValueError, TypeError, LookupError, AttributeError, OverflowError):
            _filed(plain, rng, key)
    if "draft" in plain and rng.random() < 0.75:
        with suppress(ValueError, TypeError, LookupError, AttributeError, OverflowError):
            record = SettlementRecord.model_validate_json(json.dumps(told["record"]))
            plain["leaf"] = "0x" + record.leaf().hex()


def _charge_mended(plain: Any, rng: Random) -> None:
    for mend in (_charged_booking, _charged_reason, _charge_filed):
        if rng.random() < 0.75:
            with suppress(ValueError, TypeError, LookupError, AttributeError, OverflowError):
                mend(plain)


def _charged_booking(plain: Any) -> None:
    plain["booking"]["tariff"] = tariff_digest(
        Tariff.model_validate_json(json.dumps(plain["tariff"]))
    )
    bound = BookingRecord.model_validate_json(json.dumps(plain["booking"])).bound()
    plain["booking"]["grant"] = bound.grant
    plain["record"] |= {"booking": bound.digest(), "space": bound.space}


def _charged_reason(plain: Any) -> None:
    plain["record"]["reason"] = reason_digest(plain["reason"])


def _charge_filed(plain: Any) -> None:
    record = ChargeRecord.model_validate_json(json.dumps(plain["record"]))
    plain["chain"]["word"] = word_hex(record.word())
    plain["proof"] = {"root": "0x" + record.leaf().hex(), "siblings": []}


def _grant(told: Any, rng: Random, key: bytes) -> None:
    bound = BookingRecord.model_validate_json(json.dumps(told["booking"])).bound()
    before, told["booking"]["grant"] = told["booking"]["grant"], bound.grant
    for event in told["events"]:
        if event["body"]["grant"] == before:
            event["body"]["grant"] = bound.grant


def _domain(told: Any) -> Domain:
    place = told.get("chain") or told
    return Domain(place["chain_id"], place["ledger"])


def _signatures(told: Any, rng: Random, key: bytes) -> None:
    previous = told["events"][0]["body"]["previous"]
    for event in told["events"]:
        event["body"]["previous"] = previous
        body = Event.model_validate_json(json.dumps(event["body"]))
        found = event_digest(body, _domain(told))
        event["signature"], previous = sign(found, key), "0x" + found.hex()


def _bodies(told: Any) -> list[Event]:
    return [Event.model_validate_json(json.dumps(event["body"])) for event in told["events"]]


def _times(told: Any, rng: Random, key: bytes) -> None:
    found = evidence_of(_bodies(told))
    if found is None:
        return
    arrived, departed = (format_instant(at) for at in (found.arrived_at, found.departed_at))
    billed = [
        {"starts_at": format_instant(a), "ends_at": format_instant(b)} for a, b in found.billed
    ]
    told["stay"] = {"arrived_at": arrived, "departed_at": departed, "billed": billed}
    told["record"] |= {"starts_at": arrived, "ends_at": departed, "billed_s": found.billed_s}


def _sum(told: Any, rng: Random, key: bytes) -> None:
    told["total_minor"] = sum(line["amount_minor"] for line in told["lines"])
    told["record"]["amount_minor"] = told["total_minor"]
    told["record"]["lines"] = digest(told["lines"])


def _record(told: Any, rng: Random, key: bytes) -> None:
    ends = [event_digest(body, _domain(told)).hex() for body in _bodies(told)]
    bound = BookingRecord.model_validate_json(json.dumps(told["booking"]))
    told["record"] |= {"arrival": "0x" + ends[0], "departure": "0x" + ends[-1]}
    told["record"] |= {"booking": bound.digest(), "tariff": bound.tariff, "space": bound.space}


def _filed(told: Any, rng: Random, key: bytes) -> None:
    record = SettlementRecord.model_validate_json(json.dumps(told["record"]))
    told["chain"]["word"] = word_hex(record.word())
    others = [rng.randbytes(32) for _ in range(rng.choice((0, 1, 2)))]
    tree = Tree([record.leaf(), *others])
    siblings = ["0x" + node.hex() for node in tree.proof(0)]
    told["proof"] = {"root": "0x" + tree.root.hex(), "siblings": siblings}


SPELLINGS: tuple[tuple[str, str], ...] = (
    (r":(\d+)([,}\]])", r":\g<1>.0\2"),
    (r":(\d+)([,}\]])", r":\g<1>e0\2"),
    (r":(\d+)([,}\]])", r":0\1\2"),
    (r":(\d+)([,}\]])", r":-\1\2"),
    (r":(\d+)([,}\]])", r":+\1\2"),
    (r":0([,}\]])", r":-0\1"),
    (r":(\d+)\.(\d+)", r":\1.\g<2>0"),
    (r":(\d+)\.(\d+)", r":\1\2e-1"),
    (r":(\d+)\.0", r":\1"),
    (r":(\d+)\.(\d+)", r":\1.\g<2>00000000000000000001"),
    (r'"e', r'"\\u0065'),
    (r"0x", r"0\\u0078"),
    (r"/", r"\\/"),
    (r'"([a-z]+)":', r'"\1" :'),
    (r",", ",\u00a0"),
    (r",", ",\u2028"),
    (r",", ",\f"),
    (r",", ",/**/"),
    (r"\}", ",}"),
    (r"null", "NaN"),
    (r"null", "Infinity"),
    (r"null", "nul"),
    (r":\d+", ":1" + "0" * 400),
    (r'"([a-z]+)"', r'"\1\\u0000"'),
    (r'"([a-z]+)"', r"'\1'"),
    (r'"([a-z]+)":', r'"\1":0,"\1":'),
    (r'"([a-z]+)":', r'"__proto__":{},"\1":'),
    (r'":"', '":"\\\\ud83d'),
    (r'":"', '":"\\\\ud83d\\\\ude97'),
    (r"\[", "[" * 40 + "]" * 40 + ",["),
)
WHOLE: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: data.decode("utf-8", "replace").encode("utf-16"),
    lambda data: b" \r\n\t" + data + b" \n",
    lambda data: data + b"\0",
    lambda data: data[:-1],
    lambda data: data.replace(b"a", b"\xc1\xa1", 1),
    lambda data: data.replace(b'"', b'"\xed\xa0\x80', 1),
    lambda data: data + b" " * (1 << 20),
)


def _respelled(rng: Random, text: str) -> bytes:
    if rng.random() < 0.15:
        return rng.choice(WHOLE)(_bytes(text))
    was, now = rng.choice(SPELLINGS)
    places = list(re.finditer(was, text))
    if not places:
        return _bytes(text)
    chosen = rng.choice(places)
    return _bytes(text[: chosen.start()] + chosen.expand(now) + text[chosen.end() :])


def _odd_node(rng: Random, node: dict[str, Any]) -> dict[str, Any]:
    told = json.loads(json.dumps(node))
    path = rng.choice(leaves(told))
    holder, value = inside(told, path), mutations.held_at(told, path)
    odd: tuple[Any, ...] = (
        None,
        "",
        "0x",
        "0x0",
        "0x1",
        "1",
        1,
        [],
        {},
        True,
        "0xzz",
        "0x123",
        "0x_1",
        " 0x1",
    )
    texts = (value.upper(), value.replace("0x", "0X"), value + "00", value[:-2], value[2:])
    holder[path[-1]] = rng.choice((*odd, *texts))
    return told  # type: ignore[no-any-return]


# What no signed event binds: numbers of the ledger's own, and where a record stands.
FREE = ("chain", "proof", "title", "reason", "amount_minor", "lines", "credit_of")
OWN = ("stay", "space_number", "fee_bps")


def _bound(plain: dict[str, Any]) -> dict[str, Any]:
    """What an operator cannot change without the gateway's key."""
    record = {name: value for name, value in plain["record"].items() if name not in OWN}
    if "corrects" in plain:
        record = {name: value for name, value in record.items() if name not in FREE}
        return {"record": record, "corrects": _bound(plain["corrects"])}
    kept = {name: value for name, value in plain.items() if name not in ("chain", "proof", "title")}
    place = {name: plain["chain"][name] for name in ("chain_id", "ledger")}
    return kept | {"record": record, "place": place}


def is_genuine(told: Drawn, seed: int) -> bool:
    paper, _, _ = drawn(seed)
    data = told.case.data
    if isinstance(paper, MadeCharge):
        # Who holds the ledger's keys files what he likes of it: no gateway has signed anything.
        return told.by_operator or charges.says_the_same(data, paper)
    if told.by_operator:
        found = files.read(data)
        assert not isinstance(found, Link)
        plain = paper.paper.model_dump(mode="json")
        return _bound(found.model_dump(mode="json")) == _bound(plain)
    if isinstance(paper, Waiting):
        return _is_draft_of(paper, files.read(data))
    if isinstance(paper, MadeCredit):
        return credits.says_the_same(data, paper)
    return mutations.says_the_same(data, paper)


def _is_draft_of(paper: Waiting, found: files.Paper | Link) -> bool:
    """Of what will be filed, the gateway has signed no more than of what is."""
    assert isinstance(found, Pending)
    if found.draft is None:
        return True
    drafts = (found.draft.model_dump(mode="json"), paper.paper.model_dump(mode="json")["draft"])
    said, genuine = (draft | {"chain": draft} for draft in drafts)
    return _bound(said) == _bound(genuine)


def cases(first: int, until_s: float, most: int, kept: list[Drawn]) -> Iterator[Case]:
    """`kept`: the one that was asked for last."""
    for seed in range(first, first + most):
        if time.monotonic() > until_s:
            return
        kept[:] = [a_case(seed)]
        yield kept[0].case


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--from", dest="first", type=int, default=0, metavar="SEED")
    asked.add_argument("--cases", type=int, default=10**9)
    given = asked.parse_args()
    if NODE is None:
        print("fuzz: needs node (18 or later) to run the browser's verifier.", file=sys.stderr)
        return 2
    links: Counter[str] = Counter()
    passed, wrong, count = 0, 0, 0
    kept: list[Drawn] = []
    shown = cases(given.first, time.monotonic() + given.seconds, given.cases, kept)
    for count, verdict in enumerate(verdicts(shown), 1):
        seed = given.first + count - 1
        accepted = not set(verdict.python) - {"(pending)"}
        links.update(verdict.python)
        passed += accepted
        if verdict.python != verdict.script or (accepted and not is_genuine(kept[0], seed)):
            wrong += 1
            print(f"seed {seed}: python {verdict.python}, script {verdict.script}", flush=True)
    print(f"cases {count}, passed as genuine {passed}, different or wrongly passed {wrong}")
    print("refused at:", ", ".join(f"{name} {n}" for name, n in links.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
