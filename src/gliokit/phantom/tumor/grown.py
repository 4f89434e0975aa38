"""A tumor that has grown in a healthy brain: what its images at every visit are painted from.

The core is where cell density passed one half (Fisher-KPP from one or more seeds). Edema
seeps from it along white matter, and is kept by the order in which it arrives, so that it
can be shown at any volume. The brain around is pushed by `gliokit.phantom.tumor.mass_effect`.
"""

from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, distance_transform_edt, gaussian_filter

from gliokit.core.errors import SimulationError
from gliokit.core.geometry import bounding_box, to_world
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.compartments import Compartment
from gliokit.phantom.body.noise import refine, smooth_field
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.tumor.growth import (
    FRONT,
    INFILTRATION,
    NARROWEST_FRONT,
    SEEPAGE,
    Growth,
    Medium,
    diffusivity,
    finite_arrival,
    grow,
    has_arrived,
    seeded,
)
from gliokit.phantom.tumor.layers import paint_core
from gliokit.phantom.tumor.mass_effect import push
from gliokit.phantom.tumor.parameters import TumorParameters

GROWTH_MM = 2.0  # growth is computed on voxels of about this size
REACH_MM = 75  # half side of the box in which growth is computed
# the frontal lobe takes so much of the cerebrum's length at its bottom, and at its top
FRONTAL_BOTTOM, FRONTAL_TOP = 0.30, 0.50
# tumors against the volume of a lobe, outside the frontal one: temporal are 29 % of all, and
# occipital 3 % (Larjavaara et al., Neuro Oncol 2007;9:319-25, doi:10.1215/15228517-2007-009);
# lobes are boxes, approximate
TEMPORAL, OCCIPITAL = 2.5, 0.2
TEMPORAL_HEIGHT, TEMPORAL_BACK, OCCIPITAL_LENGTH = 0.42, 0.28, 0.2
MEDIAL = 0.35  # of the half width: what lies nearer to the midline is not temporal
LARGEST_EDEMA = 1.6  # edema is grown to so many times its volume, for later visits
OUTLINE = 1.3  # depth against the distance from the outline, at most
OUTLINE_MM = 1.5  # over which the border of edema is smoothed
LARGEST_SHARE = 0.45  # of the reachable tissue that edema may take
Voxel = TypeVar("Voxel", bound=np.generic)
EFFACED = (Tissue.CSF, Tissue.VESSEL)
SEEDS = {
    Tissue.WHITE_MATTER: 1.0,
    Tissue.CORTEX: 0.2,
    Tissue.DEEP_GRAY: 0.4,
    Tissue.BRAINSTEM: 0.04,
    Tissue.CEREBELLAR_WHITE: 0.06,
}  # how often a tumor starts there, per volume; assumed: supratentorial in nineteen of twenty


