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
    # What is left of one that was shown masked (edge/core/plate_masks.py).
    (re.compile(r"\w{0,2}•{2,}\w{0,2}"), MASK),
    # Of the armed police, and of embassies and consulates.
    (re.compile(r"WJ[\s·•.-]?[\u4e00-\u9fff]?[\s·•.-]?[A-Za-z0-9]{4,6}"), MASK),
    (re.compile(r"[使领][\s·•.-]?\d{3}[\s·•.-]?\d{3}|\d{3}[\s·•.-]?\d{3}[使领]"), MASK),
)
# The last net: of any country, five to ten letters and digits mixed, capitals also in groups, such
# as AB12 CDE, B-AB 1234, ABC1D23, 7ABC123. What is plainly none is passed over first: times,
# versions, numbers of an address or with a unit, pins, and words that end in a short number.
PLAIN = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?",
    r"\b[vV]?\d+(?:\.\d+)+[\w.+-]*",
    r"\b0x[0-9a-fA-F]+\b",
    r"\b\d+ ?(?:[kKMGT]i?B|[kM]?Hz|[mµu][AVsT]|[mck]m)\b|\b\d+ [AVsTmC]\b",
    r"(?i:\bGPIO ?\d+\b)",
    r"\b(?=\w*[a-z])[A-Za-z]+\d{1,2}\b",
)
GROUPS = r"(?<![\w-])[A-Z0-9]{1,5}(?:[ ·•-][A-Z0-9]{1,5}){1,2}(?![\w-])"
NET = re.compile(rf"({'|'.join(PLAIN)})|{GROUPS}|(?<!\w)[A-Za-z0-9]{{5,10}}(?!\w)")
PLATE_SIGNS = range(5, 11)
# Parts and words of the trade that look like plates.
TRADE = frozenset(
    (
        *("a02yyuw", "hcsr04", "jsnsr04t", "jsnsr04tuart", "ajsr04m"),
        *("qmc5883l", "hmc5883l", "qmc5883p", "ds18b20", "tca9548a", "pca9615", "gy271"),
        *("sha256", "secp256k1", "base64"),
    )
)


class Redactor:
    """`secrets` are taken out wherever they stand, in capitals or not, also as JSON writes them.

    `names`, such as those of spaces and sensors, are no plates however they look.
    """

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._names = TRADE.union(map(_signs, names))
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
        return NET.sub(self._netted, text)

    def value(self, value: Plain) -> Plain:
        """The same for every text inside; keys, too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(part) for key, part in value.items()}
        return value

    def _netted(self, found: re.Match[str]) -> str:
        text, signs = found.group(), _signs(found.group())
        if found.group(1) is not None or signs in self._names or len(signs) not in PLATE_SIGNS:
            return text
        mixed = any(sign.isdigit() for sign in signs) and any(sign.isalpha() for sign in signs)
        return MASK if mixed else text


def _signs(text: str) -> str:
    """Letters and digits alone, in small letters: how a plate is grouped tells nothing."""
    return "".join(filter(str.isalnum, text)).lower()


def _escaped(text: str) -> str:
    """As JSON writes it between its quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
