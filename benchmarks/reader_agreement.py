"""Do simulated readers agree on volume more than on area, and on area more than on a diameter?

Kanaly reports so of 57 images of 13 patients with recurrent or residual glioblastoma: ICC 0.97 of
the volume, 0.61 of the product of two diameters, 0.42 of one; kappa of the response 0.96, 0.54 and
0.46 (abstract, verified). Six users read the volumes, but only the two neuroradiologists
among them the diameters. Here every one of six simulated readers reads everything.

Patients are simulated on a crop around the lesion, 1 x 1 x 3 mm, noisy, with vessels: irregular
rims of a cavity that holds blood and collapses (Kanaly's kind, the main population), and
compact lesions, solid or ringed. A course is four visits; Kanaly's patients had 4.4 images each.
Readers of volumes point and draw a box, and the program outlines; readers of diameters set
calipers on the true lesion. The jitter of their hands is that of
`gliokit.measurement.volumetry.readers`: fixed before the first version of this benchmark
measured anything, kept since, never tuned. Diameters are read in three manners:

exact    the longest line of the slice, only the ends stray (the first version's reader)
chosen   any line that cannot be told from the longest: the manner that the question is asked of
mixed    as chosen, but every second reader runs across what the rim encloses

Fixed before the first look at a result of this version: 60 patients of each population, the
manner and the population above as those of the answer, 6 readers, 4 visits, seed 0.

All figures are of simulated lesions and simulated hands, and can show no more than what follows
from these.

python -m benchmarks.reader_agreement [--keep FOLDER]     prints one JSON line
"""

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.reader_figures import figures, published
from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Point
from gliokit.core.geometry import to_world
from gliokit.measurement.volume import volume_ml
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.readers import (
    JITTER,
    CaliperReading,
    Lines,
    Reader,
    caliper_target,
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
VISITS = 4
STEP = 0.15  # from visit to visit, of the logarithm of a radius; assumed
COLLAPSE = 0.95  # of a cavity's radius, from visit to visit; assumed
LEAST_SCALE, MOST_SCALE = 0.6, 1.5  # of a radius over the first visit's; assumed
SMALLEST_MM = MappingProxyType({"cavity": 12.0, "compact": 8.0})  # radius at the first visit
LARGEST_FIRST_MM, LARGEST_MM = 22.0, 24.0  # radius at the first visit, and that the crop holds
LEAST_ML = 0.1  # a course with less at any visit is drawn again: there is no diameter to read
POPULATIONS = ("cavity", "compact")
SOLID, RINGED, CAVITY = range(3)


@dataclass(frozen=True, slots=True)
class Scan:
    """A simulated scan: what to outline, the enhancing tumor, and the same with what it encloses.

    Masks are (X, Y, Z) on the grid of the slices.
    """

    canvas: Canvas
    tumor: NDArray[np.bool_]
    whole: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=60, help="of each population")
    parser.add_argument("--readers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder of readings, to go on with")
    args = parser.parse_args()
    readers = draw_readers(args.readers, np.random.default_rng(args.seed))
    line: dict[str, object] = {
        "benchmark": "reader_agreement",
        "simulated": True,
        "device": platform.machine(),
        "patients": args.patients,
        "visits": VISITS,
        "readers": args.readers,
        "jitter": {name: getattr(JITTER, name) for name in JITTER.__slots__},
        "kanaly_icc": published(),
        "numpy": np.__version__,
    }
    for place, population in enumerate(POPULATIONS):
        readings = [
            kept(
                args.keep and args.keep / f"{population}-{args.seed}-{number}.npy",
                lambda number=number, place=place: read_patient(
                    np.random.default_rng([args.seed, place, number]), readers, place
                ),
            )
            for number in range(args.patients)
        ]
        line[population] = figures(np.array(readings))
    print(json.dumps(line))


