"""A cohort's table: what is read, what is refused, and where the message points."""

import logging
from pathlib import Path

import numpy as np
import pytest

from gliokit.core.course import NO_COURSE, Course
from gliokit.core.errors import CohortError, ImageError
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.cohorts import check_phases, read_cohort
from gliokit.io.nifti import write_image


@pytest.fixture
def table(tmp_path):
    """Write a table and give its path."""

    def table(*lines, encoding="utf-8"):
        path = tmp_path / "cohort.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return path

    return table


@pytest.fixture
def image(tmp_path):
    """Write an image beside the table and give its name in it."""
    array = np.random.default_rng(0).random((3, 4, 5), dtype=np.float32)
    (tmp_path / "P1").mkdir()
    write_image(tmp_path / "P1" / "t1c.nii.gz", Image(array, np.eye(4)))
    return "P1/t1c.nii.gz"


def test_row_becomes_a_study_with_its_id_day_and_phase(table, image):
    path = table("patient_id,study_id,day,phase,t1c", f"P1,P1-2,90,post-operative,{image}")
    (study,) = read_cohort(path).studies()
    assert study.study_id == "P1-2"
    assert study.day == 90
    assert study.phase is Phase.POSTOPERATIVE
    assert list(study.images) == [MRSequence.T1C]


def test_unknown_day_and_phase_stay_unknown(table, image):
    (study,) = read_cohort(table("patient_id,day,t1c", f"P1,NA,{image}")).studies()
    assert study.day is None
    assert study.phase is Phase.UNKNOWN


def test_days_since_treatment_and_the_phase_follow_from_the_days(table, image):
    columns = "patient_id,study_id,day,surgery_day,rt_start_day,rt_end_day,t1c"
    path = table(columns, f"P1,a,3,10,NA,,{image}", f"P1,b,50,10,40,82,{image}")
    before, after = read_cohort(path).studies()
    assert before.course == Course(days_since_surgery=-7)
    assert before.phase is Phase.PREOPERATIVE
    assert after.course == Course(40, 10, -32)
    assert after.phase is Phase.POSTOPERATIVE


def test_parts_of_days_come_back_from_findings_as_they_were(table, image):
    (study,) = read_cohort(
        table("patient_id,day,surgery_day,t1c", f"P,30.3,10.1,{image}")
    ).studies()
    assert study.course.days_since_surgery == 20.2


def test_without_a_day_no_days_are_known(table, image):
    (study,) = read_cohort(table("patient_id,surgery_day,t1c", f"P1,10,{image}")).studies()
    assert study.course == NO_COURSE


@pytest.mark.parametrize(
    ("day", "phase", "side"), [(3, "post-operative", "before"), (30, "pre-operative", "after")]
)
def test_phase_against_the_days_is_refused_with_its_row(table, day, phase, side):
    rows = read_cohort(
        table("patient_id,study_id,day,surgery_day,phase", "P1,a,1,10,", f"P1,b,{day},10,{phase}")
    ).rows
    message = f"row 3, column phase: found {phase}, but day {day} lies {side} surgery_day 10;"
    with pytest.raises(CohortError, match=message):
        check_phases(rows)


@pytest.mark.parametrize("phase", ["pre-operative", "post-operative", "unknown"])
def test_on_the_day_of_surgery_any_phase_is_taken(table, phase):
    check_phases(read_cohort(table("patient_id,day,surgery_day,phase", f"P1,5,5,{phase}")).rows)


def test_paths_are_relative_to_the_table_from_wherever_it_is_read(
    table, image, tmp_path, monkeypatch
):
    table("patient_id,t1c,labels", f"P1,{image},P1/seg.nii.gz")
    monkeypatch.chdir(tmp_path / "P1")
    cohort = read_cohort(Path("../cohort.csv"))
    monkeypatch.chdir("/")
    assert list(cohort.load(cohort.rows[0]).images) == [MRSequence.T1C]
    assert Path(cohort.rows[0].cells["labels"]).resolve() == tmp_path / "P1" / "seg.nii.gz"


def test_absolute_paths_stay(table, image, tmp_path):
    (row,) = read_cohort(table("patient_id,t1c", f"P1,{tmp_path / image}")).rows
    assert row.cells["t1c"] == str(tmp_path / image)


