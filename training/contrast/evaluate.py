"""How well are sequences told apart? Tables for the model card, in Markdown.

python training/contrast/evaluate.py --scans FOLDER --studies FOLDER [FOLDER ...]

`--scans` is what scan.py wrote, of which the held-out patients count; each of `--studies` holds
one folder per study with its four images. For all subsets of the images: how often the right
names are doubted or refused, and how often wrong ones (t1 and t1c exchanged apart) are not.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
from fit import SEQUENCES, Described, described, read_scan, split
from numpy.typing import NDArray
from rich.progress import track

from gliokit.core.geometry import spacing_mm
from gliokit.io.layouts import read_study
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.contrast import (
    DOUBTFUL,
    IMPOSSIBLE,
    SWAPPED,
    WITH_T1,
    ContrastModel,
    read_contrast_model,
    weigh,
)
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras

WITHIN_T1 = tuple(i for i, sequence in enumerate(SEQUENCES) if sequence in WITH_T1)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=Path, required=True)
    parser.add_argument("--studies", type=Path, nargs="+", required=True)
    parser.add_argument("--bundle", type=Path)
    args = parser.parse_args()
    model = read_contrast_model(args.bundle)
    every = [read_scan(path) for path in track(sorted(args.scans.glob("*.npz")), "describing")]
    learned, held_out = split(every)
    folders = [f for parent in args.studies for f in sorted(parent.iterdir()) if f.is_dir()]
    groups = {
        "learned from": learned,
        "held out": held_out,
        "real": [read_real(folder) for folder in folders],
    }
    for title, scans in groups.items():
        print_group(title, model, scans)


def read_real(folder: Path) -> Described:
    """Read one stripped and co-registered study and describe it."""
    study = read_study(folder, study_id=folder.name)
    affine = study.reference.affine
    brain = stripped_brain(image.array for image in study.images.values())
    images = {s: turn_to_ras(image.array, affine) for s, image in study.images.items()}
    spacing = spacing_mm(grid_in_ras(study.reference.grid).affine)
    return described(folder.name, images, turn_to_ras(brain, affine), spacing)


def print_group(title: str, model: ContrastModel, scans: list[Described]) -> None:
    """Print confusion, distances, and a row per subset of the images."""
    print(f"\n## {title}: {len(scans)} studies\n\n| image | alone: t1, t1c, t2, flair | all four |")
    print("|---|---|---|")
    everything = tuple(range(len(SEQUENCES)))
    likely = [judge(model, scan, everything) for scan in scans]
    alone = [[judge(model, scan, (i,))[0][0] for i in everything] for scan in scans]
    for i, sequence in enumerate(SEQUENCES):
        by_itself = Counter(int(shares[i].argmax()) for shares in alone)
        together = Counter(int(shares[i].argmax()) for shares, _ in likely)
        rows = ["/".join(str(c[k]) for k in everything) for c in (by_itself, together)]
        print(f"| {sequence} | {' | '.join(rows)} |")
    distances = np.array([distance for _, distance in likely])
    print(f"\nDistance: median {np.median(distances):.1f}, largest", end=" ")
    print(", ".join(f"{s} {d:.1f}" for s, d in zip(SEQUENCES, distances.max(0), strict=True)))
    sure = [min(s[i, i] for i in WITHIN_T1) > SWAPPED for s, _ in likely]
    wrong = [min(s[i, j] for i, j in permutations(WITHIN_T1, 2)) > SWAPPED for s, _ in likely]
    print(f"t1 and t1c: exchange noticed in {sum(sure)}, wrongly thought so in {sum(wrong)}\n")
    print("| images | right names: lowest, doubted, refused | wrong: not noticed, refused |")
    print("|---|---|---|")
    for n in range(1, len(SEQUENCES) + 1):
        for kept in combinations(everything, n):
            print_subset(model, scans, kept)


def print_subset(model: ContrastModel, scans: list[Described], kept: tuple[int, ...]) -> None:
    """Print how some of the images fare under right and under wrong names."""
    likely = [judge(model, scan, kept)[0] for scan in scans]
    right = np.array([lowest_own(shares, kept) for shares in likely])
    wrong = np.array([lowest_own(s, names) for s in likely for names in wrong_names(kept)])
    print(
        f"| {' '.join(SEQUENCES[i] for i in kept)} | {right.min():.3f}, "
        f"{np.sum(right < DOUBTFUL)}, {np.sum(right < IMPOSSIBLE)} of {len(right)} | "
        f"{np.sum(wrong >= DOUBTFUL)}, {np.sum(wrong < IMPOSSIBLE)} of {len(wrong)} |"
    )


def judge(
    model: ContrastModel, scan: Described, kept: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give probabilities (n_kept, 4) and distances (n_kept,) of some images of a scan."""
    together = {
        (a, b): model.pairs.squared_distances(scan.pairs[kept[a], kept[b]])
        for a, b in combinations(range(len(kept)), 2)
    }
    apart = [model.single.squared_distances(scan.single[i]) for i in kept]
    return weigh(apart, together, model.temperature)


def lowest_own(shares: NDArray[np.float64], names: tuple[int, ...]) -> float:
    """Lowest probability that an image is what its name says, t1 and t1c taken as one."""
    return min(float(row[like(name)].sum()) for row, name in zip(shares, names, strict=True))


def wrong_names(kept: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Give all names that the images could have been given wrongly, t1 and t1c taken as one."""
    for names in permutations(range(len(SEQUENCES)), len(kept)):
        if any(i not in like(name) for i, name in zip(kept, names, strict=True)):
            yield names


def like(number: int) -> list[int]:
    """Numbers of the sequences that count as this one."""
    return list(WITHIN_T1) if number in WITHIN_T1 else [number]


if __name__ == "__main__":
    main()
