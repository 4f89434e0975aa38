"""Lesions of a region: its connected parts, each with its size, place and diameters.

Voxels belong to one lesion if they touch by a face, an edge or a corner. Every part is listed,
however small; those below a minimum volume get no diameters.

Diameters lie in the acquired slices that are nearest to axial. Where these are tilted by more
than 30 degrees (`gliokit.core.geometry.axial_tilt_degrees`) they are no axial diameters, and
the caller must say so; `gliokit.measurement.axial` gives an axial reformat.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Diameter, Lesion, Quantity
from gliokit.core.geometry import Affine, bounding_box, canonical_axes, to_world
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.vocabulary import Label, Region, Side
from gliokit.measurement.chords import Chord
from gliokit.measurement.diameters import measure_lesion
from gliokit.measurement.volume import voxels_ml

# a choice, not a published limit: about the width of the midline structures (third ventricle,
# falx, corpus callosum in the median plane) and of the uncertainty of a midline from the brain
MIDLINE_TOLERANCE_MM = 5.0


def measure_lesions(
    label_map: LabelMap, region: Region, *, minimum_ml: float, midline_x_mm: float
) -> tuple[Lesion, ...]:
    """Measure every connected part of a region.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the grid they are measured on.
    region : Region
        The region whose parts are the lesions.
    minimum_ml : float
        Smaller lesions are listed without diameters; their slice is the one with most voxels.
    midline_x_mm : float
        Where the brain's midline lies, RAS+ mm. A lesion whose center of mass is within 5 mm of
        it is called midline; this is approximate, and says nothing of how far it extends.

    Returns
    -------
    tuple of Lesion
        By falling volume; of equal ones the more leftward, posterior, inferior comes first.
        Empty if the region is.
    """
    affine = label_map.affine
    lesions = [
        _measure_part(part, region, affine, minimum_ml=minimum_ml, midline_x_mm=midline_x_mm)
        for part in _connected_parts(label_map.array, region)
    ]
    lesions.sort(key=lambda lesion: (-lesion.voxels, lesion.center_mm))
    return tuple(
        replace(lesion, name=f"{region}-{number}") for number, lesion in enumerate(lesions, start=1)
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A connected part: its voxels in the box around it, and where that box begins."""

    mask: NDArray[np.bool_]
    enhancing_voxels: int
    corner: NDArray[np.int64]


def _connected_parts(labels: NDArray[np.uint8], region: Region) -> Iterator[_Part]:
    tumor = bounding_box(labels)
    labels = labels[tumor]
    mask = region_mask(labels, region)
    if not mask.any():
        return
    numbers = cc3d.connected_components(mask, connectivity=26)
    boxes = cc3d.statistics(numbers)["bounding_boxes"]
    for number, box in enumerate(boxes[1:], start=1):
        part = numbers[box] == number
        enhancing = int(np.count_nonzero(labels[box][part] == Label.ENHANCING))
        corner = [outer.start + inner.start for outer, inner in zip(tumor, box, strict=True)]
        yield _Part(part, enhancing, np.array(corner))


def _measure_part(
    part: _Part, region: Region, affine: Affine, *, minimum_ml: float, midline_x_mm: float
) -> Lesion:
    voxels = int(np.count_nonzero(part.mask))
    x, y, z = to_world(affine, np.argwhere(part.mask).mean(axis=0) + part.corner).tolist()
    axis = canonical_axes(affine)[0][2]
    voxels_per_slice = np.moveaxis(part.mask, axis, 0).sum(axis=(1, 2))
    lesion = Lesion(
        name="",  # numbered when all are known
        region=region,
        voxels=voxels,
        volume=Quantity(voxels_ml(voxels, affine), "mL"),
        enhancing_volume=Quantity(voxels_ml(part.enhancing_voxels, affine), "mL"),
        center_mm=(x, y, z),
        side=_side(x - midline_x_mm),
        slice_axis=axis,
        slice_index=int(part.corner[axis] + voxels_per_slice.argmax()),
    )
    return lesion if lesion.volume.value < minimum_ml else _with_diameters(lesion, part, affine)


def _side(x_mm: float) -> Side:
    if abs(x_mm) <= MIDLINE_TOLERANCE_MM:
        return Side.MIDLINE
    return Side.RIGHT if x_mm > 0 else Side.LEFT


def _with_diameters(lesion: Lesion, part: _Part, affine: Affine) -> Lesion:
    measured = measure_lesion(part.mask, affine)
    within = affine.copy()
    within[:3, 3] = to_world(affine, part.corner)
    longest, perpendicular = (
        diameter_in_world(chord, measured.axis, measured.index, within)
        for chord in (measured.diameters.longest, measured.diameters.perpendicular)
    )
    return replace(
        lesion,
        slice_index=int(part.corner[measured.axis]) + measured.index,
        longest=longest,
        perpendicular=perpendicular,
        product=Quantity(measured.diameters.product_mm2, "mm2"),
    )


def diameter_in_world(chord: Chord, axis: int, index: int, affine: Affine) -> Diameter:
    """Place a chord of slice `index` along voxel axis `axis` in the patient."""
    ends = np.insert(np.array([chord.start, chord.end]), axis, index, axis=1)
    start, end = to_world(affine, ends).tolist()
    return Diameter(Quantity(chord.length_mm, "mm"), tuple(start), tuple(end))
