"""Tissue maps of healthy brains.

From label maps with FreeSurfer numbers, or, where there are none, from the MNI152 2009a
gray and white matter maps that nilearn ships. Both lack small structures that enhance or
are bright on FLAIR; `with_details` adds them: choroid plexus, vessels, cerebellar fissures,
dura, and (for some) white-matter lesions.

Limits: no falx, no skull; MNI-based brains have one cerebellar gray and white.

Source: FreeSurferColorLUT; Fonov et al., NeuroImage 2011;54:313-27,
doi:10.1016/j.neuroimage.2010.07.033
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation, binary_fill_holes, gaussian_filter, label

from gliokit.core.errors import SimulationError
from gliokit.core.geometry import Affine, Grid, spacing_mm
from gliokit.io.nifti import read_image
from gliokit.phantom.noise import smooth_field
from gliokit.phantom.tissue import Tissue
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras

FREESURFER: dict[Tissue, tuple[int, ...]] = {
    Tissue.WHITE_MATTER: (2, 41, 85, 251, 252, 253, 254, 255),
    Tissue.CORTEX: (3, 42, 17, 53, 18, 54, 136, 137, 163, 164),
    Tissue.VENTRICLE: (4, 5, 14, 15, 43, 44, 72),
    Tissue.CSF: (24,),
    Tissue.DEEP_GRAY: (10, 11, 12, 13, 26, 28, 49, 50, 51, 52, 58, 60),
    Tissue.CEREBELLAR_WHITE: (7, 46),
    Tissue.CEREBELLAR_CORTEX: (8, 47),
    Tissue.BRAINSTEM: (16,),
    Tissue.WHITE_MATTER_LESION: (25, 57, 77),
    Tissue.VESSEL: (30, 62),
    Tissue.CHOROID_PLEXUS: (31, 63),
}
MARGIN = 12  # voxels of background around a brain


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A healthy brain.

    Attributes
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel, axes running to R, A and S.
    affine : (4, 4)
        Voxel index to RAS+ mm; 1 mm isotropic.
    """

    tissues: NDArray[np.uint8] = field(repr=False)
    affine: Affine


def read_anatomy(path: Path) -> Anatomy:
    """Read a label map with FreeSurfer numbers.

    Raises
    ------
    SimulationError
        If the map holds no cerebral white matter, or its voxels are not 1 mm.
    """
    image = read_image(path)
    if not np.allclose(spacing_mm(image.affine), 1, atol=0.01):
        found = " × ".join(f"{step:.3g}" for step in spacing_mm(image.affine))
        raise SimulationError(f"{path} has voxels of {found} mm; resample it to 1 mm")
    table = np.zeros(int(image.array.max()) + 1, dtype=np.uint8)
    for tissue, numbers in FREESURFER.items():
        table[[number for number in numbers if number < len(table)]] = tissue
    tissues = table[image.array.astype(np.int32)]
    if not np.any(tissues == Tissue.WHITE_MATTER):
        raise SimulationError(
            f"{path} has no voxel of cerebral white matter (2 or 41); "
            "give a label map with FreeSurfer numbers"
        )
    return _trimmed(_in_ras(tissues, image.grid))


def mni_anatomy() -> Anatomy:
    """Make a brain from the MNI152 2009a maps in the installed nilearn package."""
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise SimulationError("nilearn is not installed; run `pip install nilearn`")
    folder = Path(package.origin).parent / "datasets" / "data"
    stem = "mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
    gray, white = (read_image(folder / stem.format(kind)) for kind in ("gm", "wm"))
    gm, wm = (image.array / image.array.max() for image in (gray, white))
    tissues = np.zeros(gm.shape, dtype=np.uint8)
    brain = binary_fill_holes(binary_closing(gm + wm > 0.3, iterations=4))
    tissues[brain] = Tissue.CSF
    solid = gm + wm > 0.5
    tissues[solid & (gm >= wm)] = Tissue.CORTEX
    tissues[solid & (gm < wm)] = Tissue.WHITE_MATTER
    _name_parts(tissues, gray.affine)
    return _trimmed(_in_ras(tissues, gray.grid))


