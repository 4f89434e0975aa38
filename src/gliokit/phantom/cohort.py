"""A simulated cohort: settings in, patients and their visits out.

Patient number `n` depends on the settings and on `n` alone: the same on one and on many
processes, and in a cohort of any size. Site number `k` has one scanner, whoever goes there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.phantom.body.individual import FULL, TINY, TINY_HEAD, Voxels
from gliokit.phantom.body.tissue import labels_of
from gliokit.phantom.dials import Dials
from gliokit.phantom.maps.biology import signal_of_cells
from gliokit.phantom.maps.volumes import Tissue3D, Volume, make_maps
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.patients.course import Visit, draw_course
from gliokit.phantom.patients.patient import Patient, draw_patient
from gliokit.phantom.patients.population import make_population
from gliokit.phantom.patients.table import study_id
from gliokit.phantom.person import Look, Making, Person, looks, make_person
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import Scanner, ScanSession, draw_scanner, draw_session
from gliokit.phantom.scan.signature import texture
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import infiltration, scan_body, strip
from gliokit.phantom.tumor.parameters import SMALLEST_CORE_ML

LARGEST_ML = 300.0  # of a core: a half of one cerebral hemisphere
SITE_STREAM = 1_000_003  # keeps the seeds of scanners apart from those of patients


@dataclass(frozen=True, slots=True)
class CohortSettings:
    """What makes a cohort; all but `patients` makes each patient.

    Attributes
    ----------
    patients, visits, sites : int
        How many; visits are at most so many.
    seed : int
        Of everything.
    dials : Dials
        Strength of every link.
    tiny : bool
        64 voxels a side, for tests and lessons.
    head : bool
        With skull and scalp.
    stripped : bool
        Whether the images show the brain alone.
    anatomies : tuple of Path
        Label maps; the MNI152 brain if there is none.
    maps : tuple of Map
        Beyond the four sequences.
    core_ml : float or None
        Volume of every tumor's core; drawn where it is None.
    """

    patients: int = 10
    visits: int = 1
    sites: int = 1
    seed: int = 0
    dials: Dials = field(default_factory=Dials)
    tiny: bool = False
    head: bool = False
    stripped: bool = True
    anatomies: tuple[Path, ...] = ()
    maps: tuple[Map, ...] = ()
    core_ml: float | None = None

    def __post_init__(self) -> None:
        if self.core_ml is not None and not SMALLEST_CORE_ML <= self.core_ml <= LARGEST_ML:
            raise SimulationError(
                f"core volume: found {self.core_ml:g} mL; needed {SMALLEST_CORE_ML:g} to "
                f"{LARGEST_ML:g} mL, half of a cerebral hemisphere"
            )
        for name in ("patients", "visits", "sites"):
            if getattr(self, name) < 1:
                raise SimulationError(f"{name}: found {getattr(self, name)}; needed at least 1")
        make_population(self.sites, dials=self.dials)  # refuses sites that cannot be

    @property
    def voxels(self) -> Voxels:
        """Voxels of every study."""
        if not self.tiny:
            return FULL
        return TINY_HEAD if self.head else TINY


@dataclass(frozen=True, slots=True)
class SimulatedVisit:
    """One study of a simulated patient, and its truth.

    Attributes
    ----------
    person, look : Person, Look
        The patient, and the tissue of this visit.
    session : ScanSession
        How it was scanned.
    study : Study
        Four sequences on one grid.
    labels : LabelMap
        True labels on that grid.
    maps : dict of Map to Volume
        What was asked for.
    lying : Body
        What lay in the scanner.
    of_cells : dict of MRSequence to (X, Y, Z)
        Factors on the signal of each sequence by cell density.
    """

    person: Person
    look: Look
    session: ScanSession
    study: Study
    labels: LabelMap
    maps: dict[Map, Volume]
    lying: Body
    of_cells: dict[MRSequence, NDArray[np.float32]]

    @property
    def visit(self) -> Visit:
        """The facts of this visit."""
        return self.look.visit


def draw_facts(settings: CohortSettings, number: int) -> Patient:
    """Draw one patient of the cohort, without a body."""
    population = make_population(settings.sites, dials=settings.dials)
    patient = draw_patient(settings.seed, number, population=population, dials=settings.dials)
    if settings.core_ml is None:
        return patient
    return replace(patient, tumor=replace(patient.tumor, core_ml=settings.core_ml))


def draw_visits(settings: CohortSettings, patient: Patient) -> tuple[Visit, ...]:
    """Draw a patient's visits without a body: days and causes are those of the images."""
    rng = np.random.default_rng([patient.seed, 1])
    return draw_course(patient, visits=settings.visits, rng=rng, dials=settings.dials)


