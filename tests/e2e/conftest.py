"""One installation of real processes for the whole folder; a stay of its own for every test."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firmware_sim import sensors, world
from firmware_sim.installation import Installation, Plan
from firmware_sim.trace import write_trace

BEGINS_AT = datetime(2026, 5, 1, tzinfo=UTC)
RATE = 20.0
LEAD_S = 24.0
FIRST_S, STAY_S, EVERY_S = 180.0, 260.0, 380.0
STAYS = 6
PLATE = "沪A12345"
EVENTUALLY_S = 90.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of the script, in seconds of the trace, and the booking made for it."""

    arrive_s: float
    depart_s: float
    booking: str


@dataclass(frozen=True, slots=True)
class Site:
    made: Installation
    visits: tuple[Visit, ...]
    refused: Any
    recommended: Any
    titles: Any


def script() -> world.Scenario:
    stays = tuple(
        world.Stay("S1", FIRST_S + n * EVERY_S, FIRST_S + n * EVERY_S + STAY_S, PLATE)
        for n in range(STAYS)
    )
    passes = tuple(world.Pass(at_s) for at_s in range(60, int(STAYS * EVERY_S), 170))
    lasts_s = FIRST_S + STAYS * EVERY_S
    return world.Scenario(
        spaces=("S1", "S2", "S3"), lasts_s=lasts_s, stays=stays, passes=passes, wall=BEGINS_AT
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    trace = folder / "script.trace.jsonl.gz"
    scenario = script()
    write_trace(trace, sensors.header(scenario), sensors.readings(scenario, Random(1)))
    made = Installation(folder, Plan(trace, BEGINS_AT, RATE, LEAD_S, titles=2000))
    try:
        yield _opened(made)
    finally:
        made.stage.stop()


def _opened(made: Installation) -> Site:
    for name in ("chain", "broker", "cloud"):
        made.start(name)
    health = made.wait_live()
    titles = made.import_titles()
    made.open_accounts()
    made.enrol_gateway(health)
    made.start("gateway")
    refused = made.register("S2", holder="somebody else", consent=False)
    made.wait_shared(made.register("S1")["id"])
    made.offer("S1", (0.0, 86_400.0), 600)
    made.wait_spaces_known()
    recommended = made.request(_window(0))
    visits = tuple(_booked(made, number) for number in range(STAYS))
    return Site(made, visits, refused, recommended, titles)


def _window(number: int) -> tuple[float, float]:
    begins_s = FIRST_S + number * EVERY_S - 30
    return begins_s, begins_s + EVERY_S - 60


def _booked(made: Installation, number: int) -> Visit:
    window = _window(number)
    quoted_minor = int((window[1] - window[0]) // 60 * 60) * 600 // 3600
    booking = made.book("S1", window, (PLATE, quoted_minor), f"visit-number-{number}")
    arrive_s = FIRST_S + number * EVERY_S
    return Visit(arrive_s, arrive_s + STAY_S, booking["id"])


def gateway_folder(site: Site) -> Path:
    return site.made.folder / "gateway"
