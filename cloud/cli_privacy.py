"""berth-cloud person, berth-cloud retention: what is held of a person, and for how long."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloud.cli_settings import Data, Json, database_of, existing, stop
from cloud.core.reasons import Refusal

if TYPE_CHECKING:
    from cloud.adapters.db import Database
    from cloud.config import Config

person = typer.Typer(no_args_is_help=True, help="What is held of a person: show it, erase it.")
retention = typer.Typer(no_args_is_help=True, help="For how long what is kept.")
Number = Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="The account's number.")]
Out = Annotated[Path | None, typer.Argument(help="A file; without one, or with -, it is printed.")]


@person.command()
def export(number: Number, file: Out = None, data: Data = None) -> None:
    """Write all that the installation holds of a person, as JSON that says what each part is."""
    from cloud.adapters.clock import clock_for
    from cloud.usecases import persons

    config = existing(data)
    now = clock_for(config.clock).now()
    found = _opened(config).read(lambda s: persons.export(s, number, now))
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if file is None or str(file) == "-":
        print(text)
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as to:
            to.write(text + "\n")
    except OSError as error:
        stop(f"Cannot write {file} ({error.strerror}).", "Choose another file.", 2)
    print(f"What is held of account {number}: {file}")


@person.command()
def erase(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Erase a person for good: her key and names. What was filed stays valid (exit 1: refused)."""
    from cloud.adapters.clock import clock_for
    from cloud.usecases import audit, erasing

    config = existing(data)
    if not yes:
        typer.confirm(f"Erase account {number}? This cannot be undone", abort=True, err=True)
    now, by = clock_for(config.clock).now(), audit.cli(str(os.getuid()))
    db = _opened(config)
    made = db.write(lambda s: erasing.erase(s, number, by, now))
    if not isinstance(made, Refusal):
        db.tidy()
    found = made.plain()
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(_refused(made) if isinstance(made, Refusal) else _erased(found)))
    raise typer.Exit(int(isinstance(made, Refusal)))


@retention.command()
def run(
    dry_run: Annotated[bool, typer.Option(help="Count only; nothing goes.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Remove what is older than its period (BERTH_KEEP); each step is proven in the audit log."""
    from cloud.adapters.clock import clock_for
    from cloud.core.retention import RULES, periods
    from cloud.entrypoints import forgetting

    config = existing(data)
    db, clock, days = _opened(config), clock_for(config.clock), periods(config.keep)
    found = forgetting.counted(db, clock, days) if dry_run else forgetting.run(db, clock, days)
    if as_json:
        rows = [{"rule": n, "rows": found[n], "days": days[n]} for n in found]
        print(json.dumps({"dry_run": dry_run, "rules": rows}))
        return
    verb = "would go" if dry_run else "gone"
    for rule in RULES:
        print(f"{rule.name:16} {found[rule.name]:>8} {verb}, older than {days[rule.name]:>4} days")


def _opened(config: "Config") -> "Database":

    return database_of(config)


def _refused(made: Refusal) -> list[str]:
    return [f"{reason.sentence_en} {reason.remedy_en}" for reason in made.reasons]


def _erased(found: dict[str, Any]) -> list[str]:
    """Of erasing.Forgotten."""
    gone = [f"{table:16} {count:>6} rows" for table, count in found["rows"].items()]
    receipts = found["receipts"]
    said = [f"Account {found['account']} is erased.", *gone]
    if receipts["stays"]:
        stays = ", ".join(map(str, receipts["stays"]))
        said.append(f"Receipts of stays {stays}: {receipts['say']}")
    return said