def scanner_of(settings: CohortSettings, site: int) -> Scanner:
    """Give the scanner of a site."""
    rng = np.random.default_rng([settings.seed, SITE_STREAM, site])
    return replace(draw_scanner(rng), seed=int(rng.integers(2**31)))


def simulate_person(settings: CohortSettings, number: int) -> Person:
    """Make one patient of the cohort.

    Raises
    ------
    SimulationError
        If the tumor finds no room in this brain.
    """
    patient = draw_facts(settings, number)
    making = Making(
        settings.voxels,
        settings.head,
        settings.anatomies,
        settings.visits,
        fixed_volume=settings.core_ml is not None,
    )
    scanner = scanner_of(settings, patient.site)
    return make_person(patient, scanner, making, dials=settings.dials)


def simulate_visits(settings: CohortSettings, number: int) -> Iterator[SimulatedVisit]:
    """Simulate the studies of one patient, one after another."""
    person = simulate_person(settings, number)
    for look in looks(person):
        yield scan_visit(person, look, settings)


@one_thread
def scan_visit(person: Person, look: Look, settings: CohortSettings) -> SimulatedVisit:
    """Scan one visit: four sequences and the maps that are asked for."""
    patient, visit, body = person.patient, look.visit, look.body
    rng = np.random.default_rng([patient.seed, 2, visit.number])
    session = draw_session(rng, person.scanner, relaxation=person.relaxation)
    lying, of_cells = body_of(person, look), cell_factors(person, look)
    images = scan_body(lying, session, rng, of_cells=of_cells)
    if settings.stripped:
        images = strip(images, lying, session)
    name = study_id(patient, visit)
    study = Study(
        study_id=name,
        images={s: Image(a, body.affine, source=f"{name} {s}") for s, a in images.items()},
        day=float(visit.day),
        phase=visit.phase,
    )
    tissue = map_tissue(person, look)
    return SimulatedVisit(
        person,
        look,
        session,
        study,
        LabelMap(labels_of(body.tissues), body.affine, source=f"{name} truth"),
        make_maps(tissue, settings.maps),
        lying,
        of_cells,
    )


def map_tissue(person: Person, look: Look) -> Tissue3D:
    """Give what the maps of a visit are made from."""
    return Tissue3D(
        look.body,
        look.density,
        person.biology,
        patient_seed=person.patient.seed,
        visit=look.visit.number,
        site_seed=person.scanner.seed,
    )


def body_of(person: Person, look: Look) -> Body:
    """Lay a visit's tissue in the scanner."""
    body = look.body
    return Body(
        body.tissues,
        body.spacing_mm,
        infiltration(body.tissues, look.density, cellularity=person.biology.cellularity),
        texture(person.signature, body.tissues.shape, spacing_mm=body.spacing_mm),
        water_content(body.tissues, body.spacing_mm, seed=person.patient.seed),
    )


def cell_factors(person: Person, look: Look) -> dict[MRSequence, NDArray[np.float32]]:
    """Factors on the signal of each sequence by cell density; none at dial 0."""
    if person.biology.cellularity <= 0:
        return {}
    return {
        sequence: signal_of_cells(
            look.body.tissues, look.density, sequence=sequence, biology=person.biology
        )
        for sequence in MRSequence
    }
