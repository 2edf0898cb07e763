"""What every command of berth-cloud begins and ends with: its settings, and the last sentence."""

import difflib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from cloud.config import SECRET, Config, without_password
from cloud.errors import (
    BadKey,
    BadSetting,
    BadTitles,
    CloudError,
    DatabaseInUse,
    FolderInUse,
    NotEmpty,
    OtherDatabase,
    PublishedKey,
    Unknown,
    Unwritable,
)

if TYPE_CHECKING:
    from cloud.adapters.db import Database

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data folder (BERTH_DATA).")]


BAD_INPUT = (
    BadKey,
    BadSetting,
    BadTitles,
    DatabaseInUse,
    FolderInUse,
    NotEmpty,
    OtherDatabase,
    PublishedKey,
    Unknown,
    Unwritable,
)


class Commands(TyperGroup):
    """What a command is refused is told as a sentence with its remedy, whichever command it is."""

    def invoke(self, *given: Any, **more: Any) -> Any:
        try:
            return super().invoke(*given, **more)
        except CloudError as error:
            stop(str(error), error.remedy, status_of(error))


def status_of(error: Exception) -> int:
    """2 for what was typed, set or put there by whoever runs it; 1 for what was found."""
    return 2 if isinstance(error, BAD_INPUT) else 1


def config_of(data: Path | None = None, port: int | None = None) -> Config:
    given: dict[str, Any] = {"data": data, "port": port}
    known = [f"BERTH_{name.upper()}" for name in Config.model_fields]
    for name in os.environ:
        if name.startswith("BERTH_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            stop(f"There is no setting {name}.", f"Did you mean {near[0]}?" if near else "", 2)
    try:
        # A systemd credential named berth_smtp stands for BERTH_SMTP, and so on.
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        known_values = {name: value for name, value in given.items() if value is not None}
        return Config(_secrets_dir=credentials, **known_values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "BERTH_" + "_".join(str(part) for part in first["loc"]).upper()
        why = first["msg"].removeprefix("Value error, ")
        value = str(first["input"])
        shown = without_password(value) if first["loc"][0] in SECRET else value
        stop(f"{name}={shown}: {why}.", "Correct it and start again.", 2)


def existing(data: Path | None) -> Config:
    """Of a folder that holds a database: a command that only reads makes none."""
    from cloud.adapters.db import exists

    config = config_of(data=data)
    if not exists(config.database):
        if config.db != "embedded":
            stop("There is no cloud in the database of BERTH_DB.", "Correct BERTH_DB.", 2)
        stop(f"There is no cloud in {config.data}.", "Give its folder with --data.", 2)
    return config


def database_of(config: Config) -> "Database":
    """With the key that its plates are sealed by, wherever that lies (BERTH_PLATE_KEY).

    The one place where a command opens it: without that key most of them end with `no_plate_key`.
    """
    from cloud.adapters.db import Database

    return Database(config.database, plate_key=config.plate_file)


def free(host: str, port: int, remedy: str) -> None:
    """Said before anything is started, not by the server that cannot listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            stop(f"Cannot listen on {host}:{port} ({error.strerror}).", remedy, 2)
        except UnicodeError:
            stop(f"Cannot listen on {host}:{port} (this is no host name).", remedy, 2)


def stop(sentence: str, remedy: str, status: int) -> NoReturn:
    print(f"berth-cloud: {sentence} {remedy}".strip(), file=sys.stderr)
    raise typer.Exit(status)
