"""What maps beyond structural MR need to know about a tumor, and how many cells a voxel holds.

The share of the carrying capacity that cells fill comes from growth; how many cells that is
goes with the grade. Tissue painted as tumor that growth had not reached (a recurrence) holds
as many as tumor does on average, and treatment effect few; the dial of treatment effect leads
from "as in tumor" to that.

Assumed: capacities, typical shares, and all slopes of signal against cell density; only their
signs are known. Correlation with cell counts at biopsy sites: 0.69 for enhancement, -0.61 for
FLAIR, -0.63 for ADC.

Source: P. D. Chang et al., AJNR 2017;38:890-8 (glioblastoma, 91 biopsies).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import Tissue

Number = TypeVar("Number", np.float32, np.float64)
CAPACITY = {2: 0.5, 3: 0.7, 4: 1.0}  # cells of a full voxel against grade 4, by grade
FRONT = 0.5  # density above which growth calls tissue tumor
TYPICAL, TYPICAL_OF_EDEMA = 0.6, 0.25  # mean densities of simulated tumors that hold cells
TREATED = 0.15  # of treatment effect: cells that are not tumor, or have survived
TUMOR = (Tissue.ENHANCING_TUMOR, Tissue.NON_ENHANCING_TUMOR)
LINKED = (*TUMOR, Tissue.TREATMENT_EFFECT, Tissue.EDEMA)  # their signal follows their cells
INFILTRATED = (
    Tissue.WHITE_MATTER,
    Tissue.WHITE_MATTER_LESION,
    Tissue.CORTEX,
    Tissue.DEEP_GRAY,
    Tissue.CEREBELLAR_CORTEX,
    Tissue.CEREBELLAR_WHITE,
    Tissue.BRAINSTEM,
    Tissue.EDEMA,
    Tissue.GLIOSIS,
)
# change of signal from empty to full, as a share of the signal
SIGNAL_SLOPE = {MRSequence.T1: 0.0, MRSequence.T1C: 0.35, MRSequence.T2: -0.2}
FLAIR_SLOPE = -0.3


@dataclass(frozen=True, slots=True)
class TumorBiology:
    """What the facts of one patient say about the maps.

    Attributes
    ----------
    grade : int
        WHO grade that the images show, 2 to 4.
    vascularity : float
        Factor on the blood volume of tumor, median 1.
    treatment_effect : float
        Dial, 0-1: at 0 treatment effect looks like tumor in every map.
    cellularity : float
        Dial, 0-1: at 0 no map depends on cell density.
    """

    grade: int = 4
    vascularity: float = 1.0
    treatment_effect: float = 1.0
    cellularity: float = 1.0

    def __post_init__(self) -> None:
        if self.grade not in CAPACITY:
            raise SimulationError(f"grade: found {self.grade}; needed 2, 3 or 4")
        if self.vascularity <= 0:
            raise SimulationError(f"vascularity: found {self.vascularity:g}; needed above 0")
        for name in ("treatment_effect", "cellularity"):
            if not 0 <= getattr(self, name) <= 1:
                raise SimulationError(f"dial {name}: found {getattr(self, name):g}; needed 0 to 1")

    def of_treatment(self, tumor: float, treated: float) -> float:
        """Give the value of treatment effect: that of tumor at dial 0, its own at 1."""
        return tumor + self.treatment_effect * (treated - tumor)

    def with_treatment(self, table: NDArray[Number]) -> NDArray[Number]:
        """Give a table by tissue, (n_tissues, ...), whose treatment effect is as far from tumor."""
        blended = table.copy()
        tumor, treated = table[Tissue.ENHANCING_TUMOR], table[Tissue.TREATMENT_EFFECT]
        blended[Tissue.TREATMENT_EFFECT] = tumor + self.treatment_effect * (treated - tumor)
        return blended


def cells(
    tissues: NDArray[np.uint8], density: NDArray[np.float32], *, biology: TumorBiology
) -> NDArray[np.float32]:
    """Count the cells of each voxel, as a share of what grade 4 tissue holds when full.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    density : (X, Y, Z)
        Share of the carrying capacity, 0-1; what it says of fluid, necrosis and vessels is
        ignored.

    Returns
    -------
    (X, Y, Z)
        0-1.

    Raises
    ------
    SimulationError
        If the shapes differ.
    """
    check_same_shape(tissues, density)
    held = np.where(_is(INFILTRATED)[tissues], np.minimum(density, FRONT), np.float32(0))
    tumor = _is(TUMOR)[tissues]
    held[tumor] = np.where(density[tumor] < FRONT, TYPICAL, density[tumor])
    held[tissues == Tissue.TREATMENT_EFFECT] = biology.of_treatment(TYPICAL, TREATED)
    return (held * np.float32(CAPACITY[biology.grade])).astype(np.float32)


def signal_of_cells(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    sequence: MRSequence,
    biology: TumorBiology,
) -> NDArray[np.float32]:
    """Give the factor by which cell density changes the signal of tumor and edema, (X, Y, Z).

    It is 1 everywhere at dial 0 and outside tumor and edema, and 1 at the typical density, so
    that the mean of a cohort hardly depends on the dial.
    """
    slope = biology.cellularity * SIGNAL_SLOPE.get(sequence, FLAIR_SLOPE)
    held = cells(tissues, density, biology=biology)
    linked = _is(LINKED)[tissues]
    usual = typical(biology)[tissues]
    return np.where(linked, 1 + slope * (held - usual), 1).astype(np.float32)


def typical(biology: TumorBiology) -> NDArray[np.float32]:
    """Give the cells at which each linked tissue has the value of its table, (n_tissues,)."""
    return from_table(
        {
            **dict.fromkeys(TUMOR, TYPICAL),
            Tissue.TREATMENT_EFFECT: biology.of_treatment(TYPICAL, TREATED),
            Tissue.EDEMA: TYPICAL_OF_EDEMA,
        }
    )


def from_table(values: Mapping[Tissue, float], rest: float = 0.0) -> NDArray[np.float32]:
    """Lay values out by tissue number, (n_tissues,); `rest` where there is none."""
    table = np.full(len(Tissue), rest, dtype=np.float32)
    for tissue, value in values.items():
        table[tissue] = value
    return table


def check_same_shape(tissues: NDArray[np.uint8], density: NDArray[np.float32]) -> None:
    """Refuse arrays that lie on different grids."""
    if tissues.shape != density.shape:
        raise SimulationError(
            f"cell density has shape {density.shape}, tissues {tissues.shape}; put both on one grid"
        )


def _is(members: tuple[Tissue, ...]) -> NDArray[np.bool_]:
    table = np.zeros(len(Tissue), dtype=bool)
    table[list(members)] = True
    return table
