"""Power cuts during `berth-edge enrol`: every step of a recorded run, in each way a disk may lose.

The model of the disk is firmware_sim/powercut/disk.py; each folder of names is a disk of its own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from contracts.wire.signing import address_of
from edge.adapters.keys import load_key
from firmware_sim import shim
from firmware_sim.powercut.disk import WAYS, Disk, Image
from firmware_sim.powercut.trace import Create, Linked, Renamed, Step, read
from tests.http.identity_rig import SERIAL, Box, Site
from tests.http.test_enrolment_killed import Town

ROOT = Path(__file__).parents[2]
TLS = "tls/"
# The first that is written once the cloud has answered.
ANSWERED = "tls/cloud.new"
SEEDS = 4
pytestmark = pytest.mark.skipif(shim.compiler() is None, reason=shim.NO_COMPILER)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town"))
    yield made
    made.stop()


def recorded(folder: Path, url: str, code: str) -> list[Step]:
    library = shim.build(folder)
    assert library is not None
    data, trace = folder / "data", folder / "trace"
    data.mkdir()
    command = [sys.executable, "-c", "from edge.cli import main; main()", "enrol", url, code]
    done = subprocess.run(
        [*command, "--data", str(data), "--serial", SERIAL],
        cwd=ROOT,
        env={**os.environ, **shim.recording(library, data, trace)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return read(trace, data)


def of_tls(step: Step) -> bool:
    name = getattr(step, "name", "")
    return name.startswith(TLS) or name == TLS.rstrip("/")


def images(steps: list[Step], seed: int) -> Iterator[tuple[bool, Image]]:
    """(whether the cloud had answered, what is left) after each step, in each way."""
    disks, answered = (Disk(Random(seed)), Disk(Random(seed + 1000))), False
    for step in steps:
        disks[of_tls(step)].do(step)
        answered = answered or (isinstance(step, Create) and step.name == ANSWERED)
        for way in WAYS:
            yield answered, disks[0].image(way) | disks[1].image(way)


def laid(image: Image, folder: Path) -> Path:
    for name, content in image.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)
        path.chmod(0o600)
    return folder


def test_a_power_cut_at_any_step_is_mended_by_the_same_command(town: Town, tmp_path: Path) -> None:
    code = town.code("gw-9", spaces=["S1"])
    steps = recorded(tmp_path, town.url, code)
    assert sum(isinstance(step, Renamed | Linked) for step in steps) >= 7
    assert any(isinstance(step, Create) and step.name == ANSWERED for step in steps)
    fresh, seen = Site(tmp_path / "fresh"), set[tuple[bool, tuple[tuple[str, bytes], ...]]]()
    for seed in range(SEEDS):
        for answered, image in images(steps, seed):
            word = (answered, tuple(sorted(image.items())))
            if word in seen:
                continue
            seen.add(word)
            site = town if answered else fresh
            box = Box(site, laid(image, tmp_path / str(len(seen))))
            mended(box, code if answered else another(fresh))
    # Each file is flushed before the next is begun: a cut leaves few different things.
    assert len(seen) > 20 and any(answered for answered, _ in seen)
    assert len(town.certificates("gw-9")) == 1


def another(site: Site) -> str:
    """Before the answer no cloud has heard of the keys: there another code serves as well."""
    return site.code(replace_key=site.gateway() is not None)


def mended(box: Box, code: str) -> None:
    """Key, certificate, settings and what the cloud has are one gateway's."""
    box.data.mkdir(exist_ok=True)
    box.enrol(code)
    gateway = box.site.gateway()
    assert gateway is not None and gateway.signer == address_of(load_key(box.data))
    key = load_pem_private_key(box.bytes_of("key.pem"), None)
    certificate = box.tls.certificate()
    assert certificate.public_key() == key.public_key()
    valid = [row.serial for row in box.site.certificates() if row.state == "valid"]
    assert [int(serial, 16) for serial in valid] == [certificate.serial_number]
    assert box.settings().gateway == "gw-9"
