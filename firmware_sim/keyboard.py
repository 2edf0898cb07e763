"""Commands for a player: keys on a terminal, or lines of a script. One thread reads and puts."""

from __future__ import annotations

import os
import queue
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from firmware_sim.play import Command

KEYS = {
    b" ": Command("toggle", at_once=True),
    b"s": Command("step", at_once=True),
    b"+": Command("faster", at_once=True),
    b"=": Command("faster", at_once=True),
    b"-": Command("slower", at_once=True),
    b"q": Command("quit", at_once=True),
}
KEYS_HELP = "space pause, s step, + - rate, q quit"
MAX_WAITING = 1000
MAX_COMMAND_BYTES = 200


class CommandQueue:
    """`read` gives what one read brought, and ends; None stands for its end."""

    def __init__(self, read: Callable[[], Iterator[Command]]) -> None:
        self._read = read
        self._came: queue.Queue[Command | None] = queue.Queue(MAX_WAITING)
        threading.Thread(target=self._pump, name="commands", daemon=True).start()

    def take(self, wait_s: float) -> list[Command | None]:
        """What has come; waits at most so long for the first."""
        found: list[Command | None] = []
        try:
            found.append(self._came.get(timeout=wait_s) if wait_s > 0 else self._came.get_nowait())
            while len(found) < MAX_WAITING:
                found.append(self._came.get_nowait())
        except queue.Empty:
            pass
        return found

    def _pump(self) -> None:
        for command in self._read():
            self._came.put(command)
        self._came.put(None)


@contextmanager
def keys(fd: int) -> Iterator[Callable[[], Iterator[Command]]]:
    """Single keys without Enter and without echo; the terminal is as it was afterwards."""
    before = termios.tcgetattr(fd)
    # Not flushed: a key that was pressed before is a key, too.
    tty.setcbreak(fd, termios.TCSADRAIN)
    try:
        yield lambda: _keys(fd)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _keys(fd: int) -> Iterator[Command]:
    while key := os.read(fd, 1):
        if key in KEYS:
            yield KEYS[key]


def lines(
    name: str, parse: Callable[[str], Command], refuse: Callable[[str], None]
) -> Callable[[], Iterator[Command]]:
    """Of a file, or of standard input for `-`; a line that is no command is refused and skipped.

    OSError where there is no such file.
    """
    stream = _open(name)

    def read() -> Iterator[Command]:
        while raw := stream.readline(MAX_COMMAND_BYTES):
            text = raw.decode("utf-8", "replace").strip()
            if text and not text.startswith("#"):
                try:
                    yield parse(text)
                except ValueError as error:
                    refuse(str(error))

    return read


def _open(name: str) -> BinaryIO:
    if name == "-":
        # A file of our own: closing sys.stdin at exit would wait for the thread that reads it.
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    return Path(name).open("rb")
