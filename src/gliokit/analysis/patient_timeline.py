"""From the visits of a patient to sizes, and to what each criterion says of them.

Facts that the table lacks stay unknown, and a category that hangs on them comes out as not
assessable, with the categories that remain. T2/FLAIR disease, for which RANO gives no number, is
left to a reader unless a threshold is asked for.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

from gliokit.analysis.output import FINDINGS
from gliokit.analysis.patient_visits import PatientVisit
from gliokit.core.cohort import Row
from gliokit.core.errors import CohortError, FindingsError, NotAssessableError
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import ClinicalChange, MRSequence, Region
from gliokit.measurement.lesion_matching import number_lesions
from gliokit.measurement.lesion_size import Protocol
from gliokit.measurement.measurability import SIZE_RULES, measured_mask
from gliokit.measurement.response.baseline import choose_baseline
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import Criterion
from gliokit.measurement.response.facts import Flair, NewLesion
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.measurement.response.vocabulary import Component
from gliokit.measurement.targets import LesionVisit, VisitSizes, follow_lesions
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit, Verdicts
from gliokit.measurement.volume import volumes_by_region
from gliokit.reporting.findings_json import read_findings

# of both components, one for each visit; None where a visit lacks the images that show it
Sizes: TypeAlias = Mapping[Component, tuple[VisitSizes, ...] | None]
# rule on size, whether both components are followed, and index of the baseline, to the sizes
Follow: TypeAlias = Callable[[str, bool, int], Sizes]

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
SAME_ML = 0.05  # volumes of findings and labels that are of one map


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
        Smaller lesions are not followed.
    flair_worse : float or None
        Growth of T2/FLAIR disease over the baseline, as a share, from which it counts as
        significantly worse; None leaves that to a reader.
    voxel_units : bool
        Whether lengths are in voxels, since the millimeters of the files are false.
    recurrent : bool
        Whether the treatment that is judged is for recurrent disease.
    treatment_start_day, immunotherapy_start_day : int or None
        On the scale of the visits; None where unknown.
    """

    criteria: tuple[str, ...] = USUAL_CRITERIA
    options: Options = field(default_factory=Options)
    minimum_ml: float = 0.1
    flair_worse: float | None = None
    voxel_units: bool = False
    recurrent: bool = False
    treatment_start_day: int | None = None
    immunotherapy_start_day: int | None = None


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
    try:
        start = _baseline(visits, first, treatment, run)
    except NotAssessableError:  # the verdicts say so
        start = 0
    shown = _sizes(follow, first, run, baseline=start)
    return PatientTimeline(
        patient_id=rows[0].patient_id,
        visits=tuple(
            _timeline_visit(visit, _at(shown, number)) for number, visit in enumerate(visits)
        ),
        treatment=treatment,
        therapy=_therapy(rows),
        verdicts=tuple(verdicts),
        simulated=simulated,
        voxel_units=run.voxel_units,
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
        millimeters=not run.voxel_units,
    )
    sizes: dict[Component, tuple[VisitSizes, ...] | None] = {}
    for component in (Component.ENHANCING, Component.NONENHANCING):
        sizes[component] = None  # where a visit lacks the images that show it
        if all(_shows(visit, component) for visit in visits):
            lesions = [_lesions(visit, component, protocol, run.minimum_ml) for visit in visits]
            grid = visits[0].labels.grid
            sizes[component] = follow_lesions(lesions, grid, protocol, baseline=baseline)
    return sizes


def _sizes(follow: Follow, criterion: Criterion, run: ResponseRun, *, baseline: int) -> Sizes:
    """Give the sizes that a criterion judges; by area and by volume they are the same."""
    mixed = run.options.component is Component.MIXED and Component.MIXED in criterion.components
    return follow(criterion.name.removesuffix("-volume"), mixed, baseline)


def _lesions(
    visit: PatientVisit, component: Component, protocol: Protocol, minimum_ml: float
) -> LesionVisit:
    mask = measured_mask(visit.labels.array, component=component, interior=protocol.rule.interior)
    numbers = number_lesions(mask, visit.labels.affine, minimum_ml=minimum_ml)
    return LesionVisit(visit.day, numbers, visit.labels.affine, visit.to_visit)


def _shows(visit: PatientVisit, component: Component) -> bool:
    images = visit.study.images
    if component is Component.ENHANCING:
        return MRSequence.T1C in images
    return MRSequence.FLAIR in images or MRSequence.T2 in images


