"""berth-edge doctor."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from edge.adapters.checks import Check, Level, this_machine
from edge.adapters.doctor import check_all
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.config import read_config

SHOWN = {Level.OK: "ok  ", Level.WARNING: "warn", Level.FAILED: "FAIL"}


def doctor(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Check sensors, cameras, key, disk, broker and clock; every failure comes with its remedy."""
    checks = check_all(read_config(config), this_machine())
    if as_json:
        print(json.dumps([as_json_row(check) for check in checks]))
    else:
        for check in checks:
            print(as_line(check))
    raise typer.Exit(exit_code(checks))


def as_line(check: Check) -> str:
    said = f"{SHOWN[check.level]} {check.name}: {check.sentence.rstrip('.')}"
    return f"{said}. {check.remedy}" if check.remedy else said


def exit_code(checks: list[Check]) -> int:
    return 0 if all(check.ok for check in checks) else 1


def as_json_row(check: Check) -> dict[str, object]:
    return {
        "check": check.name,
        "ok": check.ok,
        "level": check.level,
        "sentence": check.sentence,
        "remedy": check.remedy,
    }
