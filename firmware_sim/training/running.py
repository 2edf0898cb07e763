"""What every training needs: an average of the net, a rate for each step, and progress."""

from __future__ import annotations

import copy
import math
import sys
import time
from typing import Generic, TypeVar

import torch
from torch import nn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
WARM_STEPS, EVERY = 100, 50
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
