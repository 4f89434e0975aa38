"""NIfTI and JSON files without texts; voxels stay."""

import json

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.errors import ImageError
from gliokit.io.deidentification.nifti import clean_nifti
from gliokit.io.deidentification.sidecar import clean_sidecar


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
