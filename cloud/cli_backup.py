"""berth-cloud backup and restore: a copy while it serves, and a cloud made of a copy."""

import json
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from cloud.cli_settings import Data, Json, config_of, existing, stop

File = Annotated[Path, typer.Argument(help="The backup, a tar file for its owner alone.")]
Keys = Annotated[
    Path | None,
    typer.Option("--keys", help="File of the keys: without them no plate and no document opens."),
]
AGAIN = (
    "Everybody signs in anew; open claim codes and invitations are void. Revoke again what was"
    " revoked since {at}:\n"
    "gateways, certificates, access keys, passkeys, roles; passwords are those of then."
    " docs/operate.md, Backups, says how."
)
MEND = "Choose another place for it, or make room, and run the command again."


def backup(file: File, keys: Keys = None, data: Data = None, as_json: Json = False) -> None:
    """Copy database and documents as of now, while the cloud serves; keys only with --keys."""
    from cloud.adapters import backup as copies
    from cloud.adapters.clock import SystemClock

    config = existing(data)
    try:
        count = copies.backup_keys(config.data, keys, config.plate_file) if keys else 0
        made = copies.backup(config.data, config.database, file, SystemClock().now())
    except (OSError, sqlite3.Error) as error:
        stop(f"{error}.", MEND, 1)
    if as_json:
        told = {"file": str(file), "sha256": made.sha256, "documents": made.documents}
        print(json.dumps({**told, "bytes": made.size_bytes, "keys": count}))
        return
    print(f"{file}: {made.size_bytes:,} bytes, with {made.documents} documents.")
    if keys:
        print(f"{keys}: {count} files of keys. Keep it apart from the backup.")
    else:
        print("No keys are in it. Keep them too, elsewhere: --keys FILE.")


def restore(file: File, keys: Keys = None, data: Data = None, as_json: Json = False) -> None:
    """Make a cloud of a backup, in a folder that has none; gateways send what it lacks again."""
    from cloud.adapters import backup as copies
    from cloud.adapters.folder_lock import held

    config = config_of(data=data)
    if config.db != "embedded":
        stop("The database is PostgreSQL.", "Run pg_restore there with the dump in the backup.", 2)
    try:
        with held(config.data):
            made = copies.restore(config.data, file, keys)
    except (OSError, sqlite3.Error, ValueError) as error:
        stop(f"{error}.", MEND, 2)
    if as_json:
        told = {"sha256": made.sha256, "documents": made.documents, "keys": made.keys}
        print(json.dumps({**told, "made_at": made.made_at}))
        return
    print(f"{config.data}: the database, {made.documents} documents, {made.keys} files of keys.")
    if keys and config.plate_file.resolve() != (config.data / copies.PLATES).resolve():
        print(
            f"The key of plates is in it: put it where BERTH_PLATE_KEY says, {config.plate_file}."
        )
    print(AGAIN.format(at=made.made_at))
    print("Start the cloud: each gateway is asked for the events that are missing here.")
