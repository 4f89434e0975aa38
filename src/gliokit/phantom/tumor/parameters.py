"""What one tumor is like, drawn for the genotype that its images show.

IDH-wildtype tumors have a thick irregular, or a thin and poorly margined rim; IDH-mutant
ones enhance little and end sharply; codeleted ones lie in the frontal lobe and are uneven on
T2 (cysts, calcification); MGMT status at most changes the texture of the border.

Assumed: sizes and shares, set so that volumes span those of pre-operative glioma.

Source: of the links, P. Chang et al., AJNR 2018;39:1201-7, doi:10.3174/ajnr.A5667 (IDH);
Megyesi et al., Clin Cancer Res 2004;10:4303-6 (1p/19q); of proliferation and invasion,
Harpold et al., J Neuropathol Exp Neurol 2007;66:1-9, doi:10.1097/nen.0b013e31802d9000.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus
from gliokit.phantom.patients.genotype import Genotype

LARGEST_CORE_ML, SMALLEST_CORE_ML, LARGEST_EDEMA_ML = 150.0, 0.4, 180.0
FRONTAL = {Codeletion.CODELETED: 0.70, Codeletion.INTACT: 0.25}  # share in the frontal lobe


class Kind(StrEnum):
    """How the core looks."""

    RING = "ring"
    SOLID = "solid"
    NON_ENHANCING = "non-enhancing"
    MIXED = "mixed"


# chance of ring, solid, non-enhancing, mixed by (IDH-mutant, grade 4); assumed, after the review
KINDS: dict[tuple[bool, bool], tuple[float, float, float, float]] = {
    (False, True): (0.76, 0.12, 0.03, 0.09),
    (False, False): (0.15, 0.20, 0.25, 0.40),
    (True, True): (0.35, 0.10, 0.20, 0.35),
    (True, False): (0.02, 0.03, 0.65, 0.30),
}
POPULATION = ((False, True), (True, True), (True, False))  # where no genotype is given
POPULATION_SHARES = (0.65, 0.07, 0.28)
MEDIAN_CORE_ML = {
    Kind.RING: 40.0,
    Kind.SOLID: 20.0,
    Kind.NON_ENHANCING: 52.0,
    Kind.MIXED: 50.0,
}


@dataclass(frozen=True, slots=True)
class TumorParameters:
    """One tumor.

    Attributes
    ----------
    kind : Kind
        Layout of the core.
    core_ml, edema_ml : float
        Target volumes before treatment.
    rim_mm : float
        Mean thickness of the enhancing rim in white matter.
    gaps : float
        Share of the rim that does not enhance, 0-1.
    cystic : bool
        Whether the inside is fluid rather than necrosis.
    hemorrhage : float
        Share of the inside that is blood, 0-1.
    roughness : float
        Standard deviation of the log diffusivity: irregularity of the outline.
    border_mm : float
        Correlation length of that irregularity.
    unevenness : float
        Share of a non-enhancing core that is small cysts and calcification, 0-1.
    mass_effect : float
        Share of the core's volume by which the brain is pushed away, 0-1.
    foci : int
        Seeds; the first takes most of the volume.
    frontal : bool
        Whether it starts in a frontal lobe; else elsewhere.
    diffusion_mm2_per_day, rate_per_day : float
        D in white matter and rho; the margin is sqrt(D / rho) wide.
    seed : int
        Of everything else that is random in growing and painting this tumor.
    """

    kind: Kind
    core_ml: float
    edema_ml: float
    rim_mm: float = 4.0
    gaps: float = 0.1
    cystic: bool = False
    hemorrhage: float = 0.0
    roughness: float = 0.4
    border_mm: float = 7.0
    unevenness: float = 0.0
    mass_effect: float = 0.3
    foci: int = 1
    frontal: bool = False
    diffusion_mm2_per_day: float = 0.13
    rate_per_day: float = 0.012
    seed: int = 0

    @property
    def margin_mm(self) -> float:
        """Width of the margin, sqrt(D / rho)."""
        return float(np.sqrt(self.diffusion_mm2_per_day / self.rate_per_day))

    @property
    def speed_mm_per_day(self) -> float:
        """Speed of the front in white matter, 2 sqrt(D rho)."""
        return float(2 * np.sqrt(self.diffusion_mm2_per_day * self.rate_per_day))


def draw_tumor(rng: np.random.Generator, shown: Genotype | None = None) -> TumorParameters:
    """Draw one tumor from the spread of pre-operative gliomas.

    Parameters
    ----------
    shown : Genotype, optional
        What the images show; drawn from a population of adults where it is not given.
    """
    kind, mutant = _draw_kind(rng, shown)
    core, edema = _draw_volumes(rng, kind)
    margin_mm = rng.uniform(1.0, 2.2) if mutant else rng.uniform(1.8, 4.5)
    speed_mm_per_day = float(np.exp(rng.normal(np.log(0.02 if mutant else 0.06), 0.4)))
    frontal = FRONTAL[shown.codel_1p19q] if shown else 0.25
    codeleted = shown is not None and shown.codel_1p19q is Codeletion.CODELETED
    methylated = shown is not None and shown.mgmt is MGMTStatus.METHYLATED
    return TumorParameters(
        kind=kind,
        core_ml=core,
        edema_ml=edema,
        rim_mm=_draw_rim_mm(rng),
        gaps=float(rng.beta(1.2, 6)),
        cystic=bool(rng.random() < 0.15),
        hemorrhage=float(rng.beta(1, 12)) if rng.random() < 0.25 else 0.0,
        roughness=float(rng.uniform(0.1, 0.35) if mutant else rng.uniform(0.2, 0.6)),
        border_mm=float(rng.uniform(3.0, 6.0) if methylated else rng.uniform(5.0, 10.0)),
        unevenness=float(rng.uniform(0.15, 0.45) if codeleted else rng.uniform(0.0, 0.12)),
        mass_effect=float(rng.uniform(0.2, 0.85)),
        foci=int(rng.choice([1, 2, 3], p=[0.80, 0.14, 0.06])),
        frontal=bool(rng.random() < frontal),
        diffusion_mm2_per_day=margin_mm * speed_mm_per_day / 2,
        rate_per_day=speed_mm_per_day / (2 * margin_mm),
        seed=int(rng.integers(2**31)),
    )


def _draw_kind(rng: np.random.Generator, shown: Genotype | None) -> tuple[Kind, bool]:
    entity = POPULATION[rng.choice(len(POPULATION), p=POPULATION_SHARES)]
    if shown:
        entity = (shown.idh is IDHStatus.MUTANT, shown.grade == 4)
    return list(Kind)[rng.choice(len(Kind), p=KINDS[entity])], entity[0]


def _draw_volumes(rng: np.random.Generator, kind: Kind) -> tuple[float, float]:
    """Core and edema in mL; edema goes with the core, and some tumors have none."""
    infiltrative = kind in (Kind.NON_ENHANCING, Kind.MIXED)
    core = np.exp(rng.normal(np.log(MEDIAN_CORE_ML[kind]), 0.85))
    edema = core**0.6 * np.exp(rng.normal(np.log(4.5 if infiltrative else 6.8), 0.6))
    if rng.random() < 0.05:
        edema = 0.0
    return (
        float(core.clip(SMALLEST_CORE_ML, LARGEST_CORE_ML)),
        float(np.clip(edema, 0, LARGEST_EDEMA_ML)),
    )


def _draw_rim_mm(rng: np.random.Generator) -> float:
    """Thick, or thin: the two ways in which wildtype tumors enhance."""
    median = 9.0 if rng.random() < 0.75 else 3.5
    return float(np.exp(rng.normal(np.log(median), 0.3)).clip(1.2, 18))
