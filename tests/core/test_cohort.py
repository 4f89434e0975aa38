"""Every check of a cohort's table names the row and the column."""

import math

import numpy as np
import pytest

from gliokit.core.cohort import CODES, NUMBERS, Cohort, check_rows
from gliokit.core.errors import CohortError
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence


def rows_of(*records):
    return check_rows(records, source="cohort.csv")


def row_of(**cells):
    (row,) = rows_of({"patient_id": "P1", **cells})
    return row


def test_rows_are_numbered_as_in_the_file():
    assert [row.number for row in rows_of({"patient_id": "P1"}, {"patient_id": "P2"})] == [2, 3]


def test_cells_are_stripped():
    assert row_of(sex=" F ").cells["sex"] == "F"


@pytest.mark.parametrize("unknown", ["", "NA", "nan", " "])
def test_unknown_cells_are_absent(unknown):
    row = row_of(age=unknown, idh=unknown)
    assert dict(row.cells) == {"patient_id": "P1"}
    assert math.isnan(row.number_of("age"))


def test_number_is_given_as_one():
    assert row_of(day="-7").number_of("day") == -7


def test_study_id_is_the_tables():
    assert row_of(study_id="P1-2").study_id == "P1-2"


def test_study_without_id_has_that_of_its_patient():
    assert row_of().study_id == "P1"


@pytest.mark.parametrize("column", NUMBERS)
def test_both_ends_of_a_range_are_possible(column):
    for limit in NUMBERS[column]:
        assert row_of(**{column: str(limit)}).number_of(column) == limit


@pytest.mark.parametrize("column", NUMBERS)
def test_number_beyond_its_range_is_refused(column):
    low, high = NUMBERS[column]
    for value in (low - 1, high + 1, math.inf):
        with pytest.raises(
            CohortError,
            match=rf"cohort\.csv row 2, column {column}: found {value}; needed {low:g} to",
        ):
            row_of(**{column: str(value)})


@pytest.mark.parametrize("column", NUMBERS)
def test_text_in_place_of_a_number_is_refused(column):
    with pytest.raises(
        CohortError, match=rf"cohort\.csv row 2, column {column}: found 'many'; needed a number"
    ):
        row_of(**{column: "many"})


@pytest.mark.parametrize("column", CODES)
def test_every_code_is_accepted(column):
    for code in CODES[column]:
        assert row_of(**{column: code}).cells[column] == code


@pytest.mark.parametrize("column", CODES)
def test_unknown_code_is_refused_with_the_known(column):
    with pytest.raises(
        CohortError,
        match=rf"cohort\.csv row 2, column {column}: found 'x'; needed one of {min(CODES[column])}",
    ):
        row_of(**{column: "x"})


@pytest.mark.parametrize("record", [{"age": "61"}, {"patient_id": " ", "study_id": "S1"}])
def test_row_without_patient_is_refused(record):
    with pytest.raises(CohortError, match=r"cohort\.csv row 3, column patient_id: empty"):
        rows_of({"patient_id": "P1"}, record)


def test_study_id_that_stands_twice_is_refused_with_both_rows():
    with pytest.raises(
        CohortError, match=r"cohort\.csv row 4, column study_id: 'P1' stands in row 2 already"
    ):
        rows_of({"patient_id": "P1"}, {"patient_id": "P2"}, {"patient_id": "P1"})


@pytest.mark.parametrize("study_id", ["a/b", "..", ".hidden", "a b", "Zoë", "a\\b"])
def test_study_id_that_cannot_name_a_folder_is_refused(study_id):
    with pytest.raises(
        CohortError, match=r"cohort\.csv row 2, column study_id: .* cannot name a f"
    ):
        row_of(study_id=study_id)


def test_table_without_rows_is_refused():
    with pytest.raises(CohortError, match=r"cohort\.csv has no rows; add one per study"):
        rows_of()


def test_cohort_loads_its_studies_one_after_another():
    loaded = []

    def load(row):
        loaded.append(row.study_id)
        image = Image(np.zeros((2, 2, 2), np.float32), np.eye(4))
        return Study(row.study_id, {MRSequence.T1: image})

    cohort = Cohort(rows_of({"patient_id": "P1"}, {"patient_id": "P2"}), load)
    studies = cohort.studies()
    assert len(cohort) == 2
    assert next(studies).study_id == "P1"
    assert loaded == ["P1"]


def test_study_ids_that_name_one_folder_on_some_systems_are_refused():
    with pytest.raises(CohortError, match=r"row 3, column study_id: 'p1' stands in row 2 already"):
        rows_of({"patient_id": "P1"}, {"patient_id": "p1"})


def test_patient_that_cannot_name_a_folder_is_refused_by_its_own_column():
    with pytest.raises(CohortError, match=r"row 2, column patient_id: 'a b' cannot name a folder"):
        rows_of({"patient_id": "a b"})
