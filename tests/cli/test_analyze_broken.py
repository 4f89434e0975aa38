"""Broken DICOM through `gliokit analyze`: one message, exit code 2, and no trace."""

import shutil
import tempfile
import zipfile
from datetime import datetime
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

from gliokit.io import dicom_files
from gliokit.io.dicom import read_dicom
from gliokit.io.dicom_writer import Element, StudyFacts, write_series

NAME, NUMBER = "Doe^Jane", "998877"
STUDY = StudyFacts(
    "broken",
    datetime(2014, 3, 9, 8, 30),
    "SIEMENS",
    "Skyra",
    "E11",
    3.0,
    elements=(Element(0x00100010, "PN", NAME), Element(0x00100020, "LO", NUMBER)),
)
SHAPE, MIDDLE = (8, 6, 8), 4
REMEDIES = ("export", "repair", "separate", "unpack", "make it again", "give ")
STAGES = {"gliokit: reading DICOM files", "gliokit: reading images"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, t1_series):
    """Write one sound series, of which each broken folder is a copy."""
    folder = tmp_path_factory.mktemp("whole")
    voxels = np.random.default_rng(7).integers(0, 4000, SHAPE).astype(np.float32)
    affine = np.diag([-0.7, -0.9, 4.8, 1.0])
    write_series(folder, voxels, affine=affine, study=STUDY, series=t1_series)
    return folder


# what may be wrong; each changes a folder, and an archive in its place gives its path


def changed(paths, **elements):
    """Change elements of files; None takes one out."""
    for path in paths:
        dataset = pydicom.dcmread(path)
        for keyword, value in elements.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        dataset.save_as(path)


def all_files(**elements):
    return lambda folder: changed(folder.iterdir(), **elements)


def middle_file(**elements):
    def change(folder):
        height = {path: pydicom.dcmread(path).ImagePositionPatient[2] for path in folder.iterdir()}
        changed([sorted(height, key=height.get)[MIDDLE]], **elements)

    return change


def each(turn):
    """Turn the bytes of each file into others."""

    def change(folder):
        for path in folder.iterdir():
            path.write_bytes(turn(path.read_bytes()))

    return change


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


def picture(folder):
    empty(folder)
    Picture.new("L", (8, 8)).save(folder / "picture.dcm", format="jpeg")


def archive(name, compression=zipfile.ZIP_STORED):
    """Put one file under a name into an archive in place of the folder's files."""

    def change(folder):
        content = next(iter(folder.iterdir())).read_bytes()
        empty(folder)
        with zipfile.ZipFile(folder / "a.zip", "w", compression) as opened:
            opened.writestr(name, content)
        return folder / "a.zip"

    return change


def archive_in_folder(folder):
    archive("inner")(folder)


def archive_in_archive(folder):
    inner = archive("inner")(folder).read_bytes()
    empty(folder)
    with zipfile.ZipFile(folder / "outer.zip", "w") as opened:
        opened.writestr("inner.zip", inner)
    return folder / "outer.zip"


def bomb(folder):
    empty(folder)
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", bytes(4 * dicom_files.SMALL_BYTES))
    return folder / "bomb.zip"


def archived(turn):
    """Turn the bytes of an archive of all files into others."""

    def change(folder):
        written = BytesIO()
        with zipfile.ZipFile(written, "w") as opened:
            for path in sorted(folder.iterdir()):
                opened.write(path, path.name)
        empty(folder)
        (folder / "a.zip").write_bytes(turn(written.getvalue()))
        return folder / "a.zip"

    return change


def garbled(content):
    """Overwrite the middle of an archive, whose list at the end stays."""
    half = len(content) // 2
    return content[:200] + bytes(half) + content[200 + half :]


def other_syntax(content):
    return content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")


