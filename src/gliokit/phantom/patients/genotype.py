"""Genotype and grade of adult diffuse glioma, drawn together as WHO 2021 allows.

Three entities: glioblastoma (IDH-wildtype, intact, always grade 4), astrocytoma (IDH-mutant,
intact, grade 2 to 4) and oligodendroglioma (IDH-mutant, codeleted, grade 2 or 3). Rarer ones
(H3-altered, pediatric-type, not elsewhere classified) are not drawn.

What an image shows need not be what the patient has: each field is the patient's own or a
stranger's, by its dial, so what is shown may be a combination that no patient has. A dial
cuts the direct link alone: with the other dials up, grade still speaks of IDH.

Source: of the entities, Louis et al., Neuro Oncol 2021;23:1231-51, doi:10.1093/neuonc/noab106;
of MGMT in glioblastoma, Hegi et al., N Engl J Med 2005;352:997-1003, doi:10.1056/NEJMoa043331.
"""

from dataclasses import dataclass, fields

import numpy as np

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus
from gliokit.phantom.dials import Dials


@dataclass(frozen=True, slots=True)
class Genotype:
    """Molecular status and grade of one tumor.

    Attributes
    ----------
    grade : int
        WHO grade, 2 to 4.
    """

    idh: IDHStatus
    codel_1p19q: Codeletion
    mgmt: MGMTStatus
    grade: int


@dataclass(frozen=True, slots=True)
class Prevalence:
    """How common each status is among adults with diffuse glioma; shares, 0-1.

    Attributes
    ----------
    idh_mutant : float
        Of all; assumed, near hospital cohorts of all grades.
    codeleted : float
        Of the IDH-mutant; assumed.
    astrocytoma_grade_2, astrocytoma_grade_3 : float
        Of the IDH-mutant and intact; the rest is grade 4. Assumed.
    oligodendroglioma_grade_2 : float
        Of the codeleted; the rest is grade 3. Assumed.
    methylated_glioblastoma : float
        MGMT methylated; Hegi 2005.
    methylated_astrocytoma, methylated_oligodendroglioma : float
        MGMT methylated, IDH-mutant: "mostly"; the numbers are assumed.
    """

    idh_mutant: float = 0.35
    codeleted: float = 0.40
    astrocytoma_grade_2: float = 0.34
    astrocytoma_grade_3: float = 0.33
    oligodendroglioma_grade_2: float = 0.60
    methylated_glioblastoma: float = 0.45
    methylated_astrocytoma: float = 0.75
    methylated_oligodendroglioma: float = 0.90

    def __post_init__(self) -> None:
        for share in fields(self):
            value = getattr(self, share.name)
            if not 0 <= value <= 1:
                raise SimulationError(f"prevalence {share.name}: found {value:g}; needed 0 to 1")
        if (both := self.astrocytoma_grade_2 + self.astrocytoma_grade_3) > 1:
            raise SimulationError(
                f"prevalence of astrocytoma grade 2 and 3: found {both:g} together; "
                "needed at most 1, lower one of them"
            )


def draw_genotype(rng: np.random.Generator, prevalence: Prevalence) -> Genotype:
    """Draw one patient's genotype and grade."""
    by_idh, by_codeletion, by_grade, by_mgmt = rng.random(4)
    if by_idh >= prevalence.idh_mutant:
        idh, codeletion, grade = IDHStatus.WILDTYPE, Codeletion.INTACT, 4
        methylated = prevalence.methylated_glioblastoma
    elif by_codeletion < prevalence.codeleted:
        idh, codeletion = IDHStatus.MUTANT, Codeletion.CODELETED
        grade = 2 if by_grade < prevalence.oligodendroglioma_grade_2 else 3
        methylated = prevalence.methylated_oligodendroglioma
    else:
        idh, codeletion = IDHStatus.MUTANT, Codeletion.INTACT
        low, high = prevalence.astrocytoma_grade_2, prevalence.astrocytoma_grade_3
        grade = 2 + int(by_grade >= low) + int(by_grade >= low + high)
        methylated = prevalence.methylated_astrocytoma
    mgmt = MGMTStatus.METHYLATED if by_mgmt < methylated else MGMTStatus.UNMETHYLATED
    return Genotype(idh, codeletion, mgmt, grade)


def draw_shown(
    own: Genotype, *, prevalence: Prevalence, dials: Dials, rng: np.random.Generator
) -> Genotype:
    """Draw what the image of a patient shows.

    With probability 1 - dial a field is that of one stranger, who is the same for all fields:
    with every dial at 0 the shown genotypes are those of another cohort of the same kind.

    Parameters
    ----------
    prevalence : Prevalence
        Of the population that the stranger comes from.
    """
    stranger = draw_genotype(rng, prevalence)
    idh, codeletion, mgmt, grade = rng.random(4)
    return Genotype(
        idh=(own if idh < dials.idh_image else stranger).idh,
        codel_1p19q=(own if codeletion < dials.codel_image else stranger).codel_1p19q,
        mgmt=(own if mgmt < dials.mgmt_image else stranger).mgmt,
        grade=(own if grade < dials.grade_image else stranger).grade,
    )
