"""Which fluid of the brain is in its ventricles.

Ventricles are what hangs together with their usual place. Fluid is a graph of voxels. Each has an
opinion, strong where its place tells much, and shares those of its neighbors: the probability that
a random walk from the voxel ends in a ventricle before it ends outside. A ventricle that a tumor
pushed away is fluid where the place tells nothing, and hangs together with the rest of the
ventricles, so it is found; a sulcus that touches them by a narrow bridge is not.

Limits: a ventricle that is cut off and has left its usual place is taken for a cistern.

Source: Grady, IEEE Computer Vision and Pattern Recognition 2005;1:763-70,
doi:10.1109/CVPR.2005.239 (random walks with priors)
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import cg

REACH_MM = 8.0  # assumed: how far a sure opinion is heard
CERTAIN = 1e-6  # least weight of an opinion, so that every part of the fluid has one
STEPS, CLOSE = 300, 1e-3  # of the solver
GAP_MM = 3.0  # assumed: choroid plexus inside a ventricle is at most so thick


def find_ventricles(
    fluid: NDArray[np.bool_],
    chance: NDArray[np.float32],
    spacing_mm: NDArray[np.float64],
    *,
    inner: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Find the ventricles.

    Parameters
    ----------
    fluid : (X, Y, Z)
        Voxels of fluid.
    chance : (X, Y, Z)
        That fluid here is in a ventricle, by the place alone, 0-1.
    spacing_mm : (3,)
        Of the grid.
    inner : (X, Y, Z)
        What may lie in a ventricle and is no fluid, as choroid plexus; it is added where
        ventricles enclose it.

    Returns
    -------
    (X, Y, Z)
    """
    ventricles = np.zeros_like(fluid)
    if fluid.any():
        ventricles[fluid] = _walked(fluid, chance[fluid].astype(np.float64), spacing_mm) > 0.5
    ball = _ball(GAP_MM, spacing_mm)
    return ventricles | (binary_closing(ventricles, ball) & inner)


def _walked(
    fluid: NDArray[np.bool_], chance: NDArray[np.float64], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability of each voxel of fluid, (n,), to be in a ventricle."""
    number = np.full(fluid.shape, -1, dtype=np.int32)
    number[fluid] = np.arange(len(chance))
    ones, others, weights = [], [], []
    for axis, step in enumerate(spacing_mm):
        before, after = (_shifted(axis, end) for end in (slice(None, -1), slice(1, None)))
        both = fluid[before] & fluid[after]
        ones.append(number[before][both])
        others.append(number[after][both])
        weights.append(np.full(len(ones[-1]), 1 / step**2))
    one, other, weight = (np.concatenate(parts) for parts in (ones, others, weights))
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    links = coo_array((np.tile(weight, 2), (rows, columns)), shape=[len(chance)] * 2).tocsr()
    opinion = np.abs(2 * chance - 1) / REACH_MM**2 + CERTAIN
    diagonal = links.sum(axis=1) + opinion
    system = diags_array(diagonal) - links
    scaled = diags_array(1 / diagonal)
    found, _ = cg(system, opinion * chance, x0=chance, rtol=CLOSE, maxiter=STEPS, M=scaled)
    return np.asarray(found, dtype=np.float64)


def _shifted(axis: int, part: slice) -> tuple[slice, ...]:
    return tuple(part if a == axis else slice(None) for a in range(3))


def _ball(radius_mm: float, spacing_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    reach = np.maximum(radius_mm // spacing_mm, 1).astype(int)
    x, y, z = 2 * reach + 1
    offsets = np.indices((x, y, z)) - reach[:, None, None, None]
    away = (offsets * spacing_mm[:, None, None, None]) ** 2
    return away.sum(axis=0) <= max(radius_mm, spacing_mm.min()) ** 2
