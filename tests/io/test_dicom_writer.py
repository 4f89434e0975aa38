"""DICOM files read back by pydicom, and by dcm2niix as an independent reader of geometry."""

import subprocess
from dataclasses import replace
from datetime import datetime

import dcm2niix
import nibabel as nib
import numpy as np
import pydicom
import pytest

from gliokit.core.errors import GeometryError, ImageError, OutputError
from gliokit.io import dicom_writer
from gliokit.io.dicom_writer import (
    Element,
    SeriesFacts,
    SliceOrder,
    StudyFacts,
    instance_uid,
    slice_order,
    write_series,
)

SHAPE = (16, 12, 8)
CENTER_MM = np.array([3.0, -12.0, 7.5])
STUDY = StudyFacts("seed 1", datetime(2014, 3, 9, 8, 30), "SIEMENS", "Skyra", "E11", 3.0)
SERIES = SeriesFacts(
    number=4,
    description="t1_se_tra",
    image_type=("ORIGINAL", "PRIMARY", "M"),
    scanning_sequence=("SE", "IR"),
    sequence_variant=("SP",),
    acquisition_type="2D",
    repetition_ms=550.0,
    echo_ms=12.0,
    inversion_ms=None,
    flip_degrees=90.0,
    thickness_mm=4.0,
)
GE, PHILIPS = "GE MEDICAL SYSTEMS", "Philips Medical Systems"


def turned(x_degrees, y_degrees, z_degrees):
    a, b, c = np.radians([x_degrees, y_degrees, z_degrees])
    about_x = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    about_y = [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return np.array(about_x) @ about_y @ about_z


def affine_of(axes, spacing=(0.7, 0.9, 4.8)):
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(spacing)
    affine[:3, 3] = CENTER_MM - affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    return affine


AXIAL = np.diag([-1.0, -1, 1])
SAGITTAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
PLANES = {
    "axial": affine_of(AXIAL),
    "axial, head first": affine_of(np.diag([-1.0, -1, -1])),
    "sagittal": affine_of(SAGITTAL, (1.1, 0.9, 1.3)),
    "coronal": affine_of(np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])),
    "oblique": affine_of(turned(17, -4, 6) @ AXIAL),
    "oblique sagittal": affine_of(turned(-8, 5, 11) @ SAGITTAL),
}


@pytest.fixture
def voxels():
    return np.random.default_rng(7).integers(0, 4000, SHAPE).astype(np.float32)


def write(folder, voxels, plane="oblique", *, study=STUDY, series=SERIES, enhanced=False):
    return write_series(
        folder, voxels, affine=PLANES[plane], study=study, series=series, enhanced=enhanced
    )


def position_of(image, column, row):
    """World position in RAS+ mm of a pixel, by the equation of PS3.3 C.7.6.2.1.1."""
    along_row, down_column = np.reshape(image.ImageOrientationPatient, (2, 3)).astype(float)
    row_step, column_step = (float(spacing) for spacing in image.PixelSpacing)
    lps = np.array(image.ImagePositionPatient, dtype=float)
    lps += along_row * column_step * column + down_column * row_step * row
    return lps * [-1, -1, 1]


