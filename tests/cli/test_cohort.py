"""`gliokit cohort`: the table's path on stdout, all that it does not hold on stderr."""

import nibabel as nib
import numpy as np
import pytest


@pytest.fixture
def upenn(tmp_path):
    """Write two scans, one of them with automatic labels, a third in the table alone."""
    root = tmp_path / "UPENN"
    rng = np.random.default_rng(0)
    names = ("UPENN-GBM-00001_11", "UPENN-GBM-00001_21")
    files = [f"images_structural/{n}/{n}_{end}" for n in names for end in ("T1GD", "FLAIR")]
    for stem in (*files, f"automated_segm/{names[0]}_automated_approx_segm"):
        path = root / f"{stem}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        array = rng.integers(1, 99, (2, 3, 4)).astype(np.int16)
        nib.save(nib.Nifti1Image(array, np.eye(4)), path)
    (root / "UPENN-GBM_clinical_info_v2.1.csv").write_text(
        "ID,IDH1,MGMT\n"
        f"{names[0]},NOS/NEC,Methylated\n{names[1]},NOS/NEC,Methylated\nUPENN-GBM-00009_11,,\n"
    )
    return root


def test_cohort_prints_the_table_and_counts(gliokit, upenn, tmp_path):
    table = tmp_path / "upenn.csv"
    ending = gliokit("cohort", "upenn-gbm", upenn, "-o", table)
    assert ending.code == 0
    assert ending.stdout.split() == [str(table)]
    assert ending.stderr.splitlines() == [
        "gliokit: clinical columns are of UPENN-GBM_clinical_info_v2.1.csv",
        "gliokit: left out 1, in the table, but without a folder in images_structural: "
        "UPENN-GBM-00009_11",
        "gliokit: left empty 2 times: idh 'NOS/NEC'",
        "gliokit: left without their automatic labels, which --automatic-labels takes: 1",
        "gliokit: patients: 1, studies: 2, with labels: 0",
    ]
    assert table.read_text().count("\n") == 3


def test_automatic_labels_are_counted_when_asked_for(gliokit, upenn, tmp_path):
    ending = gliokit("cohort", "upenn-gbm", upenn, "-o", tmp_path / "c.csv", "--automatic-labels")
    assert "labels that no person corrected, and are no reference: 1" in ending.stderr
    assert ending.stderr.endswith("patients: 1, studies: 2, with labels: 1\n")


def test_table_that_is_there_is_kept_unless_forced(gliokit, upenn, tmp_path):
    table = tmp_path / "c.csv"
    table.write_text("mine")
    ending = gliokit("cohort", "upenn-gbm", upenn, "-o", table)
    assert ending.code == 2
    assert ending.stderr.endswith("is there already; replace it with --force\n")
    assert table.read_text() == "mine"
    assert gliokit("cohort", "upenn-gbm", upenn, "-o", table, "--force").code == 0


@pytest.mark.parametrize(
    ("layout", "message"),
    [("brats", "no brats study with images, found UPENN-GBM_clinical"), ("nifti", "Invalid value")],
)
def test_wrong_layout_is_refused(gliokit, upenn, tmp_path, layout, message):
    ending = gliokit("cohort", layout, upenn, "-o", tmp_path / "c.csv")
    assert ending.code == 2
    assert message in ending.stderr
    assert not (tmp_path / "c.csv").exists()


def test_help_shows_an_example(gliokit):
    assert "gliokit cohort ucsf-pdgm UCSF-PDGM -o ucsf.csv" in gliokit("cohort", "--help").stdout
