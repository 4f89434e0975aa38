"""The folder of a simulated cohort: what stands there, what may be written, its tables.

A patient stands if every file of every visit is there. A folder of a patient that is not
whole, or that holds a file which is not ours, is never touched: the patient is refused with
the file's name.
"""

import csv
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from gliokit.analysis.output import LEFT_BY_DESKTOPS, csv_text, explained, write_whole
from gliokit.analysis.simulated_files import Files
from gliokit.bundles.file_hash import file_sha256
from gliokit.core.errors import OutputError
from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohorts import table_columns
from gliokit.io.datasets import DATASET_LAYOUTS, DERIVED, Extra, Item
from gliokit.phantom.cohort import CohortSettings, draw_facts, draw_visits
from gliokit.phantom.patients.patient import Patient, patient_name
from gliokit.phantom.patients.table import study_id, table_cells
from gliokit.phantom.truth import as_json

COHORT, FAILURES, SETTINGS = "cohort.csv", "failures.csv", "phantom.json"
FAILURE_COLUMNS = ("patient_id", "reason", "exit_code")
IGNORED_BY_BIDS = "\n".join((COHORT, FAILURES, SETTINGS, "**/band_power*", "")) + "\n"
_PATIENT = re.compile(r"(sub-)?SIM-?\d{5,}")
LISTED = 3  # differing settings in a message


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


@dataclass(frozen=True)
class Places:
    """Where the files of a cohort lie.

    Attributes
    ----------
    out : Path
        Absolute.
    """

    out: Path
    settings: CohortSettings
    files: Files

    def path(self, patient_id: str, study: str, item: Item) -> Path:
        """Give a file of a study, relative to `out`."""
        return Path(DATASET_LAYOUTS[self.files.layout](patient_id, study, item))

    def items(self) -> dict[str, Item]:
        """Give the files that every study has, by their column in the table."""
        columns: dict[str, Item] = {item: item for item in (*MRSequence, *self.settings.maps)}
        return {**columns, "labels": Extra.LABELS}

    def folders(self, number: int) -> list[Path]:
        """Give the folders of one patient, the one that holds the images last."""
        name, items = patient_name(number), (Extra.TRUTH, Extra.DICOM, MRSequence.T1)
        found = []
        for item in items:
            parts = self.path(name, f"{name}-000", item).parts
            depth = next(i for i, part in enumerate(parts) if f"{number:05d}" in part) + 1
            found.append(Path(*parts[:depth]))
        return list(dict.fromkeys(found))

    def expected(self, number: int) -> list[Path]:
        """List the files that a whole patient has, less those whose number is not known."""
        patient = draw_facts(self.settings, number)
        return [
            self.path(patient.patient_id, study_id(patient, visit), item)
            for visit in draw_visits(self.settings, patient)
            for item in (*self.items().values(), Extra.TRUTH)
        ]

    def is_whole(self, number: int) -> bool:
        """Tell whether a patient stands."""
        if not (self.out / self.folders(number)[-1]).is_dir():
            return False
        return all((self.out / path).is_file() for path in self.expected(number))

    def check_free(self, number: int) -> None:
        """Refuse to write where the images of a patient that is not whole stand.

        Raises
        ------
        OutputError
            Naming what is missing.
        """
        folder = self.folders(number)[-1]
        if (self.out / folder).exists():
            missing = next(p for p in self.expected(number) if not (self.out / p).is_file())
            raise OutputError(
                f"{folder} stands there and is not whole, {missing.name} is missing; move the "
                "folder away, and run again"
            )

    def move(self, scratch: Path, number: int) -> None:
        """Move a patient's folders into place, the one that counts as done last."""
        for place in self.folders(number):
            if not (scratch / place).exists():
                continue
            target = self.out / place
            with explained(target):
                if target.exists():  # a run was killed between two moves
                    self._remove_ours(target, scratch / place)
                target.parent.mkdir(parents=True, exist_ok=True)
                (scratch / place).rename(target)

    def numbers(self) -> list[int]:
        """List the patients that stand, also those beyond the number that is asked for."""
        inside = self.folders(0)[-1]
        pattern = re.compile(re.escape(inside.name).replace("00000", r"(\d{5,})"))
        matches = (pattern.fullmatch(path.name) for path in (self.out / inside.parent).iterdir())
        found = sorted(int(match[1]) for match in matches if match)
        return [number for number in found if self.is_whole(number)]

    def without_paths(self, text: str) -> str:
        """Leave out folders, and name label maps by number: file names may hold names."""
        for number, path in enumerate(self.settings.anatomies):
            text = text.replace(str(path), f"label map {number}")
        return text.replace(f"{self.out}/", "")

    def _remove_ours(self, target: Path, made: Path) -> None:
        """Remove a folder all of whose files have just been made again."""
        for path in target.rglob("*"):
            place = path.relative_to(target)
            if path.is_file() and not (made / place).exists():
                raise OutputError(
                    f"{path.relative_to(self.out)} is not of this cohort; move it away, and run "
                    "again"
                )
        shutil.rmtree(target)

    @cached_property
    def fingerprint(self) -> dict[str, object]:
        """State what makes each patient: all but how many there are; as JSON has it."""
        stated = asdict(self.settings) | asdict(self.files)
        del stated["patients"]  # a cohort can grow
        stated["anatomies"] = [file_sha256(path) for path in self.settings.anatomies]
        whole = {"gliokit_version": version("gliokit"), **stated}
        plain: dict[str, object] = json.loads(as_json(whole))
        return plain


