"""A trained model asked about every study of a cohort; one bad study never stops the others.

In OUT stand a label map per study (`STUDY_ID.nii.gz`, with our mark, so that its numbers are never
ambiguous), or of a system of survival its answer with what that rests on (`STUDY_ID.json`);
`predictions.csv` with volumes or hazards, seconds and memory; and `failures.csv` with the reason
for each study without an answer. A run goes on where the last one stopped: what was made by the
same model stays. `model.json` says which it is; answers of another model are never mixed with
these.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from math import isfinite, nan
from pathlib import Path

from gliokit.analysis.cohort_facts import cohort_facts, files_sha256
from gliokit.analysis.cost import measured
from gliokit.analysis.evaluation_run import DIED, Execution
from gliokit.analysis.failure import FAILURE, exit_code, reason
from gliokit.analysis.output import check_seen, csv_text, explained, remove_leftovers, write_whole
from gliokit.analysis.prognosis_json import prognosis_text, read_prognosis
from gliokit.analysis.reasons import without_paths
from gliokit.analysis.survival_work import is_of_survival, prognostic
from gliokit.bundles.bundle import read_bundle
from gliokit.bundles.trained import load_trained
from gliokit.cluster.tasks import run_tasks
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import NotAssessableError, OutputError
from gliokit.core.system import System, Task, TrainingRun
from gliokit.core.vocabulary import Region
from gliokit.io.nifti import read_label_map, write_label_map
from gliokit.measurement.volume import volumes_by_region
from gliokit.prognosis.known_study import known
from gliokit.prognosis.system import Prognosis

ASKED = "asked"  # folder: which files, and of survival which facts, each answer is of
PREDICTIONS, FAILURES, MODEL = "predictions.csv", "failures.csv", "model.json"
WHO, COST = ("patient_id", "study_id"), ("seconds", "peak_memory_mb")
FAILURE_COLUMNS = ("study_id", "reason", "exit_code")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one study.

    Attributes
    ----------
    study_id : str
        The table's.
    volumes_ml : tuple of float
        Of the regions in their order; empty if there is no answer.
    seconds, peak_mb : float
        Of the answer; `nan` if it stood there already.
    reused : bool
        Whether it did.
    reason, exit_code
        Why there is none.
    prognosis : Prognosis or None
        Of a system of survival.
    """

    study_id: str
    volumes_ml: tuple[float, ...] = ()
    seconds: float = nan
    peak_mb: float = nan
    reused: bool = False
    reason: str = ""
    exit_code: int = 0
    prognosis: Prognosis | None = None


def predict_cohort(
    model: Path,
    cohort: Cohort,
    out: Path,
    *,
    systems: Mapping[str, type[System]],
    device: str = "cpu",
    how: Execution = Execution(),
) -> Generator[Answer, None, None]:
    """Ask a model about every study; give the answers as they come.

    Close the iterator to stop early: finished answers and the tables stay whole.

    Parameters
    ----------
    model : Path
        Bundle that `gliokit train` wrote.
    cohort : Cohort
        Its `load` must pickle.
    out : Path
        Folder of the answers.
    systems : mapping of str to type
        Every system by name.
    device : str
        `cpu` or `cuda`.
    how : Execution
        Studies at a time, or a scheduler.

    Raises
    ------
    BundleError
        If the model is damaged, or of an unknown system.
    OutputError
        If `out` cannot be written, or holds answers of another model.
    """
    model, out = model.absolute(), out.absolute()
    bundle = read_bundle(model)
    survival = bundle.card.outputs == (Task.SURVIVAL.value,)
    what = "answers" if survival else "label maps"
    _prepare(out, {"model_sha256": bundle.sha256, "gliokit": version("gliokit")}, what=what)
    # a read-only view does not pickle
    handler = _RowPrediction(model, cohort, out, dict(systems), device)
    answers: dict[str, Answer] = {}
    try:
        with closing(
            run_tasks(cohort.rows, handler, jobs=how.jobs, scheduler=how.scheduler)
        ) as done:
            for row, answer in done:
                own = answer or Answer(row.study_id, reason=DIED, exit_code=FAILURE)
                answers[row.study_id] = own
                yield own
    finally:
        remove_leftovers(out)
        _write_tables(out, cohort.rows, answers, survival=survival)


