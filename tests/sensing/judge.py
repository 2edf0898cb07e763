"""The detector over generated space-days, and every failure with what was near it.

`python -m tests.sensing.judge --level hard --seeds 1..20 --lot second`
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from multiprocessing import Pool
from typing import Literal, NamedTuple

from edge.core.fusion import Change, DetectorSettings
from edge.core.readings import Channel, Reading
from firmware_sim.replay import Replay
from firmware_sim.score import KINDS, match, score
from firmware_sim.trace import NS, Truth

NEAR_S = 90.0
FIRST_S = 60.0
LONG_UNKNOWN_S = 60.0
# The report limits of the issue, by level.
REPORT_S = {"normal": 8.0, "hard": 15.0}


class Task(NamedTuple):
    lot: str
    level: Literal["normal", "hard"]
    seed: int
    hours: float
    sensors: tuple[str, ...]
    stays: int = 12


class Failure(NamedTuple):
    seed: int
    what: str
    at_ns: int
    near: str


class Verdict(NamedTuple):
    """One space-day; its space is named by the seed so that days can be scored together."""

    changes: list[Change]
    truth: list[Truth]
    unknown_s: float
    total_s: float
    failures: list[Failure]
    run_s: float


def main() -> None:
    options = _options()
    sensors = tuple(options.sensors.split(","))
    tasks = [
        Task(options.lot, options.level, seed, options.hours, sensors)
        for seed in _seeds(options.seeds)
    ]
    with Pool(min(options.jobs, 2)) as pool:
        verdicts = pool.map(judge, tasks, chunksize=1)
    failures = [failure for verdict in verdicts for failure in verdict.failures]
    for one in failures if not options.brief else []:
        print(f"seed {one.seed} {timedelta(seconds=one.at_ns // NS)} {one.what}\n{one.near}")
    print(f"{options.lot} {options.level} {options.sensors}\n{summary(verdicts)}")
    kinds = Counter(one.what.split(":")[0] for one in failures)
    print("  failures: " + (", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) or "none"))


def judge(task: Task) -> Verdict:
    channels, readings, truth = day_of(task)
    began = time.process_time()
    changes = list(Replay(channels, DetectorSettings()).run(readings))
    run_s = time.process_time() - began
    space = f"S1/{task.seed}"
    changes = [replace(change, space=space) for change in changes]
    truth = [replace(row, space=space) for row in truth]
    start_ns, end_ns = readings[0].mono_ns, readings[-1].mono_ns
    spells = list(unknown_spells(changes, start_ns + int(FIRST_S * NS), end_ns))
    found = [*_failures(REPORT_S[task.level], changes, truth)]
    for from_ns, to_ns in spells:
        if to_ns - from_ns >= LONG_UNKNOWN_S * NS:
            found.append((f"unknown: for {(to_ns - from_ns) / NS:.0f} s", from_ns))
    failures = [
        Failure(task.seed, what, at_ns, _near(at_ns, changes, truth))
        for what, at_ns in sorted(found, key=lambda item: item[1])
    ]
    unknown_s = sum(to_ns - from_ns for from_ns, to_ns in spells) / NS
    return Verdict(changes, truth, unknown_s, (end_ns - start_ns) / NS, failures, run_s)


def day_of(task: Task) -> tuple[dict[str, Channel], list[Reading], list[Truth]]:
    if task.lot == "second":
        from tests.sensing.second_lot import space_day

        return space_day(task.seed, task.level, task.hours, task.stays, task.sensors)
    from firmware_sim import lot

    made = lot.make(task.level, task.seed, spaces=1, hours=task.hours)
    channels = made.header.channels
    space = next(channel.space for channel in channels.values() if channel.space)
    return channels, list(made.space_readings(space)), [r for r in made.truth if r.space == space]


def unknown_spells(changes: list[Change], from_ns: int, to_ns: int) -> Iterator[tuple[int, int]]:
    """Where the reported state was unknown; it is unknown until the first change."""
    since_ns: int | None = from_ns
    for change in changes:
        now_ns = min(max(change.reported_ns, from_ns), to_ns)
        if change.kind == "unknown":
            since_ns = now_ns if since_ns is None else since_ns
        elif since_ns is not None:
            yield since_ns, now_ns
            since_ns = None
    if since_ns is not None:
        yield since_ns, to_ns


def summary(verdicts: list[Verdict]) -> str:
    total_s = sum(verdict.total_s for verdict in verdicts)
    s = score((c for v in verdicts for c in v.changes), [r for v in verdicts for r in v.truth])
    days, unknown = total_s / 86_400, sum(verdict.unknown_s for verdict in verdicts) / total_s
    cpu_s = sum(verdict.run_s for verdict in verdicts) / days
    return (
        f"  {days:.1f} space-days, {s.true} true, {s.detected} detected, {s.matched} matched\n"
        f"  F1 {s.f1:.4f}  precision {s.precision:.4f}  recall {s.recall:.4f}"
        f"  false stays/day {s.false_stays / days:.3f}  missed stays {s.missed_stays}\n"
        f"  report p50 {_s(s.report_p50_s)} p95 {_s(s.report_p95_s)} p99 {_s(s.report_p99_s)}"
        f"  at error p50 {_s(s.at_error_p50_s)} p95 {_s(s.at_error_p95_s)}"
        f"  inside uncertainty {_part(s.at_inside_uncertainty)}\n"
        f"  dwell error p50 {_s(s.dwell_error_p50_s)} p95 {_s(s.dwell_error_p95_s)}"
        f"  over 60 s {_part(s.dwell_over_60)}  unknown {_part(unknown)}"
        f"  detector {cpu_s:.1f} s CPU per day"
    )


def _failures(
    limit_s: float, changes: list[Change], truth: list[Truth]
) -> Iterator[tuple[str, int]]:
    found = [change for change in changes if change.kind in KINDS]
    rows = [row for row in truth if row.kind in KINDS.values()]
    pairs = match(found, rows)
    met = {id(change) for change, _ in pairs} | {id(row) for _, row in pairs}
    yield from ((f"missed {row.kind}", row.mono_ns) for row in rows if id(row) not in met)
    yield from ((f"false {c.kind}", c.at_ns) for c in found if id(c) not in met)
    for change, row in pairs:
        off_s = (change.at_ns - row.mono_ns) / NS
        late_s = (change.reported_ns - row.mono_ns) / NS
        if late_s > limit_s:
            yield f"late {change.kind}: reported {late_s:+.1f} s", row.mono_ns
        if abs(off_s) > change.uncertainty_s:
            text = f"{off_s:+.1f} s, uncertainty {change.uncertainty_s:.1f} s"
            yield f"outside {change.kind}: {text}", row.mono_ns


def _near(at_ns: int, changes: list[Change], truth: list[Truth]) -> str:
    reach_ns = NEAR_S * NS
    lines = [
        (row.mono_ns, f"truth {row.kind} {' '.join(row.tags)}")
        for row in truth
        if abs(row.mono_ns - at_ns) <= reach_ns
    ]
    for c in changes:
        if min(abs(c.at_ns - at_ns), abs(c.reported_ns - at_ns)) <= reach_ns:
            reported = f"reported {(c.reported_ns - at_ns) / NS:+.1f}"
            lines.append((c.at_ns, f"  -> {c.kind} +-{c.uncertainty_s:.1f} {reported} ({c.why})"))
    return "\n".join(f"    {(when - at_ns) / NS:+7.1f} {text}" for when, text in sorted(lines))


def _s(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _part(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("..")
    return list(range(int(first), int(last) + 1)) if last else [int(n) for n in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", choices=tuple(REPORT_S), default="normal")
    parser.add_argument("--seeds", default="1..5", help="1..20 or 3,7")
    parser.add_argument("--lot", choices=("second", "lot"), default="second")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--sensors", default="us,mag", help="of the second lot: us,mag | us | mag")
    parser.add_argument("--jobs", type=int, default=2, help="processes, at most 2")
    parser.add_argument("--brief", action="store_true", help="the figures only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
