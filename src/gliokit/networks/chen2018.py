"""Hierarchical densely connected 3-D network.

Net A sees T2 and FLAIR and tells tumor from background; net B sees T1 and T1C, takes in what A
found, and tells the classes. Each gives features at two receptive fields, 15³ and 27³ voxels,
whose logits are summed.

Trainable parameters at paper size, c channels in a 3³ dense layer of growth 12 (no bias) behind
a batch normalization of 2 c::

    stem          2·24·27 + 24                        1,320
    block 1       (24 + 36 + ... + 84)·(12·27 + 2)  105,624
    side 15³      2·96 + 96·96 + 2·96                 9,600
    block 2       (96 + 108 + ... + 156)·(12·27 + 2) 246,456
    side 27³      2·168 + 168·168 + 2·168            28,896
    each net                                        391,896
    heads of A    (96 + 168)·2 + 2·2                    532
    heads of B    2·(96 + 168)·5 + 2·5                2,650
    both                                            786,974

Source: Chen et al., Proc SPIE 2018;10574:105741F, doi:10.1117/12.2293394, and the authors' code
(lelechen63/MRI-tumor-segmentation-Brats), from which sizes and initial weights are.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

SEQUENCES = 2  # that each of the two nets sees
MOMENTUM, EPSILON = 0.01, 1e-3  # of batch normalization; Keras writes 0.99 for the first


@dataclass(frozen=True, slots=True)
class DenseSizes:
    """Sizes of one of the two nets.

    Attributes
    ----------
    stem : int
        Channels of the first layer.
    growths : tuple of int
        Channels that each layer of the two blocks adds.
    layers : int
        Layers of a block.
    sides : tuple of int
        Channels of the two outputs; unused by the plain net.
    dense : bool
        Whether a layer sees all layers before it, or is as wide as that and sees the last one.
    """

    stem: int = 24
    growths: tuple[int, int] = (12, 12)
    layers: int = 6
    sides: tuple[int, int] = (96, 168)
    dense: bool = True


DENSE_24 = DenseSizes()
DENSE_48 = DenseSizes(stem=48, growths=(12, 24), sides=(192, 336))
PLAIN = DenseSizes(dense=False)


class HierarchicalDenseNet(nn.Module):
    """Two nets in a row: where the tumor is, then what it is made of.

    Dropout, of whole channels before the heads, is not in the source (assumed).

    Parameters
    ----------
    classes : int
        Labels with the background; the source has 5, of which one is empty.
    sizes : DenseSizes
        Channels and layers of either net.
    first_network_features : bool
        Whether net B sees the features of net A, or zeros: the ablation.
    padded : bool
        Whether convolutions keep the size, as in the source. Unpadded ones take `reach` voxels
        off each side and give equal logits there, from the same weights, at a fifth of the work
        on 38³ voxels. In training they differ in the voxels that batch normalization averages.
    dropout : float
        Share of channels that are dropped in training.

    Attributes
    ----------
    reach : int
        Voxels that an output voxel sees to each side.
    """

    def __init__(
        self,
        classes: int = 5,
        *,
        sizes: DenseSizes = DENSE_24,
        first_network_features: bool = True,
        padded: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.first_network_features = first_network_features
        self.reach = 1 + 2 * sizes.layers
        net = DenseNet if sizes.dense else PlainNet
        self.tumor, self.composition = net(sizes, padded=padded), net(sizes, padded=padded)
        widths = self.tumor.widths
        self.tumor_heads = nn.ModuleList(biased(width, 2) for width in widths)
        self.class_heads = nn.ModuleList(biased(2 * width, classes) for width in widths)
        self.dropout = nn.Dropout3d(dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 4, X, Y, Z) in the order t1, t1c, t2, flair to two logits.

        Returns
        -------
        tuple
            Background and tumor (N, 2, X, Y, Z); the classes (N, classes, X, Y, Z). Unpadded, X,
            Y and Z are less by twice `reach`.
        """
        found = self.tumor(x[:, SEQUENCES:])
        seen = found if self.first_network_features else [torch.zeros_like(f) for f in found]
        made_of = self.composition(x[:, :SEQUENCES])
        joined = [torch.cat(pair, dim=1) for pair in zip(made_of, seen, strict=True)]
        return self._summed(self.tumor_heads, found), self._summed(self.class_heads, joined)

    def _summed(self, heads: nn.ModuleList, features: list[Tensor]) -> Tensor:
        near, far = (
            to_logits(self.dropout(f)) for to_logits, f in zip(heads, features, strict=True)
        )
        return near + far


