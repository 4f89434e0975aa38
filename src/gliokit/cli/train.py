"""`gliokit train`: a published system, or ours, to a model of its own."""

from pathlib import Path
from typing import Annotated

import typer

from gliokit.analysis.system_settings import read_changes, settings_of
from gliokit.analysis.systems import SYSTEMS, system_named
from gliokit.analysis.training_run import is_first_process, train_model, training_folder
from gliokit.cli import system_option as option
from gliokit.cli.progress import say
from gliokit.cli.training_progress import training_progress
from gliokit.core.system import TrainingRun
from gliokit.io.cohorts import read_cohort


def train(  # noqa: PLR0913 - one parameter per option
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="As `gliokit systems` lists it.")],
    *,
    cohort: option.CohortTable,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the model, new.")],
    settings: option.SettingsFile = None,
    changes: option.Changes = None,
    tiny: option.Tiny = False,
    seed: option.Seed = 0,
    minutes: option.Minutes = None,
    validation: option.Validation = 0.2,
    device: option.OnDevice = option.Device.CPU,
    workers: option.DrawingWorkers = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the model in OUT.")] = False,
) -> None:
    """Train a system on a cohort with labels, or outcomes, and write it as a model bundle.

    Beside OUT stands OUT.training. A training that was stopped goes on from there when it is
    started again in the same way; in the end its checkpoints are removed and its logs kept. With
    --minutes the schedule is run through in that time.

    For example:

    gliokit train havaei2017 --cohort cohort.csv -o model

    gliokit train chen2018 --cohort cohort.csv -o tiny --tiny --set schedule.steps=50

    gliokit train dempsey2005 --cohort cohort.csv -o survival --set 'covariates=["age"]'

    torchrun --nproc-per-node 2 --no-python gliokit train default --cohort cohort.csv -o model
    """
    kind = system_named(system)
    changed = read_changes(settings, changes or ())
    chosen = settings_of(kind, changed, tiny=tiny, systems=SYSTEMS)
    studies = read_cohort(cohort)
    first = is_first_process()
    with training_progress(shown=first) as report:
        run = TrainingRun(
            seed=seed, minutes=minutes, device=device.value, workers=workers, report=report
        )
        bundle = train_model(
            kind(chosen, run=run), studies, out, validation=validation, force=force
        )
    if bundle is not None:
        say(f"{bundle.card.training[0]}")
        say(f"its logs are in {training_folder(out)}")
        typer.echo(out)
