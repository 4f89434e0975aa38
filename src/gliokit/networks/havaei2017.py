"""Two-pathway network and its cascades, for the pixels of axial slices.

All convolutions are valid and all pooling has stride 1: on a patch the network gives one pixel,
on a slice a map, of equal values. The slice is padded by `margins` to get a map of its size.

The paper counts weights, without biases, of one maxout piece: 651,488 (two pathways), 802,368,
654,368 and 662,513 (second networks of the cascades at input, local pathway and output). Its
figure draws two pieces.

Source: Havaei et al., Med Image Anal 2017;35:18-31, doi:10.1016/j.media.2016.05.004
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn import functional


class Cascade(StrEnum):
    """Where the second network takes in the first network's probabilities."""

    INPUT = "input"  # InputCascadeCNN
    LOCAL = "local"  # LocalCascadeCNN: after the first layer of the local pathway
    OUTPUT = "output"  # MFCascadeCNN: before the output layer


@dataclass(frozen=True, slots=True)
class PathwaySizes:
    """Sizes of a two-pathway network.

    Attributes
    ----------
    local : tuple of int
        Channels of the two layers of the local pathway.
    wide : int
        Channels of the global pathway.
    kernels, pools : tuple of int
        Convolution and pooling widths of the local pathway; that of the global pathway follows.
    output_kernel : int
        Width of the output layer.
    maxout : int
        Pieces of which each hidden channel is the largest (assumed: 2, as the figure draws).
    """

    local: tuple[int, int] = (64, 64)
    wide: int = 160
    kernels: tuple[int, int] = (7, 3)
    pools: tuple[int, int] = (4, 2)
    output_kernel: int = 21
    maxout: int = 2

    @property
    def first_loss(self) -> int:
        """Pixels that the first local layer takes off an axis."""
        return self.kernels[0] + self.pools[0] - 2

    @property
    def hidden_loss(self) -> int:
        """Pixels that either pathway takes off an axis."""
        return self.first_loss + self.kernels[1] + self.pools[1] - 2

    @property
    def patch(self) -> int:
        """Width of the patch that gives one pixel."""
        return self.hidden_loss + self.output_kernel


PAPER = PathwaySizes()


