"""How much faster are exact diameters than trying every pair of boundary pixels?

The rival looks at every pair of boundary pixels and walks the line between them, all in numpy,
many pairs at a time. It may miss a chord that ends inside the region, so it is quicker than a
search that is exact; `lengths_mm` shows both answers. It seeks the longest diameter only, ours
the perpendicular too. Seconds are those of one core, so that other work does not count.

python -m benchmarks.diameters_against_brute_force     prints one JSON line
"""

import argparse
import json
import platform
import statistics
import time

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.measurement.diameters import measure_slice

SHAPES = ("solid", "ring")
PAIRS_AT_ONCE = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="ring")
    parser.add_argument("--boundary", type=int, default=4000, help="about how many boundary pixels")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()

    mask = ragged_lesion(args.shape, args.boundary)
    seconds = []
    for _ in range(args.repeats):
        start = time.process_time()
        ours = measure_slice(mask, (1, 1))
        seconds.append(time.process_time() - start)
    start = time.process_time()
    theirs = longest_by_brute_force(mask)
    brute_s = time.process_time() - start
    print(
        json.dumps(
            {
                "benchmark": "diameters_against_brute_force",
                "device": platform.machine(),
                "shape": args.shape,
                "pixels": int(mask.sum()),
                "boundary_pixels": len(boundary(mask)),
                "median_s": statistics.median(seconds),
                "worst_s": max(seconds),
                "brute_force_s": brute_s,
                "ratio": brute_s / statistics.median(seconds),
                "lengths_mm": [ours.longest.length_mm, theirs],
                "numpy": np.__version__,
            }
        )
    )


def ragged_lesion(shape: str, boundary_pixels: int) -> NDArray[np.bool_]:
    """Draw a lesion with an irregular outline, solid or with a necrotic center."""
    side = 20
    while len(boundary(mask := _draw(shape, side))) < boundary_pixels:
        side = round(side * 1.1)
    return mask


def _draw(shape: str, side: int) -> NDArray[np.bool_]:
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((side, side)), 1.5)
    axis = np.linspace(-1, 1, side)
    radius = np.hypot(axis[:, None], axis) + 0.1 * noise / noise.std()
    return (radius < 0.8) & (radius > (0.5 if shape == "ring" else 0))


def boundary(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """List the pixels with a neighbor, of eight, outside the region, (n, 2)."""
    return np.argwhere(mask & ~ndimage.binary_erosion(mask, np.ones((3, 3))))


def longest_by_brute_force(mask: NDArray[np.bool_]) -> float:
    """Find the longest chord between boundary pixels, in pixels."""
    ends = boundary(mask)
    first, second = np.triu_indices(len(ends), 1)
    longest = 1.0
    for at in range(0, len(first), PAIRS_AT_ONCE):
        starts, stops = (ends[which[at : at + PAIRS_AT_ONCE]] for which in (first, second))
        visible = _unbroken(mask, starts, stops)
        offset = (stops - starts)[visible]
        units = np.abs(offset).max(axis=1)
        longest = max(longest, (np.hypot(*offset.T) * (1 + 1 / units)).max(initial=0))
    return float(longest)


def _unbroken(
    mask: NDArray[np.bool_], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say of each line whether every pixel that it enters is inside, (n,)."""
    offset = stops - starts
    steep = np.abs(offset[:, 0]) >= np.abs(offset[:, 1])
    long, short = np.where(steep, offset.T, offset.T[::-1])
    units, across = np.abs(long), np.abs(short)
    visible = np.ones(len(offset), dtype=bool)
    for unit in range(int(units.max()) + 1):
        # in each unit of its longer side a line enters the pixel of its first and of its last point
        first = np.maximum((across * (2 * unit - 1) + units) // (2 * units), 0)
        last = np.minimum((across * (2 * unit + 1) + units - 1) // (2 * units), across)
        for pixel in (first, last):
            ahead, aside = np.sign(long) * unit, np.sign(short) * pixel
            rows, columns = starts.T + np.where(steep, (ahead, aside), (aside, ahead))
            inside = mask[rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1)]
            visible &= inside | (unit > units)
    return visible


if __name__ == "__main__":
    main()
