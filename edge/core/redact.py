"""What must not leave a gateway, taken out of texts: known secrets, and what looks like one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TypeAlias

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
MASK = "***"
# A shorter one would be found in every word; where it stands by itself it is left out by its place.
SHORTEST_KNOWN = 4
PATTERNS = (
    # Who signs in stands before the last @ of an address.
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s\"']*@"), r"\1***@"),
    (
        re.compile(
            r"(?i)\b(pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|authorization|bearer|"
            r"cookie)\b([\"']?\s*[:= ]\s*)(?:(?:bearer|basic)\s+)?[^\s,;&]+"
        ),
        r"\1\2***",
    ),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), MASK),
    # Keys, salts, digests and tokens; an address (0x and 40 digits) is public.
    (re.compile(r"(?!\b0x[0-9a-fA-F]{40}\b)\b(?=[\w+/=-]*\d)[\w+/=-]{32,}"), MASK),
    # Plates: a province's character, a letter, and five or six more.
    (re.compile(r"[\u4e00-\u9fff][A-Za-z][\s·•.-]?[A-Za-z0-9]{4,6}[\u4e00-\u9fff]?"), MASK),
)


class Redactor:
    """`secrets` are taken out wherever they stand, in capitals or not, also as JSON writes them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {
            form
            for secret in secrets
            for form in (secret, _escaped(secret))
            if len(form) >= SHORTEST_KNOWN
        }
        # The longest first: one may be a part of another.
        known = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None

    def text(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, by in PATTERNS:
            text = pattern.sub(by, text)
        return text

    def value(self, value: Plain) -> Plain:
        """The same for every text inside; keys, too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(part) for key, part in value.items()}
        return value


def _escaped(text: str) -> str:
    """As JSON writes it between its quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
