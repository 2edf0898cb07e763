"""A TCP proxy that does to a connection what networks do; its faults are those of toxiproxy."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from random import Random

READ_BYTES = 65_536
POLL_S = 0.05
START_S = 10.0
# On close nothing is sent but a reset.
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Toxics:
    """All at rest by default. Of both directions.

    `slice_bytes`: nothing longer leaves at once. `limit_bytes`: a connection ends after so many.
    `stalled`: nothing passes, and nobody is told. `slow_close_s`: an end is passed on so late.
    `reset`: connections end by a reset. `down`: nobody listens.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float | None = None
    slice_bytes: int | None = None
    limit_bytes: int | None = None
    slow_close_s: float = 0.0
    stalled: bool = False
    reset: bool = False
    down: bool = False


HEALTHY = Toxics()


class Proxy:
    """On a thread of its own; `set` may be called from any."""

    def __init__(self, target: int, seed: int, host: str = "127.0.0.1") -> None:
        self._target, self._host, self._rng = target, host, Random(seed)
        self._toxics = HEALTHY
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self.port = 0
        self.connections = self.bytes = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(START_S)

    def set(self, toxics: Toxics) -> None:
        asyncio.run_coroutine_threadsafe(self._set(toxics), self._loop).result(START_S)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _set(self, toxics: Toxics) -> None:
        self._toxics = toxics
        if toxics.down or toxics.reset:
            for writer in list(self._open):
                _cut(writer, toxics.reset)
        if toxics.down and self._server is not None:
            self._server.close()
            self._server = None
        elif not toxics.down and self._server is None:
            await self._listen()

    async def _end(self) -> None:
        await self._set(Toxics(down=True))
        for task in list(self._pumps):
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)
        try:
            if self._toxics.reset:
                _cut(writer, True)
                return
            far_reader, far_writer = await asyncio.open_connection(self._host, self._target)
        except OSError:
            _cut(writer, False)
            return
        pair = (writer, far_writer)
        if self._toxics.down or self._toxics.reset:  # since it knocked
            for one in pair:
                _cut(one, self._toxics.reset)
            return
        self._open.update(pair)
        there = asyncio.ensure_future(self._pump(reader, far_writer))
        back = asyncio.ensure_future(self._pump(far_reader, writer))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(self._toxics.slow_close_s)
        finally:
            there.cancel()
            back.cancel()
            for one in pair:
                self._open.discard(one)
                _cut(one, self._toxics.reset)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(self._toxics.slice_bytes or READ_BYTES):
                await self._wait(len(data))
                limit = self._toxics.limit_bytes
                if limit is not None and passed + len(data) > limit:
                    writer.write(data[: max(0, limit - passed)])
                    await writer.drain()
                    return
                writer.write(data)
                await writer.drain()
                passed += len(data)
                self.bytes += len(data)

    async def _wait(self, size: int) -> None:
        toxics = self._toxics
        late_s = toxics.latency_s + self._rng.uniform(0, toxics.jitter_s)
        if toxics.bytes_per_s:
            late_s += size / toxics.bytes_per_s
        if late_s:
            await asyncio.sleep(late_s)
        while self._toxics.stalled:
            await asyncio.sleep(POLL_S)


def _cut(writer: asyncio.StreamWriter, reset: bool) -> None:
    """What has not left is lost either way; with `reset` the other end hears of it by an error."""
    held = writer.get_extra_info("socket")
    if reset and held is not None:
        with contextlib.suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    if reset:
        writer.transport.abort()
    else:
        writer.close()
