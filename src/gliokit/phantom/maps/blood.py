"""Blood of each tissue: volume, transit time, delay and leakage of contrast agent.

Blood volume of tumor goes with its grade and vascularity; treatment effect has little, by its
dial. Flow follows from volume and transit time (central volume theorem).

Assumed: everything about tumor but the order of grades and the size of rCBV; delays; Ktrans;
the effective volume of large vessels.

Source: Leenders et al., Brain 1990;113:27-47 (CBV and CBF of gray and white matter); Law et al.,
AJNR 2003;24:1989-98 (highest rCBV: low grade 2.1, high grade 5.2); Barajas et al., Radiology
2009;253:486-96 (rCBV lower in radiation necrosis than in recurrence).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology, from_table

S_PER_MIN = 60.0
WHITE_CBV = 2.0
# agent in bulk blood relaxes less per mole than in capillaries: a voxel full of blood shows
# less than its 100 mL/100 g
VESSEL_CBV = 10.0
CBV = {
    Tissue.CORTEX: 4.5,
    Tissue.DEEP_GRAY: 4.0,
    Tissue.WHITE_MATTER: WHITE_CBV,
    Tissue.CEREBELLAR_CORTEX: 4.8,
    Tissue.CEREBELLAR_WHITE: 2.2,
    Tissue.BRAINSTEM: 2.4,
    Tissue.VESSEL: VESSEL_CBV,
    Tissue.SINUS: VESSEL_CBV,
    Tissue.CHOROID_PLEXUS: 7.0,
    Tissue.DURA: 3.0,
    Tissue.WHITE_MATTER_LESION: 1.4,
    Tissue.EDEMA: 1.5,
    Tissue.GLIOSIS: 1.4,
    Tissue.NECROSIS: 0.2,
}  # mL/100 g; of fluid, clot and chalk 0
MTT_S = {
    Tissue.CORTEX: 4.5,
    Tissue.DEEP_GRAY: 4.5,
    Tissue.WHITE_MATTER: 5.2,
    Tissue.CEREBELLAR_CORTEX: 4.5,
    Tissue.CEREBELLAR_WHITE: 5.2,
    Tissue.VESSEL: 1.0,
    Tissue.SINUS: 1.0,
}
TUMOR_MTT_S, OTHER_MTT_S = 5.0, 5.5
DELAY_S = {
    Tissue.CORTEX: 0.8,
    Tissue.DEEP_GRAY: 0.6,
    Tissue.WHITE_MATTER: 1.2,
    Tissue.VESSEL: 3.0,  # most are veins; arteries are added by `perfusion`
    Tissue.SINUS: 5.0,
}
OTHER_DELAY_S = 1.2
ENHANCING_RCBV = {2: 1.5, 3: 2.6, 4: 3.8}  # mean against white matter, by grade
NON_ENHANCING_SHARE = 0.5  # of the blood volume of enhancing tumor
TREATED_RCBV = 1.3
TUMOR_KTRANS, OTHER_KTRANS = 0.05, 0.05  # 1/min
DISEASED = (
    Tissue.NECROSIS,
    Tissue.NON_ENHANCING_TUMOR,
    Tissue.ENHANCING_TUMOR,
    Tissue.TREATMENT_EFFECT,
)


@dataclass(frozen=True, slots=True)
class TissueBlood:
    """Blood per `Tissue`, each (n_tissues,).

    Attributes
    ----------
    cbv : (n_tissues,)
        Volume, mL/100 g.
    mtt_s, delay_s : (n_tissues,)
        Mean transit time, and delay of the bolus against the arteries.
    ktrans : (n_tissues,)
        Leakage, 1/min.
    """

    cbv: NDArray[np.float32] = field(repr=False)
    mtt_s: NDArray[np.float32] = field(repr=False)
    delay_s: NDArray[np.float32] = field(repr=False)
    ktrans: NDArray[np.float32] = field(repr=False)

    @property
    def cbf(self) -> NDArray[np.float32]:
        """Flow, (n_tissues,) in mL/100 g/min."""
        return self.cbv / self.mtt_s * np.float32(S_PER_MIN)


def tissue_blood(biology: TumorBiology, *, ktrans: float = 1.0, mtt: float = 1.0) -> TissueBlood:
    """Give the blood of each tissue of one patient.

    Parameters
    ----------
    ktrans, mtt : float
        Factors on the leakage and the transit time of tumor and treatment effect.
    """
    enhancing = WHITE_CBV * ENHANCING_RCBV[biology.grade] * biology.vascularity
    tumor = {
        Tissue.ENHANCING_TUMOR: enhancing,
        Tissue.NON_ENHANCING_TUMOR: enhancing * NON_ENHANCING_SHARE,
        Tissue.TREATMENT_EFFECT: biology.of_treatment(enhancing, WHITE_CBV * TREATED_RCBV),
    }
    leaking = {
        Tissue.ENHANCING_TUMOR: TUMOR_KTRANS * ktrans,
        Tissue.TREATMENT_EFFECT: TUMOR_KTRANS * ktrans,
        Tissue.CHOROID_PLEXUS: OTHER_KTRANS,
        Tissue.DURA: OTHER_KTRANS,
    }
    slow = dict.fromkeys(DISEASED, TUMOR_MTT_S * mtt)
    return TissueBlood(
        from_table(CBV | tumor),
        from_table(MTT_S | slow, OTHER_MTT_S),
        from_table(DELAY_S, OTHER_DELAY_S),
        from_table(leaking),
    )
