"""What normal tissue looks like in an image of the study, to hold the tumor against.

Normal white matter is what the anatomy calls white, a few millimeters away from the tumor; its
level is a median, its spread the median absolute deviation, scaled to a standard deviation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.measurement.vasari.evidence import Scene

LEAST_ML = 1.0  # of a tissue, to have a level (assumed)
TO_SD = 1.4826  # of a median absolute deviation, for a normal distribution


@dataclass(frozen=True, slots=True)
class Level:
    """Median and spread of a tissue in an image's unit."""

    median: float
    sd: float


def level_of(image: NDArray[np.float32], tissue: NDArray[np.bool_], scene: Scene) -> Level | None:
    """Measure a tissue in an image; None where it is too small, or its median is not above 0.

    Voxels without a finite value do not count.
    """
    values = image[tissue]
    values = values[np.isfinite(values)]
    if scene.ml(tissue) < LEAST_ML or len(values) == 0:
        return None
    median = float(np.median(values))
    return Level(median, TO_SD * float(np.median(np.abs(values - median)))) if median > 0 else None


def normal_white(scene: Scene) -> NDArray[np.bool_] | None:
    """Find white matter away from the tumor, (X, Y, Z); None without anatomy."""
    return None if scene.anatomy is None else scene.anatomy.white & scene.away


def normal_brain(scene: Scene) -> NDArray[np.bool_] | None:
    """Find brain away from the tumor, (X, Y, Z); None where the brain is not known."""
    return None if scene.brain is None else scene.brain & scene.away
