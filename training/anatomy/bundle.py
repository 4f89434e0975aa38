"""Seal mean head and networks as the bundle that ships.

python training/anatomy/bundle.py --run RUN --card training/anatomy/card.json \
    --out src/gliokit/bundles/shipped/anatomy

`RUN` holds what template.py, edge.py and tissue.py wrote; what is not there yet is left out.
`--evaluation` is the line of `benchmarks/brain_extraction.py`, `--tissue-evaluation` those of
`benchmarks/tissue_anatomy.py`, one per way of scanning. The old bundle is replaced only by a whole
new one.
"""

import argparse
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from gliokit.bundles.bundle import Card, seal_bundle
from gliokit.preprocessing.brain_network import WEIGHTS
from gliokit.preprocessing.head_template import TEMPLATE
from gliokit.preprocessing.tissue_lobes import HINDBRAIN
from gliokit.preprocessing.tissue_network import NETWORK
from gliokit.preprocessing.tissue_priors import NORMAL

FILES = (TEMPLATE, WEIGHTS, f"{NETWORK}.xml", f"{NETWORK}.bin")
FACTS = {"edge": "run.json", "tissue": "tissue.json"}  # of each training
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
    parser.add_argument("--tissue-evaluation", type=Path, nargs="*", default=[], help="lines")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    new = args.out.with_name(args.out.name + ".part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    made_with = {name: version(name) for name in ("numpy", "openvino", "scipy")}
    for name in FILES:
        if (args.run / name).exists():
            (new / name).write_bytes((args.run / name).read_bytes())
    for training, name in FACTS.items():
        if (args.run / name).exists():
            facts = json.loads((args.run / name).read_text())
            made_with |= {f"{training}_{key}": str(value) for key, value in facts.items()}
    content = json.loads(args.card.read_text())
    if args.evaluation:
        content["evaluation"] += table(json.loads(args.evaluation.read_text()))
    for path in args.tissue_evaluation:
        content["evaluation"] += tissue_table(json.loads(path.read_text()))
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


def tissue_table(line: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Lay out the figures of the benchmark of tissues."""
    own = isinstance(line["slices_mm"], str)
    rows = [
        "",
        f"Simulated: tissues of {line['patients']} patients in the same held-out anatomies, a "
        f"quarter of them after surgery, {line['refused']} of them refused since the template did "
        "not fit; outside tumor, edema and cavity; "
        + ("most in slices of 3 to 7 mm" if own else f"all in slices of {line['slices_mm']:g} mm")
        + ". Dice, mean (worst).",
        "",
        "| tissue | tumor given | tumor not given |",
        "|---|---|---|",
    ]
    for tissue in (*NORMAL, *HINDBRAIN):
        cells = []
        for way in ("tumor_given", "tumor_not_given"):
            found = line[way][f"dice_{tissue.name.lower()}"]
            cells.append(f"{found['mean']:.3f} ({found['worst']:.3f})")
        rows.append(f"| {tissue.name.lower().replace('_', ' ')} | " + " | ".join(cells) + " |")
    return rows


if __name__ == "__main__":
    main()
