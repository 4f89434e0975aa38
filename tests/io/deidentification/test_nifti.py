"""NIfTI and JSON files without texts; voxels stay."""

import json

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.errors import ImageError
from gliokit.io.deidentification.nifti import clean_nifti, stored_voxels
from gliokit.io.deidentification.sidecar import clean_numbers, clean_sidecar


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_texts_and_extensions_go_and_voxels_stay(kind):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = kind(array, np.diag([1.0, 2, 3, 1]))
    for name in ("descrip", "aux_file", "intent_name"):
        image.header[name] = b"Quillory"
    image.header.extensions.append(nib.nifti1.Nifti1Extension(6, b"Quillory"))
    content = clean_nifti(image.to_bytes())
    again = kind.from_bytes(content)
    assert b"Quillory" not in content
    assert not again.header.extensions
    np.testing.assert_array_equal(np.asarray(again.dataobj), array)
    np.testing.assert_array_equal(again.affine, image.affine)


def test_what_is_no_nifti_is_refused():
    with pytest.raises(ImageError, match="found no NIfTI"):
        clean_nifti(bytes(400))


def test_only_known_keys_stay_in_a_side_file():
    facts = {
        "EchoTime": 0.1,
        "PatientName": "Quillory",
        "AcquisitionDateTime": "2020-03-01T12:30:00",
        "SeriesDescription": "AX T1 Quillory",
    }
    text, gone = clean_sidecar(json.dumps(facts), days=1)
    assert json.loads(text) == {"EchoTime": 0.1, "AcquisitionDateTime": "2020-02-29T12:30:00"}
    assert gone == ("PatientName", "SeriesDescription")


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_stored_voxels_are_a_view_of_the_content(kind, endianness):
    array = np.arange(48, dtype=np.int16).reshape(2, 3, 4, 2)
    affine = np.diag([1.0, 2, 3, 1])
    header = kind.header_class(endianness=endianness)
    header.set_data_dtype(np.int16)
    content = bytearray(kind(array, affine, header).to_bytes())
    stored = stored_voxels(content)
    np.testing.assert_array_equal(stored.voxels, array)
    np.testing.assert_array_equal(stored.first, array[..., 0])
    np.testing.assert_array_equal(stored.affine, affine)
    stored.voxels[1, 2, 3, 1] = -7
    assert np.asarray(kind.from_bytes(bytes(content)).dataobj)[1, 2, 3, 1] == -7


def test_a_file_that_ends_too_soon_is_refused():
    content = nib.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)).to_bytes()
    with pytest.raises(ImageError, match="ends before"):
        stored_voxels(content[:-1])


def test_numbers_of_diffusion_stay_and_words_do_not():
    assert clean_numbers("0 1000\t1e3\n\n-0.5 1 0 \n") == "0 1000 1e3\n-0.5 1 0\n"
    for text in ("0 1000 Quillory", "", "nan"):
        with pytest.raises(ImageError, match="more than numbers"):
            clean_numbers(text)
