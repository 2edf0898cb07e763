"""Verification that bites: whatever is changed in a receipt, the broken link is named."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ledger.receipt import Link, Receipt, read, verify
from contracts.ledger.records import tariff_digest
from contracts.wire.signing import event_digest, sign
from contracts.wire.types import checksummed
from tests.contracts import making

Change = Callable[[dict[str, Any]], Any]
GENUINE = making.titled(making.receipt())


def broken(receipt: Receipt) -> list[str]:
    return [link.name for link in verify(receipt) if not link.ok]


def changed(change: Change) -> Receipt | Link:
    plain = json.loads(GENUINE.model_dump_json())
    change(plain)
    return read(json.dumps(plain))


def put(*path: str | int, value: Any) -> Change:
    def change(plain: Any) -> None:
        for part in path[:-1]:
            plain = plain[part]
        assert plain[path[-1]] != value
        plain[path[-1]] = value

    return change


def test_a_genuine_receipt_holds_at_every_link() -> None:
    assert broken(GENUINE) == []


def test_a_receipt_reads_back_as_it_was_written() -> None:
    assert read(GENUINE.model_dump_json()) == GENUINE


CHANGES = {
    "arrival time": (
        put("events", 0, "body", "at", value="2026-05-01T00:06:00.000Z"),
        "signatures",
    ),
    "departure time": (
        put("events", 3, "body", "at", value="2026-05-01T01:00:00.000Z"),
        "signatures",
    ),
    "uncertainty": (put("events", 0, "body", "uncertainty_s", value=0.5), "signatures"),
    "plate commitment": (put("events", 0, "body", "plate", value="0x" + "12" * 32), "signatures"),
    "sequence number": (put("events", 1, "body", "seq", value=4), "signatures"),
    "sequence number out of order": (put("events", 1, "body", "seq", value=3), "sequence"),
    "signature": (lambda r: r["events"][0].update(signature="0x" + "11" * 64 + "1b"), "signatures"),
    "signer": (put("gateway", "signer", value=checksummed("0x" + "9a" * 20)), "signatures"),
    "gateway name": (put("gateway", "id", value="gw-2"), "signatures"),
    "event left out": (lambda r: r["events"].pop(1), "sequence"),
    "events swapped": (lambda r: r["events"].insert(1, r["events"].pop(2)), "sequence"),
    "price": (put("tariff", "per_hour_minor", value=500), "tariff"),
    "tariff version": (put("tariff", "version", value=2), "tariff"),
    "cap": (put("tariff", "cap_minor", value=100), "tariff"),
    "grace": (put("booking", "terms", "grace_s", value=1200), "booking"),
    "window": (put("booking", "window", "ends_at", value="2026-05-01T03:00:00.000Z"), "booking"),
    "driver account": (put("booking", "driver_account", value=9), "booking"),
    "grant": (put("booking", "grant", value="g-2"), "booking"),
    "shown arrival": (put("stay", "arrived_at", value="2026-05-01T00:06:00.000Z"), "times"),
    "billed interval": (
        put("stay", "billed", 0, "ends_at", value="2026-05-01T00:50:00.000Z"),
        "times",
    ),
    "a line's amount": (put("lines", 0, "amount_minor", value=1), "arithmetic"),
    "total": (put("total_minor", value=1), "arithmetic"),
    "record amount": (put("record", "amount_minor", value=1), "record"),
    "record stay number": (put("record", "stay", value=2), "proof"),
    "word": (put("chain", "word", value="0x" + "00" * 32), "record"),
    "proof node": (put("proof", "siblings", 0, value="0x" + "00" * 32), "proof"),
    "proof node left out": (lambda r: r["proof"]["siblings"].pop(), "proof"),
    "root": (put("proof", "root", value="0x" + "00" * 32), "proof"),
    "chain id": (put("chain", "chain_id", value=1), "signatures"),
    "ledger address": (put("chain", "ledger", value=checksummed("0x" + "77" * 20)), "signatures"),
    "title": (put("title", "digest", value="0x" + "12" * 32), "titles"),
    "title's root": (put("title", "root", value="0x" + "12" * 32), "titles"),
    "billed interval's beginning": (
        put("stay", "billed", 1, "starts_at", value="2026-05-01T00:34:00.000Z"),
        "clock",
    ),
    "fee": (put("record", "fee_bps", value=100), "proof"),
    "a fee over its cap": (put("record", "fee_bps", value=1001), "format"),
    "corrected stay": (put("record", "credit_of", value=7), "record"),
    "extra field": (lambda r: r.update(note="paid"), "format"),
    "extra signed field": (lambda r: r["events"][0]["body"].update(note="x"), "format"),
    "a time before all clocks": (
        put("events", 0, "body", "at", value="0001-01-01T00:00:00.000Z"),
        "format",
    ),
    "a time after all clocks": (
        put("booking", "window", "ends_at", value="9999-12-31T23:59:59.999Z"),
        "format",
    ),
    "time zone": (put("stay", "arrived_at", value="2026-05-01T08:05:00+08:00"), "format"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_named_at_its_link(what: str) -> None:
    change, link = CHANGES[what]
    found = changed(change)
    names = [found.name] if isinstance(found, Link) else broken(found)
    assert link in names


def test_a_forger_with_another_key_is_named() -> None:
    forged = making.receipt(key=making.OTHER_KEY)
    claimed = forged.model_copy(update={"gateway": GENUINE.gateway})
    assert "signatures" in broken(claimed)


def test_an_event_signed_again_after_a_change_breaks_the_sequence() -> None:
    """Even the gateway's own key cannot move one event: the next names the old one's digest."""
    events = list(GENUINE.events)
    moved = events[0].body.model_copy(update={"at": making.at(200)})
    events[0] = making.sealed(moved)
    found = broken(GENUINE.model_copy(update={"events": tuple(events)}))
    assert "sequence" in found
    assert "signatures" not in found


def test_a_malleable_twin_of_a_signature_is_refused() -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    body = GENUINE.events[0].body
    raw = bytes.fromhex(sign(event_digest(body, making.DOMAIN), making.KEY)[2:])
    high_s = (order - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    twin = "0x" + (raw[:32] + high_s + bytes([55 - raw[64]])).hex()
    events = (GENUINE.events[0].model_copy(update={"signature": twin}), *GENUINE.events[1:])
    assert "signatures" in broken(GENUINE.model_copy(update={"events": events}))


# What a receipt alone cannot tell: where on the chain it stands. `--rpc` asks (test_onchain.py).
ONLY_THE_CHAIN_KNOWS = {"registry", "batch", "transaction", "block_number", "block_hash"}


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    """Flip one character anywhere outside the fields that only the chain can tell."""
    text = GENUINE.model_dump_json()
    index = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    found = read(text[:index] + other + text[index + 1 :])
    if isinstance(found, Link):
        assert found.name == "format"
        return
    same = found.model_copy(
        update={
            "chain": found.chain.model_copy(
                update={name: getattr(GENUINE.chain, name) for name in ONLY_THE_CHAIN_KNOWS}
            )
        }
    )
    assert same == GENUINE or broken(found), f"byte {index}: {text[index]!r} -> {other!r}"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_receipt_or_a_broken_format(data: bytes) -> None:
    found = read(data)
    assert isinstance(found, Link)
    assert found.name == "format"


DEAR = making.booking(quoted_minor=1201)
DEARLY_QUOTED = making.receipt(making.stay_events(grant=DEAR.grant), agreed=DEAR)


# Receipts that are consistent in themselves, filed by somebody who holds the ledger's keys: what
# the gateway signed still binds them.
@pytest.mark.parametrize(
    ("receipt", "link"),
    [
        (making.receipt(driver_account=9), "booking"),
        (making.receipt(owner_account=9), "booking"),
        (making.receipt(space="S2"), "booking"),
        (making.receipt(starts_at=making.at(1)), "times"),
        (making.receipt(ends_at=making.at(9000)), "times"),
        (making.receipt(amount_minor=1), "record"),
        (making.receipt(billed_s=1), "record"),
        (making.receipt(agreed=making.booking(quoted_minor=1)), "booking"),
        (making.receipt(making.stay_events(match="ambiguous")), "booking"),
        (making.receipt(making.stay_events(match="none", grant=None)), "booking"),
        (making.receipt(making.stay_events(match="none")), "booking"),
        (DEARLY_QUOTED, "tariff"),
    ],
)
def test_a_receipt_made_anew_around_a_lie_is_named(receipt: Receipt, link: str) -> None:
    assert link in broken(receipt)


def test_terms_changed_after_the_arrival_do_not_fit_the_grant_that_the_gateway_signed() -> None:
    dearer = making.TARIFF.model_copy(update={"per_hour_minor": 6000})
    agreed = making.booking(tariff=tariff_digest(dearer))
    found = broken(making.receipt(agreed=agreed).model_copy(update={"tariff": dearer}))
    assert "booking" in found
    keeping_the_grant = agreed.model_copy(update={"grant": making.booking().grant})
    assert "booking" in broken(making.receipt(agreed=keeping_the_grant))


def test_an_interval_that_an_unset_clock_began_is_named() -> None:
    """The gateway's clock was not set at the arrival, the operator bills from it all the same."""
    honest = making.receipt(making.stay_events(clock="unsynced"))
    assert broken(honest) == []
    claimed = honest.model_copy(update={"stay": GENUINE.stay})
    assert broken(claimed) == ["clock", "times"]


