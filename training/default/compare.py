"""What does each network give, and what does it cost? Accuracy against seconds.

python training/default/compare.py --runs RUNS --studies FOLDER
python training/default/compare.py --bundle FOLDER --studies FOLDER

Mean Dice over the studies by the coarse network alone, by the fine one inside its box, and by
their average with several shares, all uncalibrated at threshold one half; and the mean seconds
of the networks. With `--runs` each study is seen by the fold that has not seen it.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from evaluate import TUMOR, segmenter_for
from rich.progress import track

from gliokit.core.image import region_mask
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.view import view_of

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the fine logits inside the box


def main() -> None:
    """Look at every study and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--runs", type=Path, help="folder of crossvalidate.py")
    args = parser.parse_args()
    folders = sorted(path for path in args.studies.iterdir() if path.is_dir())
    scores: dict[float, list[list[float]]] = {share: [] for share in SHARES}
    seconds = []
    for folder in track(folders, "studies"):
        segmenter = segmenter_for(folder.name, args)
        labels = read_label_map(find_labels(folder) or folder)
        view = view_of(read_study(folder, study_id=folder.name))
        start = time.perf_counter()
        look = segmenter.look(view)
        seconds.append(time.perf_counter() - start)
        truth = turn_to_ras(labels.array, labels.affine)[view.box]
        for share, own in scores.items():
            found = (look.joined(share) > 0) & view.brain
            own.append([dice(region_mask(truth, r), f) for r, f in zip(TUMOR, found, strict=False)])
    print(f"{len(folders)} studies, {np.mean(seconds):.2f} s in the networks on average")
    print("| share of the fine network | " + " | ".join(TUMOR) + " |")
    for share, own in scores.items():
        means = np.mean(own, axis=0)
        print(f"| {share:g} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")


if __name__ == "__main__":
    main()
