"""The demo as a person starts and stops it."""

import fcntl
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from firmware_sim.client import wait_for
from firmware_sim.stage import BIN

pytestmark = pytest.mark.e2e


def started_here(folder: Path) -> list[int]:
    """Processes whose environment names the demo's folder: all that it started."""
    mark = f"BERTH_DATA={folder}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in place.read_bytes() and b"berth" in (place.parent / "cmdline").read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_demo_stops_every_process_it_started(tmp_path: Path, by: int) -> None:
    folder = tmp_path / "demo"
    command = [str(BIN / "berth-sim"), "demo", "--data", str(folder), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Gateway gw-1 signs" in line:
                break
        wait_for("five processes", lambda: len(started_here(folder)) == 5, 20)
        demo.send_signal(by)
        demo.stdout.read()
        assert demo.wait(30) == 0
    assert started_here(folder) == []


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "berth-sim"), "demo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_demo_never_removes_what_it_did_not_make(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("three years")
    done = demo("--data", str(tmp_path), "--port", "0")
    assert done.returncode == 2
    assert "holds other things" in done.stderr
    assert precious.read_text() == "three years"


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = demo("--data", str(tmp_path / "demo"), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "is taken" in done.stderr


def an_earlier_demo(folder: Path) -> Path:
    folder.mkdir()
    (folder / ".berth-demo").touch()
    kept = folder / "receipt.json"
    kept.write_text("{}")
    return kept


def test_a_taken_port_leaves_the_data_of_the_demo_that_has_it(tmp_path: Path) -> None:
    kept = an_earlier_demo(tmp_path / "demo")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = demo("--data", str(kept.parent), "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "is taken" in done.stderr) == (2, True)
    assert kept.exists()


def test_the_data_of_a_demo_that_runs_are_not_removed_whatever_the_port(tmp_path: Path) -> None:
    kept = an_earlier_demo(tmp_path / "demo")
    with (kept.parent / ".berth-demo").open("rb") as running:
        fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = demo("--data", str(kept.parent), "--port", "0")
    assert (done.returncode, "a demo runs" in done.stderr) == (2, True)
    assert kept.exists()
