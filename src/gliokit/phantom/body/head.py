"""A head around a brain whose label map has none: bone, fat and skin as shells.

Limits: no face, no neck, no eyes; for maps that hold a head, `read_anatomy` keeps theirs.
Thickness of the skull about 7 mm, of the scalp about 6 mm (assumed; Lillie et al., J Forensic
Sci 2016;61:59-66, doi:10.1111/1556-4029.12930, give 6-9 mm for the frontal bone).
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import Tissue

PAD_MM = 20
SPREAD = 0.12  # of thickness, log units
SHELLS: tuple[tuple[Tissue, float], ...] = (  # from inside to outside; outer border in mm
    (Tissue.CSF, 2.0),
    (Tissue.BONE, 4.5),
    (Tissue.MARROW, 7.0),
    (Tissue.BONE, 9.0),
    (Tissue.FAT, 13.5),
    (Tissue.SKIN, 15.5),
)


def with_head(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Grow shells around a brain; a head that is there already stays as it is."""
    if anatomy.has_head:
        return anatomy
    pad = round(PAD_MM / anatomy.spacing_mm)
    tissues = np.pad(anatomy.tissues, pad)
    distance = distance_transform_edt(tissues == 0).astype(np.float32) * anatomy.spacing_mm
    distance *= np.exp(SPREAD * smooth_field(tissues.shape, 15 / anatomy.spacing_mm, rng))
    empty = tissues == 0
    inner = 0.0
    for tissue, outer in SHELLS:
        tissues[empty & (distance > inner) & (distance <= outer)] = tissue
        inner = outer
    affine = anatomy.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.full(3, pad)
    compartments = np.pad(anatomy.compartments, pad)
    return Anatomy(tissues, compartments, affine)
