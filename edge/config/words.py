"""What is said of a mistake: the setting, the value as it was written, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from edge.config.plates import MAX_RESIDENTS, OURS, PlatesSpec, ReaderName, RegionName
from edge.config.sensors import (
    CalibrationSpec,
    CameraSpec,
    OutputSpec,
    PageSpec,
    SensorKind,
    SensorSpec,
)
from edge.config.settings import (
    MAX_COMMAND_KEYS,
    MAX_SENSORS,
    MAX_SPACES,
    Config,
    Ledger,
    Limits,
    Timing,
)

Loc = tuple[int | str, ...]
SECTIONS: dict[str, type[BaseModel]] = {
    "ledger": Ledger,
    "timing": Timing,
    "limits": Limits,
    "page": PageSpec,
    "plates": PlatesSpec,
}
# Sections whose keys are names, each with a section of its own.
NAMED: dict[str, type[BaseModel]] = {
    "sensors": SensorSpec,
    "cameras": CameraSpec,
    "outputs": OutputSpec,
    "calibration": CalibrationSpec,
}
NAME = "1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
ADDRESS = (
    "0x and 40 hex digits, with the capitals of its EIP-55 checksum, as the cloud's /healthz "
    "shows it"
)
BROKER = "written like mqtt://host:1883 or mqtt://user:password@host:1883, or mqtts://host:8883"
COMMANDS = "the address of the cloud's command key (its /healthz shows it under `commands`)"
PIN = "a BCM pin number from 0 to 27"
SOURCE = (
    "written like v4l2:/dev/video0, rtsp://user:password@host/path, picamera2:0 or folder:/path"
)
REGIONS, READERS = ", ".join(get_args(RegionName)), ", ".join(get_args(ReaderName))
TEXTS = {
    "gateway": NAME,
    "data": "a folder's path",
    "broker": BROKER,
    "ledger.address": ADDRESS,
    "commands": f"{COMMANDS}, or a list of at most {MAX_COMMAND_KEYS}",
    "spaces": f"a list of at most {MAX_SPACES} names",
    "tz": "a time zone like Asia/Shanghai",
    "sensors": f"at most {MAX_SENSORS} lines like `us0: {{kind: hc-sr04, space: S1, ...}}`",
    "cameras": f"at most {MAX_SPACES} lines like `cam0: {{space: S1, source: v4l2:/dev/video0}}`",
    "outputs": f"at most {MAX_SPACES} lines like `S1: {{green: 17, red: 27}}`",
    "calibration": f"at most {MAX_SPACES} lines as `berth-edge calibrate` writes them",
    "sensors.*.kind": f"one of {', '.join(get_args(SensorKind))}",
    "sensors.*.space": NAME,
    "sensors.*.trigger": PIN,
    "sensors.*.echo": PIN,
    "sensors.*.port": "a serial device like /dev/ttyAMA0",
    "sensors.*.asks": "true or false",
    "sensors.*.bus": "an I2C bus number from 0 to 31",
    "sensors.*.address": "an I2C address from 0x08 to 0x77, like 0x0D",
    "sensors.*.mux": "an address from 0x70 to 0x77",
    "sensors.*.mux_channel": "a channel from 0 to 7",
    "sensors.*.device": "a DS18B20's id like 28-00000abcdef0",
    "cameras.*.space": NAME,
    "cameras.*.source": SOURCE,
    "cameras.*.view": "left, top, right and bottom of the space in the picture, each from 0 to 1, "
    "like [0.2, 0.3, 0.8, 1.0]",
    "calibration.*.empty_m": "metres from 0.02 to 10",
    "calibration.*.empty_ut": "three numbers of uT from -3000 to 3000, like [12.0, -3.1, 40.2]",
    "calibration.*.car_ut": "uT from 0 to 3000",
    "calibration.*.margin": "a number from 0 to 100000",
    "calibration.*.at": 'a time like "2026-05-01T00:00:00.000Z", in quotes',
    "page.host": "an address like 127.0.0.1, or 0.0.0.0 for every network",
    "plates.regions": f"a list of one or more of {REGIONS}",
    "plates.shapes": f"a list of shapes for each of {REGIONS}, like {{br: [AAA0A00]}}",
    "plates.readers": f"a list of readers for each of {REGIONS}, like {{cn: [ppocr-v4]}}",
    "plates.detector": f"{OURS}, or the path of a YOLO model that ends in .onnx or .pt",
    "plates.residents": f"a list of at most {MAX_RESIDENTS} plates, each of 2 to 16 characters",
    "plates.evidence_key": "the operator's public key as `berth-edge evidence key` shows it",
} | {f"outputs.*.{output}": PIN for output in OutputSpec.model_fields}
# What one entry of a list must be, where the list's own text does not say it.
ENTRIES = {
    "spaces": NAME,
    "commands": f"{COMMANDS}: {ADDRESS}",
    "plates.regions": f"one of {REGIONS}",
    "plates.shapes": "2 to 10 of A (a letter), 0 (a digit), * (either) and the Chinese characters "
    "of plates",
    "plates.readers": f"one of {READERS}",
    "plates.residents": "a plate of 2 to 16 characters",
}
LONGEST_SHOWN = 60
BAD_KEY = "[key]"  # as pydantic ends the place of a mapping's key
NEAR = 0.6
# In a broker's address what stands before an @, or where only a port may, may be a password.
USER = re.compile(r"^((?:[^/@:]*:?//)?).*@", re.DOTALL)
NO_PORT = re.compile(r"^((?:[^/@:]*:?//)?[^/@:]*:)(?!//)(?!\d*(?:/|$)).*$", re.DOTALL)


def dotted(loc: Loc) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{key_text(part)}" for part in loc)
    return "".join(parts)[1:]


def key_text(key: str) -> str:
    """A key is whatever stands before a colon: of a broken file it may be half of the broker."""
    text = without_password(key) if "@" in key or "//" in key else key
    return short(text if text.isprintable() else repr(text))


def sentence(name: str, value: str, error: ErrorDetails) -> str:
    """`name` is the setting as the reader knows it, `value` what stands there."""
    loc, kind = error["loc"], error["type"]
    if loc[-1] == BAD_KEY and loc[0] == "plates":
        return f"{key_text(str(loc[-2]))} is no region; it must be one of {REGIONS}."
    if loc[-1] == BAD_KEY:
        return f"{key_text(str(loc[-2]))} is no name; it must be {NAME}."
    if kind == "extra_forbidden":
        return f"{name} is not a setting; {_known(loc)}"
    rule = allowed(loc)
    if kind == "missing":
        return f"{name} is missing; it must be {rule}."
    unquoted = kind == "string_type" and isinstance(error["input"], int | float)
    return f"{name} is {value}, but must be {rule}{', in quotes' if unquoted else ''}."


def allowed(loc: Loc) -> str:
    name = dotted(_rule(loc))
    model = _model(loc)
    if model is not None and model is not Config:
        return f"a section of `key: value` lines: {', '.join(model.model_fields)}"
    section = dotted(_rule(loc)[:2])
    if isinstance(loc[-1], int) and section in ENTRIES:
        return ENTRIES[section]
    return TEXTS.get(name) or TEXTS.get(section) or _numbers(loc)


def _rule(loc: Loc) -> Loc:
    """Without list places, and with a star for a name that the file's writer chose."""
    rule = tuple(part for part in loc if not isinstance(part, int))
    return (rule[0], "*", *rule[2:]) if rule and rule[0] in NAMED and len(rule) > 1 else rule


