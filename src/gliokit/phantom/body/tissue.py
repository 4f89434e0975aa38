"""Tissues of the simulated head, and what they look like to a scanner.

Relaxation times are typical of 3 T. Healthy tissue: Wansapura et al., J Magn Reson Imaging
1999;9:531-8; Stanisz et al., Magn Reson Med 2005;54:507-12. Tumor tissues: assumed, in the
order that FLAIR, T2 and T1 of untreated glioma show; `gliokit.phantom.scan.signal` draws around
all of them.
"""

from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import Label


class Tissue(IntEnum):
    """What a voxel is made of."""

    BACKGROUND = 0
    CSF = 1
    VENTRICLE = 2
    CORTEX = 3
    WHITE_MATTER = 4
    DEEP_GRAY = 5
    CEREBELLAR_CORTEX = 6
    CEREBELLAR_WHITE = 7
    BRAINSTEM = 8
    VESSEL = 9
    CHOROID_PLEXUS = 10
    DURA = 11
    WHITE_MATTER_LESION = 12
    NECROSIS = 13
    NON_ENHANCING_TUMOR = 14
    ENHANCING_TUMOR = 15
    EDEMA = 16
    CYST = 17
    HEMORRHAGE = 18
    CAVITY_FLUID = 19
    CAVITY_BLOOD = 20
    TREATMENT_EFFECT = 21
    GLIOSIS = 22
    CALCIFICATION = 23
    BONE = 24
    MARROW = 25
    FAT = 26
    MUSCLE = 27
    SKIN = 28
    MUCOSA = 29
    EYE = 30
    OPTIC_NERVE = 31
    SINUS = 32


FIRST_OUTSIDE = Tissue.BONE  # this and higher numbers lie outside the dura


class Relaxation(NamedTuple):
    """How a tissue relaxes, how much it takes up and how uneven it is.

    Attributes
    ----------
    t1_ms, t2_ms : float
        Relaxation times before contrast agent.
    density : float
        Proton density against free water.
    uptake_mmol_l : float
        Concentration of contrast agent in mmol/L at imaging.
    spread : float
        Standard deviation of the signal inside the tissue, as a fraction of it.
    """

    t1_ms: float
    t2_ms: float
    density: float
    uptake_mmol_l: float = 0.0
    spread: float = 0.03


RELAXATION: MappingProxyType[Tissue, Relaxation] = MappingProxyType(
    {
        Tissue.BACKGROUND: Relaxation(1000, 1, 0.0, spread=0.0),
        Tissue.CSF: Relaxation(4300, 500, 1.0, spread=0.06),
        Tissue.VENTRICLE: Relaxation(4300, 600, 1.0, spread=0.03),
        Tissue.CORTEX: Relaxation(1400, 88, 0.82, 0.01, 0.035),
        Tissue.WHITE_MATTER: Relaxation(870, 72, 0.70, 0.005, 0.02),
        Tissue.DEEP_GRAY: Relaxation(1180, 76, 0.78, 0.01, 0.035),
        Tissue.CEREBELLAR_CORTEX: Relaxation(1380, 92, 0.82, 0.015, 0.08),
        Tissue.CEREBELLAR_WHITE: Relaxation(930, 76, 0.72, 0.005, 0.06),
        Tissue.BRAINSTEM: Relaxation(1000, 78, 0.74, 0.005, 0.06),
        Tissue.VESSEL: Relaxation(1650, 45, 0.60, 0.8, 0.10),
        Tissue.CHOROID_PLEXUS: Relaxation(1800, 160, 0.90, 0.40, 0.10),
        Tissue.DURA: Relaxation(1000, 45, 0.50, 0.30, 0.12),
        Tissue.WHITE_MATTER_LESION: Relaxation(1250, 125, 0.80, 0.0, 0.06),
        Tissue.NECROSIS: Relaxation(2050, 300, 0.95, 0.004, 0.07),
        Tissue.NON_ENHANCING_TUMOR: Relaxation(1900, 180, 0.88, 0.006, 0.05),
        Tissue.ENHANCING_TUMOR: Relaxation(1520, 155, 0.86, 0.16, 0.07),
        Tissue.EDEMA: Relaxation(1330, 137, 0.82, 0.005, 0.045),
        Tissue.CYST: Relaxation(3000, 600, 1.0, 0.005, 0.05),
        Tissue.HEMORRHAGE: Relaxation(560, 80, 0.85, 0.0, 0.20),
        Tissue.CAVITY_FLUID: Relaxation(3400, 500, 1.0, 0.0, 0.05),
        Tissue.CAVITY_BLOOD: Relaxation(560, 80, 0.85, 0.0, 0.20),
        Tissue.TREATMENT_EFFECT: Relaxation(1450, 140, 0.85, 0.16, 0.10),
        Tissue.GLIOSIS: Relaxation(1220, 120, 0.80, 0.0, 0.08),
        Tissue.CALCIFICATION: Relaxation(1100, 35, 0.45, 0.0, 0.15),
        Tissue.BONE: Relaxation(1000, 2, 0.10, 0.0, 0.10),
        Tissue.MARROW: Relaxation(586, 49, 0.60, 0.02, 0.15),
        Tissue.FAT: Relaxation(380, 70, 0.90, 0.0, 0.10),
        Tissue.MUSCLE: Relaxation(1410, 45, 0.75, 0.05, 0.08),
        Tissue.SKIN: Relaxation(1100, 35, 0.65, 0.08, 0.10),
        Tissue.MUCOSA: Relaxation(1500, 95, 0.85, 0.45, 0.12),
        Tissue.EYE: Relaxation(4000, 500, 1.0, 0.0, 0.03),
        Tissue.SINUS: Relaxation(1650, 45, 0.60, 0.8, 0.10),
        Tissue.OPTIC_NERVE: Relaxation(1080, 78, 0.75, 0.0, 0.05),
    }
)

_LABELS = {
    Tissue.NECROSIS: Label.NECROTIC_CORE,
    Tissue.NON_ENHANCING_TUMOR: Label.NECROTIC_CORE,
    Tissue.CYST: Label.NECROTIC_CORE,
    Tissue.HEMORRHAGE: Label.NECROTIC_CORE,
    Tissue.CALCIFICATION: Label.NECROTIC_CORE,
    Tissue.ENHANCING_TUMOR: Label.ENHANCING,
    Tissue.EDEMA: Label.EDEMA,
    Tissue.CAVITY_FLUID: Label.CAVITY,
    Tissue.CAVITY_BLOOD: Label.CAVITY,
    Tissue.TREATMENT_EFFECT: Label.ENHANCING,
    Tissue.GLIOSIS: Label.EDEMA,
}


def labels_of(tissues: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the true label of each voxel from tissues of any shape."""
    table = np.zeros(len(Tissue), dtype=np.uint8)
    for tissue, label in _LABELS.items():
        table[tissue] = label
    return table[tissues]
