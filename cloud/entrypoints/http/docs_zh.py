"""The description in Chinese, by its English sentences: one sentence means the same everywhere.

They stand in docs_zh.json; a test names those that nobody has translated yet.
"""

import json
from functools import cache
from pathlib import Path

HELD = Path(__file__).with_name("docs_zh.json")


@cache
def _sentences() -> dict[str, str]:
    found: dict[str, str] = json.loads(HELD.read_text("utf-8"))
    return found


def in_chinese(text: str) -> str:
    """The English where nobody has translated it yet."""
    plain = " ".join(text.split())
    return _sentences().get(plain, plain)