OUTSIDE = "would lie outside of it (path traversal)"
PIXELS = "pixels are missing, cut off or damaged"
VECTORS = "directions of rows and columns are no orthogonal unit vectors"
BROKEN = {  # what is wrong: how it is made, what is told of it
    "truncated files": (each(lambda content: content[:700]), "without StudyInstanceUID"),
    "zero bytes": (each(lambda content: bytes(2000)), "8 files are no DICOM"),
    "nothing in the files": (each(lambda content: b""), "8 files are no DICOM"),
    "a JPEG renamed": (picture, "1 file is no DICOM"),
    "empty folder": (empty, "no NIfTI files"),
    "another transfer syntax than stated": (each(other_syntax), PIXELS),
    "pixels cut": (all_files(PixelData=b"\0\0"), PIXELS),
    "no pixels": (all_files(PixelData=None), PIXELS),
    "no bits": (all_files(BitsAllocated=None), PIXELS),
    "no study": (all_files(StudyInstanceUID=None), "without StudyInstanceUID"),
    "no series": (all_files(SeriesInstanceUID=None), "no SeriesInstanceUID"),
    "no position": (all_files(ImagePositionPatient=None), "ImagePositionPatient has 0 numbers"),
    "no orientation": (
        all_files(ImageOrientationPatient=None),
        "ImageOrientationPatient has 0 numbers",
    ),
    "no spacing": (all_files(PixelSpacing=None), "PixelSpacing has 0 numbers"),
    "no rows": (all_files(Rows=None), "Rows has 0 numbers"),
    "spacing 0": (all_files(PixelSpacing=[0, 0]), "0.05 to 10 mm is needed"),
    "spacing of a kilometer": (all_files(PixelSpacing=[1e6, 1e6]), "0.05 to 10 mm is needed"),
    "negative spacing": (all_files(PixelSpacing=[-1, 1]), "0.05 to 10 mm is needed"),
    "all slices at one place": (
        all_files(ImagePositionPatient=[0, 0, 0]),
        "1 slices, at least 3 are needed",
    ),
    "orientation of zeros": (all_files(ImageOrientationPatient=[0] * 6), VECTORS),
    "rows not orthogonal": (all_files(ImageOrientationPatient=[1, 0, 0, 0.7, 0.7, 0]), VECTORS),
    "one slice turned": (
        middle_file(ImageOrientationPatient=[1, 0, 0, 0, 0, -1]),
        "mixed orientations in one series",
    ),
    "one slice aside": (
        middle_file(ImagePositionPatient=[500, 500, 500]),
        "slices are shifted by up to",
    ),
    "color": (all_files(PhotometricInterpretation="RGB", SamplesPerPixel=3), "color picture"),
    "CT": (all_files(SOPClassUID="1.2.840.10008.5.1.4.1.1.2"), "no MR image (CT Image Storage)"),
    "secondary capture": (
        all_files(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"),
        "no MR image (Secondary Capture Image Storage)",
    ),
    "a mosaic": (all_files(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]), "mosaic"),
    "two patients in one study": (middle_file(PatientID="another"), "names 2 patients"),
    "an archive in a folder": (archive_in_folder, "1 file is no DICOM"),
    "an archive in an archive": (archive_in_archive, "an archive inside the archive"),
    "a bomb": (bomb, "(zip bomb)"),
    "a path up": (archive("../out.dcm"), OUTSIDE),
    "a path from the root": (archive("/etc/out.dcm"), OUTSIDE),
    "a path up within": (archive("a/../../out.dcm"), OUTSIDE),
    "an archive cut off": (archived(lambda content: content[:5000]), "damaged archive"),
    "an archive garbled": (archived(garbled), "damaged archive"),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a folder that holds all that a command may write to but the places it is given."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def content(folder):
    return {
        path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(("harm", "told"), BROKEN.values(), ids=BROKEN)
def test_broken_dicom_ends_in_one_message_and_leaves_no_trace(analyze, whole, place, harm, told):
    folder = shutil.copytree(whole, place / "in")
    given = harm(folder) or folder
    before = content(place)
    ending = analyze(given, "-o", place / "out")
    *stages, message = ending.stderr.splitlines()
    assert ending.code == 2
    assert set(stages) <= STAGES
    assert message.startswith(f"gliokit: {given}: ")
    assert told in message
    assert any(remedy in message for remedy in REMEDIES)
    assert "Doe" not in message
    assert NUMBER not in message
    assert not ending.stdout
    assert content(place) == before


def test_the_series_that_is_broken_is_sound(whole):
    (study,) = read_dicom(whole)
    assert study.series[0].image.array.shape == SHAPE
