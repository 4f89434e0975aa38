"""A simulated cohort to a folder: many patients, resumable, the same on any number of processes.

In OUT stand `cohort.csv`, the patients' folders, `failures.csv` with the reason of each patient
that could not be made (only its header if there is none), and `phantom.json` with the
settings. A patient's folders are moved into place when they are whole; a second run makes
what is missing, and a larger number of patients extends the cohort. Settings that differ from
those in `phantom.json` are refused: nothing is ever replaced.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gliokit.analysis.failure import FAILURE, exit_code, reason
from gliokit.analysis.output import remove_leftovers, scratch_folder
from gliokit.analysis.simulated_files import Files, Writer
from gliokit.analysis.simulated_places import Outcome, Places, prepare, write_tables
from gliokit.cluster.tasks import run_tasks
from gliokit.phantom.body.anatomy import check_label_map
from gliokit.phantom.cohort import CohortSettings
from gliokit.phantom.patients.patient import patient_name

DIED = (
    "the worker process died or was stopped, as it is when memory runs out; run again, with "
    "fewer --jobs"
)


def simulate_cohort(
    out: Path, settings: CohortSettings, files: Files, *, jobs: int
) -> Generator[Outcome, None, None]:
    """Simulate every patient that is not there yet; give the outcomes as they come.

    Close the iterator to stop early: patients that are whole and the tables stay, nothing
    half done is left.

    Raises
    ------
    SimulationError
        If a label map is none.
    OutputError
        If `out` cannot be written, holds something else, or a cohort of other settings.
    """
    out = out.resolve()
    places = Places(out, settings, files)
    for path in settings.anatomies:
        check_label_map(path)
    prepare(places)
    failures: dict[str, Outcome] = {}
    todo = []
    for number in range(settings.patients):
        if places.is_whole(number):
            yield Outcome(patient_name(number), reused=True)
        else:
            todo.append(number)
    try:
        with closing(run_tasks(todo, _PatientRun(places), jobs=jobs)) as answers:
            for number, answer in answers:
                outcome = answer or Outcome(patient_name(number), reason=DIED, exit_code=FAILURE)
                if outcome.reason:
                    failures[outcome.patient_id] = outcome
                yield outcome
    finally:
        remove_leftovers(out)
        write_tables(places, failures)


@dataclass(frozen=True)
class _PatientRun:
    """Makes one patient and raises nothing; lives in a worker."""

    places: Places

    def __call__(self, number: int) -> Outcome:
        places = self.places
        try:
            places.check_free(number)
            with scratch_folder(places.out / patient_name(number)) as scratch:
                writer = Writer(scratch, places.settings, places.files)
                count = sum(1 for _ in writer.write_patient(number))
                places.move(scratch, number)
        except Exception as error:  # whatever it is, the other patients go on
            text = places.without_paths(reason(error))
            return Outcome(patient_name(number), reason=text, exit_code=exit_code(error))
        return Outcome(patient_name(number), studies=count)
