"""A file that is replaced as a whole: a power cut leaves the old one or the new one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

BESIDE = ".new"
PRIVATE = 0o600
Give: TypeAlias = Callable[[int, int, int], None]
"""(file handle, user, group), as os.fchown."""


def write_whole(path: Path, parts: Iterable[bytes], beside: str = BESIDE) -> None:
    """`parts` one after the other, as `replace_whole` does it. Raises OSError."""
    replace_whole(path, lambda file: file.writelines(parts), beside)


def replace_whole(
    path: Path,
    fill: Callable[[BinaryIO], object],
    beside: str = BESIDE,
    like: Path | None = None,
    give: Give = os.fchown,
) -> None:
    """What `fill` writes gets the name at once and in the end; nothing is left if it fails.

    Mode 0600, or owner and mode of `like` if that is there. Raises OSError, or what `fill` raises.
    """
    part = path.with_name(path.name + beside)
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
            if like is not None:
                resemble(file.fileno(), like, give)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """What was renamed or made in it outlasts a power cut from here on. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def resemble(handle: int, like: Path, give: Give) -> None:
    """The open file gets owner and mode of `like`: root must not take it from the service.

    PermissionError for who may not give it away: better no change than one that the owner of the
    old file cannot read.
    """
    with suppress(FileNotFoundError):
        was = like.stat()
        give(handle, was.st_uid, was.st_gid)
        os.fchmod(handle, stat.S_IMODE(was.st_mode))
