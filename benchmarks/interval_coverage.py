"""How often do intervals over patients hold the truth, and is the permuted null at chance?

Cohorts are drawn from laws whose AUC, C-index and mean Dice are known in closed form. Some patients
have several studies, which depend on each other. A figure is all right if 92-98 % of its 95 %
intervals hold the truth; it is given with patients drawn at large and within classes. For
comparison: intervals that draw studies in place of patients, which are too narrow. The null is
the cross-validated AUC for permuted labels, as the mean over folds and of all answers together.

python -m benchmarks.interval_coverage     prints one JSON line
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from gliokit.core.cohort import Row
from gliokit.evaluation.baselines import permuted_null, predict_logistic
from gliokit.evaluation.bootstrap import RowStatistic, interval
from gliokit.evaluation.classification import auc
from gliokit.evaluation.folds import patient_folds
from gliokit.evaluation.out_of_fold import Examples, mean_over_folds, out_of_fold
from gliokit.evaluation.survival import harrell_c

SHIFT = 1.0  # of the scores of class 1
PATIENT_SD, STUDY_SD = 0.8, 0.6  # of scores, risks and logits of Dice
LOG_HAZARD_RATIO, CENSORING = 1.0, 0.5
DICE_LOGIT = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCohort:
    """A figure of rows, whose rows they are, and what they may be stratified by."""

    figure: RowStatistic
    patients: NDArray[np.intp]
    strata: NDArray[np.intp]


Draw = Callable[[int, np.random.Generator], DrawnCohort]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=500)
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    started = time.perf_counter()
    held = {
        name: {
            way: cover(
                name, way, cohorts=args.cohorts, patients=args.patients, resamples=args.resamples
            )
            for way in WAYS
        }
        for name in FIGURES
    }
    null = {
        way: null_figures(
            rounds=args.cohorts, patients=args.patients, seed=args.seed, pooled=way == "pooled"
        )
        for way in ("over folds", "pooled")
    }
    print(
        json.dumps(
            {
                "benchmark": "interval_coverage",
                "device": platform.machine(),
                "cohorts": args.cohorts,
                "patients": args.patients,
                "resamples": args.resamples,
                "coverage": held,
                "null_auc": {way: mean_and_error(figures) for way, figures in null.items()},
                "seconds": round(time.perf_counter() - started, 1),
                "versions": {"gliokit": version("gliokit"), "numpy": np.__version__},
            }
        )
    )


def mean_and_error(figures: NDArray[np.float64]) -> list[float]:
    return [round(float(x), 4) for x in (figures.mean(), figures.std() / np.sqrt(figures.size))]


def cover(name: str, way: str, *, cohorts: int, patients: int, resamples: int) -> float:
    """Give the share of 95 % intervals that hold the truth."""
    draw, truth = FIGURES[name]
    held = 0
    for seed in range(cohorts):
        # apart from the seed of the resamples
        cohort = draw(patients, np.random.default_rng([seed, 1]))
        unit = np.arange(len(cohort.patients)) if way == "studies" else cohort.patients
        low, high = interval(
            cohort.figure,
            patients=unit.tolist(),
            strata=cohort.strata.tolist() if way == "patients within strata" else None,
            seed=seed,
            resamples=resamples,
        )
        held += low <= truth() <= high
    return held / cohorts


def null_figures(
    *, rounds: int, patients: int, seed: int, pooled: bool = False
) -> NDArray[np.float64]:
    """Give the cross-validated AUC of logistic regression for permuted labels."""
    rng = np.random.default_rng(seed)
    patient_of = studies_of(patients, rng)
    names = [str(patient) for patient in patient_of]
    studies = [f"{patient}-{row}" for row, patient in enumerate(names)]
    X = rng.normal(size=(patient_of.size, 5))
    truth = (np.arange(patients) % 2)[patient_of]

    def procedure(y: NDArray[np.generic]) -> float:
        rows = [
            Row(2 + i, patient, study, {"y": str(label)})
            for i, (patient, study, label) in enumerate(zip(names, studies, y, strict=True))
        ]
        folds = patient_folds(rows, seed=seed, folds=5, stratify="y", validation=0).folds
        examples = Examples(studies, names, X, y)
        answers = out_of_fold(examples, folds, predict_logistic)
        return auc(y, answers) if pooled else mean_over_folds(auc, examples, folds, answers)

    return permuted_null(procedure, truth, patients=names, seed=seed, rounds=rounds)


def studies_of(patients: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw whose each study is: of two thirds of patients one, of the others two to four."""
    counts = np.where(rng.random(patients) < 2 / 3, 1, rng.integers(2, 5, patients))
    return np.repeat(np.arange(patients), counts)


