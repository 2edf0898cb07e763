"""Which password may be chosen, as NIST SP 800-63B has it (section 5.1.1.2).

Any characters, 8 to 128 of them; no rule of what they must be made of; the commonest, and one's own
name, are refused. Compared in one Unicode form (NFKC), so that two keyboards type the same.
"""

import unicodedata
from functools import cache
from importlib.resources import files

from cloud.core.reasons import Refusal, refuse

MIN_LENGTH, MAX_LENGTH = 8, 128
LIST = "texts/common_passwords.txt"


def plain(password: str) -> str:
    """The form that is hashed and compared."""
    return unicodedata.normalize("NFKC", password)


@cache
def common() -> frozenset[str]:
    """Their lower case; lines that begin with # tell where they are from."""
    lines = files("cloud.core").joinpath(LIST).read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def objection(password: str, name: str = "") -> Refusal | None:
    """`name`: whose it is. The length counts code points, before and after normalising."""
    form = plain(password)
    if len(form) < MIN_LENGTH:
        return refuse("password_short")
    if max(len(form), len(password)) > MAX_LENGTH:
        return refuse("password_long")
    if _easy(form.lower(), name.lower()):
        return refuse("password_common")
    return None


def _easy(low: str, name: str) -> bool:
    """One of the commonest, one's own name, or one character over and over."""
    own = {name, name.partition("@")[0]} - {""}
    return low in common() or low in own or len(set(low)) == 1
