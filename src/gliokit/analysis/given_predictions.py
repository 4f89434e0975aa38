"""Anybody's label maps scored against the references of a cohort: FOLDER/STUDY_ID.nii.gz.

A study without a label map, or with one that cannot be read or lies on another grid, is a study
without an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gliokit.analysis.evaluation import Frame, make_evaluation, write_evaluation
from gliokit.analysis.evaluation_run import DIED
from gliokit.analysis.evaluation_tables import Draws, summarized
from gliokit.analysis.failure import reason
from gliokit.analysis.output import explained
from gliokit.analysis.reasons import without_paths
from gliokit.analysis.scored_case import failed_case, scored_case
from gliokit.analysis.worst_cases import picture_worst
from gliokit.cluster.tasks import run_tasks
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import CohortError, LabelError, SettingsError
from gliokit.io.nifti import read_label_map
from gliokit.reporting.evaluation_record import CaseResult, Evaluation, SystemResult

NO_FOLD = -1
ENDS = (".nii.gz", ".nii")


def evaluate_predictions(
    folders: Sequence[Path], cohort: Cohort, out: Path, *, frame: Frame, jobs: int = 1
) -> Evaluation:
    """Score the label maps of one folder, or of several on the same studies.

    Parameters
    ----------
    folders : sequence of Path
        Each is a system by its name.
    cohort : Cohort
        With labels.
    out : Path
        Folder of tables and report.
    frame : Frame
        What the result says beside the figures.
    jobs : int
        Studies at a time.

    Raises
    ------
    CohortError
        If a row has no labels.
    LabelError
        If a folder holds no label map of the cohort, or two folders have one name.
    SettingsError
        If `against` is none of the folders.
    OutputError
        If `out` cannot be written.
    """
    if lacking := [str(row.number) for row in cohort.rows if "labels" not in row.cells]:
        raise CohortError(
            f"the column labels is empty in row {', '.join(lacking)}; fill it, or leave them out"
        )
    named = _named(folders, cohort)
    if frame.against and frame.against not in named:
        raise SettingsError(f"--against {frame.against}: scored are {', '.join(named)}")
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    draws = Draws(frame.seed, frame.resamples)
    systems = []
    for name, folder in named.items():
        scoring = _Scoring(cohort, folder)
        answers = run_tasks(cohort.rows, scoring, jobs=jobs)
        cases = {
            row.study_id: case or failed_case(cohort, row, fold=NO_FOLD, why=DIED)
            for row, case in answers
        }
        ordered = tuple(cases[row.study_id] for row in cohort.rows)
        systems.append(SystemResult(name, ordered, summaries=summarized(ordered, draws=draws)))
    evaluation = make_evaluation(tuple(systems), cohort, frame=frame)

    def path_of(system: str, case: CaseResult) -> Path:
        return label_path(named[system], case.study_id)

    write_evaluation(out, evaluation, picture_worst(systems, cohort, path_of))
    return evaluation


def label_path(folder: Path, study_id: str) -> Path:
    """Find the label map of a study.

    Raises
    ------
    LabelError
        If there is none.
    """
    for end in ENDS:
        if (path := folder / f"{study_id}{end}").is_file():
            return path
    raise LabelError(f"study {study_id} has no label map; needed {study_id}.nii.gz in the folder")


@dataclass(frozen=True)
class _Scoring:
    """Scores one study and raises nothing; lives in a worker."""

    cohort: Cohort
    folder: Path

    def __call__(self, row: Row) -> CaseResult:
        try:
            labels = read_label_map(label_path(self.folder, row.study_id))
            return scored_case(self.cohort, row, labels, fold=NO_FOLD)
        except Exception as error:  # whatever it is, the other studies go on
            why = without_paths(reason(error), row)
            return failed_case(self.cohort, row, fold=NO_FOLD, why=why)


def _named(folders: Sequence[Path], cohort: Cohort) -> dict[str, Path]:
    named = {folder.absolute().name: folder.absolute() for folder in folders}
    if len(named) < len(folders):
        raise LabelError("two folders of predictions have one name; rename one of them")
    for name, folder in named.items():
        studies = [row.study_id for row in cohort.rows]
        if not any((folder / f"{study}{end}").is_file() for study in studies for end in ENDS):
            raise LabelError(
                f"{name} holds no label map of the cohort; needed files such as {studies[0]}.nii.gz"
            )
    return named
