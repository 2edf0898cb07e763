"""Lies about a valid receipt, drawn from a seed. None of them may be called a valid receipt.

A mutation gives other bytes, or None where this receipt has nothing of the kind to change.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from pydantic import ValidationError

from contracts.ledger.hashing import digest, keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.receipt import Receipt
from contracts.ledger.records import SettlementRecord, word_hex
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, address_of, event_digest, sign
from tests.receipts.drawn import Made, a_receipt, assembled, hex32
from tests.receipts.lies import another_title, chain_told_otherwise, one_lie_filed

Mutation = Callable[[Random, Made], bytes | None]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HUGE = (2**31, 2**32, 2**48, 2**53 - 1, 2**53, 2**63, 2**64, 2**256, 10**400, 10**5000)
ODD_TEXTS = ("\u0000", "é", "e\u0301", "🚗", "\u202e", "\uff11", " ", "\n", "\ufeff", "a" * 70)


def plain_of(made: Any) -> Any:
    """`made` is a `Made`, or what else has a `paper`."""
    return json.loads(made.paper.model_dump_json())


def dumped(plain: Any) -> bytes:
    # Raised where a number has more digits than Python would read back.
    text = json.dumps(short(plain), ensure_ascii=False)
    return long_numbers(text).encode("utf-8", "surrogatepass")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all that holds nothing else."""
    if isinstance(value, dict):
        return [found for name in value for found in leaves(value[name], (*path, name))]
    if isinstance(value, list):
        return [found for i, item in enumerate(value) for found in leaves(item, (*path, i))]
    return [path]


def objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in objects(item))]
    return [found for item in value for found in objects(item)] if isinstance(value, list) else []


def inside(plain: Any, path: tuple[Any, ...]) -> Any:
    for part in path[:-1]:
        plain = plain[part]
    return plain


def another_value(rng: Random, made: Any) -> bytes | None:
    plain = plain_of(made)
    path = rng.choice(leaves(plain))
    holder = inside(plain, path)
    holder[path[-1]] = changed(rng, holder[path[-1]])
    return dumped(plain)


def changed(rng: Random, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return rng.choice((0, "", "x", [], {}, True))
    if isinstance(value, int | float):
        near = (value + 1, value - 1, -value, value * 2, value / 3, value + 0.5, value + 0.0001)
        kinds = (str(value), [value], None, value > 0, {"value": value}, f"0x{int(value):x}")
        return rng.choice((*near, *HUGE, *kinds))
    return rng.choice((_flipped(rng, value), _flipped(rng, value), _retold(rng, value)))


def a_huge_number(rng: Random, made: Any) -> bytes | None:
    plain = plain_of(made)
    numbers = [path for path in leaves(plain) if isinstance(held_at(plain, path), int | float)]
    path = rng.choice(numbers)
    inside(plain, path)[path[-1]] = rng.choice((*HUGE, -1, -(2**53), -(10**400)))
    return dumped(plain)


def held_at(plain: Any, path: tuple[Any, ...]) -> Any:
    return inside(plain, path)[path[-1]]


def _flipped(rng: Random, text: str) -> str:
    at = rng.randrange(len(text)) if text else 0
    digits = "0123456789abcdefABCDEFxyzTZ-_.:"
    return text[:at] + rng.choice(digits) + text[at + 1 :]


def _retold(rng: Random, text: str) -> Any:
    odd = rng.choice(ODD_TEXTS)
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)
    changed = (text + odd, odd + text, odd, "", text[:-1], text.upper(), text.lower(), wide)
    return rng.choice((*changed, text[2:], text.replace("Z", "+00:00"), None, 0, [text], {text: 1}))


def field_dropped(rng: Random, made: Any) -> bytes | None:
    plain = plain_of(made)
    holder = rng.choice(objects(plain))
    holder.pop(rng.choice(list(holder)), None)
    return dumped(plain)


def field_added(rng: Random, made: Any) -> bytes | None:
    plain = plain_of(made)
    holder = rng.choice(objects(plain))
    name = rng.choice(("note", "Format", "__proto__", "constructor", "plate", "hasOwnProperty", ""))
    holder.setdefault(name + " " * (name in holder), rng.choice((0, "paid", None, {}, [])))
    return dumped(plain)


