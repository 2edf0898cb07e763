"""What the cloud tells is signed for one gateway, one chain, one ledger and one moment."""

from dataclasses import replace

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ledger.hashing import canonical, keccak
from contracts.wire.codec import decode_down, encode
from contracts.wire.commands import command_digest, signed, signer_of
from contracts.wire.messages import Ack, Ask, Down, Grant, Revoke
from contracts.wire.signing import address_of
from contracts.wire.topics import topic_for
from tests.contracts.making import DOMAIN, KEY, LEDGER, at
from tests.tools.wire_documents import examples

NOW_MS = 1_777_593_600_000
COMMANDS = [it for it in examples().values() if isinstance(it, Ack | Grant | Revoke | Ask)]
OTHERS = {
    "gateway": "gw-2",
    "command": "cmd-9",
    "id": "g-9",
    "space": "S9",
    "plates": ("京B99999",),
    "epoch": 9,
    "seq": 9,
    "what": "snapshot",
    "first": 9,
    "last": 9,
    "version": 9,
    "booking": "b-9",
    "early_s": 9.0,
    "late_s": 9.0,
    "issued_at": at(9),
    "starts_at": at(9),
    "ends_at": at(9999),
    "signed_at_ms": NOW_MS + 1,
}


@pytest.mark.parametrize("message", COMMANDS, ids=lambda it: type(it).__name__)
def test_a_signed_command_survives_the_wire_and_names_its_signer(message: Down) -> None:
    said = signed(message, KEY, DOMAIN, NOW_MS)
    read = decode_down(topic_for(said), encode(said))
    assert read == said and signer_of(read, DOMAIN) == address_of(KEY)


@pytest.mark.parametrize("message", COMMANDS, ids=lambda it: type(it).__name__)
def test_whatever_is_changed_about_it_another_is_its_signer(message: Down) -> None:
    said = signed(message, KEY, DOMAIN, NOW_MS)
    changes = [name for name in type(said).model_fields if name != "signature"]
    for name in changes:
        forged = said.model_copy(update={name: OTHERS[name]})
        assert signer_of(forged, DOMAIN) != address_of(KEY), name


def test_it_counts_for_no_other_chain_and_no_other_ledger() -> None:
    said = signed(COMMANDS[0], KEY, DOMAIN, NOW_MS)
    for other in (replace(DOMAIN, chain_id=1), replace(DOMAIN, ledger="0x" + "77" * 20)):
        assert signer_of(said, other) != address_of(KEY)


def test_a_word_of_one_kind_is_none_of_another() -> None:
    revoke = Revoke(command="c", gateway="gw-1", id="g", issued_at=at(0))
    grant = next(it for it in COMMANDS if isinstance(it, Grant))
    taken = signed(revoke, KEY, DOMAIN, NOW_MS).signature
    mixed = grant.model_copy(update={"signature": taken, "signed_at_ms": NOW_MS})
    assert signer_of(mixed, DOMAIN) != address_of(KEY)


def test_an_unsigned_command_is_the_bytes_that_it_always_was() -> None:
    ack = Ack(gateway="gw-1", epoch=1, seq=5)
    assert encode(ack) == b'{"gateway":"gw-1","epoch":1,"seq":5}'
    assert signer_of(ack, DOMAIN) is None


def test_the_digest_is_the_one_that_eip_712_prescribes() -> None:
    """Against an independent implementation (eth-account)."""
    ack = Ack(gateway="gw-1", epoch=1, seq=5, signed_at_ms=NOW_MS)
    fields = [("gateway", "string"), ("kind", "string"), ("signedAtMs", "uint64")]
    encoded = encode_typed_data(
        {"name": "Berth", "version": "1", "chainId": 31337, "verifyingContract": LEDGER},
        {"Command": [{"name": n, "type": t} for n, t in [*fields, ("content", "bytes32")]]},
        {
            "gateway": "gw-1",
            "kind": "ack",
            "signedAtMs": NOW_MS,
            "content": keccak(canonical({"gateway": "gw-1", "epoch": 1, "seq": 5})),
        },
    )
    assert command_digest(ack, DOMAIN) == _hash_eip191_message(encoded)


@settings(deadline=None)
@given(st.binary(min_size=65, max_size=65))
def test_no_arbitrary_signature_is_the_clouds(raw: bytes) -> None:
    ack = Ack(gateway="gw-1", epoch=1, seq=5, signed_at_ms=NOW_MS, signature="0x" + raw.hex())
    assert signer_of(ack, DOMAIN) != address_of(KEY)
