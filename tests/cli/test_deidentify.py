"""`gliokit deidentify` from the command line, on files in a folder."""

import nibabel as nib
import numpy as np
import pydicom
import pytest

from gliokit.phantom.dicom.identifiers import draw_identity
from gliokit.phantom.dicom.series import draw_plan
from gliokit.phantom.dicom.study import write_study
from gliokit.phantom.scan.scanner import Vendor

EXTENT = np.array([[-80.0, -115, -90], [80, 90, 95]])
DAYS = (0, 77)


@pytest.fixture
def export(tmp_path):
    """Two studies of one patient with text burned into some series."""
    identity = draw_identity(np.random.default_rng(3), age=55, sex="F")
    for day in DAYS:
        plan = draw_plan(
            np.random.default_rng(4),
            vendor=Vendor.SIEMENS,
            extent_mm=EXTENT,
            coarseness=3,
            enhanced=True,
        )
        write_study(
            tmp_path / "export" / str(day),
            plan,
            render=head,
            identity=identity,
            day=day,
            burn_text=True,
        )
    (tmp_path / "export" / "letter.txt").write_text(identity.family)
    return tmp_path / "export"


def head(series):
    """Paint a bright ball that leaves the corners dark."""
    middle = [(side - 1) / 2 for side in series.grid.shape]
    offset = [
        (index - center) / (0.7 * max(center, 1))
        for index, center in zip(np.indices(series.grid.shape), middle, strict=True)
    ]
    inside = offset[0] ** 2 + offset[1] ** 2 < 0.6
    tissue = np.random.default_rng(1).uniform(300, 900, inside.shape)
    return (inside * tissue).astype(np.float32)


TISSUE, FACE = 400, 1000


def places_mm(affine, shape):
    indices = np.moveaxis(np.indices(shape), 0, -1)
    return np.moveaxis(indices @ affine[:3, :3].T + affine[:3, 3], -1, 0)


def inside(affine, shape):
    x, y, z = places_mm(affine, shape)
    return (x / 55) ** 2 + (y / 65) ** 2 + (z / 50) ** 2 < 1


def brain_of(image):
    return inside(image.affine, image.array.shape)


def face_of(affine, shape):
    x, y, z = places_mm(affine, shape)
    return (np.abs(x) < 40) & (z < -10) & (z > -110) & (y > 73) & (y < 86)


def head_with_face(series):
    """Paint a brain of one value around the origin, and a face of another before it."""
    affine, shape = series.grid.affine, series.grid.shape
    brain = inside(affine, shape)
    texture = np.random.default_rng(5).uniform(0, 50, shape)
    array = np.where(face_of(affine, shape), FACE, np.where(brain, TISSUE, 0)) + texture
    return array.astype(np.float32)


@pytest.fixture
def heads(tmp_path, monkeypatch):
    """Write a study of heads with faces, whose brains are told by their place."""
    monkeypatch.setattr("gliokit.cli.deidentify.find_brain", brain_of)

    def write(*, enhanced=False):
        rng = np.random.default_rng(4)
        plan = draw_plan(
            rng, vendor=Vendor.SIEMENS, extent_mm=EXTENT, coarseness=4, enhanced=enhanced
        )
        identity = draw_identity(rng, age=55, sex="F")
        folder = tmp_path / "heads"
        write_study(folder, plan, render=head_with_face, identity=identity, day=0)
        return folder

    return write


