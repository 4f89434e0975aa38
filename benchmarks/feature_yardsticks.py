"""Do plain nested models on the two public tables reach the published yardsticks, and no more?

Logistic regression, RBF SVM and random forest for classes, penalized Cox regression for survival,
with filling, scaling, redundancy, selection and settings learnt inside the fold
(`gliokit.features.nested`); repeated folds of patients; intervals over patients. Beside them stand
age alone, the most frequent class, and the whole procedure on permuted outcomes. The figures are
means over repeats of all answers together, and (`over_folds`) means over the folds.

Tables: features of Bakas et al. 2017 (TCGA-GBM and TCGA-LGG, CC BY 3.0, doi
10.7937/K9/TCIA.2017.KLXWJJ1Q and .GJQ7R0EF), molecular labels of Ceccarelli et al. 2016; UPENN-GBM
(CC BY 4.0, doi 10.7937/TCIA.709X-DN49). Neither is part of the project.

python -m benchmarks.feature_yardsticks --tables FOLDER     prints one JSON line
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from gliokit.core.cohort import Row
from gliokit.core.feature_table import FeatureTable
from gliokit.evaluation.baselines import chance_on_null, permuted_null, predict_logistic
from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.classification import accuracy, auc
from gliokit.evaluation.folds import Fold, patient_folds
from gliokit.evaluation.out_of_fold import (
    Examples,
    FitPredict,
    mean_over_folds,
    of_classifier,
    of_estimator,
    out_of_fold,
)
from gliokit.evaluation.survival import harrell_c
from gliokit.features.hazard import HazardRegressor
from gliokit.features.nested import nested_classifier, nested_hazard
from gliokit.io.feature_tables import BAKAS_2017, UPENN_CAPTK, read_feature_table

FOLDS = 5
STRUCTURAL = ("T1_", "T1GD_", "T2_", "FLAIR_")
RCBV = "DSC_ap-rCBV_"

Keep = Callable[[FeatureTable], NDArray[np.bool_]]
Wanted = Callable[[str], bool]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """A question to one of the tables, and what the yardstick says.

    Attributes
    ----------
    table : str
        `tcga` or `upenn`.
    outcome : callable
        Table to outcomes, (n,) or for survival (n, 2); rows with an unknown one are left out.
    yardstick, age_yardstick : tuple of float
        Interval of imaging features, and of age.
    keep, wanted : callable
        Which rows and which features.
    with_age : bool
        Whether age stands beside the features.
    """

    table: str
    outcome: Callable[[FeatureTable], Array]
    yardstick: tuple[float, float]
    age_yardstick: tuple[float, float] | None
    keep: Keep = field(default=lambda table: np.ones(len(table), dtype=bool))
    wanted: Wanted = field(default=lambda name: True)
    with_age: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, default=Path("../shared/data/tables"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--null-rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=TASKS, default=list(TASKS))
    args = parser.parse_args()
    started = time.perf_counter()
    tables = read_tables(args.tables)
    with threadpool_limits(1):
        rows = {
            name: measure(
                TASKS[name], tables, seed=args.seed, repeats=args.repeats, rounds=args.null_rounds
            )
            for name in args.only
        }
    print(
        json.dumps(
            {
                "benchmark": "feature_yardsticks",
                "device": platform.machine(),
                "folds": FOLDS,
                "repeats": args.repeats,
                "rows": rows,
                "seconds": round(time.perf_counter() - started, 1),
                "versions": {name: version(name) for name in ("gliokit", "scikit-learn", "numpy")},
            }
        )
    )


def read_tables(folder: Path) -> dict[str, FeatureTable]:
    """Read both tables."""
    return {
        "tcga": read_feature_table(folder / "tcga_bakas_labelled.csv", BAKAS_2017),
        "upenn": read_feature_table(folder / "upenn_captk_labelled.csv.gz", UPENN_CAPTK),
    }


def measure(
    task: Task, tables: Mapping[str, FeatureTable], *, seed: int, repeats: int, rounds: int
) -> dict[str, object]:
    """Give the figures of all models, of age, and of permuted outcomes."""
    rows, age = choose(task, tables)
    survival = rows.y.ndim == 2
    models = hazard_models(task) if survival else CLASSIFIERS
    measured = {
        name: describe(rows, model, seed=seed, repeats=repeats) for name, model in models.items()
    }
    of_age = of_estimator(age_hazard) if survival else predict_logistic
    known = Examples(rows.studies, rows.patients, age, rows.y)
    bar = describe(known, of_age, seed=seed, repeats=repeats)
    first = next(iter(models.values()))
    null = permuted_null(
        lambda y: held_out(Examples(rows.studies, rows.patients, rows.X, y), first, seed=seed),
        rows.y,
        patients=rows.patients,
        seed=seed,
        rounds=rounds,
    )
    verdict = chance_on_null(null)
    positive = rows.y[:, 1] if survival else rows.y
    return {
        "n": len(rows.studies),
        "positive": int(positive.sum()),
        "figure": "C-index" if survival else "AUC",
        "models": measured,
        "yardstick": task.yardstick,
        "within": {
            n: task.yardstick[0] <= m["figure"] <= task.yardstick[1] for n, m in measured.items()
        },
        "age": bar,
        "age_yardstick": task.age_yardstick,
        "majority_accuracy": None
        if survival
        else round(float(max(np.mean(rows.y), 1 - np.mean(rows.y))), 3),
        "null": {
            "of": next(iter(models)),
            "mean": round(verdict.mean, 3),
            "mean_interval": [round(verdict.lower, 3), round(verdict.upper, 3)],
            "range": [round(float(null.min()), 3), round(float(null.max()), 3)],
            "at_chance": verdict.at_chance,
        },
    }


def choose(task: Task, tables: Mapping[str, FeatureTable]) -> tuple[Examples, Array]:
    """Give the rows of a task, and their age (n, 1)."""
    table = tables[task.table]
    outcome = task.outcome(table)
    known = ~np.isnan(outcome).reshape(len(table), -1).any(axis=1)
    rows = known & task.keep(table)
    chosen = table.only(rows).features([name for name in table.names if task.wanted(name)])
    age = chosen.numbers("age")[:, None]
    X = np.hstack([age, chosen.values]) if task.with_age else chosen.values
    return Examples(chosen.studies, chosen.patients, X, outcome[rows]), age


def describe(rows: Examples, model: FitPredict, *, seed: int, repeats: int) -> dict[str, object]:
    """Give the figure of held-out answers, its interval over patients, and the accuracy."""
    y, survival = np.asarray(rows.y), np.ndim(rows.y) == 2
    folds = [fold_by_class(rows, seed=seed + repeat) for repeat in range(repeats)]
    answers = [out_of_fold(rows, dealt, model) for dealt in folds]

    def figure(drawn: NDArray[np.intp]) -> float:
        return float(np.mean([rank(y[drawn], given[drawn]) for given in answers]))

    strata = (y[:, 1] if survival else y).tolist()
    limits = interval(figure, patients=rows.patients, strata=strata, seed=seed, resamples=1000)
    over = [
        mean_over_folds(rank, rows, dealt, given)
        for dealt, given in zip(folds, answers, strict=True)
    ]
    described: dict[str, object] = {
        "figure": round(figure(np.arange(len(y))), 3),
        "interval": [round(limit, 3) for limit in limits],
        "over_folds": round(float(np.mean(over)), 3),
    }
    if not survival:
        described["accuracy"] = round(
            float(np.mean([accuracy(y, given >= 0.5) for given in answers])), 3
        )
    return described


def held_out(rows: Examples, model: FitPredict, *, seed: int) -> float:
    """Give the figure of one repeat as the mean over its folds."""
    folds = fold_by_class(rows, seed=seed)
    return mean_over_folds(rank, rows, folds, out_of_fold(rows, folds, model))


def fold_by_class(rows: Examples, *, seed: int) -> tuple[Fold, ...]:
    """Deal patients, stratified by class or event."""
    y = np.asarray(rows.y)
    strata = y[:, 1] if y.ndim == 2 else y
    table = [
        Row(number, patient, study, {"stratum": f"{stratum:g}"})
        for number, (study, patient, stratum) in enumerate(
            zip(rows.studies, rows.patients, strata, strict=True), start=2
        )
    ]
    return patient_folds(table, seed=seed, folds=FOLDS, stratify="stratum", validation=0).folds


def rank(y: Array, answers: Array) -> float:
    """AUC, or the C-index of time and event."""
    return harrell_c(y[:, 0], y[:, 1], answers) if y.ndim == 2 else auc(y, answers)


def logistic() -> Pipeline:
    return nested_classifier(
        LogisticRegression(solver="newton-cholesky"), grid={"C": (0.01, 0.1, 1)}
    )


def rbf_svm() -> Pipeline:
    model = CalibratedClassifierCV(SVC(), ensemble=False, cv=4)
    return nested_classifier(model, grid={"estimator__C": (0.1, 1, 10)})


def random_forest() -> Pipeline:
    model = RandomForestClassifier(200, min_samples_leaf=3, random_state=0)
    return nested_classifier(model, grid={}, counts=(20, 40))


def hazard_models(task: Task) -> dict[str, FitPredict]:
    always = (0,) if task.with_age else ()
    return {"cox": of_estimator(lambda: nested_hazard(always=always))}


def age_hazard() -> Pipeline:
    return make_pipeline(SimpleImputer(), StandardScaler(), HazardRegressor())


def survival_of(table: FeatureTable) -> Array:
    return np.column_stack([table.numbers("os_days"), table.numbers("os_event")])


def genotype(fact: str) -> Callable[[FeatureTable], Array]:
    return lambda table: table.numbers(fact)


def of_collection(name: str) -> Keep:
    return lambda table: np.array([cell == name for cell in table.facts["cohort"]])


def high_grade(table: FeatureTable) -> Array:
    grade = table.numbers("grade")
    return np.where(np.isnan(grade), np.nan, grade == 4)


CLASSIFIERS: dict[str, FitPredict] = {
    "logistic": of_classifier(logistic),
    "svm": of_classifier(rbf_svm),
    "forest": of_classifier(random_forest),
}
TASKS = {
    "idh": Task("tcga", genotype("idh"), (0.88, 0.97), (0.73, 0.88)),
    "idh_lower_grade": Task(
        "tcga", genotype("idh"), (0.58, 0.94), (0.67, 0.92), of_collection("TCGA-LGG")
    ),
    "codeletion_in_idh_mutant": Task(
        "tcga", genotype("codel"), (0.68, 0.96), (0.68, 0.95), lambda t: t.numbers("idh") == 1
    ),
    "grade_4": Task("tcga", high_grade, (0.88, 0.98), (0.66, 0.82)),
    # the yardstick is chance: what label permutations span
    "mgmt_glioblastoma": Task(
        "tcga", genotype("mgmt"), (0.32, 0.76), None, of_collection("TCGA-GBM")
    ),
    "survival_glioblastoma": Task(
        "tcga", survival_of, (0.49, 0.63), (0.55, 0.69), of_collection("TCGA-GBM")
    ),
    "survival_upenn_structural": Task(
        "upenn",
        survival_of,
        (0.55, 0.64),
        (0.59, 0.67),
        wanted=lambda name: name.startswith(STRUCTURAL),
    ),
    "survival_upenn_rcbv": Task(
        "upenn", survival_of, (0.54, 0.63), (0.59, 0.67), wanted=lambda name: name.startswith(RCBV)
    ),
    "survival_upenn_rcbv_histogram_and_age": Task(
        "upenn",
        survival_of,
        (0.61, 0.70),
        (0.59, 0.67),
        wanted=lambda name: name.startswith(RCBV) and "_Histogram_" in name,
        with_age=True,
    ),
}

if __name__ == "__main__":
    main()
