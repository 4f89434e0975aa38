"""Mass effect: a growing tumor displaces the brain, and fluid gives way first.

The displacement is the gradient of a potential. Its divergence is the volume that the core
adds; elsewhere tissue yields a little and fluid (sulci, ventricles) a lot, in proportion to
the potential, so that the ventricles near the tumor are squeezed. Nothing moves through the
skull, and less through the falx and the tentorium. The potential is solved for on a coarse
grid, and the displacement is followed as a flow, which folds nowhere. A negative share pulls
the brain in, as beside an old cavity.

Limits: linear, no stiffness of single structures, no gravity.

Source: of the idea, growth as a local source of volume in an elastic brain (Hogea et al.,
J Math Biol 2008;56:793-825, doi:10.1007/s00285-007-0139-x); the yields are assumed.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import cg

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.compartments import open_faces
from gliokit.phantom.body.deformation import GRID_MM, control_indices, integrate, seen_at
from gliokit.phantom.body.noise import stretch
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue

FLUID_REACH_MM, TISSUE_REACH_MM = 8.0, 150.0  # over which a push dies away in each
THROUGH_WALL = 0.3  # share of a push that falx and tentorium pass on
FLUIDS = (Tissue.CSF, Tissue.VENTRICLE, Tissue.CHOROID_PLEXUS)
STIFF = (Tissue.BACKGROUND, Tissue.DURA)


def push(anatomy: Anatomy, core: NDArray[np.bool_], share: float) -> Anatomy:
    """Displace the brain around a core; the core's own place is not emptied.

    Parameters
    ----------
    core : (X, Y, Z)
        Where the volume is added.
    share : float
        Volume added, as a share of the core's, -1 to 1.
    """
    if share == 0 or not core.any():
        return anatomy
    displacement = -displacement_mm(anatomy, core, share)  # new points look back to old ones
    shape = anatomy.tissues.shape
    at = np.stack([stretch(part, shape) for part in integrate(displacement)])
    at /= np.float32(anatomy.spacing_mm)
    for axis, n in enumerate(shape):
        at[axis] += np.arange(n, dtype=np.float32).reshape(
            [-1 if axis == a else 1 for a in range(3)]
        )
    tissues, compartments = seen_at(anatomy, at, mode="nearest")
    fixed = _is_stiff(anatomy.tissues) | _is_stiff(tissues)
    return Anatomy(
        np.where(fixed, anatomy.tissues, tissues),
        np.where(fixed, anatomy.compartments, compartments),
        anatomy.affine,
    )


def displacement_mm(anatomy: Anatomy, core: NDArray[np.bool_], share: float) -> NDArray[np.float32]:
    """Where the brain goes, (3, x, y, z) in mm on points about `GRID_MM` apart."""
    at = control_indices(anatomy.tissues.shape, anatomy.spacing_mm)
    tissues = anatomy.tissues[np.ix_(*at)]
    smooth = gaussian_filter(core.astype(np.float32), GRID_MM / anatomy.spacing_mm / 2)
    source = share * smooth[np.ix_(*at)]
    inside = ~_is_stiff(tissues)
    yields = np.where(np.isin(tissues, FLUIDS), FLUID_REACH_MM**-2, TISSUE_REACH_MM**-2)
    yields[smooth[np.ix_(*at)] > 0.5] = 0  # the core passes on all that it adds
    faces = _conductances(inside, anatomy.compartments[np.ix_(*at)])
    return _flow(_solve(inside, faces, source, yields), faces)


def _conductances(
    inside: NDArray[np.bool_], compartments: NDArray[np.uint8]
) -> list[NDArray[np.float64]]:
    """Give what each pair of neighbors passes on, 0-1, per axis; nothing through the skull."""
    faces = []
    for axis in range(3):
        n = inside.shape[axis]
        both = inside.take(range(n - 1), axis=axis) & inside.take(range(1, n), axis=axis)
        passed = np.where(open_faces(compartments, axis), 1.0, THROUGH_WALL)
        faces.append(np.where(both, passed, 0.0))
    return faces


def _solve(
    inside: NDArray[np.bool_],
    faces: list[NDArray[np.float64]],
    source: NDArray[np.float32],
    yields: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve  -div(k grad p) + yields p = source  for the potential p in mm², (x, y, z)."""
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    rows, columns, weights = [], [], []
    for axis, passed in enumerate(faces):
        n = inside.shape[axis]
        linked = passed > 0
        rows.append(number.take(range(n - 1), axis=axis)[linked])
        columns.append(number.take(range(1, n), axis=axis)[linked])
        weights.append(passed[linked] / GRID_MM**2)
    i, j, w = (np.concatenate(parts) for parts in (rows, columns, weights))
    size = int(inside.sum())
    links = coo_array((np.r_[w, w], (np.r_[i, j], np.r_[j, i])), shape=(size, size)).tocsr()
    matrix = diags_array(links.sum(axis=1) + yields[inside]) - links
    solution, _ = cg(matrix.tocsr(), source[inside].astype(np.float64), rtol=1e-3, maxiter=300)
    potential = np.zeros(inside.shape)
    potential[inside] = solution
    return potential


def _flow(potential: NDArray[np.float64], faces: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Give the flow down the potential, (3, x, y, z) in mm: the mean of a point's two faces."""
    flow = np.zeros((3, *potential.shape))
    for axis, passed in enumerate(faces):
        through = -passed * np.diff(potential, axis=axis) / GRID_MM
        edge = [(0, 0)] * 3
        edge[axis] = (1, 1)
        sides = np.pad(through, edge)
        n = potential.shape[axis]
        flow[axis] = (sides.take(range(n), axis=axis) + sides.take(range(1, n + 1), axis=axis)) / 2
    return flow.astype(np.float32)


def _is_stiff(tissues: NDArray[np.uint8]) -> NDArray[np.bool_]:
    table = np.zeros(len(Tissue), dtype=bool)
    table[list(STIFF)] = True
    table[FIRST_OUTSIDE:] = True
    return table[tissues]