def prepare(places: Places) -> None:
    """Make the folder, and see that what stands there is this cohort.

    Raises
    ------
    OutputError
        If it is something else.
    """
    out = places.out
    above = next(path for path in (out, *out.parents) if path.exists())
    if not above.is_dir():
        raise OutputError(f"{above} is a file; a cohort needs a folder, choose another name")
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        standing = _standing(out / SETTINGS)
        if standing is None:
            names = {path.name for path in out.iterdir()} - LEFT_BY_DESKTOPS
            if strangers := sorted(name for name in names if ".gliokit-" not in name):
                raise OutputError(
                    f"{out} holds {strangers[0]} and no {SETTINGS}: it is no simulated cohort; "
                    "choose an empty folder"
                )
        elif standing != places.fingerprint and _has_patients(out):
            raise OutputError(
                f"{out} holds a cohort with {_differences(standing, places.fingerprint)}; choose "
                "another folder, or the same settings"
            )
        if standing != places.fingerprint:
            write_whole(out / SETTINGS, as_json(places.fingerprint))


def write_tables(places: Places, failures: Mapping[str, Outcome]) -> None:
    """Write the table of all patients that stand, and of those that could not be made."""
    numbers = places.numbers()
    patients = [draw_facts(places.settings, number) for number in numbers]
    rows = [row for patient in patients for row in _rows(places, patient)]
    columns = table_columns(rows) or ["patient_id"]
    cells = [[row.get(column, "") for column in columns] for row in rows]
    _write_if_new(places.out / COHORT, csv_text(columns, cells))
    failed = _earlier_failures(places.out / FAILURES)
    failed |= {name: (name, o.reason, o.exit_code) for name, o in failures.items()}
    standing = {patient.patient_id for patient in patients}
    left = [row for name, row in sorted(failed.items()) if name not in standing]
    _write_if_new(places.out / FAILURES, csv_text(FAILURE_COLUMNS, left))
    if places.files.layout == "bids":
        _write_bids_files(places.out, patients)


def _has_patients(out: Path) -> bool:
    """Whether any patient's folder is there, whatever the layout and however whole."""
    return any(path.is_dir() and _PATIENT.fullmatch(path.name) for path in out.iterdir())


def _standing(path: Path) -> dict[str, object] | None:
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise OutputError(
            f"{path} cannot be read as the settings of a cohort; choose another folder"
        )
    return content


def _differences(standing: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """Say in what two cohorts differ, dial by dial."""
    told = []
    for name, value in wanted.items():
        there = standing.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            told += [f"{k} {there.get(k)}, not {v}" for k, v in value.items() if there.get(k) != v]
        elif there != value and name == "anatomies":
            told.append("other label maps")
        elif there != value:
            told.append(f"{name} {json.dumps(there)}, not {json.dumps(value)}")
    return "; ".join(told[:LISTED])


def _rows(places: Places, patient: Patient) -> Iterable[dict[str, str]]:
    for visit in draw_visits(places.settings, patient):
        name = study_id(patient, visit)
        paths = {
            column: places.path(patient.patient_id, name, item).as_posix()
            for column, item in places.items().items()
        }
        yield table_cells(patient, visit) | paths


def _earlier_failures(path: Path) -> dict[str, tuple[str, str, int]]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        r["patient_id"]: (r["patient_id"], r["reason"], int(r["exit_code"]))
        for r in rows
        if set(FAILURE_COLUMNS) <= set(r)
    }


def _write_if_new(path: Path, text: str) -> None:
    """Write a table unless it stands there already: a second run changes nothing."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text)


def _write_bids_files(out: Path, patients: Sequence[Patient]) -> None:
    """Write what BIDS wants at the root; README and descriptions only where there are none."""
    description = {
        "Name": "Simulated glioma patients (gliokit phantom)",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "gliokit", "Version": version("gliokit")}],
    }
    derived = {**description, "Name": "Truth", "DatasetType": "derivative"}
    once = {
        "dataset_description.json": as_json(description),
        f"{DERIVED}/dataset_description.json": as_json(derived),
        "README": "Simulated patients: computed by gliokit, not observed.\n",
        ".bidsignore": IGNORED_BY_BIDS,
    }
    for name, text in once.items():
        if not (out / name).exists():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(out / name, text)
    lines = ["participant_id\tage\tsex"]
    for patient in patients:
        subject = "sub-" + patient.patient_id.replace("-", "")
        lines.append(f"{subject}\t{patient.age:g}\t{patient.sex}")
    _write_if_new(out / "participants.tsv", "\n".join(lines) + "\n")
