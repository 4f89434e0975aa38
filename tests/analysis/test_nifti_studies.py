"""Several NIfTI studies in one folder: which folders are studies, and what is not read."""

import json
import pickle
import re

import pytest

from gliokit.analysis.nifti_studies import cohort_of, find_studies, visits_of
from gliokit.core.errors import LayoutError
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.layouts import nifti_files, read_study
from gliokit.io.nifti import write_image


@pytest.fixture
def patient(tmp_path):
    """Write files by their paths; the text that a file holds is its own path."""

    def write(*paths):
        for path in paths:
            file = tmp_path / "patient" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
        return tmp_path / "patient"

    return write


def names(root, folders):
    return [folder.relative_to(root).as_posix() for folder in folders]


def test_studies_come_in_the_order_of_the_numbers_in_their_names(patient):
    root = patient("visit10/t1c.nii.gz", "visit9/t1c.nii.gz", "visit9/flair.nii", "visit9²/t2.nii")
    assert names(root, find_studies(root).studies) == ["visit9", "visit9²", "visit10"]


def test_images_may_lie_deeper_as_in_bids(patient):
    root = patient(
        "ses-1/anat/sub-7_ses-1_FLAIR.nii.gz",
        "ses-1/dwi/sub-7_ses-1_dwi.nii.gz",
        "ses-2/anat/sub-7_ses-2_T1w.nii.gz",
    )
    found = find_studies(root)
    assert names(root, found.studies) == ["ses-1/anat", "ses-2/anat"]
    assert found.not_read == ("not read: 1 folder with NIfTI files of no known sequence",)


def test_a_folder_with_images_of_its_own_is_one_study(patient):
    root = patient("t1c.nii.gz", "original/t1c.nii.gz", "original/dicom/1.dcm")
    found = find_studies(root)
    assert found.studies == (root,)
    assert found.not_read == ("not read: 1 folder with images below the folder of a study",)


def test_labels_and_side_files_alone_are_no_study(patient):
    root = patient("visit1/t2.nii.gz", "visit1/t2.json", "masks/seg.nii.gz", "notes.txt")
    assert names(root, find_studies(root).studies) == ["visit1"]


def test_results_and_hidden_folders_are_passed_over(patient):
    root = patient("visit1/t1c.nii.gz", "out/s1/native/flair.nii.gz", ".cache/t1c.nii.gz")
    (root / "out/s1/findings.json").write_text(json.dumps({"gliokit_version": "0.1.0"}))
    found = find_studies(root)
    assert names(root, found.studies) == ["visit1"]
    assert found.not_read == ()


def test_a_link_that_leads_back_ends_nothing(patient):
    root = patient("visit1/t1c.nii.gz")
    (root / "again").symlink_to(root)
    assert names(root, find_studies(root).studies) == ["visit1"]


def test_dicom_beside_nifti_studies_is_refused(patient):
    root = patient("visit1/t1c.nii.gz", "visit2/1")
    (root / "visit2/1").write_bytes(bytes(128) + b"DICM")
    with pytest.raises(LayoutError, match="1 folder of NIfTI images, and 1 DICOM files beside"):
        find_studies(root)


def test_dicom_without_preamble_beside_nifti_studies_is_refused(patient):
    root = patient("visit1/t1c.nii.gz", "visit2/1")
    (root / "visit2/1").write_bytes(b"\x08\0\x16\0UI\x1a\0" + b"1.2.840.10008.5.1.4.1.1.4\0")
    with pytest.raises(LayoutError, match="1 folder of NIfTI images, and 1 DICOM files beside"):
        find_studies(root)


def test_dicom_that_a_study_was_made_of_may_lie_in_its_folder(patient):
    root = patient("visit1/t1c.nii.gz", "visit1/dicom/1")
    (root / "visit1/dicom/1").write_bytes(bytes(128) + b"DICM")
    assert names(root, find_studies(root).studies) == ["visit1"]


def test_several_subjects_of_bids_are_refused(patient):
    root = patient("sub-1/anat/sub-1_T1w.nii.gz", "sub-2/anat/sub-2_T1w.nii.gz")
    with pytest.raises(LayoutError, match=r"2 BIDS subjects.*gliokit cohort bids"):
        find_studies(root)


def test_the_visits_of_one_subject_may_carry_its_name(patient):
    root = patient("sub-1_ses-1/t1c.nii.gz", "sub-1_ses-2/t1c.nii.gz")
    assert names(root, find_studies(root).studies) == ["sub-1_ses-1", "sub-1_ses-2"]


def test_a_folder_that_may_not_be_opened_stops_no_other(patient, monkeypatch):
    def opened(folder):
        if folder.name == "lost+found":
            raise PermissionError
        return nifti_files(folder)

    monkeypatch.setattr("gliokit.analysis.nifti_studies.nifti_files", opened)
    root = patient("t1c.nii.gz", "lost+found/1")
    found = find_studies(root)
    assert found.studies == (root,)
    assert found.not_read == ("not read: 1 folder without permission to open",)


def test_nothing_is_found_where_there_is_nothing(patient):
    root = patient("dicom/1")
    assert find_studies(root).studies == ()
    assert find_studies(root / "dicom/1").studies == ()


def test_a_study_among_others_has_the_name_that_it_has_alone(tmp_path, bright_study):
    for number, sequence in enumerate((MRSequence.T1C, MRSequence.FLAIR)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_image(folder / f"{sequence}.nii.gz", bright_study[sequence])
    first, second = visits_of(find_studies(tmp_path))
    assert first.study_id == read_study(tmp_path / "0").study_id
    assert first.study_id != second.study_id


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (("v1/t1c.nii.gz", "v2/Doe_t1ce.nii.gz", "v2/t1c.nii"), "2 files could each be t1c"),
        (("v1/t1c.nii.gz", "v2/t1c.nii.gz"), "the same images as folder 1"),
    ],
)
def test_a_folder_of_which_no_study_can_be_made_says_why_without_names(patient, paths, problem):
    root = patient(*paths)
    for path in paths[::2]:
        (root / path).write_text("same")
    (root / paths[1]).write_text("same")
    _, second = visits_of(find_studies(root))
    assert second.study_id == "folder-2"
    assert re.search(f"folder 2: {problem}", second.problem)
    assert "Doe" not in second.problem


def test_the_cohort_fails_where_a_folder_has_a_problem(patient):
    root = patient("v1/t1c.nii.gz", "v2/t1ce.nii.gz", "v2/t1c.nii")
    cohort = cohort_of(visits_of(find_studies(root)), Phase.POSTOPERATIVE)
    good, bad = cohort.rows
    assert good.cells["t1c"] == str(root / "v1/t1c.nii.gz")
    assert good.cells["phase"] == "post-operative"
    with pytest.raises(LayoutError, match="2 files could each be t1c"):
        pickle.loads(pickle.dumps(cohort.load))(bad)


def test_a_visit_with_an_image_whose_link_leads_nowhere_is_a_problem(patient):
    root = patient("visit1/t1c.nii.gz", "visit2/flair.nii.gz")
    (root / "visit2" / "t1c.nii.gz").symlink_to(root / "gone")
    one, other = visits_of(find_studies(root))
    assert one.problem == ""
    assert "No such file" in other.problem
