"""Intensities that mean the same in every study: z-scores of the brain.

Mean and standard deviation are those of the brain voxels between the 0.5th and 99.5th
percentile (clipped, not dropped), so that vessels and artifacts do not rule them.

A large tumor does: it makes normal tissue look darker and contrast weaker. Two scales stand up to
it: z-scores of the brain without the tumor, where that is known (`statistics_without`), and the
brain's mode, where it is not (`brain_mode`). The mode is the most frequent intensity, often but not
always that of white matter. Measured on simulated brains before and after a tumor of 160 mL
(`benchmarks/normalization_and_tumor`). The networks of the shipped model see plain z-scores, as in
training.

Source: of leaving out the tumor, K. Chang et al., Clin Cancer Res 2018;24:1073-81,
doi:10.1158/1078-0432.CCR-17-2236; of a tissue's mode in the histogram, Shinohara et al., NeuroImage
Clin 2014;6:9-19, doi:10.1016/j.nicl.2014.08.008. Taking the whole brain's mode is gliokit's own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from gliokit.core.errors import NotAssessableError

CLIP = (0.5, 99.5)
BINS, SMOOTH = 200, 4.0  # between these percentiles, and the Gaussian over them, in bins
LIMIT = 8.0  # standard deviations; nothing that matters lies beyond


def brain_statistics(image: NDArray[np.float32], brain: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean and standard deviation of an image (X, Y, Z) in the brain (X, Y, Z)."""
    values = image[brain]
    values = values.clip(*np.percentile(values, CLIP))
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def statistics_without(
    image: NDArray[np.float32], brain: NDArray[np.bool_], tumor: NDArray[np.bool_]
) -> tuple[float, float]:
    """Mean and standard deviation of an image in the brain that is no tumor, all (X, Y, Z).

    Raises
    ------
    NotAssessableError
        If nothing is left: those of the whole brain would be the tumor's.
    """
    rest = brain & ~tumor
    if not rest.any():
        raise NotAssessableError(
            f"the tumor covers all {np.count_nonzero(brain)} voxels of the brain; intensities "
            "without it need some that it does not: check both masks, or normalize by the whole "
            "brain or by its mode"
        )
    return brain_statistics(image, rest)


def brain_mode(image: NDArray[np.float32], brain: NDArray[np.bool_]) -> float:
    """Most frequent intensity of an image (X, Y, Z) in the brain (X, Y, Z), smoothed."""
    values = image[brain]
    low, high = np.percentile(values, CLIP)
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    top = int(gaussian_filter1d(counts.astype(np.float64), SMOOTH).argmax())
    return float(edges[top] + edges[top + 1]) / 2


def standardize(
    image: NDArray[np.float32], brain: NDArray[np.bool_], statistics: tuple[float, float]
) -> NDArray[np.float32]:
    """Give z-scores inside the brain and 0 outside, (X, Y, Z)."""
    mean, deviation = statistics
    scores = (image - np.float32(mean)) / np.float32(deviation or 1.0)
    return np.where(brain, scores.clip(-LIMIT, LIMIT), np.float32(0))
