"""What detector and readers made of each simulated arrival, kept: only verdicts are cheap.

Kept beside the digest of all that the looks depend on; another model or another way of drawing
looks again.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import plate_lot
from bench.plate_lot import OFFSETS_M, Arrival, arrival, camera, expected_plates, frames
from edge.adapters import plate_eye
from edge.adapters.plate_detector import PlateDetector
from edge.adapters.plate_eye import PlateEye, open_eye
from edge.core.plate_votes import Glimpse
from firmware_sim import drawing
from firmware_sim import frames as painting
from firmware_sim.frames.optics import part_of

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "plate_looks"
BLOCK, TELL_EVERY = 50, 200
PARTS = ("crops", "letterbox", "detector", "reader")
Looks = list[list[Glimpse]]


def digest(detector: Path) -> str:
    """Of the models and of the code that draws, finds, cuts and reads."""
    models = [detector, *Path(plate_eye.__file__).parents[1].joinpath("models").glob("*.onnx")]
    code = [
        Path(plate_lot.__file__),
        *(Path(plate_eye.__file__).with_name(f"plate_{name}.py") for name in PARTS),
        *Path(drawing.__file__).parent.rglob("*.p*"),
        *Path(painting.__file__).parent.rglob("*.py"),
    ]
    made = hashlib.sha256(repr(plate_eye.HABITS).encode())
    for path in sorted((*models, *(it for it in code if it.suffix in (".py", ".png")))):
        made.update(path.read_bytes())
    return made.hexdigest()[:16]


def looks(first: int, last: int, detector: Path, into: Path = KEPT) -> Iterator[tuple[int, Looks]]:
    """Of arrivals [first, last); those that are not there yet are made, a block at a time."""
    folder = into / digest(detector)
    folder.mkdir(parents=True, exist_ok=True)
    eye: PlateEye | None = None
    begun_s, made = time.perf_counter(), 0
    for block in range(first // BLOCK, -(-last // BLOCK)):
        path = folder / f"{block:05}.pickle"
        if not path.exists():
            eye = eye or open_eye(["cn"], PlateDetector(detector))
            part = path.with_suffix(f".{first}")
            part.write_bytes(pickle.dumps(_block(block, eye)))
            part.replace(path)
            made += BLOCK
            if made % TELL_EVERY == 0:
                _tell(made, time.perf_counter() - begun_s, last - (block + 1) * BLOCK)
        for number, seen in pickle.loads(path.read_bytes()):
            if first <= number < last:
                yield number, seen


def _block(block: int, eye: PlateEye) -> list[tuple[int, Looks]]:
    expected = expected_plates()
    numbers = range(block * BLOCK, (block + 1) * BLOCK)
    return [(number, seen_of(arrival(number, expected), eye)) for number in numbers]


def seen_of(one: Arrival, eye: PlateEye, whole: bool = False) -> Looks:
    """`whole`: no installer has said which part of the picture is the space's."""
    optics, _ = camera(one.camera)
    part = part_of(optics, 0.0)
    seen = [eye.look(image) for image in frames(one)]
    return [[it for it in found if whole or part.holds(it, optics.size)] for found in seen]


def _tell(made: int, took_s: float, left: int) -> None:
    rate = made * len(OFFSETS_M) / took_s
    rest_min = took_s / made * max(left, 0) / 60
    print(f"{made} arrivals, {rate:.1f} frames/s, {rest_min:.0f} min", file=sys.stderr, flush=True)
