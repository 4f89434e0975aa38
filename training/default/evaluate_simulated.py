"""How good is a bundle on simulated studies of anatomies that no training has seen?

python training/default/evaluate_simulated.py --runs RUNS --bundle FOLDER --out table.csv

`RUNS/testing-KIND` are folders of simulate.py, `--purpose testing`. The studies do not tell
their phase. One row per study; what is found by size of the lesion goes into a text beside the
table, a statement a line. Prints more.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from evaluate import REFUSED, Row, score, write_rows
from patients import Kind
from rich.progress import track
from studies import KnownStudy, simulated_studies

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import voxel_volume_mm3
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Region
from gliokit.evaluation.lesion_wise import LesionCounts, count_lesions
from gliokit.segmentation.default import DefaultSegmenter, load_segmenter

SEED = 41
SIZES_ML = (0.0, 0.2, 1.0, 5.0, 20.0, np.inf)
FOUND_SHARE = 0.1  # of a lesion's voxels


def main() -> None:
    """Segment every study and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="CSV, one row per study")
    args = parser.parse_args()
    segmenter = load_segmenter(args.bundle)
    rows: list[Row] = []
    statements = []
    for kind in Kind:
        folder = args.runs / f"testing-{kind}"
        counts: dict[Region, list[LesionCounts]] = {}
        number = len(list(folder.glob("*.npz")))
        own = [
            tested(segmenter, case, counts)
            for case in track(simulated_studies(folder, seed=SEED), str(kind), total=number)
        ]
        rows += own
        for region, found in counts.items():
            statements.append(f"Simulated, {kind}, lesions of {region}: {lesion_line(found)}.")
        print_kind(kind, own)
        write_rows(args.out, rows)
    args.out.with_suffix(".txt").write_text("\n".join(statements) + "\n")


def tested(
    segmenter: DefaultSegmenter, case: KnownStudy, counts: dict[Region, list[LesionCounts]]
) -> Row:
    """Score one study, and count its lesions."""
    row = {"study": case.study.study_id, "kind": str(case.kind), REFUSED: "", "notices": ""}
    try:
        segmentation = segmenter.predict(case.study)
    except NotAssessableError as error:
        return row | {REFUSED: str(error)}
    for region in (Region.WHOLE_TUMOR, Region.ENHANCING_TUMOR):
        counts.setdefault(region, []).append(
            count_lesions(
                region_mask(case.labels.array, region),
                region_mask(segmentation.labels.array, region),
                voxel_ml=voxel_volume_mm3(case.labels.affine) / 1000,
                edges_ml=SIZES_ML,
                found_share=FOUND_SHARE,
            )
        )
    row["notices"] = " ".join(notice.code for notice in segmentation.notices)
    return row | score(segmentation, case.labels)


def lesion_line(counts: list[LesionCounts]) -> str:
    """Say how many lesions of each size were found, and how many were false."""
    total = counts[0]
    for one in counts[1:]:
        total += one
    sizes = [f"{a:g}–{b:g} mL" if b < np.inf else f"from {a:g} mL" for a, b in pairwise(SIZES_ML)]
    parts = zip(sizes, total.found, total.lesions, total.false_per_case, strict=True)
    return "; ".join(f"{s} {f} of {n} found, {x:.2f} false a case" for s, f, n, x in parts)


def print_kind(kind: Kind, rows: list[Row]) -> None:
    """Print what the card states of one kind of study."""
    judged = [row for row in rows if not row[REFUSED]]
    print(f"{kind}: {len(rows)} studies, {len(rows) - len(judged)} refused")
    for region in Region:
        dice = np.array([float(row[f"{region}_dice"]) for row in judged])
        truth, found, low, high = (
            np.array([float(row[f"{region}_{name}"]) for row in judged])
            for name in ("reference_ml", "ml", "low_ml", "high_ml")
        )
        there = truth > 0
        if there.any():
            known = there & np.isfinite(low)
            inside = (low <= truth)[known] & (truth <= high)[known]
            print(
                f"  {region}: mean Dice {dice[there].mean():.3f}, median "
                f"{np.median(dice[there]):.3f} of {there.sum()} that have it; "
                f"{inside.mean():.0%} of {known.sum()} volumes in their interval"
            )
        if not there.all():
            wrong = found[~there]
            print(
                f"  {region}: in {len(wrong)} without it median {np.median(wrong):.2f} mL, "
                f"{np.count_nonzero(wrong > 0.1)} above 0.1 mL, largest {wrong.max():.2f} mL"
            )


if __name__ == "__main__":
    main()