@dataclass(frozen=True, slots=True)
class GrownTumor:
    """A person with a tumor, before any treatment.

    Attributes
    ----------
    parameters : TumorParameters
        What was asked for.
    healthy : Anatomy
        The brain without the tumor and without its mass effect.
    core : (X, Y, Z)
        Where cell density is above one half, and sulci that it has closed in.
    layers : (X, Y, Z)
        `Tissue` inside the core.
    density : (X, Y, Z)
        Cells, 0-1, necrosis included.
    edema_order : (X, Y, Z)
        0 where edema arrives first, growing outward; infinite where it never does.
    first_mm : (3,)
        Where it started, RAS+ mm.
    days : float
        How long it grew.
    """

    parameters: TumorParameters
    healthy: Anatomy
    core: NDArray[np.bool_] = field(repr=False)
    layers: NDArray[np.uint8] = field(repr=False)
    density: NDArray[np.float32] = field(repr=False)
    edema_order: NDArray[np.float32] = field(repr=False)
    first_mm: tuple[float, float, float]
    days: float

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel."""
        return self.healthy.spacing_mm**3 / 1000

    def edema(self, volume_ml: float) -> NDArray[np.bool_]:
        """Give the edema of a volume, (X, Y, Z); less where the brain has no more room."""
        return first_to_arrive(self.edema_order, volume_ml / self.voxel_ml)


def first_to_arrive(order: NDArray[np.float32], voxels: float) -> NDArray[np.bool_]:
    """Take the voxels of the lowest order, exactly as many as asked for if there are so many."""
    reachable = np.flatnonzero(np.isfinite(order))
    count = min(round(voxels), len(reachable))
    taken = np.zeros(order.size, dtype=bool)
    if count > 0:
        ranked = np.argsort(order.ravel()[reachable], kind="stable")
        taken[reachable[ranked[:count]]] = True
    return taken.reshape(order.shape)


def grow_tumor(anatomy: Anatomy, tumor: TumorParameters) -> GrownTumor:
    """Grow a tumor in a healthy person.

    Raises
    ------
    SimulationError
        If the brain has no place of that size.
    """
    rng = np.random.default_rng(tumor.seed)
    box, seeds = _site(anatomy, tumor, rng)
    part = Anatomy(anatomy.tissues[box], anatomy.compartments[box], anatomy.affine)
    growth, step = _grow_core(part, seeds, tumor, rng)
    shape = part.tissues.shape
    density = _with_margin(refine(growth.density, step, shape), _widening(part, tumor))
    holds = holds_cells(part.tissues)
    filled = _with_effaced_sulci(growth, part.tissues[::step, ::step, ::step])
    fluid = np.isin(part.tissues, EFFACED)
    core = (refine(filled.density, step, shape) > FRONT) & (holds | fluid)
    since = np.where(np.isinf(filled.arrival_days), 0, growth.days - filled.arrival_days)
    depth_mm = refine((since * tumor.speed_mm_per_day).astype(np.float32), step, shape)
    # slow in gray matter, but no deeper than it lies below the surface
    below_mm = distance_transform_edt(core).astype(np.float32) * np.float32(anatomy.spacing_mm)
    depth_mm = np.minimum(depth_mm, OUTLINE * below_mm)
    layers = paint_core(core, depth_mm, tumor, rng, spacing_mm=anatomy.spacing_mm)
    order = _grow_edema(part, core, tumor, rng)
    first = np.array([s.start for s in box]) + seeds[0]
    x, y, z = to_world(anatomy.affine, first)
    whole = anatomy.tissues.shape
    return GrownTumor(
        tumor,
        anatomy,
        _embedded(core, box, whole, False),
        _embedded(layers, box, whole, Tissue.BACKGROUND),
        _embedded(density * holds, box, whole, 0),
        _embedded(order, box, whole, np.inf),
        (float(x), float(y), float(z)),
        growth.days,
    )


def paint(grown: GrownTumor) -> Anatomy:
    """Paint the person as before treatment: pushed brain, edema, core."""
    tumor = grown.parameters
    pushed = push(grown.healthy, grown.core, tumor.mass_effect)
    tissues = pushed.tissues.copy()
    tissues[grown.edema(tumor.edema_ml) & holds_edema(tissues)] = Tissue.EDEMA
    tissues[grown.core] = grown.layers[grown.core]
    return Anatomy(tissues, pushed.compartments, pushed.affine)


def holds_edema(tissues: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where tissue can swell: not fluid, vessels, dura, or air."""
    return _where(tissues, SEEPAGE)


