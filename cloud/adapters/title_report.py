"""The report of a title file's bad rows: a CSV beside it that a spreadsheet opens as it is."""

import csv
from collections.abc import Sequence
from pathlib import Path

from cloud.core.title_rows import Problem

HEADER = ("line", "field", "reason", "value")
# A spreadsheet would take such a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def beside(file: Path) -> Path:
    return file.with_name(file.name + ".problems.csv")


def write(path: Path, problems: Sequence[Problem], unit: str = HEADER[0]) -> None:
    """In UTF-8 with its mark, in the order of their lines, or whatever `unit` counts. Raises

    OSError.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((unit, *HEADER[1:]))
        for line, field, reason, value in problems:
            writer.writerow((line, field, reason, _harmless(value)))


def _harmless(value: str) -> str:
    return "'" + value if value.startswith(FORMULA) else value
