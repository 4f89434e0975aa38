"""From the visits of a patient to sizes, and to what each criterion says of them.

Facts that the table lacks stay unknown, and a category that hangs on them comes out as not
assessable, with the categories that remain. T2/FLAIR disease, for which RANO gives no number, is
left to a reader unless a threshold is asked for.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from types import MappingProxyType
from typing import TypeAlias

from gliokit.analysis.patient_visits import (
    AS_SCANNED,
    PICTURED,
    PatientVisit,
    Space,
    images_apart,
)
from gliokit.analysis.visit_resection import measure_resection
from gliokit.analysis.visit_volumes import VisitVolumes, measure_volumes, shows
from gliokit.core.cohort import Row
from gliokit.core.errors import CohortError, NotAssessableError
from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.chords import Ends
from gliokit.measurement.diameters import Calipers
from gliokit.measurement.lesion_size import Protocol
from gliokit.measurement.measurability import SIZE_RULES, measured_mask
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.baseline import choose_baseline
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import AREA_THRESHOLDS, Criterion
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.measurement.response.vocabulary import Component, Measure
from gliokit.measurement.response.volumetric import MEASURABLE_ML
from gliokit.measurement.targets import LesionVisit, VisitSizes, follow_lesions, lesion_visit
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit, Verdicts
from gliokit.measurement.volume_course import ChangeSince, changes_through_time
from gliokit.reporting.wording import SEQUENCE_TERMS

# of both components, one for each visit; None where a visit lacks the images that show it, and at
# all visits where the baseline does
Sizes: TypeAlias = Mapping[Component, tuple[VisitSizes | None, ...]]
# rule on size, whether both components are followed, and index of the baseline, to the sizes
Follow: TypeAlias = Callable[[str, bool, int], Sizes]

TOO_LARGE = 1e12  # mm² or mL; no tumor is
SIZE_TAKEN = (
    "that it is as large as the criterion asks for is taken as given, since lengths in voxels do "
    "not tell; if it is not,"
)
TARGETS_OF_EACH = 2  # of both components at once, after RANO 2.0
USUAL_CRITERIA = ("rano2_2023", "rano_hgg2010", "mrano2017", "macdonald1990", "rano2_2023-volume")
# in the name of a therapy, in lower case; agents that close vessels, and immunotherapies
ANTIANGIOGENIC = ("bev", "avastin", "cediranib", "aflibercept", "regorafenib")
PRONE = ("immun", "vaccin", "nivolumab", "pembrolizumab", "ipilimumab", "car-t", "dcvax")
# that are neither; any other word leaves it unknown
NEITHER = frozenset(
    {
        "rt",
        "tmz",
        "radiation",
        "radiotherapy",
        "temozolomide",
        "stupp",
        "ccnu",
        "lomustine",
        "pcv",
        "procarbazine",
        "vincristine",
        "carmustine",
        "surgery",
        "resection",
        "observation",
        "none",
    }
)


UNSEEN: MappingProxyType[Component, str] = MappingProxyType(
    {
        Component.ENHANCING: "without T1c enhancing tumor is unknown",
        Component.NONENHANCING: "without FLAIR and T2 the T2/FLAIR abnormality is unknown",
    }
)


@dataclass(frozen=True, slots=True)
class ResponseRun:
    """What is asked.

    Attributes
    ----------
    criteria : tuple of str
        Names in the catalogue; the rules on size of the first are those of the lesions shown.
    options : Options
        Baseline, component, readings.
    minimum_ml : float
        Smaller lesions are not followed, unless they are what is left of one.
    flair_worse : float or None
        Growth of T2/FLAIR disease over the baseline, as a share, from which it counts as
        significantly worse; None leaves that to a reader.
    recurrent : bool
        Whether the treatment that is judged is for recurrent disease.
    treatment_start_day, immunotherapy_start_day : int or None
        On the scale of the visits; None where unknown.
    ends : Ends
        Where diameters end in their last pixels.
    space : Space
        What is known of where voxels lie, and of the numbers of labels.
    """

    criteria: tuple[str, ...] = USUAL_CRITERIA
    options: Options = field(default_factory=Options)
    minimum_ml: float = 0.1
    flair_worse: float | None = None
    recurrent: bool = False
    treatment_start_day: int | None = None
    immunotherapy_start_day: int | None = None
    ends: Ends = Ends.EDGE
    space: Space = AS_SCANNED

    def stated(self) -> dict[str, object]:
        """Give every choice by its name, those of the space among them."""
        chosen = asdict(self)
        return chosen | chosen.pop("space")


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
        therapy=_therapy(rows),
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


def treatment_of(rows: Sequence[Row], run: ResponseRun) -> Treatment:
    """Read the treatment from the rows.

    Raises
    ------
    CohortError
        If rows name different days, or no whole one.
    """

    def day(column: str) -> int | None:
        known = sorted({row.number_of(column) for row in rows if column in row.cells})
        if len(known) > 1 or not all(value.is_integer() for value in known):
            raise CohortError(
                f"column {column} says {', '.join(f'{value:g}' for value in known)}; needed one "
                "whole day at all visits: that of the treatment which is judged"
            )
        return int(known[0]) if known else None

    therapy = _therapy(rows).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", therapy) if word]
    harmless = bool(words) and all(word in NEITHER for word in words)
    return Treatment(
        recurrent=run.recurrent,
        treatment_start_day=run.treatment_start_day,
        immunotherapy_start_day=run.immunotherapy_start_day,
        immunotherapy=_no_if(harmless),
        surgery_day=day("surgery_day"),
        radiation_start_day=day("rt_start_day"),
        radiation_end_day=day("rt_end_day"),
        antiangiogenic=True if _names(therapy, ANTIANGIOGENIC) else _no_if(harmless),
        prone_to_pseudoprogression=True if _names(therapy, PRONE) else _no_if(harmless),
    )


def _therapy(rows: Sequence[Row]) -> str:
    """Name all that was given at any visit."""
    return " + ".join(dict.fromkeys(row.cells["therapy"] for row in rows if "therapy" in row.cells))


def _names(therapy: str, agents: Sequence[str]) -> bool:
    return any(agent in therapy for agent in agents)


def _no_if(known: bool) -> bool | None:
    """Say no where all that is named is known; else it is unknown."""
    return False if known else None


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
        if missing := [part for part in _parts(component) if sizes[part][start] is None]:
            raise NotAssessableError(
                f"{missing[0]} tumor cannot be seen at the baseline, day {visits[start].day}: "
                "images are missing; choose another baseline"
            )
        told = [
            replace(
                _visit(visit, _at(sizes, number), component, criterion.measure),
                flair=_flair(sizes, number, start, run),
                enhancement=_enhancement(sizes, number, start),
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


def _visit(
    visit: PatientVisit,
    sizes: Mapping[Component, VisitSizes | None],
    component: Component,
    measure: Measure,
) -> Visit:
    cells, row = visit.row.cells, visit.row
    change = cells.get("clinical_change")
    field_cell = cells.get("in_radiation_field")
    return Visit(
        day=visit.day,
        enhancing=_disease(sizes[Component.ENHANCING], measure),
        nonenhancing=_disease(sizes[Component.NONENHANCING], measure),
        new_lesion=_new([sizes[part] for part in _parts(component)]),
        outside_field=None if field_cell is None else field_cell == "0",
        dexamethasone_mg_per_day=_known(row, "dexamethasone_mg_per_day"),
        clinical_change=ClinicalChange(change) if change else None,
        kps=_known(row, "kps"),
        decline_days=_known(row, "decline_days"),
        decline_explained=cells.get("decline_explained") == "1",
        progression_proven=cells.get("progression_proven") == "1",
        leptomeningeal=cells.get("leptomeningeal") == "1",
    )


def _parts(component: Component) -> tuple[Component, ...]:
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


def _new(sizes: Sequence[VisitSizes | None]) -> NewLesion | None:
    """Give the gravest answer of the components that are followed.

    That nothing is new is known only if all are seen.
    """
    found = [one.new_lesion for one in sizes if one is not None]
    order = list(NewLesion)
    gravest = max(found, key=order.index, default=NewLesion.NONE)
    return None if gravest is NewLesion.NONE and len(found) < len(sizes) else gravest


def _flair(sizes: Sizes, number: int, start: int, run: ResponseRun) -> Flair | None:
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


def _enhancement(sizes: Sizes, number: int, start: int) -> Enhancement | None:
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
        dexamethasone_mg_per_day=_known(row, "dexamethasone_mg_per_day"),
        kps=_known(row, "kps"),
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


def _known(row: Row, column: str) -> float | None:
    return row.number_of(column) if column in row.cells else None
