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
from gliokit.preprocessing.view import MM3_PER_ML

SMALLEST_ML = 0.1  # parts below it are dropped, and said so
# what the images must show before a cavity is believed where the phase is not known: this
# much in one part, this probable on average. No pre-operative case of the card comes near.
SURE_CAVITY_ML, SURE_CAVITY = 3.0, 0.9
# of a learnt cavity: logit and share of the largest part from which a part is one; best Dice on
# the simulated patients that it was fitted on
CAVITY_LOGIT, CAVITY_SHARE = -0.5, 0.1
BRIGHT = 1.0  # logit of enhancing tumor from which a voxel is no cavity
# logits of the coarse network for whole tumor. In 12 real tumors its highest is 2.9 to 5.4, in 18
# simulated healthy brains -0.4 to 5.1 (median 2.6); chosen while looking at these
SEEN, BELIEVED, UNDOUBTED = 0.0, 2.5, 4.0


NO_CAVITY = Notice(
    "no-cavity-seen",
    "No resection cavity was outlined, though the study is after surgery. Where there is one, it "
    "is counted as tumor core or edema: do not use these volumes without looking.",
)


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
    milliliters = np.bincount(number[mask], minlength=1) * voxel_mm3 / MM3_PER_ML
    return Components(number, milliliters)


def labels_of_regions(logits: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn logits of WT, TC, ET and RC (4, X, Y, Z) into labels of tumor that nest (X, Y, Z)."""
    whole, core, enhancing, _ = logits > 0
    labels = np.zeros(whole.shape, dtype=np.uint8)
    labels[whole] = Label.EDEMA
    labels[whole & core] = Label.NECROTIC_CORE
    labels[whole & core & enhancing] = Label.ENHANCING
    return labels


def cavity_mask(
    logits: NDArray[np.float32], phase: Phase, voxel_mm3: float, *, learnt: bool = False
) -> tuple[NDArray[np.bool_], tuple[Notice, ...]]:
    """Decide where there is a resection cavity, from the logits of the regions (4, X, Y, Z).

    Parameters
    ----------
    learnt : bool
        Whether the fourth logit is that of a `CavityModel`, which has weighed tumor against
        cavity; else it must itself be higher than that for tumor.

    Returns
    -------
    tuple
        (X, Y, Z), nowhere before surgery; and what the reader must know.
    """
    if learnt:
        parts = component_sizes((logits[3] > CAVITY_LOGIT) & (logits[2] < BRIGHT), voxel_mm3)
        largest = max(parts.milliliters.max() * CAVITY_SHARE, SMALLEST_ML)
        found = (parts.milliliters >= largest)[parts.number]
    else:
        found = (logits[3] > 0) & (logits[3] > logits[0])
    if phase is Phase.POSTOPERATIVE:
        return found, () if found.any() else (NO_CAVITY,)
    if phase is Phase.PREOPERATIVE or not found.any():
        return np.zeros_like(found), ()
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


def drop_unsure_parts(
    labels: NDArray[np.uint8], coarse: NDArray[np.float32], voxel_mm3: float, *, complete: bool
) -> tuple[Notice, ...]:
    """Remove tumor that the coarse network does not believe in, in place, and say how much.

    Parts in which it sees none are removed; everything, if it is nowhere surer than it can be
    of healthy brains, and had all four sequences: with fewer it is never as sure.

    Parameters
    ----------
    labels, coarse : (X, Y, Z)
        And the coarse network's logit of the whole tumor.
    complete : bool
        Whether all four sequences were there.
    """
    parts = component_sizes((labels > 0) & (labels != Label.CAVITY), voxel_mm3)
    peak = np.full(len(parts.milliliters), -np.inf, dtype=np.float32)
    inside = parts.number > 0
    np.maximum.at(peak, parts.number[inside], coarse[inside])
    there = parts.milliliters > 0
    highest = max(peak[there], default=UNDOUBTED)
    unsure = there & (peak < SEEN if highest >= BELIEVED or not complete else there)
    labels[unsure[parts.number]] = Label.BACKGROUND
    notices = []
    if unsure.any():
        text = (
            f"{parts.milliliters[unsure].sum():.1f} mL that look a little like tumor were left "
            "out: the model sees such things in healthy brains as well."
        )
        notices.append(Notice("unsure-parts-dropped", text))
    if highest < UNDOUBTED and not unsure[there].all():
        text = (
            "The model is not sure that there is a tumor at all: it can be as sure of healthy "
            "brains. Look at the images before any number is used."
        )
        notices.append(Notice("tumor-unsure", text))
    return tuple(notices)


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
