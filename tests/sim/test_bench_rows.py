"""The file of the benchmark's figures, when only a part was measured."""

import json
from pathlib import Path

from bench.rows import Row, result
from bench.run import PARTS, main, write


def row(name: str, value: float) -> Row:
    return {"name": name, "value": value}


def test_the_figures_of_parts_that_were_not_run_are_kept_in_their_place(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write([row("a", 1), row("b", 2), row("c", 3)], path)
    write([row("b", 9), row("d", 4)], path)
    assert json.loads(path.read_text()) == [row("a", 1), row("b", 9), row("c", 3), row("d", 4)]


def test_a_peer_that_is_nothing_gives_no_ratio_and_small_figures_keep_their_digits() -> None:
    made = result("x", 0.00042, "share", ("a baseline", 0.0), 5)
    assert (made["value"], made["ratio"]) == (0.00042, None)
    assert result("x", 3.0, "s", ("a baseline", None))["peer_value"] is None


def test_an_unknown_part_is_refused_before_anything_is_measured() -> None:
    assert main(["sensing", "nothing"]) == 2
    assert "sensing" in PARTS
