"""DICOM files known by their first bytes."""

import pytest

from gliokit.io.dicom_start import START_BYTES, starts_dicom


@pytest.mark.parametrize(
    "start",
    [
        bytes(128) + b"DICM",
        b"\x08\0\x05\0CS\x0a\0ISO_IR 100",  # explicit
        b"\x08\0\x16\0\x1a\0\0\0" + b"1.2.840.10008.5.1.4.1.1.4\0",  # implicit
        b"\x02\0\0\0UL\x04\0\xbe\0\0\0",  # the file meta information, without its preamble
    ],
)
def test_files_with_and_without_preamble_are_known(start):
    assert starts_dicom(start)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\x08\0\x16",
        b"patient,day",
        bytes(START_BYTES),
        b"\x08\0\x18\0UI",  # an element behind the SOP class, which is then missing
        b"\x08\0\x16\0\xff\xff\xff\xff" + bytes(8),  # neither letters nor a short value
        b"\x5c\x01\0\0" + bytes(128),  # the header of a NIfTI file
    ],
)
def test_other_files_are_not_taken_for_them(start):
    assert not starts_dicom(start)
