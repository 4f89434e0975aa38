"""Figures by which a real and a simulated study are compared; the same for both.

All are measured on a RAS+ grid of 1 mm, on images z-scored in the brain as
`gliokit.preprocessing.normalization` does, and none knows whether a study is real.
"Rest" is the brain at least `AWAY_MM` from the tumor. A region is taken with all its parts.

White matter is found by rank, since no real study says where it is: in the hemisphere without
the tumor's center, deep in the brain and far from the tumor, the voxels of the smoothed T1
between two ranks, opened, largest part. The midline is the middle of the brain's box.

Limits: gray and white matter cannot be told apart on all real studies, so the white matter
found holds some deep gray. The lobe is read from an atlas (MNI152 2009a) laid on the brain by its
width, length and top alone, since studies differ in how far down the brain stem is kept; near a
border between lobes that is wrong.

Source: of the surface estimator, Legland, Kiêu & Devaux, Image Anal Stereol 2007;26:83-92,
doi:10.5566/ias.v26.p83-92 (Crofton's formula, here in 13 directions).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, binary_opening, distance_transform_edt, gaussian_filter

from benchmarks.realism_spectrum import (
    LARGEST_LAG_MM,
    autocovariance,
    band_mean,
    detrended,
    radial_spectrum,
    spectral_slope,
)
from gliokit.core.geometry import bounding_box
from gliokit.core.vocabulary import Label, MRSequence

Mask = NDArray[np.bool_]
Figures = dict[str, float]

MM3_PER_ML = 1000
FEWEST_VOXELS = 100  # of a label; fewer have no figures
AWAY_MM = 6
FLUID_Z = 1.0
NEAR_MM, FAR_MM = 1.5, 4.5  # from a border: where the contrast of its two sides is read
DEEP_MM, FROM_TUMOR_MM = 12, 10
SMOOTH_MM = 2.0  # so that noise and texture do not choose the voxels
WHITE_RANKS = (0.55, 0.97)  # of smoothed T1 in the deep brain of one hemisphere
BANDS = ((0.04, 0.10), (0.10, 0.20), (0.20, 0.32), (0.32, 0.50))  # cycles/mm
# share of all directions, both ways, that is nearest to an axis, a face or a space diagonal
DIRECTION_SHARES = {1: 2 * 0.04577789120, 2: 2 * 0.03698062788, 3: 2 * 0.03519563978}
REGIONS: Mapping[str, tuple[Label, ...]] = {
    "WT": (Label.NECROTIC_CORE, Label.EDEMA, Label.ENHANCING),
    "TC": (Label.NECROTIC_CORE, Label.ENHANCING),
    "ET": (Label.ENHANCING,),
    "edema": (Label.EDEMA,),
    "necrosis": (Label.NECROTIC_CORE,),
}
BORDERS: Mapping[str, tuple[tuple[Label, ...], tuple[Label, ...]]] = {
    "edema-brain": ((Label.EDEMA,), (Label.BACKGROUND,)),
    "core-edema": (REGIONS["TC"], (Label.EDEMA,)),
    "ET-necrosis": ((Label.ENHANCING,), (Label.NECROTIC_CORE,)),
}
LOBES: Mapping[str, tuple[int, ...]] = {  # numbers of the reduced lobe atlas
    "frontal": (30, 210, 17, 211),
    "temporal": (83, 218, 59, 219),
    "parietal": (57, 6, 105, 2),
    "occipital": (73, 8, 45, 4),
    "deep": (3, 9, 232, 39, 53, 14, 16, 102, 203, 33, 23, 12, 11, 29, 254),
    "infratentorial": (67, 76, 20, 233),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One study ready to be measured, cut to its brain.

    Attributes
    ----------
    scores : mapping of MRSequence to (X, Y, Z)
        z-scored images, RAS+, 1 mm; 0 outside the brain.
    labels : (X, Y, Z)
        `Label` per voxel.
    brain : (X, Y, Z)
        Skull-stripped brain.
    """

    scores: Mapping[MRSequence, NDArray[np.float32]] = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)
    brain: Mask = field(repr=False)


def figures_of(case: Case) -> Figures:
    """Measure everything but the lobe; `nan` where a study lacks the region."""
    tumor = np.isin(case.labels, REGIONS["WT"])
    from_tumor_mm = distance_transform_edt(~tumor).astype(np.float32)
    rest = case.brain & (from_tumor_mm >= AWAY_MM)
    white = white_matter(case, from_tumor_mm)
    return {
        "volume/brain mL": np.count_nonzero(case.brain) / MM3_PER_ML,
        "fluid share/rest": float(fluid(case)[rest].mean()),
        **sizes(case.labels),
        **intensities(case, {"rest": rest, "white matter": white}),
        **dict(border_figures(case)),
        **dict(white_matter_figures(case, white)),
    }


