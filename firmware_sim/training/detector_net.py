"""The detector: where plates' centres are, and where their corners lie from there.

Centres as a heat map and regression at the centres follow CenterNet (Zhou, Wang, Kraehenbuehl,
"Objects as Points", 2019). Plain 3 x 3 convolutions: depthwise ones are smaller but take several
times longer to train on a CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = ((32, 32), (56, 48), (88, 48), (120, 48))
QUIET = -4.6
"""The heat before anything is learned: a plate in one of a hundred cells."""


def _conv(into: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.work = nn.Sequential(
            _conv(into, out, stride),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        same = stride == 1 and into == out
        self.past = nn.Identity() if same else nn.Conv2d(into, out, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.past(x) + self.work(x))


class DetectorNet(nn.Module):
    """(N, 3, H, W) in 0..1, H and W multiples of 32 -> heat before its sigmoid (N, 1, H/4, W/4),
    corners (N, 8, H/4, W/4)."""

    def __init__(self) -> None:
        super().__init__()
        self.at4 = nn.Sequential(_conv(3, 16, 2), _conv(16, 32, 2), _conv(32, 32))
        self.at8 = nn.Sequential(Block(32, 56, 2), Block(56, 56))
        self.at16 = nn.Sequential(Block(56, 88, 2), Block(88, 88))
        self.at32 = nn.Sequential(Block(88, 120, 2), Block(120, 120))
        self.side = nn.ModuleList(nn.Conv2d(n, out, 1) for n, out in WIDTHS)
        self.mix16, self.mix8, self.mix4 = _conv(48, 48), _conv(48, 48), _conv(32, 32)
        self.thin, self.last = nn.Conv2d(48, 32, 1), _conv(32, 32)
        self.heat, self.corners = nn.Conv2d(32, 1, 1), nn.Conv2d(32, 8, 1)
        nn.init.constant_(self.heat.bias, QUIET)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x4 = self.at4(image)
        x8 = self.at8(x4)
        x16 = self.at16(x8)
        x = self.side[3](self.at32(x16))
        x = self.mix16(_doubled(x) + self.side[2](x16))
        x = self.mix8(_doubled(x) + self.side[1](x8))
        x = self.last(self.mix4(_doubled(self.thin(x)) + self.side[0](x4)))
        return self.heat(x), self.corners(x)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class Exported(nn.Module):
    """As the gateway runs it: heat in 0..1."""

    def __init__(self, net: DetectorNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        heat, corners = self.net(image)
        return torch.sigmoid(heat), corners
