"""Trains the detector and writes its ONNX: `python -m firmware_sim.training.detector_training`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import IterableDataset, get_worker_info

from firmware_sim.training.detector_net import DetectorNet, Exported
from firmware_sim.training.detector_samples import SIDE_PX, samples
from firmware_sim.training.real import Photograph, photographs
from firmware_sim.training.running import DEVICE, Pace, pictures, plan_of, trained, write_onnx

STEPS, PACE = 5000, Pace(batch=16, rate=2.5e-3, decay=1e-3)
CORNERS_COUNT = 2.0


class Stream(IterableDataset[tuple[np.ndarray, ...]]):
    def __init__(self, seed: int, real: list[Photograph]) -> None:
        self._seed, self._real = seed, real

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        own = get_worker_info()
        for it in samples(self._seed * 64 + (own.id if own else 0), self._real):
            yield it.image, it.heat, it.care, it.corners, it.at


def losses_of(net: DetectorNet, batch: list[Tensor]) -> dict[str, Tensor]:
    """The heat's, penalised less near a centre (CornerNet, 2018, eq. 1), and the corners'."""
    image, heat, care, corners, at = batch
    x = pictures(image)
    with torch.autocast(DEVICE, torch.bfloat16):
        said, where = net(x)
    said, where = said.float(), where.float()
    share = torch.sigmoid(said)
    hit = heat >= 1
    miss = (1 - heat) ** 4 * share**2 * functional.softplus(said) * care
    found = (1 - share) ** 2 * functional.softplus(-said) * hit
    many = hit.sum().clamp(min=1)
    far = functional.smooth_l1_loss(where, corners, reduction="none", beta=0.1)
    return {
        "heat": (miss * ~hit + found).sum() / many,
        "corners": CORNERS_COUNT * (far * at).sum() / many,
    }


def export(net: DetectorNet, out: Path) -> None:
    image = torch.zeros(1, 3, SIDE_PX, SIDE_PX)
    cells = {2: "rows", 3: "columns"}
    free = {"image": {2: "high", 3: "wide"}, "heat": cells, "corners": cells}
    write_onnx(Exported(net), image, out, ("image", "heat", "corners"), free)


def main(given: list[str]) -> None:
    plan = plan_of(given, STEPS)
    real = photographs(plan.real, held_out=False) if plan.real else []
    print(f"{len(real)} photographs")
    for net in trained(DetectorNet, Stream(plan.seed, real), losses_of, plan, PACE):
        export(net, plan.out)


if __name__ == "__main__":
    main(sys.argv[1:])
