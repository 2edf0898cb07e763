"""JSON-RPC parameters into values; whatever does not fit is refused as invalid parameters."""

from typing import Any

from cloud.adapters.devchain.errors import RpcError, invalid
from cloud.adapters.devchain.genesis import GAS_LIMIT
from cloud.adapters.devchain.transactions import NO_ADDRESS, Message

MAX_CHOICES = 200
MAX_TOPICS = 4


def quantity(value: Any, name: str) -> int:
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 66:
        raise invalid(f"{name}: expected a 0x quantity")
    try:
        return int(value[2:], 16)
    except ValueError as error:
        raise invalid(f"{name}: expected a 0x quantity") from error


def octets(value: Any, name: str, length: int | None = None) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise invalid(f"{name}: expected 0x data")
    try:
        decoded = bytes.fromhex(value[2:])
    except ValueError as error:
        raise invalid(f"{name}: expected 0x data") from error
    if length is not None and len(decoded) != length:
        raise invalid(f"{name}: expected {length} bytes")
    return decoded


def an_object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"{name}: expected an object")
    return value


def message(value: Any) -> Message:
    fields = an_object(value, "transaction")
    payload = fields.get("input") or fields.get("data") or "0x"
    return Message(
        sender=octets(fields["from"], "from", 20) if fields.get("from") else NO_ADDRESS,
        to=octets(fields["to"], "to", 20) if fields.get("to") else b"",
        value=quantity(fields["value"], "value") if fields.get("value") else 0,
        data=octets(payload, "data"),
        gas=min(quantity(fields["gas"], "gas"), GAS_LIMIT) if fields.get("gas") else GAS_LIMIT,
    )


def addresses(value: Any) -> tuple[bytes, ...]:
    return tuple(octets(one, "address", 20) for one in _choices(value))


def topics(value: Any) -> tuple[tuple[bytes, ...], ...]:
    """One tuple a position; an empty one lets any topic through."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_TOPICS:
        raise invalid("topics: expected a list of at most four")
    return tuple(tuple(octets(one, "topic", 32) for one in _choices(at)) for at in value)


def percentiles(value: Any) -> int:
    if value is None:
        return 0
    if not isinstance(value, list) or len(value) > MAX_CHOICES:
        raise invalid("percentiles: expected a list")
    return len(value)


def _choices(value: Any) -> list[Any]:
    if value is None:
        return []
    found = value if isinstance(value, list) else [value]
    if len(found) > MAX_CHOICES:
        raise too_many(len(found))
    return found


def too_many(count: int) -> RpcError:
    return invalid(f"{count} choices are too many: at most {MAX_CHOICES}")
