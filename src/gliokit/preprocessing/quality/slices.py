"""How far apart the slices of an image lie.

The figure is the largest spacing of the voxel grid: slice thickness and gap together, which a
header without the two apart cannot tell. An image that was resampled to thin slices looks
better than it was scanned: give the images as scanned where there are any.

Source: spacing of at most 5 mm: Wen et al., J Clin Oncol 2023, doi:10.1200/JCO.23.01059 (RANO
2.0); it is also what slices of 4 mm with a gap of 1 mm come to, the most that the consensus
protocol for trials allows: Ellingson et al., Neuro Oncol 2015;17:1188-98,
doi:10.1093/neuonc/nov095
"""

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.geometry import spacing_mm
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.judgment import Question

ROUNDING_MM = 0.01  # of headers
SLICE_SPACING = Question(
    "slice-spacing",
    Limit(
        None,
        5.0,
        "mm",
        "RANO 2.0, doi:10.1200/JCO.23.01059; consensus protocol, doi:10.1093/neuonc/nov095",
    ),
)


def check_slices(sequence: MRSequence, image: Image) -> QualityCheck:
    """Check the distance of neighboring slices of an image as it was scanned."""
    largest = float(spacing_mm(image.affine).max())
    return SLICE_SPACING.judge(
        round(largest / ROUNDING_MM) * ROUNDING_MM,
        sequence=sequence,
        fine=f"Slices lie {largest:.3g} mm apart.",
        doubtful=f"Slices lie {largest:.3g} mm apart: small lesions may be missed, volumes "
        "and diameters across the slices are rough.",
    )
