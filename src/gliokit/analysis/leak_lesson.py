"""The leak lesson: what a score is worth when slices of one patient stand on both sides.

Every study is dealt into two half-stacks, of its even and of its odd axial slices: brains of
slices twice as far apart. The half-stacks are split into folds twice: once as if each were a
patient of its own, as is done where slices are shuffled, and once with both halves of a patient on
one side. The same system learns from as much of the same data; only the first has seen the tumors
it is tested on.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.analysis.evaluation_run import Execution, Trial, run_trial
from gliokit.analysis.evaluation_tables import Draws, differences, mean_text, summarized
from gliokit.analysis.fold_choice import FoldChoice, make_folds
from gliokit.analysis.fold_work import FoldResult
from gliokit.core.cohort import Cohort, Row
from gliokit.core.geometry import Affine, canonical_axes
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.reporting.evaluation_record import CaseResult, Table

HALVES = ("even", "odd")
MIXED, APART = "slices-mixed", "patients-apart"
METRIC = "dice"
FOLDER = "leak-lesson"
TITLE = "The leak lesson: slices of one patient on both sides, and patients apart"
NOTE = (
    "Every study is dealt into its even and its odd axial slices. Once these half-stacks are split "
    "as if each were a patient, so that most systems have seen every second slice of the tumor "
    "they are tested on; once both halves of a patient stand on one side. Everything else is the "
    "same. What the first gains over the second, a new patient will not see. Mean Dice over "
    "patients, with the 95 % interval from resampling patients."
)
COLUMNS = ("System", "Region", "Slices mixed", "Patients apart", "Gained by the leak", "Patients")

Voxels = TypeVar("Voxels", NDArray[np.float32], NDArray[np.uint8])


def leak_lesson(
    trial: Trial,
    out: Path,
    *,
    choice: FoldChoice,
    how: Execution,
    draws: Draws,
    on_fold: Callable[[FoldResult], None],
) -> Table:
    """Train and test every system on half-stacks in both ways.

    Parameters
    ----------
    trial : Trial
        Of whole studies; its cohort, systems and run are taken.
    out : Path
        Folder of the evaluation; the lesson has one in it.
    choice : FoldChoice
        How many folds.
    how, draws, on_fold
        As for the evaluation.

    Returns
    -------
    Table
        Dice of each system and region in both ways, and the paired difference.

    Raises
    ------
    FoldError, OutputError, CohortError, DeviceError
        As `run_trial`.
    """
    halves = HalfStacks(trial.cohort)
    dealt = replace(choice, by=None)  # a site would keep both halves of a patient together
    patients = {row.study_id: row.patient_id for row in halves.rows(mixed=False)}
    found: dict[str, dict[str, list[CaseResult]]] = {}
    for way in (MIXED, APART):
        cohort = Cohort(halves.rows(mixed=way == MIXED), halves.load, halves.load_labels)
        halved = replace(trial, cohort=cohort, folds=make_folds(cohort, None, dealt))
        cases: dict[str, list[CaseResult]] = {name: [] for name in trial.plans}
        with closing(run_trial(halved, out / FOLDER / way, how=how)) as run:
            for result in run:
                on_fold(result)
                cases[result.system] += [
                    replace(case, patient_id=patients[case.study_id]) for case in result.cases
                ]
        found[way] = cases
    rows = [
        row
        for name in trial.plans
        for row in _rows(name, found[MIXED][name], found[APART][name], draws)
    ]
    return Table(TITLE, NOTE, COLUMNS, tuple(rows))


def _rows(
    name: str, mixed: Sequence[CaseResult], apart: Sequence[CaseResult], draws: Draws
) -> list[tuple[str, ...]]:
    shown = [
        [own for own in summary if own.metric == METRIC]
        for summary in (
            summarized(mixed, draws=draws),
            summarized(apart, draws=draws),
            differences(mixed, apart, metric=METRIC, draws=draws),
        )
    ]
    return [
        (name, own[0].region.value, *map(mean_text, own), str(own[2].patients))
        for own in zip(*shown, strict=True)
    ]


@dataclass(frozen=True)
class HalfStacks:
    """The loaders of half-stacks, over those of whole studies; pickles if these do."""

    cohort: Cohort

    def rows(self, *, mixed: bool) -> list[Row]:
        """Give two rows per study; with `mixed`, each names itself as its patient."""
        halves = [
            replace(row, study_id=half_id(row.study_id, half))
            for row in self.cohort.rows
            for half in HALVES
        ]
        return [replace(row, patient_id=row.study_id) for row in halves] if mixed else halves

    def load(self, row: Row) -> Study:
        """Load one half of a study."""
        whole, half = self._whole(row)
        study = self.cohort.load(whole)
        images = {
            sequence: Image(*half_stack(image.array, image.affine, half), image.source)
            for sequence, image in study.images.items()
        }
        return replace(study, study_id=row.study_id, images=images)

    def load_labels(self, row: Row) -> LabelMap:
        """Load the labels of one half of a study."""
        whole, half = self._whole(row)
        labels = self.cohort.load_labels(whole)
        return LabelMap(*half_stack(labels.array, labels.affine, half), labels.source)

    def _whole(self, row: Row) -> tuple[Row, int]:
        study_id, _, half = row.study_id.rpartition("-")
        return replace(row, study_id=study_id), HALVES.index(half)


def half_id(study_id: str, half: str) -> str:
    """Name a half-stack."""
    return f"{study_id}-{half}"


def half_stack(array: Voxels, affine: Affine, half: int) -> tuple[Voxels, Affine]:
    """Take every second axial slice of a volume (X, Y, Z), from number `half` on.

    The slices stay where they are in the patient: the affine's step doubles, and its origin moves
    by `half` slices.
    """
    axis = canonical_axes(affine)[0][2]
    kept = [slice(half, None, 2) if own == axis else slice(None) for own in range(3)]
    moved = affine.copy()
    moved[:3, 3] += half * affine[:3, axis]
    moved[:3, axis] *= 2
    return np.ascontiguousarray(array[tuple(kept)]), moved
