"""The player on a clock set by hand; then one trace over a real broker."""

import json
import os
import pty
import queue
import subprocess
import sys
import termios
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from contracts.wire.messages import Event, Status
from contracts.wire.signing import Domain, event_digest, recover
from contracts.wire.types import checksummed
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_uplink import FakeUplink
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import Config
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cli import app
from firmware_sim.keyboard import CommandQueue, keys, lines
from firmware_sim.pace import BATCH_ITEMS, Pace
from firmware_sim.play import POLL_S, Command, Desk, Hearing, Player, Playhead, parse_command
from firmware_sim.trace import write_trace
from tests.edge.test_over_mqtt import Broker, TestCloud

NS = 1_000_000_000
SCRIPT_S = 30.0


def moment(text: str) -> int:
    return int(text) * NS


class Theatre:
    """A playhead, a pace and a list of what came when; waiting moves the clock."""

    def __init__(self, rate: float = 1.0) -> None:
        self.now_s = 100.0
        self.head = Playhead(0, rate, self.now)
        self.cues: list[tuple[float, Command]] = []
        self.came: list[tuple[int, float]] = []

    def now(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        """In small steps, as the player does; cues are obeyed when their time has come."""
        assert for_s > 0
        if for_s == float("inf") and not self.cues:
            raise AssertionError("it would wait for ever")
        self.now_s += min(for_s, POLL_S)
        while self.cues and self.cues[0][0] <= self.now_s - 100.0:
            self.head.obey(self.cues.pop(0)[1])

    def play(self, seconds: int, event_at_s: int = -1) -> list[tuple[int, float]]:
        """One reading a second of the trace; (trace s, real s since the start) of each."""
        pace = Pace(self.head.due_real_s, self.now, self.sleep, self.head.most)
        items = ((n * NS, n) for n in range(seconds))
        for batch in pace.batches(items, skip_past=False):
            if self.head.state == "stopped":
                break
            self.came += [(n, round(self.now_s - 100.0, 6)) for n in batch]
            if event_at_s in batch:
                self.head.heard_event()
        return self.came


def test_a_rate_is_kept() -> None:
    theatre = Theatre(rate=10)
    assert all(abs(real_s - n / 10) <= 0.021 for n, real_s in theatre.play(100))


def test_a_pause_holds_everything_back_and_then_goes_on_from_where_it_was() -> None:
    theatre = Theatre()
    theatre.cues = [(10.5, Command("pause")), (50.5, Command("resume"))]
    came = dict(theatre.play(20))
    assert came[10] == pytest.approx(10, abs=0.1)
    assert came[11] == pytest.approx(51, abs=0.2)
    assert came[19] == pytest.approx(59, abs=0.2)


def test_another_rate_counts_from_now_on() -> None:
    theatre = Theatre()
    theatre.cues = [(10.5, Command("rate", 5.0)), (12.0, Command("faster"))]
    came = dict(theatre.play(60))
    assert came[13] == pytest.approx(10.5 + 2.5 / 5, abs=0.2)
    assert came[58] == pytest.approx(12.0 + (58 - 18) / 10, abs=0.2)


def test_a_step_runs_to_the_next_event_at_once_and_not_one_reading_further() -> None:
    theatre = Theatre()
    theatre.cues = [(5.5, Command("pause")), (7.0, Command("step")), (60.0, Command("quit"))]
    came = theatre.play(1000, event_at_s=500)
    assert came[-1] == (500, pytest.approx(7.0, abs=0.2))


def test_until_plays_to_a_moment_and_waits_there_for_the_next_command() -> None:
    theatre = Theatre(rate=100)
    theatre.cues = [(0.05, Command("until", 50 * NS)), (60.0, Command("rate", 1000.0))]
    came = dict(theatre.play(100))
    assert came[49] <= 0.6
    assert came[50] == pytest.approx(60, abs=0.2)


def test_a_trace_too_fast_to_play_does_not_rush_after_a_pause() -> None:
    head_s = [0.0]
    head = Playhead(0, 10.0, lambda: head_s[0])
    head.due_real_s(5 * NS)
    head_s[0] = 100.0  # a thousand seconds behind
    head.obey(Command("pause"))
    head.obey(Command("resume"))
    assert head.due_real_s(15 * NS) == pytest.approx(101.0)


def test_nothing_goes_on_after_quit() -> None:
    theatre = Theatre()
    theatre.cues = [(5.5, Command("quit")), (5.6, Command("resume"))]
    assert [n for n, _ in theatre.play(100)] == [0, 1, 2, 3, 4, 5]


commands = st.one_of(
    st.sampled_from(["pause", "toggle", "step", "faster", "slower"]).map(Command),
    st.floats(0.5, 100).map(lambda rate: Command("rate", rate)),
    st.integers(0, 60).map(lambda s: Command("until", s * NS)),
)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 60), commands), max_size=8).map(
        lambda c: sorted(c, key=lambda x: x[0])
    )
)
def test_whatever_is_pressed_every_reading_comes_once_and_in_order(
    cues: list[tuple[float, Command]],
) -> None:
    theatre = Theatre()
    theatre.cues = [*cues, *((61.0 + n, Command("resume")) for n in range(3))]
    came = theatre.play(60, event_at_s=30)
    assert [n for n, _ in came] == list(range(60))
    assert [real_s for _, real_s in came] == sorted(real_s for _, real_s in came)


