"""The service manager is told of progress, and the unit leaves the cloud as little as it needs."""

import asyncio
import configparser
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cloud.adapters.service import Service
from cloud.entrypoints.metrics import Meters
from cloud.entrypoints.pulse import Pulse
from cloud.entrypoints.turns import LATE_S, Turns
from tests.tools.tidy import ROOT

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)


class Heard:
    def __init__(self) -> None:
        self.words: list[str] = []

    def say(self, what: str) -> None:
        self.words.append(what)

    def close(self) -> None:
        self.words.append("closed")


def test_what_is_said_arrives_and_nobody_listening_harms_nothing(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        service = Service(address)
        service.say("READY=1")
        assert manager.recv(100) == b"READY=1"
    service.say("WATCHDOG=1")
    service.close()
    for nothing in (None, "", "nowhere"):
        Service(nothing).say("READY=1")


def test_the_watchdog_is_fed_while_sweeps_end_and_starves_when_one_hangs() -> None:
    now, heard = [BEGUN], Heard()
    turns = Turns(lambda: now[0], Meters())
    turns.expect("settle", 0.3)
    pulse = Pulse(heard, turns, lambda: now[0])
    pulse.beat()
    now[0] += timedelta(seconds=LATE_S + 1)
    pulse.beat()
    pulse.beat()
    assert heard.words == ["WATCHDOG=1"]
    turns.run("settle", lambda: None)
    pulse.beat()
    assert heard.words == ["WATCHDOG=1"] * 2


def test_it_is_ready_once_it_runs_and_says_when_it_stops() -> None:
    heard = Heard()

    async def some() -> None:
        running = asyncio.create_task(
            Pulse(heard, Turns(lambda: BEGUN, Meters()), lambda: BEGUN).run()
        )
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(some())
    assert heard.words == ["READY=1", "WATCHDOG=1", "STOPPING=1", "closed"]


def test_the_unit_is_watched_restarted_and_shut_in() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "berth-cloud.service")
    service = unit["Service"]
    assert service["Type"] == "notify" and int(service["WatchdogSec"]) > 0
    assert service["Restart"] == "always" and service["UMask"] == "0077"
    for shut in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectClock"):
        assert service[shut] == "yes"
    assert service["ProtectSystem"] == "strict" and service["CapabilityBoundingSet"] == ""
    assert "AF_NETLINK" not in service["RestrictAddressFamilies"]
