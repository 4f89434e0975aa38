"""DICOM studies read: what our writer wrote, what dcm2niix finds in it, and what is broken."""

import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import datetime

import dcm2niix
import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import RLELossless

from gliokit.core.errors import LayoutError
from gliokit.io import dicom_files
from gliokit.io.dicom import NO_SLICE, read_dicom
from gliokit.io.dicom_writer import Element, StudyFacts, write_series

SHAPE = (16, 12, 24)
STUDY = StudyFacts(
    "seed 1",
    datetime(2014, 3, 9, 8, 30),
    "SIEMENS",
    "Skyra",
    "E11",
    3.0,
    elements=(Element(0x00100010, "PN", "Doe^Jane"), Element(0x00100020, "LO", "998877")),
)


def affine_of(x_degrees, z_degrees, axes):
    a, c = np.radians([x_degrees, z_degrees])
    about_x = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    affine = np.eye(4)
    affine[:3, :3] = np.array(about_x) @ about_z @ axes * np.array([0.7, 0.9, 4.8])
    affine[:3, 3] = [3.0, -12.0, 7.5]
    return affine


AXIAL = np.diag([-1.0, -1, 1])
PLANES = {
    "axial": affine_of(0, 0, AXIAL),
    "head first": affine_of(0, 0, np.diag([-1.0, -1, -1])),
    "sagittal": affine_of(0, 0, np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])),
    "oblique": affine_of(17, 6, AXIAL),
}


@pytest.fixture
def voxels():
    return np.random.default_rng(7).integers(0, 4000, SHAPE).astype(np.float32)


@pytest.fixture
def folder(tmp_path, voxels, t1_series):
    write_series(tmp_path / "in", voxels, affine=PLANES["oblique"], study=STUDY, series=t1_series)
    return tmp_path / "in"


def only_series(path):
    (study,) = read_dicom(path)
    (series,) = study.series
    return series


def canonical(array, affine):
    return nib.as_closest_canonical(nib.Nifti1Image(array, affine))


def changed(path, **elements):
    """Change elements of a file; None takes one out."""
    dataset = pydicom.dcmread(path)
    for keyword, value in elements.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path)


def slices_by_position(folder):
    """Paths in order of position along the normal."""
    along = {}
    for path in folder.iterdir():
        image = pydicom.dcmread(path)
        row, column = np.reshape(image.ImageOrientationPatient, (2, 3)).astype(float)
        position = np.array(image.ImagePositionPatient, dtype=float)
        along[float(np.cross(row, column) @ position)] = path
    return [along[distance] for distance in sorted(along)]


# the same voxels at the same places


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("enhanced", [False, True])
def test_voxels_lie_where_they_were_written(tmp_path, voxels, plane, enhanced, t1_series):
    affine = PLANES[plane]
    write_series(tmp_path, voxels, affine=affine, study=STUDY, series=t1_series, enhanced=enhanced)
    image = only_series(tmp_path).image
    found, expected = canonical(image.array, image.affine), canonical(voxels, affine)
    np.testing.assert_allclose(found.affine, expected.affine, atol=1e-3)
    np.testing.assert_array_equal(found.get_fdata(), expected.get_fdata())


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("enhanced", [False, True])
def test_dcm2niix_agrees(tmp_path, voxels, plane, enhanced, t1_series):
    series = replace(t1_series, rescaled=True)
    folder, out = tmp_path / "in", tmp_path / "out"
    out.mkdir()
    write_series(
        folder, voxels, affine=PLANES[plane], study=STUDY, series=series, enhanced=enhanced
    )
    command = [dcm2niix.bin, "-z", "n", "-b", "n", "-f", "%s", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    theirs = nib.as_closest_canonical(nib.load(next(out.glob("*.nii"))))
    image = only_series(folder).image
    ours = canonical(image.array, image.affine)
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-3)
    np.testing.assert_allclose(ours.get_fdata(), theirs.get_fdata(), rtol=1e-5, atol=1e-3)


def test_names_folders_and_instance_numbers_do_not_matter(folder, tmp_path):
    before = only_series(folder)
    rng = np.random.default_rng(1)
    for number, path in enumerate(sorted(folder.iterdir())):
        changed(path, InstanceNumber=int(rng.integers(1, 500)))
        place = folder / f"part{number % 2}"
        place.mkdir(exist_ok=True)
        path.rename(place / f"x{rng.integers(10**9)}.jpg")
    after = only_series(folder)
    np.testing.assert_array_equal(after.image.array, before.image.array)
    np.testing.assert_array_equal(after.image.affine, before.image.affine)
    assert after.instance_uids == before.instance_uids


def test_an_archive_is_read_like_its_folder(folder, tmp_path):
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in folder.iterdir():
            opened.write(path, f"deep/er/{path.name}")
    assert only_series(archive).image.sha256 == only_series(folder).image.sha256


def test_a_slice_given_twice_counts_once(folder, voxels):
    first = next(iter(folder.iterdir()))
    (folder / "again").write_bytes(first.read_bytes())
    assert only_series(folder).image.array.shape == SHAPE


