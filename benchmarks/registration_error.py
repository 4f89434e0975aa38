"""How far off is the rigid registration of two images of one head, and does it say so if it is?

python -m benchmarks.registration_error [ANATOMY_FOLDER] [--right 50] [--wrong 10] [--pairs FOLDER]

prints one JSON line. Simulated: each right pair is one person with a tumor, scanned twice with
different contrast; before the second scan the head is turned by up to 20 degrees about any axis
and moved by up to 30 mm, which no header tells. Either scan has voxels of 1 mm or 5 mm slices of
any plane, tilted or not; one in three ends at the brain and cuts off neck and face. All have
noise and coil bias, some ghosts. Five pairs show one person, each with contrasts, grids and
motion of its own. A wrong pair is the first scan of one person and the second of a person made
from another anatomy, where there are several.

The target registration error is the mean over brain voxels of the distance from where the
registration puts them to where they are. A failure is a right pair with an error above 2 mm that
is not called doubtful. The folder holds label maps of whole heads with FreeSurfer numbers; without
one, people are made of the MNI152 brain with a grown head, which has no face. The limits of the
check were chosen on other pairs, from the first twelve anatomies by name; by default seeds from
1000 on and the other anatomies are measured. Pairs are kept in the folder `--pairs`, where
`registration_against_elastix` finds them; one takes about 5 s to make.
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from threadpoolctl import threadpool_limits

from gliokit.core.geometry import Affine, to_world
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.anatomy import Anatomy, anatomy_of, find_anatomies
from gliokit.phantom.body.individual import make_individual
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue
from gliokit.phantom.dicom.series import AXIAL, CORONAL, SAGITTAL, covering_grid
from gliokit.phantom.scan.acquisition import Body, acquire_on_grid, draw_acquisition
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import OLDEST, YOUNGEST, fit_tumor
from gliokit.phantom.tumor.grown import paint
from gliokit.preprocessing.registration import register_rigid

LARGEST_TURN_DEGREES, LARGEST_SHIFT_MM = 20.0, 30.0
PAIRS_A_PERSON = 5
PLANES = ("sagittal", "coronal", "axial")
THICK_SHARE, CUT_SHARE = 0.5, 1 / 3
SLICE_MM, TILT_DEGREES = 5.0, 8.0
BRAIN_MARGIN_MM = 15.0  # left around the brain where the field of view is cut
FAILED_MM = 2.0
EVERY = 37  # brain voxels, for the error


@dataclass(frozen=True)
class Pair:
    """Two images and what is known of them.

    Attributes
    ----------
    moving, fixed : Image
        On their own grids.
    to_moving : (4, 4) or None
        World of the fixed image to world of the moving one; None if they show two people.
    brain_mm : (n, 3)
        Points of the brain in the world of the fixed image.
    person : str
        Who is seen in the fixed image.
    told : str
        Sequences and slices.
    """

    moving: Image
    fixed: Image
    to_moving: Affine | None
    brain_mm: NDArray[np.float64]
    person: str
    told: str

    @property
    def right(self) -> bool:
        """Whether both show one person."""
        return self.to_moving is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("anatomies", type=Path, nargs="?")
    parser.add_argument("--right", type=int, default=50)
    parser.add_argument("--wrong", type=int, default=10)
    parser.add_argument("--first", type=int, default=1000, help="seed of the first pair")
    parser.add_argument("--skip", type=int, default=12, help="anatomies, by name")
    parser.add_argument("--pairs", type=Path, help="folder to keep the pairs in")
    args = parser.parse_args()
    given = args.anatomies
    anatomies = find_anatomies(given)[args.skip :] if given else [None]
    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(1):
        folder = args.pairs or Path(scratch)
        seeds = range(args.first, args.first + args.right)
        kept = [keep_pair(folder, anatomies, seed) for seed in seeds]
        rows = [measure(read_pair(path)) for path in kept]
        rows += [measure(mismatch(kept, number)) for number in range(args.wrong)]
    print(json.dumps({"benchmark": "registration_error", "device": "cpu", **summary(rows)}))


def keep_pair(folder: Path, anatomies: list[Path | None], seed: int) -> Path:
    """Make a right pair and write it, unless that was done before."""
    path = folder / f"pair-{seed}.npz"
    if not path.exists():
        pair = make_pair(anatomies, seed)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            moving=pair.moving.array,
            moving_affine=pair.moving.affine,
            fixed=pair.fixed.array,
            fixed_affine=pair.fixed.affine,
            to_moving=pair.to_moving,
            brain_mm=pair.brain_mm,
            person=pair.person,
            told=pair.told,
        )
    return path


def read_pair(path: Path) -> Pair:
    with np.load(path) as kept:
        return Pair(
            Image(kept["moving"], kept["moving_affine"]),
            Image(kept["fixed"], kept["fixed_affine"]),
            kept["to_moving"],
            kept["brain_mm"],
            str(kept["person"]),
            str(kept["told"]),
        )


def mismatch(kept: list[Path], number: int) -> Pair:
    """Give the fixed image of one pair and the moving one of the next other person's."""
    pair = read_pair(kept[number])
    others = (read_pair(path) for path in [*kept[number + 1 :], *kept[:number]])
    other = next(other for other in others if other.person != pair.person)
    return replace(pair, moving=other.moving, to_moving=None)


