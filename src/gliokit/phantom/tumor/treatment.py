"""A treated tumor as it stands at one visit: cavity, blood, what is left, what is new.

Everything is painted from one grown tumor, so that visits fit each other. Resection takes
the core from one side; what is left of the enhancing tissue is as much as the visit says.
The cavity holds fluid, at first with blood along its wall, and collapses later: its outer
shell becomes gliosis and the brain is drawn in. New enhancement grows from the wall of the
cavity (or of what is left) along white matter, and every later visit shows the same region at
its own volume; old true progression is necrotic inside. Edema stands at a share of the first.

Assumed: order of collapse, width of shells, shares.

Source: of the look, de Verdier et al. 2024, arXiv:2405.18368 (BraTS 2024, post-treatment:
cavity, its blood, enhancing tissue whatever its cause).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Progression
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.noise import refine, smooth_field
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.tumor.grown import GrownTumor, first_to_arrive, holds_edema
from gliokit.phantom.tumor.growth import (
    INFILTRATION,
    Medium,
    diffusivity,
    finite_arrival,
    grow,
    has_arrived,
    seeded,
)
from gliokit.phantom.tumor.mass_effect import push

MARGIN_MM = 2.0  # of normal-looking brain that a resection takes with the core
COLLAPSED = 0.6  # share of the cavity that a full collapse closes
DRAWN_IN = 0.35  # share of the cavity's volume by which a full collapse pulls the brain
BLOOD_MM = 2.5  # thickness of the layer along the wall that may be blood
NECROTIC_ABOVE_ML, NECROTIC_SHARE = 8.0, 0.25  # of true progression
RECURRENCE_MM = 2.0  # growth is computed on voxels of about this size
FIELD_MM = 20.0  # usual margin of the high-dose field around the tumor (EORTC, 15-20 mm)
REACH_MM = 45  # around what was resected, within which enhancement can be new
FRONT_MM = 2.5
WALL_MM = 6.0  # from what was treated, within which new enhancement begins


@dataclass(frozen=True, slots=True)
class Treated:
    """What a visit shows of a treated tumor; volumes in mL.

    Attributes
    ----------
    resected : bool
        Whether there has been a resection (a biopsy takes nothing that is seen).
    left_ml : float
        Enhancing tissue of the first tumor that resection left; of a tumor without
        enhancement its core.
    residual_ml : float
        What of it is still there; at most `left_ml`. The rest has become gliosis.
    new_ml : float
        New enhancement.
    cause : Progression
        What the new enhancement is.
    edema : float
        Volume of the edema against that before treatment.
    blood : float
        Share of the layer along the cavity's wall that is blood, 0-1.
    collapse : float
        0 for a fresh cavity, 1 for one that has collapsed.
    gliosis : float
        Share of the edema that has become gliosis, 0-1.
    necrotic : float
        Share of new tissue that is necrosis inside, once it is large.
    """

    resected: bool
    left_ml: float
    residual_ml: float
    new_ml: float = 0.0
    cause: Progression = Progression.NONE
    edema: float = 1.0
    blood: float = 0.0
    collapse: float = 0.0
    gliosis: float = 0.0
    necrotic: float = 0.0


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Where new enhancement grows, by order of arrival.

    Attributes
    ----------
    order : (X, Y, Z)
        Lowest where it comes first; infinite where it never comes.
    """

    order: NDArray[np.float32] = field(repr=False)


