"""How good is a bundle on labelled studies? One table, patient by patient.

python training/default/evaluate.py --studies FOLDER --bundle FOLDER --out table.csv

`--studies` holds one folder per study with images and a label map. Prints a Markdown table of
Dice (WT, TC, ET), means with 95 % bootstrap intervals over patients, and medians. With
`--subsets`, every subset of the sequences that the model takes, mean Dice each.
"""

import argparse
import csv
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import spacing_mm
from gliokit.core.image import region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.bootstrap import mean_interval
from gliokit.evaluation.overlap import dice
from gliokit.evaluation.surface import hausdorff_95_mm
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.segmentation.default import FLUID_SENSITIVE, OUTPUTS, DefaultSegmenter, load_segmenter

SUBSETS = [
    kept
    for n in (4, 3, 2, 1)
    for kept in combinations(MRSequence, n)
    if FLUID_SENSITIVE.intersection(kept)
]


def main() -> None:
    """Segment every study and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="CSV, one row per study")
    parser.add_argument("--subsets", action="store_true")
    args = parser.parse_args()
    segmenter = load_segmenter(args.bundle)
    folders = sorted(path for path in args.studies.iterdir() if path.is_dir())
    rows = []
    for folder in folders:
        study = read_study(folder, study_id=folder.name)
        for kept in SUBSETS if args.subsets else SUBSETS[:1]:
            part = replace(study, images={s: study.images[s] for s in kept})
            row = {"study": folder.name, "sequences": "+".join(kept)}
            rows.append(row | score(segmenter, part, folder))
            print(rows[-1], flush=True)
    with args.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for kept in sorted({str(row["sequences"]) for row in rows}, key=lambda s: (-s.count("+"), s)):
        print(summary(kept, [row for row in rows if row["sequences"] == kept]))


def score(segmenter: DefaultSegmenter, study: Study, folder: Path) -> dict[str, str]:
    """Dice, 95 % Hausdorff distance (mm) and volumes (mL) of each region."""
    labels = find_labels(folder)
    if labels is None:
        raise FileNotFoundError(f"{folder} holds no label map; add one called seg.nii.gz")
    reference = read_label_map(labels)
    prediction = segmenter.predict(study).labels
    if difference := prediction.grid.difference(reference.grid):
        raise GeometryError(f"grids of {folder} and its labels differ: {difference}")
    spacing = spacing_mm(reference.affine)
    figures = {}
    for region in OUTPUTS:
        ours = region_mask(prediction.array, region)
        theirs = region_mask(reference.array, region)
        figures[f"{region}_dice"] = f"{dice(theirs, ours):.4f}"
        figures[f"{region}_hd95_mm"] = f"{hausdorff_95_mm(theirs, ours, spacing_mm=spacing):.2f}"
        figures[f"{region}_ml"] = f"{ours.sum() * spacing.prod() / 1000:.2f}"
        figures[f"{region}_reference_ml"] = f"{theirs.sum() * spacing.prod() / 1000:.2f}"
    return figures


def summary(kept: str, rows: list[dict[str, str]]) -> str:
    """One line of Markdown: mean Dice with its interval and median, per region."""
    patients = [row["study"] for row in rows]
    cells = []
    for region in OUTPUTS:
        values = np.array([float(row[f"{region}_dice"]) for row in rows])
        low, high = mean_interval(values, patients=patients, seed=0)
        cells.append(f"{values.mean():.3f} ({low:.3f}-{high:.3f}), median {np.median(values):.3f}")
    return f"| {kept} | {len(rows)} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
