"""A user's own folders."""

from pathlib import Path

import pytest

from gliokit.core.errors import LayoutError
from gliokit.io.cohort_layouts.catalogue import CohortLayoutName, find_cohort


@pytest.fixture
def make(tmp_path):
    """Make empty files; names are all that is looked at."""

    def touch(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return touch


def test_a_folder_per_patient_is_a_study(make):
    root = make("P1/t1c.nii.gz", "P1/seg.nii.gz", "P2/flair.nii.gz", "notes.txt")
    found = find_cohort(CohortLayoutName.FOLDERS, root)
    assert [(s.patient_id, s.study_id) for s in found.studies] == [("P1", "P1"), ("P2", "P2")]
    assert found.studies[0].labels == root / "P1" / "seg.nii.gz"
    assert found.studies[1].labels is None


def test_visits_of_a_patient_share_the_patient(make):
    root = make("P1/before/t1c.nii.gz", "P1/after/t1c.nii.gz")
    found = find_cohort(CohortLayoutName.FOLDERS, root)
    assert {s.patient_id for s in found.studies} == {"P1"}
    assert [s.study_id for s in found.studies] == ["P1_after", "P1_before"]


def test_what_cannot_be_told_is_left_out_with_the_reason(make):
    root = make("P1/t1c.nii.gz", "P2/ct1.nii.gz", "P2/t1ce.nii.gz", "Jane Doe/t1c.nii.gz")
    found = find_cohort(CohortLayoutName.FOLDERS, root)
    assert [s.study_id for s in found.studies] == ["P1"]
    reasons = {left.study_id: left.reason for left in found.left_out}
    assert "could each be t1c" in reasons["P2"]
    assert "is no id" in reasons["Jane Doe"]


def test_a_folder_without_images_is_refused(make):
    with pytest.raises(LayoutError, match=r"needed P-001/t1c\.nii\.gz in it or below"):
        find_cohort(CohortLayoutName.FOLDERS, make("P1/readme.txt"))
