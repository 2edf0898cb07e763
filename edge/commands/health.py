"""berth-edge doctor."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from edge.adapters.checks import Check, Level, check_all, this_machine
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.config import read_config

SHOWN = {Level.OK: "ok  ", Level.WARNING: "warn", Level.FAILED: "FAIL"}


def doctor(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Check key, data folder, broker and clock; every failure comes with its fix."""
    checks = check_all(read_config(config), this_machine())
    if as_json:
        print(json.dumps([as_json_row(check) for check in checks]))
    else:
        for check in checks:
            print(f"{SHOWN[check.level]} {check.name}: {check.sentence}")
    raise typer.Exit(exit_code(checks))


def exit_code(checks: list[Check]) -> int:
    return 0 if all(check.ok for check in checks) else 1


def as_json_row(check: Check) -> dict[str, object]:
    return {"check": check.name, "ok": check.ok, "level": check.level, "sentence": check.sentence}