def plan_recurrence(
    grown: GrownTumor, treated: Treated, *, largest_ml: float, distant: bool = False
) -> Recurrence:
    """Grow the region of new enhancement to the largest volume that any visit shows.

    Parameters
    ----------
    treated : Treated
        The visit right after treatment: its cavity and residual tumor are the start.
    distant : bool
        Outside the high-dose field: at least `FIELD_MM` from what was treated.

    Raises
    ------
    SimulationError
        If there is no tissue of that volume around.
    """
    order = np.full(grown.core.shape, np.inf, dtype=np.float32)
    if largest_ml <= 0:
        return Recurrence(order)
    rng = np.random.default_rng([grown.parameters.seed, 1, distant])
    start_mask = resected_tissue(grown, treated) if treated.resected else grown.core
    spacing = grown.healthy.spacing_mm
    box = _around(start_mask, round((REACH_MM + (FIELD_MM if distant else 0)) / spacing))
    step = max(1, round(RECURRENCE_MM / spacing))
    tissues = grown.healthy.tissues[box][::step, ::step, ::step]
    rough = 0.6 * smooth_field(tissues.shape, 6 / (spacing * step), rng)
    flow = diffusivity(tissues, INFILTRATION, roughness=rough)
    inside = grown.core[box][::step, ::step, ::step] | start_mask[box][::step, ::step, ::step]
    flow[inside] = 0
    away_mm = distance_transform_edt(~start_mask[box][::step, ::step, ::step]) * spacing * step
    start = _focus(away_mm, flow, rng, distant=distant)
    medium = Medium(flow, grown.healthy.compartments[box][::step, ::step, ::step], spacing * step)
    rate = float(flow.max()) / max(FRONT_MM, 1.2 * spacing * step) ** 2
    seed_ml = np.count_nonzero(start) * medium.spacing_mm**3 / 1000
    target = 1.15 * largest_ml / (1 - NECROTIC_SHARE) + seed_ml
    growth = grow(start, medium, rate_per_day=rate, target_ml=target)
    fine = refine(finite_arrival(growth), step, order[box].shape)
    arrived = has_arrived(fine, growth)
    # ties of the coarse grid are broken by the distance from the wall
    fine = fine + np.float32(0.01) * distance_transform_edt(~start_mask[box]).astype(np.float32)
    free = holds_edema(grown.healthy.tissues[box]) & ~grown.core[box] & ~start_mask[box]
    order[box] = np.where(free & arrived, fine, np.inf)
    return Recurrence(order)


def paint_treated(grown: GrownTumor, treated: Treated, recurrence: Recurrence) -> Anatomy:
    """Paint the person as at one visit after treatment.

    Raises
    ------
    SimulationError
        If the visit asks for more of the first tumor than there was.
    """
    taken = resected_tissue(grown, treated)
    left = grown.core & ~taken
    pushed = push(grown.healthy, taken if treated.resected else grown.core, _share(grown, treated))
    tissues = pushed.tissues.copy()
    _add_edema(tissues, grown, treated)
    tissues[left] = grown.layers[left]
    tissues[_answered(grown, left, treated)] = Tissue.GLIOSIS
    if treated.resected:
        _add_cavity(tissues, taken, grown, treated)
    _add_new(tissues, grown, treated, recurrence)
    return Anatomy(tissues, pushed.compartments, pushed.affine)


def measured_tissue(grown: GrownTumor) -> NDArray[np.bool_]:
    """Find what a visit's residual volume counts: what enhances, else the core."""
    enhancing = grown.core & (grown.layers == Tissue.ENHANCING_TUMOR)
    return enhancing if enhancing.any() else grown.core


def resected_tissue(grown: GrownTumor, treated: Treated) -> NDArray[np.bool_]:
    """Give the tissue that resection removes: the core from one side, and a margin.

    Raises
    ------
    SimulationError
        If resection is to leave more than there was.
    """
    if not treated.resected:
        return np.zeros_like(grown.core)
    counted = measured_tissue(grown)
    asked = round(treated.left_ml / grown.voxel_ml)
    if asked > np.count_nonzero(counted) * 1.02 + 1:
        raise SimulationError(
            f"resection leaves {treated.left_ml:.1f} mL of a tumor that has "
            f"{np.count_nonzero(counted) * grown.voxel_ml:.1f} mL; leave less"
        )
    side = _side(grown)
    order = np.where(counted, side, np.inf)
    kept = first_to_arrive(order, asked)
    if not kept.any():
        return grown.core | (_margin(grown) & holds_edema(grown.healthy.tissues))
    return grown.core & ~kept & (side > side[kept].max())


def _margin(grown: GrownTumor) -> NDArray[np.bool_]:
    """Tissue next to the core, in the compartments that the core reaches."""
    layers = max(1, round(MARGIN_MM / grown.healthy.spacing_mm))
    reached = np.unique(grown.healthy.compartments[grown.core])
    near = binary_dilation(grown.core, iterations=layers)
    return near & np.isin(grown.healthy.compartments, reached)


def _answered(grown: GrownTumor, left: NDArray[np.bool_], treated: Treated) -> NDArray[np.bool_]:
    """Find what has gone of the first tumor since resection, (X, Y, Z)."""
    counted = measured_tissue(grown) & left
    order = np.where(counted, _side(grown), np.inf).astype(np.float32)
    return counted & ~first_to_arrive(order, treated.residual_ml / grown.voxel_ml)


def _side(grown: GrownTumor) -> NDArray[np.float32]:
    """How far along the surgeon's way each voxel lies: what is low is left."""
    rng = np.random.default_rng([grown.parameters.seed, 3])
    way = rng.standard_normal(3)
    way /= np.linalg.norm(way)
    index = np.indices(grown.core.shape, dtype=np.float32) * grown.healthy.spacing_mm
    wavy = smooth_field(grown.core.shape, 6 / grown.healthy.spacing_mm, rng)
    return np.tensordot(way.astype(np.float32), index, axes=1) + 4 * wavy


