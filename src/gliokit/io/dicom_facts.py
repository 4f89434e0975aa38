"""What the header of a series says of how it was made, classic or enhanced.

Source: DICOM PS3.3 2024, C.8.3.1 (MR image), C.8.13 (enhanced MR).
"""

from collections.abc import Sequence

from pydicom import Dataset

from gliokit.core.series import AcquisitionFacts
from gliokit.io.dicom_planes import Plane, groups_of_first_frame
from gliokit.io.dicom_values import first_item, number, numbers, text, texts

NO_AGENT = {"no", "none", "n", "0"}  # written where no agent was given
PULSE_SEQUENCES = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}
DIMENSIONS = {"2D": 2, "3D": 3}


def acquisition_facts(header: Dataset, planes: Sequence[Plane]) -> AcquisitionFacts:
    """Read the facts of one series.

    Parameters
    ----------
    header : Dataset
        Of the first slice, or of the enhanced file.
    planes : sequence of Plane
        The pictures of one place, one per volume.
    """
    groups = groups_of_first_frame(header)
    timing = groups("MRTimingAndRelatedParametersSequence")
    modifier = groups("MRModifierSequence")
    inversion = number(modifier, "InversionTimes")
    train = number(timing, "EchoTrainLength") or number(timing, "RFEchoTrainLength")
    descriptions = (text(header, "SeriesDescription"), text(header, "ProtocolName"))
    b_values = {plane.b_value for plane in planes if plane.b_value is not None}
    return AcquisitionFacts(
        description=" ".join(filter(None, descriptions)),
        scanning_sequence=_scanning_sequence(header, modifier),
        sequence_variant=texts(header, "SequenceVariant"),
        image_type=planes[0].kind,
        repetition_ms=number(timing, "RepetitionTime"),
        echo_ms=planes[0].echo_ms,
        inversion_ms=number(header, "InversionTime") if inversion is None else inversion,
        flip_deg=number(timing, "FlipAngle"),
        echo_train=None if train is None else int(train),
        b_values=tuple(sorted(b_values)),
        contrast_agent=_contrast_agent(header),
        field_t=number(header, "MagneticFieldStrength"),
        slice_thickness_mm=planes[0].thickness_mm,
        acquisition=DIMENSIONS.get(text(header, "MRAcquisitionType")),
        time_points=len(planes),
    )


def _scanning_sequence(header: Dataset, modifier: Dataset) -> tuple[str, ...]:
    """Give the classic words, made of the enhanced ones where those stand alone."""
    if classic := texts(header, "ScanningSequence"):
        return classic
    words = PULSE_SEQUENCES.get(text(header, "EchoPulseSequence"), ())
    recovery = text(modifier, "InversionRecovery") == "YES"
    planar = text(header, "EchoPlanarPulseSequence") == "YES"
    return words + ("IR",) * recovery + ("EP",) * planar


def _contrast_agent(header: Dataset) -> bool | None:
    agent, sequence = "ContrastBolusAgent", "ContrastBolusAgentSequence"
    if sequence in header:
        return len(first_item(header, sequence)) > 0
    if agent not in header:
        return None
    return text(header, agent).lower() not in NO_AGENT | {""}


def acquisition_time(header: Dataset) -> str:
    """Give date and time as digits that sort by time; series without a time come last."""
    whole = text(header, "AcquisitionDateTime")
    days = (text(header, f"{event}Date") for event in ("Acquisition", "Series", "Study"))
    times = (text(header, f"{event}Time") for event in ("Acquisition", "Series", "Content"))
    clock = next(filter(None, times), "")
    return whole or (next(filter(None, days), "") + clock if clock else "~")


def series_number(header: Dataset) -> float:
    """Give the scanner's number of a series; those without come last."""
    return next(iter(numbers(header, "SeriesNumber")), float("inf"))
