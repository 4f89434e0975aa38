"""What is no MR image of the patient, and is left out with the reason.

Source: DICOM PS3.3 2024, C.7.6.1.1.2 and C.8.3.1.1.1 (image type).
"""

from pydicom.uid import UID, EnhancedMRImageStorage, MRImageStorage

from gliokit.io.dicom_files import DicomFile
from gliokit.io.dicom_values import number, text, texts

MR_CLASSES = (MRImageStorage, EnhancedMRImageStorage)
KINDS = {  # by a word of the image type
    "LOCALIZER": "localizer",
    "SCOUT": "localizer",
    "MOSAIC": "mosaic of many slices in one picture",
    "PROJECTION IMAGE": "projection, not slices",
    "MIP": "projection, not slices",
    "MNIP": "projection, not slices",
    "SCREEN SAVE": "screenshot",
    "SCREENSHOT": "screenshot",
}


def reason_to_leave_out(file: DicomFile) -> str | None:
    """Say why a file is no MR image that can be measured, or None."""
    header = file.header
    object_class = UID(text(header, "SOPClassUID"))
    if object_class not in MR_CLASSES:
        known = object_class.name if object_class.name != object_class else "unknown object"
        return f"no MR image ({known})"
    if text(header, "Modality") not in ("MR", ""):
        return "no MR image by its modality"
    words = {word.upper() for word in texts(header, "ImageType")}
    for word, reason in KINDS.items():
        if word in words:
            return reason
    if "SECONDARY" in words and text(header, "BurnedInAnnotation") == "YES":
        return "secondary capture with text burned in"
    gray = text(header, "PhotometricInterpretation").startswith("MONO")
    if (number(header, "SamplesPerPixel") or 1) != 1 or not gray:
        return "color picture"
    return None
