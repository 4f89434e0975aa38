"""Small structures that label maps lack, and that enhance, or are bright or dark on FLAIR.

Choroid plexus, vessels, cerebellar fissures, dura, and (for some people) white-matter
lesions, which become common with age.

Source: white-matter lesions in most people over 60 (Wardlaw et al., Lancet Neurol
2013;12:822-38, doi:10.1016/S1474-4422(13)70124-8); sizes and shares are assumed.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue

DURA_MM = 2.5
YOUNGEST_WITH_LESIONS = 30.0


def with_details(anatomy: Anatomy, rng: np.random.Generator, *, age: float = 55.0) -> Anatomy:
    """Add vessels, plexus, fissures, dura, and lesions of age."""
    tissues = anatomy.tissues.copy()
    _add_vessels(tissues, anatomy, rng)
    cerebellum = anatomy.tissues == Tissue.CEREBELLAR_CORTEX
    sheets = np.abs(smooth_field(tissues.shape, 2 / anatomy.spacing_mm, rng))
    tissues[cerebellum & (sheets < rng.uniform(0.05, 0.3))] = Tissue.CSF
    if anatomy.has_head:
        _mix_soft_tissue(tissues, anatomy, rng)
    _add_dura(tissues, anatomy)
    if rng.random() < np.clip((age - YOUNGEST_WITH_LESIONS) / 50, 0.05, 0.95):
        tissues[_white_matter_lesions(anatomy, age, rng)] = Tissue.WHITE_MATTER_LESION
    return Anatomy(tissues, anatomy.compartments, anatomy.affine)


def _add_vessels(tissues: NDArray[np.uint8], anatomy: Anatomy, rng: np.random.Generator) -> None:
    ventricle = anatomy.tissues == Tissue.VENTRICLE
    scale = 3 / anatomy.spacing_mm
    plexus = smooth_field(tissues.shape, scale, rng) > rng.uniform(1.0, 2.0)
    # zero-crossings of a band-limited field are sheets; where two sheets meet is a tube
    tubes = sum(np.abs(smooth_field(tissues.shape, scale, rng)) for _ in range(2))
    deep = np.isin(anatomy.tissues, (Tissue.WHITE_MATTER, Tissue.DEEP_GRAY))
    tissues[ventricle & plexus] = Tissue.CHOROID_PLEXUS
    tissues[(anatomy.tissues == Tissue.CSF) & (tubes < rng.uniform(0.15, 0.4))] = Tissue.VESSEL
    tissues[deep & (tubes < rng.uniform(0.0, 0.03))] = Tissue.VESSEL


def _mix_soft_tissue(
    tissues: NDArray[np.uint8], anatomy: Anatomy, rng: np.random.Generator
) -> None:
    """Label maps have one soft tissue outside the skull; a half of it is muscle."""
    fat = anatomy.tissues == Tissue.FAT
    tissues[fat & (smooth_field(tissues.shape, 6 / anatomy.spacing_mm, rng) > 0)] = Tissue.MUSCLE


def _add_dura(tissues: NDArray[np.uint8], anatomy: Anatomy) -> None:
    """Line the skull: a thin shell that lies outside all CSF and brain."""
    inside = (anatomy.tissues > 0) & (anatomy.tissues < FIRST_OUTSIDE)
    layers = max(1, round(DURA_MM / anatomy.spacing_mm))
    tissues[binary_dilation(inside, iterations=layers) & ~inside] = Tissue.DURA


def _white_matter_lesions(
    anatomy: Anatomy, age: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Spots in white matter, more of them near the ventricles and at a higher age."""
    ventricle = (anatomy.tissues == Tissue.VENTRICLE).astype(np.float32)
    near = gaussian_filter(ventricle, 5 / anatomy.spacing_mm)
    size = rng.uniform(1.2, 2.5) / anatomy.spacing_mm
    spots = smooth_field(anatomy.tissues.shape, size, rng) + 6 * near
    threshold = rng.uniform(2.6, 4.5) - 0.01 * (age - 55)
    return (anatomy.tissues == Tissue.WHITE_MATTER) & (spots > threshold)
