"""A simulated cohort to a folder: many patients, resumable, the same on any number of processes.

In OUT stand `cohort.csv`, the patients' folders, `failures.csv` with the reason of each patient
that could not be made (only its header if there is none), and `phantom.json` with the
settings. A patient's folders are moved into place when they are whole; a second run makes
what is missing, and a larger number of patients extends the cohort. Settings that differ from
those in `phantom.json` are refused: nothing is ever replaced.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gliokit.analysis.failure import FAILURE, exit_code, reason
from gliokit.analysis.output import (
    csv_text,
    explained,
    remove_leftovers,
    scratch_folder,
    write_whole,
)
from gliokit.analysis.simulated_files import Files, Writer
from gliokit.analysis.workers import run_tasks
from gliokit.core.errors import OutputError
from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohorts import table_columns
from gliokit.io.datasets import DATASET_LAYOUTS, DERIVED, Extra, Item
from gliokit.phantom.cohort import CohortSettings, draw_facts, draw_visits
from gliokit.phantom.patients.patient import Patient
from gliokit.phantom.patients.table import study_id, table_cells
from gliokit.phantom.truth import as_json

COHORT, FAILURES, SETTINGS = "cohort.csv", "failures.csv", "phantom.json"
FAILURE_COLUMNS = ("patient_id", "reason", "exit_code")
DIED = "the worker process died, as it does when memory runs out; use fewer --jobs"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one patient.

    Attributes
    ----------
    patient_id : str
        "SIM-00000".
    studies : int
        Written now.
    reused : bool
        Whether the patient stood there already.
    reason : str
        Why it failed, in one line; empty if it did not.
    exit_code : int
        0, or what the error stands for.
    """

    patient_id: str
    studies: int = 0
    reused: bool = False
    reason: str = ""
    exit_code: int = 0


def simulate_cohort(
    out: Path, settings: CohortSettings, files: Files, *, jobs: int
) -> Generator[Outcome, None, None]:
    """Simulate every patient that is not there yet; give the outcomes as they come.

    Close the iterator to stop early: patients that are whole and the tables stay, nothing
    half done is left.

    Raises
    ------
    OutputError
        If `out` cannot be written, holds something else, or a cohort of other settings.
    """
    out = out.resolve()
    _prepare(out, settings, files)
    failures: dict[int, Outcome] = {}
    todo = []
    for number in range(settings.patients):
        if _stands(out, number, files.layout):
            yield Outcome(_patient_id(number), reused=True)
        else:
            todo.append(number)
    try:
        with closing(run_tasks(todo, _PatientRun(out, settings, files), jobs=jobs)) as answers:
            for number, answer in answers:
                outcome = answer or Outcome(_patient_id(number), reason=DIED, exit_code=FAILURE)
                if outcome.reason:
                    failures[number] = outcome
                yield outcome
    finally:
        remove_leftovers(out)
        _write_tables(out, settings, files.layout, failures)


@dataclass(frozen=True)
class _PatientRun:
    """Makes one patient and raises nothing; lives in a worker."""

    out: Path
    settings: CohortSettings
    files: Files

    def __call__(self, number: int) -> Outcome:
        try:
            with scratch_folder(self.out / _patient_id(number)) as scratch:
                writer = Writer(scratch, self.settings, self.files)
                count = sum(1 for _ in writer.write_patient(number))
                self._move(scratch, number)
        except Exception as error:  # whatever it is, the other patients go on
            return Outcome(_patient_id(number), reason=reason(error), exit_code=exit_code(error))
        return Outcome(_patient_id(number), studies=count)

    def _move(self, scratch: Path, number: int) -> None:
        """Move the patient's folders into place, the one that counts as done last."""
        for place in _folders(number, self.files.layout):
            if (scratch / place).exists():
                target = self.out / place
                with explained(target):
                    if target.exists():  # a run was killed between two moves
                        shutil.rmtree(target)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (scratch / place).rename(target)


def _patient_id(number: int) -> str:
    return f"SIM-{number:05d}"