def measure(pair: Pair) -> dict[str, object]:
    """Register one pair; the error in mm and what the registration says of itself."""
    begun = time.process_time()
    found = register_rigid(pair.moving, pair.fixed)
    seconds = time.process_time() - begun
    return {
        "right": pair.right,
        "tre_mm": target_error_mm(pair, found.to_moving) if pair.right else None,
        "local_shift_mm": found.local_shift_mm,
        "doubt": found.doubt,
        "seconds": seconds,
    }


def target_error_mm(pair: Pair, to_moving: Affine) -> float:
    apart = to_world(to_moving, pair.brain_mm) - to_world(pair.to_moving, pair.brain_mm)
    return float(np.linalg.norm(apart, axis=1).mean())


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    right = [row for row in rows if row["right"]]
    wrong = [row for row in rows if not row["right"]]
    errors = np.array([row["tre_mm"] for row in right])
    seconds = np.array([row["seconds"] for row in rows])
    unflagged = [row for row in right if row["doubt"] is None]
    return {
        "simulated": True,
        "right_pairs": len(right),
        "tre_mm": {
            "mean": round(float(errors.mean()), 3),
            "median": round(float(np.median(errors)), 3),
            "p95": round(float(np.percentile(errors, 95)), 3),
            "worst": round(float(errors.max()), 3),
        },
        "failures": sum(row["tre_mm"] > FAILED_MM for row in unflagged),
        "right_flagged": len(right) - len(unflagged),
        "largest_local_shift_mm": round(max(row["local_shift_mm"] for row in right), 2),
        "wrong_pairs": len(wrong),
        "smallest_local_shift_mm": round(min(row["local_shift_mm"] for row in wrong), 2),
        "wrong_caught": sum(row["doubt"] is not None for row in wrong),
        "cpu_seconds": {
            "median": round(float(np.median(seconds)), 2),
            "worst": round(float(seconds.max()), 2),
        },
        "versions": {name: version(name) for name in ("gliokit", "numpy", "scipy")},
    }


def make_pair(anatomies: list[Path | None], seed: int) -> Pair:
    """Simulate one right pair."""
    number = seed // PAIRS_A_PERSON
    anatomy = anatomies[number % len(anatomies)]
    person, body = make_body(anatomy, number)
    rng = np.random.default_rng([seed, 0])
    one, other = rng.permutation(np.array(MRSequence))[:2]
    motion = draw_motion(rng, extent_mm(person).mean(axis=0))
    fixed, first = scan(person, body, one, np.eye(4), rng)
    moving, second = scan(person, body, other, motion, rng)
    told = f"{second} to {first}"
    return Pair(moving, fixed, motion, brain_points(person), f"person {number}", told)


