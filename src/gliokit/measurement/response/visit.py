"""What is known of one visit, and of the treatment around it; what is unknown is None.

None is never read as "no" or "stable": a category that hangs on it comes out as not assessable,
with the categories that remain possible. Days count from any origin, the same for all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gliokit.core.errors import CohortError
from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion, NonTarget
from gliokit.measurement.response.vocabulary import Component, Measure


@dataclass(frozen=True, slots=True)
class Worse:
    """Why lesions that are not measured are unequivocally worse.

    Attributes
    ----------
    clauses : tuple of str
        Names of the clauses that decided.
    reason : str
        Which lesions, and by how much.
    """

    clauses: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Disease:
    """One component of the tumor at one visit.

    Attributes
    ----------
    product_mm2 : float or None
        Sum over the target lesions of longest diameter times its perpendicular. Lesions that
        were measurable at the baseline, or have become it since, with the size they have now;
        0 when all are gone.
    volume_ml : float or None
        Volume of the component. What is too small to be told from nothing is the caller's to set
        to 0: a complete response needs 0.
    nontarget : NonTarget or None
        Lesions that are seen but not measured, against the baseline.
    worse : Worse or None
        Why they are worse; None where they are not, or where that is not said.
    """

    product_mm2: float | None = None
    volume_ml: float | None = None
    nontarget: NonTarget | None = None
    worse: Worse | None = None

    def __post_init__(self) -> None:
        for name, size in (("product_mm2", self.product_mm2), ("volume_ml", self.volume_ml)):
            _check_size(name, size)

    def size(self, measure: Measure) -> float | None:
        """Give the size in mm² or mL."""
        return self.product_mm2 if measure is Measure.AREA else self.volume_ml


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit.

    Attributes
    ----------
    day : int
        Day of the scan.
    enhancing, nonenhancing : Disease
        On T1 after contrast, and on T2/FLAIR.
    new_lesion : NewLesion or None
        Whether a lesion is seen that no earlier scan shows.
    outside_field : bool or None
        Whether most of what is new or grown lies outside the high-dose radiation field.
    flair : Flair or None
        T2/FLAIR disease as a reader judges it.
    enhancement : Enhancement or None
        Of a low-grade tumor, against the scans before.
    dexamethasone_mg_per_day : float or None
        Dose at the visit.
    clinical_change : ClinicalChange or None
        If None, it is read from `kps` and that of the baseline where both are known.
    kps : float or None
        Karnofsky performance status, 0-100.
    decline_explained : bool or None
        Whether a decline has another cause than the tumor.
    progression_proven : bool or None
        Whether tissue taken since the visit before proves progression.
    leptomeningeal : bool or None
        Whether there is definite leptomeningeal disease.
    too_ill : bool
        The patient died of the tumor, or is too ill from it to come.
    decline_days : float or None
        For how long a decline of the Karnofsky status has lasted at the visit. Earlier visits that
        show it say so too; where `clinical_change` is given it is not asked for.
    """

    day: int
    enhancing: Disease = field(default_factory=Disease)
    nonenhancing: Disease = field(default_factory=Disease)
    new_lesion: NewLesion | None = None
    outside_field: bool | None = None
    flair: Flair | None = None
    enhancement: Enhancement | None = None
    dexamethasone_mg_per_day: float | None = None
    clinical_change: ClinicalChange | None = None
    kps: float | None = None
    decline_explained: bool | None = field(default=False, kw_only=True)
    progression_proven: bool | None = field(default=False, kw_only=True)
    leptomeningeal: bool | None = field(default=False, kw_only=True)
    too_ill: bool = field(default=False, kw_only=True)
    decline_days: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("dexamethasone_mg_per_day", "kps", "decline_days"):
            _check_size(name, getattr(self, name))

    def disease(self, component: Component) -> Disease:
        """Give the enhancing or the non-enhancing component."""
        return self.enhancing if component is Component.ENHANCING else self.nonenhancing


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was given, and when.

    Attributes
    ----------
    recurrent : bool
        Whether the treatment that is judged is for recurrent disease.
    surgery_day, radiation_start_day, radiation_end_day, treatment_start_day : int or None
        Days on the scale of the visits; the treatment is the one that is judged.
    irradiated : bool or None
        False says that there was no radiation; a known `radiation_end_day` says that there was.
    immunotherapy_start_day : int or None
        First day of immunotherapy.
    immunotherapy : bool or None
        False says that there is none; a known `immunotherapy_start_day` says that there is.
    antiangiogenic : bool or None
        Whether an antiangiogenic agent is given.
    prone_to_pseudoprogression : bool or None
        Whether every progression is to be confirmed: the agent is known for pseudoprogression, or
        the trial asks for it (a review of RANO 2.0 names IDH-mutant glioma).
    """

    recurrent: bool = False
    surgery_day: int | None = None
    radiation_start_day: int | None = None
    radiation_end_day: int | None = None
    treatment_start_day: int | None = None
    irradiated: bool | None = field(default=None, kw_only=True)
    immunotherapy_start_day: int | None = field(default=None, kw_only=True)
    immunotherapy: bool | None = field(default=None, kw_only=True)
    antiangiogenic: bool | None = field(default=False, kw_only=True)
    prone_to_pseudoprogression: bool | None = field(default=False, kw_only=True)


def check_order(visits: Sequence[Visit]) -> None:
    """Refuse visits that are not in the order of their days.

    Raises
    ------
    CohortError
        If there is none, if two are on one day, or if one lies before its predecessor.
    """
    if not visits:
        raise CohortError("there is no visit; a course needs a baseline and visits after it")
    for number, (earlier, later) in enumerate(pairwise(visits), start=2):
        if later.day == earlier.day:
            raise CohortError(
                f"visits {number - 1} and {number} are both on day {later.day}; each visit needs "
                "its own day, merge them or correct one"
            )
        if later.day < earlier.day:
            raise CohortError(
                f"visit {number} is on day {later.day}, before visit {number - 1} on day "
                f"{earlier.day}; give visits in the order of their days"
            )


def _check_size(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise CohortError(f"{name} is {value}; needed 0 or more, or None where it is unknown")
