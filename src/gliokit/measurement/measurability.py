"""Whether a lesion is measurable, by the clauses of each criterion.

A lesion is measurable if it is large enough in both diameters, is seen on enough slices, and is
large enough for the distance of the slices. Each criterion is a row of `SIZE_RULES`, each of its
clauses marked with where it was read; the papers themselves could not be opened in full. Lengths
are compared with a tolerance of a millionth of a millimeter: 10 mm is at least 10 mm.

Where a clause can be read in two ways, the reading is an argument: "visible on two slices" may mean
that any of it is seen there, or that it has its 10 mm by 10 mm on both. What lies inside an
enhancing rim counts as `SizeRule.interior` says, or as the caller chooses.

Limits: "clearly defined margins" is a reader's judgement. A mask has a margin anyway.

Source: Macdonald et al., J Clin Oncol 1990;8:1277-80, doi:10.1200/JCO.1990.8.7.1277; Wen et al.,
J Clin Oncol 2010;28:1963-72, doi:10.1200/JCO.2009.26.3541; van den Bent et al., Lancet Oncol
2011;12:583-93, doi:10.1016/S1470-2045(11)70057-2; Okada et al., Lancet Oncol 2015;16:e534-42,
doi:10.1016/S1470-2045(15)00088-1; Ellingson et al., Neurotherapeutics 2017;14:307-20,
doi:10.1007/s13311-016-0507-6; Wen et al., J Clin Oncol 2023;41:5187-99, doi:10.1200/JCO.23.01059;
sizes and slices as a review's table gives them, doi:10.1093/noajnl/vdad118, table 1; those of RANO
2.0 and numbers of targets as another does, doi:10.1007/s11604-025-01821-6.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import canonical_axes, spacing_mm
from gliokit.core.vocabulary import Label
from gliokit.measurement.axial import AxialView
from gliokit.measurement.diameters import USUAL, Calipers, Diameters, measure_slice
from gliokit.measurement.response.vocabulary import Component, Evidence

TOLERANCE_MM = 1e-6


class Interior(StrEnum):
    """What of the inside of an enhancing rim a diameter may cross."""

    EXCLUDED = "enhancing tumor only"
    NECROSIS = "enhancing tumor and the necrotic core"
    NECROSIS_AND_CAVITY = "enhancing tumor, the necrotic core and the cavity"


class SliceReading(StrEnum):
    """What "visible on two or more slices" asks of each slice."""

    VISIBLE = "any of the lesion"
    LARGE_ENOUGH = "both diameters of the minimum"


MEASURED_LABELS: MappingProxyType[Interior, frozenset[Label]] = MappingProxyType(
    {
        Interior.EXCLUDED: frozenset({Label.ENHANCING}),
        Interior.NECROSIS: frozenset({Label.ENHANCING, Label.NECROTIC_CORE}),
        Interior.NECROSIS_AND_CAVITY: frozenset(
            {Label.ENHANCING, Label.NECROTIC_CORE, Label.CAVITY}
        ),
    }
)
# T2/FLAIR disease; the cavity is excluded as fluid [a review's table lists it as not measurable]
NONENHANCING_LABELS = frozenset({Label.ENHANCING, Label.NECROTIC_CORE, Label.EDEMA})


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a criterion: its name, what it says in our words, where it was read."""

    name: str
    text: str
    evidence: tuple[Evidence, ...]