def _model(loc: Loc) -> type[BaseModel] | None:
    """The section that stands at this place, if one does."""
    if not loc:
        return Config
    if len(loc) == 1:
        return SECTIONS.get(str(loc[0]))
    return NAMED.get(str(loc[0])) if len(loc) == 2 else None


def _numbers(loc: Loc) -> str:
    field = SECTIONS[str(loc[0])].model_fields[str(loc[1])]
    low = next(mark.ge for mark in field.metadata if hasattr(mark, "ge"))
    high = next(mark.le for mark in field.metadata if hasattr(mark, "le"))
    return f"{'a whole number' if field.annotation is int else 'a number'} from {low} to {high}"


def shown(loc: Loc, value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a section"
    if not isinstance(value, str):
        return str(value)
    # Of a broken file any value may hold a piece of the broker's address.
    hide = loc == ("broker",) or "@" in value or "//" in value
    return short(repr(without_password(value) if hide else value))


def short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def without_password(text: str) -> str:
    if "@" in text:
        return USER.sub(r"\1***@", text)
    return NO_PORT.sub(r"\1***", text)


def _known(loc: Loc) -> str:
    """The nearest setting, wherever it is; of equally near ones that of the same section."""
    section, wrong = loc[:-1], str(loc[-1]).lower()
    near = max(
        (SequenceMatcher(None, wrong, str(other[-1])).ratio(), other[:-1] == section, other)
        for other in _all_settings(section)
    )
    if near[0] >= NEAR:
        return f"did you mean {dotted(near[2])}?"
    here = _model(section) or Config
    return f"here there are {', '.join(here.model_fields)}."


def _all_settings(section: Loc) -> Iterator[Loc]:
    if section and section[0] in NAMED:
        yield from ((*section, name) for name in NAMED[str(section[0])].model_fields)
        return
    yield from ((name,) for name in Config.model_fields)
    for part, model in SECTIONS.items():
        yield from ((part, name) for name in model.model_fields)
