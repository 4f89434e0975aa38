"""How good is a bundle on labelled studies? One table, patient by patient.

python training/default/evaluate.py --studies FOLDER --bundle FOLDER --out table.csv
python training/default/evaluate.py --studies FOLDER --runs RUNS --subsets --out table.csv

`--studies` holds one folder per study with images and a label map. With `--runs` each study
is seen by the bundle of the fold that has not seen it (crossvalidate.py). Prints a Markdown
table of Dice, means with 95 % bootstrap intervals over patients, and medians. With
`--subsets`, all fifteen subsets of the sequences, those that are refused in use as well.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from crossvalidate import MODEL, fold_of
from rich.progress import track
from studies import SUBSETS

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.geometry import spacing_mm
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.bootstrap import mean_interval
from gliokit.evaluation.lesion_wise import lesion_wise_score
from gliokit.evaluation.overlap import dice
from gliokit.evaluation.surface import hausdorff_95_mm
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.preprocessing.view import view_of
from gliokit.segmentation.calibration import CALIBRATION, read_calibration
from gliokit.segmentation.default import (
    OUTPUTS,
    DefaultSegmenter,
    Segmentation,
    load_segmenter,
)

TUMOR = tuple(region for region in OUTPUTS if region is not Region.RESECTION_CAVITY)
REFUSED = "refused"
NO_INTERVAL = (float("nan"), float("nan"))
Row = dict[str, str]


def main() -> None:
    """Segment every study and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--runs", type=Path, help="folder of crossvalidate.py")
    parser.add_argument("--out", type=Path, required=True, help="CSV, one row per study")
    parser.add_argument("--subsets", action="store_true")
    args = parser.parse_args()
    folders = sorted(path for path in args.studies.iterdir() if path.is_dir())
    subsets = SUBSETS if args.subsets else SUBSETS[:1]
    rows = []
    for folder in track(folders, "studies"):
        segmenter = segmenter_for(folder.name, args)
        rows += scores_of(folder, segmenter, subsets)
        write_rows(args.out, rows)
    for kept in ("+".join(kept) for kept in subsets):
        print(summary(kept, [row for row in rows if row["sequences"] == kept]))


def segmenter_for(name: str, args: argparse.Namespace) -> DefaultSegmenter:
    """Load what is to see a study: of a fold, with the calibration that has not seen it either."""
    if not args.runs:
        return loaded(args.bundle)
    fold = fold_of(args.runs, name)
    segmenter = loaded(fold / MODEL)
    if (fold / CALIBRATION).exists():
        segmenter.calibration = read_calibration(fold / CALIBRATION)
    return segmenter


@cache
def loaded(bundle: Path | None) -> DefaultSegmenter:
    """Load each bundle once."""
    return load_segmenter(bundle)


def scores_of(
    folder: Path, segmenter: DefaultSegmenter, subsets: Sequence[tuple[str, ...]]
) -> Iterator[Row]:
    """Score one study with each subset of its sequences."""
    labels = find_labels(folder)
    if labels is None:
        raise FileNotFoundError(f"{folder} holds no label map; add one called seg.nii.gz")
    reference = read_label_map(labels)
    study = read_study(folder, study_id=folder.name)
    for kept in subsets:
        part = replace(study, images={s: image for s, image in study.images.items() if s in kept})
        segmentation, refused = judged(segmenter, part)
        row = {"study": folder.name, "sequences": "+".join(kept), REFUSED: refused}
        yield row | score(segmentation, reference, fully=len(kept) == len(MRSequence))


def judged(segmenter: DefaultSegmenter, study: Study) -> tuple[Segmentation, str]:
    """Segment a study; give the reason as well if it would be refused in use."""
    try:
        return segmenter.predict(study), ""
    except NotAssessableError as error:
        return outlined(segmenter, study), str(error)


def outlined(segmenter: DefaultSegmenter, study: Study) -> Segmentation:
    """Segment a study without any check."""
    view = view_of(study)
    return segmenter.outline(segmenter.look(view), view, study.phase)


def score(segmentation: Segmentation, reference: LabelMap, *, fully: bool = True) -> Row:
    """Overlap of each region; fully: distance, volume and its interval, lesion-wise Dice too."""
    labels = segmentation.labels
    if difference := labels.grid.difference(reference.grid):
        raise GeometryError(f"grids of the study and its labels differ: {difference}")
    spacing = spacing_mm(reference.affine)
    figures = {}
    for region in OUTPUTS:
        ours = region_mask(labels.array, region)
        theirs = region_mask(reference.array, region)
        figures[f"{region}_dice"] = f"{dice(theirs, ours):.4f}"
        if not fully:
            continue
        low, high = segmentation.intervals.get(region, NO_INTERVAL)
        lesions = lesion_wise_score(theirs, ours, spacing_mm=spacing)
        figures |= {
            f"{region}_hd95_mm": f"{hausdorff_95_mm(theirs, ours, spacing_mm=spacing):.2f}",
            f"{region}_ml": f"{ours.sum() * spacing.prod() / 1000:.2f}",
            f"{region}_reference_ml": f"{theirs.sum() * spacing.prod() / 1000:.2f}",
            f"{region}_low_ml": f"{low:.2f}",
            f"{region}_high_ml": f"{high:.2f}",
            f"{region}_lesion_dice": f"{lesions.dice:.4f}",
            f"{region}_missed": str(lesions.missed),
            f"{region}_false": str(lesions.false_lesions),
        }
    return figures


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write the table as far as it goes."""
    part = path.with_suffix(".part")
    with part.open("w", newline="") as file:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        writer = csv.DictWriter(file, fieldnames=columns)
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def summary(kept: str, rows: list[Row]) -> str:
    """One line of Markdown: mean Dice with its interval and median, per region."""
    patients = [row["study"] for row in rows]
    cells = []
    for region in TUMOR:
        values = np.array([float(row[f"{region}_dice"]) for row in rows])
        low, high = mean_interval(values, patients=patients, seed=0)
        cells.append(f"{values.mean():.3f} ({low:.3f}-{high:.3f}), median {np.median(values):.3f}")
    return f"| {kept} | {len(rows)} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
