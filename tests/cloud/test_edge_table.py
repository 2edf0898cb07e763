"""Every row of the edge cases has a test that bears its name, and stands in the document."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

from tests.cloud.edge_rows import ROWS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/edge-cases.md"


@lru_cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS)
def test_the_row_has_a_test_of_its_name_and_all_it_names_exist(row: str) -> None:
    words = re.sub(r"[^a-z0-9]+", "_", row.lower().replace("'", "")).strip("_")
    assert ROWS[row][0][1] == f"test_{words}"
    for path, name in ROWS[row]:
        assert name in functions(path), f"{path}::{name}"


def test_the_document_has_every_row_with_its_tests_and_no_other() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    told = {cell[0]: re.findall(r"`([^`]+)`", cell[2]) for cell in cells if cell[0][:3] != "---"}
    assert told == {row: [f"{path}::{name}" for path, name in ROWS[row]] for row in ROWS}


def test_there_are_as_many_rows_as_a_car_park_taught_us() -> None:
    assert len(ROWS) == 28
