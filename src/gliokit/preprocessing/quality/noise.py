"""How far the contrast of tissues stands above the noise.

The noise is estimated inside the brain from second differences along the two finest axes, by
their median, so that edges do not count. The contrast is the spread (10th to 90th percentile)
of the image averaged over 4 mm, less what the noise adds to it there. Interpolation smooths
noise: an image that was resampled looks better than it was scanned. Fine structure counts as
noise: the figure of a good image is a lower bound.

The limit lies between the worst of 6 real and 4 simulated studies and the same with noise added
(docs/quality.md).

Source: Immerkær, Comput Vis Image Underst 1996;64:300-2, doi:10.1006/cviu.1996.0060 (second
differences); here with a median in place of the mean
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.judgment import MEASURED, Question

LOWEST = 3.0
NOTHING = 0.6  # white noise alone gives 0.3 at the most
HIGHEST = 1000.0  # an image without any noise
SPREAD = (10, 90)  # percentiles
SPREAD_OF_NORMAL = 2.563  # between them, in standard deviations
AVERAGED_MM = 4.0
MEDIAN_OF_NORMAL = 0.6745  # median of |x|, in standard deviations
GAIN = 6.0  # of the mask of second differences: the root of the sum of its squared weights
FEWEST = 500  # voxels of brain

CONTRAST_TO_NOISE = Question("contrast-to-noise", Limit(LOWEST, None, "1", MEASURED))


def check_noise(sequence: MRSequence, image: Image, brain: NDArray[np.bool_]) -> QualityCheck:
    """Check contrast against noise in the brain (X, Y, Z), on the grid of the image."""
    if np.count_nonzero(brain) < FEWEST:
        return CONTRAST_TO_NOISE.unanswered("The image shows no brain.", sequence=sequence)
    figure = contrast_to_noise(image, brain)
    if figure < NOTHING:
        return CONTRAST_TO_NOISE.unanswered(
            "The image shows nothing but noise, or one gray everywhere in the brain.",
            sequence=sequence,
            figure=figure,
        )
    return CONTRAST_TO_NOISE.judge(
        figure,
        sequence=sequence,
        fine=f"Tissues differ by {figure:.3g} times the noise.",
        doubtful=f"Tissues differ by only {figure:.2g} times the noise: small and faint parts of "
        "the tumor may be missed.",
    )


def contrast_to_noise(image: Image, brain: NDArray[np.bool_]) -> float:
    """Spread of tissue over standard deviation of noise; 0 for an image of one value.

    Parameters
    ----------
    brain : (X, Y, Z)
        On the grid of the image, not empty.
    """
    box = bounding_box(brain)
    array, inside = image.array[box], brain[box]
    spacing = spacing_mm(image.affine)
    size = [max(1, round(AVERAGED_MM / step)) for step in spacing]
    smooth = block_means(array, size)[block_means(inside, size) == 1]
    if not smooth.size:
        return 0.0
    low, high = np.percentile(smooth, SPREAD)
    noise = noise_level(array, inside, spacing)
    if noise == 0:
        return HIGHEST * float(high > low)
    left = SPREAD_OF_NORMAL * noise / np.sqrt(np.prod(size))  # what noise adds to the spread
    contrast = np.sqrt(max((high - low) ** 2 - left**2, 0.0))
    return float(min(contrast / noise, HIGHEST))


def block_means(
    array: NDArray[np.float32] | NDArray[np.bool_], size: list[int]
) -> NDArray[np.float32]:
    """Average whole blocks of `size` voxels of an array (X, Y, Z)."""
    counts = [n // s for n, s in zip(array.shape, size, strict=True)]
    means = array.astype(np.float32, copy=False)
    for axis, (count, step) in enumerate(zip(counts, size, strict=True)):
        shape = (*means.shape[:axis], count, step, *means.shape[axis + 1 :])
        kept = means[(slice(None),) * axis + (slice(count * step),)]
        means = kept.reshape(shape).mean(axis=axis + 1)
    return means


def noise_level(
    array: NDArray[np.float32], inside: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> float:
    """Estimate the standard deviation of white noise in the plane of the finest voxels.

    Parameters
    ----------
    array, inside : (X, Y, Z)
        Intensities, and the voxels whose whole neighborhood in the plane counts.
    """
    across = int(spacing.argmax()) if np.ptp(spacing) > 1e-3 else 2
    values, mask = np.moveaxis(array, across, 0), np.moveaxis(inside, across, 0)
    rows = values[:, :-2] - 2 * values[:, 1:-1] + values[:, 2:]
    both = rows[:, :, :-2] - 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    whole = mask[:, :-2] & mask[:, 1:-1] & mask[:, 2:]
    whole = whole[:, :, :-2] & whole[:, :, 1:-1] & whole[:, :, 2:]
    if not whole.any():
        return 0.0
    return float(np.median(np.abs(both[whole])) / MEDIAN_OF_NORMAL / GAIN)