def name_twice(rng: Random, made: Any) -> bytes | None:
    """The same name twice in one object: readers that keep another one read another receipt."""
    plain = plain_of(made)
    path = rng.choice([path for path in leaves(plain) if isinstance(path[-1], str)])
    holder = inside(plain, path)
    held, mark = holder[path[-1]], "\u0001twin"
    holder[path[-1]] = mark
    spelled = json.dumps(path[-1])
    twin = rng.choice((spelled, '"' + "".join(f"\\u{ord(c):04x}" for c in path[-1]) + '"'))
    other = dumped(rng.choice((held, changed(rng, held)))).decode()
    first, second = rng.choice(((json.dumps(held), other), (other, json.dumps(held))))
    text = json.dumps(plain).replace(json.dumps(mark), f"{first},{twin}:{second}")
    return text.encode()


def byte_changed(rng: Random, made: Any) -> bytes | None:
    data = bytearray(dumped(plain_of(made)))
    at = rng.randrange(len(data))
    if rng.random() < 0.5:
        data[at] ^= 1 << rng.randrange(8)
    else:
        data[at : at + rng.choice((0, 1, 2))] = rng.choice((b"", b"\\", b'"', b"0", b"-", b"\xc3"))
    return bytes(data)


def cut_or_wrapped(rng: Random, made: Any) -> bytes | None:
    data = dumped(plain_of(made))
    cut = rng.randrange(len(data))
    whole = (b"\xef\xbb\xbf" + data, b"[" + data + b"]", data + b"{}", data + b"\x0b", b"", b"null")
    return rng.choice((data[:cut], data[cut:], data[:cut] + data[cut + 1 :], *whole))


def list_reordered(rng: Random, made: Made) -> bytes | None:
    plain = plain_of(made)
    lists = [plain["events"], plain["lines"], plain["stay"]["billed"], plain["proof"]["siblings"]]
    chosen = rng.choice([found for found in lists if found] or [plain["events"]])
    how = rng.choice(("drop", "twice", "swap", "reverse"))
    at = rng.randrange(len(chosen))
    if how == "drop":
        chosen.pop(at)
    elif how == "twice":
        chosen.insert(at, chosen[at])
    elif how == "swap":
        chosen.insert(rng.randrange(len(chosen)), chosen.pop(at))
    else:
        chosen.reverse()
    return dumped(plain)


def event_of_another(rng: Random, made: Made) -> bytes | None:
    plain = plain_of(made)
    other = plain_of(a_receipt(rng.randrange(1000)))
    part = rng.choice(("events", "record", "tariff", "booking", "proof", "stay", "lines", "chain"))
    if part == "events":
        at = rng.randrange(len(plain["events"]))
        plain["events"][at] = rng.choice(other["events"])
    else:
        plain[part] = other[part]
    return dumped(plain)


