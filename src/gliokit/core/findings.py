"""What was found in one study, as plain records.

Every measured number is a `Quantity`: a value, its unit, and the interval of its uncertainty
where one was estimated. Coordinates are RAS+ mm, or voxel indices of the segmentation.
"""

from dataclasses import dataclass
from enum import StrEnum

from gliokit.core.course import NO_COURSE, Course
from gliokit.core.vocabulary import REGION_LABELS, Label, MRSequence, Region, Side

SCHEMA_VERSION = "1.3"
READABLE_VERSIONS = ("1.2", SCHEMA_VERSION)  # 1.2 lacks course and series
DISCLAIMER = "For research use only; not a medical device."

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured number.

    Attributes
    ----------
    value : float
        In `unit`.
    unit : str
        `mL`, `L`, `mm`, `mm2`, or `1` for a ratio or a share of one.
    interval : tuple of float or None
        90 % interval in `unit`; None where no uncertainty was estimated.
    """

    value: float
    unit: str
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One image that went in: what it is and exactly which bytes it was, never its name."""

    sequence: MRSequence
    sha256: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    orientation: str


@dataclass(frozen=True, slots=True)
class Model:
    """The model that segmented: bundle name, its hash, and how it was run."""

    name: str
    version: str
    sha256: str
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader must know.

    Attributes
    ----------
    code : str
        Stable, such as `missing-sequence`.
    text : str
        One sentence: what, and what follows from it.
    regions : tuple of Region
        Those whose sizes mean nothing, since what they are to measure could not be seen.
    """

    code: str
    text: str
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelVolume:
    """Volume of one label."""

    label: Label
    voxels: int
    volume: Quantity


@dataclass(frozen=True, slots=True)
class RegionVolume:
    """Volume of one region."""

    region: Region
    voxels: int
    volume: Quantity


@dataclass(frozen=True, slots=True)
class Diameter:
    """A straight line across a lesion in one slice.

    Attributes
    ----------
    length : Quantity
        In mm, from pixel edge to pixel edge along the line.
    start, end : Point
        Ends of the line, RAS+ mm.
    """

    length: Quantity
    start: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Lesion:
    """One connected part of a region.

    Attributes
    ----------
    name : str
        Unique within the study, such as `TC-1`; numbered by falling volume.
    region : Region
        The region whose component it is.
    voxels : int
        Size in voxels.
    volume : Quantity
        mL.
    enhancing_volume : Quantity
        mL of it that enhances.
    center_mm : Point
        Center of mass, RAS+ mm.
    side : Side
        By the midline of the brain; approximate.
    slice_axis, slice_index : int
        Voxel axis nearest to head-foot, and the slice of the segmentation that is measured.
    longest, perpendicular : Diameter or None
        Longest in-slice diameter, and the longest one at a right angle to it in that slice;
        None for a lesion below the stated minimum size.
    product : Quantity or None
        mm².
    """

    name: str
    region: Region
    voxels: int
    volume: Quantity
    enhancing_volume: Quantity
    center_mm: Point
    side: Side
    slice_axis: int
    slice_index: int
    longest: Diameter | None = None
    perpendicular: Diameter | None = None
    product: Quantity | None = None


class Verdict(StrEnum):
    """What a check of the input came to."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure must keep to.

    Attributes
    ----------
    lowest, highest : float or None
        In `unit`; None where that side is open.
    unit : str
        As of a `Quantity`.
    source : str
        Where the limit comes from; begins with `measured` or `assumed` where nothing
        published gives it.
    """

    lowest: float | None
    highest: float | None
    unit: str
    source: str

    def holds(self, value: float) -> bool:
        """Whether a figure keeps to it."""
        high_enough = self.lowest is None or value >= self.lowest
        return high_enough and (self.highest is None or value <= self.highest)


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One check of the input's quality.

    Attributes
    ----------
    code : str
        Stable, such as `slice-spacing`.
    sequence : MRSequence or None
        Which image was checked; None where it was the study as a whole.
    figure : Quantity or None
        What was measured; None where it could not be.
    limit : Limit
        What it was held against.
    verdict : Verdict
        Fine where the figure keeps to the limit, doubtful where it does not; not assessable
        where there is no figure, or where it says that the image shows nothing.
    text : str
        One sentence: what was found, and what follows from it.
    """

    code: str
    sequence: MRSequence | None
    figure: Quantity | None
    limit: Limit
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class DetectionLimit:
    """From which volume on a region is told from none in this study with 90 % probability.

    Attributes
    ----------
    region : Region
        What is looked for.
    volume : Quantity or None
        The largest of the three below, in mL; None where one of them is not known.
    images : Quantity or None
        What slices and noise allow to be seen; None where a voxel drowns in the noise.
    model : Quantity or None
        What the model finds, as measured; None where that was not measured, or nobody asked a
        model.
    blank : Quantity or None
        What the model outlines at most, in nine of ten studies, where there is none; None as above.
    text : str
        What it is, what it rests on and what follows from it.
    """

    region: Region
    volume: Quantity | None
    images: Quantity | None
    model: Quantity | None
    blank: Quantity | None
    text: str


