"""Who is charged, over many simulated arrivals: `python -m bench.plate_arrivals --to 10000`.

A lot of 100 expected plates. Of twenty arrivals eleven are expected cars, five strangers, two hard
impostors (one character from an expected plate, confusable ones first, or a stranger beside a
neighbour's expected car), and at two a stranger parks after an expected car drove by before the
camera. Each is seen in three frames, the first while it still rolls, by day and night, in rain and
glare (bench/plate_lot.py), through the detector, the readers, the votes, the verdict, and the
core's match with the grants.

Looks are kept (bench/plate_looks.py) and may be made in parts, `--from A --to B`, by two processes
at once; verdicts are always those of the code as it stands.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.plate_looks import KEPT, Looks, looks
from bench.plate_lot import OFFSETS_M, Arrival, Kind, arrival, expected_plates
from bench.rows import Row, result
from contracts.wire.messages import Grant
from edge.adapters.looking import read_of
from edge.adapters.plate_models import DETECTOR
from edge.core import plates
from edge.core.plate_regions import REGIONS
from edge.core.plate_tracks import sight_of
from edge.core.plates import fold
from tests.contracts.making import at

COUNT = 10_000
AT_REST = OFFSETS_M.count(0.0)
NOW = at(0)


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


def outcome(one: Arrival, seen: Looks, expected: Sequence[str], grants: Sequence[Grant]) -> Outcome:
    sight = sight_of(seen, [REGIONS["cn"]], expected, at_rest=AT_REST)
    found = plates.match(read_of(sight), grants, NOW)
    booked = {grant.id: grant.plates[0] for grant in grants}
    said = booked.get(found.grant or "", sight.text)
    light = (one.sky.night, round(one.sky.rain, 2), round(one.sky.glare, 2))
    sure, seen_in = round(sight.confidence, 4), sum(map(bool, seen))
    return Outcome(one.number, one.kind, one.plate, said, found.match, sure, seen_in, *light)


def granted(expected: Sequence[str]) -> list[Grant]:
    """All of them at this very space, which is harder than any lot."""
    hour = timedelta(hours=1)
    return [
        Grant(
            command=f"c-{number}",
            gateway="gw-1",
            id=f"g-{number}",
            version=1,
            booking=f"b-{number}",
            space="S1",
            plates=(text,),
            starts_at=NOW - hour,
            ends_at=NOW + hour,
            early_s=0,
            late_s=0,
            issued_at=NOW - hour,
        )
        for number, text in enumerate(expected)
    ]


def run(first: int, last: int, detector: Path, into: Path = KEPT) -> list[Outcome]:
    expected = expected_plates()
    grants = granted(expected)
    return [
        outcome(arrival(number, expected), seen, expected, grants)
        for number, seen in looks(first, last, detector, into)
    ]


def figures(found: Sequence[Outcome]) -> dict[str, float]:
    """Shares are of all arrivals, but for `missed` and `recognised`: of expected cars."""
    cars = max(1, sum(one.kind == "expected" for one in found))
    near_ones = [one for one in found if one.kind in ("near", "neighbour", "lane")]
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
    asked = parser.parse_args(args)
    found = run(asked.first, asked.last, asked.detector, asked.into)
    told: dict[str, Any] = figures(found) | {"by kind": by_kind(found)}
    print(json.dumps(told, ensure_ascii=False, indent=1))
    for one in found:
        if one.wrong or one.missed:
            print(json.dumps(asdict(one), ensure_ascii=False))
    return int(told["wrongly_charged"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
