"""The name that a person signs in with: an e-mail address, or a word that was agreed on."""

import re
import unicodedata

MIN_NAME, MAX_NAME = 3, 120
_WORD = re.compile(r"[\w.+-]+(?:@[\w-]+(?:\.[\w-]+)+)?")


def plain(name: str) -> str:
    """As it is stored and compared: capitals and full-width signs make no difference."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def usable(name: str) -> bool:
    """Of a plain one."""
    return MIN_NAME <= len(name) <= MAX_NAME and _WORD.fullmatch(name) is not None


def mailable(name: str) -> bool:
    return usable(name) and "@" in name and name.isascii()
