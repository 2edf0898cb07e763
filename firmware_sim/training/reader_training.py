"""Trains the reader and writes its ONNX: `python -m firmware_sim.training.reader_training OUT`."""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from firmware_sim.training.reader_net import ReaderNet
from firmware_sim.training.reader_samples import Crop, real_crops, samples
from firmware_sim.training.running import (
    DEVICE,
    Average,
    Progress,
    on_device,
    pictures,
    rate_at,
    ready,
)
from firmware_sim.training.sizes import CHARS, HIGH_PX, WIDE_PX

BATCH, STEPS, LR = 64, 4000, 2e-3
MOST_CHARS = 8
Row = tuple[np.ndarray, np.ndarray, int]


class Stream(IterableDataset[Row]):
    def __init__(self, seed: int, real: list[Crop]) -> None:
        self._seed, self._real = seed, real

    def __iter__(self) -> Iterator[Row]:
        own = get_worker_info()
        for image, text in samples(self._seed * 64 + (own.id if own else 0), self._real):
            classes = [CHARS.index(char) + 1 for char in text]
            padded = np.array(classes + [0] * (MOST_CHARS - len(classes)), np.int64)
            yield np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1)), padded, len(classes)


def loss_of(net: ReaderNet, batch: list[Tensor]) -> Tensor:
    image, classes, long = batch
    x = pictures(image)
    with torch.autocast(DEVICE, torch.bfloat16):
        said = net(x)
    steps = torch.full((len(x),), said.shape[1], dtype=torch.long)
    return functional.ctc_loss(said.transpose(0, 1), classes, steps, long, zero_infinity=True)


def train(out: Path, steps: int, seed: int, real: list[Crop], workers: int) -> None:
    torch.manual_seed(seed)
    net = ready(ReaderNet())
    average = Average(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=LR, weight_decay=1e-2)
    stream = iter(DataLoader(Stream(seed, real), batch_size=BATCH, num_workers=workers))
    progress = Progress(steps, BATCH)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = LR * rate_at(step, steps)
        loss = loss_of(net, on_device(next(stream)))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        average.follow(net)
        progress.tell(step, ctc=float(loss))
        if step % 500 == 499:
            export(average.net, out)
    export(average.net, out)


def export(net: ReaderNet, out: Path) -> None:
    crop = torch.zeros(1, 3, HIGH_PX, WIDE_PX)
    many = {"crop": {0: "many"}, "log_probs": {0: "many"}}
    own = copy.deepcopy(net).to("cpu").eval()
    torch.onnx.export(own, (crop,), str(out), input_names=["crop"], output_names=["log_probs"],
                      dynamic_axes=many, opset_version=17, dynamo=False)  # fmt: skip
    made = onnx.load(str(out))
    onnx.helper.set_model_props(made, {"alphabet": CHARS})
    onnx.save(made, str(out))


def main(given: list[str]) -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("out", type=Path)
    asked.add_argument("--steps", type=int, default=STEPS)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--real", type=Path)
    said = asked.parse_args(given)
    real = real_crops(said.real, held_out=False) if said.real else []
    begun_s = time.monotonic()
    train(said.out, said.steps, said.seed, real, said.workers)
    print(f"{said.out}: {(time.monotonic() - begun_s) / 60:.1f} min, {len(real)} real crops")


if __name__ == "__main__":
    main(sys.argv[1:])
