"""The brain in a skull-stripped study, and whether what is there can be one.

A stripped image is constant (nearly always 0) outside the brain. The mask is the largest
part, in any sequence, that differs from that constant, with its holes filled.

The bounds are wide: an adult brain with its CSF has 1.1-1.8 L (Courchesne et al., Radiology
2000;216:672-82).
"""

from collections.abc import Iterable, Sequence

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Affine, bounding_box, spacing_mm, voxel_volume_mm3

SMALLEST_L, LARGEST_L = 0.6, 2.6
SHORTEST_MM, LONGEST_MM = 70, 240  # of the mask along each axis
FULLEST = 0.85  # share of the image; a brain fills about half of its tightest box
MM3_PER_L = 1e6
LOOK_STEP = 2  # voxels; enough to see whether images are stripped


def stripped_brain(images: Iterable[NDArray[np.float32]]) -> NDArray[np.bool_]:
    """Find the brain in the images (X, Y, Z) of one grid, as a mask (X, Y, Z)."""
    first, *others = images
    foreground = first != background_value(first)
    for image in others:
        foreground |= image != background_value(image)
    return filled_largest(foreground)


def filled_largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest part of a mask (X, Y, Z), and fill what it encloses."""
    return filled(cc3d.largest_k(mask.view(np.uint8), k=1, connectivity=6).astype(bool))


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what a mask (X, Y, Z) encloses."""
    if not mask.any():
        return mask
    whole = mask.copy()
    box = bounding_box(mask)
    whole[box] |= _holes(mask[box])
    return whole


def background_value(image: NDArray[np.float32]) -> float:
    """Give the commonest value at the eight corners of an image (X, Y, Z)."""
    corners = image[np.ix_(*[(0, -1)] * 3)].ravel()
    values, counts = np.unique(corners, return_counts=True)
    return float(values[counts.argmax()])


def is_stripped(images: Sequence[NDArray[np.float32]], affine: Affine) -> bool:
    """Tell whether images (X, Y, Z) of one grid show a brain on a constant background."""
    every = (slice(None, None, LOOK_STEP),) * 3
    brain = stripped_brain(image[every] for image in images)
    try:
        check_brain(brain, affine @ np.diag([LOOK_STEP] * 3 + [1]), study_id="that is looked at")
    except NotAssessableError:
        return False
    return True


def check_brain(mask: NDArray[np.bool_], affine: Affine, *, study_id: str) -> None:
    """Refuse what cannot be a skull-stripped brain.

    Raises
    ------
    NotAssessableError
        If the mask (X, Y, Z) has the wrong volume or extent, or fills the image.
    """
    if mask.mean() > FULLEST:
        raise NotAssessableError(
            f"study {study_id} shows tissue in {mask.mean():.0%} of the image; needed is a "
            f"skull-stripped brain on a constant background: strip it first"
        )
    liters = np.count_nonzero(mask) * voxel_volume_mm3(affine) / MM3_PER_L
    if not SMALLEST_L <= liters <= LARGEST_L:
        kind = "a whole head or another body part" if liters > LARGEST_L else "too little brain"
        raise NotAssessableError(
            f"study {study_id} shows {liters:.2f} L of tissue, {kind}; needed is a skull-stripped "
            f"brain of {SMALLEST_L:g} to {LARGEST_L:g} L on a constant background: strip it first"
        )
    extent = extent_mm(mask, affine)
    if min(extent) < SHORTEST_MM or max(extent) > LONGEST_MM:
        size = " × ".join(f"{length:.0f}" for length in extent)
        raise NotAssessableError(
            f"study {study_id} shows tissue of {size} mm, which is no whole brain; needed is "
            f"{SHORTEST_MM} to {LONGEST_MM} mm along each axis: check the spacing in the header"
        )


def _holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Background that is enclosed: parts of it that touch no face of the box (X, Y, Z)."""
    parts = cc3d.connected_components((~mask).view(np.uint8), connectivity=6)
    enclosed = np.ones(int(parts.max()) + 1, dtype=bool)
    enclosed[0] = False  # the mask itself
    for axis in range(3):
        for face in (0, -1):
            enclosed[parts.take(face, axis=axis)] = False
    return enclosed[parts]


def extent_mm(mask: NDArray[np.bool_], affine: Affine) -> tuple[float, float, float]:
    """Length of the mask along each voxel axis in mm; 0 for an empty mask."""
    x, y, z = (
        (part.stop - (part.start or 0)) * step
        for part, step in zip(bounding_box(mask), spacing_mm(affine), strict=True)
    )
    return x, y, z