def test_what_is_overdue_leaves_in_bounded_pieces() -> None:
    pace = Pace(lambda _: 0.0, lambda: 1.0, lambda _: None)
    batches = list(pace.batches(((n, n) for n in range(3000)), skip_past=False))
    assert [len(batch) for batch in batches] == [BATCH_ITEMS, BATCH_ITEMS, 3000 - 2 * BATCH_ITEMS]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("pause", Command("pause")),
        (" step \n", Command("step")),
        ("rate 10", Command("rate", 10.0)),
        ("until 90", Command("until", 90 * NS)),
    ],
)
def test_a_line_is_a_command(line: str, command: Command) -> None:
    assert parse_command(line, moment) == command


@given(st.one_of(st.text(), st.text().map("rate {}".format)))
def test_what_is_no_command_is_refused_with_a_sentence(line: str) -> None:
    try:
        parse_command(line, moment)
    except ValueError as error:
        assert "write" in str(error) or "until" in line


def test_a_script_is_read_line_by_line_and_its_bad_lines_are_said(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("# slowly\nrate 0\n\npause\nstep\nfly\n")
    refused: list[str] = []
    read = lines(str(script), lambda line: parse_command(line, moment), refused.append)
    queue = CommandQueue(read)
    taken: list[Command | None] = []
    while None not in taken:
        taken += queue.take(10)
    assert taken == [Command("pause"), Command("step"), None]
    assert len(refused) == 2


HEADER = TraceHeader(
    "gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), {"us0": Channel("us0", "ultrasonic", "S1")}
)
LEDGER = checksummed("00" * 20)
DOMAIN = Domain(31337, LEDGER)
CONFIG = Config.model_validate(
    {
        **{"gateway": "gw-1", "data": "-", "broker": "mqtt://127.0.0.1", "timing": {"drain_s": 1}},
        "ledger": {"chain_id": 31337, "address": LEDGER},
    }
)


def echo(tenth: int) -> Reading:
    """Ten readings a second; a car from 0:30 to 2:30."""
    car = 300 <= tenth < 1500
    return Reading(tenth * NS // 10, "us0", 5800.0 if car else None, None if car else NO_ECHO)


def test_keys_are_heard_without_enter_and_the_terminal_is_put_back() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with keys(theirs) as read:
        os.write(ours, b" x+q")
        pressed = read()
        assert [next(pressed).name for _ in range(3)] == ["toggle", "faster", "quit"]
    assert termios.tcgetattr(theirs) == before
    for end in (ours, theirs):
        os.close(end)


def test_keys_pressed_before_the_player_listens_are_not_lost() -> None:
    ours, theirs = pty.openpty()
    os.set_blocking(theirs, False)  # a lost key fails, and does not wait for ever
    os.write(ours, b"+q")
    with keys(theirs) as read:
        pressed = read()
        assert [next(pressed).name for _ in range(2)] == ["faster", "quit"]
    for end in (ours, theirs):
        os.close(end)


class Stage:
    """A player with a real agent on fakes, and a clock set by hand."""

    def __init__(self, script: list[Command | None]) -> None:
        self.now_s = 0.0
        self.head = Playhead(0, 1000.0, self.now)
        self.script, self.at_ns = script, 0
        self.events: list[tuple[str, int]] = []
        self.desk = Desk(self.commands, self.told, self.event)
        outbox, hearing = MemoryOutbox(), Hearing(self.head, self.desk)
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
        ports = Ports(outbox, FakeUplink(), FakeClock(), self.now, log, (hearing,))
        self.agent = make_agent(
            CONFIG, HEADER.channels, ports, bytes(range(1, 33)), lambda: bytes(32)
        )

    def now(self) -> float:
        return self.now_s

    def commands(self, wait_s: float) -> list[Command | None]:
        self.now_s += wait_s
        script, self.script = self.script, []
        return script

    def told(self, at_ns: int) -> None:
        self.at_ns = at_ns

    def event(self, event: Event) -> None:
        self.events.append((event.kind, event.boottime_ns))

    def play(self, readings: Iterable[Reading]) -> None:
        Player(self.agent, queue.Queue(), self.head, self.desk).play(readings, self.now)


def test_each_step_of_a_script_ends_at_the_reading_that_made_the_event() -> None:
    stage = Stage([Command("step"), Command("step"), Command("quit")])
    stage.play(map(echo, range(2400)))
    assert [kind for kind, _ in stage.events] == ["boot", "snapshot", "arrival"]
    assert stage.at_ns == stage.events[-1][1]


def test_a_step_without_a_further_event_plays_to_the_end() -> None:
    stage = Stage([Command("step") for _ in range(9)])
    stage.play(map(echo, range(2400)))
    assert (stage.events[-1][0], stage.at_ns) == ("departure", 2399 * NS // 10)


def test_a_script_that_ends_in_a_pause_does_not_hold_the_trace_for_ever() -> None:
    stage = Stage([Command("pause"), None])
    stage.play(map(echo, range(2400)))
    assert [kind for kind, _ in stage.events].count("departure") == 1


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace.jsonl.gz"
    write_trace(path, HEADER, map(echo, range(2400)))
    path.write_bytes(path.read_bytes()[:-8])  # its end is lost: said, and no more
    return path


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


def test_a_trace_plays_over_mqtt_obeys_a_program_and_its_events_are_signed(
    broker: Broker, trace: Path, tmp_path: Path
) -> None:
    port = broker.port
    cloud = TestCloud(port)
    command = [sys.executable, "-c", "from firmware_sim.cli import main; main()", "play"]
    command += [str(trace), "--broker", f"mqtt://127.0.0.1:{port}", "--rate", "5000"]
    command += ["--commands", "-", "--data", str(tmp_path / "gateway")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("until 0:01:30\n")
        process.stdin.flush()
        said = []
        while not said or said[-1].get("state") != "waiting":
            said.append(json.loads(process.stdout.readline()))
        arrival = cloud.wait_for("arrival", "occupied")
        assert not cloud.found("departure", "free")
        out, _ = process.communicate("rate 10000\nresume\n", timeout=SCRIPT_S)
    said += [json.loads(line) for line in out.splitlines()]
    departure = cloud.wait_for("departure", "free")
    cloud.stop()
    assert process.returncode == 0
    assert (departure.at - arrival.at).total_seconds() == pytest.approx(120, abs=3)
    assert [row["event"] for row in said if row.get("space") == "S1"][-2:] == [
        "arrival",
        "departure",
    ]
    assert said[-1]["unacknowledged"] == 0 and said[-1]["bad_lines"] >= 1
    assert (
        len({recover(event_digest(s.body, DOMAIN), s.signature) for s in cloud.events.values()})
        == 1
    )
    assert any(isinstance(other, Status) for other in cloud.others)


def test_a_gateway_that_no_cloud_knows_has_played_when_the_broker_has_every_event(
    broker: Broker, trace: Path
) -> None:
    command = ["play", str(trace), "--broker", f"mqtt://127.0.0.1:{broker.port}"]
    done = CliRunner().invoke(app, [*command, "--rate", "100000"])
    assert (done.exit_code, "nobody acknowledged" in done.stderr) == (0, True)
    assert "0 undelivered" in done.stderr
    assert done.stdout.count("departure") == 1
