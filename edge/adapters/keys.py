"""The gateway's signing key: made here, never leaves here."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from contracts.wire.signing import address_of
from edge.config.whole_file import flush_folder, write_whole
from edge.errors import KeyExists, KeyForeign, KeyMalformed, KeyMissing, KeyReadable

KEY_FILE, NEXT_FILE = "key.hex", "key.hex.next"
BESIDE = ".made"


def make_key(data: Path) -> bytes:
    return _make(data / KEY_FILE)


def new_key(data: Path) -> bytes:
    """One that is to come, beside the one that is used; the same until `take_key`."""
    path = data / NEXT_FILE
    return _load(path) if path.exists() else _make(path)


def take_key(data: Path) -> None:
    """The one that was to come is used from now on. The old one is gone. Raises OSError."""
    (data / NEXT_FILE).replace(data / KEY_FILE)
    flush_folder(data)


def _make(path: Path) -> bytes:
    """Whole or not at all: a power cut leaves no half of a key, and none is ever overwritten."""
    key = os.urandom(32)
    beside = path.with_name(path.name + BESIDE)
    write_whole(beside, [f"0x{key.hex()}\n".encode()])
    try:
        os.link(beside, path)
    except FileExistsError:
        raise KeyExists(f"It is {path}.") from None
    finally:
        beside.unlink()
    flush_folder(path.parent)
    return key


def load_key(data: Path) -> bytes:
    return _load(data / KEY_FILE)


def _load(path: Path) -> bytes:
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
