"""One system trained on a cohort, to a model bundle.

Beside MODEL stands MODEL.training with checkpoints, from which the same command goes on after it
was stopped, and the logs. When the model stands the checkpoints are removed; the logs are kept.

Some patients may be set aside: by them a system chooses its best weights and ends in time.
"""

import os
from dataclasses import replace
from pathlib import Path

from gliokit.analysis.cohort_facts import cohort_facts
from gliokit.analysis.output import explained
from gliokit.bundles.bundle import Bundle
from gliokit.bundles.trained import Trained, check_replaceable, save_trained
from gliokit.core.cohort import Cohort
from gliokit.core.system import System, Task, check_fields
from gliokit.evaluation.folds import set_aside
from gliokit.learning.log import LOG

BOARD = "tensorboard"


def train_model(
    system: System,
    cohort: Cohort,
    model: Path,
    *,
    validation: float = 0.2,
    force: bool = False,
) -> Bundle | None:
    """Train a system and write it as a bundle.

    Parameters
    ----------
    system : System
        With its settings and its run; the run's folder is set here.
    cohort : Cohort
        With labels, or outcomes.
    model : Path
        Folder of the bundle.
    validation : float
        Share of the patients set aside to choose weights by; 0 sets none aside, nor does a system
        of survival.
    force : bool
        Replace the bundle that stands in `model`.

    Returns
    -------
    Bundle or None
        None on processes that train beside the first.

    Raises
    ------
    OutputError
        If `model` cannot be written.
    CohortError
        If the cohort lacks what the system learns from.
    CheckpointError
        If the training that stands there is of other settings or data.
    """
    check_replaceable(model, force=force)
    check_fields(cohort, system.card)
    # a system of survival chooses nothing by other patients, so that all of them teach
    share = 0.0 if system.card.task is Task.SURVIVAL else validation
    train, aside = split(cohort, share, seed=system.run.seed)
    folder = training_folder(model)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    fitted = type(system)(system.settings, run=replace(system.run, folder=folder))
    fitted.fit(train, aside)
    if not is_first_process():
        return None
    bundle = save_fitted(fitted, train, model, force=force)
    remove_checkpoints(folder)
    return bundle


def save_fitted(system: System, cohort: Cohort, model: Path, *, force: bool = False) -> Bundle:
    """Write a fitted system with what its card must say of the cohort."""
    facts = cohort_facts(cohort.rows)
    trained = Trained(
        patients=facts.patients,
        studies=facts.studies,
        cohort_sha256=facts.sha256,
        seed=system.run.seed,
        simulated=facts.simulated,
    )
    with explained(model):
        return save_trained(system, model, trained, force=force)


def split(cohort: Cohort, share: float, *, seed: int) -> tuple[Cohort, Cohort | None]:
    """Set a share of the patients aside, but never the only one."""
    patients = len({row.patient_id for row in cohort.rows})
    if not share or patients < 2:
        return cohort, None
    fold = set_aside(cohort.rows, share, seed=seed)
    return cohort.only(fold.train), cohort.only(fold.validation)


def training_folder(model: Path) -> Path:
    """Give the folder of checkpoints and logs of a model."""
    return model.with_name(f"{model.name}.training")


def remove_checkpoints(folder: Path) -> None:
    """Remove all but the logs."""
    for path in sorted(folder.rglob("*"), reverse=True):
        logged = path.name == LOG or BOARD in path.relative_to(folder).parts
        if path.is_file() and not logged:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def is_first_process() -> bool:
    """Tell whether this process writes and prints; of those that torchrun starts, one does."""
    return os.environ.get("RANK", "0") == "0"
