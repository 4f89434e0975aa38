"""Rows of the cohort table from the truth."""

import numpy as np
import pytest

from gliokit.core.cohort import CODES, NUMBERS, Row, check_rows
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.course import draw_course
from gliokit.phantom.patients.patient import draw_patient
from gliokit.phantom.patients.population import make_population
from gliokit.phantom.patients.table import table_cells

# not simulated: what a reader finds out about a decline or a lesion
OF_READERS = {"decline_days", "decline_explained", "progression_proven", "leptomeningeal"}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    population = make_population(3, dials=Dials())
    cells = []
    for number in range(200):
        patient = draw_patient(1, number, population=population, dials=Dials())
        course = draw_course(patient, visits=4, rng=np.random.default_rng(patient.seed))
        cells += [table_cells(patient, visit) for visit in course]
    return check_rows(cells, source="simulated")


def test_every_clinical_column_of_a_cohort_is_there(rows):
    known = {column for row in rows for column in row.cells}
    assert (set(NUMBERS) | set(CODES)) - OF_READERS <= known
    assert {"site", "scanner", "therapy"} <= known


def test_study_ids_are_patient_and_visit(rows):
    assert [row.study_id for row in rows[:3]] == ["SIM-00000-000", "SIM-00000-001", "SIM-00000-002"]


def test_the_table_is_retrospective(rows):
    first = rows[0]
    assert first.cells["phase"] == "pre-operative"
    assert first.cells["resection"]
    assert first.number_of("os_days") >= 110


def test_radiation_cells_are_empty_without_radiation(rows):
    for row in rows:
        irradiated = "RT" in row.cells["therapy"]
        assert irradiated == ("rt_dose_gy" in row.cells) == ("rt_end_day" in row.cells)


def test_what_does_not_apply_is_empty(rows):
    for row in rows:
        new = row.cells["progression"] != "none"
        assert new or "in_radiation_field" not in row.cells
        assert ("clinical_change" in row.cells) == (row.cells["phase"] == "post-operative")
