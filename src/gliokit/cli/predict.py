"""`gliokit predict`: a trained model on every study of a cohort."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gliokit.analysis.evaluation_run import Execution
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.prediction_run import FAILURES, PREDICTIONS, Answer, predict_cohort
from gliokit.analysis.systems import SYSTEMS
from gliokit.cli import system_option as option
from gliokit.cli.progress import counter, say
from gliokit.io.cohorts import read_cohort


def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Bundle that `gliokit train` wrote.")
    ],
    *,
    cohort: option.CohortTable,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the answers, new, or to go on with.")
    ],
    device: option.OnDevice = option.Device.CPU,
    jobs: Annotated[int, typer.Option(min=1, help="Studies at a time.")] = 1,
    scheduler: option.Scheduler = None,
) -> None:
    """Ask a model about every study: outlines or hazards, and a table of them.

    A model that outlines tumors writes label maps, OUT/STUDY_ID.nii.gz; one of survival writes what
    its answer rests on, OUT/STUDY_ID.json. A run that was stopped goes on when it is started again.

    For example:

    gliokit predict model --cohort cohort.csv -o labels --jobs 2
    """
    studies, failed = read_cohort(cohort), 0
    how = Execution(jobs, scheduler=scheduler)
    run = predict_cohort(model, studies, out, systems=SYSTEMS, device=device.value, how=how)
    with closing(run), counter("studies", len(studies)) as count:
        for answer in run:
            failed += bool(answer.reason)
            count(f"{answer.study_id} {_state(answer)}")
    typer.echo(out / PREDICTIONS)
    typer.echo(out / FAILURES)
    if failed:
        say(f"{failed} of {len(studies)} studies failed; the reasons are in {out / FAILURES}")
        raise typer.Exit(FAILURE)


def _state(answer: Answer) -> str:
    if answer.reason:
        return f"failed: {answer.reason}"
    return "is there already" if answer.reused else f"done in {answer.seconds:.1f} s"
