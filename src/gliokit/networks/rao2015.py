"""Network of one MR sequence that sees three orthogonal planes through a voxel.

Each voxel has its own patches: after the first activation, which follows the sum over the three
planes, hidden values depend on x, y, z and the place in the patch at once, and neighboring
voxels share nothing. There is no dense form that does less work; a volume is labeled voxel by
voxel, on a grid as coarse as the caller can bear.

Source: Rao et al., Brain tumor segmentation with deep learning, MICCAI-BraTS 2015 (no DOI); the
text was not seen, planes and one network a sequence are as it is cited (assumed).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

PLANES = 3


class TriplanarNet(nn.Module):
    """Two convolutions with pooling, then a hidden layer whose values a forest may take.

    Assumed: the patch, the widths, valid convolutions, max pooling, the dropout, of single
    values of the hidden layer.

    Parameters
    ----------
    classes : int
        Labels with the background.
    side : int
        Voxels of a patch along each of its axes.
    widths : tuple of int
        Channels of the two convolutions.
    hidden : int
        Values of the hidden layer.
    kernel : int
        Width of the convolutions.
    dropout : float
        Share of hidden values that are dropped in training.
    """

    def __init__(
        self,
        classes: int = 5,
        *,
        side: int = 32,
        widths: tuple[int, int] = (32, 64),
        hidden: int = 128,
        kernel: int = 5,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        first, second = widths
        pooled = ((side - kernel + 1) // 2 - kernel + 1) // 2
        self.side = side
        self.convolutions = nn.Sequential(
            nn.Conv2d(PLANES, first, kernel),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, kernel),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(nn.Linear(second * pooled**2, hidden), nn.ReLU(inplace=True))
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, classes)

    def features(self, x: Tensor) -> Tensor:
        """Map (N, 3, side, side) to the last hidden layer (N, hidden)."""
        return self.hidden(self.convolutions(x))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 3, side, side) to logits (N, classes)."""
        return self.output(self.dropout(self.features(x)))


def padded_for_patches(volume: Tensor, side: int = 32) -> Tensor:
    """Surround a volume (X, Y, Z) with zeros, so that each voxel has its patches."""
    before, after = side // 2, (side - 1) // 2
    return functional.pad(volume, (before, after) * 3)


def triplanar_patches(padded: Tensor, voxels: Tensor, *, side: int = 32) -> Tensor:
    """Cut the planes XY, YZ and XZ through voxels.

    Parameters
    ----------
    padded : (X + side - 1, Y + side - 1, Z + side - 1)
        Volume with its surroundings, from `padded_for_patches`.
    voxels : (N, 3)
        Indices into the volume without them. Each becomes index `side // 2` of its patches.

    Returns
    -------
    Tensor
        (N, 3, side, side).
    """
    middle = side // 2
    x, y, z = voxels.T
    windows = (padded.unfold(a, side, 1).unfold(b, side, 1) for a, b in ((0, 1), (1, 2), (0, 2)))
    xy, yz, xz = windows
    return torch.stack([xy[x, y, z + middle], yz[x + middle, y, z], xz[x, y + middle, z]], dim=1)
