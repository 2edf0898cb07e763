"""Live pages: the rendered state as server-sent events, whenever it changed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from fastapi.sse import format_sse_event

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from contracts.wire.types import to_ms

LOOK_S = 0.3
STALE_S = 3.0
RETRY_MS = 1000
Render = Callable[[], str]


@dataclass(slots=True)
class Board:
    """One state that several people watch: read and rendered once for all of them."""

    render: Render
    viewers: int = 0
    commits: int = -1
    read_at: float = 0.0
    text: str = ""
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def latest(self, db: Database, now: float) -> str:
        async with self.reading:
            if self.commits != db.commits or now - self.read_at >= STALE_S:
                # Noted before the read: a commit that falls into it is seen at the next look.
                commits = db.commits
                self.text = await asyncio.to_thread(self.render)
                self.commits, self.read_at = commits, now
            return self.text


@dataclass(slots=True)
class Streams:
    db: Database
    clock: Clock
    heartbeat_s: float
    served_s: float = 3600.0
    limit: int = 200
    boards: dict[str, Board] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return sum(board.viewers for board in self.boards.values()) >= self.limit

    async def events(self, key: str, render: Render) -> AsyncIterator[bytes]:
        """Ends after `served_s`, so that no forgotten page is served for ever."""
        board = self.boards.setdefault(key, Board(render))
        board.viewers += 1
        try:
            async for event in self._events(board):
                yield event
        finally:
            board.viewers -= 1
            if not board.viewers:
                self.boards.pop(key, None)

    async def _events(self, board: Board) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        ends_at, beat_at, sent = loop.time() + self.served_s, loop.time(), None
        yield format_sse_event(retry=RETRY_MS, comment="berth")
        while True:
            now = loop.time()
            text = await board.latest(self.db, now)
            if text != sent:
                sent = text
                yield format_sse_event(event="state", data_str=text)
            if now >= beat_at:
                # Keeps proxies awake, lets the script notice a dead line, and sets its clock.
                beat_at = now + self.heartbeat_s
                now_ms = to_ms(self.clock.now())
                yield format_sse_event(event="beat", data_str=str(now_ms), comment="alive")
            if now >= ends_at:
                return
            await asyncio.sleep(LOOK_S)
