"""Draw the studies in which a bundle did worst: truth on the left, what it found on the right.

python training/default/picture.py --table RUNS/simulated.csv --runs RUNS --out FILE
python training/default/picture.py --table RUNS/real.csv --studies FOLDER --runs RUNS --out FILE

The three lowest mean Dice of the whole tumor, the core and what enhances. With `--studies` they
are real and are seen by the fold that has not seen them; real pixels stay outside the project.
Axial slice of the largest tumor, T1c and FLAIR, the patient's right on the left.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from card import read_rows, value
from evaluate import REFUSED, TUMOR, Row, outlined, segmenter_for
from evaluate_simulated import SEED
from numpy.typing import NDArray
from patients import Kind
from PIL import Image as Raster
from PIL import ImageDraw
from scipy.ndimage import binary_erosion
from studies import scanned

from gliokit.core.image import region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.view import view_of

WORST = 3
SHOWN = (MRSequence.T1C, MRSequence.FLAIR)
SCALE = 2  # pixels per voxel
CANVAS = (170, 210)  # voxels
BAR = 26  # pixels of the line of text
COLORS = {
    Region.WHOLE_TUMOR: (255, 200, 60),
    Region.TUMOR_CORE: (80, 200, 255),
    Region.ENHANCING_TUMOR: (255, 90, 90),
    Region.RESECTION_CAVITY: (190, 130, 255),
}


def main() -> None:
    """Choose the worst, look again, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--studies", type=Path, help="folder of real, labeled studies")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    if args.studies and args.out.resolve().is_relative_to(root):
        parser.error("real pixels stay outside the project: choose another --out")
    if not args.studies:
        args.runs, runs = None, args.runs
    strips = []
    for row in worst(read_rows(args.table)):
        study, truth = (
            real_study(args.studies / row["study"])
            if args.studies
            else simulated_study(row["study"], runs)
        )
        found = outlined(segmenter_for(row["study"], args), study).labels
        strips.append(strip_of(row, study, truth, turn_to_ras(found.array, found.affine)))
    Raster.fromarray(np.concatenate(strips)).save(args.out, optimize=True)


def worst(rows: Iterable[Row]) -> list[Row]:
    """Choose studies with a tumor by the mean Dice of its regions."""
    full = [
        r for r in rows if not r[REFUSED] and r.get("sequences", "t1+t1c+t2+flair").count("+") == 3
    ]
    there = [r for r in full if value(r, Region.WHOLE_TUMOR, "reference_ml") > 0]
    return sorted(there, key=lambda r: sum(value(r, t, "dice") for t in TUMOR))[:WORST]


def real_study(folder: Path) -> tuple[Study, NDArray[np.uint8]]:
    """Read a study and its labels, turned to RAS."""
    labels = read_label_map(find_labels(folder) or folder)
    return read_study(folder, study_id=folder.name), turn_to_ras(labels.array, labels.affine)


def simulated_study(name: str, runs: Path) -> tuple[Study, NDArray[np.uint8]]:
    """Scan a patient as evaluate_simulated.py did."""
    kind = next(kind for kind in Kind if f"-{kind}-" in name)
    paths = sorted((runs / f"testing-{kind}").glob("*.npz"))
    number = next(n for n, path in enumerate(paths) if name.endswith(path.stem))
    case = scanned(paths[number], np.random.default_rng([SEED, number]))
    return case.study, case.labels.array


def strip_of(
    row: Row, study: Study, truth: NDArray[np.uint8], found: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Draw one study: two sequences with the truth, the same two with what was found."""
    view = view_of(study)
    level = int((truth[view.box] > 0).sum(axis=(0, 1)).argmax())
    panels = [
        panel(view.images[sequence][..., level], labels[view.box][..., level])
        for labels in (truth, found)
        for sequence in SHOWN
    ]
    picture = Raster.fromarray(np.concatenate(panels, axis=1))
    sheet = Raster.new("RGB", (picture.width, picture.height + BAR))
    sheet.paste(picture, (0, BAR))
    dice = ", ".join(f"{region} {value(row, region, 'dice'):.2f}" for region in TUMOR)
    said = f"{row['study']}: truth on the left, found on the right; Dice {dice}"
    ImageDraw.Draw(sheet).text((8, 6), said, fill=(235, 235, 235))
    return np.asarray(sheet)


def panel(image: NDArray[np.float32], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Draw one slice (X, Y) with the outlines of its regions, (rows, columns, 3)."""
    low, high = np.percentile(image[image > 0], (1, 99.5))
    gray = (((image - low) / (high - low)).clip(0, 1) * 255).astype(np.uint8)
    color = np.repeat(np.repeat(np.stack([gray] * 3, axis=-1), SCALE, 0), SCALE, 1)
    for region, shade in COLORS.items():
        mask = np.repeat(np.repeat(region_mask(labels, region), SCALE, 0), SCALE, 1)
        color[mask & ~binary_erosion(mask)] = shade
    canvas = np.zeros((CANVAS[0] * SCALE, CANVAS[1] * SCALE, 3), dtype=np.uint8)
    part = color[: canvas.shape[0], : canvas.shape[1]]
    canvas[: part.shape[0], : part.shape[1]] = part
    # the patient's right on the left, front up
    return np.ascontiguousarray(canvas[: CANVAS[0] * SCALE].transpose(1, 0, 2)[::-1, ::-1])


if __name__ == "__main__":
    main()
