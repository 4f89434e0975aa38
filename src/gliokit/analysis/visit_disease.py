"""What a visit says of the disease, in the terms of the criteria.

Sizes come from the lesions that were followed, the rest from the row of the visit; what neither
tells stays unknown.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gliokit.analysis.patient_visits import PatientVisit
from gliokit.analysis.response_settings import ResponseRun
from gliokit.core.cohort import Row
from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.criterion import AREA_THRESHOLDS
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion
from gliokit.measurement.response.visit import Disease, Visit
from gliokit.measurement.response.vocabulary import Component, Measure
from gliokit.measurement.response.volumetric import MEASURABLE_ML
from gliokit.measurement.targets import VisitSizes

# of both components, one for each visit; None where a visit lacks the images that show it, and at
# all visits where the baseline does
Sizes: TypeAlias = Mapping[Component, tuple[VisitSizes | None, ...]]


def told_visit(
    visit: PatientVisit,
    sizes: Mapping[Component, VisitSizes | None],
    component: Component,
    measure: Measure,
) -> Visit:
    """Give a visit as a criterion sees it, but for T2/FLAIR disease and change of enhancement."""
    cells, row = visit.row.cells, visit.row
    change = cells.get("clinical_change")
    field_cell = cells.get("in_radiation_field")
    return Visit(
        day=visit.day,
        enhancing=_disease(sizes[Component.ENHANCING], measure),
        nonenhancing=_disease(sizes[Component.NONENHANCING], measure),
        new_lesion=new_lesion_of([sizes[part] for part in components_of(component)]),
        outside_field=None if field_cell is None else field_cell == "0",
        dexamethasone_mg_per_day=known_number(row, "dexamethasone_mg_per_day"),
        clinical_change=ClinicalChange(change) if change else None,
        kps=known_number(row, "kps"),
        decline_days=known_number(row, "decline_days"),
        decline_explained=cells.get("decline_explained") == "1",
        progression_proven=cells.get("progression_proven") == "1",
        leptomeningeal=cells.get("leptomeningeal") == "1",
    )


def components_of(component: Component) -> tuple[Component, ...]:
    """Give the components that are followed: both where they are mixed."""
    if component is Component.MIXED:
        return (Component.ENHANCING, Component.NONENHANCING)
    return (component,)


def _disease(sizes: VisitSizes | None, measure: Measure) -> Disease:
    if sizes is None:
        return Disease()
    by_volume = measure is Measure.VOLUME
    nontarget = sizes.nontarget_by_volume if by_volume else sizes.nontarget
    worse = sizes.worse_by_volume if by_volume else sizes.worse
    return Disease(sizes.product_mm2, sizes.volume_ml, nontarget, worse)


def new_lesion_of(sizes: Sequence[VisitSizes | None]) -> NewLesion | None:
    """Give the gravest answer of the components that are followed.

    That nothing is new is known only if all are seen.
    """
    found = [one.new_lesion for one in sizes if one is not None]
    order = list(NewLesion)
    gravest = max(found, key=order.index, default=NewLesion.NONE)
    return None if gravest is NewLesion.NONE and len(found) < len(sizes) else gravest


def flair_of(sizes: Sizes, number: int, start: int, run: ResponseRun) -> Flair | None:
    """Judge T2/FLAIR disease by its volume, if a threshold is given.

    Worse is told from the smallest volume since the baseline, better from the baseline. Growth of
    what is not measurable is none; in voxels nobody knows what is, and all growth counts.
    """
    if run.flair_worse is None or number < start:
        return None
    now, before = _since(sizes[Component.NONENHANCING], number, start)
    if now is None or not before or not before[0].volume_ml:
        return None
    least = min(visit.volume_ml for visit in before)
    asked = 0.0 if run.space.voxel_units else MEASURABLE_ML
    seen = max(least, now.volume_ml) >= asked  # a share of next to nothing says nothing
    if seen and now.volume_ml > least and now.volume_ml >= least * (1 + run.flair_worse):
        return Flair.WORSE
    return Flair.BETTER if now.volume_ml < before[0].volume_ml else Flair.STABLE


def enhancement_of(sizes: Sizes, number: int, start: int) -> Enhancement | None:
    """Judge whether a tumor that is followed on T2/FLAIR enhances anew, or more.

    No number is published. What is new, or grew by what is progression of enhancing tumor, has
    increased; what did not grow has not; anything between is left to a reader.
    """
    now, before = _since(sizes[Component.ENHANCING], number, start)
    if now is None or not before:
        return None
    if now.new_lesion is not NewLesion.NONE:  # also where the sum of all did not grow
        return Enhancement.INCREASED
    if now.volume_ml <= min(visit.volume_ml for visit in before):
        return Enhancement.NOT_INCREASED
    least = min(visit.product_mm2 for visit in before)
    grown = now.product_mm2 > 0 and now.product_mm2 >= least * (1 + AREA_THRESHOLDS.progression)
    return Enhancement.INCREASED if grown else None


def _since(
    followed: tuple[VisitSizes | None, ...], number: int, start: int
) -> tuple[VisitSizes | None, list[VisitSizes]]:
    """Give a visit, and those since the baseline that it is compared with: the baseline at least.

    There are none where the baseline lacks the images.
    """
    if followed[start] is None:
        return None, []
    earlier = followed[start : max(number, start + 1)]
    return followed[number], [visit for visit in earlier if visit is not None]


def known_number(row: Row, column: str) -> float | None:
    """Give a numeric cell of a row; None where it is unknown."""
    return row.number_of(column) if column in row.cells else None