def with_details(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Add what label maps lack: vessels, plexus, fissures, dura, and lesions of age."""
    tissues = anatomy.tissues.copy()
    shape = tissues.shape
    ventricle = tissues == Tissue.VENTRICLE
    plexus = ventricle & (smooth_field(shape, 3, rng) > rng.uniform(1.0, 2.0))
    csf = tissues == Tissue.CSF
    # zero-crossings of a band-limited field are sheets; where two sheets meet is a tube
    tubes = np.abs(smooth_field(shape, 3, rng)) + np.abs(smooth_field(shape, 3, rng))
    deep = (tissues == Tissue.WHITE_MATTER) | (tissues == Tissue.DEEP_GRAY)
    cerebellum = tissues == Tissue.CEREBELLAR_CORTEX
    fissures = cerebellum & (np.abs(smooth_field(shape, 2, rng)) < rng.uniform(0.05, 0.3))
    shell = binary_dilation(tissues > 0, iterations=3) & (tissues == 0)
    near = gaussian_filter(ventricle.astype(np.float32), 5)
    spots = smooth_field(shape, rng.uniform(1.2, 2.5), rng) + 6 * near
    tissues[plexus] = Tissue.CHOROID_PLEXUS
    tissues[csf & (tubes < rng.uniform(0.15, 0.4))] = Tissue.VESSEL
    tissues[deep & (tubes < rng.uniform(0.0, 0.07))] = Tissue.VESSEL
    tissues[fissures] = Tissue.CSF
    tissues[shell] = Tissue.DURA
    if rng.random() < 0.5:
        lesions = (anatomy.tissues == Tissue.WHITE_MATTER) & (spots > rng.uniform(2.6, 4.5))
        tissues[lesions] = Tissue.WHITE_MATTER_LESION
    return Anatomy(tissues, anatomy.affine)


def _in_ras(tissues: NDArray[np.uint8], grid: Grid) -> Anatomy:
    turned = np.ascontiguousarray(turn_to_ras(tissues, grid.affine))
    return Anatomy(turned, grid_in_ras(grid).affine)


def _trimmed(anatomy: Anatomy) -> Anatomy:
    """Cut to the brain (its largest part) with a margin; pad where the map ends sooner."""
    parts, _ = label(anatomy.tissues > 0)
    largest = 1 + np.bincount(parts.ravel())[1:].argmax()
    anatomy = Anatomy(np.where(parts == largest, anatomy.tissues, 0), anatomy.affine)
    inside = np.argwhere(anatomy.tissues > 0)
    low, high = inside.min(0) - MARGIN, inside.max(0) + MARGIN + 1
    tissues = np.zeros(high - low, dtype=np.uint8)
    brain = tuple(slice(a, b) for a, b in zip(inside.min(0), inside.max(0) + 1, strict=True))
    tissues[MARGIN:-MARGIN, MARGIN:-MARGIN, MARGIN:-MARGIN] = anatomy.tissues[brain]
    affine = anatomy.affine.copy()
    affine[:3, 3] = affine[:3, :3] @ low + affine[:3, 3]
    return Anatomy(tissues, affine)


def _name_parts(tissues: NDArray[np.uint8], affine: Affine) -> None:
    """Split MNI gray, white and CSF by rough boxes in MNI space (mm); in place."""
    world = np.indices(tissues.shape, dtype=np.float32)
    x, y, z = (
        affine[w, w] * world[w] + affine[w, 3] for w in range(3)
    )  # the MNI affine is diagonal
    central = (np.abs(x) < 40) & (y > -60) & (y < 40) & (z > -20) & (z < 35)
    parts, _ = label((tissues == Tissue.CSF) & central)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    deep_csf = (parts == sizes.argmax()) & central & (np.abs(x) < 32) & (z > -12)
    tissues[deep_csf] = Tissue.VENTRICLE
    basal = (np.abs(x) > 5) & (np.abs(x) < 33) & (np.abs(y + 4) < 24) & (np.abs(z - 4) < 14)
    tissues[basal & (tissues == Tissue.CORTEX)] = Tissue.DEEP_GRAY
    stem = (np.abs(x) < 13) & (y > -44) & (y < -14) & (z < -12)
    hind = (y < -38) & (z < -14 - 0.25 * (y + 60)) & (z < -10)
    tissues[hind & (tissues == Tissue.CORTEX)] = Tissue.CEREBELLAR_CORTEX
    tissues[hind & (tissues == Tissue.WHITE_MATTER)] = Tissue.CEREBELLAR_WHITE
    solid = (tissues == Tissue.CORTEX) | (tissues == Tissue.WHITE_MATTER)
    tissues[stem & (solid | (tissues == Tissue.CEREBELLAR_WHITE))] = Tissue.BRAINSTEM