def draw_classes(patients: int, rng: np.random.Generator) -> DrawnCohort:
    """Draw classes of patients and scores of their studies."""
    of = studies_of(patients, rng)
    y = (rng.random(patients) < 0.4).astype(int)[of]
    scores = SHIFT * y + _noise(of, rng)
    return DrawnCohort(lambda rows: auc(y[rows], scores[rows]), of, y)


def true_auc() -> float:
    """Chance that the score of class 1, shifted, is the larger of two normal ones."""
    return float(ndtr(SHIFT / np.sqrt(2 * (PATIENT_SD**2 + STUDY_SD**2))))


def draw_survival(patients: int, rng: np.random.Generator) -> DrawnCohort:
    """Draw exponential times, with exponential censoring, and risks of studies."""
    of = studies_of(patients, rng)
    x = rng.normal(size=patients)
    death = rng.exponential(np.exp(-LOG_HAZARD_RATIO * x))
    censored = rng.exponential(1 / CENSORING, patients)
    time, event = np.minimum(death, censored)[of], (death <= censored)[of]
    risk = x[of] + rng.normal(0, STUDY_SD, of.size)
    return DrawnCohort(
        lambda rows: harrell_c(time[rows], event[rows], risk[rows]), of, event.astype(int)
    )


def true_c_index() -> float:
    """Integrate over the log hazards of two patients, normal, the chance to be in order.

    Who dies first is independent of when; the pair is known if that comes before both censorings.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    a, b = nodes[:, None], nodes
    hazards = np.exp(LOG_HAZARD_RATIO * a) + np.exp(LOG_HAZARD_RATIO * b)
    known = np.outer(weights, weights) * hazards / (hazards + 2 * CENSORING)
    first, riskier = expit(LOG_HAZARD_RATIO * (a - b)), ndtr((a - b) / (STUDY_SD * np.sqrt(2)))
    in_order = first * riskier + (1 - first) * (1 - riskier)
    return float((known * in_order).sum() / known.sum())


def draw_dice(patients: int, rng: np.random.Generator) -> DrawnCohort:
    """Draw Dice of studies, normal on the logit."""
    of = studies_of(patients, rng)
    dice = expit(DICE_LOGIT + _noise(of, rng))
    return DrawnCohort(lambda rows: dice[rows].mean(), of, np.zeros_like(of))


def true_dice() -> float:
    """Integrate over the normal logit."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return float(weights @ expit(DICE_LOGIT + np.hypot(PATIENT_SD, STUDY_SD) * nodes)) / float(
        weights.sum()
    )


def _noise(of: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.float64]:
    patient = rng.normal(0, PATIENT_SD, of.max() + 1)
    return patient[of] + rng.normal(0, STUDY_SD, of.size)


WAYS = ("patients", "patients within strata", "studies")
FIGURES: dict[str, tuple[Draw, Callable[[], float]]] = {
    "auc": (draw_classes, true_auc),
    "c_index": (draw_survival, true_c_index),
    "mean_dice": (draw_dice, true_dice),
}

if __name__ == "__main__":
    main()
