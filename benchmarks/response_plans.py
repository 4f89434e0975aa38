"""Courses drawn for the benchmark of response courses: what each visit is meant to show.

Sizes are drawn so that they cross thresholds by margins that are drawn first: at each visit a
threshold (progression from the smallest size so far; partial and minor response from the first), a
side, and a margin between 0.5 and 40 % of the size, log-uniform. Now and then all is gone, a rest
of 0.01 to 0.3 mL is left, or the size moves freely. Days, treatment, steroids and clinical state
are those of a patient of `gliokit phantom` from the scan after radiation on, missed appointments
included; whether new disease lies in the radiation field is drawn, and facts are lost at random.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from benchmarks.response_bodies import Array, Bitten, Body, Bumpy, Ellipsoid, resized, true_size
from gliokit.core.vocabulary import ClinicalChange, Label
from gliokit.measurement.response.facts import Flair
from gliokit.measurement.response.visit import Treatment, Visit
from gliokit.phantom.cohort import CohortSettings, draw_facts, draw_visits
from gliokit.phantom.patients.course import BASELINE_VISIT

SHAPES = ("ball", "ellipsoid", "ring", "irregular", "several", "nodule")
STEPS = ("progression", "partial", "minor", "gone", "rest", "free")
CHANCES = (0.30, 0.30, 0.10, 0.06, 0.08, 0.16)
THRESHOLDS = {"progression": 1.25, "partial": 0.5, "minor": 0.75}
SMALLEST_MARGIN, LARGEST_MARGIN = 0.005, 0.4
MEASURABLE_MM2, LARGEST = 100.0, 2.5  # of a nadir; of a size against the first
REST_ML = (0.01, 0.3)
RIM_MM = 1.5
NEW_LESION = 0.12  # chance of one in a course
LOST = 0.05  # chance that a fact of a visit is lost; that a scan is without contrast is as likely
OUTSIDE_FIELD = 0.15
PATIENTS = CohortSettings(visits=7, seed=6)
LEAST_VISITS = 4

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Course:
    """A patient: what is there at each visit, and what is known of it.

    Attributes
    ----------
    shape : str
        One of `SHAPES`; "nodule" of a cavity's wall.
    lesions : tuple of tuple of Body or None
        For each visit every lesion, in the same order; None where it is not there.
    facts : tuple of Visit
        Without sizes.
    blind : tuple of bool
        Whether the scan was without contrast, so that nothing was measured.
    treatment : Treatment
        Of the patient.
    """

    shape: str
    lesions: tuple[tuple[Body | None, ...], ...]
    facts: tuple[Visit, ...]
    blind: tuple[bool, ...]
    treatment: Treatment

    @property
    def quiet(self) -> "Course":
        """The same sizes where nothing else decides: all is stable, and radiation long ago."""
        facts = tuple(
            Visit(
                visit.day,
                flair=Flair.STABLE,
                dexamethasone_mg_per_day=0.0,
                clinical_change=ClinicalChange.STABLE,
                outside_field=False,
            )
            for visit in self.facts
        )
        never = tuple(False for _ in self.blind)
        return replace(self, facts=facts, blind=never, treatment=Treatment(irradiated=False))


def draw_course(number: int, *, seed: int) -> Course:
    """Draw course `number`: shapes take turns."""
    rng = np.random.default_rng([seed, number])
    shape = SHAPES[number % len(SHAPES)]
    facts, treatment = draw_knowledge(number, rng)
    first = draw_lesions(shape, rng)
    whole = sum(true_size(body).product_mm2 for body in first)
    visits: list[tuple[Body | None, ...]] = [first]
    sizes = [whole]
    for _ in facts[1:]:
        sizes.append(draw_size(sizes, rng))
        visits.append(grown(first, sizes[-1], rng))
    if rng.random() < NEW_LESION:
        visits = with_new_lesion(visits, rng)
    blind = (False, *(bool(rng.random() < LOST) for _ in facts[1:]))
    return Course(shape, tuple(visits), facts, blind, treatment)


def draw_size(sizes: Sequence[float], rng: np.random.Generator) -> float:
    """Draw the next sum of products, mm², after those so far."""
    nadir, first = min(sizes), sizes[0]
    step = STEPS[rng.choice(len(STEPS), p=CHANCES)]
    margin = np.exp(rng.uniform(np.log(SMALLEST_MARGIN), np.log(LARGEST_MARGIN)))
    side = np.exp(rng.choice([-1, 1]) * margin)
    if step == "gone":
        return 0.0
    if step == "rest":
        low, high = np.log(REST_ML)
        radius = (3000 * np.exp(rng.uniform(low, high)) / (4 * np.pi)) ** (1 / 3)
        return min(4 * float(radius) ** 2, first)
    if step == "free":
        last = sizes[-1] or MEASURABLE_MM2
        return float(min(last * np.exp(rng.normal(0, 0.2)), LARGEST * first))
    reference = max(nadir, MEASURABLE_MM2 / 1.25) if step == "progression" else first
    return float(min(reference * THRESHOLDS[step] * side, LARGEST * first))


def draw_lesions(shape: str, rng: np.random.Generator) -> tuple[Body, ...]:
    """Draw the lesions of the first visit, in mm around the origin."""
    here, turn = np.zeros(3), draw_turn(rng)
    radius = rng.uniform(7.5, 15)
    if shape == "ellipsoid":
        return (Ellipsoid(here, radius * rng.uniform(0.7, 1.4, 3), turn),)
    if shape == "ring":
        radius = rng.uniform(10, 16)
        return (Bitten(here, radius, here, radius * rng.uniform(0.4, 0.8), Label.NECROTIC_CORE),)
    if shape == "irregular":
        return (draw_irregular(radius, turn[:, 0], rng),)
    if shape == "nodule":
        cavity, labelled = rng.uniform(9, 16), rng.random() < 0.5
        rim = RIM_MM if labelled else 0.0
        bite = cavity * turn[:, 0]
        return (Bitten(here, rng.uniform(8, 12), bite, cavity, Label.CAVITY, True, rim),)
    if shape == "several":
        places = 30.0 * np.array([[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0], [0, 0, 1]])
        radii = [*rng.uniform(6, 13, 2), *rng.uniform(3.5, 9, int(rng.integers(1, 4)))]
        return tuple(
            Ellipsoid(place, radius * rng.uniform(0.85, 1.2, 3), draw_turn(rng))
            for place, radius in zip(places, radii, strict=False)
        )
    return (Ellipsoid(here, np.full(3, radius), np.eye(3)),)


def draw_irregular(radius: float, way: Array, rng: np.random.Generator) -> Body:
    """Draw a crescent or a bumpy body."""
    here = np.zeros(3)
    if rng.random() < 0.5:
        bite = radius * rng.uniform(0.7, 1.0) * way
        return Bitten(here, 1.3 * radius, bite, radius * rng.uniform(0.8, 1.0))
    ways = rng.standard_normal((8, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return Bumpy(here, radius, ways, rng.uniform(-0.35, 0.6, 8))


def draw_turn(rng: np.random.Generator) -> Array:
    """Draw a rotation, (3, 3)."""
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return turn


def grown(
    first: Sequence[Body], product_mm2: float, rng: np.random.Generator
) -> tuple[Body | None, ...]:
    """Give the lesions when their products add up to so much; each goes its own way a little."""
    if not product_mm2:
        return tuple(None for _ in first)
    own = [varied(body, rng) for body in first]
    for _ in range(3):  # products go about as the square, of a nodule not quite
        found = sum(true_size(body).product_mm2 for body in own)
        own = [resized(body, (product_mm2 / found) ** 0.5) for body in own]
        if not any(isinstance(body, Bitten) and body.fixed for body in own):
            break
    return tuple(own)


def varied(body: Body, rng: np.random.Generator) -> Body:
    """Let an ellipsoid change its proportions a little; a ball stays a ball."""
    if isinstance(body, Ellipsoid) and np.ptp(body.radii):
        return replace(body, radii=body.radii * np.exp(rng.normal(0, 0.06, 3)))
    return body


def with_new_lesion(
    visits: Sequence[tuple[Body | None, ...]], rng: np.random.Generator
) -> list[tuple[Body | None, ...]]:
    """Add a ball elsewhere, of 4 to 9 mm radius, from some visit on."""
    begins, radius = int(rng.integers(1, len(visits))), rng.uniform(4, 9)
    new = Ellipsoid(np.array([0.0, 0.0, -52.0]), np.full(3, radius), np.eye(3))
    return [(*own, new if number >= begins else None) for number, own in enumerate(visits)]


def draw_knowledge(number: int, rng: np.random.Generator) -> tuple[tuple[Visit, ...], Treatment]:
    """Draw what is known of the visits of the phantom's next patient that has enough of them."""
    patient, visits = None, ()
    for tried in range(20 * number, 20 * number + 20):
        patient = draw_facts(PATIENTS, tried)
        visits = draw_visits(PATIENTS, patient)[BASELINE_VISIT:]
        if len(visits) >= LEAST_VISITS:
            break
    assert patient is not None
    facts = tuple(
        Visit(
            visit.day,
            outside_field=kept(bool(rng.random() < OUTSIDE_FIELD), rng),
            flair=kept(Flair.STABLE, rng),
            dexamethasone_mg_per_day=kept(visit.dexamethasone_mg_per_day, rng),
            clinical_change=kept(visit.clinical_change, rng),
        )
        for visit in visits
    )
    treatment = Treatment(
        surgery_day=patient.surgery_day,
        radiation_start_day=patient.rt_start_day,
        radiation_end_day=patient.rt_end_day,
        irradiated=patient.rt_end_day is not None,
        immunotherapy_start_day=visits[0].day,
    )
    return facts, treatment


def kept(fact: Fact, rng: np.random.Generator) -> Fact | None:
    """Lose a fact now and then."""
    return None if rng.random() < LOST else fact