class DenseNet(nn.Module):
    """Two blocks of densely connected layers, with an output after each."""

    def __init__(self, sizes: DenseSizes, *, padded: bool) -> None:
        super().__init__()
        self.widths = sizes.sides
        self.stem = biased(SEQUENCES, sizes.stem, kernel=3, padded=padded)
        self.blocks, self.sides = nn.ModuleList(), nn.ModuleList()
        width = sizes.stem
        for growth, side in zip(sizes.growths, sizes.sides, strict=True):
            ends = width + growth * sizes.layers
            steps = range(width, ends, growth)
            self.blocks.append(
                nn.Sequential(*(DenseLayer(w, growth, padded=padded) for w in steps))
            )
            self.sides.append(nn.Sequential(activated(ends), convolved(ends, side, kernel=1)))
            width = ends

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map (N, 2, X, Y, Z) to the features of both outputs, (N, widths[i], X, Y, Z)."""
        near_block, far_block = self.blocks
        near = near_block(self.stem(x))
        far = far_block(near)
        near_side, far_side = self.sides
        return [near_side(central(near, far)), far_side(far)]


class DenseLayer(nn.Module):
    """Add channels that are made of all channels before."""

    def __init__(self, in_channels: int, growth: int, *, padded: bool) -> None:
        super().__init__()
        self.activation = activated(in_channels)
        self.convolution = nn.Conv3d(in_channels, growth, 3, padding=int(padded), bias=False)
        nn.init.xavier_normal_(self.convolution.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, X, Y, Z) to (N, in_channels + growth, X, Y, Z)."""
        added = self.convolution(self.activation(x))
        return torch.cat([central(x, added), added], dim=1)


class PlainNet(nn.Module):
    """Layers as wide as those of the dense net, each of which sees only the last."""

    def __init__(self, sizes: DenseSizes, *, padded: bool) -> None:
        super().__init__()
        near = sizes.stem + sizes.growths[0] * sizes.layers
        far = near + sizes.growths[1] * sizes.layers
        self.widths = near, far
        first = [SEQUENCES, *range(sizes.stem, near + 1, sizes.growths[0])]
        second = list(range(near, far + 1, sizes.growths[1]))
        self.near, self.far = (
            nn.Sequential(*(convolved(a, b, kernel=3, padded=padded) for a, b in pairwise(block)))
            for block in (first, second)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map (N, 2, X, Y, Z) to the features of both outputs, (N, widths[i], X, Y, Z)."""
        near = self.near(x)
        far = self.far(near)
        return [central(near, far), far]


def activated(channels: int) -> nn.Sequential:
    """Normalize and activate."""
    return nn.Sequential(
        nn.BatchNorm3d(channels, eps=EPSILON, momentum=MOMENTUM), nn.ReLU(inplace=True)
    )


def convolved(
    in_channels: int, out_channels: int, *, kernel: int, padded: bool = True
) -> nn.Sequential:
    """Convolve, normalize and activate."""
    padding = kernel // 2 if padded else 0
    convolution = nn.Conv3d(in_channels, out_channels, kernel, padding=padding, bias=False)
    nn.init.kaiming_normal_(convolution.weight)
    return nn.Sequential(convolution, activated(out_channels))


def biased(
    in_channels: int, out_channels: int, *, kernel: int = 1, padded: bool = True
) -> nn.Conv3d:
    """Make a convolution with a bias, to be the stem or a head."""
    layer = nn.Conv3d(in_channels, out_channels, kernel, padding=kernel // 2 if padded else 0)
    weight, bias = layer.parameters()
    nn.init.xavier_uniform_(weight)
    nn.init.zeros_(bias)
    return layer


def central(x: Tensor, like: Tensor) -> Tensor:
    """Cut (N, channels, X, Y, Z) to the size of what unpadded convolutions made of it."""
    margin = (x.shape[-1] - like.shape[-1]) // 2
    return functional.pad(x, [-margin] * 6) if margin else x
