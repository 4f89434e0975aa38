"""How well is the brain of a head found, and what of a tumor is lost?

python -m benchmarks.brain_extraction ANATOMY_FOLDER [--number 50] [--cases FOLDER] [--together]

prints one JSON line; run at the root of the repository.

Simulated: patients of the label maps (whole heads, FreeSurfer numbers, 1 mm) that nothing was
made of (`training/anatomy/heads.py`), every other one after surgery; bodies at 1.5 mm, four
sequences, each on a grid of its own, half of them with 5 mm slices, in any plane. Truth on a grid
is the largest share of a voxel; tumor is core and cavity.

Each image is judged alone, on its own grid, and all together as `analyze` looks at them, at 1 mm
along T1c, of which the motion to the mean head is taken; `--together` leaves the former out.
Beside it the brain that the mean head alone would bring. Seconds are of one process, with the
registration. Patients and figures are kept in `--cases`, and not made again.
"""

import argparse
import csv
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from gliokit.core.errors import NotAssessableError, SimulationError
from gliokit.core.geometry import Affine, Grid, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.phantom.body.anatomy import anatomy_of, find_anatomies
from gliokit.phantom.body.individual import Voxels
from gliokit.phantom.body.tissue import labels_of
from gliokit.phantom.cohort import CohortSettings, body_of, draw_facts, scanner_of
from gliokit.phantom.dicom.series import AXIAL, CORONAL, SAGITTAL, covering_grid
from gliokit.phantom.person import Look, Making, Person, looks, make_person
from gliokit.phantom.scan.acquisition import acquire_on_grid, draw_acquisition
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import Scan, tissue_signal
from gliokit.preprocessing.brain_extraction import brain_on
from gliokit.preprocessing.carry import carry_labels
from gliokit.preprocessing.grids import grid_of_spacing
from gliokit.preprocessing.head_template import template_to
from training.anatomy.heads import HELD_OUT, brain_of

SEED = 53
BODY_MM, WORKING_MM = 1.5, 1.0
HEALTHY, TUMOR = 1, 2  # brain, and the tumor core or cavity in it
SLICE_MM, TILT_DEGREES = 5.0, 6.0
THICK = 0.5  # share of images
PLANES = ((SAGITTAL, 0.15), (CORONAL, 0.15), (AXIAL, 0.7))
ANOTHER = 1000  # added to a patient's number where the tumor finds no room
REFERENCE, TOGETHER = MRSequence.T1C, "together"
METHODS = "mean_head", "edge"
AIM_DICE, AIM_KEPT = 0.97, 0.995
UNMOVED = np.eye(4)
KB_PER_MB = 1024


