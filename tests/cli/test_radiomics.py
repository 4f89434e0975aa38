"""`gliokit radiomics`: one region to a table, a cohort to a folder."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from gliokit.core.image import Image
from gliokit.io.nifti import write_image, write_label_map

NATIVE = ("--set", "radiomics.interpolation.spacing_mm=[]")
FEW = ("--set", 'parts=["ET"]', "--set", "extras=[]")
NO_PLACE = ("--set", "location=false")  # the brain is too round for an atlas


@pytest.fixture
def files(textured_study, textured_labels, tmp_path):
    """Write the textured study, its labels and a mask of the enhancing part."""
    for sequence, image in textured_study.images.items():
        write_image(tmp_path / f"{sequence}.nii.gz", image)
    write_label_map(tmp_path / "labels.nii.gz", textured_labels)
    mask = (textured_labels.array == 3).astype(np.float32)
    write_image(tmp_path / "mask.nii.gz", Image(mask, textured_labels.affine))
    return tmp_path


@pytest.fixture
def one(gliokit, files):
    """Run the command on T1c and a mask."""
    return lambda *words, mask="mask.nii.gz": gliokit(
        "radiomics", files / "t1c.nii.gz", files / mask, "-o", files / "f.csv", *words
    )


@pytest.fixture
def cohort(gliokit, files):
    """Run the command on a cohort of patients with the same images, two sequences each."""

    def run(*words, patients=2, visits=1, broken=()):
        lines = ["patient_id,study_id,day,t1c,flair,labels"]
        for patient in range(patients):
            for visit in range(visits):
                name = f"p{patient}-{visit}"
                labels = "gone.nii.gz" if name in broken else "labels.nii.gz"
                cells = (f"p{patient}", name, str(30 * visit), "t1c.nii.gz", "flair.nii.gz", labels)
                lines.append(",".join(cells))
        (files / "cohort.csv").write_text("\n".join(lines))
        table = ("--cohort", files / "cohort.csv", "-o", files / "out")
        return gliokit("radiomics", *table, *NATIVE, *FEW, *NO_PLACE, *words)

    run.command = gliokit
    return run


def table(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_feature_has_a_line_with_its_unit_and_title(one, files):
    ending = one(*NATIVE)
    assert ending.code == 0, ending.stderr
    assert ending.stdout.strip() == str(files / "f.csv")
    rows = {row["feature"]: row for row in table(files / "f.csv")}
    volume = rows["morph_vol_approx"]
    assert float(volume["value"]) == pytest.approx(123 * 64, rel=1e-6)
    assert (volume["unit"], volume["ibsi_code"]) == ("mm³", "YEKZ")
    assert all(row["unit"] and row["title"] for row in rows.values())


def test_settings_and_origin_stand_beside_the_table(one, files):
    one(*NATIVE)
    settings = json.loads((files / "f.settings.json").read_text())
    assert settings["radiomics"]["interpolation"]["spacing_mm"] == []
    origin = json.loads((files / "f.provenance.json").read_text())
    assert len(origin["inputs"]["image_sha256"]) == 64
    assert origin["versions"]["gliokit"]


def test_written_settings_can_be_given_again_with_the_same_result(one, files):
    one(*NATIVE, *FEW[2:])
    first = (files / "f.csv").read_bytes()
    ending = one("--settings", files / "f.settings.json", "--force")
    assert ending.code == 0, ending.stderr
    assert (files / "f.csv").read_bytes() == first


def test_a_part_of_a_label_map_is_the_same_as_its_mask(one, files):
    one(*NATIVE)
    first = (files / "f.csv").read_bytes()
    one(*NATIVE, "--part", "ET", "--force", mask="labels.nii.gz")
    assert (files / "f.csv").read_bytes() == first


def test_changes_add_mean_and_spread(one, files):
    ending = one(*NATIVE, *FEW[2:], "--perturb", 3)
    assert ending.code == 0, ending.stderr
    rows = {row["feature"]: row for row in table(files / "f.csv")}
    volume = rows["morph_volume"]
    assert float(volume["changed_mean"]) == pytest.approx(float(volume["value"]), rel=0.4)
    assert float(volume["changed_sd"]) > 0


def test_parquet_holds_the_same_numbers(one, files):
    one(*NATIVE, *FEW[2:])
    one(*NATIVE, *FEW[2:], "-o", files / "g.parquet")
    numbers = pyarrow.parquet.read_table(files / "g.parquet").column("value").to_pylist()
    cells = [row["value"] for row in table(files / "f.csv")]
    assert ["" if np.isnan(number) else f"{number:.10g}" for number in numbers] == cells


def test_a_file_of_pyradiomics_is_understood_and_differences_are_said(one, files):
    (files / "theirs.yaml").write_text(
        "setting: {binWidth: 25, normalize: true}\nfeatureClass: {firstorder: [], glcm: []}\n"
    )
    ending = one("--settings", files / "theirs.yaml")
    assert ending.code == 0, ending.stderr
    assert "pyradiomics" in ending.stderr
    names = [row["feature"] for row in table(files / "f.csv")]
    assert "stat_mean" in names
    assert not [name for name in names if name.startswith("rlm_")]


def test_a_map_of_several_regions_is_never_guessed(one):
    ending = one(mask="labels.nii.gz")
    assert ending.code == 2
    assert "holds several regions (2, 3); say which number is meant" in ending.stderr


def test_a_number_that_is_not_there_is_refused(one):
    ending = one("--label", 4, mask="labels.nii.gz")
    assert ending.code == 2
    assert "no voxel is 4; found 2, 3" in ending.stderr


def test_a_part_that_the_tumor_lacks_is_refused(one):
    ending = one("--part", "NET", mask="labels.nii.gz")
    assert ending.code == 3
    assert "the tumor has no part NET; choose another" in ending.stderr


def test_one_repeat_is_refused(one):
    ending = one("--perturb", 1)
    assert ending.code == 2
    assert "--perturb 1 shows no spread; give 2 or more" in ending.stderr


def test_one_voxel_of_thick_slices_is_described_as_far_as_it_goes(one, files, textured_labels):
    mask = np.zeros(textured_labels.array.shape, dtype=np.float32)
    mask[12, 22, 18] = 1
    write_image(files / "mask.nii.gz", Image(mask, textured_labels.affine))
    ending = one(*NATIVE)
    assert ending.code == 0, ending.stderr
    rows = {row["feature"]: row["value"] for row in table(files / "f.csv")}
    assert float(rows["morph_vol_approx"]) == 64
    assert rows["cm_contrast_3D_avg"] == ""  # no pair of voxels


def test_a_mask_on_another_grid_is_refused(one, files, textured_labels):
    moved = textured_labels.affine.copy()
    moved[1, 3] += 1
    mask = (textured_labels.array == 3).astype(np.float32)
    write_image(files / "mask.nii.gz", Image(mask, moved))
    ending = one()
    assert ending.code == 2
    assert "corners up to 1 mm apart; resample the mask to the image" in ending.stderr


def test_a_table_that_is_there_is_not_replaced_unasked(one, files):
    (files / "f.csv").write_text("mine")
    ending = one()
    assert ending.code == 2
    assert "is there already; choose another name, or give --force" in ending.stderr
    assert (files / "f.csv").read_text() == "mine"


def test_a_table_of_unknown_kind_is_refused(one, files):
    ending = one("-o", files / "f.xlsx")
    assert ending.code == 2
    assert "found .xlsx; needed .csv or .parquet" in ending.stderr


def test_a_cohort_gives_a_row_per_study(cohort, files):
    ending = cohort("--parquet")
    assert ending.code == 0, ending.stderr
    rows = table(files / "out" / "features.csv")
    assert [row["study_id"] for row in rows] == ["p0-0", "p1-0"]
    assert float(rows[0]["ET_t1c_stat_mean"]) == float(rows[1]["ET_t1c_stat_mean"])
    left_out = {(row["image"], row["reason"]) for row in table(files / "out" / "left_out.csv")}
    assert left_out == {("t1", "the study lacks it"), ("t2", "the study lacks it")}
    columns = pyarrow.parquet.read_table(files / "out" / "features.parquet").column_names
    assert columns == list(rows[0])


def test_a_bad_study_never_stops_the_rest(cohort, files):
    ending = cohort(broken=("p0-0",))
    assert ending.code == 1
    assert [row["study_id"] for row in table(files / "out" / "features.csv")] == ["p1-0"]
    (failure,) = table(files / "out" / "failures.csv")
    assert failure["study_id"] == "p0-0"
    assert "column labels: no such file" in failure["reason"]


def test_a_second_run_describes_what_is_new_alone(cohort, files):
    cohort(broken=("p0-0",))
    ending = cohort()
    assert "p1-0 is there already" in ending.stderr
    assert "p0-0 done" in ending.stderr
    assert len(table(files / "out" / "features.csv")) == 2


def test_other_settings_describe_all_anew(cohort):
    cohort()
    ending = cohort("--set", "radiomics.discretization.bins=16")
    assert "is there already" not in ending.stderr


def test_several_visits_give_their_changes(cohort, files):
    cohort(visits=2)
    rows = table(files / "out" / "changes.csv")
    assert [row["study_id"] for row in rows] == ["p0-1", "p1-1"]
    assert {float(row["ET_morph_volume_change"]) for row in rows} == {0.0}
    assert {row["days_between"] for row in rows} == {"30"}


def test_repeats_give_every_feature_an_icc(cohort, files):
    ending = cohort("--perturb", 3, patients=3)
    assert ending.code == 0, ending.stderr
    rows = {row["feature"]: row for row in table(files / "out" / "robustness.csv")}
    # look-alikes: patients who do not differ cannot be told apart
    assert float(rows["ET_morph_volume"]["icc"]) < 0.5
    assert rows["ET_morph_volume"]["patients"] == "3"


def test_visits_without_a_day_of_their_own_are_left_out_of_changes_and_said(cohort, files):
    cohort(visits=2)
    text = (files / "cohort.csv").read_text().replace("p1,p1-1,30", "p1,p1-1,")
    (files / "cohort.csv").write_text(text)
    run = ("--cohort", files / "cohort.csv", "-o", files / "out", *NATIVE, *FEW, *NO_PLACE)
    assert cohort.command("radiomics", *run).code == 0
    assert [row["study_id"] for row in table(files / "out" / "changes.csv")] == ["p0-1"]
    said = {
        row["study_id"] for row in table(files / "out" / "left_out.csv") if "day" in row["reason"]
    }
    assert said == {"p1-1"}


def test_a_foreign_folder_is_refused(cohort, files):
    (files / "out").mkdir()
    (files / "out" / "thesis.docx").write_text("mine")
    ending = cohort()
    assert ending.code == 2
    assert "holds thesis.docx, which gliokit radiomics did not write" in ending.stderr


def test_options_of_one_region_are_refused_for_a_cohort(cohort):
    ending = cohort("--label", 3)
    assert ending.code == 2
    assert "drop --label" in ending.stderr


def test_neither_region_nor_cohort_is_refused(gliokit, tmp_path):
    ending = gliokit("radiomics", "-o", tmp_path / "f.csv")
    assert ending.code == 2
    assert "give IMAGE and MASK, or --cohort" in ending.stderr


def test_a_real_case_is_described_in_every_part(gliokit, shared_data, tmp_path):
    case = shared_data / "studies" / "labelled" / "TCIA01_201"
    sequences = ("t1c", "flair")
    cells = ["p", "s", *(str(case / f"{s}.nii.gz") for s in sequences), str(case / "seg.nii.gz")]
    header = ["patient_id", "study_id", *sequences, "labels"]
    (tmp_path / "cohort.csv").write_text(",".join(header) + "\n" + ",".join(cells))
    words = ("--cohort", tmp_path / "cohort.csv", "-o", tmp_path / "out", *FEW[2:])
    ending = gliokit("radiomics", *words)
    assert ending.code == 0, ending.stderr
    (row,) = table(tmp_path / "out" / "features.csv")
    volume = float(row["volume_et"]) + float(row["volume_net"]) + float(row["volume_ed"])
    assert float(row["WT_morph_vol_approx"]) == pytest.approx(volume, rel=1e-6)
    # enhancement is brighter than edema after contrast agent, edema than the brain on FLAIR
    assert float(row["ET_t1c_stat_mean"]) > float(row["ED_t1c_stat_mean"])
    assert float(row["ED_flair_stat_mean"]) > 300
    assert float(row["share_right"]) in (pytest.approx(0, abs=0.3), pytest.approx(1, abs=0.3))
    assert 0 <= float(row["dist_vent_tc"]) < 60
