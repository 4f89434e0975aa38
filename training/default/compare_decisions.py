"""What do the learnt decisions change, on simulated patients of anatomies never trained on?

python training/default/compare_decisions.py --bundle FOLDER --runs RUNS --out table.csv

`RUNS/testing-KIND` are folders of simulate.py, `--purpose testing`, scanned as
evaluate_simulated.py scans them. The networks look once at each study; `before` keeps what the
coarse network believes in and knows no cavity but the network's own, `after` uses `lesions.json`
and `cavity.json` of the bundle. Treated patients are told to be after surgery, others not to be
anything. No study is refused here.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from evaluate import Row, write_rows
from evaluate_simulated import FOUND_SHARE, SEED, SIZES_ML, lesion_line
from patients import Kind
from rich.progress import track
from studies import KnownStudy, simulated_studies

from gliokit.core.geometry import voxel_volume_mm3
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Phase, Region
from gliokit.evaluation.lesion_wise import LesionCounts, count_lesions
from gliokit.evaluation.overlap import dice
from gliokit.preprocessing.view import MM3_PER_ML, view_of
from gliokit.segmentation.cavity import CAVITY, read_cavity_model
from gliokit.segmentation.default import DefaultSegmenter, load_segmenter
from gliokit.segmentation.lesion_belief import LESIONS, read_lesion_model

COUNTED = (Region.WHOLE_TUMOR, Region.ENHANCING_TUMOR)


@dataclass(frozen=True, slots=True)
class Judged:
    """One study by one way of deciding: its row of the table, and its lesions by region."""

    row: Row
    lesions: dict[Region, LesionCounts]


def main() -> None:
    """Look at every study and decide twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="CSV, two rows per study")
    args = parser.parse_args()
    segmenter = load_segmenter(args.bundle)
    rows: list[Row] = []
    for kind in Kind:
        folder = args.runs / f"testing-{kind}"
        studies = simulated_studies(folder, seed=SEED)
        number = len(list(folder.glob("*.npz")))
        judged = [
            own
            for case in track(studies, str(kind), total=number)
            for own in decided(segmenter, case, args.bundle)
        ]
        rows += [own.row for own in judged]
        write_rows(args.out, rows)
        for how in ("before", "after"):
            print_kind(kind, how, [own for own in judged if own.row["decisions"] == how])


def decided(segmenter: DefaultSegmenter, case: KnownStudy, bundle: Path) -> Iterator[Judged]:
    """Outline a study without and with the learnt decisions."""
    phase = Phase.POSTOPERATIVE if case.kind is Kind.TREATED else Phase.UNKNOWN
    view = view_of(case.study)
    for how in ("before", "after"):
        learnt = how == "after"
        segmenter.cavity = read_cavity_model(bundle / CAVITY) if learnt else None
        segmenter.lesions = read_lesion_model(bundle / LESIONS) if learnt else None
        outlined = segmenter.outline(segmenter.look(view), view, phase)
        yield judged_of(case, outlined.labels.array, how)


def judged_of(case: KnownStudy, labels: np.ndarray, how: str) -> Judged:
    """Compare labels with the truth."""
    voxel_ml = voxel_volume_mm3(case.labels.affine) / MM3_PER_ML
    row = {"study": case.study.study_id, "kind": str(case.kind), "decisions": how}
    lesions = {}
    for region in Region:
        ours, theirs = region_mask(labels, region), region_mask(case.labels.array, region)
        row[f"{region}_dice"] = f"{dice(theirs, ours):.4f}"
        row[f"{region}_ml"] = f"{ours.sum() * voxel_ml:.2f}"
        row[f"{region}_reference_ml"] = f"{theirs.sum() * voxel_ml:.2f}"
        if region in COUNTED:
            lesions[region] = count_lesions(
                theirs, ours, voxel_ml=voxel_ml, edges_ml=SIZES_ML, found_share=FOUND_SHARE
            )
    return Judged(row, lesions)


def print_kind(kind: Kind, how: str, judged: list[Judged]) -> None:
    """Print what the card states."""
    print(f"{kind}, {how}: {len(judged)} studies")
    for region in Region:
        scores, truth, found = (
            np.array([float(own.row[f"{region}_{name}"]) for own in judged])
            for name in ("dice", "reference_ml", "ml")
        )
        there = truth > 0
        if there.any():
            print(f"  {region}: mean Dice {scores[there].mean():.3f} of {there.sum()}")
        if not there.all():
            wrong = found[~there]
            print(
                f"  {region}: in {len(wrong)} without it median {np.median(wrong):.2f} mL, "
                f"{np.count_nonzero(wrong > 0.1)} above 0.1 mL, largest {wrong.max():.1f} mL"
            )
    for region in COUNTED if judged else ():
        print(f"  lesions of {region}: {lesion_line([own.lesions[region] for own in judged])}")


if __name__ == "__main__":
    main()
