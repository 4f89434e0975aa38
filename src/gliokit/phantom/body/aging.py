"""What age does to a healthy brain: wider ventricles, wider sulci, lesions of white matter.

Source: lateral ventricles grow slowly to 60 and fast after, gray matter shrinks (Scahill et
al., Arch Neurol 2003;60:989-94, doi:10.1001/archneur.60.7.989). The amounts here are
assumed, set so that ventricles about double between 40 and 75 years.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.deformation import GRID_MM, control_indices, integrate
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import Tissue

UNCHANGED_AGE = 45.0  # years, of a brain with ventricles of the usual volume
USUAL_ML, DOUBLING_YEARS = 18.0, 35.0  # of ventricles at that age, and until they double
OLDEST = 95.0  # that large ventricles speak for
WALL_MM_PER_YEAR = 0.15  # steepest part of the ventricles' walls moves out by so much
WALL_SPREAD_MM = 0.8  # between people of one age
LOSS_PER_YEAR = 0.010  # share of the cortex's surface layer that gives way to CSF
REACH_MM = 4  # of the ventricles' push


def draw_aging(anatomy: Anatomy, age: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw the displacement that gives the anatomy the ventricles of an age.

    Returns
    -------
    (3, x, y, z)
        In mm on the control points of `gliokit.phantom.body.deformation`, from new to old points.
    """
    wall_mm = WALL_MM_PER_YEAR * (age - apparent_age(anatomy)) + rng.normal(0, WALL_SPREAD_MM)
    return ventricle_displacement(anatomy, float(np.clip(wall_mm, -5.0, 7.0)))


def apparent_age(anatomy: Anatomy) -> float:
    """Guess the age of an anatomy in years from its ventricles; label maps do not state it."""
    voxels = np.count_nonzero(anatomy.tissues == Tissue.VENTRICLE)
    volume_ml = voxels * anatomy.spacing_mm**3 / 1000
    doublings = np.log2(max(volume_ml, 1.0) / USUAL_ML)
    return float(np.clip(UNCHANGED_AGE + DOUBLING_YEARS * doublings, 20.0, OLDEST))


def ventricle_displacement(anatomy: Anatomy, wall_mm: float) -> NDArray[np.float32]:
    """Move the ventricles' walls outward by up to `wall_mm` (inward where negative)."""
    mask = (anatomy.tissues == Tissue.VENTRICLE).astype(np.float32)
    soft = gaussian_filter(_at_control_points(mask, anatomy.spacing_mm), REACH_MM / GRID_MM)
    slope = np.stack(np.gradient(soft))
    steepest = float(np.sqrt((slope**2).sum(0)).max())
    # a wider ventricle is seen by looking up its wall nearer to its middle
    return integrate((slope * (wall_mm / max(steepest, 1e-6))).astype(np.float32))


def shrink_cortex(anatomy: Anatomy, age: float, rng: np.random.Generator) -> Anatomy:
    """Widen the sulci: part of the cortex's outermost voxels becomes CSF."""
    share = float(np.clip(LOSS_PER_YEAR * (age - UNCHANGED_AGE), 0, 0.4)) / anatomy.spacing_mm
    if share <= 0:
        return anatomy
    tissues = anatomy.tissues.copy()
    surface = (tissues == Tissue.CORTEX) & binary_dilation(tissues == Tissue.CSF)
    where = smooth_field(tissues.shape, 6 / anatomy.spacing_mm, rng)
    lost = surface & (where > np.quantile(where[::4, ::4, ::4], 1 - share))
    tissues[lost] = Tissue.CSF
    return Anatomy(tissues, anatomy.compartments, anatomy.affine)


def _at_control_points(mask: NDArray[np.float32], spacing_mm: float) -> NDArray[np.float32]:
    """Average a mask around the control points that span it."""
    smooth = gaussian_filter(mask, GRID_MM / spacing_mm / 2)
    return smooth[np.ix_(*control_indices(mask.shape, spacing_mm))]
