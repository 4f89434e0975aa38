"""What the reader of a result must know: what is doubtful, what could not be judged."""

import numpy as np

from gliokit.core.findings import Notice
from gliokit.core.geometry import Affine, axial_tilt_degrees, spacing_mm
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region

WIDEST_TILT_DEGREES = 30.0  # beyond it, slices are as much oblique as axial
# slices no thicker than 5 mm: Wen et al., J Clin Oncol 2023, doi:10.1200/JCO.23.01059 (RANO 2.0)
COARSEST_SPACING_MM = 5.0

_CONSEQUENCES = {
    MRSequence.T1: "No T1 image: blood and calcification may be taken for enhancement.",
    MRSequence.T1C: "No T1c image: what enhances, and so the tumor core, is not seen.",
    MRSequence.T2: "No T2 image: cysts and edema are judged without it.",
    MRSequence.FLAIR: "No FLAIR image: edema beside the fluid spaces is judged without it.",
}
_ENHANCEMENT = Notice(
    "enhancement",
    "Enhancement and the diameters of the tumor core: they need a T1c image.",
    (Region.TUMOR_CORE, Region.ENHANCING_TUMOR),
)
_EDEMA = Notice(
    "edema",
    "Edema and the extent of the whole tumor: they need a FLAIR or a T2 image.",
    (Region.WHOLE_TUMOR,),
)


def doubts(study: Study, labels: LabelMap) -> tuple[Notice, ...]:
    """Name what makes the findings of a study less certain."""
    return (
        *(Notice("missing-sequence", _CONSEQUENCES[sequence]) for sequence in study.missing),
        *_doubts_of_grid(labels.affine),
        *_doubts_of_labels(labels),
    )


def not_judged(study: Study) -> tuple[Notice, ...]:
    """Name what no model can judge from the sequences that are there."""
    missing = set(study.missing)
    notices = []
    if MRSequence.T1C in missing:
        notices.append(_ENHANCEMENT)
    if {MRSequence.FLAIR, MRSequence.T2} <= missing:
        notices.append(_EDEMA)
    return tuple(notices)


def _doubts_of_grid(affine: Affine) -> list[Notice]:
    notices = []
    tilt = axial_tilt_degrees(affine)
    if tilt > WIDEST_TILT_DEGREES:
        notices.append(
            Notice(
                "oblique-slices",
                f"Slices are tilted by {tilt:.0f}° from axial: "
                "diameters are those of the slices as scanned.",
            )
        )
    coarsest = float(spacing_mm(affine).max())
    if coarsest > COARSEST_SPACING_MM:
        notices.append(
            Notice(
                "coarse-spacing",
                f"Voxels are {coarsest:.3g} mm apart, more than the {COARSEST_SPACING_MM:g} mm "
                "that RANO 2.0 asks for: small lesions may be missed, volumes are rough.",
            )
        )
    return notices


def _doubts_of_labels(labels: LabelMap) -> list[Notice]:
    if np.any(region_mask(labels.array, Region.WHOLE_TUMOR)):
        return []
    return [Notice("no-tumor-seen", "No tumor was outlined: there may be none, or it was missed.")]
