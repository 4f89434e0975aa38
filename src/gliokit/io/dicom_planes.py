"""Pictures of a DICOM file, one by one: where each lies, when and how it was made.

A classic file holds one picture, an enhanced file one per frame, its facts in functional
groups that are shared or given per frame. Positions and cosines are DICOM's, LPS+ mm.

Source: DICOM PS3.3 2024, C.7.6.2 (image plane), C.7.6.16 (functional groups); private b-values
as in dcm2niix, doi:10.1016/j.jneumeth.2016.03.001.
"""

from dataclasses import dataclass
from typing import TypeAlias

from pydicom import Dataset
from pydicom.uid import EnhancedMRImageStorage

from gliokit.core.errors import ImageError
from gliokit.io.dicom_values import first_item, number, numbers, text, texts

# b-value in private elements: creator to its place in the creator's block
PRIVATE_B_VALUES = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x2001, "Philips Imaging DD 001", 0x03),
    (0x0043, "GEMS_PARM_01", 0x39),
)
PER_FRAME, SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
GE_OFFSET = 1_000_000  # GE adds a multiple of it to the b-value

Moment: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """One picture.

    Attributes
    ----------
    file : int
        Index of its file in the series.
    sop_class, uid, frame : str, str, int
        SOP Class and Instance UID, and number of the frame from 1.
    position_mm : (3,)
        Of the center of the first pixel, LPS+.
    cosines : (6,)
        Direction along a row, then down a column, LPS+.
    spacing_mm : (2,)
        Between pixels along a row, then down a column.
    shape : (2,)
        Columns, rows.
    thickness_mm : float or None
        Nominal.
    kind : tuple of str
        Image or frame type.
    echo_ms, b_value : float or None
        Echo time, diffusion weighting in s/mm².
    moment : tuple of float
        Grows with time among pictures of one place and b-value.
    instance : float
        Instance number, or of the frame; the last word on time and none on place.
    slope, intercept : float
        Stored to real values.
    """

    file: int
    sop_class: str
    uid: str
    frame: int
    position_mm: tuple[float, ...]
    cosines: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    shape: tuple[int, int]
    thickness_mm: float | None
    kind: tuple[str, ...]
    echo_ms: float | None
    b_value: float | None
    moment: Moment
    instance: float
    slope: float
    intercept: float

    @property
    def frame_reference(self) -> int | None:
        """Number of the frame as other objects refer to it; none in a classic file."""
        return self.frame if self.sop_class == EnhancedMRImageStorage else None


def is_enhanced(header: Dataset) -> bool:
    """Whether a file holds many pictures with functional groups."""
    return text(header, "SOPClassUID") == EnhancedMRImageStorage


def planes_of(header: Dataset, index: int) -> tuple[Plane, ...]:
    """Give the pictures of one file, number `index` of its series, by its header.

    Raises
    ------
    ImageError
        If an element is missing that says where the picture lies or how large it is.
    """
    if not is_enhanced(header):
        return (_plane(header, FunctionalGroups(header), file=index, frame=1),)
    frames = header.get(PER_FRAME) or []
    stated = number(header, "NumberOfFrames") or 0
    if not frames or len(frames) != stated:
        raise ImageError(
            f"{len(frames)} descriptions of {stated:g} frames; export the series again"
        )
    shared = first_item(header, SHARED)
    return tuple(
        _plane(header, FunctionalGroups(header, frame, shared), file=index, frame=count)
        for count, frame in enumerate(frames, 1)
    )


class FunctionalGroups:
    """Looks a functional group up: of the frame, else shared; of a classic file, the header."""

    def __init__(self, header: Dataset, *levels: Dataset) -> None:
        self._header, self._levels = header, levels

    def __call__(self, name: str) -> Dataset:
        """Give the item of a group; empty where the group is missing."""
        if not self._levels:
            return self._header
        found = (level for level in self._levels if name in level)
        return first_item(next(found, Dataset()), name)


def groups_of_first_frame(header: Dataset) -> FunctionalGroups:
    """Give the functional groups of a file's first frame; of a classic file, the header."""
    if not is_enhanced(header):
        return FunctionalGroups(header)
    return FunctionalGroups(header, first_item(header, PER_FRAME), first_item(header, SHARED))


def _plane(header: Dataset, groups: FunctionalGroups, *, file: int, frame: int) -> Plane:
    measures = groups("PixelMeasuresSequence")
    across_rows, across_columns = _needed(measures, "PixelSpacing", 2)
    columns, rows = _needed(header, "Columns", 1) + _needed(header, "Rows", 1)
    values = groups("PixelValueTransformationSequence")
    slope, intercept = number(values, "RescaleSlope"), number(values, "RescaleIntercept")
    echo = groups("MREchoSequence")
    echo_ms = number(echo, "EffectiveEchoTime")
    return Plane(
        file=file,
        sop_class=text(header, "SOPClassUID"),
        uid=text(header, "SOPInstanceUID"),
        frame=frame,
        position_mm=_needed(groups("PlanePositionSequence"), "ImagePositionPatient", 3),
        cosines=_needed(groups("PlaneOrientationSequence"), "ImageOrientationPatient", 6),
        spacing_mm=(across_columns, across_rows),
        shape=(int(columns), int(rows)),
        thickness_mm=number(measures, "SliceThickness"),
        kind=texts(groups("MRImageFrameTypeSequence"), "FrameType") or texts(header, "ImageType"),
        echo_ms=number(echo, "EchoTime") if echo_ms is None else echo_ms,
        b_value=_b_value(groups("MRDiffusionSequence")),
        moment=_moment(header, groups("FrameContentSequence")),
        instance=float(frame) if is_enhanced(header) else number(header, "InstanceNumber") or 0.0,
        slope=1.0 if slope is None else slope,
        intercept=intercept or 0.0,
    )


def _needed(header: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    found = numbers(header, keyword)
    if len(found) != count:
        raise ImageError(
            f"{keyword} has {len(found)} numbers, {count} are needed; export the series again"
        )
    return found


def _b_value(header: Dataset) -> float | None:
    stated = number(header, "DiffusionBValue")
    if stated is not None:
        return stated
    for group, creator, element in PRIVATE_B_VALUES:
        try:
            found = number(header, header.private_block(group, creator).get_tag(element))
        except KeyError:
            continue
        if found is not None and found >= 0:
            return found % GE_OFFSET
    return None


def _moment(header: Dataset, content: Dataset) -> Moment:
    """Give what tells pictures of one place apart in time, the surest first."""
    times = ("FrameAcquisitionDateTime", "AcquisitionDateTime")
    clocks = ("AcquisitionTime", "ContentTime", "TriggerTime")
    index = number(content, "TemporalPositionIndex")
    return (
        (number(header, "TemporalPositionIdentifier") or 0.0) if index is None else index,
        number(content, "FrameAcquisitionNumber") or number(header, "AcquisitionNumber") or 0.0,
        *(number(content, name) or 0.0 for name in times),
        *(number(header, name) or 0.0 for name in clocks),
    )
