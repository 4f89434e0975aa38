"""Size of one lesion at one visit, as a protocol says: diameters, volume, measurable or not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Diameter
from gliokit.core.geometry import Affine, axial_tilt_degrees, spacing_mm
from gliokit.measurement.axial import AxialView, Plane, axial_view
from gliokit.measurement.diameters import USUAL as USUAL_CALIPERS
from gliokit.measurement.diameters import Calipers, SliceChoice, measure_lesion
from gliokit.measurement.lesion_matching import USUAL as USUAL_MATCHING
from gliokit.measurement.lesion_matching import Matching
from gliokit.measurement.lesions import diameter_in_world
from gliokit.measurement.measurability import (
    Measurability,
    SizeRule,
    SliceReading,
    judge_size,
)
from gliokit.measurement.volume import volume_ml

SIZE_NOT_ASKED = Measurability(
    True, None, "lengths are in voxels, since the millimeters are not known; no least size is asked"
)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How lesions are chosen, followed and measured.

    Attributes
    ----------
    rule : SizeRule
        The criterion's clauses on size.
    targets : int or None
        Largest number of targets; None for that of the rule.
    slices : SliceReading
        What "visible on two slices" asks for.
    choice : SliceChoice
        By what the slice of a lesion is chosen.
    calipers : Calipers
        How diameters are taken.
    matching : Matching
        What counts as the same place at two visits.
    millimeters : bool
        False if those of the images are false, as after an export that lost the spacing: then
        lengths are in voxels, products in voxels squared and volumes in thousands of voxels, no
        least size is asked for, and the slices are taken as they are.
    """

    rule: SizeRule
    targets: int | None = None
    slices: SliceReading = SliceReading.VISIBLE
    choice: SliceChoice = SliceChoice.PRODUCT
    calipers: Calipers = USUAL_CALIPERS
    matching: Matching = USUAL_MATCHING
    millimeters: bool = True

    @property
    def most_targets(self) -> int:
        """Largest number of targets."""
        return self.rule.targets if self.targets is None else self.targets


@dataclass(frozen=True, slots=True)
class LesionSize:
    """A connected lesion at one visit.

    Attributes
    ----------
    number : int
        In the visit's map.
    name : str
        Through time; of merged lesions all, as in L1+L2.
    longest, perpendicular : Diameter
        In the slice that is measured.
    product_mm2, volume_ml : float
        Of the two diameters; of the whole lesion.
    measurability : Measurability
        By the rule of the protocol.
    measured_on : str
        Sentence that says which slices were measured.
    """

    number: int
    name: str
    longest: Diameter
    perpendicular: Diameter
    product_mm2: float
    volume_ml: float
    measurability: Measurability
    measured_on: str


def measure_size(
    mask: NDArray[np.bool_], affine: Affine, protocol: Protocol, *, number: int = 1, name: str = ""
) -> LesionSize:
    """Measure one lesion.

    Parameters
    ----------
    mask : (X, Y, Z)
        The lesion.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    protocol : Protocol
        How it is measured.
    number, name
        As they are to stand in the result.

    Raises
    ------
    NotAssessableError
        If the lesion is empty.
    """
    view = axial_view(mask, affine) if protocol.millimeters else _in_voxels(mask, affine)
    found = measure_lesion(
        view.mask, view.affine, choice=protocol.choice, calipers=protocol.calipers
    )
    longest, perpendicular = (
        diameter_in_world(
            chord, found.axis, found.index, view.affine if protocol.millimeters else affine
        )
        for chord in (found.diameters.longest, found.diameters.perpendicular)
    )
    size = LesionSize(
        number=number,
        name=name,
        longest=longest,
        perpendicular=perpendicular,
        product_mm2=found.diameters.product_mm2,
        volume_ml=volume_ml(mask, affine),
        measurability=SIZE_NOT_ASKED,
        measured_on=view.sentence,
    )
    if not protocol.millimeters:
        return _told_in_voxels(size, volume_ml(view.mask, view.affine))
    judged = judge_size(view, protocol.rule, reading=protocol.slices, calipers=protocol.calipers)
    return replace(size, measurability=judged)


def _told_in_voxels(size: LesionSize, thousands: float) -> LesionSize:
    longest, perpendicular = (
        replace(diameter, length=replace(diameter.length, unit="1"))
        for diameter in (size.longest, size.perpendicular)
    )
    return replace(size, longest=longest, perpendicular=perpendicular, volume_ml=thousands)


def _in_voxels(mask: NDArray[np.bool_], affine: Affine) -> AxialView:
    """Show a lesion on its own slices, with voxels of side 1."""
    unit = affine.copy()
    unit[:3, :3] /= spacing_mm(affine)
    return AxialView(mask, unit, Plane.ACQUIRED, axial_tilt_degrees(affine), 1.0)
