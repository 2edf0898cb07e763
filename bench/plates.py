"""Plates in photographs, end to end, beside RapidOCR: `python -m bench.plates [FOLDER]`.

FOLDER holds photographs with truth as firmware_sim/training/real.py says; without one nothing is
measured. Only vehicles that no model was trained on are counted. One thread; CPU time. Of a set:

- exact, folded: of all plates, those of which one read of the picture is the text (O = 0, I = 1);
- ap50: average precision of the detector at an overlap of one half of the boxes;
- accept: one frame against 101 expected plates, the true one among them: accepted as that one;
- false_accept: against 100 others and 5 plates one character apart from the true one, which is not
  among them, eight draws a plate: accepted as any;
- asserted: of the reads that are asserted without a list, those that are right.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from bench.peers import ocr
from bench.peers.npm import Absent
from bench.rows import Row, result
from edge.adapters.pictures import Refused, read_picture
from edge.adapters.plate_detector import PlateDetector
from edge.adapters.plate_eye import open_eye
from edge.core.plate_decoding import best
from edge.core.plate_regions import REGIONS, Region
from edge.core.plate_verdicts import assert_free, decide
from edge.core.plate_votes import Glimpse, tally
from firmware_sim.drawing.scenes import scene
from firmware_sim.drawing.texts import text_of
from firmware_sim.training.real import Photograph, photographs

FOLDER = Path("../shared/data/plates")
SETS = ("cn", "br", "eu", "us")
OTHERS, NEIGHBOURS, DRAWS, SEED = 100, 5, 8, 1
FAINT = 0.05
ALONE = "--alone"
# What the picture shows, where its truth says otherwise.
SEEN_BY_EYE = {"FZB9581": "FBZ9581"}
LOOKALIKES = ("0ODQ", "8B", "5S", "2Z", "1I7T", "A4", "UV", "CG", "MN", "6G", "EF", "PR", "KX")


@dataclass
class Seen:
    """Of one set; `found`: (score, is one of the truth's)."""

    plates: int = 0
    exact: int = 0
    folded: int = 0
    found: list[tuple[float, bool]] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    accepted: int = 0
    wrongly: int = 0
    draws: int = 0
    asserted: int = 0
    right: int = 0


def rows(folder: Path = FOLDER) -> list[Row]:
    if not (folder / "truth.jsonl").exists():
        print(f"plates: no photographs at {folder}: not measured")
        return []
    load_s, resident_mb = _of_a_process()
    made, all_seen = [], []
    for name in SETS:
        held = [_corrected(it) for it in photographs(folder, held_out=True) if it.region == name]
        seen = measured(held, folder, name)
        all_seen.append(seen)
        made += _rows(name, seen, _peers(folder, held))
    asserted = sum(it.right for it in all_seen) / max(1, sum(it.asserted for it in all_seen))
    share = sum(it.asserted for it in all_seen) / sum(it.plates for it in all_seen)
    return [
        *made,
        result("plates.asserted_precision", asserted, "of the asserted", ("demand", 0.99)),
        result("plates.asserted_share", share, "of the plates", ("nothing", None)),
        result("plates.load_s", load_s, "s", ("demand", 1.0)),
        result("plates.resident_mb", resident_mb, "MB at most", ("demand", 250.0), 0),
    ]


def _corrected(photo: Photograph) -> Photograph:
    return replace(photo, texts=tuple(SEEN_BY_EYE.get(it, it) for it in photo.texts))


def _of_a_process() -> tuple[float, float]:
    """Of a process that does nothing else: seconds to load, and the most memory that looking at
    some frames of 1920 x 1080 takes."""
    command = [sys.executable, "-m", "bench.plates", ALONE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    load_s, resident_kb = done.stdout.split()
    return float(load_s), float(resident_kb) / 1024


def _alone() -> None:
    begun_s = time.perf_counter()
    eye = open_eye(("cn",))
    load_s = time.perf_counter() - begun_s
    for seed in range(8):
        small = scene(Random(seed), (640, 360)).image
        eye.look(np.repeat(np.repeat(small, 3, axis=0), 3, axis=1))
    print(load_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def measured(held: Sequence[Photograph], folder: Path, name: str) -> Seen:
    region, eye, rng, seen = REGIONS[name], open_eye((name,)), Random(SEED), Seen()
    faint = PlateDetector(least_score=FAINT)
    for photo in held:
        image = read_picture(folder / photo.name)
        assert not isinstance(image, Refused), photo.name
        truth = [_box(quad / photo.scale) for quad in photo.quads]
        seen.plates += len(truth)
        seen.found += _matched([(it.quad, it.score) for it in faint.find(image)], truth)
        begun_s = time.process_time()
        glimpses = eye.look(image)
        reads = [(best(it.lines, region, 1) or [None])[0] for it in glimpses]
        seen.ms.append((time.process_time() - begun_s) * 1000)
        texts = [it.text for it in reads if it is not None]
        for text in photo.texts:
            seen.exact += text in texts
            seen.folded += _fold(text) in map(_fold, texts)
        _judged(seen, region, photo, truth, glimpses, rng)
    return seen


def _judged(
    seen: Seen,
    region: Region,
    photo: Photograph,
    truth: Sequence[np.ndarray],
    glimpses: Sequence[Glimpse],
    rng: Random,
) -> None:
    for glimpse in glimpses:
        own = [n for n, box in enumerate(truth) if _overlap(_box(glimpse.quad), box) >= 0.5]
        alone = assert_free(tally([glimpse], region, ()))
        if alone.verdict == "accepted":
            seen.asserted += 1
            seen.right += bool(own) and _fold(alone.text) == _fold(photo.texts[own[0]])
        if not own:
            continue
        text = photo.texts[own[0]]
        others = _others(region.name, rng)
        sight = decide(tally([glimpse], region, [*others, text]))
        seen.accepted += sight.verdict == "accepted" and _fold(sight.text) == _fold(text)
        for _ in range(DRAWS):
            listed = [*_others(region.name, rng), *neighbours(region, text, rng)]
            listed = [it for it in listed if _fold(it) != _fold(text)]
            seen.draws += 1
            seen.wrongly += decide(tally([glimpse], region, listed)).verdict == "accepted"


def _others(name: str, rng: Random) -> list[str]:
    kinds = {"cn": ("cn_blue", "cn_green"), "eu": ("eu",), "br": ("br", "br_new"), "us": ("us",)}
    return [text_of(rng.choice(kinds[name]), rng) for _ in range(OTHERS)]


def neighbours(region: Region, text: str, rng: Random) -> list[str]:
    """One character apart, looks alike first, and such as the region's plates can be."""
    found: list[str] = []
    for _ in range(200):
        at = rng.randrange(len(text))
        group = next((it for it in LOOKALIKES if text[at] in it), "")
        char = rng.choice(group or region.chars) if rng.random() < 0.7 else rng.choice(region.chars)
        made = text[:at] + char + text[at + 1 :]
        if region.fold(made) != region.fold(text) and region.fits(made) and made not in found:
            found.append(made)
        if len(found) == NEIGHBOURS:
            break
    return found


def _rows(name: str, seen: Seen, peers: dict[str, tuple[float, float, float]]) -> list[Row]:
    top = max(peers, key=lambda it: peers[it][0], default=None)
    exact, folded, ms = peers[top] if top else (None, None, None)
    label = f"RapidOCR {top}, whole picture" if top else "RapidOCR is absent"
    many, at = seen.plates, f"plates.{name}"
    return [
        result(f"{at}.exact", seen.exact / many, f"of {many} plates", (label, exact)),
        result(f"{at}.folded", seen.folded / many, f"of {many} plates", (label, folded)),
        result(f"{at}.ms", statistics.median(seen.ms), "ms CPU a picture", (label, ms), 0),
        result(f"{at}.ap50", average_precision(seen.found, many), "AP", ("nothing", None)),
        result(f"{at}.accept", seen.accepted / many, f"of {many} plates", ("nothing", None)),
        result(f"{at}.false_accept", seen.wrongly / max(1, seen.draws), f"of {seen.draws} draws",
               ("demand", 0.001), 5),
    ]  # fmt: skip


def _peers(folder: Path, held: Sequence[Photograph]) -> dict[str, tuple[float, float, float]]:
    """Exact, folded and ms of CPU a picture."""
    found = {}
    for name in ocr.NAMES:
        try:
            read = ocr.read(name, [folder / it.name for it in held])
        except Absent as why:
            print(f"plates: {why}")
            continue
        exact = folded = many = 0
        for photo, (texts, _) in zip(held, read):
            plain = ["".join(filter(str.isalnum, it)).upper() for it in texts]
            many += len(photo.texts)
            exact += sum(text in plain for text in photo.texts)
            folded += sum(_fold(text) in map(_fold, plain) for text in photo.texts)
        found[name] = (exact / many, folded / many, statistics.median(it[1] for it in read))
    return found


def average_precision(found: Sequence[tuple[float, bool]], many: int) -> float:
    """Area under the precision at each recall or beyond."""
    hits = np.cumsum([hit for _, hit in sorted(found, key=lambda it: -it[0])])
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float((np.diff(hits / many, prepend=0) * precision).sum())


def _matched(
    found: Sequence[tuple[Any, float]], truth: Sequence[np.ndarray]
) -> Iterator[tuple[float, bool]]:
    taken: set[int] = set()
    for quad, score in sorted(found, key=lambda it: -it[1]):
        at = max(range(len(truth)), key=lambda n: _overlap(_box(quad), truth[n]))
        hit = at not in taken and _overlap(_box(quad), truth[at]) >= 0.5
        taken |= {at} if hit else set()
        yield score, hit


def _box(quad: Any) -> np.ndarray:
    corners = np.array(quad, float)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    sides = np.maximum(0, np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]))
    both = float(sides.prod())
    areas = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()
    return both / (float(areas) - both)


def _fold(text: str) -> str:
    return text.replace("O", "0").replace("I", "1")


if __name__ == "__main__" and sys.argv[1:] == [ALONE]:
    _alone()
elif __name__ == "__main__":
    for row in rows(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(
            f"{row['name']:28} {row['value']:>8} {row['unit']:20} {row['peer_value']} {row['peer']}"
        )
