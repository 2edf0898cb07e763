"""Against the ground truth: what happened on the lot, what the gateways told, what the chain holds.

A gateway that was killed saw nothing until it was back, and a short stay may fall into that time:
such stays are not asked for. All others are, exactly once.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from cloud.adapters.chain import Web3Chain
from cloud.adapters.dev_keys import dev_role_keys
from cloud.ports.chain import Deployment
from edge.adapters.outbox import FILE
from firmware_sim.client import NeverCame, wait_for
from firmware_sim.world import Stay

if TYPE_CHECKING:
    from firmware_sim.chaos.site import Site

# Of the trace: until a gateway that booted knows its spaces, and how far a stay may be off.
KNOWS_S, BEFORE_S, AFTER_S, OFF_S = 200.0, 60.0, 90.0, 60.0
LEDGER_S = 60.0
KNOWN = ("free", "occupied")
Span = tuple[float, float]


@dataclass(slots=True)
class Outcome:
    """`events`: that the cloud has. `clear`: stays that no outage hid. `stuck`: what did not come
    to rest by itself. `left_out`: faults that this machine cannot do."""

    faults: Counter[str] = field(default_factory=Counter)
    events: int = 0
    stays: int = 0
    clear: int = 0
    settled: int = 0
    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    left_out: str = ""

    @property
    def good(self) -> bool:
        return not (self.lost or self.double or self.stuck)


def events(site: Site, outcome: Outcome) -> None:
    """All that each gateway numbered is in the cloud, is what it signed, and was applied."""
    waiting = site.rows("SELECT gateway, epoch, seq FROM event WHERE effect = 'waiting'")
    outcome.stuck += [f"{it}: event {seq} of epoch {epoch} waits" for it, epoch, seq in waiting]
    for name in site.gateways:
        there = {
            (epoch, seq): digest
            for epoch, seq, digest in site.rows(
                f"SELECT epoch, seq, digest FROM event WHERE gateway = '{name}'"
            )
        }
        outcome.events += len(there)
        with closing(sqlite3.connect(site.folder / name / FILE)) as outbox:
            kept = outbox.execute("SELECT epoch, seq, digest FROM events").fetchall()
            meta = dict(outbox.execute("SELECT key, value FROM meta"))
        for epoch, seq, digest in kept:
            if (epoch, seq) not in there:
                outcome.lost.append(f"{name}: event {seq} of epoch {epoch}")
            elif there[epoch, seq] != digest:
                outcome.double.append(f"{name}: two events of number {seq} in epoch {epoch}")
        epoch, last = int(meta["epoch"]), int(meta["seq"])
        missing = [seq for seq in range(1, last + 1) if (epoch, seq) not in there]
        outcome.lost += [f"{name}: number {seq}" for seq in missing]


def settled(site: Site, bookings: Mapping[str, Stay], outcome: Outcome) -> int:
    """Each stay once in the books and on the chain, and the books equal the chain's."""
    twice = site.rows("SELECT stay, COUNT(*) FROM settlement GROUP BY stay HAVING COUNT(*) > 1")
    outcome.double += [f"stay {stay}: settled {count} times" for stay, count in twice]
    booked = Counter(booking for (booking,) in site.rows("SELECT booking FROM stay") if booking)
    outcome.double += [f"booking {it}: {n} stays" for it, n in booked.items() if n > 1]
    sums = site.rows("SELECT currency, SUM(amount_minor) FROM entry GROUP BY currency")
    outcome.lost += [f"{currency}: {total} minor are missing" for currency, total in sums if total]
    chain = _chain(site)
    numbers = [stay for (stay,) in site.rows("SELECT stay FROM settlement")]
    for stay in numbers:
        if not chain.read("ledger", "is_settled", stay):
            outcome.lost.append(f"stay {stay}: not on the chain")
    for account in site.accounts.values():
        query = f"SELECT COALESCE(SUM(amount_minor), 0) FROM entry WHERE account = {account}"
        try:
            wait_for("the balance", partial(_same, site, chain, account, query), LEDGER_S)
        except NeverCame:
            outcome.lost.append(f"account {account}: our books are not the ledger's")
    return len(numbers)


def stays(site: Site, kills: Sequence[tuple[str, float]], outcome: Outcome) -> None:
    for name in site.gateways:
        blind = _blind(site, name, [at_s for killed, at_s in kills if killed == name])
        for space in site.spaces_of(name):
            told = _told(site, space)
            true = [visit for visit in site.visits[name] if visit.space == space]
            _compare(space, told, true, blind, outcome)


def _compare(
    space: str, told: list[Span], true: list[Stay], blind: list[Span], outcome: Outcome
) -> None:
    outcome.stays += len(told)
    for visit in true:
        clear = (visit.arrive_s - BEFORE_S, visit.depart_s + AFTER_S)
        if any(_meet(clear, span) for span in blind):
            continue
        outcome.clear += 1
        found = [span for span in told if _meet(span, (visit.arrive_s, visit.depart_s))]
        said = f"{space}: the stay of {visit.arrive_s:.0f} s to {visit.depart_s:.0f} s"
        if not found:
            outcome.lost.append(said)
        if len(found) > 1:
            outcome.double.append(f"{said} is {len(found)} stays")
    for span in told:
        near = (span[0] - OFF_S, span[1] + OFF_S)
        if not any(_meet(near, (visit.arrive_s, visit.depart_s)) for visit in true):
            outcome.double.append(f"{space}: nobody was there from {span[0]:.0f} s on")


def _told(site: Site, space: str) -> list[Span]:
    query = f"SELECT arrived_ms, departed_ms FROM stay WHERE space = '{space}'"
    zero_ms = site.plan.begins_at.timestamp() * 1000
    return [
        ((arrived - zero_ms) / 1000, (departed - zero_ms) / 1000 if departed else site.lasts_s)
        for arrived, departed in site.rows(query)
    ]


def _blind(site: Site, gateway: str, kills: Sequence[float]) -> list[Span]:
    """From each kill until what is next told of a space, and some time more."""
    query = f"SELECT body FROM event WHERE gateway = '{gateway}' ORDER BY epoch, seq"
    bodies = [json.loads(body) for (body,) in site.rows(query)]
    known = [_second(site, it["reported_at"]) for it in bodies if it.get("occupancy") in KNOWN]
    found = []
    for at_s in kills:
        after = [told_s for told_s in known if told_s > at_s]
        found.append((at_s - OFF_S, (min(after) if after else site.lasts_s) + KNOWS_S))
    return found


def _second(site: Site, at: str) -> float:
    return (datetime.fromisoformat(at) - site.plan.begins_at).total_seconds()


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _chain(site: Site) -> Any:
    deployed = site.client.get("/healthz")["deployed"]
    return Web3Chain(site.chain_url, Deployment(**deployed), dev_role_keys())


def _same(site: Site, chain: Any, account: int, query: str) -> bool:
    return bool(int(chain.read("ledger", "balance_of", account)) == site.rows(query)[0][0])
