"""The proxy of the chaos runs: each fault does to a connection what it says, and heals."""

import socket
import threading
from collections.abc import Iterator

import pytest

from firmware_sim.chaos.proxy import HEALTHY, Proxy, Toxics
from firmware_sim.chaos.schedule import LINKS, Targets, drawn

PATIENCE_S = 10.0


class Echo:
    """Sends back what it gets."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                held, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(held,), daemon=True).start()

    def _answer(self, held: socket.socket) -> None:
        with held:
            try:
                while data := held.recv(4096):
                    held.sendall(data)
            except OSError:
                return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    echo = Echo()
    made = Proxy(echo.port, seed=1)
    yield made
    made.close()
    echo.server.close()


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S)


def asked(held: socket.socket, text: bytes = b"hello") -> bytes:
    """What comes back, up to its length or the end."""
    held.sendall(text)
    found = b""
    while len(found) < len(text) and (data := held.recv(4096)):
        found += data
    return found


@pytest.mark.parametrize(
    "toxics",
    [
        HEALTHY,
        Toxics(latency_s=0.01, jitter_s=0.01),
        Toxics(bytes_per_s=5_000),
        Toxics(slice_bytes=1),
        Toxics(slow_close_s=0.01),
    ],
)
def test_a_slow_link_loses_nothing(proxy: Proxy, toxics: Toxics) -> None:
    proxy.set(toxics)
    with connected(proxy) as held:
        assert asked(held) == b"hello"


def test_a_link_ends_after_so_many_bytes(proxy: Proxy) -> None:
    """What was on its way back is lost with it."""
    proxy.set(Toxics(limit_bytes=3))
    with connected(proxy) as held:
        assert b"hel".startswith(asked(held))


def test_a_stalled_link_says_nothing_and_goes_on_when_it_heals(proxy: Proxy) -> None:
    with connected(proxy) as held:
        assert asked(held) == b"hello"
        proxy.set(Toxics(stalled=True))
        held.settimeout(0.2)
        with pytest.raises(TimeoutError):
            asked(held)
        held.settimeout(PATIENCE_S)
        proxy.set(HEALTHY)
        assert held.recv(5) == b"hello"


def test_a_reset_is_heard_as_an_error(proxy: Proxy) -> None:
    with connected(proxy) as held:
        assert asked(held) == b"hello"
        proxy.set(Toxics(reset=True))
        with pytest.raises(ConnectionResetError):
            held.recv(1)


def test_a_link_that_is_down_refuses_and_comes_back_on_the_same_port(proxy: Proxy) -> None:
    with connected(proxy) as held:
        assert asked(held) == b"hello"
        proxy.set(Toxics(down=True))
        assert held.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.set(HEALTHY)
    with connected(proxy) as held:
        assert asked(held) == b"hello"


TARGETS = Targets(["gw-1", "cloud"], ["gw-1-link"], ["gw-1"], ["gw-1", "cloud"])


def test_the_same_seed_draws_the_same_faults() -> None:
    assert drawn(7, TARGETS, 600, 1.0) == drawn(7, TARGETS, 600, 1.0)
    assert drawn(7, TARGETS, 600, 1.0) != drawn(8, TARGETS, 600, 1.0)


def test_nothing_has_two_faults_at_once_and_every_kind_is_drawn() -> None:
    faults = drawn(1, TARGETS, 3_600, 0.8)
    for target in {fault.target for fault in faults}:
        mine = [fault for fault in faults if fault.target == target]
        ends_s = [fault.at_s + fault.lasts_s for fault in mine]
        assert all(end_s <= after.at_s for end_s, after in zip(ends_s, mine[1:], strict=False))
    assert {fault.kind for fault in faults} == {"kill", "freeze", "link", "clock", "disk"}
    assert {fault.which for fault in faults if fault.kind == "link"} == set(range(len(LINKS)))
