"""Recorded data sets of others, turned into traces: sensors only, no truth."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.trace import NS

# A recording without a date of its own starts here.
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
CSM_HZ, CSM_LSB_PER_GAUSS = 24.0, 1090.0
QMC_LSB_PER_GAUSS, QMC_STILL_S = 12_000.0, 60.0
MAG3110_HZ, MAG3110_LSB_PER_GAUSS = 80.0, 1000.0
CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# An HC-SR04 holds its line up for 38 to 103 ms when nothing answers; 4 m is 23 ms.
NO_ECHO_US = 35_000.0


class BadRecording(ValueError):
    """This file is not a recording of the kind it was called."""


@dataclass(frozen=True, slots=True)
class Recording:
    header: TraceHeader
    readings: list[Reading]


def import_csm(path: Path) -> Recording:
    """Colorado School of Mines: `x y z` HMC5883L counts a line, about 24 lines/s, no times."""
    rows = [line.split() for line in _lines(path)]
    counts = [(int(x), int(y), int(z)) for x, y, z in (row for row in rows if len(row) == 3)]
    channel = Channel("mag0", "magnetic", "S1", "hmc5883l", CSM_LSB_PER_GAUSS)
    return _recording([channel], _evenly(counts, CSM_HZ))


def import_qmc(path: Path) -> Recording:
    """QMC5883L at the rate on line 1 (`Fs,50.00`); only the first minute lies still."""
    lines = list(_lines(path))
    if len(lines) < 4 or not lines[0].startswith("Fs,") or lines[2] != "mx,my,mz":
        raise BadRecording("the first lines are not Fs, Initialization time and mx,my,mz")
    hz = float(lines[0].split(",")[1])
    rows = [line.split(",") for line in lines[3 : 3 + int(hz * QMC_STILL_S)]]
    counts = [(int(float(x)), int(float(y)), int(float(z))) for x, y, z in rows]
    channel = Channel("mag0", "magnetic", "S1", "qmc5883l", QMC_LSB_PER_GAUSS)
    return _recording([channel], _evenly(counts, hz))


def import_street(path: Path) -> Recording:
    """HC-SR04 on a Pi: date, Unix seconds, cm, echo seconds."""
    rows = [row for row in csv.reader(_lines(path)) if len(row) == 4][1:]
    if not rows:
        raise BadRecording("no rows of date, epoch seconds, cm and echo seconds")
    start_s = float(rows[0][1])
    readings = [
        _echo(round((float(epoch_s) - start_s) * NS), "us0", float(echo_s) * 1e6)
        for _, epoch_s, _, echo_s in rows
    ]
    wall = datetime.fromtimestamp(start_s, UTC)
    return _recording([_ultrasonic("us0", "S1")], readings, wall)


def import_obs(path: Path) -> Recording:
    """OpenBikeSensor: a row a second with up to 60 triples Tms, Lus, Rus (left and right echo)."""
    rows = list(csv.DictReader(_lines(path), delimiter=";"))
    if not rows or not {"Date", "Time", "Millis", "Lus1"} <= rows[0].keys():
        raise BadRecording("the first line does not name Date, Time, Millis and Lus1")
    start_ms = int(rows[0]["Millis"])
    start = f"{rows[0]['Date']} {rows[0]['Time']} +0000"
    wall = datetime.strptime(start, "%d.%m.%Y %H:%M:%S %z")
    readings = sorted(
        (reading for row in rows for reading in _obs_row(row, start_ms)),
        key=lambda reading: (reading.mono_ns, reading.channel),
    )
    channels = [_ultrasonic("us0", "S1"), _ultrasonic("us1", "S2")]
    return _recording(channels, readings, wall)


def import_mag3110(path: Path) -> Recording:
    """Two MAG3110 at the kerb, 16-bit words in sheet 3: x y z of each, then a range.

    No times: 80 rows/s, the chip's fastest, fits its one car of 32 km/h. The range (2,816 or 2,560
    throughout, also while the car passes) has no unit that fits its sensor, so it is left out.
    """
    rows = list(_sheet(path, "xl/worksheets/sheet3.xml"))
    if not rows or any(len(row) != 7 for row in rows):
        raise BadRecording("sheet 3 does not hold seven words a row")
    channels = [
        Channel(f"mag{n}", "magnetic", f"S{n + 1}", "mag3110", MAG3110_LSB_PER_GAUSS)
        for n in (0, 1)
    ]
    readings = [
        Reading(round(index * NS / MAG3110_HZ), f"mag{n}", _signed(row[3 * n : 3 * n + 3]))
        for index, row in enumerate(rows)
        for n in (0, 1)
    ]
    return _recording(channels, readings)


KINDS: dict[str, Callable[[Path], Recording]] = {
    "csm_hmc5883l": import_csm,
    "hcsr04_street": import_street,
    "mag3110_lvez1": import_mag3110,
    "obs_raw": import_obs,
    "qmc5883l_static": import_qmc,
}


def import_recording(kind: str, path: Path) -> Recording:
    """BadRecording where the kind is unknown or the file is of another."""
    if kind not in KINDS:
        raise BadRecording(f"unknown kind {kind!r}: write one of {', '.join(KINDS)}")
    try:
        recording = KINDS[kind](path)
    except BadRecording:
        raise
    except (ValueError, KeyError) as error:
        raise BadRecording(f"{path.name} is not a {kind} recording: {error}") from None
    if not recording.readings:
        raise BadRecording(f"{path.name} holds no {kind} rows")
    return recording


def _sheet(path: Path, name: str) -> Iterator[list[int]]:
    """The numbers of one sheet, row by row; an .xlsx file is XML in a zip."""
    try:
        with ZipFile(path) as archive, archive.open(name) as file:
            for _, row in ElementTree.iterparse(file):
                if row.tag == CELLS + "row":
                    yield [int(float(cell.text or "")) for cell in row.iter(CELLS + "v")]
    except (BadZipFile, ElementTree.ParseError) as error:
        raise BadRecording(f"{path.name} is not a spreadsheet: {error}") from None


def _signed(words: list[int]) -> tuple[int, int, int]:
    x, y, z = ((word + 0x8000) % 0x10000 - 0x8000 for word in words)
    return x, y, z


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            yield line.rstrip("\r\n")


def _evenly(counts: Iterable[tuple[int, int, int]], hz: float) -> list[Reading]:
    return [Reading(round(n * NS / hz), "mag0", value) for n, value in enumerate(counts)]


def _obs_row(row: dict[str, str], start_ms: int) -> Iterator[Reading]:
    base_ms = int(row["Millis"]) - start_ms
    for number in range(1, int(row.get("Measurements") or 0) + 1):
        if not row.get(f"Tms{number}"):
            continue
        mono_ns = (base_ms + int(row[f"Tms{number}"])) * 1_000_000
        for channel, side in (("us0", "Lus"), ("us1", "Rus")):
            # A blank means that the line had not come down again within this cycle.
            yield _echo(mono_ns, channel, float(row.get(f"{side}{number}") or NO_ECHO_US))


def _echo(mono_ns: int, channel: str, echo_us: float) -> Reading:
    if echo_us >= NO_ECHO_US:
        return Reading(mono_ns, channel, None, NO_ECHO)
    return Reading(mono_ns, channel, float(round(echo_us)))


def _ultrasonic(name: str, space: str) -> Channel:
    return Channel(name, "ultrasonic", space, "hc-sr04")


def _recording(
    channels: list[Channel], readings: list[Reading], wall: datetime = NO_DATE
) -> Recording:
    by_name = {channel.name: channel for channel in channels}
    wall = wall.astimezone(UTC)
    return Recording(TraceHeader("gw-1", "UTC", 0, wall, by_name), readings)
