"""A written model taken up again: an ONNX file holds each norm folded into its convolution.

The norms are made anew, such that each passes on what its convolution and the file gave: their
means and spreads are those of a few batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn


def restored(net: nn.Module, file: Path, batches: Iterable[Tensor]) -> None:
    """`file`: written from a net of this very shape. `batches`: what the net takes."""
    named = {it.name: numpy_helper.to_array(it) for it in onnx.load(str(file)).graph.initializer}
    folded = [one for name, one in named.items() if name not in net.state_dict()]
    with torch.no_grad():
        for name, own in net.state_dict().items():
            if name in named:
                own.copy_(torch.from_numpy(named[name].copy()))
        pairs = _pairs(net)
        for (conv, norm), weight, bias in zip(pairs, folded[::2], folded[1::2], strict=True):
            _fold(conv, norm, weight, bias)
        _measured(net, pairs, batches)


def _pairs(net: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    parts = list(net.modules())
    return [
        (one, other)
        for one, other in zip(parts, parts[1:])
        if isinstance(one, nn.Conv2d) and isinstance(other, nn.BatchNorm2d)
    ]


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d, weight: np.ndarray, bias: np.ndarray) -> None:
    conv.weight.copy_(torch.from_numpy(weight.copy()))
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    norm.bias.copy_(torch.from_numpy(bias.copy()))


def _measured(
    net: nn.Module, pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]], batches: Iterable[Tensor]
) -> None:
    seen: dict[nn.Module, list[Tensor]] = {conv: [] for conv, _ in pairs}
    hooks = [
        conv.register_forward_hook(lambda it, _, out: seen[it].append(_moments(out)))
        for conv, _ in pairs
    ]
    was = net.training
    net.eval()
    for batch in batches:
        net(batch)
    for hook in hooks:
        hook.remove()
    for conv, norm in pairs:
        mean, square = torch.stack(seen[conv]).mean(dim=0)
        spread = (square - mean**2).clamp(min=1e-6)
        assert norm.running_mean is not None and norm.running_var is not None
        norm.bias.add_(mean)
        norm.weight.copy_((spread + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)
    net.train(was)


def _moments(out: Tensor) -> Tensor:
    """(2, channels): means, and means of squares."""
    x = out.float()
    return torch.stack([x.mean(dim=(0, 2, 3)), (x**2).mean(dim=(0, 2, 3))])
