"""How strong each link between the facts of a patient is, from 0 (none) to 1 (as stated).

A link of the image works through a stranger: with probability `1 - dial` the image shows the
status of somebody drawn from the same population, so the images of a cohort look alike, as
a whole, at every setting. A link of survival multiplies the log hazard ratio.
"""

from dataclasses import dataclass, fields
from typing import Self

from gliokit.core.errors import SimulationError


@dataclass(frozen=True, slots=True)
class Dials:
    """Strength of each link, 0 to 1; the default is the world that the review describes.

    Attributes
    ----------
    idh_image : float
        IDH status and the enhancement and margins of the tumor.
    codel_image : float
        1p/19q codeletion and the frontal lobe and uneven T2.
    mgmt_image : float
        MGMT status and the texture of the tumor's border; none by default, as later cohorts
        found.
    grade_image : float
        Grade and cell density and blood volume.
    age_genotype : float
        Age and genotype.
    treatment : float
        Grade and age, and the treatment that is chosen.
    survival : float
        Survival and genotype, grade, age, volume, resection and treatment; and the day of
        true progression.
    survival_image : float
        Survival and the blood volume of the tumor.
    treatment_effect : float
        Pseudoprogression and high ADC with low blood volume, its look, its place in the
        field and how it is felt.
    cellularity : float
        Cell density and the signal of structural images and ADC.
    signature : float
        A texture of the patient's own, in every image: it identifies the patient and means
        nothing.
    site_prevalence : float
        Site and IDH status, mildly: at 1 the prevalences of sites spread over a fifth to a
        half.
    site_label : float
        Site and IDH status, to confound: at 1 each site sees one status only.
    """

    idh_image: float = 1.0
    codel_image: float = 1.0
    mgmt_image: float = 0.0
    grade_image: float = 1.0
    age_genotype: float = 1.0
    treatment: float = 1.0
    survival: float = 1.0
    survival_image: float = 1.0
    treatment_effect: float = 1.0
    cellularity: float = 1.0
    signature: float = 0.5
    site_prevalence: float = 0.5
    site_label: float = 0.0

    def __post_init__(self) -> None:
        for dial in fields(self):
            value = getattr(self, dial.name)
            if not 0 <= value <= 1:
                raise SimulationError(f"dial {dial.name}: found {value:g}; needed 0 to 1")

    @classmethod
    def null(cls) -> Self:
        """Set every dial to 0: nothing is linked with anything."""
        return cls(**{dial.name: 0.0 for dial in fields(cls)})
