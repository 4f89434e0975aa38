"""Fine-tune the fine network on simulated and real cases: per fold without its cases, and with all.

python training/default/crossvalidate.py --patients FOLDER --real FOLDER --runs RUNS

Needs `RUNS/coarse` and `RUNS/fine`. The coarse network, which only says where to look, stays as it
is. Writes `RUNS/fold-K` with its run and the bundle `model` that has not seen the fold's
patients, and `RUNS/all`. Can be stopped and started again.
"""

import argparse
import json
from pathlib import Path

from examples import Examples
from export import export_bundle, read_card
from real_cases import RealCase, read_cases, without
from train import RECIPES, read_recipe, starting_weights, train_stage

from gliokit.segmentation.trained_default import UNCALIBRATED

FOLDS = 4
STAGE = "fine-real"
MODEL, HELD_OUT = "model", "held-out.json"


def main() -> None:
    """Train what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=Path, required=True, help="folder made by simulate.py")
    parser.add_argument("--real", type=Path, required=True, help="folder of labelled studies")
    parser.add_argument("--runs", type=Path, required=True)
    args = parser.parse_args()
    cases = read_cases(args.real)
    patients = sorted(args.patients.glob("*.npz"))
    for number, held_out in enumerate(folds_of([case.name for case in cases])):
        fold = args.runs / f"fold-{number}"
        fine_tune(args.runs, fold, patients, without(cases, held_out))
        (fold / HELD_OUT).write_text(json.dumps(held_out))
    fine_tune(args.runs, args.runs / "all", patients, cases)


def folds_of(names: list[str]) -> list[list[str]]:
    """Deal the patients to the folds: glioblastoma (TCIA01 to 03) first, then lower grade.

    Names sort by source, so every fold gets its share of both.
    """
    dealt = sorted(names)
    return [dealt[fold::FOLDS] for fold in range(FOLDS)]


def fold_of(runs: Path, name: str) -> Path:
    """Give the fold that has not seen a patient.

    Raises
    ------
    LookupError
        If it is not just one.
    """
    folds = [path.parent for path in runs.glob(f"fold-*/{HELD_OUT}")]
    own = [fold for fold in folds if name in json.loads((fold / HELD_OUT).read_text())]
    if len(own) != 1:
        raise LookupError(f"{len(own)} folds of {runs} hold {name} out; needed is one")
    return own[0]


def fine_tune(runs: Path, out: Path, patients: list[Path], real: list[RealCase]) -> None:
    """Go on from the simulated weights with these real cases, and export both networks."""
    recipe = read_recipe(STAGE)
    start = starting_weights(recipe, runs / recipe.start)
    train_stage(recipe, Examples(patients, recipe, real), start, out / STAGE)
    trained = {"coarse": runs / "coarse", "fine": out / STAGE}
    export_bundle(trained, read_card(RECIPES / "card.json"), UNCALIBRATED.to_json(), out / MODEL)


if __name__ == "__main__":
    main()
