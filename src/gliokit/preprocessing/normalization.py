"""Intensities that mean the same in every study: z-scores of the brain.

Mean and standard deviation are those of the brain voxels between the 0.5th and 99.5th
percentile (clipped, not dropped), so that vessels and artifacts do not rule them.
"""

import numpy as np
from numpy.typing import NDArray

CLIP = (0.5, 99.5)
LIMIT = 8.0  # standard deviations; nothing that matters lies beyond


def brain_statistics(image: NDArray[np.float32], brain: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean and standard deviation of an image (X, Y, Z) in the brain (X, Y, Z)."""
    values = image[brain]
    values = values.clip(*np.percentile(values, CLIP))
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def standardize(
    image: NDArray[np.float32], brain: NDArray[np.bool_], statistics: tuple[float, float]
) -> NDArray[np.float32]:
    """Give z-scores inside the brain and 0 outside, (X, Y, Z)."""
    mean, deviation = statistics
    scores = (image - np.float32(mean)) / np.float32(deviation or 1.0)
    return np.where(brain, scores.clip(-LIMIT, LIMIT), np.float32(0))