@dataclass(frozen=True)
class Case:
    """A simulated head.

    Attributes
    ----------
    images : dict of MRSequence to Image
        Each on a grid of its own.
    truth : LabelMap
        HEALTHY and TUMOR, on the grid of the body.
    """

    images: dict[MRSequence, Image] = field(repr=False)
    truth: LabelMap = field(repr=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("anatomies", type=Path)
    parser.add_argument("--number", type=int, default=50)
    parser.add_argument("--cases", type=Path, help="folder to keep patients and figures in")
    parser.add_argument("--together", action="store_true", help="judge no image alone")
    args = parser.parse_args()
    paths = find_anatomies(args.anatomies)[-HELD_OUT:]
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.cases or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [
            row
            for number in range(args.number)
            for row in keep_figures(folder, paths, number, args.together)
        ]
    line = {
        "benchmark": "brain_extraction",
        "device": "cpu",
        "simulated": True,
        "patients": args.number,
        "anatomies_held_out": len(paths),
        **{method: summaries([r for r in rows if r["method"] == method]) for method in METHODS},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KB_PER_MB,
        "versions": {package: version(package) for package in ("gliokit", "numpy", "scipy")},
    }
    print(json.dumps(line))


def keep_figures(
    folder: Path, paths: list[Path], number: int, together: bool
) -> list[dict[str, str]]:
    """Judge a patient, or read what was judged before."""
    path = folder / f"figures-{number:02d}{'-together' if together else ''}.csv"
    if not path.exists():
        case = read_case(keep_case(folder, paths, number))
        rows = [{"case": number, **row} for row in judged(case, together)]
        part = path.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        part.replace(path)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def judged(case: Case, together: bool) -> Iterator[dict[str, object]]:
    """Judge all images together, and unless that is all each alone."""
    grid = grid_of_spacing(case.images[REFERENCE].grid, WORKING_MM)
    started = time.perf_counter()
    to_template = template_to(case.images[REFERENCE])
    registered = time.perf_counter() - started
    yield from compared(TOGETHER, list(case.images.values()), case, (grid, to_template, registered))
    for sequence, image in case.images.items() if not together else ():
        started = time.perf_counter()
        try:
            motion = to_template if sequence is REFERENCE else template_to(image)
        except NotAssessableError:
            yield from refused(sequence)
            continue
        took = registered if sequence is REFERENCE else time.perf_counter() - started
        yield from compared(sequence, [image], case, (image.grid, motion, took))


def compared(
    name: str, images: list[Image], case: Case, placed: tuple[Grid, Affine, float]
) -> Iterator[dict[str, object]]:
    """Compare the brain that each method finds with the truth."""
    grid, to_template, took = placed
    truth = carry_labels(case.truth, UNMOVED, grid).array
    tumor = truth == TUMOR
    for method, seen in zip(METHODS, ([], images), strict=True):
        started = time.perf_counter()
        brain = brain_on(grid, to_template, seen)
        seconds = took + time.perf_counter() - started
        yield {
            "images": name,
            "method": method,
            "thick": len(images) == 1 and max(np.linalg.norm(grid.affine[:3, :3], axis=0)) > 2,
            "dice": f"{dice(truth > 0, brain):.4f}",
            "kept": f"{kept(tumor, brain):.5f}",
            "seconds": f"{seconds:.1f}",
        }


def refused(name: str) -> Iterator[dict[str, object]]:
    """Rows of an image in which no head was recognized: nothing is found and all is lost."""
    for method in METHODS:
        yield {
            "images": name,
            "method": method,
            "thick": "",
            "dice": "0",
            "kept": "0",
            "seconds": "nan",
        }


def kept(tumor: NDArray[np.bool_], brain: NDArray[np.bool_]) -> float:
    """Share of the tumor that lies in the brain; 1 where there is none."""
    return float((tumor & brain).sum() / tumor.sum()) if tumor.any() else 1.0


def summaries(rows: list[dict[str, str]]) -> dict[str, dict[str, float]]:
    """Sum up by images, and together by before and after surgery."""
    names = dict.fromkeys(row["images"] for row in rows)
    found = {name: summary([r for r in rows if r["images"] == name]) for name in names}
    all_images = [row for row in rows if row["images"] == TOGETHER]
    for name, odd in (("before_surgery", 0), ("after_surgery", 1)):
        found[name] = summary([row for row in all_images if int(row["case"]) % 2 == odd])
    return found


def summary(rows: list[dict[str, str]]) -> dict[str, float]:
    """Mean and worst figures of some rows."""
    if not rows:
        return {"heads": 0}
    overlap = np.array([float(row["dice"]) for row in rows])
    share = np.array([float(row["kept"]) for row in rows])
    return {
        "heads": len(rows),
        "dice_mean": round(float(overlap.mean()), 4),
        "dice_worst": round(float(overlap.min()), 4),
        "tumor_kept_mean": round(float(share.mean()), 5),
        "tumor_kept_worst": round(float(share.min()), 5),
        "heads_at_both_aims": int(((overlap >= AIM_DICE) & (share >= AIM_KEPT)).sum()),
        "median_s": round(float(np.nanmedian([float(row["seconds"]) for row in rows])), 1),
    }


def read_case(path: Path) -> Case:
    """Read what `keep_case` wrote."""
    with np.load(path) as kept_case:
        images = {
            sequence: Image(kept_case[sequence].astype(np.float32), kept_case[f"{sequence}_affine"])
            for sequence in MRSequence
        }
        return Case(images, LabelMap(kept_case["truth"], kept_case["affine"]))


def keep_case(folder: Path, paths: list[Path], number: int) -> Path:
    """Simulate a patient's head and its images, unless that was done before."""
    path = folder / f"case-{number:02d}.npz"
    if not path.exists():
        person, look = grown_person(paths[number % len(paths)], number)
        rng = np.random.default_rng([SEED, number])
        session = draw_session(rng, person.scanner, relaxation=person.relaxation)
        images = scanned(person, look, session.scan, rng)
        tissues, labels = look.body.tissues, labels_of(look.body.tissues)
        truth = np.where(brain_of(tissues, BODY_MM), np.uint8(HEALTHY), np.uint8(0))
        truth[(labels > 0) & (labels != Label.EDEMA)] = TUMOR
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez(
            part,
            truth=truth,
            affine=look.body.affine,
            **{str(s): image.array.astype(np.float16) for s, image in images.items()},
            **{f"{s}_affine": image.affine for s, image in images.items()},
        )
        part.replace(path)
    return path


def grown_person(path: Path, number: int) -> tuple[Person, Look]:
    """Make a patient of a label map, and the body of one visit; every other after surgery."""
    settings = CohortSettings(visits=2, seed=SEED, head=True, anatomies=(path,))
    size = np.array(anatomy_of(path, head=True).tissues.shape) / BODY_MM
    x, y, z = (int(n) for n in np.ceil(size))
    making = Making(Voxels(BODY_MM, (x, y, z)), head=True, anatomies=(path,), visits=2)
    for other in count(number, ANOTHER):
        patient = draw_facts(settings, other)
        scanner = scanner_of(settings, patient.site)
        try:
            person = make_person(patient, scanner, making, dials=settings.dials)
        except SimulationError:  # no room for this tumor: take another
            continue
        return person, list(looks(person))[number % 2]
    raise AssertionError


def scanned(
    person: Person, look: Look, scan: Scan, rng: np.random.Generator
) -> dict[MRSequence, Image]:
    """Scan the head, each sequence on a grid of its own."""
    lying, affine = body_of(person, look), look.body.affine
    points = to_world(affine, np.argwhere(look.body.tissues > 0)[::37])
    extent = np.array([points.min(axis=0), points.max(axis=0)])
    images = {}
    for sequence in MRSequence:
        thick = rng.random() < THICK
        plane = PLANES[int(rng.choice(len(PLANES), p=[share for _, share in PLANES]))][0]
        tilt = Rotation.from_rotvec(rng.normal(0, TILT_DEGREES, 3), degrees=True).as_matrix()
        spacing = [0.9, 0.9, SLICE_MM] if thick else [1.0, 1.0, 1.0]
        grid = covering_grid(extent, axes=tilt @ plane, spacing_mm=spacing)
        acquisition = replace(
            draw_acquisition(rng),
            slice_axis=2,
            thickness_mm=spacing[2],
            shift_mm=np.zeros(3),
            turn_degrees=np.zeros(3),
        )
        signal = tissue_signal(scan, sequence)
        images[sequence] = Image(
            acquire_on_grid(lying, affine, grid, signal, acquisition, rng), grid.affine
        )
    return images


if __name__ == "__main__":
    main()
