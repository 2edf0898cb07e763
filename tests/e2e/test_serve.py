"""The cloud by itself, as docs/operate.md starts it: everything embedded in one process."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from firmware_sim.client import Client, wait_for
from firmware_sim.stage import BIN, free_port

pytestmark = pytest.mark.e2e


def environment(folder: Path) -> dict[str, str]:
    ports = {name: str(free_port()) for name in ("PORT", "BROKER_PORT", "CHAIN_PORT")}
    settings = {f"BERTH_{name}": port for name, port in ports.items()}
    return {**os.environ, **settings, "BERTH_DATA": str(folder)}


def test_serve_with_everything_embedded_goes_live_and_stops_at_a_signal(tmp_path: Path) -> None:
    settings = environment(tmp_path / "data")
    client = Client(f"http://127.0.0.1:{settings['BERTH_PORT']}")
    command = [str(BIN / "berth-cloud"), "serve"]
    with subprocess.Popen(command, env=settings, stderr=subprocess.PIPE) as cloud:
        try:
            assert wait_for("the cloud", lambda: client.get("/healthz")["ok"], 40)
            assert "Berth" in client.text("/")
            taken = subprocess.run(
                command, env=settings, capture_output=True, text=True, check=False, timeout=60
            )
        finally:
            cloud.send_signal(signal.SIGINT)
            cloud.communicate(timeout=30)
    assert taken.returncode == 2
    assert "Cannot listen" in taken.stderr
    assert oct((tmp_path / "data" / "cloud.sqlite").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BERTH_BROKER", "mqtts//x", "mqtt://host:1883"),
        ("BERTH_HEARTBEAT_S", "-1", "greater than 0"),
        ("BERTH_PORT", "99999", "65535"),
        ("BERTH_CLOCK", "now", "WALL@REAL_SECONDS*RATE"),
        ("BERTH_HEARBEAT_S", "5", "Did you mean BERTH_HEARTBEAT_S?"),
    ],
)
def test_a_setting_that_cannot_be_stops_the_start_with_a_sentence(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    settings = environment(tmp_path) | {name: value}
    command = [str(BIN / "berth-cloud"), "serve"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert name in done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
