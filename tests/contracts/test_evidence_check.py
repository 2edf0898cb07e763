"""A dispute on the chain: the contract finds what the verifier finds, in code and in arithmetic."""

import json
import re
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ledger.disputes import ANSWERS, FIRST_FINDING, MAX_EVENTS, brought
from contracts.ledger.hashing import keccak, unhex
from contracts.ledger.merkle import leaf_hash
from contracts.ledger.pricing import Rate, Stretch, Tariff, Terms, Tier, Window, quote, total
from contracts.ledger.receipt import Receipt, verify
from contracts.ledger.records import (
    BOOKING_STRUCT,
    NO_CAP,
    SETTLEMENT_STRUCT,
    TARIFF_STRUCT,
    TERMS_STRUCT,
    tariff_digest,
)
from contracts.ledger.structs import Struct, table_digest
from contracts.wire.messages import Event
from contracts.wire.signing import EVENT_TYPE, address_of, sign
from contracts.wire.types import to_ms
from tests.contracts import making
from tests.contracts.evidence_rig import CONTRACTS, Rig
from tests.contracts.test_receipt import CHANGES, changed
from tests.receipts.priced import a_tariff

GENUINE = making.receipt()
RIG = Rig()


@pytest.fixture
def rig() -> Rig:
    """One chain for all, set back to the genuine batch and key."""
    RIG.put(GENUINE)
    RIG.name(address_of(making.KEY), "gw-1")
    return RIG


def test_a_genuine_receipt_agrees(rig: Rig) -> None:
    assert rig.check(GENUINE) == 0


