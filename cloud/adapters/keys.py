"""The cloud's own secrets in its data folder: readable by its user alone."""

import os
from pathlib import Path

from cloud.adapters.dev_keys import dev_role_keys
from cloud.errors import BadSetting
from cloud.ports.chain import Sender

ROLES: tuple[Sender, ...] = ("admin", "registrar", "settler")


def role_keys(folder: Path | None) -> dict[Sender, bytes]:
    """ROLE.hex files of the folder; without one the published dev keys, for a dev chain only."""
    if folder is None:
        return dev_role_keys()
    return {role: _key(folder / f"{role}.hex") for role in ROLES}


def write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")


def _key(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise BadSetting(f"{path} can be read by others; run: chmod 600 {path}")
        key = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except (OSError, ValueError) as error:
        raise BadSetting(f"{path}: {error}") from None
    if len(key) != 32:
        raise BadSetting(f"{path} must hold 64 hex digits")
    return key
