"""How well the brain is found in heads that the mean head was not made of.

python training/anatomy/evaluate.py --anatomy LABEL_MAPS --out CASES --cases 50 --jobs 2

Simulated: grown tumors before surgery, and what surgery left of them, in turn; four sequences,
each on a grid of its own, half of them with 5 mm slices. The brain is judged in each image alone,
on its own grid, and as `analyze` finds it, on the working grid. A case that was judged is not
judged again; prints the summary. Truth on a grid is the largest share of a voxel.
"""

import argparse
import csv
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from heads import HELD_OUT, brain_of
from numpy.typing import NDArray
from rich.progress import track
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import Grid, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.phantom.body.anatomy import find_anatomies
from gliokit.phantom.body.tissue import labels_of
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit, simulate_visits
from gliokit.phantom.dicom.series import AXIAL, CORONAL, SAGITTAL, covering_grid
from gliokit.phantom.scan.acquisition import acquire_on_grid, draw_acquisition
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.brain_extraction import extract_brain
from gliokit.preprocessing.carry import carry_labels
from gliokit.preprocessing.prepare import UNMOVED, Registered, prepare

SEED = 53
HEALTHY, TUMOR = 1, 2  # brain, and the tumor core or cavity in it
SLICE_MM, TILT_DEGREES = 5.0, 6.0
ALONE, TOGETHER = "alone", "together"
SUMMARY = "summary.txt"


def main() -> None:
    """Judge the cases that are not there yet, then sum up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    anatomies = tuple(find_anatomies(args.anatomy)[-HELD_OUT:])
    settings = CohortSettings(visits=2, seed=SEED, head=True, stripped=False, anatomies=anatomies)
    judge = partial(judged, settings=settings, out=args.out)
    with ProcessPoolExecutor(args.jobs) as pool:
        cases = pool.map(judge, range(args.cases))
        rows = [r for rows in track(cases, "judging", total=args.cases) for r in rows]
    lines = summary(rows)
    (args.out / SUMMARY).write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def judged(number: int, *, settings: CohortSettings, out: Path) -> list[dict[str, str]]:
    """Judge one case, or read what was judged before."""
    path = out / f"{number:03d}.csv"
    if not path.exists():
        rows = judge_case(settings, number)
        part = path.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        part.replace(path)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def judge_case(settings: CohortSettings, number: int) -> list[dict[str, object]]:
    """Judge the images of one patient, alone and together."""
    rng = np.random.default_rng([SEED, number])
    *_, visit = islice(simulate_visits(settings, number), 1 + number % 2)
    images = {sequence: scanned(visit, sequence, rng) for sequence in MRSequence}
    truth = truth_of(visit)
    rows = [
        row_of(number, f"{ALONE} {sequence}", truth_on(image.grid, truth), extract_brain(image))
        for sequence, image in images.items()
    ]
    study = Study(f"simulated {number}", images)
    prepared = prepare(Registered(study, dict.fromkeys(images, UNMOVED)))
    there = truth_on(prepared.study.reference.grid, truth)
    return [*rows, row_of(number, TOGETHER, there, prepared.brain)]


def scanned(visit: SimulatedVisit, sequence: MRSequence, rng: np.random.Generator) -> Image:
    """Scan the head on a grid of its own."""
    body, session = visit.look.body, visit.session
    thick = rng.random() < 0.5
    plane = (SAGITTAL, CORONAL, AXIAL)[int(rng.choice(3, p=[0.15, 0.15, 0.7]))]
    tilt = Rotation.from_rotvec(rng.normal(0, TILT_DEGREES, 3), degrees=True).as_matrix()
    points = to_world(body.affine, np.argwhere(body.tissues > 0)[::37])
    spacing = [0.9, 0.9, SLICE_MM] if thick else [1.0, 1.0, 1.0]
    extent = np.array([points.min(axis=0), points.max(axis=0)])
    grid = covering_grid(extent, axes=tilt @ plane, spacing_mm=spacing)
    acquisition = replace(
        draw_acquisition(rng),
        slice_axis=2,
        thickness_mm=spacing[2],
        shift_mm=np.zeros(3),
        turn_degrees=np.zeros(3),
    )
    signal = tissue_signal(session.scan, sequence)
    array = acquire_on_grid(visit.lying, body.affine, grid, signal, acquisition, rng)
    return Image(array, grid.affine)


def truth_of(visit: SimulatedVisit) -> LabelMap:
    """Give numbers to the brain, and in it to tumor core and cavity."""
    labels = labels_of(visit.look.body.tissues)
    numbers = np.where(brain_of(visit.look.body.tissues), np.uint8(HEALTHY), np.uint8(0))
    numbers[(labels > 0) & (labels != Label.EDEMA)] = TUMOR
    return LabelMap(numbers, visit.look.body.affine)


def truth_on(grid: Grid, truth: LabelMap) -> NDArray[np.uint8]:
    """Carry the truth to a grid, (X, Y, Z)."""
    return carry_labels(truth, UNMOVED, grid).array


def row_of(
    number: int, told: str, truth: NDArray[np.uint8], brain: NDArray[np.bool_]
) -> dict[str, object]:
    """Compare what was found with the truth, (X, Y, Z) both."""
    tumor = truth == TUMOR
    return {
        "case": number,
        "images": told,
        "brain": f"{dice(truth > 0, brain):.4f}",
        "tumor_voxels": int(tumor.sum()),
        "tumor_kept": f"{kept(tumor, brain):.5f}",
    }


def kept(tumor: NDArray[np.bool_], brain: NDArray[np.bool_]) -> float:
    """Share of the tumor that lies in the brain; 1 where there is none."""
    return float((tumor & brain).sum() / tumor.sum()) if tumor.any() else 1.0


def summary(rows: Sequence[dict[str, str]]) -> list[str]:
    """Lay out mean and worst, alone and together, as a table."""
    cases = len({row["case"] for row in rows})
    lines = [
        f"{cases} simulated patients in {HELD_OUT} anatomies that the mean head was not made of, "
        "half of them after surgery; brain: Dice; tumor kept: share of core and cavity that lies "
        "in the brain; mean (worst).",
        "",
        "| | each image alone, own grid | as in `analyze`, 1 mm |",
        "|---|---|---|",
    ]
    for figure in ("brain", "tumor_kept"):
        cells = []
        for told in (ALONE, TOGETHER):
            own = [float(row[figure]) for row in rows if row["images"].startswith(told)]
            cells.append(f"{np.mean(own):.4f} ({min(own):.4f})")
        lines.append(f"| {figure.replace('_', ' ')} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