SMALLEST = Clause(
    "smallest size",
    "both diameters of at least 10 mm",
    (Evidence.REVIEW,),
)
NO_SMALLEST = Clause("smallest size", "none is stated", (Evidence.REVIEW,))
TWO_SLICES = Clause("slices", "seen on two or more axial slices", (Evidence.REVIEW,))
THICKNESS = Clause(
    "slice thickness",
    "with slices more than 5 mm apart, gaps counted, both diameters of at least twice that "
    "distance",
    (Evidence.REVIEW, Evidence.MEMORY),
)


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What a criterion asks of a lesion before its size counts.

    Attributes
    ----------
    name : str
        The criterion.
    smallest, slices, thickness : Clause
        Clauses, as they are told to the reader.
    minimum_mm : float
        Least length of both diameters; 0 where the criterion states none.
    least_slices : int
        Slices it must be seen on.
    thin_mm, per_slice : float
        Slices further apart than `thin_mm` ask for diameters of `per_slice` times their distance;
        at 5 mm both ways of reading the clause, "less than 5" and "at most 5", ask for 10 mm.
    interior, interior_evidence
        What a diameter may cross, and where that was read.
    targets : int
        Largest number of target lesions.
    targets_evidence : tuple of Evidence
        Where that was read.
    component : Component
        Part of the tumor that the criterion measures first.
    """

    name: str
    smallest: Clause = SMALLEST
    slices: Clause = TWO_SLICES
    thickness: Clause = THICKNESS
    minimum_mm: float = 10.0
    least_slices: int = 2
    thin_mm: float = 5.0
    per_slice: float = 2.0
    interior: Interior = Interior.EXCLUDED
    interior_evidence: tuple[Evidence, ...] = (Evidence.MEMORY,)
    targets: int = 5
    targets_evidence: tuple[Evidence, ...] = (Evidence.MEMORY,)
    component: Component = Component.ENHANCING

    def needed_mm(self, slice_mm: float) -> float:
        """Give the least length of both diameters for a distance of slices."""
        if slice_mm <= self.thin_mm + TOLERANCE_MM:
            return self.minimum_mm
        return max(self.minimum_mm, self.per_slice * slice_mm)


def _marked(clause: Clause, *evidence: Evidence) -> Clause:
    return replace(clause, evidence=evidence)


_FROM_MEMORY = _marked(SMALLEST, Evidence.MEMORY)

SIZE_RULES: MappingProxyType[str, SizeRule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            SizeRule(
                "macdonald1990",
                smallest=NO_SMALLEST,
                slices=Clause("slices", "no number is stated", (Evidence.REVIEW,)),
                thickness=Clause("slice thickness", "nothing is stated", (Evidence.MEMORY,)),
                minimum_mm=0.0,
                least_slices=1,
                per_slice=0.0,
                # the largest cross-section of enhancing tumor, necrosis not spoken of
                interior=Interior.NECROSIS,
                interior_evidence=(Evidence.UNSURE,),
                targets_evidence=(Evidence.UNSURE,),  # no number is stated
            ),
            SizeRule(
                "rano_hgg2010",
                interior_evidence=(Evidence.REVIEW,),
                targets_evidence=(Evidence.REVIEW,),
            ),
            SizeRule(
                "rano_lgg2011",
                interior_evidence=(Evidence.REVIEW,),
                targets_evidence=(Evidence.UNSURE,),
                component=Component.NONENHANCING,
            ),
            SizeRule("irano2015", interior_evidence=(Evidence.REVIEW,)),
            SizeRule(
                "mrano2017",
                smallest=_FROM_MEMORY,
                slices=_marked(TWO_SLICES, Evidence.UNSURE),
                thickness=_marked(THICKNESS, Evidence.UNSURE),
                targets_evidence=(Evidence.UNSURE,),
            ),
            SizeRule(
                "rano2_2023",
                smallest=_marked(SMALLEST, Evidence.REVIEW, Evidence.PROGRAM),
                thickness=_marked(THICKNESS, Evidence.UNSURE),
                interior_evidence=(Evidence.REVIEW,),
                targets=3,  # of one component; of a mixed tumor two of each
                targets_evidence=(Evidence.REVIEW, Evidence.PROGRAM),
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Measurability:
    """Whether a lesion is measurable, and why.

    Attributes
    ----------
    measurable : bool
        Whether its size counts.
    clause : Clause or None
        The first clause that it fails; None if it fails none.
    reason : str
        Sentence for the reader, with the figures.
    """

    measurable: bool
    clause: Clause | None
    reason: str


def measured_mask(
    labels: NDArray[np.integer],
    *,
    component: Component = Component.ENHANCING,
    interior: Interior = Interior.EXCLUDED,
) -> NDArray[np.bool_]:
    """Select the voxels that diameters may cross.

    Parameters
    ----------
    labels : (X, Y, Z)
        In the numbers of `gliokit.core.vocabulary.Label`.
    component : Component
        Enhancing, or non-enhancing for all of the T2/FLAIR abnormality without the cavity.
    interior : Interior
        What counts inside an enhancing rim; it has no meaning for the other component.

    Raises
    ------
    NotAssessableError
        If both components are asked for at once: their sizes are never added.
    """
    if component is Component.MIXED:
        raise NotAssessableError(
            "both components were asked for at once; measure the enhancing and the non-enhancing "
            "tumor apart, their sizes are never added"
        )
    enhancing = component is Component.ENHANCING
    chosen = MEASURED_LABELS[interior] if enhancing else NONENHANCING_LABELS
    return np.isin(labels, sorted(chosen))


def judge_size(
    view: AxialView,
    rule: SizeRule,
    *,
    reading: SliceReading = SliceReading.VISIBLE,
    calipers: Calipers = USUAL,
) -> Measurability:
    """Judge whether a lesion is measurable.

    Parameters
    ----------
    view : AxialView
        The lesion on the slices it is measured on.
    rule : SizeRule
        The criterion's.
    reading : SliceReading
        What each of the slices must show.
    calipers : Calipers
        How diameters are taken.
    """
    axis = canonical_axes(view.affine)[0][2]
    slices = [part for part in np.moveaxis(view.mask, axis, 0) if part.any()]
    if not slices:
        return Measurability(False, rule.smallest, "nothing is seen")
    needed = rule.needed_mm(view.slice_mm)
    spacing = np.delete(spacing_mm(view.affine), axis)
    wanted = rule.least_slices if reading is SliceReading.LARGE_ENOUGH else 1
    large, shortest = 0, 0.0
    for found in _widest_first(slices, spacing, calipers):
        shortest = max(shortest, found.perpendicular.length_mm)
        large += found.perpendicular.length_mm >= needed - TOLERANCE_MM
        if large >= wanted:
            break
    return _verdict(rule, view.slice_mm, shortest=shortest, large=large >= wanted, seen=len(slices))


def _widest_first(
    slices: list[NDArray[np.bool_]], spacing: NDArray[np.float64], calipers: Calipers
) -> Iterator[Diameters]:
    for part in sorted(slices, key=lambda part: -int(np.count_nonzero(part))):
        yield measure_slice(part, spacing, calipers=calipers)


def _verdict(
    rule: SizeRule, slice_mm: float, *, shortest: float, large: bool, seen: int
) -> Measurability:
    needed = rule.needed_mm(slice_mm)
    figures = f"its shorter diameter is {shortest:.1f} mm, {needed:g} mm are needed"
    if seen < rule.least_slices:
        return Measurability(
            False, rule.slices, f"seen on {seen} slice, {rule.least_slices} are needed"
        )
    if not large:
        thick = needed > rule.minimum_mm and shortest >= rule.minimum_mm - TOLERANCE_MM
        if thick:
            return Measurability(
                False, rule.thickness, f"{figures} with slices {slice_mm:g} mm apart"
            )
        if shortest >= needed - TOLERANCE_MM:
            return Measurability(False, rule.slices, "large enough on one slice only")
        return Measurability(False, rule.smallest, figures)
    if not rule.minimum_mm:
        return Measurability(True, None, "the criterion states no smallest size")
    return Measurability(True, None, f"{figures}, and it is seen on {seen} slices")
