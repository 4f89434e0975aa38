"""`gliokit deidentify` from the command line, on files in a folder."""

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