def test_a_receipt_without_a_title_holds_and_claims_no_title() -> None:
    bare = making.receipt()
    assert broken(bare) == []
    assert "titles" not in [link.name for link in verify(bare)]
    assert "titles" in [link.name for link in verify(making.titled(bare))]


def test_a_fee_and_a_credit_stand_in_the_words_tag() -> None:
    record = GENUINE.record.model_copy(update={"fee_bps": 250})
    assert record.word() & 0xFFFF == 250
    assert record.model_copy(update={"credit_of": 7}).word() & 0xFFFF == 0x8000 | 250
    assert record.leaf() != GENUINE.record.leaf()


def test_amounts_have_the_decimals_of_their_currency() -> None:
    yen = making.TARIFF.model_copy(update={"currency": "JPY"})
    agreed = making.booking(tariff=tariff_digest(yen))
    events = making.stay_events(grant=agreed.grant)
    links = {link.name: link for link in verify(making.receipt(events, agreed=agreed, priced=yen))}
    assert links["arithmetic"].sentence == "The tariff gives 880 JPY for these times."


def test_the_events_are_digested_once_for_all_links() -> None:
    made = Counting(**{name: getattr(GENUINE, name) for name in Receipt.model_fields})
    assert all(link.ok for link in verify(made))
    assert [len(GENUINE.events)] == COUNTED


COUNTED: list[int] = []


class Counting(Receipt):
    def digests(self) -> list[str]:
        COUNTED.append(len(self.events))
        return super().digests()


def test_events_of_another_space_are_named() -> None:
    other = making.chained(
        [item.model_copy(update={"space": "S2"}) for item in making.stay_events()]
    )
    assert "sequence" in broken(making.receipt(other))


def test_another_vehicles_plate_during_the_stay_is_named() -> None:
    events = making.stay_events()
    swapped = events[2].model_copy(update={"match": "other"})
    found = broken(making.receipt(making.chained([*events[:2], swapped, events[3]])))
    assert found == ["booking"]


@pytest.mark.parametrize(
    "change",
    [
        put("tariff", "free_s", value=2**60),
        put("booking", "terms", "early_start_s", value=2**60),
        put("tariff", "per_hour_minor", value=2**32 - 1),
        put("chain", "batch", value=2**300),
        put("record", "billed_s", value=2**24),
    ],
)
def test_absurd_numbers_break_a_link_and_nothing_else(change: Change) -> None:
    found = changed(change)
    assert isinstance(found, Link) or broken(found)
