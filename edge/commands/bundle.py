"""berth-edge bundle."""

from __future__ import annotations

import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from edge.adapters.bundle import MAX_LOG_LINES, Facts, make_bundle, write_bundle
from edge.adapters.checks import this_machine
from edge.adapters.doctor import check_all
from edge.commands.options import CONFIG_FILE, ConfigOption
from edge.config import Config, read_config_or_last_good
from edge.errors import BundleUnwritable, ConfigMissing, ConfigWrong, Mistake

LogOption = Annotated[
    str | None,
    typer.Option("--log", help="Log lines, a file or -: journalctl -u berth-edge -o cat | …"),
]


def bundle(
    out: Annotated[Path, typer.Option(help="The support file to write, a zip.")],
    config: ConfigOption = Path(CONFIG_FILE),
    log: LogOption = None,
) -> None:
    """Write a support file; it holds no plates, keys, tokens or passwords."""
    settings, mistakes = _settings(config)
    machine = this_machine()
    facts = Facts(
        config=settings,
        mistakes=mistakes,
        machine=machine,
        checks=check_all(settings, machine) if settings else [],
        log=_lines(log) if log else (),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    parts = make_bundle(facts)
    try:
        write_bundle(out, parts)
    except OSError as error:
        raise BundleUnwritable(f"It is {out}: {error.strerror}.") from None
    print(f"{out}: {', '.join(parts)}")
    print("It holds no plates, keys, tokens or passwords; look into it before you send it on.")


def _settings(path: Path) -> tuple[Config | None, list[Mistake]]:
    """A support file is wanted most when the settings are broken."""
    try:
        return read_config_or_last_good(path)
    except ConfigWrong as wrong:
        return None, wrong.mistakes
    except ConfigMissing:
        return None, [Mistake(1, 1, "")]


def _lines(name: str) -> list[str]:
    """The last ones; a line that is no text is read as far as it is one."""
    try:
        if name == "-":
            return list(deque(sys.stdin, MAX_LOG_LINES))
        with open(name, encoding="utf-8", errors="replace") as file:
            return list(deque(file, MAX_LOG_LINES))
    except OSError as error:
        raise typer.BadParameter(f"{name} cannot be read: {error.strerror}.") from None
