"""What registration looks at: an image averaged to a level, the head in it, points drawn there.

Images are taken as if stored in RAS order (`gliokit.preprocessing.orientation`), and averaged to
the level's spacing where they are finer; thicker slices stay as they are. Intensities count from
the darkest to the 99th percentile of the head, so that a bright vessel or fat does not take all
bins. The head is what is brighter than Otsu's threshold on the square root of intensity, filled;
no brain mask is needed, and an image that is already stripped works as well.

Source: Otsu, IEEE Trans Syst Man Cybern 1979;9:62-6, doi:10.1109/TSMC.1979.4310076
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_fill_holes

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Affine, spacing_mm, to_voxel, to_world
from gliokit.core.image import Image
from gliokit.preprocessing.mutual_information import BINS, BORDER, Samples, Target, interpolate
from gliokit.preprocessing.orientation import stored_in_ras
from gliokit.preprocessing.resampling import resample

COARSE_MM = 8.0
# spacing in mm, and points: of the climb from many starts, of two finer ones, of the check
LOOKS = ((COARSE_MM, 4_000), (4.0, 10_000), (2.0, 50_000), (4.0, 20_000))
WORTH = 1.3  # times finer than the level: less is not averaged
REACH_MM = 170.0  # below the top of the head; an adult brain is 150 mm high at most
BRIGHT_PERCENTILE = 99.0
RIM = 1  # coarse voxels of air around the head, whose border tells most
SMALLEST_ML = 200.0  # of head that must be seen
SMALLEST = 1e-12  # range of intensities


@dataclass(frozen=True, slots=True)
class Head:
    """Where the head lies in an image, at 8 mm.

    Attributes
    ----------
    mask : (X, Y, Z)
        The head, no lower than `REACH_MM` under its top.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    """

    mask: NDArray[np.bool_] = field(repr=False)
    affine: Affine

    @property
    def center_mm(self) -> NDArray[np.float64]:
        """Middle of the head, (3,) in RAS+ mm."""
        return to_world(self.affine, np.argwhere(self.mask)).mean(axis=0)

    @property
    def top_mm(self) -> float:
        """Highest point."""
        return float(to_world(self.affine, np.argwhere(self.mask))[:, 2].max())


class Leveled:
    """An image averaged to levels, to each only once, and the head in it.

    Parameters
    ----------
    image : Image
        On its own grid.
    """

    def __init__(self, image: Image) -> None:
        self._image = stored_in_ras(image)
        self._averaged: dict[float, Image] = {}
        self._targets: dict[float, Target] = {}

    def averaged(self, level_mm: float) -> Image:
        """Give it averaged to voxels of a level; axes run to R, A and S."""
        if level_mm not in self._averaged:
            self._averaged[level_mm] = averaged(self._image, level_mm)
        return self._averaged[level_mm]

    @cached_property
    def head(self) -> Head:
        """The head in it.

        Raises
        ------
        NotAssessableError
            If there is too little of it.
        """
        return find_head(self.averaged(COARSE_MM))

    def target(self, level_mm: float) -> Target:
        """Give it as the one that points are looked up in."""
        if level_mm not in self._targets:
            level = self.averaged(level_mm)
            to_voxel = np.asarray(np.linalg.inv(level.affine), np.float64)
            self._targets[level_mm] = Target(_in_bins(level, self.head), to_voxel)
        return self._targets[level_mm]


class Reference(Leveled):
    """An image that others are registered to, and points drawn in it once for all of them.

    Parameters
    ----------
    image : Image
        On its own grid.
    seed : int
        Of the points; the same seed gives the same bytes.
    """

    def __init__(self, image: Image, *, seed: int = 0) -> None:
        super().__init__(image)
        self.seed = seed

    @cached_property
    def samples(self) -> tuple[Samples, ...]:
        """Points for each of `LOOKS`."""
        rng = np.random.default_rng(self.seed)
        return tuple(
            draw_samples(self, level_mm, number=number, rng=rng) for level_mm, number in LOOKS
        )


def averaged(image: Image, level_mm: float) -> Image:
    """Average an image whose axes run to R, A and S to voxels of a level."""
    now = spacing_mm(image.affine)
    wanted = np.where(level_mm > WORTH * now, level_mm, now)
    array = resample(image.array, now, wanted)
    scale = np.diag([*(wanted / now), 1.0])
    scale[:3, 3] = (wanted / now - 1) / 2  # the outer faces stay
    return Image(array, image.affine @ scale, image.source)


def find_head(coarse: Image) -> Head:
    """Find the head in an image averaged to `COARSE_MM`.

    Raises
    ------
    NotAssessableError
        If there is too little of it.
    """
    roots = np.sqrt(coarse.array - coarse.array.min())
    mask = binary_fill_holes(roots > otsu_threshold(roots))
    places = to_world(coarse.affine, np.moveaxis(np.indices(mask.shape), 0, -1))
    if mask.any():
        mask &= places[..., 2] > places[mask][:, 2].max() - REACH_MM
    volume_ml = np.count_nonzero(mask) * abs(np.linalg.det(coarse.affine[:3, :3])) / 1000
    if volume_ml < SMALLEST_ML:
        raise NotAssessableError(
            f"{coarse.source} shows {volume_ml:.0f} mL that is brighter than air; needed at least "
            f"{SMALLEST_ML:.0f} mL of a head to register it: check the image"
        )
    return Head(mask, coarse.affine)


def otsu_threshold(values: NDArray[np.float32]) -> float:
    """Give the value that parts two classes best, of values of any shape; else the largest."""
    counts, edges = np.histogram(values, bins=256)
    centers = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = total / below - (total[-1] - total) / above
        between = np.where((below > 0) & (above > 0), below * above * apart**2, 0)
    return float(centers[between.argmax()] if between.any() else values.max())


def draw_samples(
    fixed: Leveled, level_mm: float, *, number: int, rng: np.random.Generator
) -> Samples:
    """Draw random points of the head and a rim of air, with the image's intensities."""
    head = fixed.head
    region = np.argwhere(binary_dilation(head.mask, iterations=RIM))
    chosen = region[rng.integers(len(region), size=number)]
    places = to_world(head.affine, chosen + rng.uniform(-0.5, 0.5, chosen.shape))
    center = head.center_mm
    points = (places - center).astype(np.float32)
    target = fixed.target(level_mm)
    unsorted = Samples(points, center, np.zeros(number, dtype=np.intp))
    inside, levels, _ = interpolate(unsorted, target, np.eye(3), center)
    return Samples(points[inside], center, levels.astype(np.intp))


def _in_bins(level: Image, head: Head) -> NDArray[np.float32]:
    """Scale intensities (X, Y, Z) to bins."""
    shares = level.array[_inside(level, head)]
    low, high = float(level.array.min()), float(np.percentile(shares, BRIGHT_PERCENTILE))
    widest = BINS - 1 - 2 * BORDER
    scaled = (level.array - low) * np.float32(widest / max(high - low, SMALLEST))
    return scaled.clip(0, widest) + np.float32(BORDER)


def _inside(level: Image, head: Head) -> tuple[NDArray[np.intp], ...]:
    """Index the voxels of a level that are nearest to the middles of the head's voxels."""
    places = to_voxel(level.affine, to_world(head.affine, np.argwhere(head.mask)))
    last = np.array(level.array.shape) - 1
    return tuple(np.rint(places).astype(np.intp).clip(0, last).T)
