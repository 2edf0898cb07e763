"""Writes the picture of a booking's life into docs/bookings.md: run it after the table changed."""

import re

from cloud.core.booking import diagram
from tests.tools.tidy import ROOT

PAGE = ROOT / "docs" / "bookings.md"


def drawn(page: str) -> str:
    """The page with the picture as the table is now."""
    return re.sub(r"```mermaid\n.*?```", f"```mermaid\n{diagram()}\n```", page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
