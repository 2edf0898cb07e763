"""What every training needs: an average of the net, a rate for each step, and progress."""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
WARM_STEPS, EVERY, KEPT_EVERY = 100, 50, 500
STEEPEST = 5.0
SLOW = 0.998
Net = TypeVar("Net", bound=nn.Module)


class Average(Generic[Net]):
    """An exponential mean of the weights: steadier than the last of them."""

    def __init__(self, net: Net) -> None:
        self.net = copy.deepcopy(net).eval()
        self._seen = 0

    @torch.no_grad()
    def follow(self, net: Net) -> None:
        self._seen += 1
        keep = min(SLOW, self._seen / (self._seen + 10))
        for own, new in zip(self.net.state_dict().values(), net.state_dict().values()):
            if own.dtype.is_floating_point:
                own.mul_(keep).add_(new, alpha=1 - keep)
            else:
                own.copy_(new)


def rate_at(step: int, steps: int) -> float:
    """Up in a line, down in half a cosine."""
    if step < WARM_STEPS:
        return (step + 1) / WARM_STEPS
    done = (step - WARM_STEPS) / max(1, steps - WARM_STEPS)
    return 0.5 * (1 + math.cos(math.pi * done)) + 0.005


def ready(net: Net) -> Net:
    return net.to(DEVICE, memory_format=torch.channels_last)


def pictures(batch: torch.Tensor) -> torch.Tensor:
    """uint8 to 0..1."""
    return (batch.float() / 255).contiguous(memory_format=torch.channels_last)


def on_device(batch: list[torch.Tensor]) -> list[torch.Tensor]:
    return [it.to(DEVICE) for it in batch]


class Progress:
    """A line every so often: how far, how fast, how long still, and the losses' means."""

    def __init__(self, steps: int, batch: int) -> None:
        self._steps, self._batch = steps, batch
        self._begun_s = time.monotonic()
        self._sums: dict[str, float] = {}

    def took_min(self) -> float:
        return (time.monotonic() - self._begun_s) / 60

    def tell(self, step: int, **losses: float) -> None:
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        if step % EVERY != EVERY - 1:
            return
        took_s = time.monotonic() - self._begun_s
        left_min = took_s / (step + 1) * (self._steps - step - 1) / 60
        means = "  ".join(f"{name} {total / EVERY:.4f}" for name, total in self._sums.items())
        speed = self._batch * (step + 1) / took_s
        print(f"{step + 1:6}/{self._steps}  {speed:5.1f}/s  {left_min:5.1f} min left  {means}")
        sys.stdout.flush()
        self._sums = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """`real`: a folder of photographs with truth, if somebody has one."""

    out: Path
    steps: int
    seed: int
    workers: int
    real: Path | None
    after: Path | None = None
    """A model that is taken up again, where it is not begun anew."""


@dataclass(frozen=True, slots=True)
class Pace:
    batch: int
    rate: float
    decay: float


def plan_of(given: Sequence[str], steps: int) -> Plan:
    asked = argparse.ArgumentParser()
    asked.add_argument("out", type=Path)
    asked.add_argument("--steps", type=int, default=steps)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--real", type=Path)
    asked.add_argument("--after", type=Path)
    return Plan(**vars(asked.parse_args(given)))


def trained(
    make: Callable[[], Net],
    samples: IterableDataset[Any],
    losses: Callable[[Net, list[Tensor]], Mapping[str, Tensor]],
    plan: Plan,
    pace: Pace,
) -> Iterator[Net]:
    """The net's average, every so often and at the end."""
    torch.manual_seed(plan.seed)
    net = ready(make())
    average, progress = Average(net), Progress(plan.steps, pace.batch)
    optimiser = torch.optim.AdamW(net.parameters(), lr=pace.rate, weight_decay=pace.decay)
    batches = iter(DataLoader(samples, batch_size=pace.batch, num_workers=plan.workers))
    for step in range(plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = pace.rate * rate_at(step, plan.steps)
        parts = losses(net, on_device(next(batches)))
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), STEEPEST)
        optimiser.step()
        average.follow(net)
        progress.tell(step, **{name: float(part) for name, part in parts.items()})
        if step % KEPT_EVERY == KEPT_EVERY - 1 or step == plan.steps - 1:
            yield average.net
    print(f"{plan.out}: {progress.took_min():.1f} min")


def write_onnx(
    net: nn.Module, example: Tensor, out: Path, names: Sequence[str], free: Mapping[str, Any]
) -> None:
    """`names`: the input's, then the outputs'; `free`: which of their sides may differ."""
    own = copy.deepcopy(net).to("cpu").eval()
    torch.onnx.export(
        own,
        (example,),
        str(out),
        input_names=list(names[:1]),
        output_names=list(names[1:]),
        dynamic_axes=dict(free),
        opset_version=17,
        dynamo=False,
    )
