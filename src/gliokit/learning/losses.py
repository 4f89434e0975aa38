"""Losses for regions that overlap: one sigmoid per region."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

SMOOTH = 1.0  # voxel; keeps the Dice of an empty region defined


def soft_dice_loss(logits: Tensor, reference: Tensor) -> Tensor:
    """One minus the soft Dice, averaged over cases and regions.

    Parameters
    ----------
    logits, reference : (N, regions, X, Y, Z)
        `reference` in 0-1; fractions where a voxel is partly in the region.

    Source: Milletari et al., 3DV 2016, doi:10.1109/3DV.2016.79
    """
    probability = logits.sigmoid()
    axes = (2, 3, 4)
    overlap = 2 * (probability * reference).sum(axes) + SMOOTH
    size = (probability * probability).sum(axes) + (reference * reference).sum(axes) + SMOOTH
    return (1 - overlap / size).mean()


def region_loss(logits: Tensor, reference: Tensor) -> Tensor:
    """Soft Dice plus twice the cross-entropy, which keeps probabilities calibrated."""
    logits = logits.float()
    return soft_dice_loss(logits, reference) + 2 * binary_cross_entropy_with_logits(
        logits, reference
    )
