"""Write the figures of the evaluation into a model card.

python training/default/card.py --card card.json --real real.csv --simulated simulated.csv \
    --out CARD.json

`--real` and `--simulated` are tables of evaluate.py and evaluate_simulated.py, `--subsets` is
one of evaluate.py with that option.
What the card says in words stands in `--card`; its evaluation begins with those statements.
"""

import argparse
import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from evaluate import REFUSED, TUMOR, Row
from patients import Kind
from studies import SUBSETS
from train import read_recipe

from gliokit.core.vocabulary import Region
from gliokit.evaluation.bootstrap import mean_interval
from gliokit.segmentation.default import FLUID_SENSITIVE

MUCH_ENHANCING_ML = 10.0
LOWER_GRADE = ("TCIA10", "TCIA13")  # what the names of the labelled studies begin with
GROUPS: dict[str, Callable[[Row], bool]] = {
    "all": lambda row: True,
    "glioblastoma": lambda row: not row["study"].startswith(LOWER_GRADE),
    "lower grade": lambda row: row["study"].startswith(LOWER_GRADE),
    f"more than {MUCH_ENHANCING_ML:g} mL enhancing": lambda row: (
        value(row, Region.ENHANCING_TUMOR, "reference_ml") > MUCH_ENHANCING_ML
    ),
}


def main() -> None:
    """Read the tables, write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--subsets", type=Path)
    parser.add_argument("--simulated", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    card = json.loads(args.card.read_text())
    full = "+".join(SUBSETS[0])
    real = [row for row in read_rows(args.real) if row["sequences"] == full]
    card["training"] = [with_steps(statement) for statement in card["training"]]
    card["evaluation"] += [*by_group(real), *by_case(real)]
    if args.subsets:
        card["evaluation"] += by_subset(read_rows(args.subsets))
    if args.simulated:
        card["evaluation"] += by_kind(read_rows(args.simulated))
        card["evaluation"] += ["", *args.simulated.with_suffix(".txt").read_text().splitlines()]
    args.out.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def with_steps(statement: str) -> str:
    """Put the number of steps in the place of `@STAGE@`."""
    return re.sub(r"@([a-z-]+)@", lambda stage: f"{read_recipe(stage[1]).steps:,}", statement)


def read_rows(path: Path) -> list[Row]:
    """Read a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def value(row: Row, region: Region, figure: str) -> float:
    """Give one figure of one study."""
    return float(row[f"{region}_{figure}"])


def by_group(rows: Sequence[Row]) -> list[str]:
    """Dice with intervals, distance and lesion-wise Dice, per group of real cases."""
    lines = ["", *head("real cases", "n", *(f"{r} mean (95 % CI), median" for r in TUMOR))]
    for group, belongs in GROUPS.items():
        own = [row for row in rows if belongs(row)]
        lines.append(table_row(f"{group}, Dice", len(own), *(spread(own, r) for r in TUMOR)))
    medians = [np.median([value(row, r, "hd95_mm") for row in rows]) for r in TUMOR]
    lines.append(table_row("all, HD95", len(rows), *(f"median {m:.1f} mm" for m in medians)))
    wise = [np.mean([value(row, r, "lesion_dice") for row in rows]) for r in TUMOR]
    lines.append(
        table_row("all, lesion-wise Dice (BraTS 2023)", len(rows), *(f"{w:.2f}" for w in wise))
    )
    inside = [held(rows, r) for r in TUMOR]
    lines.append(table_row("volumes in their 90 % interval", len(rows), *inside))
    refused = sum(bool(row[REFUSED]) for row in rows)
    lines += ["", f"In use, {refused} of the {len(rows)} would be refused."]
    return lines


def by_case(rows: Sequence[Row]) -> list[str]:
    """Dice and volumes, case by case."""
    titles = [f"{r} Dice" for r in TUMOR] + [f"{r} mL found / reference" for r in TUMOR]
    lines = ["", *head("case", *titles)]
    for row in rows:
        dice = [f"{value(row, r, 'dice'):.2f}" for r in TUMOR]
        sizes = [f"{value(row, r, 'ml'):.1f} / {value(row, r, 'reference_ml'):.1f}" for r in TUMOR]
        lines.append(table_row(row["study"], *dice, *sizes))
    return lines


def by_subset(rows: Sequence[Row]) -> list[str]:
    """Mean Dice for every subset of the sequences."""
    lines = ["", *head("sequences present (same real cases)", *(f"{r} mean Dice" for r in TUMOR))]
    for kept in SUBSETS:
        own = [row for row in rows if row["sequences"] == "+".join(kept)]
        refused = "" if FLUID_SENSITIVE.intersection(kept) else " (refused in use)"
        means = [f"{np.mean([value(row, r, 'dice') for row in own]):.2f}" for r in TUMOR]
        lines.append(table_row(" + ".join(kept) + refused, *means))
    return lines


def by_kind(rows: Sequence[Row]) -> list[str]:
    """Mean Dice on simulated studies, per kind, and volumes where there is nothing."""
    lines = [
        "",
        *head(
            "simulated studies, anatomies not trained on",
            "n (refused)",
            *(f"{r} mean Dice, volumes in their interval" for r in Region),
        ),
    ]
    for kind in Kind:
        own = [row for row in rows if row["kind"] == kind]
        judged = [row for row in own if not row["refused"]]
        cells = [_simulated(judged, region) for region in Region]
        lines.append(table_row(str(kind), f"{len(own)} ({len(own) - len(judged)})", *cells))
    return lines


def _simulated(rows: Sequence[Row], region: Region) -> str:
    there = [row for row in rows if value(row, region, "reference_ml") > 0]
    if there:
        mean = np.mean([value(row, region, "dice") for row in there])
        return f"{mean:.2f} (n {len(there)}), {held(there, region)}"
    if not rows:
        return "all refused"
    wrong = np.array([value(row, region, "ml") for row in rows])
    return f"none there; {np.count_nonzero(wrong > 0.1)} of {len(wrong)} above 0.1 mL"


def held(rows: Sequence[Row], region: Region) -> str:
    """Count the volumes that lie in their intervals, of those that have one."""
    limits = [
        [value(row, region, f) for f in ("low_ml", "reference_ml", "high_ml")] for row in rows
    ]
    known = [(low, truth, high) for low, truth, high in limits if np.isfinite(low)]
    return f"{sum(low <= truth <= high for low, truth, high in known)} of {len(known)}"


def spread(rows: Sequence[Row], region: Region) -> str:
    """Mean Dice with its interval over patients, and median."""
    dice = np.array([value(row, region, "dice") for row in rows])
    low, high = mean_interval(dice, patients=[row["study"] for row in rows], seed=0)
    return f"{dice.mean():.2f} ({low:.2f}–{high:.2f}), {np.median(dice):.2f}"


def head(*titles: str) -> list[str]:
    """Begin a table."""
    return [table_row(*titles), table_row(*("---" for _ in titles)).replace(" ", "")]


def table_row(*cells: object) -> str:
    """Write one line of a table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    main()