def fluid(case: Case) -> Mask:
    """Find what looks like CSF, dark on T1 and bright on T2, (X, Y, Z)."""
    t1, t2 = case.scores[MRSequence.T1], case.scores[MRSequence.T2]
    return (t1 < -FLUID_Z) & (t2 > FLUID_Z)


def sizes(labels: NDArray[np.uint8]) -> Figures:
    """Volume in mL and sphericity of each region, of a map (X, Y, Z) of 1 mm."""
    masks = {name: np.isin(labels, region) for name, region in REGIONS.items()}
    volumes = {f"volume/{n} mL": np.count_nonzero(m) / MM3_PER_ML for n, m in masks.items()}
    return volumes | {f"sphericity/{n}": sphericity(m) for n, m in masks.items()}


def sphericity(mask: Mask) -> float:
    """Surface of the ball of the same volume against the region's own, 0-1.

    π^(1/3) (6V)^(2/3) / A; `nan` for regions below `FEWEST_VOXELS`.
    """
    volume = np.count_nonzero(mask)
    if volume < FEWEST_VOXELS:
        return math.nan
    return float(math.pi ** (1 / 3) * (6 * volume) ** (2 / 3) / surface_mm2(mask))


def surface_mm2(mask: Mask) -> float:
    """Estimate the surface of a region (X, Y, Z) of 1 mm voxels by Crofton's formula.

    Lines in 13 directions are laid through all voxels; twice the mean over directions of the
    number of times they cross the border, times the area per line, is the surface.
    """
    region = np.pad(mask[bounding_box(mask)], 1)
    total = 0.0
    for step in product((-1, 0, 1), repeat=3):
        if step <= (0, 0, 0):
            continue  # the same lines as the opposite step
        near, far = _neighbors(region, step)
        axes = sum(map(abs, step))
        crossings = np.count_nonzero(near != far)
        total += DIRECTION_SHARES[axes] * crossings / math.sqrt(axes)
    return 2 * total


def intensities(case: Case, others: Mapping[str, Mask]) -> Figures:
    """Mean and spread of z in each label and in other masks, and the extremes of the rest."""
    masks = {name: np.isin(case.labels, REGIONS[name]) for name in ("necrosis", "edema", "ET")}
    figures: Figures = {}
    for name, mask in (masks | dict(others)).items():
        enough = np.count_nonzero(mask) >= FEWEST_VOXELS
        for sequence, scores in case.scores.items():
            values = scores[mask] if enough else np.array([math.nan])
            figures[f"z mean/{name} {sequence}"] = float(values.mean())
            figures[f"z spread/{name} {sequence}"] = float(values.std())
            if name == "rest":
                low, high = np.percentile(values, (5, 95))
                figures[f"z 5 %/rest {sequence}"] = float(low)
                figures[f"z 95 %/rest {sequence}"] = float(high)
    return figures


def border_figures(case: Case) -> Iterator[tuple[str, float]]:
    """Give the step at each border, and the contrast of its two sides, in each sequence."""
    for name, (inside, outside) in BORDERS.items():
        a, b = (np.isin(case.labels, side) & case.brain for side in (inside, outside))
        if min(np.count_nonzero(a), np.count_nonzero(b)) < FEWEST_VOXELS:
            for sequence in case.scores:
                yield from [
                    (f"{kind}/{name} {sequence}", math.nan) for kind in ("edge", "contrast")
                ]
            continue
        box = _widened(bounding_box(a))
        a, b = a[box], b[box]
        sides = side_masks(a, b)
        for sequence, scores in case.scores.items():
            yield f"edge/{name} {sequence}", edge(scores[box], a, b)
            yield f"contrast/{name} {sequence}", contrast(scores[box], sides)


def edge(scores: NDArray[np.float32], inside: Mask, outside: Mask) -> float:
    """Mean absolute change per mm between voxels (1 mm) with a face on the border."""
    total, count = 0.0, 0
    for axis in range(3):
        step = tuple(int(axis == other) for other in range(3))
        (a, next_a), (b, next_b) = _neighbors(inside, step), _neighbors(outside, step)
        across = (a & next_b) | (b & next_a)
        here, there = _neighbors(scores, step)
        total += float(np.abs(here[across] - there[across]).sum(dtype=np.float64))
        count += np.count_nonzero(across)
    return total / count if count else math.nan


