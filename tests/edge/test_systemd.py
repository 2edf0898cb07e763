"""The service manager hears of readiness and progress, on a real datagram socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.adapters.systemd import MAX_STATUS, Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(2)
        yield listening


def test_each_message_is_one_datagram_as_sd_notify_says(
    manager: socket.socket, tmp_path: Path
) -> None:
    notifier = Notifier(str(tmp_path / "notify"))
    notifier.ready()
    notifier.alive()
    notifier.status("24 spaces,\n2 unknown")
    notifier.stopping()
    notifier.close()
    said = [manager.recv(1000).decode() for _ in range(4)]
    assert said == ["READY=1", "WATCHDOG=1", "STATUS=24 spaces, 2 unknown", "STOPPING=1"]


def test_a_status_cannot_smuggle_in_another_message_and_is_bounded(
    manager: socket.socket, tmp_path: Path
) -> None:
    notifier = Notifier(str(tmp_path / "notify"))
    notifier.status("a\nMAINPID=1\r" + "x" * 1000)
    said = manager.recv(2000).decode()
    assert "\n" not in said
    assert len(said) == len("STATUS=") + MAX_STATUS
    notifier.close()


def test_an_abstract_address_begins_with_a_zero_byte(tmp_path: Path) -> None:
    name = f"berth-test-{tmp_path.name}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(2)
        notifier = Notifier("@" + name)
        notifier.ready()
        assert listening.recv(100) == b"READY=1"
        notifier.close()


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "nonsense"])
def test_outside_of_systemd_nothing_is_sent_and_nothing_fails(address: str | None) -> None:
    notifier = Notifier(address)
    notifier.ready()
    notifier.alive()
    notifier.close()


def test_a_manager_that_does_not_listen_neither_stops_nor_holds_up_the_gateway(
    manager: socket.socket, tmp_path: Path
) -> None:
    gone = Notifier(str(tmp_path / "gone"))
    gone.alive()
    gone.close()
    notifier = Notifier(str(tmp_path / "notify"))
    for _ in range(5_000):  # far more than its queue takes, and nobody reads
        notifier.alive()
    assert manager.recv(100) == b"WATCHDOG=1"
    notifier.close()
