"""A glioma in a healthy brain: drawn, grown, and painted as tissue.

Core: Fisher-KPP from one or more seeds to a target volume. Its inside is layered by depth:
a rim that enhances, of uneven thickness and with gaps, around necrosis; or non-enhancing
tumor with or without enhancing islands. Around it edema seeps along white matter. The
brain nearby is pushed outward (mass effect), volume of soft tissue preserved.

Assumed: sizes and shares, set so that volumes span those of pre-operative glioma (core
0.4-130 mL, edema 0-130 mL). Not for: post-operative cavities.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates, zoom

from gliokit.core.errors import SimulationError
from gliokit.phantom.anatomy import Anatomy
from gliokit.phantom.growth import FRONT, INFILTRATION, SEEPAGE, diffusivity, grow
from gliokit.phantom.noise import smooth_field
from gliokit.phantom.tissue import Tissue

STEP = 2  # growth is computed on every second voxel
MM3_PER_ML = 1000
REACH_MM = 75  # half side of the box in which growth is computed


class Kind(StrEnum):
    """How the core looks."""

    RING = "ring"
    SOLID = "solid"
    NON_ENHANCING = "non-enhancing"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class TumorParameters:
    """One tumor.

    Attributes
    ----------
    kind : Kind
        Layout of the core.
    core_ml, edema_ml : float
        Target volumes.
    rim_mm : float
        Mean thickness of the enhancing rim.
    gaps : float
        Share of the rim that does not enhance, 0-1.
    cystic : bool
        Whether the inside is fluid rather than necrosis.
    hemorrhage : float
        Share of the inside that is blood, 0-1.
    roughness : float
        Standard deviation of the log diffusivity: irregularity of the outline.
    mass_effect : float
        Share of the core's volume by which the brain is pushed away, 0-1.
    foci : int
        Seeds; the first takes most of the volume.
    seed : int
        Of everything else that is random in painting this tumor.
    """

    kind: Kind
    core_ml: float
    edema_ml: float
    rim_mm: float
    gaps: float
    cystic: bool
    hemorrhage: float
    roughness: float
    mass_effect: float
    foci: int
    seed: int


def draw_tumor(rng: np.random.Generator) -> TumorParameters:
    """Draw one tumor from the spread of pre-operative gliomas."""
    kind = Kind(rng.choice(list(Kind), p=[0.48, 0.12, 0.22, 0.18]))
    infiltrative = kind in (Kind.NON_ENHANCING, Kind.MIXED)
    median = 36 if infiltrative else 22
    core = float(np.exp(rng.normal(np.log(median), 0.95)).clip(0.4, 130))
    edema = 0.0 if rng.random() < 0.1 else core * np.exp(rng.normal(np.log(1.3), 0.9))
    if infiltrative:
        edema *= 0.6
    return TumorParameters(
        kind=kind,
        core_ml=core,
        edema_ml=float(np.clip(edema, 0, 130)),
        rim_mm=float(np.exp(rng.normal(np.log(4.0), 0.5)).clip(1.2, 11)),
        gaps=float(rng.beta(1.2, 4)),
        cystic=bool(rng.random() < 0.15),
        hemorrhage=float(rng.beta(1, 12)) if rng.random() < 0.25 else 0.0,
        roughness=float(rng.uniform(0.2, 0.9)),
        mass_effect=float(rng.uniform(0, 0.6)),
        foci=int(rng.choice([1, 2, 3], p=[0.78, 0.15, 0.07])),
        seed=int(rng.integers(2**31)),
    )


def add_tumor(anatomy: Anatomy, tumor: TumorParameters) -> Anatomy:
    """Grow a tumor in a healthy brain of 1 mm voxels.

    Raises
    ------
    SimulationError
        If the brain has no place of that size.
    """
    rng = np.random.default_rng(tumor.seed)
    box, seeds = _site(anatomy.tissues, tumor.foci, rng)
    tissues = anatomy.tissues[box]
    core = _grow_core(tissues, seeds, tumor, rng)
    tissues = _push(tissues, core, tumor.mass_effect)
    edema = _grow_edema(tissues, core, tumor, rng)
    painted = np.where(edema & ~core & (tissues != Tissue.VENTRICLE), Tissue.EDEMA, tissues)
    painted[core] = _layers(core, tumor, rng)[core]
    whole = anatomy.tissues.copy()
    whole[box] = painted
    return Anatomy(whole, anatomy.affine)


def _site(
    tissues: NDArray[np.uint8], foci: int, rng: np.random.Generator
) -> tuple[tuple[slice, ...], list[NDArray[np.int64]]]:
    """Choose seeds, mostly in cerebral white matter, and the box around the first."""
    weights = {Tissue.WHITE_MATTER: 1.0, Tissue.CORTEX: 0.25, Tissue.DEEP_GRAY: 0.5}
    weights |= {Tissue.BRAINSTEM: 0.2, Tissue.CEREBELLAR_WHITE: 0.2}
    table = np.zeros(len(Tissue))
    for tissue, weight in weights.items():
        table[tissue] = weight
    places = np.argwhere(table[tissues[::STEP, ::STEP, ::STEP]] > 0) * STEP
    if not len(places):
        raise SimulationError("the brain has no tissue in which a tumor could start")
    chance = table[tissues[tuple(places.T)]]
    first = places[rng.choice(len(places), p=chance / chance.sum())]
    # even starts and sides, so that the coarse grid lies on the fine one
    low = np.maximum(first - REACH_MM, 0) // STEP * STEP
    size = (np.minimum(first + REACH_MM, tissues.shape) - low) // STEP * STEP
    box = tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))
    distance = np.linalg.norm(places - first, axis=1)
    inside = np.all((places >= low) & (places < low + size), axis=1)
    near = inside & (distance > 15) & (distance < 60)
    others = places[near][rng.choice(near.sum(), foci - 1)] if near.any() else []
    return box, [first - low, *(other - low for other in others)]


def _grow_core(
    tissues: NDArray[np.uint8],
    seeds: list[NDArray[np.int64]],
    tumor: TumorParameters,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    coarse = tissues[::STEP, ::STEP, ::STEP]
    rough = tumor.roughness * smooth_field(coarse.shape, rng.uniform(2.0, 5.0), rng)
    diffusion = diffusivity(coarse, INFILTRATION, roughness=rough)
    target = tumor.core_ml * MM3_PER_ML / STEP**3
    shares = [1.0, *rng.uniform(0.02, 0.25, len(seeds) - 1)]
    density = np.zeros(coarse.shape, dtype=np.float32)
    for seed, share in zip(seeds, shares, strict=True):
        alone = np.zeros_like(density)
        i, j, k = seed // STEP
        alone[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2, max(k - 1, 0) : k + 2] = 1
        alone *= diffusion > 0
        alone = grow(alone, diffusion, target_voxels=target * share / sum(shares))
        density = np.maximum(density, alone)
    return _fine(density) > FRONT


def _grow_edema(
    tissues: NDArray[np.uint8],
    core: NDArray[np.bool_],
    tumor: TumorParameters,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    if tumor.edema_ml <= 0:
        return core
    coarse = tissues[::STEP, ::STEP, ::STEP]
    rough = 0.5 * tumor.roughness * smooth_field(coarse.shape, 4, rng)
    taken = core[::STEP, ::STEP, ::STEP]
    diffusion = diffusivity(coarse, SEEPAGE, roughness=rough)
    diffusion[taken] = 0.3
    free = np.count_nonzero(diffusion > 0.02) - np.count_nonzero(taken)
    extra = min(tumor.edema_ml * MM3_PER_ML / STEP**3, 0.35 * free)
    target = np.count_nonzero(taken) + extra
    return _fine(grow(taken.astype(np.float32), diffusion, target_voxels=target)) > FRONT


def _fine(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring a field from the coarse grid back to 1 mm: (X, Y, Z) to (2X, 2Y, 2Z)."""
    return zoom(density, STEP, order=1, grid_mode=True, mode="nearest")


