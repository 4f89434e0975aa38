"""A patient through time: every visit with its sizes and facts, and what the criteria say of it.

A record and nothing else: `gliokit.analysis` puts it together, `gliokit.reporting` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliokit.core.findings import DetectionLimit, Quantity
from gliokit.core.vocabulary import ClinicalChange, Region
from gliokit.measurement.resection import ExtentOfResection
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.visit import Treatment
from gliokit.measurement.targets import VisitSizes
from gliokit.measurement.volume_course import ChangeSince


@dataclass(frozen=True, slots=True)
class TimelineVisit:
    """One visit.

    Attributes
    ----------
    study_id : str
        Of the study.
    day : int
        Days since the origin of the patient's table.
    enhancing, whole : VisitSizes or None
        Lesions that enhance, and of the whole T2/FLAIR abnormality; None if they cannot be seen.
    volumes : mapping of Region to Quantity
        In mL; with the interval where one is known.
    dexamethasone_mg_per_day, kps : float or None
        None where unknown.
    clinical_change : ClinicalChange or None
        None where unknown.
    notes : tuple of str
        What the reader must know of this visit.
    changes : tuple of ChangeSince
        Of its volumes, since earlier visits; none up to the baseline.
    detection_limit : DetectionLimit or None
        Of enhancing tumor; None where the analysis of the visit gave none.
    """

    study_id: str
    day: int
    enhancing: VisitSizes | None
    whole: VisitSizes | None
    volumes: Mapping[Region, Quantity]
    dexamethasone_mg_per_day: float | None = None
    kps: float | None = None
    clinical_change: ClinicalChange | None = None
    notes: tuple[str, ...] = ()
    changes: tuple[ChangeSince, ...] = ()
    detection_limit: DetectionLimit | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one criterion says.

    Attributes
    ----------
    criterion : str
        Its name.
    assessments : tuple of Assessment
        One per visit; empty if it cannot be used.
    reason : str
        Why it cannot be used; else empty.
    """

    criterion: str
    assessments: tuple[Assessment, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resection:
    """What surgery removed, by the last visit before and the first one after it.

    Attributes
    ----------
    surgery_day : int
        On the scale of the visits.
    before_day, after_day : int or None
        Of the two visits; None where there is none before.
    extent : ExtentOfResection or None
        None where it cannot be told.
    reason : str
        Why it cannot, or what makes it doubtful; else empty.
    """

    surgery_day: int
    before_day: int | None = None
    after_day: int | None = None
    extent: ExtentOfResection | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PatientTimeline:
    """A patient.

    Attributes
    ----------
    patient_id : str
        The table's.
    visits : tuple of TimelineVisit
        In the order of their days.
    treatment : Treatment
        What was given, and when.
    therapy : str
        Its name; empty where unknown.
    verdicts : tuple of Verdicts
        One per criterion.
    simulated : bool
        Whether the patient is simulated.
    voxel_units : bool
        Whether lengths are in voxels, since the millimeters of the files are known to be false.
    notes : tuple of str
        What the reader must know of the whole.
    resection : Resection or None
        What surgery removed; None where no visit after a known day of surgery is there.
    """

    patient_id: str
    visits: tuple[TimelineVisit, ...]
    treatment: Treatment = field(default_factory=Treatment)
    therapy: str = ""
    verdicts: tuple[Verdicts, ...] = ()
    simulated: bool = False
    voxel_units: bool = False
    notes: tuple[str, ...] = ()
    resection: Resection | None = None
