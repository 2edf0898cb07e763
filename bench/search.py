"""Search in a city of 1 M spaces and 3 M bookings beside SQL, and a burst of requests.

`python -m bench.search`. Answers of both are compared before anything is timed.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psycopg
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from bench import search_postgres, search_sql
from bench.rows import Row, result
from bench.search_city import BASE_MS, DAY_MS, HOUR_MS, METRES, MIDDLE, City, asks, city
from cloud.core.assigning import Assigned, Choice, one_by_one, together
from cloud.core.search_index import SearchIndex
from cloud.core.search_segment import Ask, segment
from tests.cloud.postgres import Server, binaries

SPACES, BOOKINGS = 1_000_000, 3_000_000
QUESTIONS, COMPARED, IN_TURN, WARM = 5_000, 40, 10, 200
REQUESTS = 2_000
NONE = ("nothing", None)
Engine = Callable[[Ask], search_sql.Answer]


def rows() -> list[Row]:
    made = city(SPACES, BOOKINGS)
    before_mb = _resident_mb()
    begun_s = time.perf_counter()
    index = SearchIndex(segment(made.columns, made.taken, BASE_MS), made.until_ms)
    build_s = time.perf_counter() - begun_s
    gc.collect()
    grown_mb = _resident_mb() - before_mb

    def ours(ask: Ask) -> search_sql.Answer:
        return [(hit.space, hit.square_m2) for hit in index.nearest(ask)]

    times = _times_ms(ours, asks(QUESTIONS))
    with _sql(made) as engines:
        plain, same = _beside(ours, engines)
    memory = max(index.nbytes / 1e6, grown_mb)
    return [
        result("search.p50_ms", float(np.percentile(times, 50)), "ms", NONE, 4),
        result("search.p99_ms", float(np.percentile(times, 99)), "ms", ("reach", 1.0)),
        _faster("search.vs_best_sql", plain),
        _faster("search.vs_best_sql_two_circles", same),
        result("search.memory_mb", memory, "MB", ("reach", 300.0), 0),
        result("search.build_s", build_s, "s", ("reach", 20.0), 1),
        *_burst(index),
    ]


@contextmanager
def _sql(made: City) -> Iterator[dict[str, Engine]]:
    """SQLite, and a PostgreSQL server of its own where there is one."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        connection = search_sql.opened(Path(folder) / "city.sqlite")
        stack.callback(connection.close)
        search_sql.fill(connection, made)
        engines = search_sql.engines(connection)
        programs = binaries()
        if programs is None:
            print("  no PostgreSQL here: only SQLite is compared", file=sys.stderr)
        else:
            server = Server(programs)
            stack.callback(server.close)
            other = stack.enter_context(psycopg.connect(server.made(), autocommit=True))
            search_postgres.fill(other, made)
            engines |= search_postgres.engines(other)
        yield engines


def _faster(name: str, found: tuple[str, float, float]) -> Row:
    """`value`: how many times the peer's p50 is ours; `ratio` is the same."""
    engine, theirs_ms, ours_ms = found
    row = result(name, theirs_ms / ours_ms, "x", (f"p50 of {engine}, ms", theirs_ms), 1)
    return row | {"ratio": row["value"]}


def _beside(
    ours: Engine, engines: dict[str, Engine]
) -> tuple[tuple[str, float, float], tuple[str, float, float]]:
    """The best plan of one statement, and the best that looks in a smaller circle first, as ours.

    Each: (its name, its p50, ours in the same turns); the same answers are asserted first.
    """
    questions = asks(COMPARED, seed=7)
    for ask in questions:
        told = ours(ask)
        for name, engine in engines.items():
            if engine(ask) != told:
                raise SystemExit(f"{name} answers {ask} differently")
    best = {}
    for two in (False, True):
        named = {n: e for n, e in engines.items() if n.endswith("circle first") is two}
        timed = {name: _in_turn(ours, engine, questions) for name, engine in named.items()}
        name = min(timed, key=lambda one: timed[one][1])
        best[two] = (name, timed[name][1], timed[name][0])
    return best[False], best[True]


