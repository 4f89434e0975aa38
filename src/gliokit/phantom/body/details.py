"""Small structures that label maps lack, and that enhance, or are bright or dark on FLAIR.

Choroid plexus, vessels, cerebellar fissures, dura, and (for some people) white-matter
lesions, which become common with age. What label maps call CSF is all that lies between brain
and skull, 250 to 550 mL; part of it is dura, and part of it sulci whose banks touch.

Source: white-matter lesions in most people over 60 (Wardlaw et al., Lancet Neurol
2013;12:822-38, doi:10.1016/S1474-4422(13)70124-8); sizes and shares are assumed.
"""

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue

DURA_MM = 2.0  # of the label maps' outermost CSF
BANKS_MM = 1.2  # standard deviation of the blur that tells narrow sulci from wide
YOUNGEST_WITH_LESIONS = 30.0


def with_details(anatomy: Anatomy, rng: np.random.Generator, *, age: float = 55.0) -> Anatomy:
    """Add vessels, plexus, fissures, dura, and lesions of age."""
    tissues = anatomy.tissues.copy()
    _add_vessels(tissues, anatomy, rng)
    cerebellum = anatomy.tissues == Tissue.CEREBELLAR_CORTEX
    sheets = np.abs(smooth_field(tissues.shape, 2 / anatomy.spacing_mm, rng))
    tissues[cerebellum & (sheets < rng.uniform(0.03, 0.15))] = Tissue.CSF
    if anatomy.has_head:
        _mix_soft_tissue(tissues, anatomy, rng)
    _narrow_sulci(tissues, anatomy, age, rng)
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
    tissues[(anatomy.tissues == Tissue.CSF) & (tubes < rng.uniform(0.3, 0.8))] = Tissue.VESSEL
    tissues[deep & (tubes < rng.uniform(0.0, 0.012))] = Tissue.VESSEL


def _mix_soft_tissue(
    tissues: NDArray[np.uint8], anatomy: Anatomy, rng: np.random.Generator
) -> None:
    """Label maps have one soft tissue outside the skull; a half of it is muscle."""
    fat = anatomy.tissues == Tissue.FAT
    tissues[fat & (smooth_field(tissues.shape, 6 / anatomy.spacing_mm, rng) > 0)] = Tissue.MUSCLE


def _narrow_sulci(
    tissues: NDArray[np.uint8], anatomy: Anatomy, age: float, rng: np.random.Generator
) -> None:
    """Let the banks of narrow sulci touch, fewer of them at a higher age; in place.

    A plane has one half on its border; beyond that, tissue lies on more than one side.
    """
    gray = (Tissue.CORTEX, Tissue.CEREBELLAR_CORTEX, Tissue.WHITE_MATTER)
    solid = np.isin(anatomy.tissues, gray).astype(np.float32)
    around = gaussian_filter(solid, BANKS_MM / anatomy.spacing_mm)
    level = np.clip(0.38 + 0.003 * (age - 45) + rng.normal(0, 0.05), 0.32, 0.6)
    sulci = (anatomy.tissues == Tissue.CSF) & (tissues == Tissue.CSF)  # not fissures, added above
    tissues[sulci & (around > level)] = Tissue.CORTEX


def _add_dura(tissues: NDArray[np.uint8], anatomy: Anatomy) -> None:
    """Line the skull: the outermost CSF, and a layer outside it so that the lining is whole."""
    hollow = (anatomy.tissues == 0) | (anatomy.tissues >= FIRST_OUTSIDE)
    outside = cc3d.largest_k(hollow.view(np.uint8), k=1, connectivity=6) > 0
    inside = ~outside
    tissues[hollow & inside] = Tissue.CSF  # what a label map leaves unnamed inside the brain
    layers = round(DURA_MM / anatomy.spacing_mm)
    deep = binary_erosion(inside, iterations=layers) if layers else inside
    tissues[inside & ~deep & (tissues == Tissue.CSF)] = Tissue.DURA
    tissues[binary_dilation(inside) & ~inside] = Tissue.DURA


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
