"""A booking over HTTP beside an empty POST of the framework: `python -m bench.http`.

One server process (uvicorn over loopback): the real API on SQLite with its limits and roles, and
beside it, on a port of its own, an application of FastAPI with nothing but that empty POST. The
clients write raw HTTP/1.1, so that what is measured is the server. Both in turns, medians.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from bench.rows import Row, result
from contracts.wire.types import format_instant
from tests.contracts.making import at
from tests.http.rig import WIDE, Front

CLIENTS, REQUESTS, ROUNDS = 16, 480, 5
WINDOW_S, PRICE_MINOR = 600, 100
# So far apart that no booking cuts into the time in which the next one's car may come early.
APART_S = 2400
READY = b"ready"


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", "bench.http", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            try:
                booked, empty = asyncio.run(_in_turns(*_ports(server)))
            finally:
                server.terminate()
    peer = ("an empty POST of FastAPI alone", empty)
    return [result("booking.http_vs_empty_post", booked, "bookings/s", peer, 0)]


def _ports(server: subprocess.Popen[bytes]) -> tuple[int, int]:
    """(the API's, the bare application's)"""
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith(READY):
            port, bare = map(int, line.split()[1:])
            return port, bare
    raise SystemExit("the server did not start")


async def _in_turns(port: int, bare: int) -> tuple[float, float]:
    await _round(bare, [_empty()] * REQUESTS)
    number, booked, empty = 0, [], []
    for _ in range(ROUNDS):
        empty.append(await _round(bare, [_empty()] * REQUESTS))
        wishes = [_booking(number + one) for one in range(REQUESTS)]
        number += REQUESTS
        booked.append(await _round(port, wishes))
    return statistics.median(booked), statistics.median(empty)


async def _round(port: int, requests: list[bytes]) -> float:
    """Requests a second of so many clients, each with a connection of its own."""
    shares = [requests[client::CLIENTS] for client in range(CLIENTS)]
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in shares]
    begun_s = time.perf_counter()
    await asyncio.gather(*(_sent(*line, share) for line, share in zip(lines, shares)))
    took_s = time.perf_counter() - begun_s
    for _, writer in lines:
        writer.close()
    return len(requests) / took_s


async def _sent(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: list[bytes]
) -> None:
    for request in requests:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if not head.startswith(b"http/1.1 201"):
            raise SystemExit(f"{head.decode()}{body.decode()}")


def _empty() -> bytes:
    return b"POST /empty HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


def _booking(number: int) -> bytes:
    begins = at(number * APART_S)
    ends = begins + timedelta(seconds=WINDOW_S)
    times = {"starts_at": format_instant(begins), "ends_at": format_instant(ends)}
    body = {"space": "S1", "plate": "沪A12345", "quoted_minor": PRICE_MINOR, **times}
    text = json.dumps(body).encode()
    head = (
        "POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer key of driver\r\nidempotency-key: booking-{number}\r\n"
        f"content-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


def _app(folder: Path) -> FastAPI:
    front = Front(folder, WIDE)
    rig = front.rig
    rig.import_titles()
    rig.enrol()
    rig.register()
    rig.sweeps.drive()
    rig.offer(hours=24 * 80)
    rig.top_up(10**8)
    rig.heartbeat()
    rig.report("snapshot", "free", 0)
    return front.app


def _bare() -> FastAPI:
    app = FastAPI()

    @app.post("/empty", status_code=201)
    async def empty() -> dict[str, str]:
        return {}

    return app


def _served(folder: Path) -> None:
    servers = [
        uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
        for app in (_app(folder), _bare())
    ]

    async def run() -> None:
        tasks = [asyncio.create_task(server.serve()) for server in servers]
        while not all(server.started for server in servers):
            await asyncio.sleep(0.05)
        ports = [str(server.servers[0].sockets[0].getsockname()[1]) for server in servers]
        print(READY.decode(), *ports, flush=True)
        await asyncio.gather(*tasks)

    asyncio.run(run())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _served(Path(sys.argv[1]))
    else:
        for row in rows():
            print(f"{row['name']:36} {row['value']:>10} {row['unit']} ratio {row['ratio']}")