def _in_turn(ours: Engine, theirs: Engine, questions: Sequence[Ask]) -> tuple[float, float]:
    """p50 in ms of both, ten questions each in turn."""
    kept: tuple[list[float], list[float]] = ([], [])
    for first in range(0, len(questions), IN_TURN):
        for times, engine in zip(kept, (ours, theirs)):
            times += _times_ms(engine, questions[first : first + IN_TURN])
    return statistics.median(kept[0]), statistics.median(kept[1])


def _times_ms(engine: Engine, questions: Sequence[Ask]) -> list[float]:
    for ask in questions[:WARM]:
        engine(ask)
    times = []
    for ask in questions:
        begun_s = time.perf_counter()
        engine(ask)
        times.append((time.perf_counter() - begun_s) * 1000)
    return times


def _burst(index: SearchIndex) -> list[Row]:
    """An event night: 2,000 requests in one district, where there is enough and where not."""
    enough = _choices(index, (9_000, -6_000), 700)
    scarce = _choices(index, (9_000, 3_000), 300)
    begun_s = time.perf_counter()
    made = together(enough)
    took_s = time.perf_counter() - begun_s
    greedy, best_m = one_by_one(enough), _optimum_m(enough)
    few, few_greedy = together(scarce), one_by_one(scarce)
    return [
        result("search.assignment_vs_greedy", _each_m(made), "m", _peer("first come", greedy), 1),
        result(
            "search.assignment_vs_optimum", made.walk_m, "m", ("linear_sum_assignment", best_m), 1
        ),
        result("search.assignment_served", made.served, "requests", ("first come", greedy.served)),
        result(
            "search.assignment_scarce_served",
            few.served,
            "requests",
            ("first come", few_greedy.served),
        ),
        result("search.assignment_s", took_s, "s", NONE),
    ]


def _each_m(made: Assigned) -> float:
    return made.walk_m / max(made.served, 1)


def _peer(name: str, made: Assigned) -> tuple[str, float]:
    return f"{name}: metres a request", _each_m(made)


def _choices(index: SearchIndex, where_m: tuple[int, int], spread_m: float) -> list[Choice]:
    rng = np.random.default_rng(5)
    numbers: dict[str, int] = {}
    choices = []
    scale = METRES * float(np.cos(np.radians(MIDDLE[0])))
    for north, east in rng.normal(0, spread_m, (REQUESTS, 2)) + where_m:
        starts_ms = BASE_MS + 3 * DAY_MS + 18 * HOUR_MS + int(rng.integers(0, 12)) * 300_000
        ends_ms = starts_ms + int(rng.integers(24, 48)) * 300_000
        lat, lon = MIDDLE[0] + float(north) / METRES, MIDDLE[1] + float(east) / scale
        hits = index.nearest(Ask(lat, lon, starts_ms, ends_ms, 800.0, REQUESTS))
        spaces = [numbers.setdefault(hit.space, len(numbers)) for hit in hits]
        metres = np.sqrt(np.array([hit.square_m2 for hit in hits], np.float64))
        choices.append(Choice(np.array(spaces, np.int64), metres))
    return choices


def _optimum_m(choices: Sequence[Choice]) -> float:
    """By another algorithm on the whole matrix: least walk of as many served as can be."""
    many = 1 + max(int(choice.spaces.max()) for choice in choices if len(choice.spaces))
    out = 1e7
    cost = np.full((len(choices), many), out)
    for row, choice in enumerate(choices):
        cost[row, choice.spaces] = choice.metres
    walks = cost[linear_sum_assignment(cost)]
    return float(walks[walks < out].sum())


def _resident_mb() -> float:
    """Of this process; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if sys.platform != "linux" or not status.is_file():
        return 0.0
    (line,) = (one for one in status.read_text("utf-8").splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    for row in rows():
        told = (
            row["name"],
            row["value"],
            row["unit"],
            row["peer"],
            row["peer_value"],
            row["ratio"],
        )
        print("{:34} {:>12} {:9} {} {} ({})".format(*told))
