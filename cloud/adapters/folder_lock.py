"""One cloud to a data folder: two would settle the same stays and share one nonce."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloud.errors import FolderInUse

LOCK_FILE = "cloud.lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Until the block or the process ends, however it ends. Raises FolderInUse, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"{folder}.") from None
        yield
