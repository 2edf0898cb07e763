"""Nothing that lets anybody in, and no plate, stands in a log: what of an entry is hidden.

By the name of a field, and by the look of a text wherever it stands. Digests and transactions are
written with 0x and stay; a key or a token of ours is 64 bare hexadecimal digits.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

HIDDEN = "***"
MAX_DEPTH = 6
# Whole words of a field's name, split at _ and -.
SECRET_WORDS = frozenset(
    (
        *("password", "passwords", "passphrase", "token", "tokens", "cookie", "cookies", "secret"),
        *("secrets", "authorization", "credential", "credentials", "plate", "plates", "salt"),
        *("invitation", "seed", "mnemonic"),
    )
)
# Names that are secret only as a whole: `key` in `request_key`, `code` of a refusal are not.
SECRET_NAMES = frozenset(
    (
        *("key", "access_key", "private_key", "api_key", "signing_key", "claim_code"),
        *("reset_code", "mailed_code", "otp", "form_token", "set_cookie"),
    )
)
_HEADER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_COOKIE = re.compile(r"(?i)\b(berth_(?:session|known|form))=[^;,\s\"']+")
_NAMED = re.compile(r"(?i)\b(password|passwd|token|secret|form_token)=[^&\s\"']+")
_BARE = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_CODE = re.compile(r"\b[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){2}\b")
_USER = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领港澳"
_PLATE = re.compile(rf"[{_PROVINCES}][A-Z][·\s-]?[0-9A-Z]{{4,6}}[0-9A-Z挂学警港澳使领]")
_KEPT: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_HEADER, lambda found: f"{found[1]} {HIDDEN}"),
    (_COOKIE, lambda found: f"{found[1]}={HIDDEN}"),
    (_NAMED, lambda found: f"{found[1]}={HIDDEN}"),
    (_USER, lambda _: HIDDEN),
    (_BARE, lambda _: HIDDEN),
    (_CODE, lambda _: HIDDEN),
    (_PLATE, lambda _: HIDDEN),
)


def secret(name: str) -> bool:
    """Whether what stands under this name is hidden whatever it is."""
    plain = name.lower().replace("-", "_")
    return plain in SECRET_NAMES or not SECRET_WORDS.isdisjoint(plain.split("_"))


def text(said: str) -> str:
    for pattern, put in _KEPT:
        said = pattern.sub(put, said)
    return said


def masked(name: str, value: Any, depth: int = 0) -> Any:
    """The value as it may be written. What is none of JSON's is written as its text."""
    if secret(name) and value not in (None, "", False, True):
        return HIDDEN
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MAX_DEPTH:
        return text(repr(value))
    if isinstance(value, Mapping):
        return {text(str(key)): masked(str(key), one, depth + 1) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [masked("", one, depth + 1) for one in value]
    return text(repr(value))