def converted(folder, out):
    """Give what dcm2niix makes of a folder, in canonical orientation."""
    out.mkdir()
    command = [dcm2niix.bin, "-z", "n", "-b", "n", "-f", "%s", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = out.glob("*.nii")
    return nib.as_closest_canonical(nib.load(path))


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("order", SliceOrder)
def test_position_of_a_voxel_from_the_tags_is_that_of_the_affine(tmp_path, voxels, plane, order):
    for path in write(tmp_path, voxels, plane, series=replace(SERIES, order=order)):
        image = pydicom.dcmread(path)
        k = slice_order(SHAPE[2], order)[image.InstanceNumber - 1]
        expected = (PLANES[plane] @ [5, 3, k, 1])[:3]
        np.testing.assert_allclose(position_of(image, 5, 3), expected, atol=1e-6)
        np.testing.assert_array_equal(image.pixel_array, voxels[:, :, k].T)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("maker", ["SIEMENS", GE, PHILIPS])
@pytest.mark.parametrize("enhanced", [False, True])
def test_dcm2niix_finds_the_same_voxels_at_the_same_places(
    tmp_path, voxels, plane, maker, enhanced
):
    study = replace(STUDY, manufacturer=maker)
    series = replace(SERIES, order=SliceOrder.INTERLEAVED)
    write(tmp_path / "dicom", voxels, plane, study=study, series=series, enhanced=enhanced)
    found = converted(tmp_path / "dicom", tmp_path / "out")
    expected = nib.as_closest_canonical(nib.Nifti1Image(voxels, PLANES[plane]))
    np.testing.assert_allclose(found.affine, expected.affine, atol=1e-3)
    np.testing.assert_array_equal(found.get_fdata(), expected.get_fdata())


def test_dcm2niix_finds_the_same_values_in_rescaled_series(tmp_path, voxels):
    values = voxels / 3000 - 0.2
    series = replace(SERIES, rescaled=True)
    write(tmp_path / "dicom", values, series=series)
    found = converted(tmp_path / "dicom", tmp_path / "out")
    expected = nib.as_closest_canonical(nib.Nifti1Image(values, PLANES["oblique"]))
    half_step = np.ptp(values) / 4095 / 2
    np.testing.assert_allclose(found.get_fdata(), expected.get_fdata(), atol=half_step * 1.01)


def test_enhanced_file_holds_each_frame_with_its_position(tmp_path, voxels):
    series = replace(SERIES, order=SliceOrder.INTERLEAVED, inversion_ms=900.0)
    (path,) = write(tmp_path, voxels, series=series, enhanced=True)
    image = pydicom.dcmread(path)
    shared = image.SharedFunctionalGroupsSequence[0]
    assert image.SOPClassUID.name == "Enhanced MR Image Storage"
    assert shared.MRModifierSequence[0].InversionTimes == 900
    for frame, k in enumerate(slice_order(SHAPE[2], SliceOrder.INTERLEAVED)):
        groups = image.PerFrameFunctionalGroupsSequence[frame]
        lps = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        expected = (PLANES["oblique"] @ [0, 0, k, 1])[:3]
        np.testing.assert_allclose(lps * [-1, -1, 1], expected, atol=1e-6)
        np.testing.assert_array_equal(image.pixel_array[frame], voxels[:, :, k].T)


def test_interleaved_instances_take_every_other_slice():
    assert slice_order(5, SliceOrder.INTERLEAVED) == (0, 2, 4, 1, 3)
    assert slice_order(6, SliceOrder.INTERLEAVED) == (1, 3, 5, 0, 2, 4)
    assert slice_order(3, SliceOrder.DESCENDING) == (2, 1, 0)


def test_gap_is_what_the_thickness_leaves_of_the_distance(tmp_path, voxels):
    image = pydicom.dcmread(write(tmp_path, voxels)[0])
    assert image.SliceThickness == 4
    assert image.SpacingBetweenSlices == pytest.approx(4.8)
    assert [float(spacing) for spacing in image.PixelSpacing] == pytest.approx([0.9, 0.7])


def test_facts_stand_in_the_header(tmp_path, voxels):
    series = replace(SERIES, contrast_agent="Gadovist", delay_s=1900, state_spacing=False)
    image = pydicom.dcmread(write(tmp_path, voxels, series=series)[0])
    assert image.ScanningSequence == ["SE", "IR"]
    assert image.ContrastBolusAgent == "Gadovist"
    assert (image.RepetitionTime, image.EchoTime, image.FlipAngle) == (550, 12, 90)
    assert (image.StudyTime, image.SeriesTime) == ("083000", "090140")
    assert image.MagneticFieldStrength == 3
    assert "InversionTime" not in image
    assert "SpacingBetweenSlices" not in image
    assert "RescaleSlope" not in image


@pytest.mark.parametrize(
    ("coded", "words"),
    [
        (("SE",), ("SPIN", "NO", "NO")),
        (("SE", "IR"), ("SPIN", "NO", "YES")),
        (("GR",), ("GRADIENT", "NO", "NO")),
        (("EP", "SE"), ("SPIN", "YES", "NO")),
        (("SE", "GR"), ("BOTH", "NO", "NO")),
    ],
)
def test_enhanced_files_say_the_pulse_sequence_in_their_own_words(tmp_path, voxels, coded, words):
    series = replace(SERIES, scanning_sequence=coded)
    image = pydicom.dcmread(write(tmp_path, voxels, series=series, enhanced=True)[0])
    (groups,) = image.SharedFunctionalGroupsSequence
    recovery = groups.MRModifierSequence[0].InversionRecovery
    assert (image.EchoPulseSequence, image.EchoPlanarPulseSequence, recovery) == words


def test_elements_are_written_in_sequences_and_private_blocks(tmp_path, voxels):
    elements = (
        Element(0x00100010, "PN", "Östervane^Odalie"),
        Element(0x00080104, "LO", "Dr X", (0x00080096, 0x00401101)),
        Element(0x00291160, "LO", "secret", creator="SIEMENS MEDCOM HEADER2"),
    )
    image = pydicom.dcmread(write(tmp_path, voxels, study=replace(STUDY, elements=elements))[0])
    assert image.PatientName.family_name == "Östervane"
    physician = image.ReferringPhysicianIdentificationSequence[0]
    assert physician.PersonIdentificationCodeSequence[0].CodeMeaning == "Dr X"
    assert image.private_block(0x0029, "SIEMENS MEDCOM HEADER2")[0x60].value == "secret"
    assert elements[1].path == "(0008,0096)[0](0040,1101)[0](0008,0104)"


@pytest.mark.parametrize("enhanced", [False, True])
def test_same_input_gives_the_same_bytes(tmp_path, voxels, enhanced):
    first, second = (
        {path.name: path.read_bytes() for path in write(tmp_path / n, voxels, enhanced=enhanced)}
        for n in ("a", "b")
    )
    assert first == second


def test_names_and_uids_differ_between_studies_and_series(tmp_path, voxels):
    others = [
        {"study": replace(STUDY, key="seed 2")},
        {"series": replace(SERIES, number=5)},
        {"series": replace(SERIES, first_instance=9)},
    ]
    names = {path.name for path in write(tmp_path, voxels)}
    for other in others:
        names |= {path.name for path in write(tmp_path, voxels, **other)}
    assert len(names) == len(list(tmp_path.iterdir())) == 4 * SHAPE[2]


def test_names_of_files_do_not_tell_their_order(tmp_path, voxels):
    names = [path.name for path in write(tmp_path, voxels)]
    assert names != sorted(names)
    assert all(len(name) == len(names[0]) for name in names)


def test_uid_of_an_instance_is_known_beforehand(tmp_path, voxels):
    image = pydicom.dcmread(write(tmp_path, voxels)[2])
    assert image.SOPInstanceUID == instance_uid("seed 1", 4, 3)
    assert image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID
    assert image.file_meta.ImplementationVersionName == "GLIOKIT_1"


def test_skew_axes_are_refused(tmp_path, voxels):
    affine = PLANES["axial"].copy()
    affine[0, 2] = 0.5
    with pytest.raises(GeometryError, match=r"series 4: axes of the affine are skew \(cosine 0\.1"):
        write_series(tmp_path, voxels, affine=affine, study=STUDY, series=SERIES)


@pytest.mark.parametrize("value", [-3, 4096])
def test_values_that_the_bits_cannot_hold_are_refused(tmp_path, voxels, value):
    voxels[0, 0, 0] = value
    with pytest.raises(ImageError, match=r"series 4: found values .* 12 bits need 0 to 4095"):
        write(tmp_path, voxels)


def test_nan_is_refused(tmp_path, voxels):
    voxels[0, 0, 0] = np.nan
    with pytest.raises(ImageError, match="series 4: found NaN"):
        write(tmp_path, voxels)


def test_constant_series_can_be_rescaled(tmp_path, voxels):
    series = replace(SERIES, rescaled=True)
    image = pydicom.dcmread(write(tmp_path, np.full_like(voxels, 5.0), series=series)[0])
    assert float(image.RescaleIntercept) == 5
    assert not image.pixel_array.any()


def test_interrupted_write_leaves_no_file(tmp_path, voxels, monkeypatch):
    def fail(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dicom_writer.Path, "replace", fail)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left.* another folder"):
        write(tmp_path, voxels)
    assert not list(tmp_path.iterdir())
