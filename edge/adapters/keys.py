"""The gateway's signing key: made here, never leaves here."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from contracts.wire.signing import address_of
from edge.errors import KeyExists, KeyForeign, KeyMalformed, KeyMissing, KeyReadable

KEY_FILE = "key.hex"


def make_key(data: Path) -> bytes:
    path = data / KEY_FILE
    key = os.urandom(32)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyExists(f"It is {path}.") from None
    with os.fdopen(handle, "w") as file:
        file.write(f"0x{key.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def load_key(data: Path) -> bytes:
    path = data / KEY_FILE
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise KeyMissing(f"Looked for {path}.") from None
    except PermissionError:
        raise KeyForeign(f"It is {path}.") from None
    except UnicodeDecodeError:
        raise KeyMalformed(f"It is {path}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyReadable(f"It is {path}, mode {stat.S_IMODE(mode):o}.")
    try:
        key = bytes.fromhex(text.removeprefix("0x"))
        address_of(key)
    except ValueError:
        raise KeyMalformed(f"It is {path}.") from None
    return key
