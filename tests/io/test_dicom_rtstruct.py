"""RT Structure Sets: areas by their contours, references, and dciodvfy's word."""

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest

from gliokit.core.errors import GeometryError, LabelError
from gliokit.core.geometry import to_voxel
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.io.dicom_identity import Maker
from gliokit.io.dicom_rtstruct import region_polygons, write_rtstruct
from gliokit.io.dicom_writer import StudyFacts

SHAPE = (44, 40, 15)
SPACING_MM = np.array([1.0, 1.2, 3.0])
RADIUS_MM = 18.0
HOLE_MM = 8.0
STUDY = StudyFacts("rt test", datetime(2014, 3, 9, 8, 30), "SIEMENS", "Skyra", "E11", 3.0)
MAKER = Maker("default", "ab" * 32, "spacing=1")


def oblique():
    x = np.radians(17)
    turn = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-1.0, -1, 1]) * SPACING_MM
    affine[:3, 3] = [12.3, 45.6, -7.8]
    return affine


def ball():
    """Draw a ball of edema around one of enhancing tumor: no region has a hole."""
    offsets = (np.indices(SHAPE).T - (np.array(SHAPE) - 1) / 2) * SPACING_MM
    distance = np.linalg.norm(offsets, axis=-1).T
    array = np.where(distance <= RADIUS_MM, Label.EDEMA, 0)
    return np.where(distance <= HOLE_MM, Label.ENHANCING, array).astype(np.uint8)


@pytest.fixture(params=["classic", "enhanced"])
def headers(tmp_path, request, write_headers):
    voxels, enhanced = np.ones(SHAPE, dtype=np.float32), request.param == "enhanced"
    return write_headers(tmp_path / "source", voxels, oblique(), STUDY, enhanced=enhanced)


@pytest.fixture
def labels():
    return LabelMap(ball(), oblique())


def area(polygon):
    x, y = polygon.T
    return abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def voxel_points(contour):
    lps = np.reshape(contour.ContourData, (-1, 3)).astype(float)
    return to_voxel(oblique(), lps * [-1, -1, 1])


def volumes_ml(structures):
    names = {roi.ROINumber: roi.ROIName for roi in structures.StructureSetROISequence}
    return {
        names[roi.ReferencedROINumber]: sum(
            area(voxel_points(contour)[:, :2]) for contour in roi.ContourSequence
        )
        * np.prod(SPACING_MM)
        / 1000
        for roi in structures.ROIContourSequence
    }


def test_contours_of_a_ball_hold_its_volume(tmp_path, headers, labels):
    write_rtstruct(tmp_path / "rt.dcm", labels, headers, maker=MAKER)
    found = volumes_ml(pydicom.dcmread(tmp_path / "rt.dcm"))
    assert list(found) == ["whole tumor", "tumor core", "enhancing tumor"]
    expected = 4 / 3 * np.pi * RADIUS_MM**3 / 1000
    assert found["whole tumor"] == pytest.approx(expected, rel=0.03)


def test_hole_is_cut_out_of_every_slice(tmp_path, headers, labels):
    shell = LabelMap(np.where(ball() == Label.ENHANCING, 0, ball()).astype(np.uint8), oblique())
    structures = write_rtstruct(tmp_path / "rt.dcm", shell, headers, maker=MAKER)
    expected = 4 / 3 * np.pi * (RADIUS_MM**3 - HOLE_MM**3) / 1000
    assert volumes_ml(structures)["whole tumor"] == pytest.approx(expected, rel=0.03)


def test_contours_lie_in_the_plane_of_the_picture_they_name(tmp_path, headers, labels):
    structures = write_rtstruct(tmp_path / "rt.dcm", labels, headers, maker=MAKER)
    known = {}
    for header in headers:
        for n, frame in enumerate(header.get("PerFrameFunctionalGroupsSequence", [header]), 1):
            item = frame.get("PlanePositionSequence", [frame])[0]
            lps = np.array(item.ImagePositionPatient, dtype=float)
            number = n if frame is not header else None
            known[header.SOPInstanceUID, number] = to_voxel(oblique(), lps * [-1, -1, 1])[2]
    for roi in structures.ROIContourSequence:
        for contour in roi.ContourSequence:
            image = contour.ContourImageSequence[0]
            k = known[image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber")]
            assert np.abs(voxel_points(contour)[:, 2] - k).max() < 1e-2


def test_polygons_outline_holes_corners_and_the_border():
    mask = np.zeros((30, 24), dtype=bool)
    mask[0:20, 2:20] = True
    mask[4:7, 5:9] = mask[4:7, 11:16] = mask[12:16, 6:12] = False
    mask[24:28, 4:8] = True
    first, second = sorted(region_polygons(mask), key=area, reverse=True)
    # a corner of 1/8 pixel is cut off outside, and filled in a hole
    assert area(first) == 20 * 18 - 12 - 15 - 24 - 4 / 8 + 3 * 4 / 8
    assert area(second) == 16 - 4 / 8
    assert len(second) == 8
    assert first[:, 0].min() == -0.5


def test_polygons_of_scattered_pixels_keep_the_area_of_contourpy_rings():
    mask = np.random.default_rng(3).random((40, 40)) < 0.6
    lone = np.zeros((40, 40), dtype=bool)
    lone[3, 5] = True
    assert [area(polygon) for polygon in region_polygons(lone)] == [0.5]
    total = sum(area(polygon) for polygon in region_polygons(mask))
    assert total == pytest.approx(mask.sum(), rel=0.1)


def test_same_input_gives_the_same_bytes_and_another_model_another_uid(tmp_path, headers, labels):
    one = write_rtstruct(tmp_path / "one.dcm", labels, headers, maker=MAKER)
    write_rtstruct(tmp_path / "two.dcm", labels, headers, maker=MAKER)
    assert (tmp_path / "one.dcm").read_bytes() == (tmp_path / "two.dcm").read_bytes()
    other = write_rtstruct(
        tmp_path / "three.dcm", labels, headers, maker=replace(MAKER, model="another")
    )
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert one.SeriesInstanceUID != other.SeriesInstanceUID


@pytest.mark.parametrize(
    ("maker", "algorithm", "said"),
    [(MAKER, "AUTOMATIC", "default"), (Maker(None), "MANUAL", "given by a person")],
    ids=["model", "person"],
)
def test_regions_say_who_outlined_them(tmp_path, headers, labels, maker, algorithm, said):
    structures = write_rtstruct(tmp_path / "rt.dcm", labels, headers, maker=maker)
    for roi in structures.StructureSetROISequence:
        assert roi.ROIGenerationAlgorithm == algorithm
        assert said in roi.ROIDescription


def test_empty_label_map_is_refused(tmp_path, headers):
    empty = LabelMap(np.zeros(SHAPE, dtype=np.uint8), oblique())
    with pytest.raises(LabelError, match="needs a contour"):
        write_rtstruct(tmp_path / "rt.dcm", empty, headers, maker=MAKER)


def test_labels_on_another_grid_are_refused(tmp_path, headers):
    with pytest.raises(GeometryError, match="native grid"):
        write_rtstruct(
            tmp_path / "rt.dcm", LabelMap(ball()[:, :, :-1], oblique()), headers, maker=MAKER
        )


def test_dciodvfy_finds_no_error(tmp_path, headers, labels):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    write_rtstruct(tmp_path / "rt.dcm", labels, headers, maker=MAKER)
    run = subprocess.run(
        ["dciodvfy", "-new", tmp_path / "rt.dcm"], capture_output=True, check=False
    )
    said = (run.stdout + run.stderr).decode("latin-1")
    assert "Error" not in said, said