def _verdicts(
    visits: Sequence[PatientVisit],
    follow: Follow,
    criterion: Criterion,
    treatment: Treatment,
    run: ResponseRun,
) -> Verdicts:
    followed = run.options.component
    component = followed if followed in criterion.components else criterion.components[0]
    try:
        start = _baseline(visits, criterion, treatment, run)
        sizes = _sizes(follow, criterion, run, baseline=start)
        if missing := [part for part in _parts(component) if sizes[part] is None]:
            raise NotAssessableError(
                f"{missing[0]} tumor cannot be seen at every visit: images are missing"
            )
        told = [
            _visit(visit, _at(sizes, number), component, _flair(sizes, number, start, run))
            for number, visit in enumerate(visits)
        ]
        options = replace(run.options, component=component)
        assessments = classify_course(told, criterion, treatment=treatment, options=options)
    except NotAssessableError as error:
        return Verdicts(criterion.name, reason=str(error))
    return Verdicts(criterion.name, assessments)


def _at(sizes: Sizes, number: int) -> dict[Component, VisitSizes | None]:
    return {part: own[number] if own else None for part, own in sizes.items()}


def _visit(
    visit: PatientVisit,
    sizes: Mapping[Component, VisitSizes | None],
    component: Component,
    flair: Flair | None,
) -> Visit:
    cells, row = visit.row.cells, visit.row
    change = cells.get("clinical_change")
    field_cell = cells.get("in_radiation_field")
    return Visit(
        day=visit.day,
        enhancing=_disease(sizes[Component.ENHANCING]),
        nonenhancing=_disease(sizes[Component.NONENHANCING]),
        new_lesion=_new([sizes[part] for part in _parts(component)]),
        outside_field=None if field_cell is None else field_cell == "0",
        flair=flair,
        dexamethasone_mg_per_day=_known(row, "dexamethasone_mg_per_day"),
        clinical_change=ClinicalChange(change) if change else None,
        kps=_known(row, "kps"),
    )


def _parts(component: Component) -> tuple[Component, ...]:
    if component is Component.MIXED:
        return (Component.ENHANCING, Component.NONENHANCING)
    return (component,)


def _disease(sizes: VisitSizes | None) -> Disease:
    if sizes is None:
        return Disease()
    return Disease(sizes.product_mm2, sizes.volume_ml, sizes.nontarget)


def _new(sizes: Sequence[VisitSizes | None]) -> NewLesion | None:
    """Give the gravest answer of the components that are followed."""
    found = [one.new_lesion for one in sizes if one is not None]
    order = list(NewLesion)
    return max(found, key=order.index) if found else None


def _flair(sizes: Sizes, number: int, start: int, run: ResponseRun) -> Flair | None:
    """Judge T2/FLAIR disease by its volume, if a threshold is given.

    Worse is told from the smallest volume since the baseline, better from the baseline.
    """
    followed = sizes[Component.NONENHANCING]
    if run.flair_worse is None or followed is None or not followed[start].volume_ml:
        return None
    volumes = [visit.volume_ml for visit in followed]
    least = min(volumes[start : max(number, start + 1)])
    if volumes[number] >= least * (1 + run.flair_worse):
        return Flair.WORSE
    return Flair.BETTER if volumes[number] < volumes[start] else Flair.STABLE


def _timeline_visit(
    visit: PatientVisit, sizes: Mapping[Component, VisitSizes | None]
) -> TimelineVisit:
    row = visit.row
    change = row.cells.get("clinical_change")
    return TimelineVisit(
        study_id=row.study_id,
        day=visit.day,
        enhancing=sizes[Component.ENHANCING],
        whole=sizes[Component.NONENHANCING],
        volumes=_volumes(visit),
        dexamethasone_mg_per_day=_known(row, "dexamethasone_mg_per_day"),
        kps=_known(row, "kps"),
        clinical_change=ClinicalChange(change) if change else None,
        notes=_notes(visit),
    )


def _notes(visit: PatientVisit) -> tuple[str, ...]:
    reference = visit.study.reference
    apart = [s for s, image in visit.study.images.items() if reference.grid.difference(image.grid)]
    notes = [visit.labels.note] if visit.labels.note else []
    notes += [
        f"{sequence} lies on a grid of its own, and is not in the pictures" for sequence in apart
    ]
    return tuple(notes)


def _volumes(visit: PatientVisit) -> dict[Region, Quantity]:
    """Measure the volumes of what the images show.

    Intervals are those of the findings beside the map, if they are of it.
    """
    seen = {Region.ENHANCING_TUMOR: Component.ENHANCING, Region.TUMOR_CORE: Component.ENHANCING}
    own = {
        part.region: part.volume
        for part in volumes_by_region(visit.labels)
        if _shows(visit, seen.get(part.region, Component.NONENHANCING))
    }
    path = Path(visit.row.cells["labels"]).with_name(FINDINGS)
    try:
        findings = read_findings(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, FindingsError):
        return own
    beside = {part.region: part.volume for part in findings.volumes_by_region}
    alike = findings.study_id == visit.row.study_id and all(
        region in beside and abs(beside[region].value - volume.value) <= SAME_ML
        for region, volume in own.items()
    )
    if not alike:
        return own
    return {
        region: replace(volume, interval=beside[region].interval) for region, volume in own.items()
    }


def _known(row: Row, column: str) -> float | None:
    return row.number_of(column) if column in row.cells else None
