"""Trains both models at once, a core each: `make train-plates ARGS="--real FOLDER"`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import IO

MODELS = Path(__file__).parents[2] / "edge" / "models"
PARTS = {"detector": "plate_detector.onnx", "reader": "plate_reader.onnx"}
# Two processes of one thread each are faster on two cores than one process of two threads.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def main(given: list[str]) -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--out", type=Path, default=MODELS)
    said, rest = asked.parse_known_args(given)
    said.out.mkdir(parents=True, exist_ok=True)
    running = [_started(part, said.out / name, rest) for part, name in PARTS.items()]
    return max(it.wait() for it in running)


def _started(part: str, out: Path, rest: list[str]) -> subprocess.Popen[str]:
    module = f"firmware_sim.training.{part}_training"
    command = [sys.executable, "-W", "ignore", "-m", module, str(out), *rest]
    own = {**os.environ, **ONE_THREAD}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own)
    assert process.stdout is not None
    Thread(target=_shown, args=(part, process.stdout), daemon=True).start()
    return process


def _shown(part: str, lines: IO[str]) -> None:
    for line in lines:
        print(f"{part:9}{line}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
