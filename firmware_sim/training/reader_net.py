"""The reader: one plate, straight from the front, to what each step across it may be.

Connectionist temporal classification (Graves et al., 2006) over convolutions alone, as in LPRNet
(Zherzdev and Gruzdev, 2018).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from firmware_sim.training.sizes import CHARS


def _conv(
    into: int, out: int, stride: tuple[int, int] = (1, 1), size: tuple[int, int] = (3, 3)
) -> nn.Sequential:
    pad = (size[0] // 2, size[1] // 2)
    return nn.Sequential(
        nn.Conv2d(into, out, size, stride, pad, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    def __init__(self, into: int, out: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.work = nn.Sequential(
            _conv(into, out, stride),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        same = stride == (1, 1) and into == out
        self.past = nn.Identity() if same else nn.Conv2d(into, out, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.past(x) + self.work(x))


class ReaderNet(nn.Module):
    """(N, 3, 48, 160) in 0..1 -> natural log of each class's share, (N, 40, classes)."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Sequential(
            _conv(3, 32, (2, 2)),
            Block(32, 56, (2, 1)),
            Block(56, 96, (2, 2)),
            Block(96, 96),
            Block(96, 144, (2, 1)),
            Block(144, 144),
        )
        # The three rows that are left become one, then the steps look at their neighbours.
        self.across = nn.Sequential(
            nn.Conv2d(144, 192, (3, 1), bias=False),
            nn.BatchNorm2d(192),
            nn.ReLU(inplace=True),
            _conv(192, 192, size=(1, 5)),
            nn.Dropout(0.1),
        )
        self.said = nn.Conv2d(192, len(CHARS) + 1, 1)

    def forward(self, crop: Tensor) -> Tensor:
        x = self.said(self.across(self.seen(crop)))
        return torch.log_softmax(x.float().squeeze(2).transpose(1, 2), dim=2)
