"""Who is charged, over many simulated arrivals: `python -m bench.plate_arrivals --to 10000`.

A lot of 100 expected plates. A third of the arrivals are expected cars, a third strangers, a third
hard impostors: one character from an expected plate (confusable ones first), or a stranger beside a
neighbour's expected car. Each is seen for five frames, two of them while it still rolls, by day and
night, in rain and glare (bench/plate_lot.py), through the detector, both readers, the votes and the
verdict.

Made in parts, one JSON line an arrival; what lies in the file already is not made again. Two may
write into one file at once, each a part of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.plate_lot import (
    OFFSETS_M,
    SEED,
    Arrival,
    Kind,
    arrival,
    camera,
    expected_plates,
    frames,
)
from bench.rows import Row, result
from edge.adapters.plate_detector import PlateDetector
from edge.adapters.plate_eye import PlateEye, open_eye
from edge.adapters.plate_models import DETECTOR
from edge.core.plate_regions import REGIONS
from edge.core.plate_tracks import sight_of
from edge.core.plates import fold
from firmware_sim.frames.optics import part_of

COUNT = 10_000
KEPT = Path(__file__).parents[1] / "build" / "plate_arrivals.jsonl"
TELL_EVERY = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    number: int
    kind: Kind
    plate: str
    said: str
    verdict: str
    confidence: float
    frames: int
    night: bool
    rain: float
    glare: float

    @property
    def wrong(self) -> bool:
        """Somebody is charged for another's car."""
        return self.verdict == "accepted" and fold(self.said) != fold(self.plate)

    @property
    def missed(self) -> bool:
        return self.kind == "expected" and self.verdict in ("other", "none")


def outcome(one: Arrival, eye: PlateEye, expected: Sequence[str], whole: bool = False) -> Outcome:
    """`whole`: no installer has said which part of the picture is the space's."""
    optics, _ = camera(one.camera)
    part = part_of(optics, 0.0)
    seen = [eye.look(image) for image in frames(one)]
    own = [[it for it in found if whole or part.holds(it, optics.size)] for found in seen]
    sight = sight_of(own, [REGIONS["cn"]], expected)
    sky = one.sky
    return Outcome(one.number, one.kind, one.plate, sight.text, sight.verdict,
                   round(sight.confidence, 4), sum(map(bool, own)), sky.night,
                   round(sky.rain, 2), round(sky.glare, 2))  # fmt: skip


def run(first: int, last: int, detector: Path, into: Path, whole: bool = False) -> list[Outcome]:
    """Those of `into` and, made now and appended to it, those that are not there yet."""
    found = kept(into, detector, whole)
    left = [number for number in range(first, last) if number not in found]
    if left:
        eye, expected = open_eye(["cn"], PlateDetector(detector)), expected_plates()
        begun_s = time.perf_counter()
        with into.open("a", 1, encoding="utf-8") as out:
            for count, number in enumerate(left, 1):
                one = outcome(arrival(number, expected), eye, expected, whole)
                found[number] = one
                out.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
                if count % TELL_EVERY == 0 or count == len(left):
                    _tell(count, len(left), time.perf_counter() - begun_s)
    return [one for number, one in sorted(found.items()) if first <= number < last]


def kept(into: Path, detector: Path, whole: bool) -> dict[int, Outcome]:
    """What lies in the file; SystemExit if another detector made it."""
    digest = hashlib.sha256(detector.read_bytes()).hexdigest()
    head = {"detector": digest, "seed": SEED, "whole": whole}
    if not into.exists():
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_text(json.dumps(head) + "\n", "utf-8")
        return {}
    text = into.read_text("utf-8")
    first, *lines = text.splitlines()
    if json.loads(first) != head:
        raise SystemExit(f"{into} was made otherwise: remove it, or name another with --into.")
    if not text.endswith("\n"):
        # A line that was cut off is made again.
        into.write_text(text[: text.rfind("\n") + 1], "utf-8")
    found = [Outcome(**json.loads(line)) for line in lines if line.endswith("}")]
    return {one.number: one for one in found}


def _tell(count: int, left: int, took_s: float) -> None:
    a_frame = took_s / count / len(OFFSETS_M)
    rest_s = took_s / count * (left - count)
    said = f"{count} of {left} arrivals, {1 / a_frame:.1f} frames/s, {rest_s / 60:.0f} min left"
    print(said, file=sys.stderr, flush=True)


def figures(found: Sequence[Outcome]) -> dict[str, float]:
    """Shares are of all arrivals, but for `missed` and `recognised`: of expected cars."""
    cars = max(1, sum(one.kind == "expected" for one in found))
    near_ones = [one for one in found if one.kind in ("near", "neighbour")]
    asked = sum(one.verdict == "ambiguous" for one in found)
    denied = sum(one.verdict == "other" for one in near_ones)
    right = sum(one.kind == "expected" and one.verdict == "accepted" and not one.wrong
                for one in found)  # fmt: skip
    return {
        "arrivals": len(found),
        "wrongly_charged": sum(one.wrong for one in found),
        "to_a_person": asked / max(1, len(found)),
        "recognised": right / cars,
        "missed": sum(one.missed for one in found) / cars,
        "impostors_denied": denied / max(1, len(near_ones)),
    }


def by_kind(found: Iterable[Outcome]) -> dict[str, Counter[str]]:
    told: dict[str, Counter[str]] = {}
    for one in found:
        told.setdefault(one.kind, Counter())["WRONG" if one.wrong else one.verdict] += 1
    return told


def rows(count: int = COUNT, detector: Path = DETECTOR, into: Path = KEPT) -> list[Row]:
    told = figures(run(0, count, detector, into))
    units = {"arrivals": "arrivals", "wrongly_charged": "drivers"}
    peer = ("nothing", None)
    return [
        result(f"plates.arrivals.{name}", value, units.get(name, "share"), peer, 5)
        for name, value in told.items()
    ]


def main(args: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.plate_arrivals")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=COUNT)
    parser.add_argument("--detector", type=Path, default=DETECTOR)
    parser.add_argument("--into", type=Path, default=KEPT)
    parser.add_argument("--whole", action="store_true", help="no part of the picture is named")
    asked = parser.parse_args(args)
    found = run(asked.first, asked.last, asked.detector, asked.into, asked.whole)
    told: dict[str, Any] = figures(found) | {"by kind": by_kind(found)}
    print(json.dumps(told, ensure_ascii=False, indent=1))
    for one in found:
        if one.wrong or one.missed:
            print(json.dumps(asdict(one), ensure_ascii=False))
    return int(told["wrongly_charged"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
