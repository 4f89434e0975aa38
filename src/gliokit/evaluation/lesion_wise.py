"""Which lesions are found, which are missed, which are not there.

A lesion is a 26-connected part of a region. Two views of it:

`count_lesions` counts by size, case by case, and the counts are added. A lesion of the reference
is found if at least a stated share of it (or any voxel) lies in the prediction, whichever predicted
lesions these voxels belong to. A predicted lesion is false if it shares no voxel with the
reference. Neither says how well the outline fits: a prediction that covers the brain finds all
lesions. Read it beside Dice.

`lesion_wise_score` is the lesion-wise Dice and HD95 that ranked BraTS 2023, as the organizers'
code computes them (read at commit 0c603fc; the numbers below are from it, none from memory; the
2024 rules differ). Parts of the reference that grow together by dilation are one lesion; all
predicted parts that touch the dilated lesion are its prediction, also if they touch another as
well; a predicted part that touches none is false, and costs Dice 0 and the full distance, however
small it is, while reference lesions up to a minimum volume are passed over. Our HD95 runs
between surface voxels, theirs between weighted pieces of surface; the rest is the same.

Source: Saluja, BraTS-2023-Metrics, https://github.com/rachitsaluja/BraTS-2023-Metrics,
brats_2023_metrics/surface_distance/brats_metrics.py
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import cc3d
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import binary_dilation, generate_binary_structure

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import bounding_box
from gliokit.evaluation.overlap import dice
from gliokit.evaluation.surface import BRATS_PENALTY_MM, hausdorff_95_mm

# of the glioma task of BraTS 2023
BRATS_DILATIONS = 3
BRATS_MINIMUM_MM3 = 50.0

ROUNDING = 1e-6  # of a voxel; volumes at a limit are compared in whole voxels


@dataclass(frozen=True, slots=True)
class LesionCounts:
    """Lesions by size, of one case or of several; those of several are added with `+`.

    For an interval of the sensitivity, give the found (1) and missed (0) lesions of each patient to
    `gliokit.evaluation.bootstrap.mean_interval`.

    Attributes
    ----------
    edges_ml : (n + 1,)
        Limits of the sizes in mL; the lower one belongs to the bin.
    cases : int
        How many were counted.
    lesions, found : (n,)
        Lesions of the reference, and how many of them were found, by their own size.
    predicted, false_lesions : (n,)
        Lesions of the prediction, and how many of them are false, by their own size.
    """

    edges_ml: tuple[float, ...]
    cases: int
    lesions: tuple[int, ...]
    found: tuple[int, ...]
    predicted: tuple[int, ...]
    false_lesions: tuple[int, ...]

    def __add__(self, other: Self) -> Self:
        if self.edges_ml != other.edges_ml:
            raise ValueError(
                f"lesions in bins of {self.edges_ml} and of {other.edges_ml} mL cannot be added; "
                "count all cases with the same"
            )
        return type(self)(
            self.edges_ml,
            self.cases + other.cases,
            _sums(self.lesions, other.lesions),
            _sums(self.found, other.found),
            _sums(self.predicted, other.predicted),
            _sums(self.false_lesions, other.false_lesions),
        )

    @property
    def sensitivity(self) -> tuple[float, ...]:
        """Share of the lesions that were found, (n,); `nan` where there is none."""
        return tuple(
            found / lesions if lesions else math.nan
            for found, lesions in zip(self.found, self.lesions, strict=True)
        )

    @property
    def false_per_case(self) -> tuple[float, ...]:
        """Mean number of false lesions in a case, (n,)."""
        return tuple(number / self.cases for number in self.false_lesions)


@dataclass(frozen=True, slots=True)
class LesionWiseScore:
    """Result of `lesion_wise_score`.

    Attributes
    ----------
    dice : float
        Mean over lesions, 0 to 1; missed and false ones are 0.
    hd95_mm : float
        Mean over lesions; missed and false ones are 374 mm.
    found, missed : int
        Lesions of the reference above the minimum volume.
    false_lesions : int
        Predicted parts that touch no lesion.
    """

    dice: float
    hd95_mm: float
    found: int
    missed: int
    false_lesions: int


def count_lesions(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    *,
    voxel_ml: float,
    edges_ml: Sequence[float],
    found_share: float = 0.0,
) -> LesionCounts:
    """Count the lesions of one case.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the same region on the same grid.
    voxel_ml : float
        Volume of a voxel.
    edges_ml : (n + 1,)
        Rising limits of the sizes. Smaller and larger lesions are not counted, but a predicted
        lesion on one is not false. Begin with 0 and end with infinity to count all.
    found_share : float
        Part of a reference lesion that must lie in the prediction, 0 to 1; one voxel is always
        needed.

    Raises
    ------
    GeometryError
        If the shapes differ.
    ValueError
        If `edges_ml` does not rise, `voxel_ml` is not positive, or `found_share` is out of range.
    """
    _check_grids(reference, prediction)
    if len(edges_ml) < 2 or not all(low < high for low, high in pairwise(edges_ml)):
        raise ValueError(f"sizes need two or more rising limits, got {tuple(edges_ml)} mL")
    if not (voxel_ml > 0 and 0 <= found_share <= 1):
        raise ValueError(
            f"a voxel of {voxel_ml:g} mL and a share of {found_share:g}; the volume must be "
            "positive, and the share in 0-1"
        )
    box = _box(reference, prediction, margin=0)
    true_sizes, covered = _sizes_and_overlap(reference[box], prediction[box])
    predicted_sizes, on_reference = _sizes_and_overlap(prediction[box], reference[box])
    found = (covered > 0) & (covered >= found_share * true_sizes - ROUNDING)
    edges = np.ceil(np.asarray(edges_ml, dtype=np.float64) / voxel_ml - ROUNDING)
    return LesionCounts(
        tuple(float(edge) for edge in edges_ml),
        1,
        _by_size(true_sizes, edges),
        _by_size(true_sizes[found], edges),
        _by_size(predicted_sizes, edges),
        _by_size(predicted_sizes[on_reference == 0], edges),
    )


def lesion_wise_score(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    *,
    spacing_mm: ArrayLike,
    dilations: int = BRATS_DILATIONS,
    minimum_mm3: float = BRATS_MINIMUM_MM3,
) -> LesionWiseScore:
    """Score one case as BraTS 2023 did.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the same region on the same grid.
    spacing_mm : (3,)
        Distance of voxels along each axis.
    dilations : int
        How often the reference is grown, by voxels that share a face or an edge.
    minimum_mm3 : float
        Reference lesions up to this volume are passed over; what was predicted on them is not
        false.

    Returns
    -------
    LesionWiseScore
        Dice 1 and 0 mm if there is neither a lesion above the minimum nor a false one.

    Raises
    ------
    GeometryError
        If the shapes differ, or there is not one spacing per axis.
    """
    _check_grids(reference, prediction)
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if spacing.shape != (3,) or not (spacing > 0).all():
        raise GeometryError(f"spacing {spacing.tolist()} mm; give a positive one per axis")
    if not (reference.any() or prediction.any()):
        return LesionWiseScore(1.0, 0.0, 0, 0, 0)
    box = _box(reference, prediction, margin=dilations)
    matches = _match(reference[box], prediction[box], dilations)
    floor = math.floor(minimum_mm3 / float(np.prod(spacing)) + ROUNDING)
    scores = [_score_pair(*pair, spacing) for pair in _pairs(matches, floor)]
    false_lesions = int(np.count_nonzero(~matches.touching[1:, 1:].any(axis=0)))
    number = len(scores) + false_lesions
    if not number:
        return LesionWiseScore(1.0, 0.0, 0, 0, 0)
    found = sum(score.found for score in scores)
    return LesionWiseScore(
        sum(score.dice for score in scores) / number,
        (sum(score.hd95_mm for score in scores) + false_lesions * BRATS_PENALTY_MM) / number,
        found,
        len(scores) - found,
        false_lesions,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Matches:
    """Reference lesions, predicted parts, and which of them touch.

    Attributes
    ----------
    lesions, parts : (X, Y, Z)
        Number of the lesion (not dilated), and of the predicted part; 0 outside.
    touching : (lesions + 1, parts + 1)
        Whether a part has a voxel in the dilated lesion.
    """

    lesions: NDArray[np.integer]
    parts: NDArray[np.integer]
    touching: NDArray[np.bool_]


def _match(reference: NDArray[np.bool_], prediction: NDArray[np.bool_], dilations: int) -> _Matches:
    grown = reference
    if dilations:  # for binary_dilation, 0 means "until nothing changes"
        grown = binary_dilation(reference, generate_binary_structure(3, 2), dilations)
    numbers, parts = _connected(grown), _connected(prediction)
    touching = np.zeros((int(numbers.max()) + 1, int(parts.max()) + 1), dtype=np.bool_)
    touching[numbers[prediction], parts[prediction]] = True
    return _Matches(np.where(reference, numbers, 0), parts, touching)


def _pairs(matches: _Matches, floor: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Give every lesion of more than `floor` voxels with all predicted parts that touch it."""
    sizes = np.bincount(matches.lesions.ravel())
    for number in np.flatnonzero(sizes > floor):
        if number:  # 0 is the background
            chosen = matches.touching[number].copy()
            chosen[0] = False
            yield matches.lesions == number, chosen[matches.parts]


