"""Where the tumor lies: side, lobes, place in the brain, distance to ventricles and surface.

Distances run between voxel centers in mm, along the shortest way: a voxel beside the ventricles is
one voxel away, one inside them 0. The distance to the midline is the one to the nearest
voxel of the other half of the brain.

What is not known is not made up: without ventricles, halves or lobes, and for an absent part of the
tumor, features are `nan`. Names of distances to ventricles are those of the TCGA tables in lower
case; shares run from 0 to 1, where the tables have percent.

Assumed: lobe shares are those of the whole tumor; distances to surface and midline are those
of the core, or of edema where there is no core.

Source: Macyszyn et al., Neuro Oncol 2016;18:417-25, doi:10.1093/neuonc/nov127; Davatzikos et al.,
J Med Imaging 2018;5:011018, doi:10.1117/1.JMI.5.1.011018 (CaPTk: mean of the 100 smallest
distances)
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError
from gliokit.core.geometry import Affine, bounding_box, canonical_axes, spacing_mm
from gliokit.core.vocabulary import Label
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.nearest_voxel import distances_mm
from gliokit.radiomics.volume_ratios import PARTS

NEAREST = 100  # voxels


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The brain on the grid of the tumor.

    Attributes
    ----------
    affine : (4, 4)
        Voxel index to RAS+ mm.
    brain : (X, Y, Z)
        Brain, tumor included.
    ventricles : (X, Y, Z), optional
        Lateral and third ventricles.
    right : (X, Y, Z), optional
        The patient's right half of the brain; the rest of the brain is the left half.
    lobes : (X, Y, Z), optional
        `Lobe` of each voxel.

    Raises
    ------
    GeometryError
        If shapes differ.
    ImageError
        If the brain is empty.
    """

    affine: Affine
    brain: NDArray[np.bool_] = field(repr=False)
    ventricles: NDArray[np.bool_] | None = field(default=None, repr=False)
    right: NDArray[np.bool_] | None = field(default=None, repr=False)
    lobes: NDArray[np.integer] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("ventricles", "right", "lobes"):
            mask = getattr(self, name)
            if mask is not None and mask.shape != self.brain.shape:
                raise GeometryError(
                    f"{name} have shape {mask.shape}, the brain {self.brain.shape}; resample them"
                )
        if not self.brain.any():
            raise ImageError("the brain mask is empty; give the brain of the study")


_CAPTK, _OURS = "CaPTk", "gliokit"
DEFINITIONS = (
    *(
        Definition(
            f"dist_vent_{part}{end}", f"{title} distance of {name} to ventricles", "mm", "", by
        )
        for part, name in (("tc", "tumor core"), ("ed", "edema"))
        for end, title, by in (("", "Mean of the smallest", _CAPTK), ("_min", "Smallest", _OURS))
    ),
    Definition("dist_surface_min", "Smallest distance to the brain's surface", "mm", "", _OURS),
    Definition("dist_surface_mean", "Mean distance to the brain's surface", "mm", "", _OURS),
    Definition("dist_midline_min", "Smallest distance to the midline", "mm", "", _OURS),
    Definition("dist_midline_mean", "Mean distance to the midline", "mm", "", _OURS),
    Definition(
        "center_right", "Center of mass: from the left (0) to the right (1)", "1", "", _OURS
    ),
    Definition(
        "center_front", "Center of mass: from the back (0) to the front (1)", "1", "", _OURS
    ),
    Definition("center_top", "Center of mass: from the bottom (0) to the top (1)", "1", "", _OURS),
    Definition("share_right", "Share of the whole tumor in the right half", "1", "", _OURS),
    Definition("laterality", "(right - left) / (right + left) of the whole tumor", "1", "", _OURS),
    *(
        Definition(
            f"spatial_{lobe.name.lower()}",
            f"Share of the whole tumor in {lobe.name.lower().replace('_', ' ')}",
            "1",
            "",
            _CAPTK,
        )
        for lobe in Lobe
    ),
)


