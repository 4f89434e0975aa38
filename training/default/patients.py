"""The patients that the default model learns from: wider than life where models are weak.

Shares and ranges are assumed: small tumors, treated ones and healthy brains are commoner than
in a clinic, so that a short training sees enough of each.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Label, Progression
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.individual import make_individual
from gliokit.phantom.body.tissue import labels_of
from gliokit.phantom.study import OLDEST, YOUNGEST, fit_tumor, infiltration
from gliokit.phantom.tumor.grown import GrownTumor, grow_tumor, paint
from gliokit.phantom.tumor.parameters import SMALLEST_CORE_ML, draw_tumor
from gliokit.phantom.tumor.treatment import (
    NECROTIC_SHARE,
    Treated,
    measured_tissue,
    paint_treated,
    plan_recurrence,
    resected_tissue,
)

TRIES = 20
VISIBLE = 0.2  # share of the signal that cells must have changed for a rater to see it; assumed
SMALL_ML = (SMALLEST_CORE_ML, 3.0)  # of a small core
SMALL_EDEMA_ML = (0.3, 20.0)
RESIDUAL_ML = (0.1, 5.0)  # enhancing tissue that resection leaves, where it leaves some
NEW_ML = (0.15, 20.0)  # new enhancement


class Kind(StrEnum):
    """What a training patient stands for."""

    USUAL = "usual"
    SMALL = "small"
    TREATED = "treated"
    HEALTHY = "healthy"


SHARES = {Kind.USUAL: 0.50, Kind.SMALL: 0.12, Kind.TREATED: 0.28, Kind.HEALTHY: 0.10}


@dataclass(frozen=True, slots=True)
class TrainingPatient:
    """Tissue to be scanned, ever anew.

    Attributes
    ----------
    kind : Kind
        What it stands for.
    tissues : (X, Y, Z)
        `Tissue` per voxel of 1 mm, uint8.
    cells : (X, Y, Z)
        Share of the signal that tumor cells change, 0 to 255 for 0 to 1.
    """

    kind: Kind
    tissues: NDArray[np.uint8] = field(repr=False)
    cells: NDArray[np.uint8] = field(repr=False)

    @property
    def labels(self) -> NDArray[np.uint8]:
        """What a rater would outline, (X, Y, Z): what cells have visibly changed is edema."""
        labels = labels_of(self.tissues)
        labels[(labels == Label.BACKGROUND) & (self.infiltration >= VISIBLE)] = Label.EDEMA
        return labels

    @property
    def infiltration(self) -> NDArray[np.float32]:
        """Share of the signal that tumor cells change, 0-1, (X, Y, Z)."""
        return self.cells.astype(np.float32) / 255

    def write(self, path: Path) -> None:
        """Write whole or not at all."""
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, kind=np.array(str(self.kind)), tissues=self.tissues, cells=self.cells)
        part.rename(path)


def read_patient(path: Path) -> TrainingPatient:
    """Read what `TrainingPatient.write` wrote."""
    with np.load(path) as file:
        return TrainingPatient(Kind(str(file["kind"])), file["tissues"], file["cells"])


def draw_training_patient(
    anatomy: Anatomy, rng: np.random.Generator, kind: Kind | None = None
) -> TrainingPatient:
    """Make one patient in the likeness of an anatomy; of any kind, by `SHARES`, if not given."""
    kind = kind or list(SHARES)[rng.choice(len(SHARES), p=list(SHARES.values()))]
    person, _ = make_individual(anatomy, rng, age=rng.uniform(YOUNGEST, OLDEST))
    if kind is Kind.HEALTHY:
        return TrainingPatient(kind, person.tissues, np.zeros_like(person.tissues))
    grown = _small_tumor(person, rng) if kind is Kind.SMALL else fit_tumor(person, rng)
    body, density = paint(grown), grown.density
    if kind is Kind.TREATED:
        body, density = _treated(grown, rng)
    changed = infiltration(body.tissues, density)
    assert changed is not None  # cellularity is 1
    return TrainingPatient(kind, body.tissues, np.rint(255 * changed).astype(np.uint8))


def draw_treatment(grown: GrownTumor, rng: np.random.Generator) -> Treated:
    """Draw what surgery and radiation have made of a tumor, at any time after them."""
    most = np.count_nonzero(measured_tissue(grown)) * grown.voxel_ml
    left = rng.choice([0.0, log_uniform(rng, *RESIDUAL_ML), rng.uniform(0.1, 0.6) * most])
    resected = rng.random() < 0.9
    left = min(left, 0.9 * most) if resected else most
    answered = rng.uniform(0.3, 1.0) if rng.random() < 0.4 else 1.0
    recurs = rng.random() < 0.5
    cause = rng.choice([Progression.TRUE, Progression.PSEUDO])
    fresh = rng.random() < 0.35
    return Treated(
        resected=resected,
        left_ml=float(left),
        residual_ml=float(left * answered),
        new_ml=log_uniform(rng, *NEW_ML) if recurs else 0.0,
        cause=Progression(cause) if recurs else Progression.NONE,
        edema=float(rng.uniform(0.7, 1.1) if fresh else rng.uniform(0.1, 1.2)),
        blood=float(rng.uniform(0.1, 0.8) if fresh else rng.beta(1, 8)),
        collapse=float(rng.beta(1, 6) if fresh else rng.uniform(0, 1)),
        gliosis=0.0 if fresh else float(rng.uniform(0, 1)),
        necrotic=NECROTIC_SHARE if cause == Progression.TRUE else 0.0,
    )


def _treated(grown: GrownTumor, rng: np.random.Generator) -> tuple[Anatomy, NDArray[np.float32]]:
    """Paint a tumor after treatment, with the cells that are left."""
    for _ in range(TRIES):
        treated = draw_treatment(grown, rng)
        try:
            again = plan_recurrence(
                grown,
                treated,
                largest_ml=treated.new_ml,
                distant=bool(treated.resected and rng.random() < 0.1),
            )
            body = paint_treated(grown, treated, again)
        except SimulationError:  # no room for what is new: draw another course
            continue
        gone = resected_tissue(grown, treated)
        return body, np.where(gone, np.float32(0), grown.density)
    raise SimulationError(f"no treatment fitted this tumor in {TRIES} tries")


def _small_tumor(person: Anatomy, rng: np.random.Generator) -> GrownTumor:
    for _ in range(TRIES):
        tumor = replace(
            draw_tumor(rng),
            core_ml=log_uniform(rng, *SMALL_ML),
            edema_ml=log_uniform(rng, *SMALL_EDEMA_ML),
            foci=1,
        )
        try:
            return grow_tumor(person, tumor)
        except SimulationError:  # no room there: draw another
            continue
    raise SimulationError(f"no small tumor fitted this brain in {TRIES} tries")


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a size: small ones as often as large ones."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
