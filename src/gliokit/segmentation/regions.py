"""From probabilities of overlapping regions to one label per voxel.

Regions nest (ET in TC in WT); a cavity is no part of the tumor. A cavity is labelled only in
a study after surgery: where the study says so, or where the images show it beyond doubt.
"""

from dataclasses import dataclass, field

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gliokit.core.findings import Notice
from gliokit.core.vocabulary import Label, Phase
from gliokit.segmentation.view import MM3_PER_ML

SMALLEST_ML = 0.1  # parts below it are dropped, and said so
# what the images must show before a cavity is believed where the phase is not known: this
# much in one part, this probable on average. No pre-operative case of the card comes near.
SURE_CAVITY_ML, SURE_CAVITY = 3.0, 0.9


@dataclass(frozen=True, slots=True)
class Components:
    """Connected parts of a mask.

    Attributes
    ----------
    number : (X, Y, Z)
        Part of each voxel; 0 outside the mask.
    milliliters : (n_parts + 1,)
        Volume of each part; 0 for number 0.
    """

    number: NDArray[np.unsignedinteger] = field(repr=False)
    milliliters: NDArray[np.float64]


def component_sizes(mask: NDArray[np.bool_], voxel_mm3: float) -> Components:
    """Find the 26-connected parts of a mask (X, Y, Z)."""
    number = cc3d.connected_components(mask.view(np.uint8), connectivity=26)
    milliliters = np.bincount(number.ravel()) * voxel_mm3 / MM3_PER_ML
    milliliters[0] = 0
    return Components(number, milliliters)


def labels_of_regions(
    logits: NDArray[np.float32], *, cavity: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Turn logits of WT, TC, ET and RC (4, X, Y, Z) into labels that nest (X, Y, Z).

    Parameters
    ----------
    cavity : (X, Y, Z)
        Where there is a cavity.
    """
    whole, core, enhancing, _ = logits > 0
    labels = np.zeros(whole.shape, dtype=np.uint8)
    labels[whole] = Label.EDEMA
    labels[whole & core] = Label.NECROTIC_CORE
    labels[whole & core & enhancing] = Label.ENHANCING
    labels[cavity] = Label.CAVITY
    return labels


def cavity_mask(
    logits: NDArray[np.float32], phase: Phase, voxel_mm3: float
) -> tuple[NDArray[np.bool_], tuple[Notice, ...]]:
    """Decide where there is a resection cavity, from the logits of the regions (4, X, Y, Z).

    Returns
    -------
    tuple
        (X, Y, Z), nowhere before surgery; and what the reader must know.
    """
    found = (logits[3] > 0) & (logits[3] > logits[0])  # likelier than tumor
    if phase is Phase.PREOPERATIVE or not found.any():
        return np.zeros_like(found), ()
    if phase is Phase.POSTOPERATIVE:
        return found, ()
    parts = component_sizes(found, voxel_mm3)
    totals = np.bincount(
        parts.number[found], expit(logits[3][found]), minlength=len(parts.milliliters)
    )
    voxels = np.maximum(parts.milliliters * MM3_PER_ML / voxel_mm3, 1)
    sure = (parts.milliliters >= SURE_CAVITY_ML) & (totals / voxels >= SURE_CAVITY)
    if not sure.any():
        return np.zeros_like(found), ()
    text = (
        f"The images show a resection cavity ({parts.milliliters[sure].sum():.1f} mL); the study "
        "does not say that it is after surgery. Give --phase to decide it."
    )
    return sure[parts.number], (Notice("cavity-seen", text),)


def drop_small_parts(labels: NDArray[np.uint8], voxel_mm3: float) -> tuple[Notice, ...]:
    """Remove specks from labels (X, Y, Z) in place, and say how many."""
    tumor = (labels > 0) & (labels != Label.CAVITY)
    parts = component_sizes(tumor, voxel_mm3)
    small = (parts.milliliters > 0) & (parts.milliliters < SMALLEST_ML)
    if not small.any():
        return ()
    labels[small[parts.number]] = Label.BACKGROUND
    count, volume = np.count_nonzero(small), parts.milliliters[small].sum()
    were = "separate part was" if count == 1 else "separate parts were"
    text = (
        f"{count} {were} smaller than {SMALLEST_ML:g} mL ({volume:.2f} mL in all), taken for "
        "noise and left out of the segmentation."
    )
    return (Notice("small-parts-dropped", text),)
