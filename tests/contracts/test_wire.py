"""The wire: equal values are equal bytes, and any bytes give a message or Malformed."""

from pathlib import Path

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import BadKey, Malformed
from contracts.wire.codec import decode_down, decode_up, encode, ignored_fields
from contracts.wire.messages import Event, SignedEvent
from contracts.wire.signing import (
    EVENT_TYPE,
    FIELDS,
    _signed_values,
    address_of,
    event_digest,
    plate_commitment,
    recover,
    sign,
)
from contracts.wire.topics import DOWN, UP, all_down, parse_topic, topic_for
from contracts.wire.types import format_instant, from_ms, parse_instant, to_ms
from tests.contracts.making import DOMAIN, KEY, LEDGER, event
from tests.tools.wire_documents import WIRE, documents, examples

EVENT = event(1, "arrival", "occupied", 10, grant="g-1", match="accepted")
SIGNED = SignedEvent(body=EVENT, signature=sign(event_digest(EVENT, DOMAIN), KEY))
MESSAGES = list(examples().values())


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_survives_the_wire(message: SignedEvent) -> None:
    topic = topic_for(message)
    read = (
        decode_up(topic, encode(message))[1]
        if "/up/" in topic
        else decode_down(topic, encode(message))
    )
    assert read == message


@given(st.binary(max_size=300), st.sampled_from(["up/event", "up/status", "down/grant", "x"]))
def test_any_bytes_on_any_topic_give_a_message_or_malformed(payload: bytes, kind: str) -> None:
    for reader in (decode_up, decode_down):
        try:
            reader(f"park/v1/gw/gw-1/{kind}", payload)
        except Malformed as error:
            assert error.why


def test_an_unknown_field_is_refused_on_a_command_and_ignored_on_an_event() -> None:
    with pytest.raises(Malformed, match="later"):
        decode_down("park/v1/gw/gw-1/down/ack", b'{"gateway":"gw-1","epoch":1,"seq":1,"later":1}')
    newer = encode(SIGNED)[:-1] + b',"later":1}'
    assert decode_up("park/v1/gw/gw-1/up/event", newer)[1] == SIGNED
    assert ignored_fields(SignedEvent, newer) == ["later"]


def test_a_gateway_cannot_speak_on_anothers_topic() -> None:
    with pytest.raises(Malformed, match="gw-2"):
        decode_up("park/v1/gw/gw-2/up/event", encode(SIGNED))


def test_a_time_without_a_zone_or_with_another_spelling_is_refused() -> None:
    for text in ("2026-05-01T00:00:00Z", "2026-05-01T08:00:00.000+08:00", "2026-05-01", 1777593600):
        with pytest.raises(ValueError, match="written like"):
            parse_instant(text)


@given(st.integers(0, 2**42))
def test_an_instant_round_trips_through_text_and_milliseconds(ms: int) -> None:
    assert to_ms(parse_instant(format_instant(from_ms(ms)))) == ms


def test_seconds_finer_than_a_millisecond_are_refused() -> None:
    with pytest.raises(ValueError, match="three decimals"):
        Event(**{**EVENT.model_dump(), "uncertainty_s": 0.0001})


def test_the_digest_is_the_one_that_eip_712_prescribes() -> None:
    """Against an independent implementation (eth-account)."""
    values: dict[str, object] = dict(_signed_values(EVENT))
    for name, kind in FIELDS:
        if kind == "bytes32":
            values[name] = bytes.fromhex(str(values[name])[2:])
    encoded = encode_typed_data(
        {"name": "Berth", "version": "1", "chainId": 31337, "verifyingContract": LEDGER},
        {"Event": [{"name": name, "type": kind} for name, kind in FIELDS]},
        values,
    )
    assert EVENT_TYPE.startswith("Event(string gateway,uint64 epoch")
    assert event_digest(EVENT, DOMAIN) == _hash_eip191_message(encoded)


def test_anyone_can_recover_the_signer() -> None:
    assert recover(event_digest(EVENT, DOMAIN), SIGNED.signature) == address_of(KEY)


@given(st.binary(min_size=65, max_size=65))
def test_arbitrary_signature_bytes_never_pass_as_the_gateways(raw: bytes) -> None:
    assert recover(event_digest(EVENT, DOMAIN), "0x" + raw.hex()) != address_of(KEY)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(BadKey):
        address_of(b"short")


def test_a_plate_is_hidden_by_its_salt() -> None:
    assert plate_commitment("沪A12345", b"1" * 32) != plate_commitment("沪A12345", b"2" * 32)


def test_only_our_topics_parse() -> None:
    assert parse_topic("park/v1/gw/gw-1/up/event") is not None
    for topic in ("park/v1/gw/gw-1/up/grant", "park/v2/gw/g/up/event", "park/v1/gw/../up/event"):
        assert parse_topic(topic) is None
    assert all_down("gw-1") == "park/v1/gw/gw-1/down/#"


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_the_wires_documents_are_what_its_messages_say(path: Path) -> None:
    """`make documents` writes them again."""
    assert path.read_text("utf-8") == documents()[path]


@pytest.mark.parametrize("kind", [*UP, *DOWN])
def test_every_message_has_an_example_that_reads(kind: str) -> None:
    text = (WIRE / "examples" / f"{kind}.json").read_bytes()
    direction, reader = ("up", decode_up) if kind in UP else ("down", decode_down)
    assert reader(f"park/v1/gw/gw-1/{direction}/{kind}", text)
