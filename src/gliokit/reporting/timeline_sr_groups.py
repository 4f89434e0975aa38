"""Measurements of a patient's visits as measurement groups of DICOM SR (TID 1501).

Every group stands under its visit as a time point (TID 1502): day, order, study id, days from the
baseline. What is followed keeps one tracking UID at all visits: each region, each lesion by its
name, each criterion. Of a visit there is a group per region (sum of products, volume with its
interval, change since earlier visits with its), one per lesion (state, diameters with their ends in
the visit's own frame of reference, product, volume), and one per criterion (category with the
sentence of its reason, size, and the sizes of baseline and nadir with their days).

Categories, criteria and states are private terms (99GLIOKIT): CID 6143 has those of RECIST for
target and non-target lesions only, and CID 6147 one RANO. Probabilities stand in the JSON alone.

Source: DICOM PS3.16 2024, TID 1501, 1502; CID 6145, 6146; 112016, 112021 and 112048 of DCM.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

import highdicom as hd
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliokit.core.coding import ABNORMAL_STRUCTURE, BRAIN
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import REGION_LABELS, REGION_TERMS, Region
from gliokit.io.dicom_encoding import code_of
from gliokit.measurement.lesion_matching import State
from gliokit.measurement.lesion_size import LesionSize
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.comparison import Comparison
from gliokit.measurement.response.vocabulary import Measure, Response
from gliokit.measurement.targets import VisitSizes
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit
from gliokit.measurement.volume_course import ChangeSince, Since
from gliokit.reporting.dicom_sr_groups import (
    PRIVATE_SCHEME,
    PRODUCT,
    REGION_FINDINGS,
    Group,
    Origin,
    algorithm_used,
    measured_diameter,
    measured_size,
    parts_of_segments,
    segment_numbers,
)

HAS_PROPERTIES = hd.sr.RelationshipTypeValues.HAS_PROPERTIES
SUM_OF_PRODUCTS = Code("SUM_OF_PRODUCTS", PRIVATE_SCHEME, "Sum of products of diameters")
AT_BASELINE = Code("SIZE_AT_BASELINE", PRIVATE_SCHEME, "Size at the baseline")
AT_NADIR = Code("SIZE_AT_NADIR", PRIVATE_SCHEME, "Size at the nadir")
STATE = Code("LESION_STATE", PRIVATE_SCHEME, "State of the lesion")
POSSIBLE = Code("POSSIBLE_RESPONSE", PRIVATE_SCHEME, "Response that remains possible")
REASON = Code("RESPONSE_REASON", PRIVATE_SCHEME, "Reason of the response")
CHANGES: MappingProxyType[Since, Code] = MappingProxyType(
    {
        since: Code(f"CHANGE_{since.name}", PRIVATE_SCHEME, f"Relative change from the {since}")
        for since in Since
    }
)
REGIONS_SUMMED = (Region.ENHANCING_TUMOR, Region.WHOLE_TUMOR)

_Item = TypeVar("_Item", hd.sr.Measurement, hd.sr.QualitativeEvaluation)


@dataclass(frozen=True, slots=True)
class VisitOrigin:
    """A visit, its place in the course, and what it was measured on.

    Attributes
    ----------
    visit : TimelineVisit
        What was found.
    number : int
        From 1, in the order of days.
    baseline_day : int or None
        None where there is no baseline.
    origin : Origin
        Source series, SEG, maker, and tracking UIDs.
    """

    visit: TimelineVisit = field(repr=False)
    number: int
    baseline_day: int | None
    origin: Origin

    @property
    def parts(self) -> tuple[tuple[Region, VisitSizes | None], ...]:
        """Sizes of the lesions that enhance, and of the whole abnormality."""
        return tuple(zip(REGIONS_SUMMED, (self.visit.enhancing, self.visit.whole), strict=True))


@dataclass(frozen=True, slots=True)
class _Told:
    """One group to be: its name, what it is of, and what is told of it at a visit."""

    name: str
    region: Region | None  # of which tumor; None for a criterion
    sizes: Sequence[hd.sr.Measurement]
    evaluations: Sequence[hd.sr.QualitativeEvaluation] = ()
    kind: Code | None = None  # of the time point


def baseline_day(timeline: PatientTimeline) -> int | None:
    """Give the day of the baseline of the first criterion, whose targets are those shown."""
    days = (
        own.day
        for verdicts in timeline.verdicts[:1]
        for own in verdicts.assessments
        if own.category is Response.BASELINE
    )
    return next(days, None)


def nadir_of(assessments: Sequence[Assessment]) -> Comparison | None:
    """Give the comparison that names baseline and nadir as they are at the last visit."""
    compared = [own.sizes[0] for own in assessments if own.sizes]
    return compared[-1] if compared else None


def visit_groups(timeline: PatientTimeline, at: VisitOrigin) -> list[Group]:
    """Give the measurement groups of one visit."""
    told = (*_regions(at), *_lesions(timeline, at), *_responses(timeline, at))
    return [_group(one, at) for one in told]


def lesion_name(region: Region, name: str) -> str:
    """Name a lesion so that those of two regions differ."""
    return f"{REGION_TERMS[region]} {name}"


def _regions(at: VisitOrigin) -> Iterator[_Told]:
    sums = {region: own.product_mm2 for region, own in at.parts if own is not None}
    for region, volume in at.visit.volumes.items():
        sizes = [measured_size(codes.SCT.Volume, volume)]
        if region in sums:
            sizes.append(measured_size(SUM_OF_PRODUCTS, Quantity(sums[region], "mm2")))
        sizes += [
            _changed(own, own.relative)
            for own in at.visit.changes
            if own.region is region and own.relative is not None
        ]
        yield _Told(REGION_TERMS[region], region, sizes)


def _changed(own: ChangeSince, relative: Quantity) -> hd.sr.Measurement:
    """Give a relative change; an end of its interval that is open is not told."""
    ends = relative.interval
    is_open = ends is not None and math.isinf(ends[1])
    told = replace(relative, interval=None) if is_open else relative
    return _explained(measured_size(CHANGES[own.since], told), f"since day {own.day}")


def _lesions(timeline: PatientTimeline, at: VisitOrigin) -> Iterator[_Told]:
    start = next((own for own in timeline.visits if own.day == at.baseline_day), None)
    firsts = (None, None) if start is None else (start.enhancing, start.whole)
    for (region, sizes), first in zip(at.parts, firsts, strict=True):
        if sizes is None:
            continue
        told: set[str] = set()
        for name, state in sizes.states:
            parts = [own.name for own in sizes.lesions if name in own.name.split("+")]
            gone = [] if parts or state is State.NOT_YET else [name]
            # what merged has a group under its common name, and what is left apart one of its own
            for shown in dict.fromkeys(own for own in (*parts, *gone) if own not in told):
                told.add(shown)
                yield _lesion(shown, state, (region, sizes), first, at)


def _lesion(
    name: str,
    state: State,
    seen: tuple[Region, VisitSizes],
    first: VisitSizes | None,
    at: VisitOrigin,
) -> _Told:
    region, sizes = seen
    frame = str(at.origin.header.FrameOfReferenceUID)
    evaluations = [_evaluation(STATE, _private(f"LESION_{state.name}", state))]
    if first is not None:
        evaluations.append(_role(name, first))
    parts = [own for own in sizes.lesions if own.name == name]
    measured = [size for own in parts for size in _lesion_sizes(own, frame)]
    return _Told(lesion_name(region, name), region, measured, evaluations)


def _role(name: str, first: VisitSizes) -> hd.sr.QualitativeEvaluation:
    """Say what a lesion was at the baseline; of one that merged, what any of it was."""
    names = set(name.split("+"))
    role = codes.DCM.NonLesionAtBaseline
    if not names.isdisjoint(first.targets):
        role = codes.DCM.TargetLesionAtBaseline
    elif any(not names.isdisjoint(own.name.split("+")) for own in first.lesions):
        role = codes.DCM.NonTargetLesionAtBaseline
    return _evaluation(codes.DCM.BaselineCategory, role)


def _lesion_sizes(lesion: LesionSize, frame: str) -> Iterator[hd.sr.Measurement]:
    yield measured_diameter(codes.SCT.LongAxis, lesion.longest, frame)
    yield measured_diameter(codes.SCT.PerpendicularAxis, lesion.perpendicular, frame)
    yield measured_size(PRODUCT, Quantity(lesion.product_mm2, "mm2"))
    yield measured_size(codes.SCT.Volume, Quantity(lesion.volume_ml, "mL"))


def _responses(timeline: PatientTimeline, at: VisitOrigin) -> Iterator[_Told]:
    for verdicts in timeline.verdicts:
        last = nadir_of(verdicts.assessments)
        for own in verdicts.assessments:
            if own.day != at.visit.day:
                continue
            evaluations = [
                _evaluation(
                    codes.DCM.ResponseEvaluationMethod,
                    _private(verdicts.criterion.upper(), verdicts.criterion),
                ),
                _response(own),
            ]
            if len(own.possible) > 1:
                evaluations += [_evaluation(POSSIBLE, _category(it)) for it in own.possible]
            sizes = [size for it in own.sizes for size in _compared(it)]
            kind = _time_point_type(own, last)
            yield _Told(verdicts.criterion, None, sizes, evaluations, kind)


def _response(own: Assessment) -> hd.sr.QualitativeEvaluation:
    """Give a category with its reason."""
    evaluation = _evaluation(codes.DCM.CurrentResponse, _category(own.category))
    return _explained(evaluation, own.reason, name=REASON)


def _compared(own: Comparison) -> Iterator[hd.sr.Measurement]:
    """Give the size, and those of baseline and nadir, as far as they are known."""
    area = own.measure is Measure.AREA
    name, unit = (SUM_OF_PRODUCTS, "mm2") if area else (codes.SCT.Volume, "mL")
    for concept, value, day in (
        (name, own.size, None),
        (AT_BASELINE, own.baseline, own.baseline_day),
        (AT_NADIR, own.nadir, own.nadir_day),
    ):
        if value is not None:
            told = f"{own.component} tumor" + ("" if day is None else f", day {day}")
            yield _explained(measured_size(concept, Quantity(value, unit)), told)
    for since, change in (
        (Since.BASELINE, own.change_from_baseline),
        (Since.NADIR, own.change_from_nadir),
    ):
        if change is not None:
            told = f"{own.component} tumor"
            yield _explained(measured_size(CHANGES[since], Quantity(change, "1")), told)


def _time_point_type(own: Assessment, last: Comparison | None) -> Code | None:
    """Say whether a visit is the baseline or the nadir of a criterion; the baseline may be both."""
    if own.category is Response.BASELINE:
        return codes.UMLS.Baseline
    return codes.UMLS.Nadir if last is not None and own.day == last.nadir_day else None


def _group(one: _Told, at: VisitOrigin) -> Group:
    origin, region = at.origin, one.region
    numbers = segment_numbers(origin.seg)
    labels = REGION_LABELS[region] if region else frozenset()
    segments = sorted(numbers[label] for label in labels if label in numbers)
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(origin.tracking_uid(one.name), one.name),
        time_point_context=_time_point(at, one.kind),
        finding_category=code_of(ABNORMAL_STRUCTURE) if region else None,
        finding_type=REGION_FINDINGS[region] if region else None,
        finding_sites=[hd.sr.FindingSite(code_of(BRAIN))],
        algorithm_id=algorithm_used(origin.maker) if region else None,  # rules are no model
        measurements=list(one.sizes),
        qualitative_evaluations=list(one.evaluations),
        source_images=parts_of_segments(origin.seg, segments),
    )


def _time_point(at: VisitOrigin, kind: Code | None) -> hd.sr.TimePointContext:
    days = None if at.baseline_day is None else at.visit.day - at.baseline_day
    return hd.sr.TimePointContext(
        f"day {at.visit.day}",
        time_point_type=kind,
        time_point_order=at.number,
        subject_time_point_identifier=at.visit.study_id,
        temporal_offset_from_event=None
        if days is None
        else hd.sr.LongitudinalTemporalOffsetFromEvent(days, codes.UCUM.Day, codes.UMLS.Baseline),
    )


def _evaluation(name: Code, value: Code) -> hd.sr.QualitativeEvaluation:
    return hd.sr.QualitativeEvaluation(name, value)


def _category(category: Response) -> Code:
    return _private(f"RESPONSE_{category.name}", category)


def _private(value: str, meaning: str) -> Code:
    return Code(value, PRIVATE_SCHEME, str(meaning))


def _explained(told: _Item, text: str, *, name: Code = codes.DCM.Comment) -> _Item:
    """Attach a sentence to a measurement or an evaluation."""
    item: Dataset = told[0]
    said = hd.sr.TextContentItem(name, text, relationship_type=HAS_PROPERTIES)
    item.ContentSequence = hd.sr.ContentSequence([*item.get("ContentSequence", ()), said])
    return told