class TwoPathwayNet(nn.Module):
    """Small and large kernels side by side, joined in one wide output layer.

    Biases start at 0. Dropout is before the output layer, of single values (assumed: the place).

    Parameters
    ----------
    in_channels, out_channels : int
        MR sequences in; classes out.
    sizes : PathwaySizes
        Channels and kernels.
    dropout : float
        Share of hidden values that are dropped in training.
    initial_range : float
        Weights start in ± this.
    cascade : Cascade or None
        Where the probabilities of `out_channels` classes come in, if this is a second network.
    """

    def __init__(
        self,
        in_channels: int = 4,
        out_channels: int = 5,
        *,
        sizes: PathwaySizes = PAPER,
        dropout: float = 0.5,
        initial_range: float = 0.005,
        cascade: Cascade | None = None,
    ) -> None:
        super().__init__()
        self.sizes, self.cascade = sizes, cascade
        self.out_channels = out_channels
        more = {place: out_channels * (place is cascade) for place in Cascade}
        seen, (first, second) = in_channels + more[Cascade.INPUT], sizes.local
        self.first = maxout(seen, first, sizes.kernels[0], pieces=sizes.maxout)
        self.first_pool = SlidingMax(sizes.pools[0])
        self.second = maxout(
            first + more[Cascade.LOCAL], second, sizes.kernels[1], pieces=sizes.maxout
        )
        self.second_pool = SlidingMax(sizes.pools[1])
        self.wide = maxout(seen, sizes.wide, sizes.hidden_loss + 1, pieces=sizes.maxout)
        self.dropout = nn.Dropout(dropout)
        hidden = second + sizes.wide + more[Cascade.OUTPUT]
        self.output = WideConv2d(hidden, out_channels, sizes.output_kernel)
        for parameter in self.parameters():
            limit = initial_range if parameter.ndim > 1 else 0.0
            nn.init.uniform_(parameter, -limit, limit)

    @property
    def margins(self) -> tuple[int, int]:
        """Pixels that the map lacks before and after, along each axis."""
        return self.sizes.patch // 2, (self.sizes.patch - 1) // 2

    def forward(self, x: Tensor, probabilities: Tensor | None = None) -> Tensor:
        """Map (N, in_channels, X, Y) to logits (N, out_channels, X - patch + 1, Y - patch + 1).

        The probabilities have the size of what they are joined to.
        """
        x = self._joined(x, probabilities, Cascade.INPUT)
        local = self.first_pool(self.first(x))
        local = self._joined(local, probabilities, Cascade.LOCAL)
        local = self.second_pool(self.second(local))
        hidden = torch.cat([local, self.wide(x)], dim=1)
        hidden = self._joined(hidden, probabilities, Cascade.OUTPUT)
        return self.output(self.dropout(hidden))

    def _joined(self, x: Tensor, probabilities: Tensor | None, place: Cascade) -> Tensor:
        if probabilities is None or place is not self.cascade:
            return x
        return torch.cat([x, probabilities], dim=1)

    def trainable_parameters(self) -> Iterator[nn.Parameter]:
        """Give what phase 1 trains: everything."""
        return self.parameters()

    def output_parameters(self) -> Iterator[nn.Parameter]:
        """Give what phase 2 trains: the output layer."""
        return self.output.parameters()

    @torch.no_grad()
    def start_at_(self, frequencies: Sequence[float]) -> None:
        """Set the output bias to the log of the class frequencies, each above 0."""
        _, bias = self.output.parameters()
        bias.copy_(torch.tensor(frequencies).log())

    @torch.no_grad()
    def clamp_weights_(self, limit: float) -> None:
        """Bound the weights, not the biases, to ± limit."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                parameter.clamp_(-limit, limit)


class CascadeNet(nn.Module):
    """A second two-pathway network that sees what a trained first one says of the surroundings.

    The first network is frozen: no gradient, no dropout. It is not among the parameters that
    `trainable_parameters` gives.

    In the local cascade the two maps lie half a pixel apart; the second network's patch starts
    at the smaller of the two possible offsets (assumed).

    Parameters
    ----------
    first : TwoPathwayNet
        Trained network without a cascade.
    where : Cascade
        Where its probabilities come in.
    in_channels : int
        MR sequences, those of the first network.
    sizes : PathwaySizes
        Channels and kernels of the second network.
    dropout, initial_range : float
        As in `TwoPathwayNet`.
    """

    def __init__(
        self,
        first: TwoPathwayNet,
        where: Cascade = Cascade.INPUT,
        *,
        in_channels: int = 4,
        sizes: PathwaySizes = PAPER,
        dropout: float = 0.5,
        initial_range: float = 0.005,
    ) -> None:
        super().__init__()
        self.first = first.requires_grad_(False).eval()
        self.second = TwoPathwayNet(
            in_channels,
            first.out_channels,
            sizes=sizes,
            dropout=dropout,
            initial_range=initial_range,
            cascade=where,
        )
        loss = {
            Cascade.INPUT: 0,
            Cascade.LOCAL: sizes.first_loss,
            Cascade.OUTPUT: sizes.hidden_loss,
        }
        self.surroundings = first.sizes.patch - 1 - loss[where]
        self.patch = sizes.patch + self.surroundings

    @property
    def margins(self) -> tuple[int, int]:
        """Pixels that the map lacks before and after, along each axis."""
        before = self.surroundings // 2 + self.second.margins[0]
        return before, self.patch - 1 - before

    def train(self, mode: bool = True) -> "CascadeNet":
        """Set training or evaluation; the first network stays in evaluation."""
        super().train(mode)
        self.first.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, X, Y) to logits (N, out_channels, X - patch + 1, Y - patch + 1)."""
        with torch.no_grad():
            probabilities = self.first(x).softmax(dim=1)
        before = self.surroundings // 2
        after = self.surroundings - before
        return self.second(functional.pad(x, (-before, -after, -before, -after)), probabilities)

    def trainable_parameters(self) -> Iterator[nn.Parameter]:
        """Give what phase 1 trains: the second network."""
        return self.second.parameters()

    def output_parameters(self) -> Iterator[nn.Parameter]:
        """Give what phase 2 trains: the output layer of the second network."""
        return self.second.output_parameters()

    def start_at_(self, frequencies: Sequence[float]) -> None:
        """Set the output bias to the log of the class frequencies, each above 0."""
        self.second.start_at_(frequencies)

    def clamp_weights_(self, limit: float) -> None:
        """Bound the weights of the second network to ± limit."""
        self.second.clamp_weights_(limit)


class Largest(nn.Module):
    """Of each group of neighboring channels the largest."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels * pieces, X, Y) to (N, channels, X, Y)."""
        return x.unflatten(1, (-1, self.pieces)).amax(dim=2)


def maxout(in_channels: int, out_channels: int, kernel: int, *, pieces: int) -> nn.Sequential:
    """Convolve to several pieces a channel and keep the largest."""
    return nn.Sequential(nn.Conv2d(in_channels, out_channels * pieces, kernel), Largest(pieces))


class SlidingMax(nn.Module):
    """Pooling with stride 1, one axis after the other: the same values as `nn.MaxPool2d`, faster.

    Parameters
    ----------
    width : int
        Pixels of which the largest is kept, along each axis.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, X, Y) to (N, channels, X - width + 1, Y - width + 1)."""
        for axis in (2, 3):
            seen = 1
            while seen < self.width:  # the largest of `seen` pixels, and of as many further on
                step = min(seen, self.width - seen)
                length = x.shape[axis] - step
                x = torch.maximum(x.narrow(axis, 0, length), x.narrow(axis, step, length))
                seen += step
        return x


class WideConv2d(nn.Conv2d):
    """A valid convolution with a large kernel and few outputs, for patches and slices alike.

    A slice is convolved with every row of the kernel as an output of its own, and these are
    shifted and summed: equal to rounding, and several times faster than few outputs at once.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, in_channels, X, Y) to (N, out_channels, X - kernel + 1, Y - kernel + 1)."""
        kernel = self.weight.shape[-1]
        height = input.shape[2] - kernel + 1
        if height == 1:
            return super().forward(input)
        rows = self.weight.transpose(1, 2).flatten(0, 1).unsqueeze(2)
        by_row = functional.conv2d(input, rows).unflatten(1, (self.out_channels, kernel))
        y = by_row[:, :, 0, :height].float()
        for row in range(1, kernel):
            y = y + by_row[:, :, row, row : row + height]
        return y if self.bias is None else y + self.bias[:, None, None]