def _score_pair(
    lesion: NDArray[np.bool_], predicted: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> LesionWiseScore:
    distance = hausdorff_95_mm(
        lesion, predicted, spacing_mm=spacing_mm, one_empty_mm=BRATS_PENALTY_MM
    )
    found = int(predicted.any())
    return LesionWiseScore(float(dice(lesion, predicted)), distance, found, 1 - found, 0)


def _check_grids(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> None:
    if reference.shape != prediction.shape or reference.ndim != 3:
        raise GeometryError(
            f"reference is {reference.shape}, prediction {prediction.shape}; "
            "give both on the same grid of three axes"
        )


def _box(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], *, margin: int
) -> tuple[slice, ...]:
    """Box around both; beyond the image nothing grows, as without the box."""
    sides = bounding_box(reference | prediction)
    return tuple(slice(max((side.start or 0) - margin, 0), side.stop + margin) for side in sides)


def _connected(mask: NDArray[np.bool_]) -> NDArray[np.integer]:
    return cc3d.connected_components(np.ascontiguousarray(mask), connectivity=26)


def _sizes_and_overlap(
    mask: NDArray[np.bool_], other: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the voxels of every connected part, and those of them inside another mask."""
    if not mask.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    numbers = _connected(mask)
    sizes = np.bincount(numbers[mask])
    overlap = np.bincount(numbers[mask & other], minlength=sizes.size)
    return sizes[1:], overlap[1:]


def _by_size(sizes: NDArray[np.int64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    """Count per bin; `np.histogram` would take the last limit into the last bin."""
    place = np.searchsorted(edges, sizes, side="right") - 1
    inside = place[(place >= 0) & (place < edges.size - 1)]
    return tuple(np.bincount(inside, minlength=edges.size - 1).tolist())


def _sums(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(first, second, strict=True))
