"""The timeline of a patient as a DICOM structured report: TID 1500 in a Comprehensive 3D SR.

It stands in the study of the last visit, and refers to the pictures of all visits and to their
SEGs. Measurements stand as groups, one for each visit and what is followed
(`gliokit.reporting.timeline_sr_groups`); the categories of all visits with baseline and nadir, the
treatment, and that it is for research only, stand in words under Qualitative Evaluations.

The tracking UID of a lesion is made of its name and of what it was when it was first seen: visits
that come later leave it as it is.

Source: DICOM PS3.3 2024, A.35.13; PS3.16, TID 1500; highdicom, doi:10.1007/s10278-022-00683-y.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliokit.core.errors import GeometryError
from gliokit.core.findings import DISCLAIMER
from gliokit.io.dicom_identity import RESEARCH_USE, Maker, made_uid
from gliokit.io.dicom_source import Headers
from gliokit.measurement.response.vocabulary import Response
from gliokit.measurement.timeline import PatientTimeline, Verdicts
from gliokit.reporting.dicom_sr_document import (
    NOT_ASSESSED,
    Kind,
    check_frame,
    report_content,
    write_report,
)
from gliokit.reporting.dicom_sr_groups import Origin
from gliokit.reporting.timeline_sr_groups import (
    REGIONS_SUMMED,
    VisitOrigin,
    baseline_day,
    lesion_name,
    nadir_of,
    visit_groups,
)
from gliokit.reporting.timeline_treatment import facts

KIND = Kind("timeline sr", f"Tumor over time, {RESEARCH_USE.lower()}", series_offset=10000)
CHANGES_MEANING = (
    "A range of a volume or of its change is a 90 % interval; errors of two visits are taken as "
    "independent. Sums of products have no interval."
)


@dataclass(frozen=True, slots=True)
class VisitSource:
    """What a visit was measured on.

    Attributes
    ----------
    headers : tuple of Dataset
        Of the series on whose grid the labels lie, without pixels.
    seg : Dataset or None
        The SEG of the labels, if there is one.
    """

    headers: Headers = field(repr=False)
    seg: Dataset | None = field(repr=False, default=None)


def write_timeline_sr(
    path: Path, timeline: PatientTimeline, sources: Sequence[VisitSource], *, maker: Maker
) -> Dataset:
    """Write a timeline as DICOM SR.

    Parameters
    ----------
    timeline : PatientTimeline
        Lengths in mm; diameters in RAS+ mm of their visit's frame of reference.
    sources : sequence of VisitSource
        One per visit, in their order.
    maker : Maker
        What made the labels, and the options of the run.

    Returns
    -------
    Dataset
        As written.

    Raises
    ------
    GeometryError
        If a series has no frame of reference, or lengths are in voxels.
    OutputError
        If the file cannot be written.
    """
    if timeline.voxel_units:
        raise GeometryError(
            "lengths are in voxels, since the millimeters are false; a DICOM SR needs true ones; "
            "take the JSON"
        )
    for source in sources:
        check_frame(source.headers)
    tracking = _tracking(timeline, sources, maker)
    start = baseline_day(timeline)
    visits = [
        VisitOrigin(visit, number, start, Origin(source.headers[0], source.seg, maker, tracking))
        for number, (visit, source) in enumerate(zip(timeline.visits, sources, strict=True), 1)
    ]
    groups = [group for at in visits for group in visit_groups(timeline, at)]
    library = [source.headers for source in sources]
    content = report_content(groups, _words(timeline), library, maker)
    newest_first = [header for source in reversed(sources) for header in source.headers]
    own = [source.seg for source in reversed(sources) if source.seg is not None]
    return write_report(path, content, newest_first, own=own, kind=KIND, maker=maker)


def _tracking(
    timeline: PatientTimeline, sources: Sequence[VisitSource], maker: Maker
) -> Callable[[str], str]:
    """Give the function that gives the UID that a name is tracked by."""
    first = [str(header.SOPInstanceUID) for header in sources[0].headers]
    seen = _first_sizes(timeline)
    asked_nothing = replace(maker, options="")  # what else was asked makes no other lesion

    def tracking_uid(name: str) -> str:
        content = seen.get(name, "").encode()
        return made_uid(f"timeline {name}", sources=first, content=content, maker=asked_nothing)

    return tracking_uid


def _first_sizes(timeline: PatientTimeline) -> Mapping[str, str]:
    """Give what each lesion was when it was first seen."""
    seen: dict[str, str] = {}
    for visit in timeline.visits:
        for region, sizes in zip(REGIONS_SUMMED, (visit.enhancing, visit.whole), strict=True):
            for lesion in sizes.lesions if sizes else ():
                name = lesion_name(region, lesion.name)
                seen.setdefault(name, f"{visit.study_id} {lesion.volume_ml:.6f} mL")
    return seen


def _words(timeline: PatientTimeline) -> Iterator[tuple[Code, str]]:
    yield codes.DCM.Comment, DISCLAIMER
    if timeline.simulated:
        yield codes.DCM.Comment, "Simulated patient: all is made by a program."
    visits = "; ".join(f"day {visit.day} {visit.study_id}" for visit in timeline.visits)
    yield codes.DCM.Comment, f"Visits: {visits}."
    for verdicts in timeline.verdicts:
        if verdicts.assessments:
            yield codes.DCM.Finding, _course(verdicts)
        else:
            yield NOT_ASSESSED, f"{verdicts.criterion}: not used, {verdicts.reason}."
    for name, told in facts(timeline.treatment, timeline.therapy):
        yield codes.DCM.Comment, f"{name}: {told}."
    for note in (*timeline.notes, *_visit_notes(timeline)):
        yield codes.DCM.Comment, note
    yield codes.DCM.Comment, CHANGES_MEANING


def _course(verdicts: Verdicts) -> str:
    """Tell the categories of a criterion, and its baseline and nadir."""
    told = ", ".join(f"day {own.day} {own.category}" for own in verdicts.assessments)
    last = nadir_of(verdicts.assessments)
    start = [own.day for own in verdicts.assessments if own.category is Response.BASELINE]
    baseline = f" Baseline: day {start[0]}." if start else " No baseline."
    nadir = f" Nadir: day {last.nadir_day}." if last else ""
    return f"{verdicts.criterion}: {told}.{baseline}{nadir} Suggested by rule, not by a reader."


def _visit_notes(timeline: PatientTimeline) -> Iterator[str]:
    for visit in timeline.visits:
        yield from (f"Day {visit.day}: {note}." for note in visit.notes)
        if visit.detection_limit:
            yield f"Day {visit.day}: {visit.detection_limit.text}"
