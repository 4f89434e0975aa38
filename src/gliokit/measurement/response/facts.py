"""What a clause can ask about a visit: closed sets of answers, the alphabet of the tables.

A fact that is known has one answer; one that is unknown has all its answers at once. `Facts`
holds for each fact (the class) the answers that are still possible.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Facts: TypeAlias = Mapping[type[StrEnum], frozenset[StrEnum]]


class Attendance(StrEnum):
    """Whether the patient could be examined."""

    CAME = "came"
    TOO_ILL = "died of, or too ill from, the tumor"


class Growth(StrEnum):
    """Size against the smallest so far, or against the scan that a progression is held to."""

    PROGRESSION = "threshold of progression reached"
    LESS = "threshold of progression not reached"


class Shrinkage(StrEnum):
    """Size against the baseline."""

    GONE = "gone"
    PARTIAL = "threshold of partial response reached"
    MINOR = "threshold of minor response reached"
    LESS = "no threshold of response reached"


class BaselineDisease(StrEnum):
    """Whether there was something to measure at the baseline."""

    MEASURABLE = "measurable"
    NOT_MEASURABLE = "not measurable"


class NonTarget(StrEnum):
    """Lesions that are seen but not measured, against the baseline."""

    ABSENT = "absent"
    BETTER = "better"
    STABLE = "stable"
    WORSE = "unequivocally worse"


class NewLesion(StrEnum):
    """A lesion that no earlier scan shows."""

    NONE = "none"
    NOT_MEASURABLE = "not measurable"
    MEASURABLE = "measurable"


class Place(StrEnum):
    """Where most of what is new or grown lies."""

    INSIDE = "inside the high-dose field"
    OUTSIDE = "outside the high-dose field"


class Flair(StrEnum):
    """Non-enhancing disease on T2/FLAIR as a reader judges it, against the baseline."""

    BETTER = "better"
    STABLE = "stable"
    WORSE = "significantly worse"  # no number is published


class Leptomeningeal(StrEnum):
    """Tumor of the leptomeninges."""

    NONE = "none"
    DEFINITE = "definite"


class Enhancement(StrEnum):
    """Enhancement of a low-grade tumor."""

    NOT_INCREASED = "not increased"
    INCREASED = "new or increased"


class DoseSinceBaseline(StrEnum):
    """Steroid dose against that at the baseline."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


class DoseSinceReference(StrEnum):
    """Steroid dose against that at the scan that growth is measured from."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


class Steroids(StrEnum):
    """Steroids at the visit."""

    OFF = "none, or a physiologic dose"
    ON = "more than a physiologic dose"


class Clinical(StrEnum):
    """Clinical state."""

    BETTER = "better"
    STABLE = "stable"
    WORSE = "worse"
    WORSE_OTHERWISE = "worse for another reason than the tumor"


class Histology(StrEnum):
    """What tissue taken since the last visit shows."""

    NO_PROOF = "no proof of progression"
    TUMOR = "progression"


class AfterRadiation(StrEnum):
    """Whether the visit is within the 12 weeks in which pseudoprogression is common."""

    EARLY = "within 12 weeks"
    LATE = "later, or never irradiated"


class GrowthFrom(StrEnum):
    """From which scan on the smallest size is sought, where radiation sets it anew."""

    BASELINE = "the baseline"
    AFTER_RADIATION = "a later scan, the first after radiation"


class OnImmunotherapy(StrEnum):
    """Whether the visit is within the first six months of immunotherapy."""

    EARLY = "within six months"
    LATE = "later, or no immunotherapy"


class Antiangiogenic(StrEnum):
    """Whether an agent that closes vessels is given."""

    NO = "no"
    YES = "yes"


class ProneAgent(StrEnum):
    """Whether the trial's agent is known to cause pseudoprogression."""

    NO = "no"
    YES = "yes"


class Pending(StrEnum):
    """A preliminary progression of an earlier visit that awaits its confirmation."""

    NONE = "none"
    TOO_SOON = "awaited, and this visit is too soon"
    DUE = "awaited, and this visit decides"


class ResponseSoFar(StrEnum):
    """Response at the visits just before."""

    NONE = "none"
    PRELIMINARY = "preliminary"
    CONFIRMED = "confirmed"


CLINICALLY_FIT = (Clinical.BETTER, Clinical.STABLE, Clinical.WORSE_OTHERWISE)
DOSE_NOT_REDUCED = (DoseSinceReference.SAME, DoseSinceReference.MORE)
DOSE_NOT_RAISED = (DoseSinceBaseline.LESS, DoseSinceBaseline.SAME)
NON_TARGET_NOT_WORSE = (NonTarget.ABSENT, NonTarget.BETTER, NonTarget.STABLE)
FLAIR_NOT_WORSE = (Flair.BETTER, Flair.STABLE)
HALVED = (Shrinkage.GONE, Shrinkage.PARTIAL)

FACT_TERMS: MappingProxyType[type[StrEnum], str] = MappingProxyType(
    {
        Growth: "size",
        Shrinkage: "size",
        BaselineDisease: "size at the baseline",
        NonTarget: "lesions that are not measured",
        NewLesion: "new lesions",
        Place: "place in the radiation field",
        Flair: "T2/FLAIR disease",
        Enhancement: "new or increased enhancement",
        Leptomeningeal: "leptomeningeal disease",
        DoseSinceBaseline: "steroid dose",
        DoseSinceReference: "steroid dose",
        Steroids: "steroid dose",
        Clinical: "clinical state",
        Histology: "histology",
        AfterRadiation: "end of radiation",
        GrowthFrom: "end of radiation",
        OnImmunotherapy: "start of immunotherapy",
        Antiangiogenic: "antiangiogenic therapy",
        ProneAgent: "agent's pseudoprogression",
        Pending: "what an earlier visit showed",
        ResponseSoFar: "what an earlier visit showed",
    }
)
