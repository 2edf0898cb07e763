"""The two brokers under the same rules: mosquitto as Debian ships it, and the embedded one."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cloud.adapters import mosquitto
from cloud.adapters.broker import EmbeddedBroker, server_tls
from cloud.adapters.broker_choice import EmbeddedDoor
from cloud.adapters.mosquitto_control import MosquittoControl
from cloud.core.broker_rules import CONTROL
from cloud.ports.doors import Door
from tests.broker.papers import Papers
from tests.broker.peer import V3, V5

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
START_S, STOP_S = 10.0, 10.0
T = TypeVar("T")


class Loop:
    """An event loop in a thread, as the cloud has it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T], wait_s: float = START_S) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(wait_s)

    def end(self) -> None:
        self.do(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(STOP_S)
        self.loop.close()

    async def _cancel_all(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=STOP_S)


class RunningBroker(Protocol):
    """`address`: the gateways' door; `url`: the cloud's."""

    name: str
    versions: tuple[int, ...]
    address: tuple[str, int]
    cloud_address: tuple[str, int]
    door: Door

    def stop(self) -> None: ...

    def said(self) -> str: ...


class Mosquitto:
    name, versions = "mosquitto", (V3, V5)

    def __init__(self, folder: Path, papers: Papers, gateways: tuple[str, ...]) -> None:
        assert MOSQUITTO is not None
        self.folder = folder
        port, cloud_port = free_port(), free_port()
        self.address, self.cloud_address = ("127.0.0.1", port), ("127.0.0.1", cloud_port)
        plan = mosquitto.Plan(("127.0.0.1",), port, cloud_port, "127.0.0.1")
        known = mosquitto.Known(gateways, papers.revoked)
        mosquitto.write(folder, plan, known, papers.authority, papers.now)
        self._log = (folder / "log").open("wb")
        command = [MOSQUITTO, "-c", str(folder / mosquitto.CONF)]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        wait_for_port(cloud_port)
        self.door: Door = MosquittoControl(f"mqtts://127.0.0.1:{cloud_port}", papers.of(CONTROL))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(STOP_S)
        self._log.close()

    def said(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


class Embedded:
    """With certificates, so that one suite fits both; tests/broker/test_tokens.py has tokens."""

    name, versions = "embedded", (V3,)

    def __init__(self, folder: Path, papers: Papers, _gateways: tuple[str, ...]) -> None:
        port = free_port()
        self.address = self.cloud_address = ("127.0.0.1", port)
        plan = mosquitto.Plan(("127.0.0.1",), port, port, "127.0.0.1", plugin="none")
        known = mosquitto.Known((), papers.revoked)
        mosquitto.write(folder, plan, known, papers.authority, papers.now)
        self.loop = Loop()
        self.broker = EmbeddedBroker("127.0.0.1", port, b"", server_tls(folder))
        self.loop.do(self.broker.start())
        self.door: Door = EmbeddedDoor(self.broker, self.loop.loop)

    def stop(self) -> None:
        self.loop.do(self.broker.stop())
        self.loop.end()

    def said(self) -> str:
        return str(dict(self.broker.counts))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    """A refused connection is answered at once: asked again for as long as it may take."""
    gate, tries = threading.Event(), int(START_S / 0.05)
    for _ in range(tries):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            gate.wait(0.05)
    raise AssertionError("the broker does not listen")


def as_before_tls13(given: ssl.SSLContext) -> ssl.SSLContext:
    given.minimum_version = ssl.TLSVersion.TLSv1_2
    given.maximum_version = ssl.TLSVersion.TLSv1_2
    return given
