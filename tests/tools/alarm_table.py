"""docs/alarms.md, made from the words that the operator's page shows: `python -m` writes it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cloud.entrypoints.http.words import WORDS
from tests.tools.tidy import ROOT

PAGE = ROOT / "docs" / "alarms.md"
HEAD = """# Alarms

What each alarm means, and what to do. Made by `python -m tests.tools.alarm_table` from the words of
the operator's page (`cloud/entrypoints/http/words_*.py`). `/metrics` counts those that are not
over as `berth_alarms{code="..."}`; a rule for Prometheus that wakes somebody is

    - alert: BerthAlarm
      expr: sum by (code) (berth_alarms) > 0

An alarm ends with its cause, or is put aside by an operator; if its cause lasts it is shown again
after a day.

| code | what it means | what to do |
|---|---|---|
"""
# Where the code of an alarm stands among the arguments of what raises it.
PLACES = {"raise_alarm": 2, "alarm": 1, "_alarm": 2, "_refused": 2}


def table() -> str:
    rows = []
    for key, (title, _) in sorted(WORDS.items()):
        if f"{key}.do" in WORDS and key.startswith("alarm."):
            code = key.removeprefix("alarm.")
            rows.append(f"| `{code}` | {title} | {WORDS[f'{key}.do'][0]} |")
    return HEAD + "\n".join(rows) + "\n"


def raised() -> Iterator[tuple[str, str]]:
    """(file, code) of every alarm whose code is written where it is raised."""
    for path in sorted((ROOT / "cloud").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        named = _constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for code in _codes(node, named):
                    yield path.relative_to(ROOT).as_posix(), code


def _constants(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[node.targets[0].id] = value.value
    return found


def _codes(call: ast.Call, named: dict[str, str]) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "Alarm":
        yield from (_text(it.value, named) for it in call.keywords if it.arg == "code")
    elif name in PLACES and len(call.args) > PLACES[name]:
        yield _text(call.args[PLACES[name]], named)


def _text(node: ast.expr, named: dict[str, str]) -> str:
    """ "" where it is known only when it is raised."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return named.get(node.id, "") if isinstance(node, ast.Name) else ""


def main(page: Path = PAGE) -> None:
    page.write_text(table(), "utf-8")


if __name__ == "__main__":
    main()