def kept(path: Path | None, measure: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give the readings of a patient from a file if there is one; else measure them."""
    if path is not None and path.exists():
        return np.load(path)
    readings = measure()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, readings)
    return readings


def read_patient(
    rng: np.random.Generator, readers: tuple[Reader, ...], population: int
) -> NDArray[np.float64]:
    """Simulate a course and let every reader measure it, (visits, readers, MEASURES)."""
    course = simulate_course(rng, POPULATIONS[population])
    while min(volume_ml(scan.tumor, AFFINE) for scan in course) < LEAST_ML:
        course = simulate_course(rng, POPULATIONS[population])
    return np.array([read_scan(scan, readers, rng) for scan in course])


def read_scan(
    scan: Scan, readers: tuple[Reader, ...], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Measure a scan, (readers, MEASURES): diameters in three manners, volumes, and the truth."""
    tumor, whole = caliper_target(scan.tumor, AFFINE), caliper_target(scan.whole, AFFINE)
    middle = deepest(scan.tumor)
    rows = []
    for number, reader in enumerate(readers):
        lines = (
            read_calipers(tumor, reader, rng),
            read_calipers(tumor, reader, rng, lines=Lines.CHOSEN),
            read_calipers(whole if number % 2 else tumor, reader, rng, lines=Lines.CHOSEN),
        )
        volumes = read_volumes(scan, middle, reader, rng)
        rows.append([*sides(lines), *volumes, volume_ml(scan.tumor, AFFINE)])
    return np.array(rows)


def sides(readings: tuple[CaliperReading, ...]) -> list[float]:
    """List the longest diameter and the perpendicular of each reading."""
    return [mm for one in readings for mm in (one.longest_mm, one.perpendicular_mm)]


def deepest(mask: NDArray[np.bool_]) -> Point:
    """Find the place, RAS mm, that lies farthest from the edge of the tumor."""
    depth = ndimage.distance_transform_edt(mask, (1, 1, 3))
    x, y, z = to_world(AFFINE, np.unravel_index(depth.argmax(), mask.shape)).tolist()
    return x, y, z


def read_volumes(
    scan: Scan, middle: Point, reader: Reader, rng: np.random.Generator
) -> list[float]:
    """Outline by a seed and a box, and by the box alone; mL."""
    box = jitter_box(scan.tumor, AFFINE, reader, rng)
    by_seed = until_found(
        lambda: grow_above(scan.canvas, GrowAbove((jitter_seed(middle, rng),), box))
    )
    by_box = grow_above(scan.canvas, GrowAbove(box_mm=box))
    return [volume_ml(by_seed, AFFINE), volume_ml(by_box, AFFINE)]


def until_found(outline: Callable[[], NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Point again as long as nothing is found: a reader sees that."""
    for _ in range(TRIES - 1):
        try:
            return outline()
        except NotAssessableError:
            continue
    return outline()


def simulate_course(rng: np.random.Generator, population: str) -> list[Scan]:
    """Simulate the visits of one patient: the volume changes as the cube of a drawn scale."""
    kind = CAVITY if population == "cavity" else int(rng.integers(2))
    smallest, largest = np.log([SMALLEST_MM[population], LARGEST_FIRST_MM])
    radius = float(np.exp(rng.uniform(smallest, largest)))
    scales = np.exp(np.concatenate([[0.0], np.cumsum(rng.normal(0, STEP, VISITS - 1))]))
    scales = np.clip(scales, LEAST_SCALE, MOST_SCALE)
    lumps = smooth_noise(rng, 5.0)
    thickness = float(rng.uniform(0.25, 0.5))
    vessels = draw_vessels(rng, radius)
    tissue = TISSUE + 10 * smooth_noise(rng, 3.0)
    scans = []
    for visit, scale in enumerate(scales.tolist()):
        size, share = grown(radius, thickness, scale, visit if kind == CAVITY else None)
        tumor, hollow = lesion(size, lumps, kind, share)
        scans.append(scan_of(rng, tumor, hollow, (vessels, tissue), kind == CAVITY))
    return scans


def grown(radius: float, thickness: float, scale: float, visit: int | None) -> tuple[float, float]:
    """Give the radius and the thickness of the rim, as a share of it, at a visit.

    Around a cavity (`visit` from 0) the rim thickens by what makes the volume of a thin one
    change as the cube of the scale while the cavity collapses; else all grows alike.
    """
    if visit is None:
        return min(radius * scale, LARGEST_MM), thickness
    cavity = radius * (1 - thickness) * COLLAPSE**visit
    rim = radius * thickness * scale**3 / COLLAPSE ** (2 * visit)
    size = min(cavity + rim, LARGEST_MM)
    return size, 1 - cavity / size


def lesion(
    radius: float, lumps: NDArray[np.float64], kind: int, thickness: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw the enhancing tumor and what it encloses, on the fine grid."""
    place = np.moveaxis(np.indices(SHAPE), 0, -1) - (np.array(SHAPE) - 1) / 2
    depth = np.linalg.norm(place / (1.0, 1.15, 0.9), axis=-1) / radius + 0.25 * lumps
    whole = depth < 1
    if kind == SOLID:
        return whole, np.zeros_like(whole)
    uneven = 2 if kind == CAVITY else 1
    hollow = whole & (depth < np.clip(1 - thickness * (1 + uneven * lumps), 0, 1))
    return whole & ~hollow, hollow


def scan_of(
    rng: np.random.Generator,
    tumor: NDArray[np.bool_],
    hollow: NDArray[np.bool_],
    surroundings: tuple[NDArray[np.bool_], NDArray[np.float64]],
    bleeding: bool,
) -> Scan:
    """Scan both images with partial volume and noise, and subtract them.

    `surroundings` are vessels and the signal of tissue before contrast, on the fine grid.
    """
    vessels, tissue = surroundings
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
    canvas = Canvas(found.enhancement, ~found.blood, AFFINE)
    seen, inside = (sliced(mask.astype(np.float64)) > 0.5 for mask in (tumor, tumor | hollow))
    return Scan(canvas, seen, inside | seen)


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
