"""What a support file keeps of log lines and of traces: by a list of what may stay, not of what
must go. Numbers stay; a text stays only where it is one of the gateway's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, get_args

from msgspec.structs import replace

from contracts.wire.messages import EventKind, Match
from contracts.wire.types import ClockState, Occupancy
from edge.core.faults import FaultCode
from edge.core.readings import NO_ECHO, PlateRead, Reading
from edge.core.trace_lines import BadLine, format_reading, parse_reading

WHYS = frozenset((*get_args(FaultCode), NO_ECHO))
OTHER_WHY = "other"
WORDS = frozenset(
    word for kind in (EventKind, Match, Occupancy, ClockState, FaultCode) for word in get_args(kind)
)
# Keys of a log line that hold code's own names, each with what those look like.
SHAPES = {
    "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"),
    "level": re.compile(r"debug|info|warning|error|critical"),
    "event": re.compile(r"[a-z]+(_[a-z]+){0,7}"),
    "error": re.compile(r"[A-Z][A-Za-z]{2,40}"),
}
PLACE = re.compile(r"[a-z_]\w{0,60}:\d{1,5}")
KEY = re.compile(r"[a-z][a-z_]{0,31}")


def log_line(line: str, names: Collection[str]) -> str | None:
    """What may stay of one line of `berth-edge run`; None if it is none of those.

    `names` are the gateway's, its spaces' and its channels'.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not _may_stay("event", data.get("event"), names):
        return None
    kept = {
        key: value
        for key, value in data.items()
        if KEY.fullmatch(key) and _may_stay(key, value, names)
    }
    return json.dumps(kept, ensure_ascii=False)


def _may_stay(key: str, value: Any, names: Collection[str]) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return True
    if isinstance(value, list):
        return key == "at" and all(isinstance(p, str) and PLACE.fullmatch(p) for p in value)
    if not isinstance(value, str):
        return False
    if key in SHAPES:
        return SHAPES[key].fullmatch(value) is not None
    return value in names or value in WORDS


def trace_lines(lines: Iterable[bytes | str], channels: Collection[str]) -> Iterator[str]:
    """Readings of known channels with their plates masked; all other lines are left out."""
    for line in lines:
        try:
            reading = parse_reading(line)
        except BadLine:
            continue
        if reading.channel in channels:
            yield format_reading(_masked(reading))


def _masked(reading: Reading) -> Reading:
    value, why = reading.value, reading.why
    if isinstance(value, PlateRead):
        value = PlateRead("*" * min(len(value.text), 16), value.confidence)
    if why is not None and why not in WHYS:
        why = OTHER_WHY
    return replace(reading, value=value, why=why)