def holds_cells(tissues: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where tumor cells can go."""
    return _where(tissues, INFILTRATION)


def _where(tissues: NDArray[np.uint8], known: dict[Tissue, float]) -> NDArray[np.bool_]:
    table = np.zeros(len(Tissue), dtype=bool)
    table[list(known)] = True
    return table[tissues]


def _embedded(
    part: NDArray[Voxel], box: tuple[slice, ...], shape: tuple[int, ...], rest: float
) -> NDArray[Voxel]:
    whole = np.full(shape, rest, dtype=part.dtype)
    whole[box] = part
    return whole


def _site(
    anatomy: Anatomy, tumor: TumorParameters, rng: np.random.Generator
) -> tuple[tuple[slice, ...], list[NDArray[np.int64]]]:
    """Choose seeds, mostly in cerebral white matter, and the box around the first."""
    table = np.zeros(len(Tissue))
    table[list(SEEDS)] = list(SEEDS.values())
    step = _step(anatomy)
    places = np.argwhere(table[anatomy.tissues[::step, ::step, ::step]] > 0) * step
    chance = table[anatomy.tissues[tuple(places.T)]]
    frontal, weight = _lobes(anatomy, places)
    chance = chance * weight * (frontal == tumor.frontal)
    if not chance.sum():
        raise SimulationError("the brain has no tissue in which a tumor could start")
    first = places[rng.choice(len(places), p=chance / chance.sum())]
    reach = round(REACH_MM / anatomy.spacing_mm)
    # starts and sides that the growth grid divides
    low = np.maximum(first - reach, 0) // step * step
    size = (np.minimum(first + reach, anatomy.tissues.shape) - low) // step * step
    box = tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))
    distance_mm = np.linalg.norm(places - first, axis=1) * anatomy.spacing_mm
    inside = np.all((places >= low) & (places < low + size), axis=1)
    near = places[inside & (distance_mm > 15) & (distance_mm < 60) & (chance > 0)]
    count = min(tumor.foci - 1, len(near))
    others = near[rng.choice(len(near), count, replace=False)] if count else []
    return box, [first - low, *(other - low for other in others)]


def _lobes(
    anatomy: Anatomy, places: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Tell which places (n, 3) are frontal, and how often tumors lie there per volume."""
    cerebrum = np.isin(anatomy.compartments, (Compartment.LEFT, Compartment.RIGHT))
    cortex = cerebrum & (anatomy.tissues == Tissue.CORTEX)
    if not cortex.any():
        return np.zeros(len(places), dtype=bool), np.ones(len(places))
    low = np.array([part.start for part in bounding_box(cortex)])
    size = np.array([part.stop - part.start for part in bounding_box(cortex)])
    x, y, z = ((places - low) / np.maximum(size - 1, 1)).T  # 0-1 in the box of the cerebrum
    frontal = y > 1 - (FRONTAL_BOTTOM + (FRONTAL_TOP - FRONTAL_BOTTOM) * z)
    temporal = (z < TEMPORAL_HEIGHT) & (y > TEMPORAL_BACK) & (np.abs(2 * x - 1) > MEDIAL)
    cerebral = np.isin(anatomy.tissues[tuple(places.T)], (Tissue.WHITE_MATTER, Tissue.CORTEX))
    weight = np.where(cerebral & temporal & ~frontal, TEMPORAL, 1.0)
    weight[cerebral & (y < OCCIPITAL_LENGTH)] = OCCIPITAL
    return frontal, weight


def _step(anatomy: Anatomy) -> int:
    return max(1, round(GROWTH_MM / anatomy.spacing_mm))


def _grow_core(
    part: Anatomy,
    seeds: list[NDArray[np.int64]],
    tumor: TumorParameters,
    rng: np.random.Generator,
) -> tuple[Growth, int]:
    """Grow each focus alone and lay the densest on top; the day counts from the first seed."""
    step = _step(part)
    tissues = part.tissues[::step, ::step, ::step]
    spacing = part.spacing_mm * step
    rough = tumor.roughness * smooth_field(tissues.shape, tumor.border_mm / spacing, rng)
    # below the grid's narrowest front D is raised and rho lowered: the speed stays
    widen = _widening(part, tumor)
    medium = Medium(
        diffusivity(tissues, INFILTRATION, roughness=rough)
        * np.float32(tumor.diffusion_mm2_per_day * widen),
        part.compartments[::step, ::step, ::step],
        spacing,
    )
    shares = [1.0, *rng.uniform(0.02, 0.25, len(seeds) - 1)]
    merged: Growth | None = None
    for seed, share in zip(seeds, shares, strict=True):
        target = tumor.core_ml * share / sum(shares)
        around = int(target > 2 * 3**3 * spacing**3 / 1000)  # a small tumor starts in one voxel
        start = seeded(tissues.shape, seed // step, around=around) * (medium.diffusivity > 0)
        one = grow(start, medium, rate_per_day=tumor.rate_per_day / widen, target_ml=target)
        merged = one if merged is None else _merged(merged, one)
    assert merged is not None  # there is at least one seed
    return merged, step


def _widening(part: Anatomy, tumor: TumorParameters) -> float:
    """Give by how much the grid makes the margin wider than it is asked for."""
    return max(1.0, NARROWEST_FRONT * part.spacing_mm * _step(part) / tumor.margin_mm)


def _with_margin(density: NDArray[np.float32], widening: float) -> NDArray[np.float32]:
    """Let density fall off outside the front as over the margin that is asked for.

    Ahead of the front density falls exponentially, so a power of it falls faster.
    """
    beyond = FRONT * (density / np.float32(FRONT)) ** np.float32(widening)
    return np.where(density < FRONT, beyond, density)


def _with_effaced_sulci(growth: Growth, tissues: NDArray[np.uint8]) -> Growth:
    """Count narrow sulci and vessels that the tumor has closed in as part of its core.

    No cell enters them, but they are effaced, and a rater's outline runs across.
    """
    core = growth.density > FRONT
    closed = binary_closing(np.pad(core, 1), structure=np.ones((3, 3, 3)))[1:-1, 1:-1, 1:-1]
    enclosed = closed & ~core & np.isin(tissues, EFFACED)
    if not enclosed.any():
        return growth
    nearest = distance_transform_edt(~core, return_distances=False, return_indices=True)
    density, arrival = growth.density.copy(), growth.arrival_days.copy()
    there = tuple(axis[enclosed] for axis in nearest)
    density[enclosed], arrival[enclosed] = density[there], arrival[there]
    return replace(growth, density=density, arrival_days=arrival)


def _merged(older: Growth, younger: Growth) -> Growth:
    """Two foci that end on the same day."""
    return replace(
        older,
        density=np.maximum(older.density, younger.density),
        arrival_days=np.minimum(
            older.arrival_days, younger.arrival_days + (older.days - younger.days)
        ),
    )


def _grow_edema(
    part: Anatomy, core: NDArray[np.bool_], tumor: TumorParameters, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Order in which edema reaches the tissue around the core."""
    never = np.full(core.shape, np.inf, dtype=np.float32)
    if tumor.edema_ml <= 0:
        return never
    step = _step(part)
    tissues = part.tissues[::step, ::step, ::step]
    spacing = part.spacing_mm * step
    rough = 0.5 * tumor.roughness * smooth_field(tissues.shape, 8 / spacing, rng)
    taken = core[::step, ::step, ::step]
    flow = diffusivity(tissues, SEEPAGE, roughness=rough)
    flow[taken] = 0.3
    voxel_ml = spacing**3 / 1000
    free_ml = (np.count_nonzero(flow > 0.02) - np.count_nonzero(taken)) * voxel_ml
    extra_ml = min(LARGEST_EDEMA * tumor.edema_ml + 5, LARGEST_SHARE * free_ml)
    medium = Medium(flow, part.compartments[::step, ::step, ::step], spacing)
    rate = float(flow.max()) / (NARROWEST_FRONT * spacing) ** 2
    target_ml = np.count_nonzero(taken) * voxel_ml + extra_ml
    grown = grow(taken.astype(np.float32), medium, rate_per_day=rate, target_ml=target_ml)
    # a rater's outline follows the edema, not each spur between two sulci
    arrival = gaussian_filter(finite_arrival(grown), OUTLINE_MM / spacing)
    order = refine(arrival, step, core.shape)
    return np.where(has_arrived(order, grown) & ~core & holds_edema(part.tissues), order, never)
