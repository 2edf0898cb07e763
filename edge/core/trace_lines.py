"""One line of a trace <-> one value. Canonical: one value has exactly one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast, get_args

import msgspec

from edge.core.readings import IMAGE, Channel, ChannelKind, PlateRead, Reading

MAX_LINE_BYTES = 65_536
MAX_NS = 2**63
_decode = msgspec.json.Decoder(Reading).decode
FORMAT, VERSION = "berth-trace", 1


class BadLine(ValueError):
    """This line is not a line of a trace; the argument says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """`wall` is the aware UTC time at `mono_ns`."""

    gateway: str
    tz: str
    mono_ns: int
    wall: datetime
    channels: dict[str, Channel]


def parse_header(line: str | bytes) -> TraceHeader:
    data = _object(line)
    if data.get("format") != FORMAT:
        raise BadLine(f'the first line does not say "format":"{FORMAT}"')
    if data.get("version") != VERSION:
        raise BadLine(f"version {data.get('version')!r} is not known; this reads version {VERSION}")
    clock = _mapping(data.get("clock"), "clock")
    channels = _mapping(data.get("channels"), "channels")
    return TraceHeader(
        gateway=_text(data.get("gateway"), "gateway"),
        tz=_text(data.get("tz"), "tz"),
        mono_ns=_int(clock.get("mono_ns"), "clock.mono_ns", MAX_NS),
        wall=_wall(clock.get("wall")),
        channels={name: _channel(name, value) for name, value in channels.items()},
    )


def parse_reading(line: str | bytes) -> Reading:
    """A plain line is decoded at once; any other is looked at closely, to say what is wrong."""
    try:
        reading = _decode(line)
    except (msgspec.MsgspecError, UnicodeError):
        return _look_closely(line)
    plain = reading.mono_ns < MAX_NS and len(line) <= MAX_LINE_BYTES
    value = reading.value
    if plain and (
        reading.why if value is None else value.__class__ is not float or math.isfinite(value)
    ):
        return reading
    return _look_closely(line)


def _look_closely(line: str | bytes) -> Reading:
    data = _object(line)
    why = data.get("why")
    value = data.get("v")
    if isinstance(value, dict) and "image" in value:
        why = IMAGE + _text(value["image"], "v.image")
        value = None
    if value is None and why is None:
        raise BadLine('a reading without a value needs a "why"')
    return Reading(
        mono_ns=_int(data.get("t"), "t", MAX_NS),
        channel=_text(data.get("ch"), "ch"),
        value=_value(value),
        why=None if why is None else _text(why, "why"),
        status=_int(data.get("st", 0), "st", 2**16),
    )


def format_header(header: TraceHeader) -> str:
    wall = header.wall.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return _dump(
        {
            "format": FORMAT,
            "version": VERSION,
            "gateway": header.gateway,
            "tz": header.tz,
            "clock": {"mono_ns": header.mono_ns, "wall": wall},
            "channels": {name: _channel_fields(ch) for name, ch in header.channels.items()},
        }
    )


def format_reading(reading: Reading) -> str:
    fields: dict[str, Any] = {"t": reading.mono_ns, "ch": reading.channel}
    value, why = reading.value, reading.why
    if isinstance(value, PlateRead):
        fields["v"] = {"text": value.text, "confidence": value.confidence}
        if value.sure is not None:
            fields["v"]["sure"] = value.sure
    elif isinstance(value, tuple):
        fields["v"] = list(value)
    elif value is None and why is not None and why.startswith(IMAGE) and len(why) > len(IMAGE):
        fields["v"], why = {"image": why.removeprefix(IMAGE)}, None
    else:
        fields["v"] = _number(value)
    if why is not None:
        fields["why"] = why
    if reading.status or isinstance(value, tuple):
        fields["st"] = reading.status
    return _dump(fields)


def _dump(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and float(value).is_integer() else value


def _channel_fields(channel: Channel) -> dict[str, Any]:
    fields = {
        "kind": channel.kind,
        "space": channel.space,
        "sensor": channel.sensor,
        "lsb_per_gauss": _number(channel.lsb_per_gauss),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _object(line: str | bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"longer than {MAX_LINE_BYTES} bytes")
    try:
        text = line.decode("utf-8") if isinstance(line, bytes) else line
        data = json.loads(text)
    except UnicodeDecodeError:
        raise BadLine("not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadLine("not JSON") from None
    return _mapping(data, "the line")


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadLine(f"{name} is not an object")
    return cast(dict[str, Any], value)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadLine(f"{name} is not a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadLine(f"{name} holds half a character") from None
    return value


def _int(value: object, name: str, below: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
        raise BadLine(f"{name} is not a whole number from 0 to {below - 1}")
    return value


def _float(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadLine(f"{name} is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise BadLine(f"{name} is too large") from None
    if not math.isfinite(number):
        raise BadLine(f"{name} is not finite")
    return number


def _share(value: object, name: str) -> float:
    share = _float(value, name)
    if not 0 <= share <= 1:
        raise BadLine(f"{name} is not from 0 to 1")
    return share


def _value(value: object) -> float | tuple[int, int, int] | PlateRead | None:
    if value is None:
        return None
    if isinstance(value, dict):
        confidence = _share(value.get("confidence"), "v.confidence")
        sure = value.get("sure")
        text = _text(value.get("text"), "v.text")
        return PlateRead(text, confidence, None if sure is None else _share(sure, "v.sure"))
    if isinstance(value, list):
        if len(value) != 3 or not all(type(count) is int for count in value):
            raise BadLine("v is not three whole counts")
        if any(abs(count) >= 2**31 for count in value):
            raise BadLine("v holds a count beyond 32 bits")
        return (value[0], value[1], value[2])
    return _float(value, "v")


def _wall(value: object) -> datetime:
    try:
        wall = datetime.fromisoformat(_text(value, "clock.wall"))
        if wall.tzinfo is None:
            raise BadLine("clock.wall has no UTC offset")
        return wall.astimezone(UTC)
    except BadLine:
        raise
    except (ValueError, OverflowError):
        raise BadLine("clock.wall is not an ISO 8601 time") from None


def _channel(name: str, value: object) -> Channel:
    data = _mapping(value, f"channel {name}")
    kind = data.get("kind")
    if kind not in get_args(ChannelKind):
        raise BadLine(f"channel {name} has the unknown kind {kind!r}")
    scale = data.get("lsb_per_gauss")
    if kind == "magnetic" and scale is None:
        raise BadLine(f"magnetic channel {name} has no lsb_per_gauss")
    if scale is not None and _float(scale, "lsb_per_gauss") <= 0:
        raise BadLine(f"channel {name}: lsb_per_gauss is not above 0")
    return Channel(
        name=_text(name, "a channel's name"),
        kind=cast(ChannelKind, kind),
        space=None if data.get("space") is None else _text(data["space"], "space"),
        sensor=None if data.get("sensor") is None else _text(data["sensor"], "sensor"),
        lsb_per_gauss=scale,
    )
