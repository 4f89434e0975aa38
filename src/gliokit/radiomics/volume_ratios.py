"""Volumes of the tumor's parts and their ratios, as the TCGA tables have them.

ET is enhancing, NET the necrotic and non-enhancing core, ED edema, TC = ET + NET, WT = TC + ED.
Names are those of the published table in lower case (`VOLUME_ET_over_TC` is
`volume_et_over_tc`). A ratio to an absent part has no value: `nan`, where the table has
infinity or text.

Source: Bakas et al., Sci Data 2017;4:170117, doi:10.1038/sdata.2017.117; tables:
doi:10.7937/K9/TCIA.2017.KLXWJJ1Q and doi:10.7937/K9/TCIA.2017.GJQ7R0EF
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import Affine, voxel_volume_mm3
from gliokit.core.vocabulary import Label
from gliokit.radiomics.definition import Definition

PARTS: dict[str, tuple[Label, ...]] = {
    "et": (Label.ENHANCING,),
    "net": (Label.NECROTIC_CORE,),
    "ed": (Label.EDEMA,),
    "tc": (Label.ENHANCING, Label.NECROTIC_CORE),
    "wt": (Label.ENHANCING, Label.NECROTIC_CORE, Label.EDEMA),
}
# what is divided, by each of what
RATIOS = {
    "net": ("et",),
    "ed": ("et", "net"),
    "tc": ("et", "net", "ed"),
    "wt": ("et", "net", "ed", "tc"),
    "brain": ("et", "net", "ed", "tc", "wt"),
}
_SOURCE = "Bakas 2017"

DEFINITIONS = (
    *(
        Definition(f"volume_{part}", f"Volume of {part.upper()}", "mm³", source=_SOURCE)
        for part in (*PARTS, "brain")
    ),
    *(
        Definition(
            f"volume_{part}_over_{whole}",
            f"Volume of {part.upper()} over that of {whole.upper()}",
            "1",
            source=_SOURCE,
        )
        for whole, parts in RATIOS.items()
        for part in parts
    ),
)


def describe_volume_ratios(
    labels: NDArray[np.integer], brain: NDArray[np.bool_], affine: Affine
) -> dict[str, float]:
    """Describe how large the parts are.

    Parameters
    ----------
    labels : (X, Y, Z)
        `Label` of each voxel.
    brain : (X, Y, Z)
        Brain, tumor included; if it is empty ratios to it are `nan`.
    affine : (4, 4)
        Voxel index to RAS+ mm.

    Raises
    ------
    GeometryError
        If shapes differ, or `affine` is singular.
    """
    if labels.shape != brain.shape:
        raise GeometryError(
            f"labels have shape {labels.shape}, the brain mask {brain.shape}; resample the mask"
        )
    voxel_mm3 = voxel_volume_mm3(affine)
    counts = {label: np.count_nonzero(labels == label) for label in PARTS["wt"]}
    volumes = {part: voxel_mm3 * sum(counts[one] for one in PARTS[part]) for part in PARTS}
    volumes["brain"] = voxel_mm3 * np.count_nonzero(brain)
    described = list(volumes.values())
    for whole, parts in RATIOS.items():
        divisor = volumes[whole]
        described += [volumes[part] / divisor if divisor else math.nan for part in parts]
    return {
        definition.name: float(value)
        for definition, value in zip(DEFINITIONS, described, strict=True)
    }
