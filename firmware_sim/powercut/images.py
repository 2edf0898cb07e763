"""From a recorded trace to images, and from images to a verdict: the same for both databases."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeAlias

from firmware_sim import shim
from firmware_sim.powercut.disk import WAYS, Disk, Image, Way
from firmware_sim.powercut.trace import Grown, Mark, Step, Written, read

# Its content is nothing to anybody, and it is larger than all the rest.
LEFT_OUT = ("outbox.ballast",)
MAX_SHOWN = 20
# Some images are like one before: so many more are drawn.
SPARE = 1.3
# Tens of thousands of images are not for a real disk.
MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Cut:
    """After how many steps and marks, and how; `image` is what was left."""

    step: int
    told: int
    way: Way
    image: Image


Judge: TypeAlias = Callable[[Cut, Path], str]
"""What is wrong with an image that lies in the folder; empty where nothing is."""


@dataclass(slots=True)
class Outcome:
    """`same`: images drawn again, not counted. `mended`: of disks that lie, the histories that went
    back and were told anew under new numbers. `kinds`: of what was wrong."""

    images: int = 0
    same: int = 0
    mended: int = 0
    wrong: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        self.images += other.images
        self.same += other.same
        self.mended += other.mended
        self.wrong = [*self.wrong, *other.wrong][:MAX_SHOWN]
        self.kinds += other.kinds


def scratch() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is such a file system."""
    return tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)


def record(work: str, folder: Path, parts: Sequence[Sequence[str]]) -> list[Step]:
    """What the module `work` did, run once for each of `parts`. None of it is played twice."""
    library = shim.build(folder)
    if library is None:
        raise RuntimeError(shim.NO_COMPILER)
    data, trace = folder / "data", folder / "trace"
    data.mkdir()
    environment = {**os.environ, **shim.recording(library, data, trace)}
    for part in parts:
        command = [sys.executable, "-m", work, str(data), *part]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{work} {' '.join(part)}: {done.stderr[-2000:]}")
    return read(trace, data)


def told(steps: Sequence[Step]) -> list[str]:
    return [step.text for step in steps if isinstance(step, Mark)]


def cuts(steps: Sequence[Step], disk: Disk, ways: Sequence[Way], share: float) -> Iterator[Cut]:
    """A cut after every step in each of the ways, or in a random share of them."""
    for number, step in enumerate(steps, 1):
        disk.do(step)
        for way in ways:
            if share >= 1.0 or disk.rng.random() < share:
                yield Cut(number, disk.told, way, disk.image(way))


def judge_all(
    steps: Sequence[Step],
    judge: Judge,
    rng: Random,
    most: int,
    ways: Sequence[Way] = WAYS,
    lies: float = 0.0,
) -> Outcome:
    """At most so many images, spread over the whole trace; those that were seen are not counted."""
    outcome, seen, steps = Outcome(), set[bytes](), _that_matter(steps)
    share = SPARE * most / (len(ways) * max(1, len(steps)))
    with scratch() as place:
        folder = Path(place) / "image"
        for cut in cuts(steps, Disk(rng, lies), ways, share):
            if outcome.images >= most:
                break
            word = _word(cut)
            if word in seen:
                outcome.same += 1
                continue
            seen.add(word)
            _lay(cut.image, folder)
            outcome.images += 1
            if wrong := judge(cut, folder):
                outcome.kinds[wrong.partition(":")[0]] += 1
                if len(outcome.wrong) < MAX_SHOWN:
                    outcome.wrong.append(f"step {cut.step}, {cut.way}: {wrong}")
    return outcome


def _that_matter(steps: Sequence[Step]) -> list[Step]:
    """The index in shared memory is not read after a cut, whatever it holds."""
    return [
        step
        for step in steps
        if isinstance(step, Mark)
        or not (step.name in LEFT_OUT and isinstance(step, Grown | Written))
    ]


def _word(cut: Cut) -> bytes:
    found = hashlib.blake2b(str(cut.told).encode(), digest_size=16)
    for name, content in sorted(cut.image.items()):
        found.update(name.encode() + len(content).to_bytes(8, "big") + content)
    return found.digest()


def _lay(image: Image, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in image.items():
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
