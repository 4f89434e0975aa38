"""The visits of a simulated patient: when, and what each of them shows.

Visit 0 is the diagnostic scan, 1 the scan in the days after surgery, 2 the one after
radiation, which is the baseline of response (without radiation, the visit of that time), the
rest follow-up every 8 to 12 weeks with jitter and now and then a missed appointment. There is
no visit after death or last contact, so there may be fewer than asked for.

Assumed: every number here. Steroids and clinical state follow edema and new enhancement, and
noise: pseudoprogression can be felt, if less often (Rowe et al., J Neurooncol 2018;139:145-52,
doi:10.1007/s11060-018-2855-z).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import ClinicalChange, Phase, Progression, Resection
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.disease import (
    Disease,
    draw_disease,
    expected_whole_ml,
    new_enhancement,
    residual_ml,
)
from gliokit.phantom.patients.patient import Patient
from gliokit.phantom.patients.response_truth import (
    MEASURABLE_ML,
    NOT_APPLICABLE,
    Assessment,
    categories,
)
from gliokit.phantom.tumor.grown import LARGEST_EDEMA

# days, both ends included
AFTER_SURGERY, AFTER_RADIATION, WITHOUT_RADIATION = (1, 3), (21, 35), (98, 126)
FOLLOW_UP, MISSED = (53, 87), 0.12
BASELINE_VISIT = 2
# share of the edema that stays in the end
EDEMA_STAYS: dict[Resection, float] = {
    Resection.GROSS_TOTAL: 0.15,
    Resection.SUBTOTAL: 0.25,
    Resection.PARTIAL: 0.45,
    Resection.BIOPSY: 0.65,
}
EDEMA_DAYS, BLOOD_DAYS, COLLAPSE_DAYS = 70.0, 35.0, 120.0  # time constants
SWOLLEN = 1.1  # edema right after surgery
EDEMA_PER_NEW_ML = {Progression.TRUE: 3.0, Progression.PSEUDO: 3.0, Progression.NONE: 0.0}
DOSES_MG = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0])
DOSE_PER_ML = 0.12  # of edema, mg a day
LARGE_NEW_ML = 4.0
# chance to be worse and to be better: at rest, right after surgery, with new enhancement
AT_REST, AFTER_THE_KNIFE, ON_RECOVERY = (0.06, 0.08), (0.18, 0.10), (0.08, 0.25)
WITH_SMALL_TRUE, WITH_LARGE_TRUE, WITH_PSEUDO = (0.20, 0.05), (0.45, 0.02), (0.14, 0.06)


@dataclass(frozen=True, slots=True)
class Visit:
    """The truth about one visit.

    Attributes
    ----------
    number : int
        0 is pre-operative.
    day : int
        From visit 0.
    days_since_surgery, days_since_radiation_end : int or None
        None before, and without.
    residual_ml : float
        Enhancing tissue of the first tumor that is there; its core where nothing enhances.
    new_ml : float
        New enhancement since surgery.
    cause : Progression
        What the new enhancement is.
    edema : float
        Volume against visit 0, a factor.
    blood : float
        Share of the cavity's wall that is blood, 0-1.
    collapse : float
        0 for a fresh cavity, 1 for one that has collapsed.
    dexamethasone_mg_per_day : float
        Dose.
    kps : int
        Karnofsky performance status.
    clinical_change : ClinicalChange
        Against the visit before.
    in_radiation_field : bool
        Whether new enhancement lies in the high-dose field; False without any.
    rano : str
        Category of response that follows from the truth; see `response_truth`.
    """

    number: int
    day: int
    phase: Phase
    days_since_surgery: int | None
    days_since_radiation_end: int | None
    residual_ml: float
    new_ml: float
    cause: Progression
    edema: float
    blood: float
    collapse: float
    dexamethasone_mg_per_day: float
    kps: int
    clinical_change: ClinicalChange
    in_radiation_field: bool
    rano: str


@dataclass(frozen=True, slots=True)
class _Reaction:
    """How one patient's brain and body react.

    Shares 0-1; `sensitivity` is a factor on doses, and at a `felt` of 0 pseudoprogression is
    felt as true progression is.
    """

    blood: float
    collapse: float
    sensitivity: float
    felt: float


def draw_course(
    patient: Patient,
    *,
    visits: int,
    rng: np.random.Generator,
    dials: Dials | None = None,
    whole_ml: float | None = None,
) -> tuple[Visit, ...]:
    """Draw the visits of a patient.

    Parameters
    ----------
    visits : int
        At most so many, at least 1.
    dials : Dials, optional
        Strength of the links; the default ones where they are not given.
    whole_ml : float, optional
        Enhancing tissue of the grown tumor (its core where nothing enhances); estimated from
        the tumor's parameters where it is not given. Days and causes do not depend on it.

    Raises
    ------
    SimulationError
        If no visit is asked for.
    """
    if visits < 1:
        raise SimulationError(f"visits: found {visits}; needed at least 1, the diagnostic scan")
    dials = dials or Dials()
    whole = expected_whole_ml(patient.tumor) if whole_ml is None else whole_ml
    disease = draw_disease(patient, whole_ml=whole, dials=dials, rng=rng)
    has_cavity = patient.resection is not Resection.BIOPSY
    reaction = _Reaction(
        blood=float(rng.uniform(0.2, 0.9)) * has_cavity,
        collapse=float(rng.uniform(0.3, 1.0)) * has_cavity,
        sensitivity=exp(rng.normal(0, 0.5)),
        felt=dials.treatment_effect,
    )
    # its own stream: a longer course begins like a shorter one
    state = np.random.default_rng(int(rng.integers(2**63)))
    seen: list[Visit] = []
    for number, day in enumerate(draw_visit_days(patient, visits=visits, rng=rng)):
        shown = _show(patient, disease, reaction, number=number, day=day)
        seen.append(_draw_state(shown, patient, reaction, earlier=seen, rng=state))
    return _with_categories(seen)


def draw_visit_days(patient: Patient, *, visits: int, rng: np.random.Generator) -> list[int]:
    """Draw the days of at most so many visits, in order; none after death or last contact."""
    days = [0, patient.surgery_day + int(rng.integers(*AFTER_SURGERY, endpoint=True))]
    if patient.rt_end_day is None:
        days.append(patient.surgery_day + int(rng.integers(*WITHOUT_RADIATION, endpoint=True)))
    else:
        days.append(patient.rt_end_day + int(rng.integers(*AFTER_RADIATION, endpoint=True)))
    while len(days) < visits:
        appointments = 1 + int(rng.random() < MISSED)
        days.append(days[-1] + int(rng.integers(*FOLLOW_UP, appointments, endpoint=True).sum()))
    return [day for day in days[:visits] if day <= patient.os_days]


def _show(
    patient: Patient, disease: Disease, reaction: _Reaction, *, number: int, day: int
) -> Visit:
    """Lay out what a day shows; dose, KPS and clinical state are those of the diagnosis."""
    since_surgery = day - patient.surgery_day if day >= patient.surgery_day else None
    end = patient.rt_end_day
    new_ml, cause = new_enhancement(disease, day)
    return Visit(
        number=number,
        day=day,
        phase=Phase.PREOPERATIVE if since_surgery is None else Phase.POSTOPERATIVE,
        days_since_surgery=since_surgery,
        days_since_radiation_end=day - end if end is not None and day >= end else None,
        residual_ml=residual_ml(disease, day),
        new_ml=new_ml,
        cause=cause,
        edema=_edema(patient, since_surgery, EDEMA_PER_NEW_ML[cause] * new_ml),
        blood=0.0 if since_surgery is None else reaction.blood * exp(-since_surgery / BLOOD_DAYS),
        collapse=0.0
        if since_surgery is None
        else reaction.collapse * (1 - exp(-since_surgery / COLLAPSE_DAYS)),
        dexamethasone_mg_per_day=0.0,
        kps=patient.kps,
        clinical_change=ClinicalChange.STABLE,
        in_radiation_field=_is_in_field(disease, cause, irradiated=end is not None),
        rano=NOT_APPLICABLE,
    )


def _edema(patient: Patient, since_surgery: int | None, extra_ml: float) -> float:
    """Give the volume of the edema against visit 0."""
    if since_surgery is None:
        return 1.0
    stays = EDEMA_STAYS[patient.resection]
    left = stays + (SWOLLEN - stays) * exp(-since_surgery / EDEMA_DAYS)
    # a tumor with hardly any edema at first gains no multiple of it
    return min(left + extra_ml / max(patient.tumor.edema_ml, 5.0), LARGEST_EDEMA)


def _is_in_field(disease: Disease, cause: Progression, *, irradiated: bool) -> bool:
    if cause is Progression.NONE or not irradiated:
        return False
    return disease.pseudo_in_field if cause is Progression.PSEUDO else disease.in_field


def _draw_state(
    shown: Visit,
    patient: Patient,
    reaction: _Reaction,
    *,
    earlier: Sequence[Visit],
    rng: np.random.Generator,
) -> Visit:
    """Draw dose, clinical change and KPS of a visit after those before it."""
    load_ml = patient.tumor.edema_ml * shown.edema + shown.new_ml
    needed = DOSE_PER_ML * load_ml * reaction.sensitivity * exp(rng.normal(0, 0.15))
    if shown.number == 1:
        needed = max(needed, 4.0)  # around an operation everybody has some
    dose = float(DOSES_MG[np.abs(DOSES_MG - needed).argmin()])
    chance, size = rng.random(2)
    if not earlier:
        return replace(shown, dexamethasone_mg_per_day=dose)
    worse, better = _chances(shown, reaction.felt)
    step, change = 0, ClinicalChange.STABLE
    if chance < worse:
        step, change = (-20 if size < 0.3 else -10), ClinicalChange.WORSE
    elif chance > 1 - better and earlier[-1].kps < 100:
        step, change = 10, ClinicalChange.BETTER
    return replace(
        shown,
        dexamethasone_mg_per_day=dose,
        kps=max(20, earlier[-1].kps + step),
        clinical_change=change,
    )


def _chances(shown: Visit, felt: float) -> tuple[float, float]:
    """Chance to be worse and to be better than at the visit before."""
    as_true = WITH_LARGE_TRUE if shown.new_ml >= LARGE_NEW_ML else WITH_SMALL_TRUE
    if shown.cause is Progression.TRUE:
        return as_true
    if shown.cause is Progression.PSEUDO:
        worse, better = (t + felt * (p - t) for t, p in zip(as_true, WITH_PSEUDO, strict=True))
        return worse, better
    return {1: AFTER_THE_KNIFE, 2: ON_RECOVERY}.get(shown.number, AT_REST)


def _is_first(earlier: Sequence[Visit]) -> bool:
    """Whether no visit since the baseline has shown measurable new enhancement."""
    return bool(earlier) and all(visit.new_ml < MEASURABLE_ML for visit in earlier)


def _with_categories(seen: Sequence[Visit]) -> tuple[Visit, ...]:
    since = seen[BASELINE_VISIT:]
    assessed = [
        Assessment(
            volume_ml=visit.residual_ml + visit.new_ml,
            dexamethasone_mg_per_day=visit.dexamethasone_mg_per_day,
            declined=visit.clinical_change is ClinicalChange.WORSE and visit.new_ml > 0,
            new_lesion=visit.new_ml >= MEASURABLE_ML and _is_first(since[:number]),
        )
        for number, visit in enumerate(since)
    ]
    after = [
        replace(v, rano=c) for v, c in zip(seen[BASELINE_VISIT:], categories(assessed), strict=True)
    ]
    return (*seen[:BASELINE_VISIT], *after)
