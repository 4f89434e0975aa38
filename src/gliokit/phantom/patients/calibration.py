"""The published medians of survival, and the constants at which simulated cohorts meet them.

`calibrate` looks at the expected medians of drawn patients, whose ages, volumes, resections
and treatments are what they are, and solves for one constant per median. The constants in
`survival` are its answer for 20,000 patients of the default population, rounded.

Source: of the medians, Yan et al., N Engl J Med 2009;360:765-73, doi:10.1056/NEJMoa0808710
(grade 4: IDH-mutant 31, wildtype 15 months); Hegi et al., N Engl J Med 2005;352:997-1003,
doi:10.1056/NEJMoa043331 (methylated glioblastoma: radiation with temozolomide 21.7, alone
15.3 months).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from gliokit.core.vocabulary import IDHStatus, MGMTStatus
from gliokit.phantom.patients.survival import (
    MONTH_DAYS,
    SCALE_DAYS,
    SHAPE,
    TREATED_DAYS,
    HazardRatios,
    Prognosis,
    covariates,
    median_days,
)

DAMPING = 0.7  # the medians pull on each other


@dataclass(frozen=True, slots=True)
class Target:
    """A published median and the group that it belongs to.

    Attributes
    ----------
    months : float
        Median overall survival.
    holds_for : callable
        Whether a patient belongs to the group.
    solved_by : str
        The ratio that is calibrated with it; "scale" for the scale.
    """

    months: float
    holds_for: Callable[[Prognosis], bool]
    solved_by: str


def _is_glioblastoma(prognosis: Prognosis) -> bool:
    return prognosis.genotype.idh is IDHStatus.WILDTYPE


def _is_mutant_grade_4(prognosis: Prognosis) -> bool:
    return prognosis.genotype.idh is IDHStatus.MUTANT and prognosis.genotype.grade == 4


def _is_methylated(therapy: str) -> Callable[[Prognosis], bool]:
    return lambda p: (
        _is_glioblastoma(p) and p.genotype.mgmt is MGMTStatus.METHYLATED and p.therapy == therapy
    )


TARGETS = {
    "grade 4, IDH-wildtype": Target(15.0, _is_glioblastoma, "scale"),
    "grade 4, IDH-mutant": Target(31.0, _is_mutant_grade_4, "idh_mutant"),
    "methylated glioblastoma, RT": Target(15.3, _is_methylated("RT"), "methylated"),
    "methylated glioblastoma, RT+TMZ": Target(
        21.7, _is_methylated("RT+TMZ"), "temozolomide_methylated"
    ),
}


def calibrate(
    patients: Sequence[Prognosis], ratios: HazardRatios, *, rounds: int = 60
) -> tuple[float, HazardRatios]:
    """Solve for the scale in days and the ratios at which every target's median is met.

    Each round moves each unknown by what its own target is off by; no random number enters.
    """
    names = [ratio.name for ratio in fields(HazardRatios)]
    design = np.array([[covariates(p)[name] for name in names] for p in patients])
    groups = {key: [t.holds_for(p) for p in patients] for key, t in TARGETS.items()}
    scale_days = SCALE_DAYS
    for _ in range(rounds):
        hazards = design @ np.log([getattr(ratios, name) for name in names])
        for key, target in TARGETS.items():
            found = median_days(hazards[groups[key]], scale_days=scale_days)
            step = (target.months * MONTH_DAYS - TREATED_DAYS) / (found - TREATED_DAYS)
            if target.solved_by == "scale":
                scale_days *= step**DAMPING
            else:
                moved = getattr(ratios, target.solved_by) * step ** (-DAMPING * SHAPE)
                ratios = replace(ratios, **{target.solved_by: moved})
    return scale_days, ratios
