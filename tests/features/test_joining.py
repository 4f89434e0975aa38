"""Features and cohort side by side, and what does not meet is named."""

import numpy as np
import pytest

from gliokit.core.cohort import Row
from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable
from gliokit.features.joining import JoinBy, join_cohort


def row(patient, study, **cells):
    return Row(2, patient, study, {"patient_id": patient, "study_id": study, **cells})


@pytest.fixture
def table():
    return FeatureTable(
        ("S1", "S2"), ("A", "B"), ("x",), np.array([[1.0], [2.0]]), {"age": ("50.0", ""), "g": "ab"}
    )


def test_rows_come_in_the_order_of_the_cohort_with_its_cells(table):
    joined = join_cohort(table, [row("B", "S2", age="61", idh="mutant"), row("A", "S1", age="50")])
    assert joined.studies == ("S2", "S1")
    assert joined.values[:, 0].tolist() == [2, 1]
    assert joined.facts == {"age": ("61", "50"), "g": ("b", "a"), "idh": ("mutant", "")}


def test_patients_meet_where_studies_are_named_otherwise(table):
    joined = join_cohort(table, [row("A", "first"), row("B", "second")], by=JoinBy.PATIENT)
    assert joined.studies == ("first", "second")
    assert joined.patients == ("A", "B")


def test_studies_of_one_side_only_are_named(table):
    with pytest.raises(CohortError, match=r"1 of the cohort are not in the features \(S3\)"):
        join_cohort(table, [row("A", "S1"), row("B", "S2"), row("C", "S3")])
    with pytest.raises(CohortError, match=r"1 of the features are not in the cohort \(S2\)"):
        join_cohort(table, [row("A", "S1")])


def test_or_left_out_where_asked(table):
    rows = [row("C", "S3"), row("A", "S1")]
    assert join_cohort(table, rows, common_only=True).studies == ("S1",)


@pytest.mark.parametrize(
    ("rows", "by", "message"),
    [
        ([row("A", "T1")], JoinBy.STUDY, "no study stands in both"),
        ([row("B", "S1"), row("B", "S2")], JoinBy.STUDY, "S1 is of another patient"),
        ([row("A", "1"), row("A", "2")], JoinBy.PATIENT, "A has several rows in the cohort"),
        ([row("A", "S1", age="51"), row("B", "S2")], JoinBy.STUDY, "'50.0' in the features"),
    ],
)
def test_what_contradicts_itself_is_refused(table, rows, by, message):
    with pytest.raises(CohortError, match=message):
        join_cohort(table, rows, by=by)
