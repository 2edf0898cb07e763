"""Trains the reader and writes its ONNX: `python -m firmware_sim.training.reader_training OUT`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import IterableDataset, get_worker_info

from firmware_sim.training.going_on import restored
from firmware_sim.training.reader_net import ReaderNet
from firmware_sim.training.reader_samples import Crop, real_crops, samples
from firmware_sim.training.running import DEVICE, Pace, pictures, plan_of, trained, write_onnx
from firmware_sim.training.sizes import CHARS, HIGH_PX, WIDE_PX
from firmware_sim.training.spliced import Splicer

STEPS, PACE = 4000, Pace(batch=64, rate=2e-3, decay=1e-2)
RATE_AGAIN = 1e-3
MOST_CHARS, BATCHES_SEEN = 8, 8
Row = tuple[np.ndarray, np.ndarray, int]


class Stream(IterableDataset[Row]):
    def __init__(self, seed: int, real: list[Crop]) -> None:
        self._seed, self._real = seed, real
        # Made here: a model that is opened in a forked worker waits for ever.
        self._splicer = Splicer(real) if real else None

    def __iter__(self) -> Iterator[Row]:
        own = get_worker_info()
        for image, text in self._made(own.id if own else 0):
            classes = [CHARS.index(char) + 1 for char in text]
            padded = np.array(classes + [0] * (MOST_CHARS - len(classes)), np.int64)
            yield np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1)), padded, len(classes)

    def _made(self, worker: int) -> Iterator[Crop]:
        return samples(self._seed * 64 + worker, self._real, self._splicer)


def losses_of(net: ReaderNet, batch: list[Tensor]) -> dict[str, Tensor]:
    image, classes, long = batch
    x = pictures(image)
    with torch.autocast(DEVICE, torch.bfloat16):
        said = net(x)
    steps = torch.full((len(x),), said.shape[1], dtype=torch.long)
    loss = functional.ctc_loss(said.transpose(0, 1), classes, steps, long, zero_infinity=True)
    return {"ctc": loss}


def export(net: ReaderNet, out: Path) -> None:
    crop = torch.zeros(1, 3, HIGH_PX, WIDE_PX)
    many = {"crop": {0: "many"}, "log_probs": {0: "many"}}
    write_onnx(net, crop, out, ("crop", "log_probs"), many)
    made = onnx.load(str(out))
    onnx.helper.set_model_props(made, {"alphabet": CHARS})
    onnx.save(made, str(out))


def net_after(file: Path, stream: Stream) -> ReaderNet:
    """The reader of a file, taken up again."""
    net, rows = ReaderNet(), iter(stream)
    seen = [[next(rows)[0] for _ in range(PACE.batch)] for _ in range(BATCHES_SEEN)]
    restored(net, file, [pictures(torch.from_numpy(np.stack(it))) for it in seen])
    return net


def main(given: list[str]) -> None:
    plan = plan_of(given, STEPS)
    real = real_crops(plan.real, held_out=False) if plan.real else []
    print(f"{len(real)} real crops")
    stream = Stream(plan.seed, real)
    make = partial(net_after, plan.after, stream) if plan.after else ReaderNet
    pace = replace(PACE, rate=RATE_AGAIN) if plan.after else PACE
    for net in trained(make, stream, losses_of, plan, pace):
        export(net, plan.out)


if __name__ == "__main__":
    main(sys.argv[1:])
