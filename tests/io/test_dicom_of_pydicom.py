"""The MR pictures that come with pydicom, each laid at four places, against dcm2niix.

None of pydicom's own files is a volume that can be read: they are single pictures and localizers.
"""

import subprocess

import dcm2niix
import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from gliokit.core.errors import LayoutError
from gliokit.io.dicom import read_dicom

SYNTAXES = ("RLE", "bigendian", "expb", "implicit", "jp2klossless", "jpeg_ls_lossless", "padded")
PICTURES = ("MR_small", *(f"MR_small_{syntax}" for syntax in SYNTAXES), "examples_overlay")
DISTANCE_MM = 5.0
NUMBERS = (3, 1, 4, 2)  # instance numbers, against the order of the places


@pytest.fixture
def lay(tmp_path):
    """Give a function that lays a picture at several places and tells the folder."""

    def write(name):
        picture = pydicom.dcmread(get_testdata_file(f"{name}.dcm"))
        axes = np.reshape(picture.ImageOrientationPatient, (2, 3)).astype(float)
        first = np.array(picture.ImagePositionPatient, dtype=float)
        folder = tmp_path / "in"
        folder.mkdir()
        for place, number in enumerate(NUMBERS):
            position = first + np.cross(*axes) * DISTANCE_MM * place
            picture.ImagePositionPatient = [f"{mm:.6f}" for mm in position]
            picture.InstanceNumber = number
            picture.SOPInstanceUID = f"1.2.3.{number}"
            picture.file_meta.MediaStorageSOPInstanceUID = picture.SOPInstanceUID
            picture.save_as(folder / str(place))
        return folder

    return write


def by_dcm2niix(folder, out):
    out.mkdir()
    command = [dcm2niix.bin, "-z", "n", "-b", "n", "-f", "image", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return nib.as_closest_canonical(nib.load(out / "image.nii"))  # an overlay is another file


@pytest.mark.parametrize("name", PICTURES)
def test_dcm2niix_finds_the_same_voxels_at_the_same_places(lay, tmp_path, name):
    folder = lay(name)
    ((series,),) = (study.series for study in read_dicom(folder))
    ours = nib.as_closest_canonical(nib.Nifti1Image(series.image.array, series.image.affine))
    theirs = by_dcm2niix(folder, tmp_path / "out")
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-3)
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())


def test_a_cut_picture_is_refused(lay):
    with pytest.raises(LayoutError, match="pixels are missing, cut off or damaged"):
        read_dicom(lay("MR_truncated"))
