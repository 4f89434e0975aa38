"""How a tumor goes on after surgery: what treatment clears, and what enhances anew.

Sooner or later true progression comes, at a share of the time from the end of radiation to
death: death follows it as far as the dial of survival goes. It grows exponentially; what is done
against it is not modeled, nor are true and pseudoprogression at the same time.

New enhancement that comes within `EARLY_DAYS` of radiation is pseudoprogression instead in
part of the patients, whichever genotype they have: it begins on the same days with the same
size and speed, then regresses, and true progression comes later. Of the irradiated patients
whose new enhancement is first seen within six months of radiation, it is 36 %. What comes
later is always true, so the share falls with longer follow-up, to about a quarter over eight
visits.

Assumed: every number without a source beside it.

Source: of the 36 %, Abbasi et al. 2018, a meta-analysis, as the review cites it; of the
doubling time, Stensjøen et al., Neuro Oncol 2015;17:1402-11, doi:10.1093/neuonc/nov029
(49.6 days, glioblastoma before treatment).
"""

from dataclasses import dataclass
from math import exp, inf, log, pi

import numpy as np

from gliokit.core.vocabulary import IDHStatus, Progression, Resection
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import Genotype
from gliokit.phantom.patients.patient import Patient
from gliokit.phantom.patients.survival import draw_survival
from gliokit.phantom.tumor.parameters import Kind, TumorParameters

