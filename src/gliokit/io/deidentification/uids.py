"""UIDs replaced by keyed ones: the same UID always by the same, so that references hold.

UIDs that the standard defines (SOP classes, transfer syntaxes, coding schemes) stay.

Source: DICOM PS3.5, annex B.2 (a UUID as a UID).
"""

from gliokit.io.deidentification.key import SecretKey
from gliokit.io.dicom_encoding import uid_of_digest

OF_THE_STANDARD = "1.2.840.10008."


def map_uid(uid: str, key: SecretKey) -> str:
    """Give the UID that stands for another; an empty one stays empty."""
    if not uid or uid.startswith(OF_THE_STANDARD):
        return uid
    return uid_of_digest(key.digest("uid", uid))
