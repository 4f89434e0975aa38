"""Stereotactic biopsies: planned in the image, taken a few millimeters away.

A surgeon aims at enhancing tumor, its outer rim, non-enhancing tumor or edema. The needle
ends elsewhere by a localization error (registration, brain shift), and what it holds is the
tissue and the cell density of that place. What a pathologist can use goes with cell density:
at the mean density of all sites `ADEQUATE` of the specimens are adequate.

World is RAS+ mm. Assumed: shares of the targets, size of the error (1.5 mm along each axis),
distance between sites, and that adequacy is proportional to density.

Source: share that held adequate tumor (35 %), Cancer Genome Atlas Research Network, Nature
2008;455:1061-8, doi:10.1038/nature07385, as told by the review.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from gliokit.core.errors import SimulationError
from gliokit.core.geometry import Affine, spacing_mm, to_world
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology, cells, check_same_shape

# share of specimens, and the mean density of the sites of simulated glioblastomas
ADEQUATE, TYPICAL_OF_SITES = 0.35, 0.44
ERROR_MM = 1.5
APART_MM = 8.0
RIM_MM = 2.0  # outer layer of enhancing tumor
Vector = tuple[float, float, float]
Index = tuple[int, int, int]


class Target(StrEnum):
    """Where the surgeon aims."""

    ENHANCING = "enhancing"
    RIM = "rim"
    NON_ENHANCING = "non-enhancing"
    EDEMA = "edema"


SHARES = {Target.ENHANCING: 0.4, Target.RIM: 0.3, Target.NON_ENHANCING: 0.2, Target.EDEMA: 0.1}


@dataclass(frozen=True, slots=True)
class Biopsy:
    """One specimen.

    Attributes
    ----------
    target : Target
        What was aimed at.
    planned_index : (3,)
        Voxel that the records name.
    planned_mm : (3,)
        Its center, RAS+ mm.
    error_mm : (3,)
        From there to where the specimen comes from, RAS+ mm; nobody but the truth knows it.
    index : (3,)
        Voxel that the specimen comes from.
    tissue : Tissue
        What it is.
    density : float
        Its cells, as a share of what grade 4 tissue holds when full, 0-1.
    adequate : bool
        Whether it holds enough tumor for molecular diagnosis.
    """

    target: Target
    planned_index: Index
    planned_mm: Vector
    error_mm: Vector
    index: Index
    tissue: Tissue
    density: float
    adequate: bool


def draw_biopsies(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    affine: Affine,
    biology: TumorBiology,
    count: int,
    rng: np.random.Generator,
) -> tuple[Biopsy, ...]:
    """Draw targets, sites apart from each other and errors, and take the specimens.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    density : (X, Y, Z)
        Share of the carrying capacity, 0-1.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    count : int
        Specimens; fewer where a small tumor has no more room.

    Raises
    ------
    SimulationError
        If there is no tumor to aim at.
    """
    places = {
        target: places
        for target, mask in targets(tissues, spacing=float(spacing_mm(affine)[0])).items()
        if len(places := np.argwhere(mask))
    }
    if not places:
        raise SimulationError(
            "found neither enhancing nor non-enhancing tumor nor edema; a biopsy needs one of them"
        )
    chance = np.array([SHARES[target] for target in places])
    held = cells(tissues, density, biology=biology)
    taken: list[Biopsy] = []
    for _ in range(count):
        target = list(places)[rng.choice(len(places), p=chance / chance.sum())]
        error = rng.normal(0, ERROR_MM, 3)
        luck = float(rng.random())
        free = _apart(places[target], taken, affine)
        if len(free):
            site = free[rng.integers(len(free))]
            sampled = sample(tissues, held, affine=affine, planned=site, error_mm=error)
            taken.append(_as_biopsy(target, sampled, luck))
    return tuple(taken)


@dataclass(frozen=True, slots=True)
class Specimen:
    """What a needle brings up: see `Biopsy`."""

    planned_index: Index
    planned_mm: Vector
    error_mm: Vector
    index: Index
    tissue: Tissue
    density: float


def sample(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    affine: Affine,
    planned: NDArray[np.int64],
    error_mm: NDArray[np.float64],
) -> Specimen:
    """Take the tissue that lies `error_mm` from the center of a planned voxel (3,).

    A needle that would end outside the image takes what is at its edge.
    """
    check_same_shape(tissues, density)
    start = to_world(affine, planned)
    end = np.linalg.solve(affine[:3, :3], start + error_mm - affine[:3, 3])
    i, j, k = (int(v) for v in np.clip(np.round(end), 0, np.array(tissues.shape) - 1))
    return Specimen(
        _index(planned),
        _vector(start),
        _vector(error_mm),
        (i, j, k),
        Tissue(int(tissues[i, j, k])),
        float(density[i, j, k]),
    )


def adequacy(density: float) -> float:
    """Give the probability that a specimen is adequate, from its cell density."""
    return float(np.clip(ADEQUATE * density / TYPICAL_OF_SITES, 0, 1))


def targets(tissues: NDArray[np.uint8], *, spacing: float) -> dict[Target, NDArray[np.bool_]]:
    """Find where each target lies, (X, Y, Z) each; `spacing` of the voxels in mm."""
    enhancing = tissues == Tissue.ENHANCING_TUMOR
    # the rim is what lies next to tissue outside the core, not next to necrosis
    core = enhancing | np.isin(
        tissues,
        (
            Tissue.NECROSIS,
            Tissue.NON_ENHANCING_TUMOR,
            Tissue.CYST,
            Tissue.HEMORRHAGE,
            Tissue.CALCIFICATION,
        ),
    )
    inner = binary_erosion(core, iterations=max(1, round(RIM_MM / spacing)))
    return {
        Target.ENHANCING: enhancing & inner,
        Target.RIM: enhancing & ~inner,
        Target.NON_ENHANCING: tissues == Tissue.NON_ENHANCING_TUMOR,
        Target.EDEMA: tissues == Tissue.EDEMA,
    }


def _apart(places: NDArray[np.int64], taken: list[Biopsy], affine: Affine) -> NDArray[np.int64]:
    """Keep the voxels that lie far enough from every site so far, (n, 3)."""
    world = to_world(affine, places)
    far = np.ones(len(places), dtype=bool)
    for biopsy in taken:
        far &= np.linalg.norm(world - biopsy.planned_mm, axis=1) >= APART_MM
    return places[far]


def _as_biopsy(target: Target, specimen: Specimen, luck: float) -> Biopsy:
    return Biopsy(
        target,
        specimen.planned_index,
        specimen.planned_mm,
        specimen.error_mm,
        specimen.index,
        specimen.tissue,
        specimen.density,
        adequate=luck < adequacy(specimen.density),
    )


def _index(values: NDArray[np.int64]) -> Index:
    i, j, k = (int(value) for value in values)
    return i, j, k


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