# By the names of test_receipt's changes. What only people are shown is not brought: 0.
CODES = {
    "arrival time": 6,
    "departure time": 8,
    "uncertainty": 6,
    "plate commitment": 6,
    "sequence number": 8,
    "sequence number out of order": 8,
    "signature": 8,
    "signer": 0,
    "gateway name": 0,
    "event left out": 7,
    "events swapped": 7,
    "price": 5,
    "tariff version": 5,
    "cap": 5,
    "grace": 4,
    "window": 4,
    "driver account": 4,
    "grant": 0,
    "shown arrival": 0,
    "billed interval": 0,
    "a line's amount": 0,
    "total": 0,
    "record amount": 2,
    "record stay number": 2,
    "word": 0,
    "proof node": 2,
    "proof node left out": 2,
    "root": 0,
    "chain id": 0,
    "ledger address": 0,
    "billed interval's beginning": 0,
    "title": 0,
    "title's root": 0,
    "fee": 2,
    "corrected stay": 2,
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_receipt_is_answered_by_the_part_that_no_longer_fits(rig: Rig, what: str) -> None:
    found = changed(CHANGES[what][0])
    if isinstance(found, Receipt):
        assert rig.check(found) == CODES[what]
    else:
        assert what not in CODES


def lie(*events: Event, **recorded: object) -> Receipt:
    return making.receipt(making.chained(list(events)) if events else None, **recorded)  # type: ignore[arg-type]


A, B, C, D = making.stay_events()
DEARER = making.TARIFF.model_copy(update={"per_hour_minor": 6000})
GRANT = making.booking().grant
LIES = [
    (lie(driver_account=9), 16),
    (lie(owner_account=9), 16),
    (lie(tariff="0x" + "12" * 32), 17),
    (lie(currency="EUR"), 17),
    (lie(agreed=making.booking(tariff=tariff_digest(DEARER))), 17),
    (lie(space="S2"), 18),
    (lie(A, B.model_copy(update={"space": "S2"}), C, D), 18),
    (lie(A, B.model_copy(update={"seq": 3}), C, D), 19),
    (lie(A, B, C, D.model_copy(update={"seq": 1})), 19),
    (lie(A.model_copy(update={"match": "none"}), D), 20),
    (lie(A.model_copy(update={"grant": None}), D), 20),
    (lie(agreed=making.booking(quoted_minor=1)), 20),
    (lie(A, C.model_copy(update={"match": "other"}), D), 21),
    (lie(A, C.model_copy(update={"match": "ambiguous"}), D), 21),
    (lie(A, C.model_copy(update={"grant": "another"}), D), 21),
    (lie(A, C.model_copy(update={"occupancy": "free"}), D), 22),
    (lie(A, B), 22),
    (lie(A.model_copy(update={"occupancy": "unknown"}), C, D), 22),
    (lie(starts_at=making.at(1)), 23),
    (lie(ends_at=making.at(9000)), 23),
    (lie(billed_s=1), 24),
    (lie(amount_minor=1), 25),
    (lie(amount_minor=2**32 - 1), 25),
    (lie(gateway=address_of(making.OTHER_KEY)), 8),
    (lie(credit_of=7), 3),
    (lie(arrival="0x" + "12" * 32), 6),
    (lie(departure="0x" + "12" * 32), 6),
]


@pytest.mark.parametrize(("receipt", "code"), LIES)
def test_a_filed_lie_is_found_and_goes_on_record(rig: Rig, receipt: Receipt, code: int) -> None:
    rig.put(receipt)
    assert rig.check(receipt) == code
    assert rig.ask("dispute", brought(receipt)) == code
    said = [[unhex_or_bytes(topic) for topic in log.topics] for log in rig.logs()]
    topic = keccak(b"Disputed(uint256,uint256,address)")
    expected = [topic, word(receipt.record.stay), word(code)]
    assert [topics[:3] for topics in said] == ([expected] if code >= FIRST_FINDING else [])
    assert not all(link.ok for link in verify(receipt))


def unhex_or_bytes(topic: Any) -> bytes:
    return unhex(topic) if isinstance(topic, str) else bytes(topic)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_that_record_and_evidence_agree_goes_on_record_too(rig: Rig) -> None:
    assert rig.ask("dispute", brought(GENUINE)) == 0
    assert len(rig.logs()) == 1


def test_a_key_that_the_registry_does_not_name_is_no_proof_of_a_lie(rig: Rig) -> None:
    rig.name(address_of(making.KEY), "")
    assert rig.ask("dispute", brought(GENUINE)) == 9
    assert rig.logs() == []
    rig.name(address_of(making.KEY), "gw-2")
    assert rig.check(GENUINE) == 9


def test_a_malleable_twin_of_a_signature_is_refused(rig: Rig) -> None:
    *rest, events = brought(GENUINE)
    body, v, r, s = events[0]
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    assert rig.ask("check", (*rest, [(body, 55 - v, r, order - s), *events[1:]])) == 8


def test_sixteen_events_are_answered_and_more_are_refused(rig: Rig) -> None:
    middle = [making.event(n, "snapshot", "occupied", 300 + n) for n in range(4, 19)]
    most = lie(A, *middle[:14], D.model_copy(update={"seq": 99}))
    rig.put(most)
    assert len(most.events) == MAX_EVENTS
    assert rig.check(most) == 0
    more = lie(A, *middle, D.model_copy(update={"seq": 99}))
    rig.put(more)
    with pytest.raises(RuntimeError):
        rig.check(more)


@pytest.mark.parametrize(
    ("contract", "function", "takes", "gives"),
    [
        ("ParkingLedger", "verify_record", ["uint256", "bytes32", "bytes32[]"], "bool"),
        ("ParkingLedger", "is_settled", ["uint256"], "bool"),
        ("ParkingLedger", "registry", [], "address"),
        ("PropertyRegistry", "gateway_of", ["address"], "bytes32"),
    ],
)
def test_ledger_and_registry_answer_what_is_asked_of_the_holder_here(
    contract: str, function: str, takes: list[str], gives: str
) -> None:
    text = (CONTRACTS / "artifacts" / f"{contract}.json").read_text("utf-8")
    (found,) = [entry for entry in json.loads(text)["abi"] if entry.get("name") == function]
    assert [item["type"] for item in found["inputs"]] == takes
    assert [item["type"] for item in found["outputs"]] == [gives]
    assert found["stateMutability"] == "view"


def test_every_answer_has_its_sentence() -> None:
    text = (CONTRACTS / "EvidenceCheck.vy").read_text("utf-8")
    text = text[text.index("AGREES:") : text.index("FIRST_FINDING:")]
    codes = re.findall(r"^[A-Z_]+: constant\(uint256\) = (\d\d?)$", text, re.MULTILINE)
    assert sorted({int(code) for code in codes} | {0}) == sorted(ANSWERS)


# What of a broken link the contract says, when one thing is wrong or several are.
LINKS = {
    7: {"sequence"},
    16: {"booking"},
    17: {"tariff"},
    18: {"sequence", "booking"},
    19: {"sequence"},
    20: {"booking"},
    21: {"booking"},
    22: {"times"},
    23: {"times"},
    24: {"record"},
    25: {"record", "arithmetic"},
}


@st.composite
def stays(draw: st.DrawFn) -> Receipt:
    """Any run of events under any tariff, filed with at most one lie."""
    window = Window(starts_at=making.at(0), ends_at=making.at(draw(st.integers(600, 9000))))
    timed = a_tariff(Random(draw(st.integers(0, 10**6))), window)
    flat = Tariff(
        id="t-9",
        version=draw(st.integers(1, 9)),
        currency="CNY",
        per_hour_minor=draw(st.integers(60, 100_000)),
        step_s=draw(st.sampled_from([1, 7, 60, 900, 3600])),
        free_s=draw(st.sampled_from([0, 59, 900])),
        cap_minor=draw(st.sampled_from([None, 0, 300, 5000])),
        overstay_percent=draw(st.integers(100, 500)),
    )
    tariff = draw(st.sampled_from((flat, timed, timed)))
    late_s = draw(st.sampled_from((0, 0, 600, 2500)))
    terms = Terms(grace_s=draw(st.integers(600, 2000)), late_stop_s=late_s)
    quoted = total(quote(tariff, terms, window))
    agreed = making.booking(
        tariff=tariff_digest(tariff), window=window, terms=terms, quoted_minor=quoted
    )
    lies = draw(st.sampled_from([{}, {}, {"amount_minor": 7}, {"billed_s": 7}, {"stay": 2}]))
    return making.receipt(draw(runs(agreed.grant)), agreed=agreed, priced=tariff, **lies)  # type: ignore[arg-type]


@st.composite
def runs(draw: st.DrawFn, grant: str) -> list[Event]:
    count = draw(st.integers(2, MAX_EVENTS))
    seconds = 100.0
    events = []
    for index in range(count):
        seconds += draw(st.integers(1, 4_000_000)) / 1000
        likely = "occupied" if index == 0 else "free" if index == count - 1 else "unknown"
        other = draw(st.sampled_from(["occupied", "occupied", None])) if index > 0 else "unknown"
        common = 0 < index < count - 1 and draw(st.booleans())
        occupancy = other if common or draw(st.integers(0, 20)) == 0 else likely
        changes: dict[str, object] = {
            "uncertainty_s": draw(st.integers(0, 30_000)) / 1000,
            "clock": draw(st.sampled_from(["synced", "synced", "holdover", "unsynced"])),
            "boot_id": draw(st.sampled_from(["boot-1", "boot-1", "boot-2"])),
            "boottime_ns": int(seconds * 1e9) + draw(st.integers(-(10**11), 10**11)),
        }
        if index == 0 or draw(st.booleans()):
            changes |= {"grant": grant, "match": "accepted"}
        if draw(st.integers(0, 60)) == 0:
            changes |= {"match": draw(st.sampled_from(["other", "ambiguous"]))}
        events.append(making.event(index + 1, "snapshot", occupancy, seconds, **changes))
    return making.chained(events)


@given(stays())
@settings(max_examples=150, deadline=None)
def test_contract_and_verifier_agree_on_any_stay(receipt: Receipt) -> None:
    RIG.put(receipt)
    code = RIG.check(receipt)
    broken = {link.name for link in verify(receipt) if not link.ok}
    assert (code == 0) == (not broken), (code, broken)
    assert code == 0 or broken & LINKS[code], (code, broken)


# (part, place in it) of numbers: 3 the booking, 4 the tariff, 5 an event, 6 and 7 rows of the
# timetable, 8 a tier.
NUMBERS = [(3, n) for n in (2, 3, 4, 5, 6, 8, 9, 10, 11)]
NUMBERS += [(4, n) for n in (1, *range(3, 15))]
NUMBERS += [(part, n) for part in (6, 7) for n in range(5)]
NUMBERS += [(8, 0), (8, 1), *((9, n) for n in range(7))]
SIGNED_NUMBERS = [(5, n) for n in (1, 2, 6, 7, 8, 10)]
EDGES = [0, 1, 599, 600, 3601, 2**32 - 1, 2**32, 2**53, 7258118399999, 2**63 - 1, 2**64 - 1]
WIDE = [2**64, 2**255, NO_CAP]
Changes = dict[tuple[int, int], int]
TIERS = [(0, 900), (600, 1200)]
TIER = TIERS[1]
T0_MS = to_ms(making.T0)
ROWS = [(T0_MS, T0_MS + 9_000_000, 0, 0, 600), (T0_MS, T0_MS + 9_000_000, 0, 1800, 300)]
TIMED_TARIFF = making.TARIFF.model_copy(
    update={
        "timetable": (
            Stretch(
                starts_at=making.T0,
                ends_at=making.at(9000),
                rates=(
                    Rate(after_s=0, per_hour_minor=600),
                    Rate(after_s=1800, per_hour_minor=300),
                ),
            ),
        ),
        "overstay_tiers": tuple(Tier(from_s=a, per_hour_minor=b) for a, b in TIERS),
        "day_cap_minor": 5000,
    }
)
_TIMED_BOOKING = making.booking(
    tariff=tariff_digest(TIMED_TARIFF),
    quoted_minor=total(quote(TIMED_TARIFF, Terms(), making.booking().window)),
)
TIMED = making.receipt(
    making.chained(
        [
            event.model_copy(update={"grant": event.grant and _TIMED_BOOKING.grant})
            for event in making.stay_events()
        ]
    ),
    agreed=_TIMED_BOOKING,
    priced=TIMED_TARIFF,
)


@given(
    st.dictionaries(st.sampled_from(NUMBERS), st.sampled_from(EDGES + WIDE), max_size=2),
    st.dictionaries(st.sampled_from(SIGNED_NUMBERS), st.sampled_from(EDGES), max_size=2),
    st.integers(0, 3),
)
@settings(max_examples=300, deadline=None)
def test_no_number_that_was_agreed_and_filed_makes_the_contract_fail(
    agreed: Changes, signed: Changes, which: int
) -> None:
    assert RIG.ask("check", filed_anew(agreed | signed, which)) in ANSWERS


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((3, 3), 7258118400000),
        ((3, 6), 599),
        ((3, 6), 86401),
        ((4, 1), 0),
        ((4, 3), 2**32),
        ((4, 4), 0),
        ((4, 4), 3601),
        ((4, 5), 2**53),
        ((4, 6), 2**32),
        ((4, 7), 99),
        ((4, 7), 501),
        ((4, 8), 2**32),
        ((4, 9), 2**32),
        ((4, 10), 2**32),
        ((4, 11), 0),
        ((4, 11), 10_001),
        ((4, 12), 3),
        ((4, 13), 10_001),
        ((4, 14), 2),
        ((6, 0), T0_MS + 9_000_000),
        ((6, 1), 7258118400000),
        ((6, 2), 1),
        ((6, 3), 1),
        ((7, 0), T0_MS + 1),
        ((7, 2), 2**16),
        ((7, 3), 0),
        ((7, 4), 2**32),
        ((8, 0), 0),
        ((8, 1), 2**32),
        ((9, 1), 86_401),
        ((5, 1), 0),
        ((5, 2), 2**53),
        ((5, 6), 7258118400000),
        ((5, 7), 10_000_000_001),
        ((5, 10), 2**63),
    ],
)
def test_a_number_outside_its_range_is_told(place: tuple[int, int], value: int) -> None:
    assert RIG.ask("check", filed_anew({}, 0)) == 0
    assert RIG.ask("check", filed_anew({place: value}, 0)) == 1


