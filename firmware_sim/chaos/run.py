"""Faults on a running installation, then peace, then what is left: `run`."""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud.core.booking import ENDED
from firmware_sim.chaos import judge
from firmware_sim.chaos.judge import Outcome
from firmware_sim.chaos.schedule import Fault, drawn
from firmware_sim.chaos.site import OPENING_S, SERVERS, Site
from firmware_sim.client import NeverCame, wait_for
from firmware_sim.installation import Plan

BEGINS_AT = datetime(2026, 5, 1, tzinfo=UTC)
SET_UP_S = 8.0
# Servers that take longer to start are on a machine that has other things to do.
SLOW_S, SLOWER = 12.0, 3.0
PEACE_S = 180.0
POLL_S = 0.5
SPARE_S = 120.0  # of the trace, after the last fault


@dataclass(frozen=True, slots=True)
class Storm:
    """`rate`: seconds of the lot in one of ours. `every_s`: of ours, between faults."""

    seed: int = 1
    lasts_s: float = 30.0
    every_s: float = 0.8
    gateways: int = 2
    rate: float = 60.0


def run(folder: Path, storm: Storm, told: Callable[[str], None] = lambda _said: None) -> Outcome:
    """`folder` is new or empty, and full of logs afterwards."""
    plan = Plan(folder / "none", BEGINS_AT, storm.rate, SET_UP_S, titles=12 * storm.gateways)
    site = Site(folder, plan, storm.gateways, storm.seed)
    outcome = Outcome(left_out="" if site.preload else "clocks and disks: no C compiler")
    try:
        bookings = _opened(site, storm)
        told("the lot opens")
        faults = drawn(storm.seed, site.targets(), storm.lasts_s, storm.every_s)
        kills = _suffer(site, faults, told)
        outcome.faults.update(fault.name for fault in faults)
        told(f"{len(faults)} faults; now peace")
        outcome.stuck += _peace(site, list(bookings))
        outcome.settled = judge.settled(site, bookings, outcome)
        for name in site.gateways:
            site.stage.end(name)
        judge.events(site, outcome)
        judge.stays(site, kills, outcome)
    finally:
        site.stop()
    return outcome


def _opened(site: Site, storm: Storm) -> dict[str, Any]:
    began_s = time.monotonic()
    for name in SERVERS:
        site.start(name)
    health = site.wait_live()
    took_s = time.monotonic() - began_s
    if took_s > SLOW_S:
        # Else the lot would be over before its gateways look.
        site.plan = replace(site.plan, rate=site.plan.rate / SLOWER)
    site.write_world(OPENING_S + storm.lasts_s * site.plan.rate + SPARE_S, storm.seed)
    site.postpone(SET_UP_S + 2.5 * took_s)
    site.import_titles()
    site.open_accounts()
    site.enrol_all(health)
    site.share_all()
    for name in site.gateways:
        site.start(name)
    time.sleep(max(0.0, site.lead_left_s()))
    site.wait_spaces_known()
    return site.book_all()


def _suffer(
    site: Site, faults: list[Fault], told: Callable[[str], None]
) -> list[tuple[str, float]]:
    """When which gateway was killed, in seconds of the trace."""
    # As little as of a killed one is known of one that has just begun.
    began_s, kills = time.monotonic(), [(name, 0.0) for name in site.gateways]
    for at_s, number, begins in _in_order(faults):
        fault = faults[number]
        time.sleep(max(0.0, began_s + at_s - time.monotonic()))
        if not begins:
            site.mend(fault)
            continue
        told(f"{number + 1} of {len(faults)}: {fault.name} at {fault.target}")
        if fault.kind == "kill":
            kills.append((fault.target, (site.now() - BEGINS_AT).total_seconds()))
        site.strike(fault)
    return kills


def _in_order(faults: list[Fault]) -> Iterator[tuple[float, int, bool]]:
    begins = [(fault.at_s, number, True) for number, fault in enumerate(faults)]
    ends = [(fault.at_s + fault.lasts_s, number, False) for number, fault in enumerate(faults)]
    # An end at the moment of a beginning goes first, but never before its own.
    yield from heapq.merge(begins, sorted(ends), key=lambda it: it[0])


def _peace(site: Site, bookings: list[str]) -> list[str]:
    """What has not come to rest by itself after all faults are over, and the last car has left."""
    left_s = site.lasts_s - (site.now() - BEGINS_AT).total_seconds()
    time.sleep(max(0.0, left_s / site.plan.rate))
    found = []
    for what, test in (
        ("every gateway is heard and told all, and the lots are empty", lambda: _told_all(site)),
        ("every booking has its end", lambda: _all_final(site, bookings)),
    ):
        try:
            wait_for(what, test, PEACE_S)
        except (NeverCame, RuntimeError) as error:
            found.append(f"{what}: {error}")
    found += [f"{name} ended by itself: {status}" for name, status in site.stage.exited().items()]
    return found


def _told_all(site: Site) -> bool:
    """And all that was told is applied: what still waits has minutes for it."""
    waiting = "SELECT COUNT(*) FROM event WHERE effect = 'waiting'"
    free = "SELECT COUNT(*) FROM space WHERE gateway IS NOT NULL AND occupancy != 'free'"
    return site.rows(waiting)[0][0] == site.rows(free)[0][0] == 0 and all(
        bool(online) and json.loads(status or "{}").get("unacknowledged", 1) == 0
        for online, status in site.rows("SELECT online, status FROM gateway")
    )


def _all_final(site: Site, bookings: list[str]) -> bool:
    states = dict(site.rows("SELECT id, state FROM booking"))
    return all(states[booking] in ENDED for booking in bookings)
