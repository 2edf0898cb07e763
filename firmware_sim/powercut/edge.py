"""The outbox after a power cut: it opens, has all that was relied on, and uses no number twice."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from contracts.errors import Malformed
from contracts.wire.codec import decode, encode
from contracts.wire.messages import Ack, SignedEvent
from contracts.wire.topics import topic_for
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.outbox import BALLAST_FILE, SqliteOutbox
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import parse_config
from edge.errors import EdgeError
from edge.ports import Connected, EventRow, Received
from firmware_sim.powercut.edge_work import (
    GATEWAY,
    KEEP_ACKED,
    KEY,
    SETTINGS,
    SILENT,
    SPACES,
    state_of,
)
from firmware_sim.powercut.images import Cut, Outcome, judge_all, record, scratch, told
from firmware_sim.powercut.trace import Step
from firmware_sim.sensors import header
from firmware_sim.world import Scenario

WORK = "firmware_sim.powercut.edge_work"
LYING_FLUSHES = 0.05
# The clock of a machine without one: no help in finding a number that nobody has used. Where the
# disk lies, too, it must be right: it is all that is left if that file is gone.
EPOCH_OF_1970, EPOCH_OF_NOW = 1, 1_000_000
GO_ON_EVERY = 8
SPACE_NAMES = {f"S{number}" for number in range(1, SPACES + 1)}


@dataclass(frozen=True, slots=True)
class State:
    at_mark: int
    word: str
    epoch: int
    seq: int


class OutboxJudge:
    """Equal to the state that was written last, or to the one that was being written."""

    def __init__(self, marks: Sequence[str], lies: bool = False) -> None:
        said = [json.loads(text) for text in marks]
        self._lies, self._epoch = lies, EPOCH_OF_NOW if lies else EPOCH_OF_1970
        self._states = [
            State(number, it["state"], it["epoch"], it["seq"])
            for number, it in enumerate(said, 1)
            if "state" in it
        ]
        self._sent = [
            (number, (it["epoch"], it["sent"])) for number, it in enumerate(said, 1) if "sent" in it
        ]
        self._judged = self.mended = 0

    def __call__(self, cut: Cut, folder: Path) -> str:
        (folder / BALLAST_FILE).touch()
        self._judged += 1
        try:
            outbox = SqliteOutbox(folder, GATEWAY, self._epoch, KEEP_ACKED)
        except EdgeError as error:
            return f"does not open: {error}"
        except ValueError as error:
            return f"does not read: {error}"
        try:
            return self._of(cut, outbox)
        finally:
            outbox.close()

    def _of(self, cut: Cut, outbox: SqliteOutbox) -> str:
        start, word = state_of(outbox)
        known = bisect_left(self._states, cut.told + 1, key=lambda it: it.at_mark)
        epochs = [state.epoch for state in self._states[:known]]
        if epochs and start.next_epoch <= max(epochs):
            return f"an epoch again: {start.next_epoch} would be next, {max(epochs)} was used"
        if self._lies:
            if stuck := _stuck(outbox.events(start.epoch, start.acked + 1, start.seq)):
                return stuck
            gone_back = outbox.set_aside or self._gone_back(cut, start.epoch, start.seq)
            return self._mends(outbox, self._last_sent(cut), epochs) if gone_back else ""
        if outbox.set_aside is not None:
            return "corrupt: the database was set aside"
        if (ok := outbox._db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            return f"corrupt: {ok}"
        wrong = self._gone_back(cut, start.epoch, start.seq)
        # Before anything was relied on there may be nothing: it begins, with whatever epoch.
        begins = known == 0 and start.seq == 0
        if not wrong and not begins and word not in self._allowed(known):
            wrong = f"lost: neither the state written last (mark {cut.told}) nor the next"
        if not wrong and self._judged % GO_ON_EVERY == 0:
            row = EventRow(start.epoch, start.seq + 1, "S1", "0x" + "0" * 64, b"{}")
            outbox.write([row])
        return wrong

    def _allowed(self, known: int) -> list[str]:
        return [state.word for state in self._states[max(0, known - 1) : known + 1]]

    def _last_sent(self, cut: Cut) -> tuple[int, int]:
        known = bisect_left(self._sent, cut.told + 1, key=lambda it: it[0])
        return self._sent[known - 1][1] if known else (0, 0)

    def _gone_back(self, cut: Cut, epoch: int, seq: int) -> str:
        """An event that has left the gateway has a number that no other event may ever bear."""
        last = self._last_sent(cut)
        if (epoch, seq) < last:
            return f"lost: {last} was sent, and it goes on after {(epoch, seq)}"
        return ""

    def _mends(self, outbox: SqliteOutbox, last: tuple[int, int], epochs: Sequence[int]) -> str:
        """The cloud refuses a number that was used (cloud/usecases/stays.py), and all is told anew
        under numbers that nobody has used."""
        uplink = started_again(outbox, Ack(gateway=GATEWAY, epoch=last[0] + 1, seq=0))
        anew = [it.body for it in uplink.events() if it.body.epoch > max(epochs)]
        if [body.kind for body in anew[:1]] != ["boot"]:
            return f"not mended: {last} was sent; no new epoch began with a boot"
        if {body.space for body in anew if body.kind == "snapshot"} != SPACE_NAMES:
            return "not mended: the new epoch does not tell of every space"
        self.mended += 1
        return ""


def _stuck(rows: Sequence[EventRow]) -> str:
    """One that the cloud cannot read would be sent for ever, and none after it."""
    for row in rows:
        try:
            decode(SignedEvent, row.payload)
        except Malformed as error:
            return f"stuck: event {row.seq} is not one: {error.why}"
    return ""


def started_again(outbox: SqliteOutbox, word: Ack) -> FakeUplink:
    """The agent after the cut, told by the cloud how far it has come."""
    uplink, clock = FakeUplink(), FakeClock(boot_id="after")
    ports = Ports(outbox, uplink, clock, lambda: 0.0, SILENT)
    channels = header(Scenario(tuple(sorted(SPACE_NAMES)), 60.0)).channels
    config = parse_config(SETTINGS.encode(), "gateway.yaml", ".")
    agent = make_agent(config, channels, ports, KEY, lambda: bytes(32))
    agent.open()
    agent.turn([Connected()])
    agent.turn([Received(topic_for(word), encode(word))])
    agent.turn([])
    return uplink


def recorded(seed: int, minutes: float) -> list[Step]:
    with scratch() as folder:
        parts = [(str(seed), str(part), str(minutes)) for part in (0, 1)]
        return record(WORK, Path(folder), parts)


def judged(steps: Sequence[Step], most: int, seed: int, lies: float = 0.0) -> Outcome:
    judge = OutboxJudge(told(steps), bool(lies))
    outcome = judge_all(steps, judge, Random(seed), most, lies=lies)
    outcome.mended = judge.mended
    return outcome


def run(most: int, seed: int, minutes: float, lies: float = 0.0) -> Outcome:
    return judged(recorded(seed, minutes), most, seed, lies)