def filed_anew(changes: Changes, which: int) -> tuple[Any, ...]:
    """The genuine receipt with other numbers, signed and filed as if both sides had wanted it.

    `which` of the events the changes of events are made to.
    """
    _, _, record, booking, tariff, (_, _, terms), events = brought(TIMED)
    parts = {3: list(booking), 4: list(tariff), 5: list(events[which][0]), 2: list(record)}
    parts |= {6: list(ROWS[0]), 7: list(ROWS[1]), 8: list(TIER), 9: list(terms)}
    for (part, place), value in changes.items():
        parts[part][place] = value
    record, rows, tiers = parts[2], [parts[6], parts[7]], [TIERS[0], parts[8]]
    parts[4][15:17] = [unhex(table_digest(table)) for table in (tiers, rows)]
    record[4] = parts[3][7] = hashed(TARIFF_STRUCT, parts[4])
    parts[3][12] = hashed(TERMS_STRUCT, parts[9])
    record[3] = hashed(BOOKING_STRUCT, parts[3])
    bodies = [list(event[0]) for event in events]
    bodies[which] = parts[5]
    bodies[0][16] = bodies[3][16] = keccak(record[3].hex().encode())
    signed = chained_anew(bodies)
    record[6], record[7] = bodies[1][12], signed[-1][0]
    record[9], record[10] = bodies[0][6], bodies[-1][6]
    RIG.put_root(5, leaf_hash(hashed(SETTLEMENT_STRUCT, record)))
    tables = (tiers, rows, parts[9])
    return (5, [], record, parts[3], parts[4], tables, [event for _, event in signed])


def chained_anew(bodies: list[list[Any]]) -> list[tuple[bytes, tuple[Any, ...]]]:
    """Each signed event with its digest; writes the predecessor's into the next."""
    previous, signed = bytes(32), []
    for body in bodies:
        body[12] = previous
        inner = keccak(keccak(EVENT_TYPE.encode()) + b"".join(word_of(value) for value in body))
        previous = keccak(b"\x19\x01" + making.DOMAIN.separator() + inner)
        raw = unhex(sign(previous, making.KEY))
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")
        signed.append((previous, (body, raw[64], r, s)))
    return signed


def hashed(struct: Struct, values: list[Any]) -> bytes:
    """Of members that are digests already."""
    return keccak(struct.type_hash + b"".join(word_of(value) for value in values))


def word_of(value: bytes | str | int) -> bytes:
    if isinstance(value, str):
        return unhex(value).rjust(32, b"\0")
    return value if isinstance(value, bytes) else word(value)
