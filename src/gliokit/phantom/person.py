"""A patient in the flesh: a brain of the patient's age, the grown tumor, and every visit's look.

Facts come from `gliokit.phantom.patients`; here they become tissue. Everything is drawn from
the patient's own seed, so it does not matter which process makes the patient, or which
visits are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Progression, Resection
from gliokit.phantom.body.anatomy import Anatomy, anatomy_of
from gliokit.phantom.body.deformation import Deformation
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.dials import Dials
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.patients.course import Visit, draw_course
from gliokit.phantom.patients.patient import Patient
from gliokit.phantom.scan.scanner import Scanner
from gliokit.phantom.scan.signal import draw_relaxation
from gliokit.phantom.scan.signature import Signature, draw_signature
from gliokit.phantom.tumor.grown import GrownTumor, grow_tumor, paint
from gliokit.phantom.tumor.treatment import (
    NECROTIC_SHARE,
    Recurrence,
    Treated,
    measured_tissue,
    paint_treated,
    plan_recurrence,
    resected_tissue,
)

SMALLER = 0.75  # a tumor that finds no room is tried again at this share of its volume
TRIES = 8
GLIOSIS_DAYS = 120.0  # after radiation, until about two thirds of old edema is gliosis; assumed


@dataclass(frozen=True, slots=True)
class Person:
    """A patient with a body.

    Attributes
    ----------
    patient : Patient
        The facts.
    anatomy : int or None
        Number of the label map, from 0; None for the MNI152 brain. Names may hold names.
    deformation : Deformation
        What made this individual of the anatomy.
    grown : GrownTumor
        The tumor in the healthy brain.
    visits : sequence of Visit
        The course.
    recurrences : mapping of Progression to Recurrence
        Where new enhancement of each cause grows.
    signature : Signature
        The texture that identifies the patient.
    scanner : Scanner
        Of the patient's site.
    relaxation : (n_tissues, 4)
        The patient's own T1, T2, density and uptake.
    biology : TumorBiology
        What maps show.
    """

    patient: Patient
    anatomy: int | None
    deformation: Deformation
    grown: GrownTumor
    visits: Sequence[Visit]
    recurrences: Mapping[Progression, Recurrence]
    signature: Signature
    scanner: Scanner
    relaxation: NDArray[np.float64] = field(repr=False)
    biology: TumorBiology


@dataclass(frozen=True, slots=True)
class Look:
    """The tissue of one visit.

    Attributes
    ----------
    visit : Visit
        The facts.
    body : Anatomy
        Tissue, pushed and painted.
    density : (X, Y, Z)
        Tumor cells, 0-1.
    """

    visit: Visit
    body: Anatomy
    density: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Making:
    """How people are made.

    Attributes
    ----------
    voxels : Voxels
        Spacing and shape.
    head : bool
        With skull and scalp.
    anatomies : tuple of Path
        Label maps to choose from; the MNI152 brain if there is none.
    visits : int
        At most so many.
    fixed_volume : bool
        Whether a tumor that finds no room may not be made smaller.
    """

    voxels: Voxels
    head: bool = False
    anatomies: tuple[Path, ...] = ()
    visits: int = 1
    fixed_volume: bool = False


@one_thread
def make_person(patient: Patient, scanner: Scanner, making: Making, *, dials: Dials) -> Person:
    """Make a patient's body.

    Raises
    ------
    SimulationError
        If the tumor, or its recurrence, finds no room.
    """
    rng = np.random.default_rng([patient.seed, 0])
    which = int(rng.integers(len(making.anatomies))) if making.anatomies else None
    healthy, deformation = make_individual(
        anatomy_of(None if which is None else making.anatomies[which], head=making.head),
        rng,
        age=patient.age,
        voxels=making.voxels,
        head=making.head,
    )
    grown = _fitted(healthy, patient, smaller=1.0 if making.fixed_volume else SMALLER)
    whole_ml = float(measured_tissue(grown).sum() * grown.voxel_ml)
    visits = draw_course(
        patient,
        visits=making.visits,
        rng=np.random.default_rng([patient.seed, 1]),
        dials=dials,
        whole_ml=whole_ml,
    )
    biology = TumorBiology(
        grade=patient.shown.grade,
        vascularity=patient.vascularity,
        treatment_effect=dials.treatment_effect,
        cellularity=dials.cellularity,
    )
    return Person(
        patient=patient,
        anatomy=which,
        deformation=deformation,
        grown=grown,
        visits=visits,
        recurrences=_recurrences(grown, patient, visits, biology),
        signature=draw_signature(rng, dial=dials.signature),
        scanner=scanner,
        # without its dial treatment effect relaxes like tumor
        relaxation=biology.with_treatment(draw_relaxation(rng, field_t=scanner.field_t)),
        biology=biology,
    )


def looks(person: Person) -> Iterator[Look]:
    """Paint one visit after another."""
    return (_look(person, visit) for visit in person.visits)


@one_thread
def _look(person: Person, visit: Visit) -> Look:
    if visit.days_since_surgery is None:
        return Look(visit, paint(person.grown), person.grown.density)
    treated = _treated(person.patient, person.visits, visit, person.biology)
    body = paint_treated(person.grown, treated, person.recurrences[visit.cause])
    gone = resected_tissue(person.grown, treated)
    gone |= person.grown.core & (body.tissues == Tissue.GLIOSIS)  # what has answered
    return Look(visit, body, np.where(gone, np.float32(0), person.grown.density))


def _fitted(healthy: Anatomy, patient: Patient, *, smaller: float) -> GrownTumor:
    """Grow the tumor; where it finds no room, another place and a smaller one are tried."""
    tumor = patient.tumor
    for _ in range(TRIES):
        try:
            return grow_tumor(healthy, tumor)
        except SimulationError:
            tumor = replace(tumor, core_ml=tumor.core_ml * smaller, seed=tumor.seed + 1)
    raise SimulationError(
        f"patient {patient.patient_id}: a tumor core of {patient.tumor.core_ml:.1f} mL was not "
        f"reached at {TRIES} places (the last: {tumor.core_ml:.1f} mL); choose a smaller volume, "
        "another seed or other anatomies"
    )


def _recurrences(
    grown: GrownTumor, patient: Patient, visits: Sequence[Visit], biology: TumorBiology
) -> dict[Progression, Recurrence]:
    """Plan where the new enhancement of each cause grows, to its largest volume."""
    after = [visit for visit in visits if visit.days_since_surgery is not None]
    nowhere = Recurrence(np.full(grown.core.shape, np.inf, dtype=np.float32))
    planned = dict.fromkeys(Progression, nowhere)
    for cause in (Progression.TRUE, Progression.PSEUDO):
        shown = [visit for visit in after if visit.cause is cause]
        if shown:
            planned[cause] = plan_recurrence(
                grown,
                _treated(patient, visits, after[0], biology),
                largest_ml=max(visit.new_ml for visit in shown),
                distant=patient.rt_end_day is not None and not shown[0].in_radiation_field,
            )
    return planned


def _treated(
    patient: Patient, visits: Sequence[Visit], visit: Visit, biology: TumorBiology
) -> Treated:
    left = next(v.residual_ml for v in visits if v.days_since_surgery is not None)
    since = visit.days_since_radiation_end
    return Treated(
        resected=patient.resection is not Resection.BIOPSY,
        left_ml=left,
        residual_ml=min(visit.residual_ml, left),
        new_ml=visit.new_ml,
        cause=visit.cause,
        edema=visit.edema,
        blood=visit.blood,
        collapse=visit.collapse,
        gliosis=0.0 if since is None else float(1 - np.exp(-since / GLIOSIS_DAYS)),
        necrotic=NECROTIC_SHARE
        if visit.cause is Progression.TRUE
        else biology.of_treatment(NECROTIC_SHARE, 0.0),
    )
