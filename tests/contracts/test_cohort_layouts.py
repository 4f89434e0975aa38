"""What every reader of a collection must do: find its own, refuse others, say what it found."""

import shutil

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.errors import LayoutError, OutputError
from gliokit.io.cohort_layouts.catalogue import COHORT_LAYOUTS, CohortLayoutName, find_cohort
from gliokit.io.cohort_layouts.table import write_cohort_table
from gliokit.io.cohorts import read_cohort

# per layout: two studies, each its four images
EXAMPLES = {
    "brats": [
        [f"BraTS2021_0000{n}/BraTS2021_0000{n}_{end}" for end in ("t1", "t1ce", "t2", "flair")]
        for n in (1, 2)
    ],
    "bids": [
        [f"sub-0{n}/anat/sub-0{n}_{end}" for end in ("T1w", "ce-gd_T1w", "T2w", "FLAIR")]
        for n in (1, 2)
    ],
    "ucsf-pdgm": [
        [f"UCSF-PDGM-000{n}_nifti/UCSF-PDGM-000{n}_{end}" for end in ("T1", "T1c", "T2", "FLAIR")]
        for n in (1, 2)
    ],
    "upenn-gbm": [
        [
            f"images_structural/UPENN-GBM-0000{n}_11/UPENN-GBM-0000{n}_11_{end}"
            for end in ("T1", "T1GD", "T2", "FLAIR")
        ]
        for n in (1, 2)
    ],
    "lumiere": [
        [
            f"Patient-00{n}/week-000/DeepBraTumIA-segmentation/atlas/skull_strip/{s}_skull_strip"
            for s in ("t1", "ct1", "t2", "flair")
        ]
        for n in (1, 2)
    ],
    "folders": [[f"P-00{n}/{s}" for s in ("t1", "t1c", "t2", "flair")] for n in (1, 2)],
}


@pytest.fixture(params=CohortLayoutName)
def layout(request):
    return request.param


@pytest.fixture
def write(tmp_path):
    """Write the two studies of a layout, less what is left out; give their folder."""

    def write_files(layout, *, without=()):
        root = tmp_path / "collection"
        rng = np.random.default_rng(0)
        for number, stem in enumerate(stem for study in EXAMPLES[layout] for stem in study):
            path = root / f"{stem}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            if number not in without:
                array = rng.integers(1, 99, (2, 3, 4)).astype(np.int16)
                nib.save(nib.Nifti1Image(array, np.eye(4)), path)
        return root

    return write_files


def test_every_layout_has_an_example():
    assert list(COHORT_LAYOUTS) == list(CohortLayoutName) == list(EXAMPLES)


def test_table_loads_with_all_images_from_wherever_it_lies(layout, write, tmp_path):
    table = tmp_path / "tables" / "deep" / "cohort.csv"
    write_cohort_table(find_cohort(layout, write(layout)), table)
    cohort = read_cohort(table)
    assert len({row.patient_id for row in cohort.rows}) == len(cohort) == 2
    assert [len(study.images) for study in cohort.studies()] == [4, 4]
    assert ".." in table.read_text()
    assert str(tmp_path) not in table.read_text()


def test_missing_sequence_leaves_its_cell_empty(layout, write, tmp_path):
    write_cohort_table(find_cohort(layout, write(layout, without=[1])), tmp_path / "c.csv")
    first, second = read_cohort(tmp_path / "c.csv").rows
    assert "t1c" not in first.cells
    assert "t1c" in second.cells


def test_study_without_images_is_named_and_the_other_is_found(layout, write):
    found = find_cohort(layout, write(layout, without=range(4)))
    assert len(found.studies) == len(found.left_out) == 1
    assert found.left_out[0].reason.startswith("no image")


def test_layout_of_another_collection_is_refused_with_what_was_found(layout, write):
    other = {"bids": "brats", "folders": "lumiere"}.get(layout, "bids")
    root = write(other)
    first = min(path.name for path in root.iterdir())
    with pytest.raises(LayoutError) as error:
        find_cohort(layout, root)
    message = str(error.value)
    assert f"no {layout} study with images, found {first}" in message
    assert COHORT_LAYOUTS[layout].example in message
    assert "choose another layout of brats, bids, ucsf-pdgm, upenn-gbm, lumiere, folders" in message


def test_empty_and_missing_folders_are_refused(layout, tmp_path):
    with pytest.raises(LayoutError, match="study with images, found nothing"):
        find_cohort(layout, tmp_path)
    with pytest.raises(LayoutError, match="no such folder"):
        find_cohort(layout, tmp_path / "none")


def test_collection_of_which_no_study_has_images_is_refused_with_a_reason(layout, write):
    with pytest.raises(LayoutError, match=r"study with images, found .*: no image"):
        find_cohort(layout, write(layout, without=range(8)))


def test_table_is_replaced_only_by_force(layout, write, tmp_path):
    found = find_cohort(layout, write(layout))
    (tmp_path / "c.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"c\.csv is there already; replace it with --force"):
        write_cohort_table(found, tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text() == "mine"
    write_cohort_table(found, tmp_path / "c.csv", force=True)
    assert len(read_cohort(tmp_path / "c.csv")) == 2


@pytest.mark.parametrize("layout", sorted({*CohortLayoutName} - {"bids", "folders"}))
def test_copy_of_a_study_is_named_not_counted_twice(layout, write):
    root = write(layout)
    top = root / EXAMPLES[layout][0][0].split("/")[0]
    (root / "copy").mkdir()
    top.rename(root / "copy" / top.name)
    write(layout)
    if layout == "upenn-gbm":  # its studies lie one folder deeper
        shutil.rmtree(root / "copy" / top.name / "UPENN-GBM-00002_11")
    found = find_cohort(layout, root)
    assert len(found.studies) == 2
    (left,) = found.left_out
    assert "its id stands already" in left.reason
