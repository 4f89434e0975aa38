"""Do simulated readers agree on volume more than on area, and on area more than on a diameter?

Kanaly reports so of 57 images: ICC 0.97 of the volume, 0.61 of the product of two diameters, 0.42
of one. Here lesions are simulated: solid, ringed, and irregular rims of a cavity that holds blood,
with vessels beside them, 1 x 1 x 3 mm, noisy. Readers of volumes point and draw a box, and the
program outlines; readers of diameters set calipers on the true lesion. Their jitter is that of
`gliokit.measurement.volumetry.readers`, which was fixed before and is not tuned. Every
lesion is seen twice, before and after it grew or shrank, for the categories of response.

All figures are of simulated lesions and simulated hands, and can show no more than what follows
from these.

python -m benchmarks.reader_agreement     prints one JSON line
"""

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import to_world
from gliokit.evaluation.agreement import cohen_kappa, icc_agreement
from gliokit.measurement.volume import volume_ml
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.level_set import Contour, move_contour
from gliokit.measurement.volumetry.readers import (
    JITTER,
    Reader,
    draw_readers,
    jitter_box,
    jitter_seed,
    read_calipers,
)
from gliokit.measurement.volumetry.region_growing import GrowAbove, grow_above
from gliokit.measurement.volumetry.subtraction import subtract

