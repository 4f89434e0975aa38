"""The network of `gliokit.preprocessing.tissue_network`, in torch, to be trained.

Its first step takes blocks of 4 mm to voxels of 2 mm, its last one takes each of them to eight of
1 mm: what lies between costs an eighth of a U-Net that works at 1 mm.

Source: Ronneberger et al., MICCAI 2015, doi:10.1007/978-3-319-24574-4_28 (U-Net); He et al., CVPR
2016, doi:10.1109/CVPR.2016.90 (residual steps)
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

GROUPS = 4
WIDTHS = (40, 64, 96)  # at 2, 4 and 8 mm
DEEP = 2  # residual steps at 4 and 8 mm, where they cost little
AS_SEEN, DECIDING = 48, 64


class TissueNetwork(nn.Module):
    """Encoder and decoder whose skip connections add up, and a decision for each 1 mm voxel.

    The decision sees what was found around a block of 2 mm and, once more, what its eight voxels
    hold: a tissue's brightness nearby says what a voxel's own means.
    """

    def __init__(self, inputs: int, outputs: int, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        steps = list(pairwise(widths))
        self.stem = convolved(inputs, widths[0], side=4, stride=2)
        self.first = Residual(widths[0])
        self.down = nn.ModuleList(convolved(a, b, stride=2) for a, b in steps)
        self.deep = nn.ModuleList(residuals(b) for _, b in steps)
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in steps)
        self.merge = nn.ModuleList(
            residuals(a) if level else Residual(a) for level, (a, _) in enumerate(steps)
        )
        self.voxels = nn.Conv3d(inputs, AS_SEEN, 2, stride=2)
        self.head = nn.Sequential(
            nn.Conv3d(widths[0] + AS_SEEN, DECIDING, 1),
            nn.LeakyReLU(0.01, inplace=True),
            nn.Conv3d(DECIDING, DECIDING, 1),
            nn.LeakyReLU(0.01, inplace=True),
            nn.ConvTranspose3d(DECIDING, outputs, 2, stride=2),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, X, Y, Z) to logits (N, outputs, X, Y, Z); sides are multiples of 8."""
        levels = [self.first(self.stem(x))]
        for down, deep in zip(self.down, self.deep, strict=True):
            levels.append(deep(down(levels[-1])))
        y = levels.pop()
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            y = merge(up(y) + levels.pop())
        return self.head(torch.cat([y, self.voxels(x)], dim=1))


class Residual(nn.Module):
    """A convolution that adds to what it was given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.step = convolved(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        return x + self.step(x)


def residuals(channels: int) -> nn.Sequential:
    """Give the residual steps of a coarse level."""
    return nn.Sequential(*(Residual(channels) for _ in range(DEEP)))


def convolved(inputs: int, outputs: int, *, side: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolve, normalize and activate."""
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, side, stride, padding=1, bias=False),
        nn.GroupNorm(GROUPS, outputs),
        nn.LeakyReLU(0.01, inplace=True),
    )


def tissue_loss(logits: Tensor, reference: Tensor) -> Tensor:
    """Add cross-entropy and one minus the soft Dice, over the voxels that count.

    Parameters
    ----------
    logits : (N, answers, X, Y, Z)
    reference : (N, X, Y, Z)
        Number of the answer, from 1; 0 where nothing counts.
    """
    logits = logits.float()
    counts = (reference > 0).unsqueeze(1)
    truth = torch.zeros_like(logits).scatter_(1, (reference.long() - 1).clamp(0).unsqueeze(1), 1)
    logs = logits.log_softmax(1)
    truth = truth * counts
    shares = logs.exp() * counts
    entropy = -(truth * logs).sum() / counts.sum().clamp(1)
    axes = (0, 2, 3, 4)
    overlap = 2 * (shares * truth).sum(axes) + 1
    size = shares.sum(axes) + truth.sum(axes) + 1
    return entropy + (1 - overlap / size).mean()