def _push(tissues: NDArray[np.uint8], core: NDArray[np.bool_], share: float) -> NDArray[np.uint8]:
    """Push tissue away from the core: incompressible nearby, giving way with distance."""
    volume = np.count_nonzero(core)
    if share <= 0 or not volume:
        return tissues
    radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
    center = np.argwhere(core).mean(axis=0).astype(np.float32)
    index = np.indices(tissues.shape, dtype=np.float32)
    offset = index - center[:, None, None, None]
    r = np.sqrt((offset**2).sum(0)) + 1e-3
    # a shell at r came from r0 with r0^3 = r^3 - share R^3, damped so that the skull stays
    pushed = share * radius**3 * np.exp(-np.maximum(r - radius, 0) / 20.0)
    origin = np.cbrt(np.maximum(r**3 - pushed, (0.3 * r) ** 3))
    moved = map_coordinates(
        tissues, center[:, None, None, None] + offset * (origin / r), order=0, mode="nearest"
    )
    return np.where((tissues == 0) | (tissues == Tissue.DURA) | (moved == 0), tissues, moved)


def _layers(
    core: NDArray[np.bool_], tumor: TumorParameters, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Paint the inside of the core by depth and by random fields."""
    depth = distance_transform_edt(core).astype(np.float32)
    thick, hole, patch = (smooth_field(core.shape, s, rng) for s in (6.0, 5.0, 4.0))
    inside = Tissue.CYST if tumor.cystic else Tissue.NECROSIS
    if tumor.kind is Kind.RING:
        layers = np.full(core.shape, inside, dtype=np.uint8)
        rim = depth < tumor.rim_mm * np.exp(0.45 * thick)
        septa = np.abs(patch) < rng.uniform(0.0, 0.12)
        layers[rim | septa] = Tissue.ENHANCING_TUMOR
        layers[rim & (hole > np.quantile(hole[core], 1 - tumor.gaps))] = Tissue.NON_ENHANCING_TUMOR
    elif tumor.kind is Kind.SOLID:
        layers = np.full(core.shape, Tissue.ENHANCING_TUMOR, dtype=np.uint8)
        layers[(depth > 3) & (patch > rng.uniform(1.0, 2.5))] = inside
        layers[hole > np.quantile(hole[core], 1 - 0.5 * tumor.gaps)] = Tissue.NON_ENHANCING_TUMOR
    else:
        layers = np.full(core.shape, Tissue.NON_ENHANCING_TUMOR, dtype=np.uint8)
        if tumor.cystic:
            layers[(depth > 4) & (thick > 0.5)] = Tissue.CYST
        if tumor.kind is Kind.MIXED:
            islands = patch + 0.5 * thick > rng.uniform(0.3, 2.7)
            layers[islands] = Tissue.ENHANCING_TUMOR
            layers[islands & (distance_transform_edt(islands) > tumor.rim_mm)] = inside
    inner = (layers == Tissue.NECROSIS) | (layers == Tissue.CYST)
    if tumor.hemorrhage > 0 and inner.any():
        bleed = inner & (hole > np.quantile(hole[inner], 1 - tumor.hemorrhage))
        layers[bleed] = Tissue.HEMORRHAGE
    return layers