def side_masks(inside: Mask, outside: Mask) -> tuple[Mask, Mask]:
    """Voxels of each side that lie `NEAR_MM` to `FAR_MM` from the other."""
    from_outside, from_inside = (distance_transform_edt(~side) for side in (outside, inside))
    return (
        inside & (from_outside > NEAR_MM) & (from_outside < FAR_MM),
        outside & (from_inside > NEAR_MM) & (from_inside < FAR_MM),
    )


def contrast(scores: NDArray[np.float32], sides: tuple[Mask, Mask]) -> float:
    """Mean z of the first side less that of the second; `nan` where a side is small."""
    if min(np.count_nonzero(side) for side in sides) < FEWEST_VOXELS:
        return math.nan
    return float(scores[sides[0]].mean() - scores[sides[1]].mean())


def white_matter(case: Case, from_tumor_mm: NDArray[np.float32]) -> Mask:
    """Find white matter on the side away from the tumor, (X, Y, Z); see the module's text."""
    middle = case.brain.shape[0] // 2  # the case is cut to its brain
    left_half = np.arange(case.brain.shape[0])[:, None, None] < middle
    tumor = from_tumor_mm == 0
    on_left = np.count_nonzero(tumor & left_half) * 2 > np.count_nonzero(tumor)
    depth_mm = distance_transform_edt(np.pad(case.brain, 1))[1:-1, 1:-1, 1:-1]
    deep = (depth_mm > DEEP_MM) & (left_half != on_left) & (from_tumor_mm > FROM_TUMOR_MM)
    smooth = gaussian_filter(case.scores[MRSequence.T1], SMOOTH_MM)
    low, high = np.quantile(smooth[deep], WHITE_RANKS)
    found = binary_opening(deep & (smooth > low) & (smooth < high))
    return cc3d.largest_k(found.view(np.uint8), k=1, connectivity=6) > 0


def white_matter_figures(case: Case, white: Mask) -> Iterator[tuple[str, float]]:
    """Give the spectrum of white matter, a voxel away from its border, in each sequence."""
    core = binary_erosion(white)
    box = bounding_box(core)
    for sequence, scores in case.scores.items():
        covariance = autocovariance(detrended(scores[box], core[box]), core[box])
        frequency, power = radial_spectrum(covariance)
        for low, high in BANDS:
            mean = band_mean(frequency, power, (low, high))
            yield f"wm log10 power/{low:.2f}-{high:.2f} per mm {sequence}", mean
        yield f"wm slope/{sequence}", spectral_slope(frequency, power)
        middle = LARGEST_LAG_MM
        variance = covariance[middle, middle, middle]
        in_plane = (
            covariance[middle + 2, middle, middle] + covariance[middle, middle + 2, middle]
        ) / 2
        yield f"wm correlation at 2 mm/in plane {sequence}", float(in_plane / variance)
        through = covariance[middle, middle, middle + 2]
        yield f"wm correlation at 2 mm/through plane {sequence}", float(through / variance)


def lobe_of(case: Case, atlas: NDArray[np.uint8]) -> str:
    """Name the lobe that holds most of the core, of the whole tumor where there is no core.

    `atlas` (X, Y, Z), RAS+, 1 mm and cut to its brain, is stretched to the width and length of
    the case's brain, downward by the mean of the two, and hung from its top.
    """
    core = np.isin(case.labels, REGIONS["TC"])
    points = np.argwhere(core if core.any() else case.labels > 0)
    size, known = np.array(case.labels.shape), np.array(atlas.shape)
    scale = (known - 1) / (size - 1)
    scale[2] = scale[:2].mean()
    at = points * scale
    at[:, 2] = known[2] - 1 - (size[2] - 1 - points[:, 2]) * scale[2]
    at = at.round().clip(0, known - 1)
    numbers = atlas[tuple(at.astype(int).T)]
    counts = {name: np.count_nonzero(np.isin(numbers, parts)) for name, parts in LOBES.items()}
    return max(counts, key=lambda name: counts[name])


def _neighbors(
    array: NDArray[np.generic], step: tuple[int, ...]
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """View the voxels, and those one step (-1, 0 or 1 along each axis) away."""
    near = tuple(slice(max(-s, 0), n - max(s, 0)) for s, n in zip(step, array.shape, strict=True))
    far = tuple(slice(max(s, 0), n - max(-s, 0)) for s, n in zip(step, array.shape, strict=True))
    return array[near], array[far]


def _widened(box: tuple[slice, ...]) -> tuple[slice, ...]:
    """Add to a box what a border at its face looks at."""
    margin = math.ceil(FAR_MM) + 2
    return tuple(slice(max(part.start - margin, 0), part.stop + margin) for part in box)
