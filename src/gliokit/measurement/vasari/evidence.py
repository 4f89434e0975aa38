"""What a study offers to the scoring of VASARI, and the same cut to the brain and taken apart.

Only the label map must be there. A feature that needs more and does not get it has no score.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from gliokit.core.errors import GeometryError, LabelError
from gliokit.core.geometry import (
    Affine,
    Box,
    bounding_box,
    spacing_mm,
    to_world,
    voxel_volume_mm3,
)
from gliokit.core.image import Image, LabelMap, region_mask
from gliokit.core.vocabulary import Label, MRSequence, Region, Side
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.volume import MM3_PER_ML

MARGIN = 2  # voxels left around the brain, so that shapes do not touch the border
AWAY_MM = 5.0  # from the tumor, where tissue is taken to be normal (assumed)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A study as VASARI looks at it; everything lies on the grid of the label map.

    Attributes
    ----------
    labels : LabelMap
        Labels of `gliokit.core.vocabulary.Label`.
    images : mapping of MRSequence to Image
        Any sequences, brain stripped or not.
    brain : (X, Y, Z), optional
        The brain, tumor included.
    anatomy : Anatomy, optional
        Parts of the brain.
    adc : Image, optional
        Apparent diffusion coefficient, any unit; at most 0 or `nan` where unknown.
    head : Image, optional
        T1 before contrast with the skull.
    dominant_side : Side, optional
        Hemisphere of speech; left in most people, but never taken for granted.
    before_surgery : Evidence, optional
        The visit before the operation, on a grid of its own: then `labels` are those after it.
    """

    labels: LabelMap
    images: Mapping[MRSequence, Image] = field(default_factory=dict, repr=False)
    brain: NDArray[np.bool_] | None = field(default=None, repr=False)
    anatomy: Anatomy | None = None
    adc: Image | None = None
    head: Image | None = None
    dominant_side: Side | None = None
    before_surgery: "Evidence | None" = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A study cut to its brain, (X, Y, Z) each.

    Attributes
    ----------
    enhancing, core, edema : (X, Y, Z)
        Voxels of each label; the core is necrosis and tumor that does not enhance, mixed.
    solid, whole : (X, Y, Z)
        Enhancing and core; with edema.
    away : (X, Y, Z)
        More than 5 mm from the tumor.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    images, brain, anatomy, adc, dominant_side
        As of `Evidence`.
    """

    enhancing: NDArray[np.bool_] = field(repr=False)
    core: NDArray[np.bool_] = field(repr=False)
    edema: NDArray[np.bool_] = field(repr=False)
    solid: NDArray[np.bool_] = field(repr=False)
    whole: NDArray[np.bool_] = field(repr=False)
    away: NDArray[np.bool_] = field(repr=False)
    affine: Affine
    images: Mapping[MRSequence, NDArray[np.float32]] = field(repr=False)
    brain: NDArray[np.bool_] | None = field(repr=False)
    anatomy: Anatomy | None
    adc: NDArray[np.float32] | None = field(repr=False)
    dominant_side: Side | None

    @property
    def spacing_mm(self) -> NDArray[np.float64]:
        """Distance between voxels along each axis, (3,) in mm."""
        return spacing_mm(self.affine)

    def ml(self, mask: NDArray[np.bool_]) -> float:
        """Volume of a region in mL."""
        return float(np.count_nonzero(mask)) * voxel_volume_mm3(self.affine) / MM3_PER_ML

    def points_mm(self, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Where the voxels of a region lie, (n, 3) in RAS+ mm."""
        return to_world(self.affine, np.argwhere(mask))

    def missing(self, *sequences: MRSequence) -> str:
        """Name those sequences that are not there; empty if all are."""
        return " and ".join(name for name in sequences if name not in self.images)


def look_at(evidence: Evidence) -> Scene:
    """Check the evidence, cut it to the brain, and take the tumor apart.

    Raises
    ------
    GeometryError
        If something lies on another grid than the labels.
    LabelError
        If the label map has values that are no labels.
    """
    check_evidence(evidence)
    labels = evidence.labels
    inside = labels.array > 0
    if evidence.brain is not None:
        inside = inside | evidence.brain
    box = _with_margin(bounding_box(inside), labels.array.shape)
    affine = labels.affine.copy()
    affine[:3, 3] = to_world(labels.affine, [side.start for side in box])
    cut = labels.array[box]
    whole = region_mask(cut, Region.WHOLE_TUMOR)
    return Scene(
        enhancing=cut == Label.ENHANCING,
        core=cut == Label.NECROTIC_CORE,
        edema=cut == Label.EDEMA,
        solid=region_mask(cut, Region.TUMOR_CORE),
        whole=whole,
        away=_away(whole, spacing_mm(affine)),
        affine=affine,
        images={name: image.array[box] for name, image in evidence.images.items()},
        brain=None if evidence.brain is None else evidence.brain[box],
        anatomy=None if evidence.anatomy is None else evidence.anatomy.cut(box),
        adc=None if evidence.adc is None else evidence.adc.array[box],
        dominant_side=evidence.dominant_side,
    )


def check_evidence(evidence: Evidence) -> None:
    """Refuse evidence that does not lie on the grid of its labels.

    Raises
    ------
    GeometryError, LabelError
        As `look_at`.
    """
    labels = evidence.labels
    if labels.array.size and int(labels.array.max()) > max(Label):
        raise LabelError(
            f"{labels.source} holds the value {int(labels.array.max())}; needed labels 0 to "
            f"{max(Label):d}, convert it first"
        )
    images = [*evidence.images.values(), evidence.adc, evidence.head]
    for image in images:
        if image is not None and (difference := labels.grid.difference(image.grid)):
            raise GeometryError(
                f"grids of {labels.source} and {image.source} differ: {difference}; bring the "
                "image to the grid of the labels"
            )
    for name, shape in _shapes(evidence):
        if shape != labels.array.shape:
            raise GeometryError(
                f"{name} has {shape} voxels, {labels.source} has {labels.array.shape}; bring it "
                "to the grid of the labels"
            )


def largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest connected part of a region; voxels touch by face, edge or corner."""
    if not mask.any():
        return mask
    return cc3d.largest_k(mask.view(np.uint8), k=1, connectivity=26).astype(bool)


def parts(mask: NDArray[np.bool_], least_voxels: float = 1) -> Iterator[NDArray[np.bool_]]:
    """Give every connected part of a region that is large enough, the largest first."""
    numbers, _ = cc3d.connected_components(mask, connectivity=26, return_N=True)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    for number in np.argsort(-sizes, kind="stable"):
        if sizes[number] < max(least_voxels, 1):
            return
        yield numbers == number


def _away(tumor: NDArray[np.bool_], spacing_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    if not tumor.any():
        return ~tumor
    return np.asarray(distance_transform_edt(~tumor, sampling=spacing_mm) > AWAY_MM)


def _shapes(evidence: Evidence) -> Iterator[tuple[str, tuple[int, ...]]]:
    if evidence.brain is not None:
        yield "the brain", evidence.brain.shape
    if evidence.anatomy is not None:
        for name in ("ventricles", "white", "cortex", "lobes"):
            yield f"anatomy ({name})", getattr(evidence.anatomy, name).shape


def _with_margin(box: Box, shape: tuple[int, ...]) -> Box:
    """Widen a box within the grid; of an empty one a single voxel is left."""
    if any(side.stop == 0 for side in box):
        return tuple(slice(0, 1) for _ in shape)
    return tuple(
        slice(max(side.start - MARGIN, 0), min(side.stop + MARGIN, size))
        for side, size in zip(box, shape, strict=True)
    )
