"""Seal mean head and network as the bundle that ships.

python training/anatomy/bundle.py --run RUN --card training/anatomy/card.json \
    --out src/gliokit/bundles/shipped/anatomy

`RUN` holds what template.py and, but for the examples that edge.py learns from, edge.py wrote.
`--evaluation` is the line of `benchmarks/brain_extraction.py`. The old bundle is replaced only by a
whole new one.
"""

import argparse
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from gliokit.bundles.bundle import Card, seal_bundle
from gliokit.preprocessing.brain_network import WEIGHTS
from gliokit.preprocessing.head_template import TEMPLATE

NAMES = {
    "together": "all four images together, as in `analyze`",
    "before_surgery": "of these, before surgery",
    "after_surgery": "of these, after surgery",
}


def main() -> None:
    """Copy what a run made, and write card and manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--evaluation", type=Path, help="line of the benchmark")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    new = args.out.with_name(args.out.name + ".part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    made_with = {name: version(name) for name in ("numpy", "scipy")}
    for name in (TEMPLATE, WEIGHTS):
        if (args.run / name).exists():
            (new / name).write_bytes((args.run / name).read_bytes())
    if (args.run / "run.json").exists():
        run = json.loads((args.run / "run.json").read_text())
        made_with |= {f"edge_{name}": str(value) for name, value in run.items()}
    content = json.loads(args.card.read_text())
    if args.evaluation:
        content["evaluation"] += table(json.loads(args.evaluation.read_text()))
    card = Card(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})
    seal_bundle(new, card, made_with=made_with)
    shutil.rmtree(args.out, ignore_errors=True)
    new.rename(args.out)


def table(line: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Lay out the figures of the benchmark."""
    rows = [
        "",
        f"Simulated: heads in {line['anatomies_held_out']} anatomies that nothing was made of, "
        "every other one after surgery. Dice with the true brain, and share of tumor core and "
        "cavity that lies in what is found; mean (worst). Mean head: the brain that it brings by "
        "the same registration.",
        "",
        "| images | heads | Dice | tumor kept | Dice, mean head | tumor kept, mean head | "
        "heads with Dice ≥ 0.97 and ≥ 99.5 % kept |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in line["edge"].items():
        before = line["mean_head"][name]
        cells = [NAMES.get(name, f"{name} alone"), str(found["heads"])]
        for figures in (found, before):
            for figure in ("dice", "tumor_kept"):
                mean, worst = figures[f"{figure}_mean"], figures[f"{figure}_worst"]
                cells.append(f"{mean:.4f} ({worst:.4f})")
        rows.append("| " + " | ".join([*cells, str(found["heads_at_both_aims"])]) + " |")
    return rows


if __name__ == "__main__":
    main()
