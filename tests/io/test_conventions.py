"""What label numbers mean, and who decides it."""

import numpy as np
import pytest

from gliokit.core.errors import LabelError
from gliokit.core.vocabulary import Label
from gliokit.io.conventions import Decision, LabelConvention, convention_of_name, to_labels

BRATS2012, BRATS2017, BRATS2023 = LabelConvention


def stored(*labels):
    return np.array(labels, dtype=np.uint8)


@pytest.mark.parametrize(
    ("convention", "values", "expected"),
    [
        (BRATS2012, (0, 1, 2, 3, 4), (0, 1, 2, 1, 3)),
        (BRATS2017, (0, 1, 2, 4), (0, 1, 2, 3)),
        (BRATS2023, (0, 1, 2, 3, 4), (0, 1, 2, 3, 4)),
    ],
)
def test_labels_of_each_convention(convention, values, expected):
    reading = to_labels(stored(*values), option=convention)
    np.testing.assert_array_equal(reading.labels, expected)
    assert reading.labels.dtype == np.uint8


@pytest.mark.parametrize(
    ("said", "decided"),
    [
        ({"option": BRATS2012, "marked": BRATS2023, "hint": BRATS2017}, Decision.OPTION),
        ({"marked": BRATS2023, "hint": BRATS2017}, Decision.MARK),
        ({"hint": BRATS2017}, Decision.NAME),
        ({}, Decision.VALUES),
    ],
)
def test_option_mark_name_and_values_decide_in_this_order(said, decided):
    reading = to_labels(stored(0, 1, 2, 4), **said)
    assert reading.decided is decided
    assert reading.convention is next(iter(said.values()), BRATS2017)


def test_bare_1_2_4_is_read_as_2017_and_said_so():
    reading = to_labels(stored(0, 1, 2, 4))
    np.testing.assert_array_equal(reading.labels, [0, 1, 2, Label.ENHANCING])
    assert "4 was read as enhancing tumor (brats2017)" in reading.note


def test_bare_1_2_3_is_read_as_2023_and_said_so():
    reading = to_labels(stored(0, 1, 2, 3))
    np.testing.assert_array_equal(reading.labels, [0, 1, 2, Label.ENHANCING])
    assert "3 was read as enhancing tumor (brats2023)" in reading.note


@pytest.mark.parametrize("values", [(1, 2, 3, 4), (0, 3, 4)])
def test_3_beside_4_is_refused_with_both_readings(values):
    with pytest.raises(
        LabelError, match=r"seg\.nii: .*brats2012 \(3 non.*brats2023 \(3 enh.*--conv"
    ):
        to_labels(stored(*values), source="seg.nii")


def test_mask_of_one_label_is_read_and_said_as_what():
    reading = to_labels(stored(0, 1))
    np.testing.assert_array_equal(reading.labels, [0, Label.NECROTIC_CORE])
    assert "the only label, 1, was read as necrotic and non-enhancing core" in reading.note


@pytest.mark.parametrize("values", [(0,), (0, 2), (0, 1, 2), ()])
def test_labels_on_which_all_agree_need_no_note(values):
    reading = to_labels(stored(*values))
    np.testing.assert_array_equal(reading.labels, values)
    assert reading.note == ""


def test_convention_that_was_said_needs_no_note():
    assert to_labels(stored(0, 1, 2, 4), hint=BRATS2017).note == ""


def test_unknown_labels_are_refused_with_the_known():
    with pytest.raises(
        LabelError, match=r"found unknown labels 7, 9; brats2023 knows 0, 1, 2, 3, 4"
    ):
        to_labels(stored(0, 3, 4, 7, 9))


def test_label_unknown_to_the_convention_is_refused():
    with pytest.raises(LabelError, match="found unknown labels 3; brats2017 knows 0, 1, 2, 4"):
        to_labels(stored(0, 1, 2, 3), hint=BRATS2017)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.0, 0.5, 1.0], "values that are no labels 0.5; needed whole numbers"),
        ([0.0, np.nan], "values that are no labels nan"),
        ([0, -1, 2], "unknown labels -1"),
        ([0, 256, 1000], "unknown labels 256, 1000"),
        (list(range(300, 310)), "unknown labels 300, 301, 302, 303, 304, ...;"),
    ],
)
def test_values_that_cannot_be_labels_are_refused(values, message):
    with pytest.raises(LabelError, match=message):
        to_labels(np.array(values))


@pytest.mark.parametrize("dtype", ["i1", "i2", ">i2", "u4", "i8", "f4", "f8"])
def test_labels_may_be_stored_as_any_number(dtype):
    values = np.array([[0, 1], [2, 4]], dtype)
    np.testing.assert_array_equal(to_labels(values).labels, [[0, 1], [2, 3]])


def test_values_are_left_as_they_were():
    values = stored(0, 1, 2, 3)
    to_labels(values).labels[:] = 0
    np.testing.assert_array_equal(values, [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("name", "convention"),
    [
        ("BraTS-GLI-00000-000-seg.nii.gz", BRATS2023),
        ("BraTS-SSA-00002-000-seg.nii.gz", BRATS2023),
        ("BraTS2021_00000_seg.nii.gz", BRATS2017),
        ("UCSF-PDGM-0004_tumor_segmentation.nii.gz", BRATS2017),
        ("UPENN-GBM-00001_11_segm.nii.gz", BRATS2017),
        ("BraTS20_Training_001_seg.nii", BRATS2017),
        ("Brats17_TCIA_117_1_seg.nii.gz", BRATS2017),
        ("BraTS-PED-00001-000-seg.nii.gz", None),
        ("seg.nii.gz", None),
    ],
)
def test_file_names_tell_the_convention_of_a_release(name, convention):
    assert convention_of_name(name) is convention