SHAPE, THICKNESS = (80, 80, 78), 3  # voxels of 1 mm, of which slices average so many
AFFINE = np.diag([1.0, 1.0, 3.0, 1.0])
TISSUE, FLUID, BLOOD, NOISE = 100.0, 50.0, 220.0, 6.0
TAKEN_UP = 70.0  # by tumor and vessels
GAIN = 1.3  # of T1c over T1
TRIES = 5  # until a reader hits the tumor
MEASURES = ("diameter", "area", "volume_seed", "volume_box", "volume_contour")
# smallest rise that is progression, and fall that is response: RECIST, Macdonald, and the latter
# for volumes, as rounded for modified RANO
LIMITS = MappingProxyType(
    {
        "diameter": (0.20, -0.30),
        "area": (0.25, -0.50),
        "volume_seed": (0.40, -0.65),
        "volume_box": (0.40, -0.65),
        "volume_contour": (0.40, -0.65),
    }
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A simulated scan: enhancement to outline, and the true enhancing tumor."""

    canvas: Canvas
    truth: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lesions", type=int, default=40)
    parser.add_argument("--readers", type=int, default=6)
    parser.add_argument("--studies", type=int, default=5, help="with lesions and readers anew")
    args = parser.parse_args()
    studies = [study(seed, args.lesions, args.readers) for seed in range(args.studies)]
    names = studies[0].keys()
    print(
        json.dumps(
            {
                "benchmark": "reader_agreement",
                "device": platform.machine(),
                "lesions": args.lesions,
                "readers": args.readers,
                "jitter": {name: getattr(JITTER, name) for name in JITTER.__slots__},
                **{name: [round(one[name], 3) for one in studies] for name in names},
                "numpy": np.__version__,
            }
        )
    )


def study(seed: int, lesions: int, count: int) -> dict[str, float]:
    """Let readers measure lesions, twice each; compute ICC of the first and kappa of the change."""
    rng = np.random.default_rng(seed)
    readers = draw_readers(count, rng)
    found = np.array(
        [read_pair(rng, readers) for _ in range(lesions)]
    )  # lesion, visit, reader, ...
    result = {}
    for number, measure in enumerate(MEASURES):
        first, second = found[:, 0, :, number], found[:, 1, :, number]
        result[f"icc_{measure}"] = icc_agreement(first)
        result[f"icc_log_{measure}"] = icc_agreement(np.log(first))
        result[f"kappa_{measure}"] = mean_kappa(categories(first, second, LIMITS[measure]))
    truth = found[:, 0, 0, -1]
    for number in (2, 3, 4):
        error = np.abs(found[:, 0, :, number] / truth[:, None] - 1)
        result[f"error_{MEASURES[number]}"] = float(np.median(error))
    return result


def read_pair(rng: np.random.Generator, readers: tuple[Reader, ...]) -> list[list[list[float]]]:
    """Simulate a lesion at two visits and let every reader measure it, (visit, reader, measure)."""
    scans = simulate(rng)
    return [[read(scan, reader, rng) for reader in readers] for scan in scans]


def read(scan: Scan, reader: Reader, rng: np.random.Generator) -> list[float]:
    """Measure a scan as one reader: `MEASURES`, and the true volume."""
    calipers = read_calipers(scan.truth, AFFINE, reader, rng)
    box = jitter_box(scan.truth, AFFINE, reader, rng)
    deepest = np.unravel_index(
        ndimage.distance_transform_edt(scan.truth, (1, 1, 3)).argmax(), scan.truth.shape
    )
    x, y, z = to_world(AFFINE, deepest).tolist()

    def seeded() -> NDArray[np.bool_]:
        return grow_above(scan.canvas, GrowAbove((jitter_seed((x, y, z), rng),), box))

    by_seed = until_found(seeded)
    by_box = grow_above(scan.canvas, GrowAbove(box_mm=box))
    contour = move_contour(scan.canvas, by_box, Contour(box_mm=box))
    volumes = [volume_ml(mask, AFFINE) for mask in (by_seed, by_box, contour, scan.truth)]
    return [calipers.longest_mm, calipers.product_mm2, *volumes]


def until_found(outline: Callable[[], NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Point again as long as nothing is found: a reader sees that."""
    for _ in range(TRIES - 1):
        try:
            return outline()
        except NotAssessableError:
            continue
    return outline()


def categories(
    first: NDArray[np.float64], second: NDArray[np.float64], limits: tuple[float, float]
) -> NDArray[np.int64]:
    """Call each change response (-1), stable (0) or progression (1), (lesions, readers)."""
    change = second / first - 1
    return (change >= limits[0]).astype(int) - (change <= limits[1]).astype(int)


def mean_kappa(called: NDArray[np.int64]) -> float:
    """Average Cohen's kappa over all pairs of readers."""
    pairs = combinations(called.T.tolist(), 2)
    return float(np.nanmean([cohen_kappa(a, b, categories=(-1, 0, 1)) for a, b in pairs]))


def simulate(rng: np.random.Generator) -> tuple[Scan, Scan]:
    """Simulate a lesion before and after its radius changed by a factor of 0.65 to 1.35."""
    radius = float(np.exp(rng.uniform(np.log(8), np.log(22))))
    factor = float(rng.uniform(0.65, 1.35)) if radius < 16 else float(rng.uniform(0.65, 1.1))
    lumps = smooth_noise(rng, 5.0)
    kind = rng.integers(3)  # solid, ringed, rim of a cavity
    thickness = float(rng.uniform(0.25, 0.5))
    vessels = draw_vessels(rng, radius)
    tissue = TISSUE + 10 * smooth_noise(rng, 3.0)
    scans = []
    for size in (radius, radius * factor):
        tumor, hollow = lesion(size, lumps, int(kind), thickness)
        scans.append(scan_of(rng, tumor, hollow, vessels, tissue, bool(kind == 2)))
    return scans[0], scans[1]


def lesion(
    radius: float, lumps: NDArray[np.float64], kind: int, thickness: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw the enhancing tumor and what it encloses, on the fine grid."""
    place = np.moveaxis(np.indices(SHAPE), 0, -1) - (np.array(SHAPE) - 1) / 2
    depth = np.linalg.norm(place / (1.0, 1.15, 0.9), axis=-1) / radius + 0.25 * lumps
    whole = depth < 1
    if kind == 0:
        return whole, np.zeros_like(whole)
    inner = 1 - thickness * (1 + lumps) if kind == 1 else 1 - 0.9 * thickness * (1 + 2 * lumps)
    hollow = whole & (depth < np.clip(inner, 0, 1))
    return whole & ~hollow, hollow


def scan_of(
    rng: np.random.Generator,
    tumor: NDArray[np.bool_],
    hollow: NDArray[np.bool_],
    vessels: NDArray[np.bool_],
    tissue: NDArray[np.float64],
    bleeding: bool,
) -> Scan:
    """Scan both images with partial volume and noise, and subtract them."""
    before = np.where(hollow, FLUID, tissue)
    if bleeding:
        level = np.arange(SHAPE[1])[None, :, None] < SHAPE[1] / 2  # blood settles
        before = np.where(hollow & level, BLOOD, before)
    after = before + TAKEN_UP * (tumor | vessels)
    t1, t1c = sliced(before), GAIN * sliced(after)
    t1 += rng.normal(0, NOISE, t1.shape)
    t1c += rng.normal(0, GAIN * NOISE, t1c.shape)
    brain = np.ones(t1.shape, dtype=bool)
    found = subtract(t1.astype(np.float32), t1c.astype(np.float32), brain)
    truth = sliced(tumor.astype(np.float64)) > 0.5
    return Scan(Canvas(found.enhancement, ~found.blood, AFFINE), truth)


def sliced(fine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the fine grid to slices, slightly blurred within them."""
    blurred = ndimage.gaussian_filter(fine, (0.6, 0.6, 0))
    x, y, z = SHAPE
    return blurred.reshape(x, y, z // THICKNESS, THICKNESS).mean(axis=3)


def draw_vessels(rng: np.random.Generator, radius: float) -> NDArray[np.bool_]:
    """Draw three straight vessels, 2 mm wide, that pass the lesion's surroundings."""
    vessels = np.zeros(SHAPE, dtype=bool)
    middle = (np.array(SHAPE) - 1) / 2
    for _ in range(3):
        away, along = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
        start = middle + away * (radius + rng.uniform(2, 10))
        points = start + np.linspace(-40, 40, 321)[:, None] * along
        points = points[((points >= 0) & (points < np.array(SHAPE) - 1)).all(axis=1)]
        vessels[tuple(np.rint(points).astype(int).T)] = True
    return ndimage.binary_dilation(vessels)


def smooth_noise(rng: np.random.Generator, sigma: float) -> NDArray[np.float64]:
    """Draw noise that is smooth, with a standard deviation of 1."""
    noise = ndimage.gaussian_filter(rng.standard_normal(SHAPE), sigma)
    return noise / noise.std()


if __name__ == "__main__":
    main()
