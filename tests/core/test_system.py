"""What a cohort lacks is named before anything is learnt."""

from dataclasses import replace

import pytest

from gliokit.core.cohort import Cohort, check_rows, no_labels
from gliokit.core.errors import CohortError
from gliokit.core.system import SystemCard, Task, TrainingRun, check_fields
from gliokit.core.vocabulary import MRSequence

CARD = SystemCard(
    name="toy2000",
    title="toy",
    task=Task.SEGMENTATION,
    question="none",
    sequences=(MRSequence.T1C, MRSequence.FLAIR),
    fields=("labels", "age"),
    source="our own",
    cohort="nobody",
    figures=(),
    assumed=(),
)
WHOLE = {"patient_id": "P1", "t1c": "a", "flair": "b", "labels": "c", "age": "60"}


def cohort_of(*records):
    return Cohort(check_rows(records, source="table"), load=lambda row: None)


def test_a_cohort_with_every_field_is_let_through():
    check_fields(cohort_of(WHOLE), CARD)


@pytest.mark.parametrize("column", ["t1c", "flair", "labels", "age"])
def test_a_missing_field_is_named_with_its_rows(column):
    cohort = cohort_of(WHOLE, {**WHOLE, "patient_id": "P2", column: ""})
    message = f"system toy2000 needs the column {column}, which is empty in row 3 "
    with pytest.raises(CohortError, match=message):
        check_fields(cohort, CARD)


def test_a_system_for_any_subset_asks_for_its_other_fields_alone():
    card = replace(CARD, any_subset=True)
    check_fields(cohort_of({**WHOLE, "t1c": ""}), card)
    with pytest.raises(CohortError, match="needs the column age"):
        check_fields(cohort_of({**WHOLE, "age": ""}), card)


def test_some_studies_of_a_cohort_are_a_cohort():
    cohort = cohort_of(WHOLE, {**WHOLE, "patient_id": "P2"}, {**WHOLE, "patient_id": "P3"})
    assert [row.study_id for row in cohort.only({"P3", "P1"}).rows] == ["P1", "P3"]


def test_a_row_without_labels_says_so():
    with pytest.raises(CohortError, match="row 2 has no labels; fill the column labels"):
        no_labels(cohort_of(WHOLE).rows[0])


def test_parts_of_a_training_share_its_time():
    assert TrainingRun(minutes=8.0).share(0.25).minutes == 2.0
    assert TrainingRun().share(0.25).minutes is None
