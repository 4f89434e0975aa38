"""Whether a file is DICOM, told by its first bytes and without pydicom.

A file has a preamble of 128 bytes and the prefix DICM. Older ones lack both and begin with their
first element, which stands in the group of the file meta information or the first one of the data.
Elements are in rising order and every object has a SOP class (0008,0016): the first is that one or
one before it, explicit with the letters of its value representation, implicit with a short value.
Such a file with the byte order of big endian is not known.

Source: DICOM PS3.10 2024, 7.1 (preamble and prefix); PS3.5 2024, 7.1 (elements).
"""

from struct import unpack

START_BYTES = 132  # so many are looked at
PREAMBLE, PREFIX = 128, b"DICM"
_FIRST_GROUPS = (0x0002, 0x0008)
_SOP_CLASS = 0x0016


def starts_dicom(start: bytes) -> bool:
    """Tell from its first `START_BYTES` bytes, or more, whether a file is DICOM."""
    return start[PREAMBLE:START_BYTES] == PREFIX or _starts_with_element(start)


def _starts_with_element(start: bytes) -> bool:
    if len(start) < 8:
        return False
    group, element = unpack("<HH", start[:4])
    explicit = start[4:6].isalpha() and start[4:6].isupper()
    implicit = start[6:8] == b"\0\0"
    return group in _FIRST_GROUPS and element <= _SOP_CLASS and (explicit or implicit)
