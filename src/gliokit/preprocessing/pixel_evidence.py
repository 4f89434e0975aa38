"""What the pixels of a series say about its kind: fluid, and enhancement between two T1.

Fluid deep in the head makes a bright tail on T2 and a dark one on T1 and FLAIR. An agent
brightens few voxels of a T1 much. Series lie where their headers say; nothing is registered.
Up to four stripped images on one grid are judged by `gliokit.preprocessing.contrast`, and so are
up to four of a whole head once they are stripped; more whole heads are not told apart by pixels.

Source: gliokit's own; the weights are assumed, looked at on ten simulated and one real head.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import spacing_mm
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.brain_extraction import extract_brain
from gliokit.preprocessing.carry import carry_image
from gliokit.preprocessing.contrast import FARTHEST, read_contrast_model
from gliokit.preprocessing.grids import grid_of_spacing
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras

LOOK_MM = 2.0  # voxels of what is stripped to be judged
MM = 4.0  # steps of the world grid that is looked at
HEAD_SHARE = 0.12  # of the 98th percentile, below which is air
DEEP_SHARE = 0.5  # of the greatest depth below the skin
TAILS = (3, 97)  # percentiles
ENHANCED = 98  # percentile
FEWEST = 50  # voxels
STRIPPED_WEIGHT = 6.0  # nats between certain and impossible, assumed


def fluid_tail(image: Image) -> float:
    """Log ratio of the bright to the dark tail deep in the head; nan without a head."""
    array = _smooth(image)
    step = [max(1, round(MM / mm)) for mm in spacing_mm(image.affine)]
    array = array[:: step[0], :: step[1], :: step[2]]
    head = ndimage.binary_fill_holes(array > HEAD_SHARE * np.percentile(array, 98))
    sampling = spacing_mm(image.affine) * step
    depth = ndimage.distance_transform_edt(np.pad(head, 1), sampling)[1:-1, 1:-1, 1:-1]
    deep = array[depth > DEEP_SHARE * depth.max()] if head.any() else array[:0]
    if deep.size < FEWEST:
        return float("nan")
    low, middle, high = np.percentile(deep, (TAILS[0], 50, TAILS[1]))
    if not low < middle < high:
        return float("nan")
    return float(np.log((high - middle) / (middle - low)))


def enhancement(image: Image, other: Image) -> float:
    """Upper against lower tail of the log ratio of two T1; positive if `image` enhances.

    Antisymmetric up to interpolation; nan where the two share too few voxels of a head.
    """
    first, second = _smooth(image), _smooth(other)
    across = np.linalg.inv(other.affine) @ image.affine
    there = ndimage.affine_transform(
        second, across[:3, :3], across[:3, 3], output_shape=first.shape, order=1
    )
    both = (first > HEAD_SHARE * np.percentile(first, 98)) & (
        there > HEAD_SHARE * np.percentile(second, 98)
    )
    if np.count_nonzero(both) < FEWEST:
        return float("nan")
    ratio = np.log(first[both] / there[both])
    low, middle, high = np.percentile(ratio, (100 - ENHANCED, 50, ENHANCED))
    return float((high - middle) - (middle - low))


def head_log_odds(images: Mapping[int, Image]) -> dict[int, dict[MRSequence, float]]:
    """Judge up to four images of a whole head as stripped ones: on one grid, where they lie.

    Empty for any other study, and where no brain is found.
    """
    if not 0 < len(images) <= len(MRSequence):
        return {}
    finest = min(images, key=lambda number: float(spacing_mm(images[number].affine).max()))
    grid = grid_of_spacing(images[finest].grid, LOOK_MM)
    carried = {n: carry_image(image, np.eye(4), grid) for n, image in images.items()}
    try:
        brain = extract_brain(carried[finest])
    except NotAssessableError:
        return {}
    nothing = np.float32(0)
    return stripped_log_odds(
        {n: replace(i, array=np.where(brain, i.array, nothing)) for n, i in carried.items()}
    )


def stripped_log_odds(images: Mapping[int, Image]) -> dict[int, dict[MRSequence, float]]:
    """Judge up to four stripped images on one grid; empty for any other study."""
    names = dict(zip(images, MRSequence, strict=False))  # mere places: the judge ignores names
    first = next(iter(images.values()), None)
    if first is None or len(images) > len(names):
        return {}
    if any(first.grid.difference(image.grid) for image in images.values()):
        return {}
    affine = first.affine
    turned = {names[n]: turn_to_ras(image.array, affine) for n, image in images.items()}
    steps_mm = spacing_mm(grid_in_ras(first.grid).affine)
    try:
        brain = stripped_brain(turned.values())
        check_brain(turn_from_ras(brain, affine), affine, study_id="of series")
        judged = read_contrast_model().judge(turned, brain, steps_mm)
    except NotAssessableError:  # whole heads, or no brain
        return {}
    return {
        n: {s: STRIPPED_WEIGHT * share for s, share in judged[name].posterior.items()}
        for n, name in names.items()
        if judged[name].distance <= FARTHEST
    }


def _smooth(image: Image) -> NDArray[np.float32]:
    wider = np.maximum((MM / spacing_mm(image.affine)) ** 2 - 1, 0)
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(image.array, np.sqrt(wider) / 2.355)
    return smooth
