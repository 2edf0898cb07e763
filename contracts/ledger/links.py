"""A link of the chain from the sensor to the ledger: one check, its outcome, its sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Link:
    """One checked link: its name, whether it holds, and a sentence for people."""

    name: str
    ok: bool
    sentence: str


class Broken(Exception):
    """This link does not hold."""


def checked(name: str, check: Callable[[Shown], str], shown: Shown) -> Link:
    """The link's sentence, or what broke it: no value that a stranger wrote may raise."""
    try:
        return Link(name, True, check(shown))
    except Broken as broken:
        return Link(name, False, str(broken))
    except (ValueError, OverflowError) as error:
        return Link(name, False, f"Its values cannot be computed with ({type(error).__name__}).")