def test_one_missing_slice_is_interpolated_and_said(folder, voxels):
    before = only_series(folder)
    slices_by_position(folder)[9].unlink()
    after = only_series(folder)
    assert after.image.array.shape == SHAPE
    assert any("missing" in note for note in after.notes)
    (gap,) = (k for k, uid in enumerate(after.instance_uids) if uid == NO_SLICE)
    sides = before.image.array[:, :, [gap - 1, gap + 1]]
    np.testing.assert_allclose(after.image.array[:, :, gap], sides.mean(axis=-1))


def test_pictures_at_later_times_make_further_volumes(folder, voxels, tmp_path):
    for path in sorted(folder.iterdir()):
        changed(path, AcquisitionTime="083000", TemporalPositionIdentifier=1)
        image = pydicom.dcmread(path)
        image.PixelData = (image.pixel_array + 1).tobytes()
        image.AcquisitionTime, image.TemporalPositionIdentifier = "083002", 2
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = (
            f"{image.SOPInstanceUID}.2"[:64]
        )
        image.save_as(folder / f"{path.name}b")
    series = only_series(folder)
    assert series.facts.time_points == 2
    assert series.volumes.shape == (2, *SHAPE)
    np.testing.assert_array_equal(series.volumes[0], series.image.array)
    np.testing.assert_array_equal(series.volumes[1], series.image.array + 1)


def test_compressed_pictures_are_decoded(folder):
    before = only_series(folder)
    for path in folder.iterdir():
        image = pydicom.dcmread(path)
        image.compress(RLELossless, generate_instance_uid=False)
        image.save_as(path)
    np.testing.assert_array_equal(only_series(folder).image.array, before.image.array)


def test_a_series_of_two_echoes_is_two_series(folder):
    for path in slices_by_position(folder):
        image = pydicom.dcmread(path)
        image.EchoTime, image.EchoNumbers = 90.0, 2
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = (
            f"{image.SOPInstanceUID}.2"[:64]
        )
        image.save_as(folder / f"{path.name}b")
    (study,) = read_dicom(folder)
    assert sorted(series.facts.echo_ms for series in study.series) == [12.0, 90.0]


def test_two_missing_slices_refuse_the_series(folder):
    for k in (5, 12):
        slices_by_position(folder)[k].unlink()
    with pytest.raises(LayoutError, match="no series of MR images"):
        read_dicom(folder)


def test_a_file_that_names_no_study_is_left_out_and_said(folder):
    changed(slices_by_position(folder)[9], StudyInstanceUID=None)
    (study,) = read_dicom(folder)
    assert study.series[0].image.array.shape == SHAPE  # its place is interpolated
    assert any("without StudyInstanceUID" in reason for reason in study.left_out)


def test_two_studies_are_told_apart(folder, voxels, t1_series):
    other = replace(STUDY, key="seed 2")
    write_series(folder, voxels, affine=PLANES["axial"], study=other, series=t1_series)
    assert len({study.study_id for study in read_dicom(folder)}) == 2


def test_what_is_told_names_no_patient(folder):
    (study,) = read_dicom(folder)
    for told in (study, study.series[0].image.source, *study.left_out):
        assert "Doe" not in str(told)
        assert "998877" not in str(told)


def test_an_mr_image_of_pydicom_is_read_or_told(tmp_path):
    shutil.copy(get_testdata_file("MR_small.dcm"), tmp_path / "one")
    with pytest.raises(LayoutError, match="1 slices, at least 3 are needed"):
        read_dicom(tmp_path)


# broken archives; other broken input is tested through the command (cli/test_analyze_broken.py)


def test_a_bomb_is_refused_unread(tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", bytes(50 * dicom_files.SMALL_BYTES))
    with pytest.raises(LayoutError):
        read_dicom(bomb)


@pytest.mark.parametrize("name", ["../out.dcm", "/etc/out.dcm", "a/../../out.dcm"])
def test_an_archive_that_points_elsewhere_is_refused(tmp_path, folder, name):
    archive = tmp_path / "bad.zip"
    content = next(iter(folder.iterdir())).read_bytes()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(name, content)
    with pytest.raises(LayoutError):
        read_dicom(archive)
    assert not (tmp_path.parent / "out.dcm").exists()


def test_a_damaged_archive_is_refused(tmp_path, folder):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as opened:
        for path in folder.iterdir():
            opened.write(path, path.name)
    (tmp_path / "cut.zip").write_bytes(whole.getvalue()[:5000])
    with pytest.raises(LayoutError, match="lacks the list of its files at the end"):
        read_dicom(tmp_path / "cut.zip")


def test_files_of_other_uids_make_other_series(folder):
    for path in slices_by_position(folder)[12:]:
        changed(path, SeriesInstanceUID="1.2.3")
    (study,) = read_dicom(folder)
    assert [series.image.array.shape[2] for series in study.series] == [12, 12]


def test_instance_uids_name_the_source_of_each_slice(folder):
    series = only_series(folder)
    known = {str(pydicom.dcmread(path).SOPInstanceUID) for path in folder.iterdir()}
    assert {uid for uid, _ in series.instance_uids} == known
