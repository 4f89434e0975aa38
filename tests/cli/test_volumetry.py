"""`gliokit volumetry`."""

import json
from types import MappingProxyType

import numpy as np
import pytest

from gliokit.cli.main import COMMANDS
from gliokit.core.image import Image
from gliokit.io.nifti import read_image, read_label_map, write_image

ML = 2.5**3 / 1000  # of a voxel
FILES = ["edit_log.json", "picture.png", "segmentation.nii.gz", "volumetry.json"]
SHAPE, MIDDLE = (56, 62, 46), (70, -40, 60)  # voxels of 2.5 mm; the tumor, mm


@pytest.fixture(autouse=True)
def _listed(monkeypatch):
    commands = MappingProxyType({**COMMANDS, "volumetry": ""})
    monkeypatch.setattr("gliokit.cli.main.COMMANDS", commands)


@pytest.fixture(scope="module")
def images():
    """Simulate a stripped brain in LPS order with a tumor of 10 mm radius and a brighter clot."""
    affine = np.diag([-2.5, -2.5, 2.5, 1.0])
    affine[:3, 3] = [120, 55, 5]
    places = np.moveaxis(np.indices(SHAPE), 0, -1) * np.diag(affine)[:3] + affine[:3, 3]
    brain = np.linalg.norm((places - [50, -20, 60]) / [62, 70, 52], axis=-1) < 1
    tumor = np.linalg.norm(places - MIDDLE, axis=-1) <= 10
    clot = np.linalg.norm(places - [45, -40, 60], axis=-1) <= 7
    rng = np.random.default_rng(0)
    before = np.where((places[..., 0] // 8).astype(int) % 2 == 0, 120.0, 90.0) + 200 * clot
    after = 1.5 * (before + 80 * tumor) + rng.normal(0, 5, SHAPE)
    before = before + rng.normal(0, 4, SHAPE)
    pair = (Image(np.where(brain, a, 0).astype(np.float32), affine) for a in (before, after))
    return *pair, tumor, clot


@pytest.fixture
def study(images, tmp_path):
    """Write the images; give the options that name them."""
    t1, t1c, *_ = images
    write_image(tmp_path / "t1.nii.gz", t1)
    write_image(tmp_path / "t1c.nii.gz", t1c)
    return ["--t1", tmp_path / "t1.nii.gz", "--t1c", tmp_path / "t1c.nii.gz"]


def outlined(out):
    return read_label_map(out / "segmentation.nii.gz").array == 3


def dice(mask, reference):
    return 2 * np.sum(mask & reference) / (mask.sum() + reference.sum())


SEED = "--seed=" + ",".join(map(str, MIDDLE))
BOX = "--box=55,85,-55,-25,45,75"


@pytest.mark.parametrize(
    "where",
    [[SEED], [BOX], [SEED, BOX], [SEED, "--method", "alike"], [BOX, "--method", "contour"]],
    ids=["seed", "box", "both", "alike", "contour"],
)
def test_tumor_is_outlined_from_points_in_ras_millimeters(gliokit, study, images, tmp_path, where):
    ending = gliokit("volumetry", *study, *where, "-o", tmp_path / "out")
    assert ending.code == 0, ending.stderr
    mask = outlined(tmp_path / "out")
    assert dice(mask, images[2]) > 0.93
    assert not (mask & images[3]).any()


def test_both_images_are_found_in_the_folder_of_a_study(gliokit, study, tmp_path):
    named = gliokit("volumetry", *study, SEED, "-o", tmp_path / "named")
    found = gliokit("volumetry", tmp_path, SEED, "-o", tmp_path / "found")
    assert (named.code, found.code) == (0, 0), found.stderr
    np.testing.assert_array_equal(outlined(tmp_path / "found"), outlined(tmp_path / "named"))


def test_an_image_that_the_folder_lacks_is_named(gliokit, study, tmp_path):
    (tmp_path / "t1c.nii.gz").rename(tmp_path / "gd.nii.gz")
    ending = gliokit("volumetry", tmp_path, SEED, "-o", tmp_path / "out")
    assert ending.code == 2
    assert "lacks T1 before or after contrast; give --t1c too" in " ".join(ending.stderr.split())


def test_without_images_the_command_says_what_to_give(gliokit, tmp_path):
    ending = gliokit("volumetry", SEED, "-o", tmp_path / "out")
    assert ending.code == 2
    assert "give STUDY, a folder with both T1 images, or --t1 and --t1c" in ending.stderr


def test_result_has_four_files_and_is_measured(gliokit, study, images, tmp_path):
    ending = gliokit("volumetry", *study, SEED, "-o", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    record = json.loads((tmp_path / "out" / "volumetry.json").read_text())
    assert record["volume_ml"] == pytest.approx(outlined(tmp_path / "out").sum() * ML)
    assert record["volume_ml"] == pytest.approx(images[2].sum() * ML, rel=0.1)
    assert record["lesions"][0]["longest"]["length"]["value"] == pytest.approx(21, abs=3)
    assert f"enhancing tumor {record['volume_ml']:.2f} mL" in ending.stderr
    assert ending.stdout.strip() == str(tmp_path / "out")


def test_voxels_and_millimeters_say_the_same(gliokit, study, tmp_path):
    gliokit("volumetry", *study, SEED, BOX, "-o", tmp_path / "mm")
    where = ["--seed", "20,38,22", "--box", "14,26,32,44,16,28", "--voxels"]
    gliokit("volumetry", *study, *where, "-o", tmp_path / "voxels")
    np.testing.assert_array_equal(outlined(tmp_path / "mm"), outlined(tmp_path / "voxels"))


def test_rough_outline_bounds_what_is_found(gliokit, study, images, tmp_path):
    t1c = images[1]
    upper = (images[2] & (np.arange(SHAPE[2]) >= 22)).astype(np.float32)
    write_image(tmp_path / "outline.nii.gz", Image(upper, t1c.affine))
    gliokit("volumetry", *study, "--outline", tmp_path / "outline.nii.gz", "-o", tmp_path / "out")
    assert dice(outlined(tmp_path / "out"), upper > 0) > 0.97


def test_strokes_add_and_then_remove(gliokit, study, tmp_path):
    dabs = {"add": (45, -40, 60), "remove": MIDDLE}
    for name, point in dabs.items():
        strokes = [{"points_mm": [point], "radius_mm": 4}]
        (tmp_path / f"{name}.json").write_text(json.dumps(strokes))
    brushes = ["--add", tmp_path / "add.json", "--remove", tmp_path / "remove.json"]
    gliokit("volumetry", *study, SEED, *brushes, "-o", tmp_path / "out", "--reader", "R7")
    mask = outlined(tmp_path / "out")
    assert mask[30, 38, 22]
    assert not mask[20, 38, 22]
    edits = json.loads((tmp_path / "out" / "edit_log.json").read_text())["edits"]
    assert [edit["kind"] for edit in edits] == ["grow above a threshold", "add", "remove"]
    assert {edit["reader"] for edit in edits} == {"R7"}


def test_log_gives_the_same_mask_again_and_edits_go_on_from_it(gliokit, study, tmp_path):
    gliokit("volumetry", *study, SEED, "--method", "contour", "-o", tmp_path / "first")
    log = ["--log", tmp_path / "first" / "edit_log.json"]
    gliokit("volumetry", *study, *log, "-o", tmp_path / "again")
    same = (tmp_path / "first" / "segmentation.nii.gz").read_bytes()
    assert (tmp_path / "again" / "segmentation.nii.gz").read_bytes() == same
    (tmp_path / "dab.json").write_text(json.dumps([{"points_mm": [MIDDLE], "radius_mm": 3}]))
    gliokit("volumetry", *study, *log, "--remove", tmp_path / "dab.json", "-o", tmp_path / "more")
    assert outlined(tmp_path / "more").sum() < outlined(tmp_path / "again").sum()


def test_contour_can_follow_a_log(gliokit, study, images, tmp_path):
    gliokit("volumetry", *study, SEED, "-o", tmp_path / "first")
    log = ["--log", tmp_path / "first" / "edit_log.json", "--method", "contour"]
    gliokit("volumetry", *study, *log, "-o", tmp_path / "then")
    edits = json.loads((tmp_path / "then" / "edit_log.json").read_text())["edits"]
    assert [edit["kind"] for edit in edits] == ["grow above a threshold", "contour"]
    assert dice(outlined(tmp_path / "then"), images[2]) > 0.93


def test_log_of_other_images_is_refused(gliokit, study, images, tmp_path):
    gliokit("volumetry", *study, SEED, "-o", tmp_path / "first")
    t1 = images[0]
    write_image(tmp_path / "t1.nii.gz", Image(t1.array * np.float32(2), t1.affine))
    log = ["--log", tmp_path / "first" / "edit_log.json"]
    ending = gliokit("volumetry", *study, *log, "-o", tmp_path / "again")
    assert ending.code == 2
    assert "made with another t1;" in ending.stderr


def test_volumes_by_kanaly_stand_in_the_measurements(gliokit, study, images, tmp_path):
    lower = (images[2] & (np.arange(SHAPE[2]) < 22)).astype(np.float32)
    write_image(tmp_path / "mucosa.nii.gz", Image(lower, images[1].affine))
    reference = ["--reference", tmp_path / "mucosa.nii.gz"]
    gliokit("volumetry", *study, SEED, *reference, "-o", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "volumetry.json").read_text())
    volumes = {v["threshold"]: v["volume_ml"] for v in record["kanaly_ml_by_threshold"]}
    assert volumes[0.4] == pytest.approx(images[2].sum() * ML, rel=0.1)
    assert volumes[0.2] >= volumes[0.3] >= volumes[0.4]


def test_blood_is_kept_on_request(gliokit, study, images, tmp_path):
    t1c = images[1]
    brighter = Image(t1c.array + np.float32(150) * images[3], t1c.affine)
    write_image(tmp_path / "t1c.nii.gz", brighter)
    seed = "--seed=45,-40,60"
    refused = gliokit("volumetry", *study, seed, "-o", tmp_path / "without")
    assert refused.code == 3
    gliokit("volumetry", *study, seed, "--keep-blood", "-o", tmp_path / "with")
    assert outlined(tmp_path / "with")[images[3]].all()


def test_result_is_replaced_only_on_request(gliokit, study, tmp_path):
    assert gliokit("volumetry", *study, SEED, "-o", tmp_path / "out").code == 0
    refused = gliokit("volumetry", *study, BOX, "-o", tmp_path / "out")
    assert refused.code == 2
    assert "--force" in refused.stderr
    assert gliokit("volumetry", *study, BOX, "-o", tmp_path / "out", "--force").code == 0
    edits = json.loads((tmp_path / "out" / "edit_log.json").read_text())["edits"]
    assert edits[0]["settings"]["box_mm"][0] == [55, 85]


def test_folder_of_others_is_never_replaced(gliokit, study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("mine")
    ending = gliokit("volumetry", *study, SEED, "-o", tmp_path / "out", "--force")
    assert ending.code == 2
    assert "holds thesis.doc" in ending.stderr


def test_run_that_fails_leaves_nothing(gliokit, study, tmp_path):
    ending = gliokit("volumetry", *study, "--seed=20,-20,60", "-o", tmp_path / "out")
    assert ending.code == 3
    assert "nothing enhances" in ending.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "say where the tumor is"),
        (["--seed=1,2"], "needed 3 numbers"),
        (["--seed=1,2,x"], "needed 3 numbers"),
        (["--box=1,2,3,4,5,inf"], "needed 6 numbers"),
        ([BOX, "--low", "5", "--high", "3"], "swap them"),
        ([BOX, "--method", "alike"], "needs a --seed"),
        (["--seed=70,-40,900"], "outside the image, which reaches"),
        ([SEED, "--add", "nowhere.json"], "cannot be read as JSON"),
    ],
)
def test_senseless_wish_is_one_line_and_exit_2(gliokit, study, tmp_path, options, said):
    ending = gliokit("volumetry", *study, *options, "-o", tmp_path / "out")
    assert ending.code == 2
    assert said in " ".join(ending.stderr.split())
    assert not (tmp_path / "out").exists()


def test_mask_on_another_grid_is_refused(gliokit, study, images, tmp_path):
    small = Image(images[2][:-1].astype(np.float32), images[1].affine)
    write_image(tmp_path / "outline.nii.gz", small)
    outline = ["--outline", tmp_path / "outline.nii.gz"]
    ending = gliokit("volumetry", *study, *outline, "-o", tmp_path / "out")
    assert ending.code == 2
    assert "grids of t1c and the outline mask differ" in ending.stderr


@pytest.mark.slow
def test_real_glioblastoma_is_outlined_from_a_box(gliokit, shared_data, tmp_path):
    folder = shared_data / "studies" / "labelled" / "TCIA01_378"
    pair = ["--t1", folder / "t1.nii.gz", "--t1c", folder / "t1c.nii.gz"]
    where = ["--box=-123.5,-68.5,44.5,108.5,56.5,127.5", "--method", "contour"]
    assert gliokit("volumetry", *pair, *where, "-o", tmp_path / "out").code == 0
    reference = read_image(folder / "seg.nii.gz").array == 4
    assert dice(outlined(tmp_path / "out"), reference) > 0.85
