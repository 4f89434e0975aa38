"""How the patients of one cohort, or of two, are split for an evaluation."""

from dataclasses import dataclass, replace

from gliokit.core.cohort import Cohort
from gliokit.core.errors import FoldError
from gliokit.evaluation.folds import Folds, external_fold, patient_folds, site_folds


@dataclass(frozen=True, slots=True)
class FoldChoice:
    """What the user chooses.

    Attributes
    ----------
    folds, repeats : int
        How many, and how often patients are dealt anew.
    by : str or None
        Column whose values are left out one at a time, in place of dealing.
    stratify : str or None
        Column whose values are dealt evenly.
    validation : float
        Share of the patients that are not tested, set aside.
    seed : int
        Of the draw.
    """

    folds: int = 4
    repeats: int = 1
    by: str | None = None
    stratify: str | None = None
    validation: float = 0.2
    seed: int = 0


def make_folds(cohort: Cohort, external: Cohort | None, choice: FoldChoice) -> Folds:
    """Choose between folds of patients, of sites, and a second cohort that is locked away.

    Raises
    ------
    FoldError
        If the patients cannot be split so.
    """
    seed, stratify, validation = choice.seed, choice.stratify, choice.validation
    if (external is not None or choice.by) and choice.repeats > 1:
        raise FoldError("sites and a locked cohort are tested once: drop the repeats")
    if external is not None:
        return external_fold(
            cohort.rows, external.rows, seed=seed, stratify=stratify, validation=validation
        )
    if choice.by:
        return site_folds(
            cohort.rows, site=choice.by, seed=seed, stratify=stratify, validation=validation
        )
    return patient_folds(
        cohort.rows,
        folds=choice.folds,
        repeats=choice.repeats,
        seed=seed,
        stratify=stratify,
        validation=validation,
    )


def both_cohorts(cohort: Cohort, external: Cohort | None) -> Cohort:
    """Put the studies of all folds together; both were read from tables."""
    if external is None:
        return cohort
    return replace(cohort, rows=[*cohort.rows, *external.rows])
