"""A stained tile of tissue whose nuclei can be counted.

Nuclei are ellipses that do not touch, blue-violet by hematoxylin on pink by eosin, mixed by
the law of Beer and Lambert. Their number goes with cell density from that of brain to that of
tumor at its carrying capacity.

Limits: no cytoplasm, vessels, mitoses or necrosis; nuclei are whole and never overlap, which
real ones do, so a counter that does well here is only shown to count.
Assumed: cells per mm² (order of magnitude of glia and of cellular glioblastoma), sizes, shapes,
amounts of stain.

Source: stain vectors, Ruifrok and Johnston, Anal Quant Cytol Histol 2001;23:291-9.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.phantom.body.noise import smooth_field

BRAIN_PER_MM2 = 800.0  # nuclei of a section of brain without tumor
CAPACITY_PER_MM2 = 6000.0  # nuclei of a section where density is 1
UM_PER_PX = 0.5  # as of a 20x objective
SIDE_PX = 256
UM_PER_MM = 1000.0
# optical density of each stain in R, G, B
HEMATOXYLIN = np.array([0.650, 0.704, 0.286], dtype=np.float32)
EOSIN = np.array([0.072, 0.990, 0.105], dtype=np.float32)
GAP_UM = 0.8  # left free around each nucleus, so that two never merge
MARGIN_UM = 1.0  # from the edge of the tile to the nearest center
BATCH, BATCHES = 32, 200  # places tried for each nucleus


@dataclass(frozen=True, slots=True)
class Nuclei:
    """Where nuclei lie and what they look like; n of them.

    Attributes
    ----------
    centers_um : (n, 2)
        Row and column from the corner of the tile.
    radii_um : (n, 2)
        Long and short half axes.
    angles : (n,)
        Of the long axis against the rows, in radians.
    stain : (n,)
        Amount of hematoxylin.
    """

    centers_um: NDArray[np.float64] = field(repr=False)
    radii_um: NDArray[np.float64] = field(repr=False)
    angles: NDArray[np.float64] = field(repr=False)
    stain: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tile:
    """A rendered tile and its truth.

    Attributes
    ----------
    image : (side, side, 3)
        Red, green, blue.
    centers_px : (n, 2)
        Row and column of each nucleus.
    um_per_px : float
        Side of a pixel.
    """

    image: NDArray[np.uint8] = field(repr=False)
    centers_px: NDArray[np.float64] = field(repr=False)
    um_per_px: float

    @property
    def cells_per_mm2(self) -> float:
        """True number of nuclei per area."""
        side_mm = len(self.image) * self.um_per_px / UM_PER_MM
        return len(self.centers_px) / side_mm**2


def expected_per_mm2(density: float) -> float:
    """Give the mean number of nuclei per mm² of section at a cell density, 0-1."""
    return BRAIN_PER_MM2 + (CAPACITY_PER_MM2 - BRAIN_PER_MM2) * density


def draw_tile(
    density: float,
    rng: np.random.Generator,
    *,
    side_px: int = SIDE_PX,
    um_per_px: float = UM_PER_PX,
) -> Tile:
    """Draw nuclei at a cell density (0-1) and render them; their number is Poisson.

    Raises
    ------
    SimulationError
        If the density is outside 0-1.
    """
    if not 0 <= density <= 1:
        raise SimulationError(f"cell density: found {density:g}; needed 0 to 1")
    side_um = side_px * um_per_px
    count = int(rng.poisson(expected_per_mm2(density) * (side_um / UM_PER_MM) ** 2))
    nuclei = draw_nuclei(count, rng, side_um=side_um)
    image = render(nuclei, rng, side_px=side_px, um_per_px=um_per_px)
    return Tile(image, nuclei.centers_um / um_per_px - 0.5, um_per_px)


def draw_nuclei(count: int, rng: np.random.Generator, *, side_um: float) -> Nuclei:
    """Draw nuclei that do not touch, the largest first.

    Raises
    ------
    SimulationError
        If so many do not fit on the tile.
    """
    long = np.sort(np.clip(rng.normal(3.6, 0.5, count), 2.4, 5.0))[::-1]
    short = long * rng.uniform(0.65, 0.95, count)
    centers = np.empty((count, 2))
    for i in range(count):
        others = centers[:i], long[i] + long[:i] + GAP_UM
        centers[i] = _free_place(others, rng, low=MARGIN_UM, high=side_um - MARGIN_UM)
    return Nuclei(
        centers,
        np.stack([long, short], axis=1),
        rng.uniform(0, np.pi, count),
        rng.normal(0.85, 0.1, count).clip(0.6, 1.2),
    )


def _free_place(
    others: tuple[NDArray[np.float64], NDArray[np.float64]],
    rng: np.random.Generator,
    *,
    low: float,
    high: float,
) -> NDArray[np.float64]:
    """Draw a place (2,) that keeps the distance asked for from each center so far."""
    centers, distance = others
    for _ in range(BATCHES):
        tried = rng.uniform(low, high, (BATCH, 2))
        apart = np.linalg.norm(tried[:, None] - centers[None], axis=2)
        free = np.flatnonzero((apart >= distance).all(axis=1))
        if len(free):
            return tried[free[0]]
    raise SimulationError(
        f"found no room on the tile for nucleus {len(centers) + 1}; "
        "ask for fewer nuclei or a larger tile"
    )


def render(
    nuclei: Nuclei, rng: np.random.Generator, *, side_px: int, um_per_px: float
) -> NDArray[np.uint8]:
    """Render nuclei on eosin, (side, side, 3); `rng` is for the unevenness of stain alone."""
    eosin = 0.28 + 0.04 * _field(side_px, 8 / um_per_px, rng)
    eosin += 0.015 * _field(side_px, 0.6 / um_per_px, rng)
    chromatin = 1 + 0.08 * _field(side_px, 0.7 / um_per_px, rng)
    hematoxylin = np.zeros((side_px, side_px), dtype=np.float32)
    for i in range(len(nuclei.stain)):
        _stain(hematoxylin, nuclei, i, um_per_px)
    density = np.maximum(hematoxylin * chromatin, 0)[..., None] * HEMATOXYLIN
    density += np.maximum(eosin, 0)[..., None] * EOSIN
    light = 255 * 10**-density + rng.normal(0, 1.5, density.shape)
    return np.clip(np.round(light), 0, 255).astype(np.uint8)


def _field(side_px: int, scale_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    return smooth_field((side_px, side_px, 1), scale_px, rng)[..., 0]


def _stain(hematoxylin: NDArray[np.float32], nuclei: Nuclei, i: int, um_per_px: float) -> None:
    """Add one nucleus in place, with an edge one pixel soft."""
    row, column = nuclei.centers_um[i]
    long, short = nuclei.radii_um[i]
    reach = int(np.ceil(long / um_per_px)) + 2
    rows, columns = (
        slice(max(int(c / um_per_px) - reach, 0), int(c / um_per_px) + reach + 1)
        for c in (row, column)
    )
    patch = hematoxylin[rows, columns]
    y, x = np.indices(patch.shape)
    dy = (y + rows.start + 0.5) * um_per_px - row
    dx = (x + columns.start + 0.5) * um_per_px - column
    cos, sin = np.cos(nuclei.angles[i]), np.sin(nuclei.angles[i])
    along, across = dy * cos + dx * sin, dx * cos - dy * sin
    inside_um = (1 - np.hypot(along / long, across / short)) * short
    patch += (nuclei.stain[i] * np.clip(inside_um / um_per_px + 0.5, 0, 1)).astype(np.float32)