@dataclass(frozen=True)
class _RowPrediction:
    """Asks about one row and raises nothing; lives in a worker."""

    model: Path
    cohort: Cohort
    out: Path
    systems: Mapping[str, type[System]]
    device: str

    def __call__(self, row: Row) -> Answer:
        try:
            return self._predict(row)
        except Exception as error:  # whatever it is, the other studies go on
            text = without_paths(reason(error), row)
            return Answer(row.study_id, reason=text, exit_code=exit_code(error))

    def _predict(self, row: Row) -> Answer:
        check_seen(self.out)
        if is_of_survival(self._system.card):
            return self._prognosis(row)
        path = self.out / f"{row.study_id}.nii.gz"
        # the images that the standing label map is of; other ones are asked about again
        asked, files = self.out / ASKED / f"{row.study_id}.sha256", files_sha256([row])
        if path.exists() and asked.exists() and asked.read_text() == files:
            volumes = volumes_by_region(read_label_map(path))
            return Answer(row.study_id, tuple(v.volume.value for v in volumes), reused=True)
        study = self.cohort.load(row)
        with measured() as cost:
            prediction = self._system.predict(study)
        if prediction.labels is None:
            raise NotAssessableError(prediction.abstained or "the system gave no labels")
        write_label_map(path, prediction.labels)
        write_whole(asked, files)
        volumes = volumes_by_region(prediction.labels)
        sizes = tuple(own.volume.value for own in volumes)
        return Answer(row.study_id, sizes, cost.seconds, cost.peak_mb)

    def _prognosis(self, row: Row) -> Answer:
        path, asked = self.out / f"{row.study_id}.json", self.out / ASKED / f"{row.study_id}.sha256"
        what = f"{files_sha256([row])} {cohort_facts([row]).sha256}"
        if path.exists() and asked.exists() and asked.read_text() == what:
            held = read_prognosis(path.read_text(encoding="utf-8"))
            return Answer(row.study_id, reused=True, prognosis=held)
        system, study = prognostic(self._system), known(self.cohort).load(row)
        with measured() as cost:
            found = system.answer(study.study_id, system.describe(study))
        write_whole(path, prognosis_text(found))
        write_whole(asked, what)
        return Answer(row.study_id, (), cost.seconds, cost.peak_mb, prognosis=found)

    @cached_property
    def _system(self) -> System:
        return load_trained(self.model, self.systems, run=TrainingRun(device=self.device))


def _prepare(out: Path, statement: dict[str, str], *, what: str) -> None:
    """Make the folder; refuse one that holds the answers of another model."""
    path, text = out / MODEL, json.dumps(statement, indent=1) + "\n"
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        if path.exists():
            if path.read_text(encoding="utf-8") != text:
                raise OutputError(
                    f"{out} holds {what} of another model or version; choose another folder"
                )
        elif any(out.iterdir()):
            raise OutputError(f"{out} was not made by gliokit predict; choose another folder")
        (out / ASKED).mkdir(exist_ok=True)
    write_whole(path, text)


def _write_tables(
    out: Path, rows: Sequence[Row], answers: Mapping[str, Answer], *, survival: bool
) -> None:
    done = [(row, answers[row.study_id]) for row in rows if row.study_id in answers]
    answered = [(row, own) for row, own in done if not own.reason]
    columns, cells = _prognoses(answered) if survival else _volumes(answered)
    failures = [(own.study_id, own.reason, own.exit_code) for _, own in done if own.reason]
    found = [
        (row.patient_id, own.study_id, *own_cells, _cell(own.seconds), _cell(own.peak_mb))
        for (row, own), own_cells in zip(answered, cells, strict=True)
    ]
    write_whole(out / PREDICTIONS, csv_text((*WHO, *columns, *COST), found))
    write_whole(out / FAILURES, csv_text(FAILURE_COLUMNS, failures))


def _volumes(answered: Sequence[tuple[Row, Answer]]) -> tuple[list[str], list[list[str]]]:
    columns = [f"{region.name.lower()}_ml" for region in Region]
    return columns, [list(map(_cell, own.volumes_ml)) for _, own in answered]


def _prognoses(answered: Sequence[tuple[Row, Answer]]) -> tuple[list[str], list[list[str]]]:
    """Give columns and cells of hazards; a column for each time that any answer tells of."""
    told = [own.prognosis for _, own in answered if own.prognosis]
    times = sorted({days for own in told for days in own.survival})
    columns = ["log_hazard", "low", "high", *(f"alive_at_{days:g}_days" for days in times)]
    cells = [
        [
            *map(_cell, (own.log_hazard, *own.interval)),
            *(_cell(own.survival.get(days, nan)) for days in times),
            "; ".join(own.unknown),
        ]
        for own in told
    ]
    return [*columns, "not_assessed"], cells


def _cell(value: float) -> str:
    return f"{value:.6g}" if isfinite(value) else ""