def read_all(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def content(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_studies_are_disguised_and_suspected_series_refused(gliokit, export, tmp_path):
    before = content(export)
    ending = gliokit("deidentify", export, "-o", tmp_path / "out")
    assert ending.code == 0
    assert content(export) == before
    assert "text suspected in the pixels" in ending.stderr
    assert "letter.txt: neither DICOM nor NIfTI" in ending.stderr
    files = read_all(tmp_path / "out")
    assert len({file.PatientID for file in files}) == 1
    dates = sorted({pydicom.valuerep.DA(file.StudyDate) for file in files})
    assert (dates[-1] - dates[0]).days == DAYS[1] - DAYS[0]
    key = tmp_path / "out.key"
    assert key.stat().st_mode & 0o777 == 0o600
    for path in (tmp_path / "out").rglob("*"):
        assert "IM" not in path.name


def test_accepted_pixels_are_written_and_the_same_key_gives_the_same_bytes(
    gliokit, export, tmp_path
):
    key = tmp_path / "study.key"
    for name in "ab":
        out = tmp_path / name
        assert gliokit("deidentify", export, "-o", out, "--key", key, "--accept-pixels").code == 0
    assert content(tmp_path / "a") == content(tmp_path / "b")
    written = {file.PixelData for file in read_all(tmp_path / "a")}
    assert written == {
        pydicom.dcmread(path).PixelData for path in export.rglob("*") if path.name.startswith("IM")
    }


def test_a_result_is_replaced_only_by_force(gliokit, export, tmp_path):
    out = tmp_path / "out"
    assert gliokit("deidentify", export, "-o", out).code == 0
    again = gliokit("deidentify", export, "-o", out)
    assert again.code == 2
    assert "--force" in again.stderr
    assert gliokit("deidentify", export, "-o", out, "--force").code == 0


def test_an_identifier_that_is_left_leaves_nothing_behind(gliokit, export, tmp_path):
    path = next(path for path in export.rglob("IM*"))
    dataset = pydicom.dcmread(path)
    dataset.PatientPosition = dataset.PatientName.family_name.upper()  # a code is not cleaned
    dataset.save_as(path)
    ending = gliokit("deidentify", export, "-o", tmp_path / "out", "--accept-pixels")
    assert ending.code == 2
    assert "an identifying value is left (0018,5100)" in ending.stderr
    assert not (tmp_path / "out").exists()


def test_a_key_that_others_may_read_is_refused(gliokit, export, tmp_path):
    key = tmp_path / "study.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    ending = gliokit("deidentify", export, "-o", tmp_path / "out", "--key", key)
    assert ending.code == 2
    assert "chmod 600" in ending.stderr


def by_place(folder):
    """Give the files of images by what no disguise changes."""
    files = (pydicom.dcmread(p) for p in folder.rglob("*") if p.is_file() and p.suffix != ".csv")
    return {(file.SeriesNumber, file.InstanceNumber): file for file in files}


@pytest.mark.parametrize("enhanced", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_face_goes_the_brain_stays_and_a_series_without_one_is_refused(
    gliokit, heads, tmp_path, enhanced
):
    folder, out = heads(enhanced=enhanced), tmp_path / "out"
    ending = gliokit("deidentify", folder, "-o", out, "--deface", "--accept-pixels")
    assert ending.code == 0
    before, after = by_place(folder), by_place(out)
    brightest = {}
    for (number, _), file in before.items():
        brightest[number] = max(brightest.get(number, 0), file.pixel_array.max())
    faces = 0
    for place, file in after.items():
        old, new = before[place].pixel_array, file.pixel_array
        share = old / brightest[place[0]]
        face, brain = share > 0.8, (share > 0.3) & (share < 0.6)
        assert np.all(new[face] == old.min())
        np.testing.assert_array_equal(new[brain], old[brain])
        assert {code.CodeValue for code in file.DeidentificationMethodCodeSequence} > {"113102"}
        assert file.RecognizableVisualFeatures == "NO"
        faces += face.sum()
    assert faces > 500
    (localizer,) = brightest.keys() - {number for number, _ in after}
    assert localizer == min(brightest)
    assert "no volume of MR images can be read, so a face cannot be removed" in ending.stderr


def test_no_brain_in_any_series_leaves_nothing_to_write(gliokit, heads, tmp_path, monkeypatch):
    monkeypatch.setattr("gliokit.cli.deidentify.find_brain", lambda image: image.array < 0)
    ending = gliokit("deidentify", heads(enhanced=True), "-o", tmp_path / "out", "--deface")
    assert ending.code == 2
    assert (
        "no whole brain that faces forward is found, so a face cannot be removed" in ending.stderr
    )
    assert not (tmp_path / "out").exists()


def test_a_brain_that_would_change_leaves_nothing_behind(gliokit, heads, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "gliokit.analysis.deidentification.face_region", lambda grid, brain: brain.copy()
    )
    ending = gliokit("deidentify", heads(enhanced=True), "-o", tmp_path / "out", "--deface")
    assert ending.code == 2
    assert "voxels of the brain would change with the face" in ending.stderr
    assert not (tmp_path / "out").exists()


def test_all_volumes_of_a_nifti_file_lose_the_face_and_nothing_else(gliokit, tmp_path, monkeypatch):
    monkeypatch.setattr("gliokit.cli.deidentify.find_brain", brain_of)
    folder = tmp_path / "nifti"
    folder.mkdir()
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = [-78, -98, -110]
    face = face_of(affine, (40, 50, 48))
    brain = inside(affine, face.shape)
    volume = np.where(face, FACE, np.where(brain, TISSUE, 5)).astype(np.int16)
    nib.save(nib.Nifti1Image(np.stack([volume, volume + 1], -1), affine), folder / "bold.nii")
    assert gliokit("deidentify", folder, "-o", tmp_path / "out", "--deface").code == 0
    (path,) = (tmp_path / "out").rglob("*.nii.gz")
    written = nib.load(path)
    after = np.asarray(written.dataobj)
    np.testing.assert_array_equal(written.affine, affine)
    assert after.dtype == np.int16
    for time in (0, 1):
        assert np.all(after[face, time] == 5)
        np.testing.assert_array_equal(after[brain, time], volume[brain] + time)


def test_side_files_of_numbers_are_copied_and_tables_are_not(gliokit, tmp_path):
    folder = tmp_path / "bids" / "sub-7"
    folder.mkdir(parents=True)
    image = np.random.default_rng(0).integers(0, 99, (8, 8, 8), np.int16)
    nib.save(nib.Nifti1Image(image, np.eye(4)), folder / "dwi.nii.gz")
    (folder / "dwi.bval").write_text("0 1000\n")
    (folder / "dwi.json").write_text('{"EchoTime": 0.1, "OperatorsName": "Quillory"}')
    (folder / "participants.tsv").write_text("name\nQuillory\n")
    ending = gliokit("deidentify", tmp_path / "bids", "-o", tmp_path / "out")
    assert ending.code == 0
    assert "participants.tsv: a table, whose columns may hold anything" in ending.stderr
    assert "dwi.json: OperatorsName" in ending.stderr
    written = {path.suffix: path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written.keys() == {".gz", ".bval", ".json", ".csv"}
    assert written[".bval"].read_text() == "0 1000\n"
    assert len({written[end].name.split(".")[0] for end in (".gz", ".bval", ".json")}) == 1