def test_table_from_a_spreadsheet_with_byte_order_mark_is_read(table, image):
    path = table("patient_id,t1c", f"P1,{image}", encoding="utf-8-sig")
    assert len(read_cohort(path)) == 1


def test_other_columns_are_left_out_and_logged(table, caplog):
    path = table("patient_id,age,idh1,race,hospital", "P1,61,R132H,2,north")
    with caplog.at_level(logging.INFO, logger="gliokit"):
        (row,) = read_cohort(path).rows
    assert dict(row.cells) == {"patient_id": "P1", "age": "61"}
    assert "columns left out: idh1, race, hospital" in caplog.text


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("T1ce", "t1c"),
        ("T1c", "t1c"),
        ("t2f", "flair"),
        ("patientid", "patient_id"),
        ("Patient ID", "patient_id"),
        ("pateint_id", "patient_id"),
        ("os_day", "os_days"),
        ("Age", "age"),
    ],
)
def test_misspelt_column_is_refused_with_the_right_one(table, column, meant):
    with pytest.raises(CohortError, match=f"row 1, column {column}: did you mean {meant}"):
        read_cohort(table(f"patient_id,{column}", "P1,1"))


def test_table_without_patients_is_refused(table):
    with pytest.raises(
        CohortError, match=r"cohort\.csv row 1: no column patient_id, only age, sex"
    ):
        read_cohort(table("age,sex", "61,F"))


def test_column_that_stands_twice_is_refused(table):
    with pytest.raises(CohortError, match="row 1, column age: stands there twice"):
        read_cohort(table("patient_id,age,age", "P1,61,62"))


@pytest.mark.parametrize("line", ["P2,F", "P2,F,61,4"])
def test_row_with_too_few_or_too_many_cells_is_refused(table, line):
    with pytest.raises(CohortError, match=r"cohort\.csv row 3: found \d cells; needed 3"):
        read_cohort(table("patient_id,sex,age", "P1,F,61", line))


def test_blank_line_between_rows_is_refused_in_its_place(table):
    with pytest.raises(CohortError, match="row 3, column patient_id: empty"):
        read_cohort(table("patient_id", "P1", "", "P2"))


def test_blank_lines_at_the_end_are_passed_over(table):
    assert len(read_cohort(table("patient_id,age", "P1,61", "", ",", ""))) == 1


def test_impossible_cell_is_refused_before_anything_is_loaded(table):
    with pytest.raises(CohortError, match=r"cohort\.csv row 2, column age: found 610; needed 0 to"):
        read_cohort(table("patient_id,age,t1c", "P1,610,gone.nii"))


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_empty_table_is_refused(tmp_path, content):
    path = tmp_path / "cohort.csv"
    path.write_bytes(content)
    with pytest.raises(CohortError, match="is empty; needed a header and one row per study"):
        read_cohort(path)


def test_missing_table_is_refused(tmp_path):
    with pytest.raises(CohortError, match=r"gone\.csv: cannot be read \(No such file"):
        read_cohort(tmp_path / "gone.csv")


def test_other_encoding_is_refused(table):
    with pytest.raises(CohortError, match="not a CSV in UTF-8"):
        read_cohort(table("patient_id,site", "P1,Zürich", encoding="latin-1"))


def test_missing_image_stops_its_own_row_only(table, image):
    cohort = read_cohort(table("patient_id,t1c", "P1,gone.nii", f"P2,{image}"))
    with pytest.raises(CohortError, match=r"row 2, column t1c: no such file; paths are rel"):
        cohort.load(cohort.rows[0])
    assert cohort.load(cohort.rows[1]).study_id == "P2"


def test_unusable_image_stops_its_own_row_only(table, image, tmp_path):
    (tmp_path / "bad.nii").write_bytes(b"no image")
    cohort = read_cohort(table("patient_id,t1c", "P1,bad.nii", f"P2,{image}"))
    with pytest.raises(ImageError, match=r"bad\.nii: not a NIfTI file"):
        cohort.load(cohort.rows[0])
    assert cohort.load(cohort.rows[1]).study_id == "P2"


def test_row_without_an_image_is_refused_when_it_is_loaded(table):
    cohort = read_cohort(table("patient_id,age", "P1,61"))
    with pytest.raises(CohortError, match="row 2 names no image; fill one of t1, t1c, t2, flair"):
        cohort.load(cohort.rows[0])
