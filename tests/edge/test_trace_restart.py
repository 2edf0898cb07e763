"""The recorded first stay on the real detector and the real outbox, with a kill in the middle."""

import gzip
import itertools
from collections.abc import Iterable
from pathlib import Path

import structlog
from edge_rig import KEY

from contracts.wire.messages import Event
from contracts.wire.types import checksummed
from edge.adapters.clock import StreamClock
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import parse_config
from edge.core.trace_lines import TraceHeader, parse_header, parse_reading
from edge.ports import Connected, Ended, Took

TRACE = Path(__file__).parents[1] / "data" / "first-stay.trace.jsonl.gz"
CONFIG = parse_config(
    b'{gateway: gw-1, data: d, broker: "mqtt://h", limits: {window_events: 200},'
    b' ledger: {chain_id: 1, address: "' + checksummed("ab" * 20).encode() + b'"}}',
    "test",
)
BATCH = 500


def gateway(header: TraceHeader, data: Path) -> tuple[Agent, FakeUplink, SqliteOutbox]:
    outbox, uplink = SqliteOutbox(data, "gw-1", 1, 100), FakeUplink()
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    ports = Ports(outbox, uplink, StreamClock(header), lambda: 0.0, log)
    agent = make_agent(CONFIG, header.channels, ports, KEY, lambda: bytes(32))
    agent.open()
    agent.turn([Connected()])
    return agent, uplink, outbox


def play(agent: Agent, lines: Iterable[bytes]) -> None:
    rest = iter(lines)
    while batch := list(itertools.islice(rest, BATCH)):
        agent.turn([Took(parse_reading(line)) for line in batch])


def test_a_kill_in_the_middle_of_two_stays_changes_neither(tmp_path: Path) -> None:
    first, *lines = gzip.decompress(TRACE.read_bytes()).splitlines()
    header = parse_header(first)
    cut = next(n for n, line in enumerate(lines) if parse_reading(line).mono_ns > 800 * 10**9)
    agent, _, outbox = gateway(header, tmp_path)
    play(agent, lines[:cut])
    outbox.close()
    again, uplink, _ = gateway(header, tmp_path)
    play(again, lines[cut:])
    again.turn([Ended()])
    events = [signed.body for signed in uplink.events()]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert told(events, "S1") == ["snapshot", "arrival", "snapshot", "departure"]
    assert told(events, "S2") == ["snapshot", "arrival", "snapshot", "departure"]
    assert {event.occupancy for event in events if event.space == "S3"} == {"free"}


def told(events: list[Event], space: str) -> list[str]:
    return [event.kind for event in events if event.space == space]
