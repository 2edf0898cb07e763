"""Power cuts over the outbox and the cloud's database: at least 50,000 images in all."""

from __future__ import annotations

from bench.gate_parts import Told, Verdict, row
from firmware_sim import shim
from firmware_sim.powercut.images import Outcome
from firmware_sim.powercut.run import Honest, Lying, One, run
from tests.sim import powercut_cloud

OUTBOX, CLOUD, LYING = 45_000, 6_000, 4_000
SEED, WANTED = 1, 50_000


def cloud(most: int, seed: int) -> Outcome:
    return powercut_cloud.run(most, seed)


def part(share: float, told: Told) -> Verdict:
    if shim.compiler() is None:
        return Verdict(left_out=shim.NO_COMPILER)
    wanted = {"outbox": OUTBOX, "cloud": CLOUD, "lying": LYING}
    ones: dict[str, One] = {"outbox": Honest(), "cloud": cloud, "lying": Lying()}
    outcomes: dict[str, Outcome] = {}
    images = 0
    for name, one in ones.items():
        most, before = max(1, int(wanted[name] * share)), images

        def hear(outcome: Outcome, base: int = before) -> None:
            told((base + outcome.images) / (sum(wanted.values()) * share))

        outcomes[name] = run(one, most, SEED, hear)
        images += outcomes[name].images
    return _verdict(outcomes)


def _verdict(outcomes: dict[str, Outcome]) -> Verdict:
    true = [outcomes["outbox"], outcomes["cloud"]]
    rows = [
        row("gate.powercut.images", sum(it.images for it in true), "images", WANTED),
        row("gate.powercut.outbox_images", true[0].images, "images"),
        row("gate.powercut.cloud_images", true[1].images, "images"),
        row("gate.powercut.lost", sum(it.kinds["lost"] for it in true), "images"),
        row("gate.powercut.wrong", sum(it.kinds.total() for it in true), "images"),
        row("gate.powercut.lying_images", outcomes["lying"].images, "images"),
        row("gate.powercut.lying_mended", outcomes["lying"].mended, "images"),
        row("gate.powercut.lying_wrong", outcomes["lying"].kinds.total(), "images"),
    ]
    return Verdict(rows, [f"{name}: {it}" for name, o in outcomes.items() for it in o.wrong])
