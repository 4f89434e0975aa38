"""The features of every study of a cohort; one bad study never stops the others.

In OUT stand `features.csv` (a row per study), `left_out.csv` (what has no numbers, and why),
`failures.csv` (studies without any), `settings.json`, `provenance.json`, with several visits of a
patient `changes.csv`, and with repeats `robustness.csv`. `studies` holds what each study gave: a
run goes on where the last one stopped, and a study is described anew only if its files, the
settings or the version are others.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gliokit.analysis.evaluation_run import DIED, Execution
from gliokit.analysis.failure import FAILURE, exit_code, reason
from gliokit.analysis.feature_files import STUDIES, prepare_folder, write_results
from gliokit.analysis.feature_row import (
    FeatureRun,
    StudyAnswer,
    describe_row,
    read_answer,
    run_stamp,
    write_answer,
)
from gliokit.analysis.output import check_seen, remove_leftovers
from gliokit.analysis.reasons import without_paths
from gliokit.cluster.tasks import run_tasks
from gliokit.core.cohort import Cohort, Row


def describe_cohort(
    cohort: Cohort,
    out: Path,
    *,
    run: FeatureRun,
    parquet: bool = False,
    how: Execution = Execution(),
) -> Generator[StudyAnswer, None, None]:
    """Describe every study in worker processes; give the answers as they come.

    Close the iterator to stop early: finished studies and the tables stay whole.

    Parameters
    ----------
    cohort : Cohort
        With labels; its loaders must pickle.
    out : Path
        Folder of the tables.
    run : FeatureRun
        What is asked.
    parquet : bool
        Whether `features.parquet` is written too.
    how : Execution
        Studies at a time, or a scheduler.

    Raises
    ------
    OutputError
        If `out` cannot be written, or holds what is not ours.
    """
    out = out.absolute()  # a worker has a folder of its own to start from
    prepare_folder(out)
    answers: dict[str, StudyAnswer] = {}
    handler = _RowFeatures(cohort, out, run)
    try:
        with closing(
            run_tasks(cohort.rows, handler, jobs=how.jobs, scheduler=how.scheduler)
        ) as done:
            for row, answer in done:
                own = answer or StudyAnswer(row.study_id, reason=DIED, exit_code=FAILURE)
                answers[row.study_id] = own
                yield own
    finally:
        remove_leftovers(out)
        remove_leftovers(out / STUDIES)
        write_results(out, cohort.rows, answers, run=run, parquet=parquet)


@dataclass(frozen=True)
class _RowFeatures:
    """Describes one row and raises nothing; lives in a worker."""

    cohort: Cohort
    out: Path
    run: FeatureRun

    def __call__(self, row: Row) -> StudyAnswer:
        try:
            return self._describe(row)
        except Exception as error:  # whatever it is, the other studies go on
            text = without_paths(reason(error), row)
            return StudyAnswer(row.study_id, reason=text, exit_code=exit_code(error))

    def _describe(self, row: Row) -> StudyAnswer:
        folder = self.out / STUDIES
        check_seen(folder)
        path, stamp = folder / f"{row.study_id}.json", run_stamp(self.run, row)
        if standing := read_answer(path, stamp):
            return standing
        answer = describe_row(self.cohort, row, self.run)
        write_answer(path, answer, stamp)
        return answer
