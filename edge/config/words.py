"""What is said of a mistake: the setting, the value as it was written, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from edge.config.settings import MAX_SPACES, Config, Ledger, Limits, Timing

Loc = tuple[int | str, ...]
SECTIONS: dict[str, type[BaseModel]] = {"ledger": Ledger, "timing": Timing, "limits": Limits}
NAME = "1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
ADDRESS = (
    "0x and 40 hex digits, with the capitals of its EIP-55 checksum, as the cloud's /healthz "
    "shows it"
)
BROKER = "written like mqtt://host:1883 or mqtt://user:password@host:1883"
TEXTS = {
    "gateway": NAME,
    "data": "a folder's path",
    "broker": BROKER,
    "ledger.address": ADDRESS,
    "spaces": f"a list of at most {MAX_SPACES} names",
}
LONGEST_SHOWN = 60
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
    if kind == "extra_forbidden":
        return f"{name} is not a setting; {_known(loc)}"
    rule = allowed(loc)
    if kind == "missing":
        return f"{name} is missing; it must be {rule}."
    unquoted = kind == "string_type" and isinstance(error["input"], int | float)
    return f"{name} is {value}, but must be {rule}{', in quotes' if unquoted else ''}."


def allowed(loc: Loc) -> str:
    name = dotted(loc)
    if name in SECTIONS:
        return f"a section of `key: value` lines: {', '.join(SECTIONS[name].model_fields)}"
    return TEXTS.get(name) or (NAME if loc[0] == "spaces" else _numbers(loc))


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
        for other in _all_settings()
    )
    if near[0] >= NEAR:
        return f"did you mean {dotted(near[2])}?"
    here = SECTIONS[str(section[0])] if section else Config
    return f"here there are {', '.join(here.model_fields)}."


def _all_settings() -> Iterator[tuple[str, ...]]:
    for name in Config.model_fields:
        yield (name,)
    for section, model in SECTIONS.items():
        for name in model.model_fields:
            yield section, name
