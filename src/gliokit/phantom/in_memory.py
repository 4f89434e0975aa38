"""A simulated cohort that is never written: for tests, lessons and ablations.

Patients are simulated at once and held; their rows carry the facts that the table of
`gliokit phantom` would, and the text `IN_MEMORY` where that has paths.
"""

from gliokit.core.cohort import Cohort, Row, check_rows
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.cohort import CohortSettings, simulate_visits
from gliokit.phantom.patients.table import table_cells

IN_MEMORY = "in memory"


def cohort_in_memory(settings: CohortSettings, *, first: int = 0) -> Cohort:
    """Simulate patients number `first` and on; the same settings and numbers, the same patients."""
    studies: dict[str, Study] = {}
    labels: dict[str, LabelMap] = {}
    table = []
    for number in range(first, first + settings.patients):
        for simulated in simulate_visits(settings, number):
            study_id = simulated.study.study_id
            studies[study_id], labels[study_id] = simulated.study, simulated.labels
            images = dict.fromkeys([*MRSequence, "labels"], IN_MEMORY)
            table.append(table_cells(simulated.person.patient, simulated.visit) | images)

    def load(row: Row) -> Study:
        return studies[row.study_id]

    def load_labels(row: Row) -> LabelMap:
        return labels[row.study_id]

    return Cohort(check_rows(table, source="simulated cohort"), load, load_labels)