EARLY_DAYS = 182.0  # after radiation, in which new enhancement may be pseudo
# chance that it is, where it has time to regress before death; fitted to the 36 %
PSEUDO_CHANCE = 0.56
PSEUDO_LASTS_DAYS = 100.0  # until true progression may begin
PSEUDO_RISES_DAYS = (30.0, 60.0)
PSEUDO_HALVING_DAYS = 25.0
TO_DEATH_DAYS = 30.0  # from true progression that comes after pseudo, at least
SHARE_OF_LIFE = (1.6, 2.6)  # beta distribution of when true progression comes
FIRST_SEEN_ML, FIRST_SEEN_LOG_SD = 2.0, 0.6  # median size on its first day
DOUBLING_LOG_SD = 0.35
DOUBLING_GLIOBLASTOMA_DAYS, DOUBLING_MUTANT_DAYS, DOUBLING_LOWER_GRADE_DAYS = 49.6, 80.0, 150.0
LARGEST_NEW_ML = 60.0
SMALLEST_NEW_ML = 0.05  # less is nothing
IN_FIELD = 0.85  # share of true progression inside the high-dose field
CLEARING_DAYS = 90.0  # time constant of the answer to treatment
# share of the first tumor that each resection leaves
LEFT: dict[Resection, tuple[float, float]] = {
    Resection.GROSS_TOTAL: (0.0, 0.0),
    Resection.SUBTOTAL: (0.02, 0.20),
    Resection.PARTIAL: (0.20, 0.70),
    Resection.BIOPSY: (1.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Disease:
    """The disease of one patient; days count from the diagnostic scan.

    Attributes
    ----------
    whole_ml, left_ml : float
        Enhancing tissue of the first tumor, or its core if nothing enhances: before surgery,
        and right after.
    surgery_day : int
        When `left_ml` takes the place of `whole_ml`.
    clears_from_day, cleared : float
        From when treatment works, and the share of `left_ml` that it clears in the end.
    progression_day : float
        When true progression begins; infinite if it never does.
    pseudo_day : float
        When pseudoprogression begins; infinite if it never does.
    pseudo_rises_days : float
        How long it grows before it regresses.
    first_ml : float
        Size of new enhancement on its first day.
    doubling_days : float
        Time in which new enhancement doubles while it grows.
    in_field, pseudo_in_field : bool
        Whether true progression, and pseudoprogression, lies in the high-dose field.
    """

    whole_ml: float
    left_ml: float
    surgery_day: int
    clears_from_day: float
    cleared: float
    progression_day: float
    pseudo_day: float
    pseudo_rises_days: float
    first_ml: float
    doubling_days: float
    in_field: bool
    pseudo_in_field: bool


def draw_disease(
    patient: Patient, *, whole_ml: float, dials: Dials, rng: np.random.Generator
) -> Disease:
    """Draw what happens to the tumor of a patient.

    Parameters
    ----------
    whole_ml : float
        Enhancing tissue before surgery, or the core where nothing enhances.
    """
    progression_day, pseudo_day = _draw_days(patient, dials, rng)
    treated = patient.therapy != "none"
    started = patient.rt_start_day if patient.rt_start_day is not None else patient.surgery_day + 28
    return Disease(
        whole_ml=whole_ml,
        left_ml=whole_ml * float(rng.uniform(*LEFT[patient.resection])),
        surgery_day=patient.surgery_day,
        clears_from_day=float(started),
        cleared=float(rng.beta(1.5, 2.5)) * treated,
        progression_day=progression_day,
        pseudo_day=pseudo_day,
        pseudo_rises_days=float(rng.uniform(*PSEUDO_RISES_DAYS)),
        first_ml=FIRST_SEEN_ML * exp(rng.normal(0, FIRST_SEEN_LOG_SD)),
        doubling_days=_doubling_days(patient.shown) * exp(rng.normal(0, DOUBLING_LOG_SD)),
        in_field=bool(rng.random() < IN_FIELD),
        # treatment effect lies in the field; without the link it lies as true progression does
        pseudo_in_field=bool(rng.random() < dials.treatment_effect or rng.random() < IN_FIELD),
    )


def residual_ml(disease: Disease, day: float) -> float:
    """Give what a day shows of the first tumor, mL; it never grows after surgery."""
    if day < disease.surgery_day:
        return disease.whole_ml
    worked = 1 - exp(-max(0.0, day - disease.clears_from_day) / CLEARING_DAYS)
    return disease.left_ml * (1 - disease.cleared * worked)


def new_enhancement(disease: Disease, day: float) -> tuple[float, Progression]:
    """Give the volume of what is new since surgery, mL, and what it is."""
    if day >= disease.progression_day:
        grown = _grown_ml(disease, day - disease.progression_day)
        return min(grown, LARGEST_NEW_ML), Progression.TRUE
    since = day - disease.pseudo_day
    if since < 0:
        return 0.0, Progression.NONE
    peak = min(_grown_ml(disease, min(since, disease.pseudo_rises_days)), LARGEST_NEW_ML)
    halvings = max(0.0, since - disease.pseudo_rises_days) / PSEUDO_HALVING_DAYS
    volume = peak * 0.5**halvings
    return (volume, Progression.PSEUDO) if volume >= SMALLEST_NEW_ML else (0.0, Progression.NONE)


def expected_whole_ml(tumor: TumorParameters) -> float:
    """Estimate the enhancing tissue of a tumor before it is grown, mL; of a round one.

    The core where nothing enhances.
    """
    radius_mm = (3000 * tumor.core_ml / (4 * pi)) ** (1 / 3)
    shell = 1 - max(0.0, 1 - tumor.rim_mm / radius_mm) ** 3
    septa = 0.05 * (1 - shell)
    share = {
        Kind.RING: (shell + septa) * (1 - tumor.gaps),
        Kind.SOLID: 1 - 0.5 * tumor.gaps,
        Kind.MIXED: float(np.clip(tumor.rim_mm / 16, 0.08, 0.5)),
        Kind.NON_ENHANCING: 1.0,
    }
    return tumor.core_ml * share[tumor.kind]


def _draw_days(patient: Patient, dials: Dials, rng: np.random.Generator) -> tuple[float, float]:
    """Draw the days on which true and pseudoprogression begin; infinite for never."""
    death = patient.os_days if patient.os_event else patient.death_day
    stranger = draw_survival(0.0, rng).death_day
    if rng.random() >= dials.survival:
        death = stranger
    irradiated = patient.rt_end_day is not None
    start = patient.rt_end_day if patient.rt_end_day is not None else patient.surgery_day
    share, chance, later = rng.beta(*SHARE_OF_LIFE), rng.random(), rng.beta(*SHARE_OF_LIFE)
    first = start + share * (death - start)
    spare = death - TO_DEATH_DAYS - (first + PSEUDO_LASTS_DAYS)
    early = irradiated and first - start <= EARLY_DAYS
    if early and spare > 0 and chance < PSEUDO_CHANCE:
        return float(first + PSEUDO_LASTS_DAYS + later * spare), float(first)
    return float(first), inf


def _doubling_days(shown: Genotype) -> float:
    """Median doubling time of what the images show."""
    if shown.idh is IDHStatus.WILDTYPE:
        return DOUBLING_GLIOBLASTOMA_DAYS
    return DOUBLING_MUTANT_DAYS if shown.grade == 4 else DOUBLING_LOWER_GRADE_DAYS


def _grown_ml(disease: Disease, days: float) -> float:
    # beyond the largest volume the number does not matter, but it must not overflow
    doublings = min(days / disease.doubling_days, log(1e6))
    return float(disease.first_ml * 2.0**doublings)
