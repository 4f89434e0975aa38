"""Network of single voxels, behind a fixed bank of filters.

The bank (`gliokit.preprocessing.difference_of_gaussians`) looks at the surroundings; what is
trained are three layers of 1×1×1 convolutions. Features may therefore come as a volume or as
rows of voxels, in any order, with equal results.

Source: Yi et al., arXiv 2016;1611.04534, doi:10.48550/arXiv.1611.04534, of which abstract and
introduction were seen.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class VoxelNet(nn.Module):
    """Linear layers over the features of each voxel.

    Assumed: that the trained convolutions are 1×1×1; the number of features, the widths and the
    dropout, of single values between the layers.

    Parameters
    ----------
    in_features : int
        Sequences times (filters + 1).
    classes : int
        Labels with the background.
    widths : sequence of int
        Channels of the hidden layers.
    dropout : float
        Share of hidden values that are dropped in training.
    """

    def __init__(
        self,
        in_features: int = 36,
        classes: int = 5,
        *,
        widths: Sequence[int] = (64, 32),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in pairwise((in_features, *widths)):
            layers += [nn.Linear(a, b), nn.ReLU(inplace=True), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear([in_features, *widths][-1], classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_features) or (N, in_features, X, Y, Z) to logits (N, classes, ...)."""
        return self.layers(x.movedim(1, -1)).movedim(-1, 1)
