"""How the cascade of two-pathway networks is made and taught: settings that need no torch."""

from dataclasses import dataclass, replace
from enum import StrEnum

from gliokit.learning.settings import Decay, Optimizer, Regularization, Schedule


class CascadePlace(StrEnum):
    """Where the second network takes in the first network's probabilities."""

    NONE = "none"  # one network alone
    INPUT = "input"
    LOCAL = "local"
    OUTPUT = "output"


TRAINING = Schedule(
    steps=6_000,
    batch=8,
    learning_rate=0.005,
    optimizer=Optimizer.SGD,
    decay=Decay.STEPWISE,
    decay_every=0.4,
    decay_factor=0.1,
    momentum=0.5,
    momentum_end=0.9,
    validate_every=25,
    regularization=Regularization(dropout=0.5, l1=1e-6, l2=1e-4),
)
OUTPUT_TRAINING = replace(TRAINING, steps=2_000)


@dataclass(frozen=True, slots=True)
class Havaei2017Settings:
    """Sizes and schedules; the defaults are the published ones unless said.

    Attributes
    ----------
    cascade : CascadePlace
        Where the second network takes in what the first says.
    phases : int
        1 for balanced classes only; 2 with natural frequencies for the output layer after it.
    local, wide : tuple of int, int
        Channels of the local pathway's two layers, and of the global pathway.
    kernels, pools, output_kernel : tuple of int, int
        Widths of the local pathway's convolutions and poolings, and of the output layer.
    maxout : int
        Pieces of which each hidden channel is the largest.
    initial_range : float
        Weights start in ± this.
    weight_limit : float
        Weights are bounded to ± this.
    predicted : int
        Pixels a side that an example teaches; published: 1.
    centers : int
        Voxels kept of each class of a study to center examples on.
    first_share, balanced_share : float
        Of the time limit: what the first network takes, and of that what phase 1 takes.
    blob_depth_mm : float
        Parts that nowhere lie deeper in the brain are removed; 0 keeps all.
    balanced, natural : Schedule
        Of phase 1 and of phase 2, for each network.
    """

    cascade: CascadePlace = CascadePlace.INPUT
    phases: int = 2
    local: tuple[int, int] = (64, 64)
    wide: int = 160
    kernels: tuple[int, int] = (7, 3)
    pools: tuple[int, int] = (4, 2)
    output_kernel: int = 21
    maxout: int = 2
    initial_range: float = 0.005
    weight_limit: float = 1.0
    predicted: int = 16
    centers: int = 20_000
    first_share: float = 0.5
    balanced_share: float = 0.75
    blob_depth_mm: float = 6.0
    balanced: Schedule = TRAINING
    natural: Schedule = OUTPUT_TRAINING
