"""Side files of an image without what identifies: JSON by an allow-list of BIDS keys, numbers.

Source: BIDS 1.10, MR metadata; keys written by dcm2niix.
"""

import json
import math

from gliokit.core.errors import ImageError
from gliokit.io.deidentification.dates import shift_iso
from gliokit.io.deidentification.descriptors import clean_text

_NUMBERS_TEXT = """
    AcquisitionMatrixPE AcquisitionNumber BandwidthPerPixelPhaseEncode BaseResolution
    DwellTime EchoNumber EchoTime EchoTime1 EchoTime2 EchoTrainLength EffectiveEchoSpacing
    FlipAngle ImageOrientationPatientDICOM ImagingFrequency InPlanePhaseEncoding InversionTime
    MagneticFieldStrength MultibandAccelerationFactor NumberOfAverages
    ParallelReductionFactorInPlane PartialFourier PercentPhaseFOV PercentSampling
    PhaseEncodingSteps PhaseResolution PixelBandwidth ReconMatrixPE RepetitionTime SAR
    SeriesNumber ShimSetting SliceThickness SliceTiming SpacingBetweenSlices TotalReadoutTime
    TxRefAmp FrameTimesStart
"""
NUMBERS = frozenset(_NUMBERS_TEXT.split())
_CODES_TEXT = """
    BodyPartExamined ImageType ImageTypeText InPlanePhaseEncodingDirectionDICOM Manufacturer
    ManufacturersModelName MRAcquisitionType Modality PatientPosition PhaseEncodingAxis
    PhaseEncodingDirection ScanningSequence SequenceVariant SliceEncodingDirection
    SoftwareVersions
"""
CODES = frozenset(_CODES_TEXT.split())
DESCRIPTORS = frozenset({"ContrastBolusIngredient", "ProtocolName", "SeriesDescription"})
DATES = frozenset({"AcquisitionDateTime", "AcquisitionDate", "ContentDate", "SeriesDate"})
TIMES = frozenset({"AcquisitionTime"})
PATIENT_KEYS = ("PatientID", "PatientName")


def patient_of(text: str) -> str:
    """Give what names the patient in a side file; empty where nothing does."""
    facts = _facts(text)
    return next((str(facts[key]) for key in PATIENT_KEYS if facts.get(key)), "")


def clean_sidecar(text: str, *, days: int) -> tuple[str, tuple[str, ...]]:
    """Give the side file with known keys alone, and the names of the keys that went.

    Parameters
    ----------
    days : int
        Taken from each date.

    Raises
    ------
    ImageError
        If it is no JSON object.
    """
    facts = _facts(text)
    kept = {}
    for key, value in facts.items():
        clean = _clean(key, value, days)
        if clean not in (None, ""):
            kept[key] = clean
    gone = tuple(sorted(set(facts) - set(kept)))
    return json.dumps(kept, indent=2, sort_keys=True) + "\n", gone


def clean_numbers(text: str) -> str:
    """Give a file of diffusion weightings or directions, if it holds numbers alone.

    Raises
    ------
    ImageError
        If there is anything else.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if not rows or not all(_is_number(word) for row in rows for word in row):
        raise ImageError("found more than numbers in a side file; export it again")
    return "\n".join(map(" ".join, rows)) + "\n"


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _clean(key: str, value: object, days: int) -> object:
    if key in NUMBERS and _is_numeric(value):
        return value
    if key in DATES and isinstance(value, str):
        return shift_iso(value, days)
    if key in TIMES and isinstance(value, str):
        return value if value.replace(":", "").replace(".", "").isdigit() else None
    if key in CODES and _is_code(value):
        return value
    return clean_text(value) if key in DESCRIPTORS and isinstance(value, str) else None


def _is_numeric(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_numeric, value))
    return isinstance(value, int | float)


def _is_code(value: object) -> bool:
    """Tell whether a value is text without line ends; the search for traces sees it, too."""
    values = value if isinstance(value, list) else [value]
    return all(isinstance(one, str) and one.isprintable() and len(one) <= 64 for one in values)


def _facts(text: str) -> dict[str, object]:
    try:
        facts = json.loads(text)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise ImageError("found no JSON object in the side file; export it again")
    return facts