def signature_respelled(rng: Random, made: Made) -> bytes | None:
    """Other bytes that recover to the same key, or to none at all."""
    plain = plain_of(made)
    event = rng.choice(plain["events"])
    raw = bytes.fromhex(event["signature"][2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]
    twin = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    bare = r + s.to_bytes(32, "big")
    ends = (bytes([v - 27]), bytes([55 - v]), b"\x00", b"\xff")
    zero = bytes(32)
    made_up = (twin, zero + raw[32:], r + zero + raw[64:], ORDER.to_bytes(32, "big") + raw[32:])
    event["signature"] = "0x" + rng.choice((*made_up, *(bare + end for end in ends))).hex()
    return dumped(plain)


def _lied(rng: Random, event: dict[str, Any]) -> None:
    name = rng.choice(("at", "uncertainty_s", "clock", "occupancy", "match", "seq", "previous"))
    others: dict[str, tuple[Any, ...]] = {
        "at": (event["at"][:17] + "59.999Z", event["at"][:14] + "59:00.000Z"),
        "uncertainty_s": (0, 0.001, 3600),
        "clock": ("synced", "holdover", "unsynced"),
        "occupancy": ("free", "occupied", "unknown", None),
        "match": ("accepted", "ambiguous", "other", "none"),
        "seq": (1, event["seq"] + 1, 2**53 - 1),
        "previous": (hex32(rng),),
    }
    event[name] = rng.choice([value for value in others[name] if value != event[name]])


def one_event_signed_again(rng: Random, made: Made) -> bytes | None:
    """By the gateway's own key, after one value was changed."""
    plain = plain_of(made)
    event = rng.choice(plain["events"])
    _lied(rng, event["body"])
    event["signature"] = _signature(event["body"], made.receipt.domain(), made.key)
    return dumped(plain)


def all_events_signed_again(rng: Random, made: Made) -> bytes | None:
    """Changed and chained anew, by the gateway's key or by a liar's; what was filed stays."""
    plain = plain_of(made)
    key = rng.choice((made.key, keccak(b"a liar")))
    _lied(rng, rng.choice(plain["events"])["body"])
    if rng.random() < 0.5:
        plain["gateway"]["signer"] = address_of(key)
    previous = plain["events"][0]["body"]["previous"]
    for event in plain["events"]:
        event["body"]["previous"] = previous
        event["signature"] = _signature(event["body"], made.receipt.domain(), key)
        body = Event.model_validate_json(json.dumps(event["body"]))
        previous = "0x" + event_digest(body, made.receipt.domain()).hex()
    return dumped(plain)


def _signature(body: dict[str, Any], domain: Domain, key: bytes) -> str:
    return sign(event_digest(Event.model_validate_json(json.dumps(body)), domain), key)


def forged_whole(rng: Random, made: Made) -> bytes | None:
    """A receipt that holds in itself, by a key that no registry knows: only the chain can tell."""
    genuine = made.receipt
    bodies: list[Event] = [event.body for event in genuine.events]
    agreed = (genuine.tariff, genuine.booking)
    forged = assembled(rng, genuine.domain(), agreed, bodies, keccak(b"a liar")).receipt
    chain = genuine.chain.model_copy(update={"word": forged.chain.word})
    return forged.model_copy(update={"chain": chain}).model_dump_json().encode()


def record_filed_again(rng: Random, made: Made) -> bytes | None:
    """The operator's lie: another record, with its own word and a proof that leads to a root."""
    plain = plain_of(made)
    record = plain["record"]
    name = rng.choice(("amount_minor", "billed_s", "stay", "space_number", "fee_bps", "credit_of"))
    record[name] = {"fee_bps": 999, "credit_of": 5}.get(name, (record[name] or 0) // 2 + 1)
    if rng.random() < 0.3:
        plain["lines"].append(
            {"code": "overstay", "billed_s": 60, "per_hour_minor": 60, "amount_minor": 1}
        )
        plain["total_minor"] += 1
        record["amount_minor"], record["lines"] = plain["total_minor"], digest(plain["lines"])
    filed = SettlementRecord.model_validate_json(json.dumps(record))
    tree = Tree([filed.leaf(), *made.leaves])
    plain["chain"]["word"] = word_hex(filed.word())
    plain["proof"] = {
        "root": "0x" + tree.root.hex(),
        "siblings": ["0x" + node.hex() for node in tree.proof(0)],
    }
    return dumped(plain)


# Of any paper, whatever it says.
OF_ANY: tuple[Callable[[Random, Any], bytes | None], ...] = (
    *(another_value,) * 6,
    a_huge_number,
    field_dropped,
    field_added,
    name_twice,
    byte_changed,
    byte_changed,
    cut_or_wrapped,
)
MUTATIONS: tuple[Mutation, ...] = (
    *OF_ANY,
    list_reordered,
    event_of_another,
    signature_respelled,
    one_event_signed_again,
    all_events_signed_again,
    forged_whole,
    record_filed_again,
    *(one_lie_filed,) * 4,
    chain_told_otherwise,
    another_title,
)


def says_the_same(data: bytes, made: Made) -> bool:
    """Another spelling of the same values is no lie, and neither is less than the whole:

    a title's proof may be left out, as not every receipt carries one.
    """
    try:
        found = Receipt.model_validate_json(data)
    except (ValidationError, OverflowError):
        return False
    untitled = made.receipt.model_copy(update={"title": None})
    return found in (made.receipt, untitled)


def a_mutation(seed: int, made: Made) -> tuple[str, bytes]:
    """The first of a seed's mutations that says something else."""
    rng = Random(f"mutation {seed}")
    while True:
        mutation = rng.choice(MUTATIONS)
        data = mutation(rng, made)
        if data is not None and (mutation is name_twice or not says_the_same(data, made)):
            return mutation.__name__, data


MARK = "\u0001digits "


def short(value: Any) -> Any:
    """Numbers beyond Python's limit of digits leave as marks (`sys.get_int_max_str_digits`)."""
    if isinstance(value, dict):
        return {name: short(item) for name, item in value.items()}
    if isinstance(value, list):
        return [short(item) for item in value]
    return MARK if isinstance(value, int) and value >= 10**4000 else value


def long_numbers(text: str) -> str:
    return text.replace(json.dumps(MARK), "1" + "0" * 5000)
