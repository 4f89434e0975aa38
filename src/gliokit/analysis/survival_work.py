"""Systems of survival in folds: a study is described once, and every fold learns from the numbers.

A description looks at no outcome. It stands in OUT/SYSTEM/described/STUDY_ID.json with what it
cost; the folder of a system holds what was made with one cohort, one set of files and settings.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

from gliokit.analysis.cost import measured
from gliokit.analysis.failure import reason
from gliokit.analysis.output import write_whole
from gliokit.analysis.reasons import without_paths
from gliokit.core.cohort import Cohort, Row
from gliokit.core.system import System, SystemCard, Task
from gliokit.evaluation.folds import Fold
from gliokit.prognosis.followed import Description, Followed, followed_patients
from gliokit.prognosis.known_study import known
from gliokit.prognosis.system import PrognosticSystem
from gliokit.reporting.evaluation_record import CaseResult

DESCRIBED = "described"
Told = TypeVar("Told")
# patients that teach, and those asked, to what each of these is told
Telling: TypeAlias = Callable[[Sequence[Followed], Sequence[Followed]], list[Told]]


def is_of_survival(card: SystemCard) -> bool:
    """Tell whether a system answers with survival."""
    return card.task is Task.SURVIVAL


def prognostic(system: System) -> PrognosticSystem:
    """Give a system of survival as what it is; its card says so, and the contract holds it to."""
    return cast(PrognosticSystem, system)


def described(
    system: PrognosticSystem, row: Row, studies: Cohort, *, folder: Path
) -> tuple[Description, float, float]:
    """Describe a study, or read what was written of it.

    Parameters
    ----------
    studies : Cohort
        Of known studies (`gliokit.prognosis.known_study.known`).
    folder : Path
        Of the descriptions of this system.

    Returns
    -------
    Description, float, float
        With the seconds that it took, and the peak of memory in MB.

    Raises
    ------
    GliokitError
        If it cannot be described.
    """
    path = folder / f"{row.study_id}.json"
    if path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        return Description(held["values"], held["unknown"]), held["seconds"], held["peak_mb"]
    study = studies.load(row)
    with measured() as cost:
        found = system.describe(study)
    content = {
        "values": dict(found.values),
        "unknown": dict(found.unknown),
        "seconds": cost.seconds,
        "peak_mb": cost.peak_mb,
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content, indent=1))
    return found, cost.seconds, cost.peak_mb


def patients_in_numbers(
    system: PrognosticSystem, cohort: Cohort, *, folder: Path
) -> list[Followed]:
    """Describe and follow the first study of every patient of a cohort.

    Raises
    ------
    CohortError
        As `followed_patients`.
    """
    return followed_patients(
        cohort, lambda row, studies: described(system, row, studies, folder=folder)[0]
    )


def answered_in_folds(
    procedure: Telling[Told], patients: Sequence[Followed], folds: Sequence[Fold]
) -> dict[tuple[int, str], Told]:
    """Answer for every tested patient by what was learnt in the fold; by fold and study.

    Patients who are set aside in a fold teach too: nothing is chosen by them.
    """
    answers: dict[tuple[int, str], Told] = {}
    for fold in folds:
        teaching, asked = {*fold.train, *fold.validation}, set(fold.test)
        train = [own for own in patients if own.study_id in teaching]
        test = [own for own in patients if own.study_id in asked]
        answers |= {
            (fold.number, own.study_id): told
            for own, told in zip(test, procedure(train, test), strict=True)
        }
    return answers


def asked_case(
    system: PrognosticSystem, cohort: Cohort, row: Row, *, fold: int, folder: Path
) -> CaseResult:
    """Ask a system of survival about one study; raises nothing."""
    case = CaseResult(row.patient_id, row.study_id, fold, ())
    try:
        description, seconds, peak_mb = described(system, row, known(cohort), folder=folder)
        answer = system.answer(row.study_id, description)
    except Exception as error:  # whatever it is, the other studies go on
        why = without_paths(reason(error), row)
        return replace(case, reason=why)
    return replace(case, seconds=seconds, peak_mb=peak_mb, value=answer.log_hazard)
