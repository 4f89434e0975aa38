"""`gliokit measure`."""

import json

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.io.nifti import read_image, write_image, write_label_map


@pytest.fixture
def labels(bright_study, tmp_path):
    """Write a box of edema, 8×7×6 voxels of 3 mm, around one of enhancement, 6×5×4."""
    array = np.zeros(bright_study.reference.array.shape, np.uint8)
    array[9:17, 25:32, 19:25] = 2
    array[10:16, 26:31, 20:24] = 3
    path = tmp_path / "labels.nii.gz"
    write_label_map(path, LabelMap(array, bright_study.reference.affine))
    return path


def test_json_gives_volumes_of_labels_and_regions(gliokit, labels):
    record = json.loads(gliokit("measure", labels, "--json").stdout)
    assert record["labels"]["enhancing"] == {"voxels": 120, "volume_ml": pytest.approx(3.24)}
    assert record["regions"]["WT"]["volume_ml"] == pytest.approx(336 * 0.027)


def test_json_gives_the_sizes_of_each_lesion(gliokit, labels):
    (lesion,) = json.loads(gliokit("measure", labels, "--json").stdout)["regions"]["TC"]["lesions"]
    assert lesion["name"] == "TC-1"
    assert lesion["volume_ml"] == pytest.approx(3.24)
    # from pixel edge to pixel edge: at most the diagonal of 18 × 15 mm
    assert 15 < lesion["longest_diameter_mm"] <= np.hypot(18, 15)
    assert lesion["product_mm2"] == pytest.approx(
        lesion["longest_diameter_mm"] * lesion["perpendicular_diameter_mm"]
    )


def test_region_carries_the_diameters_of_its_longest_lesion(gliokit, labels):
    region = json.loads(gliokit("measure", labels, "--json").stdout)["regions"]["TC"]
    for key in ("longest_diameter_mm", "perpendicular_diameter_mm", "product_mm2"):
        assert region[key] == region["lesions"][0][key]


def test_region_without_lesion_has_no_diameters(gliokit, labels):
    region = json.loads(gliokit("measure", labels, "--json").stdout)["regions"]["RC"]
    assert region["volume_ml"] == 0
    assert region["longest_diameter_mm"] is None
    assert region["lesions"] == []


def test_table_has_a_line_per_label_region_and_lesion(gliokit, labels):
    ending = gliokit("measure", labels)
    starts = [line.split("  ")[0] for line in ending.stdout.splitlines()]
    assert ending.code == 0
    assert {"enhancing tumor", "WT whole tumor", "WT-1", "TC-1", "ET-1"} <= set(starts)


def test_lesion_below_the_minimum_has_no_diameters(gliokit, labels):
    table = gliokit("measure", labels, "--minimum-lesion-ml", 5).stdout
    (line,) = [line for line in table.splitlines() if line.startswith("TC-1")]
    assert line.split() == ["TC-1", "3.24", "-", "-", "-"]


def test_map_without_tumor_has_no_lesions(gliokit, labels, bright_study):
    empty = np.zeros(bright_study.reference.array.shape, np.uint8)
    write_label_map(labels, LabelMap(empty, bright_study.reference.affine))
    assert gliokit("measure", labels).stdout.endswith("none\n")


def test_doubtful_numbers_are_read_and_said(gliokit, older_labels):
    ending = gliokit("measure", older_labels, "--json")
    assert json.loads(ending.stdout)["labels"]["enhancing"]["voxels"] == 120
    assert "warning: label 4 was read as enhancing tumor" in ending.stderr


def test_convention_decides_what_the_numbers_mean(gliokit, older_labels):
    ending = gliokit("measure", older_labels, "--json", "--convention", "brats2023")
    assert json.loads(ending.stdout)["labels"]["cavity"]["voxels"] == 120
    assert ending.stderr == ""


@pytest.fixture
def older_labels(bright_study, tmp_path):
    """Write a map of an older convention without our mark."""
    image = bright_study.reference
    path = tmp_path / "older.nii.gz"
    write_image(path, type(image)(np.where(image.array == 200, 4, 0), image.affine))
    return path


def test_volumes_of_real_reference_labels_are_voxels_times_voxel_volume(gliokit, shared_data):
    folders = sorted((shared_data / "studies" / "labelled").glob("TCIA*"))
    assert len(folders) == 12
    for folder in folders:
        stored = read_image(folder / "seg.nii.gz")
        record = json.loads(gliokit("measure", folder / "seg.nii.gz", "--json").stdout)
        ml = abs(np.linalg.det(stored.affine[:3, :3])) / 1000
        for label, value in {"necrotic_core": 1, "edema": 2, "enhancing": 4}.items():
            voxels = np.count_nonzero(stored.array == value)
            assert record["labels"][label]["voxels"] == voxels
            assert record["labels"][label]["volume_ml"] == pytest.approx(voxels * ml)
