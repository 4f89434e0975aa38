"""What a scanner would measure at single places of a head, without scanning all of it.

A place lies between two slices; each is the mean, over in-plane blur and slice thickness, of the
signal at six places. Compiled, since a shell has 123 000 places.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from gliokit.phantom.body.tissue import Tissue

PATTERN = ((1.2, 0.3), (-0.6, 1.1), (-1.2, -0.3), (0.6, -1.1), (0.2, 0.2), (-0.2, -0.2))  # of blur
ORDER = (2, 0, 4, 1, 5, 3)  # of these across the slice
FIRST_SOLID, LAST_HEALTHY = int(Tissue.CORTEX), int(Tissue.WHITE_MATTER_LESION)
DURA = int(Tissue.DURA)
INNER = 0.6  # of a tumor's radius
SMALL = 1e-3  # share of a slice


class Contrast(NamedTuple):
    """Signal of each `Tissue`, its unevenness as a fraction, and a field of that (k, k, k).

    The field has unit variance and repeats; k is a power of 2.
    """

    level: NDArray[np.float64]
    spread: NDArray[np.float64]
    grain: NDArray[np.float64]


class Slices(NamedTuple):
    """How slices lie, in voxels: direction across (3,), thickness, start, and `offsets` (m, 3).

    The offsets are the places that a slice is the mean of.
    """

    across: NDArray[np.float64]
    thickness: float
    start: float
    offsets: NDArray[np.float64]


class Tumor(NamedTuple):
    """Balls (m, 3) and (m,) that flow together; `Tissue` of rim, inside and around.

    `reach` is where what is around ends, in radii; `fills` whether fluid gives way; `waves` the
    height of waves on the border, in radii.
    """

    centers: NDArray[np.float64]
    radii: NDArray[np.float64]
    kinds: tuple[int, int, int]
    reach: float
    fills: bool
    waves: float


def lay_slices(axes: NDArray[np.float64], *, thickness: float, start: float, blur: float) -> Slices:
    """Lay slices along axes (3, 3), the last across; blur is a standard deviation in plane."""
    across = ((np.array(ORDER) + 0.5) / len(ORDER) - 0.5) * max(thickness, 1.0)
    offsets = np.column_stack([np.array(PATTERN) * blur, across]) @ axes
    return Slices(axes[2].copy(), thickness, start, offsets)


@numba.njit(cache=True, fastmath=True)
def scan_places(places, tissues, brain, contrast, slices, tumor):  # type: ignore[no-untyped-def]
    """Scan places (n, 3), in voxels of a head of 1 mm.

    Returns
    -------
    signal, brain : (n,)
        Signed signal; share of brain, between the voxels.
    tumor : (n,)
        Whether the place is tumor core or cavity.
    """
    signal, share = np.zeros(len(places)), np.zeros(len(places))
    held = np.zeros(len(places), dtype=np.bool_)
    nx, ny, nz = slices.across
    offsets = slices.offsets
    for n in range(len(places)):
        along = places[n, 0] * nx + places[n, 1] * ny + places[n, 2] * nz
        height = (along - slices.start) / slices.thickness
        below = np.floor(height)
        for side in range(2):
            part = height - below if side else 1 - (height - below)
            if part < SMALL:
                continue
            away = (below + side - height) * slices.thickness
            for k in range(len(offsets)):
                x = places[n, 0] + offsets[k, 0] + away * nx
                y = places[n, 1] + offsets[k, 1] + away * ny
                z = places[n, 2] + offsets[k, 2] + away * nz
                signal[n] += part * _signal(x, y, z, tissues, contrast, tumor)
        signal[n] /= len(offsets)
        x, y, z = places[n]
        share[n] = _interpolated(x, y, z, brain)
        held[n] = share[n] > 0.5 and _radii_away(x, y, z, tumor) < 1
    return signal, share, held


@numba.njit(cache=True, fastmath=True)
def _signal(x, y, z, tissues, contrast, tumor):  # type: ignore[no-untyped-def]
    i, j, k = int(np.floor(x + 0.5)), int(np.floor(y + 0.5)), int(np.floor(z + 0.5))
    shape = tissues.shape
    if i < 0 or j < 0 or k < 0 or i >= shape[0] or j >= shape[1] or k >= shape[2]:
        return 0.0
    tissue = int(tissues[i, j, k])
    if 0 < tissue <= LAST_HEALTHY and tissue != DURA and (tissue >= FIRST_SOLID or tumor.fills):
        away = _radii_away(x, y, z, tumor)
        if away < 1:
            tissue = tumor.kinds[1] if away < INNER else tumor.kinds[0]
        elif away < tumor.reach and tissue >= FIRST_SOLID:
            tissue = tumor.kinds[2]
    last = len(contrast.grain) - 1
    uneven = contrast.spread[tissue] * contrast.grain[i & last, j & last, k & last]
    return contrast.level[tissue] * (1 + uneven)


@numba.njit(cache=True, fastmath=True)
def _radii_away(x, y, z, tumor):  # type: ignore[no-untyped-def]
    """Distance from the nearest center of a tumor in its radii, with waves on the border."""
    least = np.inf
    for n in range(len(tumor.radii)):
        center = tumor.centers[n]
        apart = np.sqrt((x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2)
        least = min(least, apart / tumor.radii[n])
    if least > tumor.reach + 3 * tumor.waves:  # no wave gets there
        return least
    return least + tumor.waves * (np.sin(0.31 * x) + np.sin(0.37 * y) + np.sin(0.29 * z))


@numba.njit(cache=True, fastmath=True)
def _interpolated(x, y, z, mask):  # type: ignore[no-untyped-def]
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    if i < 0 or j < 0 or k < 0:
        return 0.0
    if i >= mask.shape[0] - 1 or j >= mask.shape[1] - 1 or k >= mask.shape[2] - 1:
        return 0.0
    share = 0.0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                if mask[i + a, j + b, k + c]:
                    wx = x - i if a else i + 1 - x
                    wy = y - j if b else j + 1 - y
                    wz = z - k if c else k + 1 - z
                    share += wx * wy * wz
    return share
