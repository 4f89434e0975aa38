"""U-Net.

Source: Ronneberger et al., MICCAI 2015, doi:10.1007/978-3-319-24574-4_28; here in 3-D, with
group normalization (it works with one case a batch) and strided convolutions in place of
pooling.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

GROUPS = 4


class UNet(nn.Module):
    """Encoder and decoder joined by skip connections.

    Parameters
    ----------
    in_channels, out_channels : int
        MR sequences in; regions out.
    widths : sequence of int
        Channels per resolution; the input is halved between two. Multiples of 4.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, widths: Sequence[int] = (16, 32, 64, 96, 128)
    ) -> None:
        super().__init__()
        steps = list(pairwise(widths))
        self.stride = 2 ** len(steps)
        self.stem = conv_block(in_channels, widths[0])
        self.down = nn.ModuleList(conv_block(a, b, stride=2) for a, b in steps)
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, kernel_size=2, stride=2) for a, b in steps)
        self.merge = nn.ModuleList(conv_block(2 * a, a) for a, _ in steps)
        self.head = nn.Conv3d(widths[0], out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, X, Y, Z) to logits (N, out_channels, X, Y, Z).

        X, Y and Z must be multiples of `self.stride`.
        """
        skips = [self.stem(x)]
        for down in self.down:
            skips.append(down(skips[-1]))
        y = skips.pop()
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            y = merge(torch.cat([up(y), skips.pop()], dim=1))
        return self.head(y)


def conv_block(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """Convolve, normalize and activate, twice."""
    return nn.Sequential(
        nn.Conv3d(in_channels, out_channels, 3, stride, padding=1, bias=False),
        nn.GroupNorm(GROUPS, out_channels),
        nn.LeakyReLU(0.01, inplace=True),
        nn.Conv3d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.GroupNorm(GROUPS, out_channels),
        nn.LeakyReLU(0.01, inplace=True),
    )
