"""The cloud's own secrets in its data folder: readable by its user alone."""

import json
import os
from pathlib import Path

from eth_keyfile.keyfile import decode_keyfile_json

from cloud.adapters.dev_keys import dev_role_keys
from cloud.errors import BadKey
from cloud.ports.chain import Sender

ROLES: tuple[Sender, ...] = ("admin", "registrar", "settler")


def role_keys(folder: Path | None) -> dict[Sender, bytes]:
    """Of the folder: ROLE.json (keystore V3, opened by the file `password`) or ROLE.hex.

    Without a folder the published dev keys, for a dev chain only. Raises BadKey.
    """
    if folder is None:
        return dev_role_keys()
    return {role: _key(folder, role) for role in ROLES}


def write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")


def _key(folder: Path, role: str) -> bytes:
    store = folder / f"{role}.json"
    if store.exists():
        return _opened(store, _secret(folder / "password").encode())
    path = folder / f"{role}.hex"
    try:
        key = bytes.fromhex(_secret(path).removeprefix("0x"))
    except ValueError:
        raise BadKey(f"{path} is not hexadecimal.") from None
    if len(key) != 32:
        raise BadKey(f"{path} must hold 64 hex digits.")
    return key


def _opened(store: Path, password: bytes) -> bytes:
    """What is wrong with the file or its password is said without any of its content."""
    text = _secret(store)
    try:
        stored = json.loads(text)
        if stored["version"] != 3:
            raise ValueError("it is no keystore of version 3")
        return bytes(decode_keyfile_json(stored, password))
    except (ValueError, KeyError, TypeError) as error:
        raise BadKey(f"{store} cannot be opened with its password ({error}).") from None


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise BadKey(f"{path} can be read by others; run: chmod 600 {path}")
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(f"{path}: {error}.") from None
