"""The process dies at every change that it makes to a file, and the same command mends it.

The real commands, in processes of their own, over real HTTP.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from contracts.wire.signing import address_of
from edge.adapters.identity import TlsFolder, ends_at
from edge.adapters.keys import load_key
from edge.config import read_config
from tests.http.identity_rig import SERIAL, Site

ROOT = Path(__file__).parents[2]
# More than any of the commands changes; the last of them come through.
CHANGES = {"enrol": 40, "renew": 22, "rotate": 9}


class Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None: ...


class Town(Site):
    """A site that listens."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(self.app, "127.0.0.1", port, log_level="error", lifespan="off")
        self.server = Quiet(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town"))
    yield made
    made.stop()


def jobs(town: Town, folder: Path, what: str) -> list[dict[str, Any]]:
    made = []
    for number in range(1, CHANGES[what] + 1):
        name = f"{what}-{number}"
        code = town.code(name, spaces=["S1"])
        at = town.wall.at.isoformat()
        same = {
            "now": at,
            "url": town.url,
            "code": code,
            "serial": SERIAL,
            "data": str(folder / name),
        }
        before = [] if what == "enrol" else [{**same, "what": "enrol"}]
        made.append({**same, "what": what, "number": number, "before": before})
    return made


def results(asked: list[dict[str, Any]]) -> list[list[int | None]]:
    lines = "".join(json.dumps(job) + "\n" for job in asked)
    done = subprocess.run(
        [sys.executable, "-m", "tests.http.dying"],
        input=lines,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("what", CHANGES)
def test_a_command_that_died_at_any_change_is_mended_by_the_same_command(
    town: Town, tmp_path: Path, what: str
) -> None:
    asked = jobs(town, tmp_path, what)
    found = results(asked)
    died = [status for status, _ in found].count(9)
    # Else the last changes were not reached, or none was counted.
    assert 2 < died < CHANGES[what]
    assert all(status == 0 or again == 0 for status, again in found), found
    for job in asked:
        whole(town, Path(job["data"]), what)


def whole(town: Town, data: Path, what: str) -> None:
    """Key, certificate, settings and what the cloud has are one gateway's."""
    settings, tls = read_config(data / "gateway.yaml"), TlsFolder(data)
    rows = town.certificates(settings.gateway)
    (valid,) = [row for row in rows if row.state == "valid"]
    certificate = tls.certificate()
    assert certificate.serial_number == int(valid.serial, 16)
    assert ends_at(certificate) > town.wall.at
    # One that died when all was done is told to renew again, and does.
    assert len(rows) in ((2, 3) if what == "renew" else (1,))
    key = (data / "tls" / "key.pem").read_bytes()
    public = certificate.public_key()
    assert load_pem_private_key(key, None).public_key() == public
    root = x509.load_pem_x509_certificate((data / "tls" / "ca.pem").read_bytes())
    certificate.verify_directly_issued_by(root)
    gateway = town.gateway(settings.gateway)
    assert gateway is not None and gateway.signer == address_of(load_key(data))
    modes = {path.stat().st_mode & 0o077 for path in data.rglob("*")}
    assert modes == {0}