def describe_location(
    labels: NDArray[np.integer], anatomy: Anatomy, *, nearest: int = NEAREST
) -> dict[str, float]:
    """Describe where a tumor lies.

    Parameters
    ----------
    labels : (X, Y, Z)
        `Label` of each voxel.
    nearest : int
        Voxels whose distances to the ventricles are averaged; fewer if the part has fewer.

    Raises
    ------
    GeometryError
        If labels have another shape than the brain.
    """
    if labels.shape != anatomy.brain.shape:
        raise GeometryError(
            f"labels have shape {labels.shape}, the brain {anatomy.brain.shape}; resample one"
        )
    core, whole = np.isin(labels, PARTS["tc"]), np.isin(labels, PARTS["wt"])
    edema = labels == Label.EDEMA
    part = core if core.any() else edema
    described = (
        *_smallest(ventricle_distances_mm(core, anatomy), nearest),
        *_smallest(ventricle_distances_mm(edema, anatomy), nearest),
        *_least_and_mean(surface_distances_mm(part, anatomy)),
        *_least_and_mean(midline_distances_mm(part, anatomy)),
        *_center(whole, anatomy),
        *_sides(whole, anatomy),
        *_lobe_shares(whole, anatomy.lobes),
    )
    return {
        definition.name: float(value)
        for definition, value in zip(DEFINITIONS, described, strict=True)
    }


def ventricle_distances_mm(mask: NDArray[np.bool_], anatomy: Anatomy) -> NDArray[np.float64]:
    """Distance of voxels to the ventricles, (N,); `nan` if there are none, or none known."""
    if anatomy.ventricles is None:
        return np.full(np.count_nonzero(mask), math.nan)
    return distances_mm(mask, anatomy.ventricles, spacing_mm(anatomy.affine))


def surface_distances_mm(mask: NDArray[np.bool_], anatomy: Anatomy) -> NDArray[np.float64]:
    """Distance of voxels to the nearest outside the brain, (N,); beyond the image is outside."""
    outside = np.pad(~anatomy.brain, 1, constant_values=True)
    return distances_mm(np.pad(mask, 1), outside, spacing_mm(anatomy.affine))


def midline_distances_mm(mask: NDArray[np.bool_], anatomy: Anatomy) -> NDArray[np.float64]:
    """Distance of voxels to the nearest of the other half of the brain, (N,).

    `nan` if that half is empty, or halves are not known.
    """
    distances = np.full(mask.shape, math.nan)
    if anatomy.right is not None:
        spacing = spacing_mm(anatomy.affine)
        for half in (anatomy.right, ~anatomy.right):
            here = mask & half
            distances[here] = distances_mm(here, anatomy.brain & ~half, spacing)
    return distances[mask]


def _smallest(distances: NDArray[np.float64], number: int) -> tuple[float, float]:
    """Give the mean of so many smallest distances, and the smallest."""
    if not distances.size:
        return math.nan, math.nan
    ordered = np.sort(distances)
    return float(ordered[:number].mean()), float(ordered[0])


def _least_and_mean(distances: NDArray[np.float64]) -> tuple[float, float]:
    if not distances.size:
        return math.nan, math.nan
    return float(distances.min()), float(distances.mean())


def _center(mask: NDArray[np.bool_], anatomy: Anatomy) -> list[float]:
    """Give the place of the center of mass between the ends of the brain, along R, A and S."""
    if not mask.any():
        return [math.nan] * 3
    axes, flipped = canonical_axes(anatomy.affine)
    center, box = np.argwhere(mask).mean(axis=0), bounding_box(anatomy.brain)
    places = []
    for axis, backwards in zip(axes, flipped, strict=True):
        # from the outer face of the first voxel to that of the last
        share = (center[axis] + 0.5 - box[axis].start) / (box[axis].stop - box[axis].start)
        places.append(1 - share if backwards else share)
    return places


def _sides(mask: NDArray[np.bool_], anatomy: Anatomy) -> tuple[float, float]:
    if anatomy.right is None or not mask.any():
        return math.nan, math.nan
    share = np.count_nonzero(mask & anatomy.right) / np.count_nonzero(mask)
    return share, 2 * share - 1


def _lobe_shares(mask: NDArray[np.bool_], lobes: NDArray[np.integer] | None) -> list[float]:
    if lobes is None or not mask.any():
        return [math.nan] * len(Lobe)
    inside = lobes[mask]
    return [np.count_nonzero(inside == lobe) / len(inside) for lobe in Lobe]