def _folders(number: int, layout: str) -> list[Path]:
    """Folders of one patient relative to OUT, the one that holds the images last."""
    items: list[Item] = [Extra.TRUTH, Extra.DICOM, MRSequence.T1]
    patient = _patient_id(number)
    folders = []
    for item in items:
        parts = DATASET_LAYOUTS[layout](patient, f"{patient}-000", item).parts
        depth = next(i for i, part in enumerate(parts) if f"{number:05d}" in part) + 1
        folders.append(Path(*parts[:depth]))
    return list(dict.fromkeys(folders))


def _stands(out: Path, number: int, layout: str) -> bool:
    return (out / _folders(number, layout)[-1]).is_dir()


def _prepare(out: Path, settings: CohortSettings, files: Files) -> None:
    """Make the folder, and see that what stands there is this cohort."""
    wanted = json.loads(as_json(_fingerprint(settings, files)))
    with explained(out):
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out} is a file; a cohort needs a folder, choose another name")
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        if not (out / SETTINGS).exists():
            if stranger := next(iter(sorted(path.name for path in out.iterdir())), None):
                raise OutputError(
                    f"{out} holds {stranger} and no {SETTINGS}: it is no simulated cohort; "
                    "choose an empty folder"
                )
            write_whole(out / SETTINGS, as_json(wanted))
            return
        _check_same(json.loads((out / SETTINGS).read_text(encoding="utf-8")), wanted, out)


def _check_same(standing: Mapping[str, object], wanted: Mapping[str, object], out: Path) -> None:
    for name, value in wanted.items():
        if standing.get(name) != value:
            raise OutputError(
                f"{out} holds a cohort with {name} {json.dumps(standing.get(name))}, not "
                f"{json.dumps(value)}; choose another folder, or the same settings"
            )


def _fingerprint(settings: CohortSettings, files: Files) -> dict[str, object]:
    """State what makes each patient: all but how many there are."""
    stated = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
    stated |= {name: getattr(files, name) for name in files.__dataclass_fields__}
    del stated["patients"]  # a cohort can grow
    stated["anatomies"] = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in settings.anatomies
    }
    return {"gliokit_version": version("gliokit"), **stated}


def _write_tables(
    out: Path, settings: CohortSettings, layout: str, failures: Mapping[int, Outcome]
) -> None:
    done = [n for n in range(settings.patients) if _stands(out, n, layout)]
    patients = [draw_facts(settings, number) for number in done]
    rows = [row for patient in patients for row in _rows(out, settings, layout, patient)]
    columns = table_columns(rows) or ["patient_id"]
    cells = [[row.get(column, "") for column in columns] for row in rows]
    write_whole(out / COHORT, csv_text(columns, cells))
    failed = [(o.patient_id, o.reason, o.exit_code) for _, o in sorted(failures.items())]
    write_whole(out / FAILURES, csv_text(FAILURE_COLUMNS, failed))
    if layout == "bids":
        _write_bids_files(out, patients)


def _rows(
    out: Path, settings: CohortSettings, layout: str, patient: Patient
) -> Iterable[dict[str, str]]:
    path_of: Callable[[str, str, Item], object] = DATASET_LAYOUTS[layout]
    items: dict[str, Item] = {item: item for item in (*MRSequence, *settings.maps)}
    items["labels"] = Extra.LABELS
    for visit in draw_visits(settings, patient):
        name = study_id(patient, visit)
        paths = {c: str(path_of(patient.patient_id, name, item)) for c, item in items.items()}
        yield table_cells(patient, visit) | paths


def _write_bids_files(out: Path, patients: Iterable[Patient]) -> None:
    description = {
        "Name": "Simulated glioma patients (gliokit phantom)",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "gliokit", "Version": version("gliokit")}],
    }
    derived = {**description, "Name": "Truth", "DatasetType": "derivative"}
    write_whole(out / "dataset_description.json", as_json(description))
    (out / DERIVED).mkdir(parents=True, exist_ok=True)
    write_whole(out / DERIVED / "dataset_description.json", as_json(derived))
    lines = ["participant_id\tage\tsex"]
    for patient in patients:
        subject = "sub-" + patient.patient_id.replace("-", "")
        lines.append(f"{subject}\t{patient.age:g}\t{patient.sex}")
    write_whole(out / "participants.tsv", "\n".join(lines) + "\n")
    write_whole(out / "README", "Simulated patients: computed by gliokit, not observed.\n")
