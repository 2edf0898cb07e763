"""A trace that grows on the disk and can be read after a kill at any moment."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from edge.core.readings import Reading
from edge.core.ring import Pack, Packer, as_it_is, member
from edge.core.trace_lines import TraceHeader, format_header
from edge.errors import RecordingBroken, RecordingExists


class File(Protocol):
    """The part of a raw file that is used here. `write` may take less than it is given."""

    @property
    def name(self) -> Any: ...
    def write(self, data: bytes, /) -> int | None: ...
    def tell(self) -> int: ...
    def truncate(self, size: int, /) -> int: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


def unbuffered(path: Path) -> File:
    # What is written is the system's, whatever becomes of this process.
    return path.open("xb", buffering=0)


def check_place(path: Path) -> None:
    """What can be known before the sensors are opened. RecordingExists; RecordingBroken."""
    if os.path.lexists(path):
        raise RecordingExists(f"It is {path}.")
    if not path.parent.is_dir():
        raise RecordingBroken(f"{path}: {os.strerror(errno.ENOENT)}.")


class TraceFile:
    """Whole gzip members for `.gz`, whole lines otherwise: what a kill loses are the readings that
    were not packed yet, at most PACK_NS of them if `flush` is called in a pause.
    """

    def __init__(
        self,
        path: Path,
        header: TraceHeader,
        mask_plates: bool,
        opened: Callable[[Path], File] = unbuffered,
    ) -> None:
        """Never overwrites. RecordingExists; RecordingBroken."""
        press = member if path.suffix == ".gz" else as_it_is
        self._packer = Packer(press, mask_plates)
        self.readings = 0
        try:
            self._file = opened(path)
        except FileExistsError:
            raise RecordingExists(f"It is {path}.") from None
        except OSError as error:
            raise RecordingBroken(f"{path}: {error.strerror}.") from None
        self._write(press(format_header(header).encode() + b"\n"))

    def add(self, reading: Reading) -> None:
        """RecordingBroken, as all that writes; what was written before stays readable."""
        self._keep(self._packer.add(reading))

    def flush(self) -> None:
        self._keep(self._packer.pack())

    def close(self) -> None:
        try:
            self.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def __enter__(self) -> TraceFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A full disk that ended it would only refuse again.
        if isinstance(error, RecordingBroken):
            self._file.close()
        else:
            self.close()

    def _keep(self, pack: Pack | None) -> None:
        if pack is not None:
            self._write(pack.data)
            self.readings += pack.readings

    def _write(self, data: bytes) -> None:
        place = self._file.tell()
        try:
            written = 0
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError as error:
            # Half a member would hide all that comes after it.
            self._file.truncate(place)
            raise RecordingBroken(f"{self._file.name}: {error.strerror}.") from None
