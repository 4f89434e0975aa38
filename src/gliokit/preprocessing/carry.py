"""Images and labels carried to another grid through a motion, by one interpolation.

Chains of motions are matrix products: compose first, then carry raw voxels once. Where the
voxels of the target are coarser than the source's along one of their axes, they average what
lies in them, at evenly spaced places; else the source is interpolated linearly. That holds for
oblique grids too. A voxel reaches half a step beyond its center; further out there is nothing.
In which order voxels are stored, on either side, changes nothing of what is carried. For that a
chain counts in steps far below a voxel, which also makes a shift by whole voxels one that only
copies; `gliokit.preprocessing.orientation` has the reason and the limit.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from gliokit.core.geometry import Affine, Grid, bounding_box, to_voxel, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras

FINE = 1.3  # voxels of the source in one of the target: up to here nothing is averaged
HALF = 0.5  # share of a voxel of the target that the source must cover
MARGIN = 2  # voxels around the labels
SHIFT_STEP = 1 / 128  # voxels of the source
TURN_STEP = 1 / 2**24  # voxels of the source per voxel of the target


def carry_image(image: Image, to_moving: Affine, grid: Grid) -> Image:
    """Carry an image to a grid.

    Parameters
    ----------
    image : Image
        The moving image, as it was read.
    to_moving : (4, 4)
        RAS+ mm of the grid to RAS+ mm of the image.
    grid : Grid
        Where it is wanted.

    Returns
    -------
    Image
        On the grid; 0 where the image shows nothing.
    """
    to_source, shape = _way_back(image.grid, to_moving, grid)
    source = turn_to_ras(image.array, image.affine)
    carried = turn_from_ras(_carried(source, to_source, shape), grid.affine)
    return Image(np.ascontiguousarray(carried), grid.affine, image.source)


def carry_labels(labels: LabelMap, to_moving: Affine, grid: Grid) -> LabelMap:
    """Carry labels to a grid: each as its share of a voxel, then the largest share wins.

    Parameters are those of `carry_image`. To carry labels of the fixed image to the moving one,
    give the inverse of its motion and the moving image's grid.
    """
    to_source, shape = _way_back(labels.grid, to_moving, grid)
    source = turn_to_ras(labels.array, labels.affine)
    carried = turn_from_ras(_carried_labels(source, to_source, shape), grid.affine)
    return LabelMap(np.ascontiguousarray(carried), grid.affine, labels.source, labels.note)


def _way_back(source: Grid, to_moving: Affine, target: Grid) -> tuple[Affine, tuple[int, int, int]]:
    """Find what turns indices of the target into the source's, both in RAS; and its shape."""
    turned = grid_in_ras(target)
    to_source = np.linalg.inv(grid_in_ras(source).affine) @ to_moving @ turned.affine
    to_source[:3, :3] = np.rint(to_source[:3, :3] / TURN_STEP) * TURN_STEP
    to_source[:3, 3] = np.rint(to_source[:3, 3] / SHIFT_STEP) * SHIFT_STEP
    return to_source, turned.shape


def _carried_labels(
    array: NDArray[np.uint8], to_source: Affine, shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Sample labels (X, Y, Z) on a grid of `shape` whose indices `to_source` turns into theirs."""
    carried = np.zeros(shape, dtype=np.uint8)
    if not array.any():
        return carried
    box = _reached(bounding_box(array), to_source, shape)
    inner = to_source.copy()
    inner[:3, 3] = to_world(to_source, [part.start for part in box])
    boxed = tuple(part.stop - part.start for part in box)
    best, total = np.zeros((2, *boxed), dtype=np.float32)
    winner = np.zeros(boxed, dtype=np.uint8)
    for label in np.unique(array[array > 0]) if all(boxed) else ():
        share = _carried((array == label).astype(np.float32), inner, boxed)
        wins = share > best
        best[wins], winner[wins] = share[wins], label
        total += share
    carried[box] = np.where(best > 1 - total, winner, 0)  # the rest is background
    return carried


def _carried(
    array: NDArray[np.float32], to_source: Affine, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Sample an array (X, Y, Z) on a grid of `shape` whose indices `to_source` turns into its."""
    inside = np.ones(array.shape, dtype=np.uint8)
    total = np.zeros(shape, dtype=np.float32)
    covered = np.zeros(shape, dtype=np.uint8)
    places = list(_places(to_source))
    for offset in places:
        where = (to_source[:3, :3], to_world(to_source, offset), shape)
        here = affine_transform(inside, *where, order=0, mode="grid-constant")
        total += affine_transform(array, *where, order=1, mode="nearest") * here
        covered += here
    return np.where(covered >= HALF * len(places), total / covered.clip(1), np.float32(0))


def _places(to_source: Affine) -> Iterator[tuple[float, ...]]:
    """Evenly spaced places in a voxel of the target, from its center, in its own indices."""
    steps = np.linalg.norm(to_source[:3, :3], axis=0)
    counts = [1 if step < FINE else int(np.ceil(step)) for step in steps]
    return product(*((np.arange(n) + 0.5) / n - 0.5 for n in counts))


def _reached(
    box: tuple[slice, ...], to_source: Affine, shape: tuple[int, int, int]
) -> tuple[slice, ...]:
    """Find what part of the target a box of the source may reach."""
    ends = product(*((part.start - 1, part.stop) for part in box))
    corners = to_voxel(to_source, list(ends))
    low = np.floor(corners.min(axis=0)).astype(int) - MARGIN
    high = np.ceil(corners.max(axis=0)).astype(int) + MARGIN + 1
    return tuple(
        slice(int(np.clip(first, 0, n)), int(np.clip(last, 0, n)))
        for first, last, n in zip(low, high, shape, strict=True)
    )
