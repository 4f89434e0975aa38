"""One simulated patient without images: genotype, tumor, treatment and survival.

A patient depends on the seed of the cohort and the patient's number alone, so any number of
processes, in any order, draws the same. Genotype and grade are the truth; `shown` is what
the images show. Treatment follows grade and age by its dial (not MGMT status, so that its
groups can be compared); KPS and resection follow age and volume at every setting.

Every chance of resection and treatment, KPS and the spread of ages is assumed.

Source: of the median ages, Ostrom et al., Neuro Oncol 2022;24:v1-95,
doi:10.1093/neuonc/noac202 (glioblastoma); those of the IDH-mutant entities are assumed; of
dose and days, Stupp et al., N Engl J Med 2005;352:987-96, doi:10.1056/NEJMoa043330.
"""

from dataclasses import dataclass
from math import inf, log

import numpy as np
from scipy.special import ndtr, ndtri

from gliokit.core.vocabulary import Codeletion, IDHStatus, Resection
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.genotype import Genotype, draw_genotype, draw_shown
from gliokit.phantom.patients.population import Population, draw_site
from gliokit.phantom.patients.survival import HazardRatios, Prognosis, draw_survival, log_hazard
from gliokit.phantom.tumor.parameters import TumorParameters, draw_tumor

# mean and standard deviation of age in years, before it is cut to ADULT
GLIOBLASTOMA_AGE, ASTROCYTOMA_AGE, OLIGODENDROGLIOMA_AGE = (64.0, 12.0), (38.0, 11.0), (43.0, 12.0)
ADULT = (18.0, 90.0)
MALE = 0.58
ELDERLY = 70.0  # from this age treatment is gentler
RESECTIONS = tuple(Resection)  # GTR, STR, PR, biopsy
RESECTION_CHANCES = (0.42, 0.24, 0.14, 0.20)  # at age 60 and a core of 25 mL
# how the log chance of each moves per decade of age, and per doubling of volume
RESECTION_BY_AGE, RESECTION_BY_VOLUME = (-0.10, 0.0, 0.0, 0.15), (-0.20, 0.10, 0.15, 0.0)
THERAPIES = ("RT+TMZ", "RT", "TMZ", "none")
THERAPY_CHANCES: dict[tuple[int, bool], tuple[float, float, float, float]] = {
    # by grade and whether elderly
    (4, False): (0.80, 0.16, 0.00, 0.04),
    (4, True): (0.50, 0.28, 0.10, 0.12),
    (3, False): (0.72, 0.18, 0.06, 0.04),
    (3, True): (0.45, 0.30, 0.13, 0.12),
    (2, False): (0.32, 0.12, 0.14, 0.42),
    (2, True): (0.20, 0.15, 0.15, 0.50),
}
SURGERY_DAYS, TO_RADIATION_DAYS, RADIATION_DAYS = (3, 21), (21, 42), (39, 44)  # both ends included
DOSE_GY = {4: 60.0, 3: 60.0, 2: 54.0}
LOG_VASCULARITY_SD = 0.35


@dataclass(frozen=True, slots=True)
class Patient:
    """The truth about one patient; days count from the diagnostic scan.

    Attributes
    ----------
    patient_id : str
        "SIM-00000".
    site : int
        Number of the site, from 0.
    age : float
        Years, at diagnosis.
    sex : str
        "F" or "M".
    kps : int
        Karnofsky performance status at diagnosis.
    genotype, shown : Genotype
        The truth, and what the images show.
    tumor : TumorParameters
        Before treatment.
    vascularity : float
        Factor on the blood volume of the tumor; 1 is the median.
    therapy : str
        "RT+TMZ", "RT", "TMZ" or "none".
    surgery_day : int
        Of resection or biopsy.
    rt_start_day, rt_end_day : int or None
        None without radiation.
    rt_dose_gy : float
        Gy; 0 without radiation.
    os_days, os_event : float, bool
        To death (True) or last contact.
    seed : int
        Of everything else that is random about this patient.
    death_day : float
        True day of death, also where it is not seen; infinite where nothing is known of it.
    """

    patient_id: str
    site: int
    age: float
    sex: str
    kps: int
    genotype: Genotype
    shown: Genotype
    tumor: TumorParameters
    vascularity: float
    resection: Resection
    therapy: str
    surgery_day: int
    rt_start_day: int | None
    rt_end_day: int | None
    rt_dose_gy: float
    os_days: float
    os_event: bool
    seed: int
    death_day: float = inf

    @property
    def prognosis(self) -> Prognosis:
        """What the hazard of this patient depends on."""
        return Prognosis(
            genotype=self.genotype,
            age=self.age,
            core_ml=self.tumor.core_ml,
            resection=self.resection,
            therapy=self.therapy,
            vascularity=self.vascularity,
        )


@dataclass(frozen=True, slots=True)
class _Treatment:
    resection: Resection
    therapy: str
    surgery_day: int
    rt_start_day: int | None
    rt_end_day: int | None
    rt_dose_gy: float


