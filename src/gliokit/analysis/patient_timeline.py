"""From the visits of a patient to sizes, and to what each criterion says of them.

Facts that the table lacks stay unknown, and a category that hangs on them comes out as not
assessable, with the categories that remain. T2/FLAIR disease, for which RANO gives no number, is
left to a reader unless a threshold is asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType
from typing import TypeAlias

from gliokit.analysis.patient_visits import (
    PICTURED,
    PatientVisit,
    images_apart,
)
from gliokit.analysis.response_settings import ResponseRun
from gliokit.analysis.visit_disease import (
    Sizes,
    components_of,
    enhancement_of,
    flair_of,
    known_number,
    told_visit,
)
from gliokit.analysis.visit_resection import measure_resection
from gliokit.analysis.visit_treatment import therapy_of, treatment_of
from gliokit.analysis.visit_volumes import VisitVolumes, measure_volumes, shows
from gliokit.core.errors import NotAssessableError
from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.diameters import Calipers
from gliokit.measurement.lesion_size import Protocol
from gliokit.measurement.measurability import SIZE_RULES, measured_mask
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.baseline import choose_baseline
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import Criterion
from gliokit.measurement.response.facts import NewLesion
from gliokit.measurement.response.visit import Treatment, Visit
from gliokit.measurement.response.vocabulary import Component
from gliokit.measurement.targets import LesionVisit, VisitSizes, follow_lesions, lesion_visit
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit, Verdicts
from gliokit.measurement.volume_course import ChangeSince, changes_through_time
from gliokit.reporting.wording import SEQUENCE_TERMS

# rule on size, whether both components are followed, and index of the baseline, to the sizes
Follow: TypeAlias = Callable[[str, bool, int], Sizes]

TOO_LARGE = 1e12  # mm² or mL; no tumor is
SIZE_TAKEN = (
    "that it is as large as the criterion asks for is taken as given, since lengths in voxels do "
    "not tell; if it is not,"
)
TARGETS_OF_EACH = 2  # of both components at once, after RANO 2.0


UNSEEN: MappingProxyType[Component, str] = MappingProxyType(
    {
        Component.ENHANCING: "without T1c enhancing tumor is unknown",
        Component.NONENHANCING: "without FLAIR and T2 the T2/FLAIR abnormality is unknown",
    }
)


def make_timeline(
    visits: Sequence[PatientVisit],
    *,
    run: ResponseRun,
    simulated: bool = False,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> PatientTimeline:
    """Measure the visits of a patient, and classify them.

    Parameters
    ----------
    visits : sequence of PatientVisit
        In the order of their days.
    run : ResponseRun
        What is asked.
    simulated : bool
        Said in the result.
    on_stage : callable
        Told what begins.
    """
    rows = [visit.row for visit in visits]
    treatment = treatment_of(rows, run)
    follow = cache(partial(_follow, visits, run))  # criteria share rules on size
    verdicts = []
    for name in run.criteria:
        on_stage(f"applying {name}")
        verdicts.append(_verdicts(visits, follow, CRITERIA[name], treatment, run))
    first = CRITERIA[run.criteria[0]]
    notes: tuple[str, ...] = ()
    try:
        start = _baseline(visits, first, treatment, run)
    except NotAssessableError:  # the verdicts say why
        start = 0
        notes = (f"{first.name} has no baseline: targets and changes are from the first visit.",)
    shown = _sizes(follow, first, run, baseline=start)
    measured = [measure_volumes(visit, millimeters=not run.space.voxel_units) for visit in visits]
    volumes = [own.volumes for own in measured]
    changes = changes_through_time([visit.day for visit in visits], volumes, baseline=start)
    return PatientTimeline(
        patient_id=rows[0].patient_id,
        visits=tuple(
            _timeline_visit(visit, _at(shown, number), measured[number], changes[number])
            for number, visit in enumerate(visits)
        ),
        treatment=treatment,
        therapy=therapy_of(rows),
        verdicts=tuple(verdicts),
        simulated=simulated,
        voxel_units=run.space.voxel_units,
        notes=notes,
        resection=measure_resection(
            [visit.day for visit in visits],
            volumes,
            treatment.surgery_day,
            millimeters=not run.space.voxel_units,
        ),
    )


def _baseline(
    visits: Sequence[PatientVisit], criterion: Criterion, treatment: Treatment, run: ResponseRun
) -> int:
    """Give the index of the visit that a criterion compares with."""
    days = [Visit(visit.day) for visit in visits]
    options = run.options
    return choose_baseline(
        days, criterion, treatment, options.baseline, strict=options.strict_baseline
    ).index


def _follow(
    visits: Sequence[PatientVisit], run: ResponseRun, rule: str, mixed: bool, baseline: int
) -> Sizes:
    """Follow the lesions of both components by the rules of a criterion on size."""
    protocol = Protocol(
        SIZE_RULES[rule],
        targets=TARGETS_OF_EACH if mixed else None,
        calipers=Calipers(ends=run.ends),
        millimeters=not run.space.voxel_units,
    )
    sizes: dict[Component, tuple[VisitSizes | None, ...]] = {}
    for component in (Component.ENHANCING, Component.NONENHANCING):
        sizes[component] = (None,) * len(visits)
        if not shows(visits[baseline], component):
            continue
        shown = [number for number, visit in enumerate(visits) if shows(visit, component)]
        lesions = [_lesions(visits[n], component, protocol, run.minimum_ml) for n in shown]
        grid, first = visits[0].labels.grid, shown.index(baseline)
        followed = follow_lesions(lesions, grid, protocol, baseline=first)
        found = dict(zip(shown, followed, strict=True))
        sizes[component] = tuple(found.get(number) for number in range(len(visits)))
    return sizes


def _sizes(follow: Follow, criterion: Criterion, run: ResponseRun, *, baseline: int) -> Sizes:
    """Give the sizes that a criterion judges; by area and by volume they are the same."""
    mixed = run.options.component is Component.MIXED and Component.MIXED in criterion.components
    return follow(criterion.name.removesuffix("-volume"), mixed, baseline)


def _lesions(
    visit: PatientVisit, component: Component, protocol: Protocol, minimum_ml: float
) -> LesionVisit:
    mask = measured_mask(visit.labels.array, component=component, interior=protocol.rule.interior)
    return lesion_visit(
        visit.day, mask, visit.labels.affine, minimum_ml=minimum_ml, to_visit=visit.to_visit
    )


def _verdicts(
    visits: Sequence[PatientVisit],
    follow: Follow,
    criterion: Criterion,
    treatment: Treatment,
    run: ResponseRun,
) -> Verdicts:
    followed, voxels = run.options.component, run.space.voxel_units
    component = followed if followed in criterion.components else criterion.components[0]
    try:
        start = _baseline(visits, criterion, treatment, run)
        sizes = _sizes(follow, criterion, run, baseline=start)
        if missing := [part for part in components_of(component) if sizes[part][start] is None]:
            raise NotAssessableError(
                f"{missing[0]} tumor cannot be seen at the baseline, day {visits[start].day}: "
                "images are missing; choose another baseline"
            )
        told = [
            replace(
                told_visit(visit, _at(sizes, number), component, criterion.measure),
                flair=flair_of(sizes, number, start, run),
                enhancement=enhancement_of(sizes, number, start),
            )
            for number, visit in enumerate(visits)
        ]
        options = replace(run.options, component=component)
        judge = partial(classify_course, treatment=treatment, options=options)
        assessments = _of_any_size(judge, told, criterion) if voxels else judge(told, criterion)
    except NotAssessableError as error:
        return Verdicts(criterion.name, reason=str(error))
    return Verdicts(criterion.name, assessments)


def _of_any_size(
    judge: Callable[[Sequence[Visit], Criterion], tuple[Assessment, ...]],
    visits: Sequence[Visit],
    criterion: Criterion,
) -> tuple[Assessment, ...]:
    """Judge sizes in voxels: every one counts as large enough, and where that decides it is said.

    Where a category is the same if none is large enough, it is taken not to hang on it.
    """
    none_large = [
        replace(visit, new_lesion=NewLesion.NOT_MEASURABLE)
        if visit.new_lesion is NewLesion.MEASURABLE
        else visit
        for visit in visits
    ]
    ways = zip(
        judge(visits, criterion.asking(0.0)),
        judge(none_large, criterion.asking(TOO_LARGE)),
        strict=True,
    )
    return tuple(
        taken
        if (taken.category, taken.possible) == (other.category, other.possible)
        else replace(taken, reason=f"{taken.reason}; {SIZE_TAKEN} it is {other.category}")
        for taken, other in ways
    )


def _at(sizes: Sizes, number: int) -> dict[Component, VisitSizes | None]:
    return {part: own[number] for part, own in sizes.items()}


def _timeline_visit(
    visit: PatientVisit,
    sizes: Mapping[Component, VisitSizes | None],
    measured: VisitVolumes,
    changes: tuple[ChangeSince, ...],
) -> TimelineVisit:
    row = visit.row
    change = row.cells.get("clinical_change")
    return TimelineVisit(
        study_id=row.study_id,
        day=visit.day,
        enhancing=sizes[Component.ENHANCING],
        whole=sizes[Component.NONENHANCING],
        volumes=measured.volumes,
        dexamethasone_mg_per_day=known_number(row, "dexamethasone_mg_per_day"),
        kps=known_number(row, "kps"),
        clinical_change=ClinicalChange(change) if change else None,
        notes=(*_notes(visit), *measured.notes),
        changes=changes,
        detection_limit=measured.detection_limit,
    )


def _notes(visit: PatientVisit) -> tuple[str, ...]:
    notes = [visit.labels.note] if visit.labels.note else []
    notes += [text for part, text in UNSEEN.items() if not shows(visit, part)]
    notes += [
        f"{SEQUENCE_TERMS[sequence]} lies on a grid of its own: in the pictures it is "
        "interpolated, and not registered"
        for sequence in images_apart(visit.study)
        if sequence in PICTURED
    ]
    return tuple(notes)