def _share(grown: GrownTumor, treated: Treated) -> float:
    """Give the mass effect that is left, or the pull of a collapsing cavity."""
    if not treated.resected:
        return grown.parameters.mass_effect
    return 0.4 * grown.parameters.mass_effect * (1 - treated.collapse) - DRAWN_IN * treated.collapse


def _add_edema(tissues: NDArray[np.uint8], grown: GrownTumor, treated: Treated) -> None:
    mask = grown.edema(grown.parameters.edema_ml * treated.edema) & holds_edema(tissues)
    tissues[mask] = Tissue.EDEMA
    if treated.gliosis > 0 and mask.any():
        rng = np.random.default_rng([grown.parameters.seed, 2])
        where = smooth_field(tissues.shape, 6 / grown.healthy.spacing_mm, rng)
        old = where > np.quantile(where[mask], 1 - treated.gliosis)
        tissues[mask & old] = Tissue.GLIOSIS


def _add_cavity(
    tissues: NDArray[np.uint8],
    taken: NDArray[np.bool_],
    grown: GrownTumor,
    treated: Treated,
) -> None:
    spacing = grown.healthy.spacing_mm
    depth_mm = distance_transform_edt(taken).astype(np.float32) * spacing
    open_voxels = np.count_nonzero(taken) * (1 - COLLAPSED * treated.collapse)
    cavity = first_to_arrive(np.where(taken, -depth_mm, np.inf).astype(np.float32), open_voxels)
    tissues[taken] = Tissue.GLIOSIS
    tissues[cavity] = Tissue.CAVITY_FLUID
    layer_mm = max(BLOOD_MM, 1.01 * spacing)  # at least a voxel
    wall = cavity & (distance_transform_edt(cavity) * spacing <= layer_mm)
    if treated.blood > 0 and wall.any():
        # a stream of its own: blood fades, and does not move, from visit to visit
        rng = np.random.default_rng([grown.parameters.seed, 4])
        where = smooth_field(tissues.shape, 4 / spacing, rng)
        tissues[wall & (where > np.quantile(where[wall], 1 - treated.blood))] = Tissue.CAVITY_BLOOD


def _add_new(
    tissues: NDArray[np.uint8], grown: GrownTumor, treated: Treated, recurrence: Recurrence
) -> None:
    if treated.new_ml <= 0:
        return
    true = treated.cause is Progression.TRUE
    necrotic = treated.necrotic if treated.new_ml > NECROTIC_ABOVE_ML else 0.0
    open_order = np.where(holds_edema(tissues) | _is_swollen(tissues), recurrence.order, np.inf)
    voxels = treated.new_ml / grown.voxel_ml
    whole = first_to_arrive(open_order, voxels / (1 - necrotic))
    core = first_to_arrive(open_order, voxels * necrotic / (1 - necrotic))
    if (missing := voxels / (1 - necrotic) - np.count_nonzero(whole)) > 1:
        raise SimulationError(
            f"new enhancement of {treated.new_ml:.1f} mL found no room for "
            f"{missing * grown.voxel_ml:.1f} mL of it; choose another seed"
        )
    tissues[whole] = Tissue.ENHANCING_TUMOR if true else Tissue.TREATMENT_EFFECT
    tissues[core] = Tissue.NECROSIS


def _is_swollen(tissues: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.isin(tissues, (Tissue.EDEMA, Tissue.GLIOSIS))


def _around(mask: NDArray[np.bool_], reach: int) -> tuple[slice, ...]:
    """Give the box around a mask with a margin, in even voxels."""
    places = np.argwhere(mask)
    low = np.maximum(places.min(0) - reach, 0) // 2 * 2
    size = (np.minimum(places.max(0) + reach + 1, mask.shape) - low) // 2 * 2
    return tuple(slice(int(a), int(a + n)) for a, n in zip(low, size, strict=True))


def _focus(
    away_mm: NDArray[np.float64],
    flow: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    distant: bool,
) -> NDArray[np.float32]:
    """Seed one place, where tissue can be taken, on the wall or outside the field."""
    near = (away_mm > FIELD_MM) if distant else (away_mm <= WALL_MM)
    places = np.argwhere(near & (flow > 0.15))
    if not len(places):
        places = np.argwhere(flow > 0.15)
    if not len(places):
        raise SimulationError("no tissue around the tumor in which it could recur")
    return seeded(flow.shape, places[rng.integers(len(places))]) * (flow > 0)
