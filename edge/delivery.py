"""What was decided is written, all of a turn at once, and only then sent: and sent again until the
cloud has acknowledged it (docs/decisions/0005)."""

from __future__ import annotations

from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from contracts.wire.messages import Reply
from contracts.wire.topics import Topic
from edge.core.outputs import BeginEpoch, SendAgain, SetAcked, Start
from edge.core.window import SendWindow, WindowSettings
from edge.errors import OutboxUnwritable
from edge.ports import EventRow, Outbox, Uplink, Write

RETRY_WRITE_S = 1.0
MAX_UNWRITTEN = 20_000
MAX_AGAIN = 100
MAX_ANSWERS = 1_000


class Delivery:
    """`now_s` is monotonic real time, whatever gateway time does."""

    def __init__(
        self,
        gateway: str,
        start: Start,
        outbox: Outbox,
        uplink: Uplink,
        window: WindowSettings,
        log: FilteringBoundLogger,
    ) -> None:
        self._gateway, self._outbox, self._uplink, self._log = gateway, outbox, uplink, log
        self._set, self._window = window, SendWindow(window, start.acked, start.seq)
        self.epoch = start.epoch
        self._topic = str(Topic(gateway, "up", "event"))
        self._writes: list[Write] = []
        self._acked: SetAcked | None = None
        self.acked_s: float | None = None
        self._answers: list[Reply | SendAgain] = []
        self._retry_due_s = 0.0

    @property
    def unacknowledged(self) -> int:
        return self._window.unacknowledged

    @property
    def done(self) -> bool:
        return not self._writes and self.unacknowledged == 0

    def deadline_s(self) -> float | None:
        return self._window.deadline_s()

    def keep(self, write: Write, now_s: float) -> None:
        if not isinstance(write, SetAcked):
            self._writes.append(write)
        elif write.epoch == self.epoch and write.seq > self._window.acked:
            # Written with whatever is written next. Forgotten, it costs a few events sent twice;
            # a commit of its own each time cost the memory card as much as the events.
            self._acked, self.acked_s = write, now_s
            self._window.ack(write.seq, now_s)

    def answer(self, answer: Reply | SendAgain) -> None:
        """Once all that was kept before it is written."""
        self._answers = [*self._answers, answer][-MAX_ANSWERS:]

    def restart(self) -> None:
        """A new connection."""
        self._window.restart()

    def commit(self, now_s: float) -> list[Reply]:
        """The answers that may go out. While the disk fails the turn grows, and nothing leaves."""
        if self._writes and now_s >= self._retry_due_s:
            self._write(now_s)
        if self._writes:
            return []
        answers, self._answers = self._answers, []
        return [self._again(it) if isinstance(it, SendAgain) else it for it in answers]

    def send(self, now_s: float) -> None:
        if self._window.tick(now_s):
            self._log.warning("no_ack", sending_again_after=self._window.acked)
        numbers = self._window.sendable()
        for row in self._outbox.events(self.epoch, *numbers) if numbers else []:
            if not self._uplink.publish(self._topic, row.payload):
                return
            self._window.sent(row.seq, now_s)

    def close(self, now_s: float) -> None:
        if self._acked is not None:
            self._writes.append(self._acked)
        self.commit(now_s)
        if not self.done:
            self._log.warning("unacknowledged_at_exit", events=self.unacknowledged)
        self._outbox.close()

    def _write(self, now_s: float) -> None:
        writes = self._writes if self._acked is None else [self._acked, *self._writes]
        try:
            self._outbox.write(writes)
        except OutboxUnwritable as error:
            self._log.error("outbox_unwritable", detail=error.detail, waiting=len(writes))
            self._retry_due_s = now_s + RETRY_WRITE_S
            if len(writes) > MAX_UNWRITTEN:
                raise
            return
        self._writes, self._acked = [], None
        for write in writes:
            if isinstance(write, EventRow):
                self._window.last = write.seq
            elif isinstance(write, BeginEpoch):
                self._window, self.epoch = SendWindow(self._set, 0, 0), write.epoch
                self._log.warning("history_lost_new_epoch", **asdict(write))

    def _again(self, asked: SendAgain) -> Reply:
        last = min(asked.last, asked.first + MAX_AGAIN - 1)
        rows = self._outbox.events(asked.epoch, asked.first, last)
        for row in rows:
            self._uplink.publish(self._topic, row.payload)
        code, sentence = "ok", ""
        if not rows:
            code = "events_gone"
            sentence = f"Events {asked.first} to {asked.last} of epoch {asked.epoch} are not held."
        return Reply(
            gateway=self._gateway,
            to=asked.command,
            accepted=bool(rows),
            code=code,
            sentence=sentence,
        )
