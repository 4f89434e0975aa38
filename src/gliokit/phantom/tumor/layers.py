"""The inside of a tumor's core: rim, necrosis, cysts, blood, by how long it has been there.

Depth is the distance that the front has run in white matter since it took a voxel: cells
starve where they have been dense for long. A ring enhances up to its rim's thickness and is
necrotic below; a solid tumor enhances throughout; a non-enhancing one may hold cysts, and a
mixed one islands that enhance.

Assumed: patterns and shares; nothing here is fitted.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.tumor.parameters import Kind, TumorParameters


def paint_core(
    core: NDArray[np.bool_],
    depth_mm: NDArray[np.float32],
    tumor: TumorParameters,
    rng: np.random.Generator,
    *,
    spacing_mm: float,
) -> NDArray[np.uint8]:
    """Give each voxel of a core its `Tissue`, (X, Y, Z); background outside."""
    thick, hole, patch = (smooth_field(core.shape, s / spacing_mm, rng) for s in (6.0, 5.0, 4.0))
    paint = {Kind.RING: _ring, Kind.SOLID: _solid, Kind.MIXED: _mixed}.get(tumor.kind, _plain)
    layers = paint(depth_mm, (thick, hole, patch), core, tumor)
    if tumor.kind in (Kind.NON_ENHANCING, Kind.MIXED):
        _make_uneven(layers, tumor, rng, spacing_mm)
    inner = core & ((layers == Tissue.NECROSIS) | (layers == Tissue.CYST))
    if tumor.hemorrhage > 0 and inner.any():
        layers[inner & (hole > np.quantile(hole[inner], 1 - tumor.hemorrhage))] = Tissue.HEMORRHAGE
    layers[~core] = Tissue.BACKGROUND
    return layers


Fields = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def _ring(
    depth_mm: NDArray[np.float32], fields: Fields, core: NDArray[np.bool_], tumor: TumorParameters
) -> NDArray[np.uint8]:
    thick, hole, patch = fields
    layers = np.full(core.shape, _inside(tumor), dtype=np.uint8)
    rim = depth_mm < tumor.rim_mm * np.exp(0.6 * thick)
    septa = np.abs(patch) < 0.06 * (1 - tumor.gaps)
    layers[rim | septa] = Tissue.ENHANCING_TUMOR
    gap = rim & (hole > np.quantile(hole[core], 1 - tumor.gaps))
    layers[gap] = Tissue.NON_ENHANCING_TUMOR
    return layers


def _solid(
    depth_mm: NDArray[np.float32], fields: Fields, core: NDArray[np.bool_], tumor: TumorParameters
) -> NDArray[np.uint8]:
    _, hole, patch = fields
    layers = np.full(core.shape, Tissue.ENHANCING_TUMOR, dtype=np.uint8)
    layers[(depth_mm > 3) & (patch > 1.7)] = _inside(tumor)
    layers[hole > np.quantile(hole[core], 1 - 0.5 * tumor.gaps)] = Tissue.NON_ENHANCING_TUMOR
    return layers


def _mixed(
    depth_mm: NDArray[np.float32], fields: Fields, core: NDArray[np.bool_], tumor: TumorParameters
) -> NDArray[np.uint8]:
    thick, _, patch = fields
    layers = _plain(depth_mm, fields, core, tumor)
    islands = patch + 0.5 * thick
    # the share of the core that enhances: from a tenth to a half, with the rim's thickness
    level = np.quantile(islands[core], 1 - np.clip(tumor.rim_mm / 16, 0.08, 0.5))
    layers[islands > level] = Tissue.ENHANCING_TUMOR
    layers[(islands > level + 0.9) & (depth_mm > tumor.rim_mm)] = _inside(tumor)
    return layers


def _plain(
    depth_mm: NDArray[np.float32], fields: Fields, core: NDArray[np.bool_], tumor: TumorParameters
) -> NDArray[np.uint8]:
    thick, _, _ = fields
    layers = np.full(core.shape, Tissue.NON_ENHANCING_TUMOR, dtype=np.uint8)
    if tumor.cystic:
        layers[(depth_mm > 4) & (thick > 0.5)] = Tissue.CYST
    return layers


def _inside(tumor: TumorParameters) -> Tissue:
    return Tissue.CYST if tumor.cystic else Tissue.NECROSIS


def _make_uneven(
    layers: NDArray[np.uint8], tumor: TumorParameters, rng: np.random.Generator, spacing_mm: float
) -> None:
    """Scatter small cysts and calcification over what does not enhance, in place."""
    solid = layers == Tissue.NON_ENHANCING_TUMOR
    spots = smooth_field(layers.shape, 2.5 / spacing_mm, rng)
    if tumor.unevenness <= 0 or not solid.any():
        return
    low, high = np.quantile(spots[solid], [0.3 * tumor.unevenness, 1 - 0.7 * tumor.unevenness])
    layers[solid & (spots < low)] = Tissue.CALCIFICATION
    layers[solid & (spots > high)] = Tissue.CYST
