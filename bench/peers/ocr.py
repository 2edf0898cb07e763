"""RapidOCR reading whole pictures, as a person would use it: in an environment of its own.

`python -m bench.peers.ocr IMAGE...` under that environment prints a JSON line per picture.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.peers.npm import FOLDER, INSTALL_S, Absent

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WANTS = (
    *("rapidocr-onnxruntime==1.4.4", "rapidocr==3.10.0", "onnxruntime>=1.20"),
    "opencv-python-headless>=4.10",
)
NAMES = ("v4", "v6")
READ_S, SIDE_PX = 1200, 960


def python(folder: Path = FOLDER / "ocr") -> Path:
    """Of an environment with the peer in it; made once. Raises Absent."""
    found, stamp = folder / "bin" / "python", folder / "installed.json"
    if stamp.exists() and json.loads(stamp.read_text("utf-8")) == list(WANTS):
        return found
    uv = ROOT / ".tools" / "bin" / "uv"
    for command in (
        [str(uv), "venv", "-q", "--python", sys.executable, str(folder)],
        [str(uv), "pip", "install", "-q", "--python", str(found), *WANTS],
    ):
        try:
            subprocess.run(command, check=True, timeout=INSTALL_S, capture_output=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise Absent(f"RapidOCR cannot be installed: {type(error).__name__}") from None
    stamp.write_text(json.dumps(WANTS), "utf-8")
    return found


def read(name: str, pictures: Sequence[Path]) -> list[tuple[list[str], float]]:
    """Of each picture its texts and the milliseconds of CPU. Raises Absent."""
    command = [str(python()), "-W", "ignore", "-m", "bench.peers.ocr", name, *map(str, pictures)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=READ_S, cwd=ROOT)
    if done.returncode:
        raise Absent(f"RapidOCR {name} failed: {done.stderr.strip().splitlines()[-1:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [(row["texts"], row["ms"]) for row in rows]


def _main(name: str, pictures: Sequence[str]) -> None:
    engine = _v4() if name == "v4" else _v6()
    for picture in pictures:
        begun_s = time.process_time()
        texts = engine(picture)
        print(json.dumps({"texts": texts, "ms": (time.process_time() - begun_s) * 1000}))


def _v4():  # type: ignore[no-untyped-def]
    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped]

    engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, det_limit_side_len=SIDE_PX,
                      det_limit_type="max")  # fmt: skip
    return lambda picture: [row[1] for row in engine(picture, use_cls=False)[0] or ()]


def _v6():  # type: ignore[no-untyped-def]
    from rapidocr import RapidOCR  # type: ignore[import-untyped]

    engine = RapidOCR(params={
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Global.log_level": "error", "Global.use_cls": False,
        "Det.limit_side_len": SIDE_PX, "Det.limit_type": "max",
    })  # fmt: skip
    return lambda picture: list(engine(picture).txts or ())


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