@lru_cache(maxsize=1)
def make_body(path: Path | None, number: int) -> tuple[Anatomy, Body]:
    """Make a person with a tumor from a label map."""
    rng = np.random.default_rng([number, 1])
    healthy, _ = make_individual(
        anatomy_of(path, head=True), rng, age=float(rng.uniform(YOUNGEST, OLDEST)), head=True
    )
    person = paint(fit_tumor(healthy, rng))
    water = water_content(person.tissues, person.spacing_mm, seed=int(rng.integers(2**31)))
    return person, Body(person.tissues, person.spacing_mm, water=water)


def draw_motion(rng: np.random.Generator, center_mm: NDArray[np.float64]) -> Affine:
    """Draw a rotation about the middle of the head and a shift, (4, 4)."""
    axis, way = rng.standard_normal((2, 3))
    angle = rng.uniform(0, LARGEST_TURN_DEGREES)
    turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle, degrees=True).as_matrix()
    motion = np.eye(4)
    motion[:3, :3] = turn
    shift = way / np.linalg.norm(way) * rng.uniform(0, LARGEST_SHIFT_MM)
    motion[:3, 3] = center_mm - turn @ center_mm + shift
    return motion


def scan(
    person: Anatomy, body: Body, sequence: MRSequence, motion: Affine, rng: np.random.Generator
) -> tuple[Image, str]:
    """Scan a head that has moved, on a grid of its own; also say how."""
    session = draw_session(rng)
    thick = rng.random() < THICK_SHARE
    cut = rng.random() < CUT_SHARE
    plane = int(rng.choice(3, p=[0.2, 0.2, 0.6]))
    tilt = Rotation.from_rotvec(rng.normal(0, TILT_DEGREES, 3), degrees=True).as_matrix()
    spacing = [0.9, 0.9, SLICE_MM] if thick else [1.0, 1.0, 1.0]
    affine = motion @ person.affine
    grid = covering_grid(
        scanned_extent_mm(person, affine, cut),
        axes=tilt @ (SAGITTAL, CORONAL, AXIAL)[plane],
        spacing_mm=spacing,
    )
    acquisition = replace(
        draw_acquisition(rng),
        slice_axis=2,
        thickness_mm=spacing[2],
        shift_mm=np.zeros(3),
        turn_degrees=np.zeros(3),
        bias=session.acquisitions[sequence].bias,
        noise=session.acquisitions[sequence].noise,
    )
    signal = tissue_signal(session.scan, sequence)
    array = acquire_on_grid(body, affine, grid, signal, acquisition, rng)
    told = f"{sequence} {PLANES[plane]} {spacing[2]:g} mm"
    return Image(array * np.float32(1000), grid.affine), told + (" cut" if cut else "")


def scanned_extent_mm(person: Anatomy, affine: Affine, cut: bool) -> NDArray[np.float64]:
    """Corners of what is scanned (2, 3): the head, or the brain with a margin."""
    if not cut:
        return extent_mm(replace(person, affine=affine))
    voxels = np.argwhere(in_brain(person))
    corners = to_world(affine, voxels[::EVERY])
    return np.array([corners.min(axis=0) - BRAIN_MARGIN_MM, corners.max(axis=0) + BRAIN_MARGIN_MM])


def extent_mm(person: Anatomy) -> NDArray[np.float64]:
    """Lower and upper corner of the head in RAS+ mm, (2, 3)."""
    points = to_world(person.affine, np.argwhere(person.tissues > 0)[::EVERY])
    return np.array([points.min(axis=0), points.max(axis=0)])


def in_brain(person: Anatomy) -> NDArray[np.bool_]:
    """Find brain and ventricles (X, Y, Z), not the fluid around them, which reaches the neck."""
    return (person.tissues > Tissue.CSF) & (person.tissues < FIRST_OUTSIDE)


def brain_points(person: Anatomy) -> NDArray[np.float64]:
    """Give some points of the brain in RAS+ mm, (n, 3)."""
    return to_world(person.affine, np.argwhere(in_brain(person))[::EVERY])


if __name__ == "__main__":
    main()
