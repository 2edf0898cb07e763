"""The installation's key: whoever has it and the database can read plates, and nobody else can.

A file for the cloud's user alone (0600), or a systemd credential; never in the database and never
in a backup of it.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from cloud.adapters.clock import new_token
from cloud.adapters.secret_files import open_to_others
from cloud.core.plate_vault import KEY_BYTES, MASTER_BYTES, Vault
from cloud.errors import BadKey, NoPlateKey, OtherPlateKey
from cloud.tables import Setting

CHECK = "plates.check"
FILE = "plates.key"
DIGITS = f"It holds {MASTER_BYTES} bytes as hexadecimal digits: put your copy of it there."


def vault_for(engine: Engine, path: Path) -> Vault:
    """The key that this database was begun with; a new database gets a new one.

    Raises BadKey, NoPlateKey, OtherPlateKey.
    """
    with Session(engine) as session:
        known = session.get(Setting, CHECK)
        vault = opened(path, known is None)
        if known is None:
            session.add(Setting(key=CHECK, value=vault.check))
            session.commit()
        elif known.value != vault.check:
            raise OtherPlateKey(f"{path}.")
    return vault


def opened(path: Path, may_make: bool, environment: Mapping[str, str] = os.environ) -> Vault:
    """`may_make`: nothing was sealed yet by another key."""
    if may_make and not path.exists():
        _make(path)
    return Vault(_read(path, environment), lambda: secrets.token_bytes(KEY_BYTES))


def _make(path: Path) -> None:
    """On the disk before anything is sealed by it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{new_token()[:8]}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(new_token() + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # another process was first, and its key stays
        os.link(made, path)
    made.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, environment: Mapping[str, str]) -> bytes:
    try:
        if open_to_others(path, environment):
            raise BadKey(f"{path} can be read by others; run: chmod 600 {path}.", "Then go on.")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        raise NoPlateKey(f"{path} is missing.") from None
    except ValueError:
        raise BadKey(f"{path} holds no key.", DIGITS) from None
    except OSError as error:
        raise BadKey(f"{path} cannot be read ({error.strerror}).", DIGITS) from None
    if len(key) != MASTER_BYTES:
        raise BadKey(f"{path} holds {len(key)} bytes.", DIGITS)
    return key
