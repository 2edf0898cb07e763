"""An import of a million titles, from the file to the published root, beside bare SQLite.

Each import is a process of its own, so that its peak memory is its own too.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.rows import Row, result

ROWS, SEED, SPACES_A_LOT = 1_000_000, 1, 200
LOOK_S = 0.1
HEADER = (
    "space", "number", "lot", "holder", "right", "valid_until", "encumbrance", "use", "lat", "lon",
)  # fmt: skip
FAMILIES, GIVEN = "王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊洋艳"
COLUMNS = "space TEXT PRIMARY KEY, number INTEGER UNIQUE, lot, holder, 'right', valid_until,"
COLUMNS += " encumbrance, 'use', lat REAL, lon REAL"
Title = tuple[str | int | float, ...]
PEER = "sqlite3 executemany"
NONE = ("nothing", None)


def city(count: int) -> Iterator[Title]:
    rng = Random(SEED)
    for n in range(1, count + 1):
        holder = rng.choice(FAMILIES) + rng.choice(GIVEN) + rng.choice(GIVEN)
        until = "" if n % 3 else f"{2040 + n % 40}-12-31"
        place = round(31 + rng.random() / 4, 6), round(121 + rng.random() / 4, 6)
        lot = f"lot-{n // SPACES_A_LOT}"
        yield f"SP-{n:07d}", n, lot, holder, "ownership", until, "none", "private", *place


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(city(count))


def write_geojson(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for n, row in enumerate(city(count)):
            *facts, lat, lon = row
            point = {"type": "Point", "coordinates": [lon, lat]}
            feature = {"type": "Feature", "properties": dict(zip(HEADER, facts)), "geometry": point}
            file.write((",\n" if n else "\n") + json.dumps(feature, ensure_ascii=False))
        file.write("\n]}\n")


@dataclass(frozen=True, slots=True)
class Took:
    """`cpu_s`: a shared machine's load stretches the seconds on the wall, and hardly these."""

    wall_s: float
    cpu_s: float
    peak_mb: float = 0.0


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        table, points = folder / "titles.csv", folder / "titles.geojson"
        write_csv(table, ROWS)
        write_geojson(points, ROWS)
        bare = _bare(table, folder / "bare.sqlite")
        of_csv = _import(table, folder / "a")
        of_points = _import(points, folder / "b")
    return [
        result("titles.import_csv_s", of_csv.wall_s, "s", (PEER, bare.wall_s), 1),
        result("titles.import_csv_cpu_s", of_csv.cpu_s, "s", (PEER, bare.cpu_s), 1),
        result("titles.import_geojson_s", of_points.wall_s, "s", (PEER, bare.wall_s), 1),
        result("titles.import_geojson_cpu_s", of_points.cpu_s, "s", (PEER, bare.cpu_s), 1),
        result("titles.import_mb", max(of_csv.peak_mb, of_points.peak_mb), "MB", NONE, 0),
    ]


def _import(file: Path, data: Path) -> Took:
    """Of berth-cloud, its start included."""
    program = str(Path(sys.executable).with_name("berth-cloud"))
    command = [program, "titles", "import", str(file), "--data", str(data), "--json"]
    begun_s, before_s, peak_mb = time.perf_counter(), _children_s(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak_mb = max(peak_mb, _peak_mb(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_S)
        wall_s = time.perf_counter() - begun_s
        said = json.loads(process.stdout.read() if process.stdout else "{}")
    if process.returncode or said["count"] != ROWS:
        raise SystemExit(f"the import ended with {process.returncode}: {said}")
    return Took(wall_s, _children_s() - before_s, peak_mb)


def _children_s() -> float:
    used = os.times()
    return used.children_user + used.children_system


def _peak_mb(pid: int) -> float:
    """Its own high-water mark: getrusage would count ours from before the exec."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _bare(file: Path, path: Path) -> Took:
    """The same rows from the same file into one table, as durable; no check, digest or tree."""
    begun_s, before_s = time.perf_counter(), time.process_time()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(f"CREATE TABLE title ({COLUMNS})")
    marks = ",".join("?" * len(HEADER))
    with file.open(encoding="utf-8", newline="") as text:
        reader = csv.reader(text)
        next(reader)
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO title VALUES ({marks})", reader)
        db.execute("COMMIT")
    db.close()
    return Took(time.perf_counter() - begun_s, time.process_time() - before_s)


if __name__ == "__main__":
    for row in rows():
        print(
            f"{row['name']:36} {row['value']:>12} {row['unit']} {row['ratio']} {row['peer_value']}"
        )
