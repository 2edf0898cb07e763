"""Signatures are checked in processes of their own: each takes a group, the order is kept.

A checker is this module run as a program. It has no database, no key and no network: groups come in
on its standard input, what it found goes out, each with its length before it. It ends with its
input, so it cannot outlive the cloud that started it, however that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

import structlog

from cloud.core.checking import Checked, Raw, Sealed, all_checked
from contracts.wire.signing import Domain

log = structlog.get_logger("checkers")
# One processor is left to who stores them.
MAX_CHECKERS = 8
LENGTH_BYTES = 4
MAX_FRAME = 64 * 1024 * 1024
ANSWER_S = 30.0


def usual_number() -> int:
    return max(1, min(MAX_CHECKERS, (os.cpu_count() or 1) - 1))


class Checkers:
    """Started with the first group; one that dies is started again, and its group checked here."""

    def __init__(self, domain: Domain, number: int | None = None) -> None:
        self._domain = domain
        self.number = usual_number() if number is None else number
        self._checkers = [Checker(domain) for _ in range(self.number)]
        self._turn = 0

    async def check(self, group: Sequence[Raw]) -> list[Checked]:
        """To be started in the order in which the answers are wanted."""
        self._turn = (self._turn + 1) % self.number
        try:
            return await self._checkers[self._turn].check(group)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            log.warning("checker_lost", error=repr(error), unread=len(group))
            await self._checkers[self._turn].stop()
            return self.here(group)

    def here(self, group: Sequence[Raw]) -> list[Checked]:
        """In this process: few are quicker checked than told to another."""
        return all_checked(group, self._domain)

    async def close(self) -> None:
        for checker in self._checkers:
            await checker.stop()


class PlainCheckers(Checkers):
    """All in this process, at once: where there is nothing to spread over."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain, 1)

    async def check(self, group: Sequence[Raw]) -> list[Checked]:
        return self.here(group)


class Checker:
    """One process; one group after the other."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._process: asyncio.subprocess.Process | None = None
        self._busy = asyncio.Lock()

    async def check(self, group: Sequence[Raw]) -> list[Checked]:
        async with self._busy, asyncio.timeout(ANSWER_S):
            process = self._process = self._process or await self._start()
            assert process.stdin and process.stdout
            process.stdin.write(framed(list(group)))
            await process.stdin.drain()
            length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
            found = marshal.loads(await process.stdout.readexactly(length))  # nosec B302
            return [Sealed(*it) if isinstance(it, tuple) else it for it in found]

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        asked = (str(self._domain.chain_id), self._domain.ledger)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, *asked),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_FRAME,
        )


def framed(value: Any) -> bytes:
    raw = marshal.dumps(value)
    return len(raw).to_bytes(LENGTH_BYTES, "big") + raw


def serve(source: BinaryIO, sink: BinaryIO, domain: Domain) -> None:
    """Until the input ends."""
    while head := source.read(LENGTH_BYTES):
        # From the cloud that started us, and nobody else.
        group: Any = marshal.loads(source.read(int.from_bytes(head, "big")))  # nosec B302
        found = all_checked(group, domain)
        sink.write(framed([tuple(it) if isinstance(it, tuple) else it for it in found]))
        sink.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer, Domain(int(sys.argv[1]), sys.argv[2]))
