"""A small library put before libc in a process of ours: it records what is written, steps the wall
clock alone, and makes a disk full. It needs a C compiler; where there is none, nothing here works
and whoever asks is told so.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
NO_LIMIT = -1
STATE_BYTES = 16
NO_COMPILER = "there is no C compiler here (cc or gcc), which the preloaded library needs"


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


def build(folder: Path) -> Path | None:
    """The library, in this folder; None where nothing can compile it."""
    found, made = compiler(), folder / "shim.so"
    if found is None:
        return None
    if not made.exists():
        command = [found, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"]
        subprocess.run([*command, "-lpthread"], check=True, capture_output=True)
    return made


def recording(library: Path, under: Path, trace: Path) -> dict[str, str]:
    """The environment of a process whose writes below `under` are recorded."""
    return {
        "LD_PRELOAD": str(library),
        "SHIM_UNDER": f"{under}/",
        "SHIM_TRACE": str(trace),
    }


class Knobs:
    """Of a running process: how far its wall clock is off, and how much disk it has left."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.knobs"
        self._path.write_bytes(struct.pack("=qq", 0, NO_LIMIT))
        with self._path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), STATE_BYTES)

    def environment(self, library: Path, under: Path) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(library),
            "SHIM_UNDER": f"{under}{os.sep}",
            "SHIM_STATE": str(self._path),
        }

    def step_clock(self, seconds: float) -> None:
        """From the true time, not from the last step."""
        struct.pack_into("=q", self._map, 0, int(seconds * 1e9))

    def leave_free(self, count: int) -> None:
        """So many bytes, or NO_LIMIT."""
        struct.pack_into("=q", self._map, 8, count)

    @property
    def free(self) -> int:
        return int(struct.unpack_from("=q", self._map, 8)[0])

    def close(self) -> None:
        self._map.close()