def draw_patient(seed: int, number: int, *, population: Population, dials: Dials) -> Patient:
    """Draw one patient of a cohort.

    Parameters
    ----------
    seed : int
        Of the cohort, 0 or more.
    number : int
        Of the patient in the cohort, from 0.
    """
    # a stream per part, so that one part's draws do not shift the next one's
    who, what, how, until = (np.random.default_rng([seed, number, part]) for part in range(4))
    site = draw_site(who, population)
    genotype = draw_genotype(who, site.prevalence)
    # a stranger of any site: else sites that see one status would tell it at dial 0
    shown = draw_shown(genotype, prevalence=population.prevalence, dials=dials, rng=who)
    age = _draw_age(genotype, population, dials, who)
    tumor = draw_tumor(what, shown)
    kps = _draw_kps(age, tumor.core_ml, how)
    treated_as = _draw_treated_as(genotype, age, population, dials=dials, rng=how)
    treatment = _draw_treatment(treated_as, age, tumor.core_ml, how)
    vascularity = float(np.exp(LOG_VASCULARITY_SD * until.standard_normal()))
    prognosis = Prognosis(
        genotype, age, tumor.core_ml, treatment.resection, treatment.therapy, vascularity
    )
    survival = draw_survival(log_hazard(prognosis, ratios=HazardRatios(), dials=dials), until)
    return Patient(
        patient_id=patient_name(number),
        site=site.number,
        age=age,
        sex="M" if who.random() < MALE else "F",
        kps=kps,
        genotype=genotype,
        shown=shown,
        tumor=tumor,
        vascularity=vascularity,
        resection=treatment.resection,
        therapy=treatment.therapy,
        surgery_day=treatment.surgery_day,
        rt_start_day=treatment.rt_start_day,
        rt_end_day=treatment.rt_end_day,
        rt_dose_gy=treatment.rt_dose_gy,
        os_days=survival.days,
        os_event=survival.event,
        seed=int(how.integers(2**31)),
        death_day=survival.death_day,
    )


def patient_name(number: int) -> str:
    """Name a patient of a cohort."""
    return f"SIM-{number:05d}"


def _draw_age(
    genotype: Genotype, population: Population, dials: Dials, rng: np.random.Generator
) -> float:
    """Draw the age that goes with a genotype: the patient's, or a stranger's of any site."""
    stranger = draw_genotype(rng, population.prevalence)
    aged = genotype if rng.random() < dials.age_genotype else stranger
    mean, spread = GLIOBLASTOMA_AGE
    if aged.idh is IDHStatus.MUTANT:
        codeleted = aged.codel_1p19q is Codeletion.CODELETED
        mean, spread = OLIGODENDROGLIOMA_AGE if codeleted else ASTROCYTOMA_AGE
    low, high = ndtr((np.array(ADULT) - mean) / spread)
    return round(float(mean + spread * ndtri(rng.uniform(low, high))), 1)


def _draw_kps(age: float, core_ml: float, rng: np.random.Generator) -> int:
    """Old patients and large tumors fare worse; assumed."""
    mean = 84 - 3.0 * (age - 60) / 10 - 3.0 * log(core_ml / 25)
    return int(np.clip(10 * round(rng.normal(mean, 10) / 10), 40, 100))


def _draw_treated_as(
    genotype: Genotype,
    age: float,
    population: Population,
    *,
    dials: Dials,
    rng: np.random.Generator,
) -> tuple[int, bool]:
    """Draw grade and whether elderly that treatment goes by: the patient's, or a stranger's."""
    stranger = draw_genotype(rng, population.prevalence)
    stranger_age = _draw_age(stranger, population, dials, rng)
    if rng.random() < dials.treatment:
        return genotype.grade, age >= ELDERLY
    return stranger.grade, stranger_age >= ELDERLY


def _draw_treatment(
    treated_as: tuple[int, bool], age: float, core_ml: float, rng: np.random.Generator
) -> _Treatment:
    tilt = np.array(RESECTION_BY_AGE) * (age - 60) / 10
    tilt += np.array(RESECTION_BY_VOLUME) * np.log2(core_ml / 25)
    resection = RESECTIONS[_pick(np.array(RESECTION_CHANCES) * np.exp(tilt), rng)]
    therapy = THERAPIES[_pick(np.array(THERAPY_CHANCES[treated_as]), rng)]
    surgery, wait, length = (
        int(rng.integers(low, high, endpoint=True))
        for low, high in (SURGERY_DAYS, TO_RADIATION_DAYS, RADIATION_DAYS)
    )
    if "RT" not in therapy:
        return _Treatment(resection, therapy, surgery, None, None, 0.0)
    start = surgery + wait
    return _Treatment(resection, therapy, surgery, start, start + length, DOSE_GY[treated_as[0]])


def _pick(weights: np.ndarray, rng: np.random.Generator) -> int:
    """Draw one of several by weight; quicker than `Generator.choice`."""
    return int(np.searchsorted(np.cumsum(weights), rng.random() * weights.sum(), side="right"))
