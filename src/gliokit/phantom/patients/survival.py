"""Overall survival by a stated hazard: Weibull, proportional, with independent censoring.

Time counts in days from the diagnostic scan. Nobody dies or is lost in the first
`TREATED_DAYS`: whoever is in a cohort has had the treatment that its table names, so that no
treatment seems to help because the dead could not have it. After that

    S(t) = exp(-((t - TREATED_DAYS) / SCALE_DAYS) ** SHAPE * exp(log hazard))

where the log hazard is the sum of log hazard ratios times covariates; the reference patient
(log hazard 0) is 60 years old and has an unmethylated glioblastoma of 25 mL, wholly resected and
irradiated without temozolomide. Dials scale the log hazard: at 0 everybody fares like that
patient.

Four numbers are solved for by `calibration`: the scale, and the ratios of IDH, of MGMT
methylation and of temozolomide where MGMT is methylated. Change another one, or the chances of
treatment in `patient`, and they must be solved for anew.

Source: of the medians that this meets, see `calibration`.
"""

from dataclasses import dataclass
from math import exp, log, log2

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus, Resection
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import Genotype

MONTH_DAYS = 365.25 / 12
TREATED_DAYS = 110.0  # radiation ends by day 107
SCALE_DAYS = 518.0  # calibrated
SHAPE = 1.3  # assumed: with the spread of patients, about 27 % of treated live for two years
REFERENCE_AGE, REFERENCE_ML = 60.0, 25.0
# assumed: the study closes between 2 and 10 years after a diagnosis; 4 % a year are lost
FOLLOW_UP_DAYS = (730.0, 3652.0)
LOST_PER_DAY = 0.04 / 365.25


@dataclass(frozen=True, slots=True)
class HazardRatios:
    """Factor on the hazard per unit of each covariate; `covariates` gives the units.

    Attributes
    ----------
    idh_mutant : float
        Against wildtype, in grade 4; calibrated.
    codeleted, grade_2, grade_3 : float
        Against intact and against grade 4; assumed, for medians of 8 years and more.
    age_per_decade : float
        Assumed, near what series of glioblastoma find.
    volume_per_doubling : float
        Of the core; assumed.
    subtotal, partial, biopsy : float
        Against gross total resection; assumed, around 0.54 for any debulking against biopsy
        (490 patients of one center, PMC9265012).
    no_radiation : float
        Against radiation; assumed.
    methylated : float
        Without temozolomide; calibrated.
    temozolomide, temozolomide_methylated : float
        Where MGMT is unmethylated (assumed, for Hegi's medians) and methylated (calibrated).
    vascularity_per_doubling : float
        Assumed.
    """

    idh_mutant: float = 0.68
    codeleted: float = 0.55
    grade_2: float = 0.08
    grade_3: float = 0.18
    age_per_decade: float = 1.2
    volume_per_doubling: float = 1.08
    subtotal: float = 1.3
    partial: float = 1.6
    biopsy: float = 2.0
    no_radiation: float = 2.5
    methylated: float = 0.70
    temozolomide: float = 0.90
    temozolomide_methylated: float = 0.62
    vascularity_per_doubling: float = 1.6


@dataclass(frozen=True, slots=True)
class Prognosis:
    """What the hazard of one patient depends on.

    Attributes
    ----------
    age : float
        Years.
    core_ml : float
        Volume of the tumor's core before treatment.
    therapy : str
        "RT+TMZ", "RT", "TMZ" or "none".
    vascularity : float
        Factor on the tumor's blood volume; 1 is the median.
    """

    genotype: Genotype
    age: float
    core_ml: float
    resection: Resection
    therapy: str
    vascularity: float


@dataclass(frozen=True, slots=True)
class Survival:
    """Follow-up of one patient.

    Attributes
    ----------
    days : float
        From the diagnostic scan to death or last contact.
    event : bool
        Whether it ended in death.
    death_day : float
        True day of death, also where it is not seen.
    """

    days: float
    event: bool
    death_day: float


def covariates(prognosis: Prognosis) -> dict[str, float]:
    """Give the value that each of `HazardRatios` is raised to, by its name."""
    genotype, resection = prognosis.genotype, prognosis.resection
    methylated = genotype.mgmt is MGMTStatus.METHYLATED
    temozolomide = "TMZ" in prognosis.therapy
    return {
        "idh_mutant": float(genotype.idh is IDHStatus.MUTANT),
        "codeleted": float(genotype.codel_1p19q is Codeletion.CODELETED),
        "grade_2": float(genotype.grade == 2),
        "grade_3": float(genotype.grade == 3),
        "age_per_decade": (prognosis.age - REFERENCE_AGE) / 10,
        "volume_per_doubling": log2(prognosis.core_ml / REFERENCE_ML),
        "subtotal": float(resection is Resection.SUBTOTAL),
        "partial": float(resection is Resection.PARTIAL),
        "biopsy": float(resection is Resection.BIOPSY),
        "no_radiation": float("RT" not in prognosis.therapy),
        "methylated": float(methylated),
        "temozolomide": float(temozolomide and not methylated),
        "temozolomide_methylated": float(temozolomide and methylated),
        "vascularity_per_doubling": log2(prognosis.vascularity),
    }


def log_hazard(prognosis: Prognosis, *, ratios: HazardRatios, dials: Dials) -> float:
    """Give the log hazard of a patient against the reference patient.

    Everything goes with the dial `survival`, vascularity with `survival_image` besides.
    """
    values = covariates(prognosis)
    values["vascularity_per_doubling"] *= dials.survival_image
    return dials.survival * sum(
        value * log(getattr(ratios, name)) for name, value in values.items()
    )


def draw_survival(hazard: float, rng: np.random.Generator) -> Survival:
    """Draw death and censoring, which know nothing of each other.

    Parameters
    ----------
    hazard : float
        Log hazard against the reference patient.
    """
    death, lost = rng.exponential(size=2)
    death_day = TREATED_DAYS + SCALE_DAYS * (death * exp(-hazard)) ** (1 / SHAPE)
    last_day = min(rng.uniform(*FOLLOW_UP_DAYS), TREATED_DAYS + lost / LOST_PER_DAY)
    return Survival(float(min(death_day, last_day)), bool(death_day <= last_day), float(death_day))


def median_days(hazards: NDArray[np.float64], *, scale_days: float = SCALE_DAYS) -> float:
    """Give the expected median survival of a group, from its log hazards (n_patients,)."""
    low, high = 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        alive = np.exp(-((middle / scale_days) ** SHAPE) * np.exp(hazards)).mean()
        low, high = (middle, high) if alive > 0.5 else (low, middle)
    return TREATED_DAYS + low
