"""The last epoch that was begun, beside the outbox: it survives the outbox's loss."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def following(path: Path, epoch: int) -> int:
    """Larger than any before, even if the clock went back: a number is never used twice."""
    with suppress(FileNotFoundError, ValueError):
        epoch = max(epoch, int(path.read_text()) + 1)
    return epoch


def keep(path: Path, epoch: int) -> None:
    """Beside it and then over it: a power cut once left an empty file, and the epoch forgotten."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(f"{epoch}\n")
    _flush(new)
    new.replace(path)
    _flush(path.parent)


def _flush(place: Path) -> None:
    """A folder's flush makes the names in it last."""
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
