"""Pixels of a face are overwritten in the file, and no other byte of it changes."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from gliokit.core.errors import GeometryError, ImageError
from gliokit.io.deidentification.faces import (
    NO_BRAIN,
    PackedMask,
    faces_of_dicom,
    is_brain_untouched,
    remove_face,
)
from gliokit.io.dicom_writer import SliceOrder, StudyFacts, write_series

SHAPE = (12, 8, 6)
AFFINE = np.array([[-4.0, 0, 0, 22], [0, -4, 0, 14], [0, 0, 5, 0], [0, 0, 0, 1]])
STUDY = StudyFacts("faces", datetime(2014, 3, 9), "SIEMENS", "Skyra", "E11", 3.0)


def find(image):
    """Call the first columns a face and the last a brain."""
    face, brain = np.zeros((2, *image.array.shape), dtype=bool)
    face[:4, :, 1:] = True
    brain[-5:] = True
    return face, brain


@pytest.fixture(params=[False, True], ids=["classic", "enhanced"])
def paths(request, tmp_path, t1_series):
    array = np.random.default_rng(3).uniform(50, 900, SHAPE).astype(np.float32)
    write_series(
        tmp_path,
        array,
        affine=AFFINE,
        study=STUDY,
        series=replace(t1_series, thickness_mm=5.0, order=SliceOrder.ASCENDING),
        enhanced=request.param,
    )
    return sorted(tmp_path.iterdir())


def frames(dataset):
    """Give the pictures (rows, columns) of a file with the height of each in mm."""
    pixels = np.atleast_3d(dataset.pixel_array.T).T
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        return [(float(dataset.ImagePositionPatient[2]), pixels[0])]
    groups = dataset.PerFrameFunctionalGroupsSequence
    heights = [group.PlanePositionSequence[0].ImagePositionPatient[2] for group in groups]
    return list(zip(map(float, heights), pixels, strict=True))


@pytest.mark.parametrize("compressed", [False, True])
def test_the_face_becomes_background_and_the_rest_stays(paths, compressed):
    faces = faces_of_dicom(paths, find)
    for path in paths:
        before, after = pydicom.dcmread(path), pydicom.dcmread(path)
        if compressed:
            after.compress(RLELossless, generate_instance_uid=False)
        remove_face(after, faces)
        assert after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert after.SOPInstanceUID == before.SOPInstanceUID
        lowest = before.pixel_array.min()
        for (height, old), (_, new) in zip(frames(before), frames(after), strict=True):
            columns = 4 if height > 2.5 else 0  # of the lowest slice, none is a face
            assert np.all(new[:, :columns] == lowest)
            np.testing.assert_array_equal(new[:, columns:], old[:, columns:])
        assert is_brain_untouched(before, after, faces)
        del before.PixelData, after.PixelData
        assert before == after


def test_a_change_in_the_brain_is_seen(paths):
    faces = faces_of_dicom(paths, find)
    before, after = pydicom.dcmread(paths[0]), pydicom.dcmread(paths[0])
    pixels = after.pixel_array.copy()
    pixels[..., -1] += 1
    after.PixelData = pixels.tobytes()
    assert not is_brain_untouched(before, after, faces)


def test_a_picture_beside_its_series_is_refused(paths):
    faces = faces_of_dicom(paths, find)
    dataset = pydicom.dcmread(paths[0])
    for element in dataset.iterall():
        if element.keyword == "ImagePositionPatient":
            element.value = [float(element.value[0]) + 1, *element.value[1:]]
    with pytest.raises(GeometryError, match="beside its series"):
        remove_face(dataset, faces)


def test_a_series_without_a_brain_is_refused(paths):
    with pytest.raises(ImageError, match=NO_BRAIN):
        faces_of_dicom(paths, lambda image: None)


def test_masks_come_out_as_they_were_packed():
    mask = np.random.default_rng(1).random((5, 7, 3)) > 0.5
    packed = PackedMask.of(mask)
    np.testing.assert_array_equal(packed.whole, mask)
    np.testing.assert_array_equal(packed.slice(2), mask[:, :, 2])
