"""What people are told.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import TypedDict

__all__ = [
    "ReasonShape",
]


class ReasonShape(TypedDict):
    code: str
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str
