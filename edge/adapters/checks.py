"""What `doctor` looks at. Each check answers in one sentence, and a failed one with its remedy."""

from __future__ import annotations

import os
import platform
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.adapters.clock import kernel_synced
from edge.errors import EdgeError

# The device tree names the board; a container or another kind of machine has none.
BOARD = Path("/proc/device-tree/model")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
DOCTOR_S = 8.0
MAX_LANES = 16


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    level: Level
    sentence: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """A warning does not stop the gateway."""
        return self.level is not Level.FAILED


@dataclass(frozen=True, slots=True)
class Machine:
    board: str  # "" where nothing names it
    clock_synced: bool
    is_64_bit: bool = True
    python: str = "3.11"
    throttled: int | None = None  # the Pi's own bits; None where it does not tell

    @property
    def is_pi(self) -> bool:
        return self.board.startswith("Raspberry Pi")


def this_machine() -> Machine:
    return Machine(
        board=_text(BOARD),
        clock_synced=kernel_synced(),
        is_64_bit=sys.maxsize > 2**32,
        python=platform.python_version(),
        throttled=_throttled(_text(THROTTLED)),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""


def _throttled(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Task:
    """`lane`: tasks of one lane share a line or a bus, and run one after the other. `remedy` is
    for one that does not come back."""

    name: str
    lane: str
    look: Callable[[], Check]
    remedy: str = "Take what hangs away, and run doctor again."


def run_tasks(tasks: Sequence[Task], limit_s: float = DOCTOR_S) -> list[Check]:
    """In the order of `tasks`. What has not answered after `limit_s` has failed: whatever hangs,
    the others are told, and in time. A thread that hangs is left behind, being a daemon."""
    lanes: dict[str, list[int]] = {}
    for number, task in enumerate(tasks):
        lanes.setdefault(task.lane, []).append(number)
    merged: list[list[int]] = [[] for _ in range(min(MAX_LANES, len(lanes)))]
    for number, lane in enumerate(lanes.values()):
        merged[number % len(merged)] += lane
    answers: queue.SimpleQueue[tuple[int, Check]] = queue.SimpleQueue()
    for row in merged:
        threading.Thread(target=_run_lane, args=(tasks, row, answers), daemon=True).start()
    done = _gather(answers, len(tasks), limit_s)
    return [done.get(number) or _late(task, limit_s) for number, task in enumerate(tasks)]


def _run_lane(
    tasks: Sequence[Task], row: list[int], answers: queue.SimpleQueue[tuple[int, Check]]
) -> None:
    for number in row:
        answers.put((number, _answer(tasks[number])))


def _answer(task: Task) -> Check:
    """What a library raises in a check is a finding, too."""
    try:
        return task.look()
    except (EdgeError, OSError, ValueError, RuntimeError, LookupError, ImportError) as error:
        said = f"cannot be looked at: {type(error).__name__}"
        return Check(task.name, Level.FAILED, said, getattr(error, "remedy", ""))


def _gather(
    answers: queue.SimpleQueue[tuple[int, Check]], count: int, limit_s: float
) -> dict[int, Check]:
    done: dict[int, Check] = {}
    rung = threading.Timer(limit_s, lambda: answers.put((-1, Check("", Level.FAILED, ""))))
    rung.daemon = True
    rung.start()
    while len(done) < count:
        number, check = answers.get()
        if number < 0:
            break
        done[number] = check
    rung.cancel()
    return done


def _late(task: Task, limit_s: float) -> Check:
    said = f"did not answer within {limit_s:.0f} s"
    return Check(task.name, Level.FAILED, said, task.remedy)


def cannot_make(folder: Path) -> str:
    """Why there can be no folder of ours at this place; empty if nothing speaks against it."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        return f"{nearest} is a file"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written"
