"""Trains the detector and writes its ONNX: `python -m firmware_sim.training.detector_training`."""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from firmware_sim.training.detector_net import DetectorNet, Exported
from firmware_sim.training.detector_samples import SIDE_PX, samples
from firmware_sim.training.real import Photograph, photographs
from firmware_sim.training.running import (
    DEVICE,
    Average,
    Progress,
    on_device,
    pictures,
    rate_at,
    ready,
)

BATCH, STEPS, LR = 16, 4500, 2.5e-3
CORNERS_COUNT = 2.0
INPUTS = ["image"]
OUTPUTS = ["heat", "corners"]


class Stream(IterableDataset[tuple[np.ndarray, ...]]):
    def __init__(self, seed: int, real: list[Photograph]) -> None:
        self._seed, self._real = seed, real

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        own = get_worker_info()
        for it in samples(self._seed * 64 + (own.id if own else 0), self._real):
            yield it.image, it.heat, it.care, it.corners, it.at


def loss_of(net: DetectorNet, batch: list[Tensor]) -> tuple[Tensor, Tensor]:
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
    return (miss * ~hit + found).sum() / many, (far * at).sum() / many


def train(out: Path, steps: int, seed: int, real: list[Photograph], workers: int) -> None:
    torch.manual_seed(seed)
    net = ready(DetectorNet())
    average = Average(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=LR, weight_decay=1e-3)
    stream = iter(DataLoader(Stream(seed, real), batch_size=BATCH, num_workers=workers))
    progress = Progress(steps, BATCH)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = LR * rate_at(step, steps)
        heat, corners = loss_of(net, on_device(next(stream)))
        optimiser.zero_grad()
        (heat + CORNERS_COUNT * corners).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        average.follow(net)
        progress.tell(step, heat=float(heat), corners=float(corners))
        if step % 500 == 499:
            export(average.net, out)
    export(average.net, out)


def export(net: DetectorNet, out: Path) -> None:
    image = torch.zeros(1, 3, SIDE_PX, SIDE_PX)
    size = {"image": {2: "high", 3: "wide"}, "heat": {2: "rows", 3: "columns"},
            "corners": {2: "rows", 3: "columns"}}  # fmt: skip
    torch.onnx.export(
        Exported(copy.deepcopy(net).to("cpu")).eval(),
        (image,),
        str(out),
        input_names=INPUTS,
        output_names=OUTPUTS,
        dynamic_axes=size,
        opset_version=17,
        dynamo=False,
    )


def main(given: list[str]) -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("out", type=Path)
    asked.add_argument("--steps", type=int, default=STEPS)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--real", type=Path)
    said = asked.parse_args(given)
    real = photographs(said.real, held_out=False) if said.real else []
    begun_s = time.monotonic()
    train(said.out, said.steps, said.seed, real, said.workers)
    print(f"{said.out}: {(time.monotonic() - begun_s) / 60:.1f} min, {len(real)} photographs")


if __name__ == "__main__":
    main(sys.argv[1:])