@dataclass(frozen=True, slots=True)
class PlannedSeries:
    """One series of a DICOM study and what it was taken for; never its description.

    Attributes
    ----------
    number : int
        Counted within the study in order of acquisition.
    kind : str
        What it most likely shows: a `MRSequence`, `adc`, `dwi`, `dsc`, `swi`, `localizer`, `other`.
    probability : float
        Of that kind, 0-1.
    taken_for : tuple of MRSequence
        Empty where it was not used.
    text : str
        Why it was taken, or why not.
    """

    number: int
    kind: str
    probability: float
    taken_for: tuple[MRSequence, ...]
    text: str


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """Which series of a DICOM study is which.

    Attributes
    ----------
    read : tuple of PlannedSeries
        In the order of their numbers.
    left_out : tuple of str
        What could not be read, each with the reason.
    """

    read: tuple[PlannedSeries, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything found in one study.

    Attributes
    ----------
    study_id : str
        The table's, else a hash of the inputs; never a name.
    created : str
        ISO 8601 time, UTC; the only field that differs between two runs.
    inputs, missing : tuple
        Images that went in; sequences that were not there.
    model : Model or None
        None where the caller brought the labels.
    options : tuple of (name, value)
        What was chosen for this run.
    volumes_by_label, volumes_by_region, lesions : tuple
        Measurements on the grid of the segmentation.
    minimum_lesion_ml : Quantity
        Lesions below it are listed and counted, but get no diameters.
    warnings, not_assessed : tuple of Notice
        What is doubtful; what could not be judged, with the reason.
    quality : tuple of QualityCheck
        Checks of the images that went in, fine ones too.
    detection_limit : DetectionLimit or None
        Of enhancing tumor; None where enhancement could not be judged.
    course : Course
        Days since treatment, as far as table, headers or caller tell.
    series : SeriesPlan or None
        Of a DICOM study; None for other files.
    """

    study_id: str
    created: str
    gliokit_version: str
    inputs: tuple[Input, ...]
    missing: tuple[MRSequence, ...]
    model: Model | None
    options: tuple[tuple[str, str], ...]
    volumes_by_label: tuple[LabelVolume, ...]
    volumes_by_region: tuple[RegionVolume, ...]
    lesions: tuple[Lesion, ...]
    minimum_lesion_ml: Quantity
    warnings: tuple[Notice, ...]
    not_assessed: tuple[Notice, ...]
    quality: tuple[QualityCheck, ...] = ()
    software: tuple[tuple[str, str], ...] = ()
    detection_limit: DetectionLimit | None = None
    course: Course = NO_COURSE
    series: SeriesPlan | None = None
    schema_version: str = SCHEMA_VERSION
    disclaimer: str = DISCLAIMER

    @property
    def unseen_regions(self) -> frozenset[Region]:
        """Regions whose sizes must not be shown as measured."""
        return frozenset(region for notice in self.not_assessed for region in notice.regions)

    @property
    def unseen_labels(self) -> frozenset[Label]:
        """Labels whose smallest region is unseen."""
        return frozenset(
            label
            for region in self.unseen_regions
            for label in REGION_LABELS[region]
            if not any(
                label in labels and labels < REGION_LABELS[region]
                for labels in REGION_LABELS.values()
            )
        )
