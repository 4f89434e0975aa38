"""How like real studies are simulated ones?

python -m benchmarks.phantom_realism [--simulated 50] [--cache FOLDER]     prints one JSON line

Twelve real pre-operative studies (TCGA-GBM and TCGA-LGG, TCIA, CC BY 3.0; labels Bakas et al.
2017, doi:10.7937/K9/TCIA.2017.KLXWJJ1Q and .GJQ7R0EF, CC BY 3.0) and simulated pre-operative
patients of seeds 0, 1, 2, ... are measured alike (`benchmarks.realism_figures`). Both kinds are
read from files by one reader. The tables between the marks of docs/phantom_realism.md (all
figures) and of docs/phantom.md (the most telling ones) are replaced.

Figures are ranked by distance: the difference of the medians over the quartile spread (root mean
square of the two spreads). "Outside" is the share of simulated studies beyond the smallest or
largest real one; between samples of one population of these sizes about 15 % are. "Uncovered" is
the share of real studies beyond the simulated ones: what a method trained on those has not seen;
with 50 simulated studies about 4 % are.

Limits: twelve real cases of a handful of hospitals, eight of them glioblastoma; their quartiles
are rough, and a distance below about 0.6 is within chance (two standard errors of a median).
"""

import argparse
import hashlib
import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import gliokit.phantom
from benchmarks.realism_figures import LOBES, Case, Figures, figures_of, lobe_of
from gliokit.core.errors import GliokitError
from gliokit.core.geometry import bounding_box
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_image, read_label_map, write_image, write_label_map
from gliokit.phantom.body.anatomy import find_anatomies, read_anatomy
from gliokit.phantom.study import simulate_study
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.normalization import brain_statistics, standardize
from gliokit.preprocessing.orientation import turn_to_ras

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "phantom_realism.md"
SUMMARY = ROOT / "docs" / "phantom.md"
START, END = "<!-- realism -->", "<!-- /realism -->"
FRAME = f"""# How like real studies simulated ones are: all figures

Written by `python -m benchmarks.phantom_realism`, the largest distances first; what the columns
mean, and what follows, is said in [Simulated patients](phantom.md).

{START}
{END}
"""
TELLING = (
    *(f"volume/{region} mL" for region in ("brain", "WT", "TC", "ET", "edema", "necrosis")),
    "fluid share/rest",
    *(f"sphericity/{region}" for region in ("WT", "TC", "ET", "edema")),
    *(f"z mean/white matter {sequence}" for sequence in MRSequence),
    *(f"z mean/edema {sequence}" for sequence in MRSequence),
    *(f"z mean/ET {sequence}" for sequence in MRSequence),
    "z mean/necrosis t2",
    "z mean/necrosis flair",
    "z spread/edema t2",
    "z spread/edema flair",
    "z spread/ET t1c",
    "z spread/necrosis flair",
    "edge/edema-brain t1",
    "edge/edema-brain flair",
    "edge/core-edema t1c",
    "contrast/edema-brain t1",
    "contrast/edema-brain flair",
    "contrast/core-edema t1",
    *(f"wm slope/{sequence}" for sequence in MRSequence),
    "wm correlation at 2 mm/in plane t1c",
    "wm correlation at 2 mm/through plane flair",
)  # of the page that people read
LISTED = 15  # of the largest distances, in the JSON line


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure on both sides: quartiles (3,) of each, distance, shares beyond the other."""

    name: str
    real: NDArray[np.float64]
    simulated: NDArray[np.float64]
    distance: float
    outside: float
    uncovered: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulated", type=int, default=50, help="number of simulated patients")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data")
    parser.add_argument("--cache", type=Path, help="folder in which simulated studies are kept")
    parser.add_argument("--page", type=Path, default=PAGE, help="Markdown page of all figures")
    parser.add_argument("--summary", type=Path, default=SUMMARY, help="of the most telling ones")
    args = parser.parse_args()
    if not args.data.is_dir():  # real data are not part of the project
        reason = f"no folder {args.data}; give the folder of the real data with --data"
        print(json.dumps({"benchmark": "phantom_realism", "skipped": reason}))
        return

    start = time.perf_counter()
    atlas = lobe_atlas(args.data / "atlas" / "reduced_lobes_brain.nii.gz")
    real_folders = sorted(path for path in (args.data / "studies" / "labelled").iterdir())
    real, real_lobes = measured(real_folders, atlas)
    with tempfile.TemporaryDirectory() as temporary:
        cache = (args.cache or Path(temporary)) / simulator_hash()
        folders = simulated_folders(cache, args.simulated, anatomies=args.data / "anatomy")
        simulated, simulated_lobes = measured(folders, atlas)
    ranked = compared(real, simulated)
    write_table(args.page, table(ranked))
    by_name = {row.name: row for row in ranked}
    lobes = lobe_table((real_lobes, simulated_lobes))
    write_table(args.summary, f"{table([by_name[name] for name in TELLING])}\n\n{lobes}")
    print(
        json.dumps(
            {
                "benchmark": "phantom_realism",
                "device": "cpu",
                "real": len(real),
                "simulated": len(simulated),
                "median_distance": round(float(np.median([row.distance for row in ranked])), 2),
                "share_beyond_1": round(float(np.mean([row.distance > 1 for row in ranked])), 2),
                "outside": round(float(np.nanmean([row.outside for row in ranked])), 2),
                "uncovered": round(float(np.nanmean([row.uncovered for row in ranked])), 2),
                "worst": {row.name: round(row.distance, 2) for row in ranked[:LISTED]},
                "lobes": {"real": dict(real_lobes), "simulated": dict(simulated_lobes)},
                "s": round(time.perf_counter() - start),
                "versions": {name: version(name) for name in ("gliokit", "numpy", "scipy")},
            }
        )
    )


def measured(
    folders: Sequence[Path] | Iterator[Path], atlas: NDArray[np.uint8]
) -> tuple[list[Figures], Counter[str]]:
    """Measure studies one after the other: their figures, and how many lie in each lobe."""
    figures, lobes = [], Counter[str]()
    for folder in folders:
        case = read_case(folder)
        figures.append(figures_of(case))
        lobes[lobe_of(case, atlas)] += 1
    return figures, lobes


def read_case(folder: Path) -> Case:
    """Read a skull-stripped study and its labels, turned to RAS+ and cut to the brain."""
    study = read_study(folder)
    labels_path = find_labels(folder)
    if labels_path is None:
        raise GliokitError(f"{folder}: no label map; needed one that ends in seg.nii.gz")
    labels = read_label_map(labels_path)
    images = {s: turn_to_ras(study[s].array, study[s].affine) for s in MRSequence}
    brain = stripped_brain(images.values())
    box = bounding_box(brain)
    brain = brain[box]
    scores = {}
    for sequence, image in images.items():
        part = np.ascontiguousarray(image[box])
        scores[sequence] = standardize(part, brain, brain_statistics(part, brain))
    return Case(scores, turn_to_ras(labels.array, labels.affine)[box] * brain, brain)


def lobe_atlas(path: Path) -> NDArray[np.uint8]:
    """Read the lobe atlas, RAS+ and cut to its brain."""
    image = read_image(path)
    numbers = turn_to_ras(image.array, image.affine).astype(np.uint8)
    return numbers[bounding_box(numbers)]


def simulator_hash() -> str:
    """Name the state of the simulator: a cache of another state is not used."""
    folder = Path(next(iter(gliokit.phantom.__path__)))
    sources = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))
    return hashlib.sha256(sources).hexdigest()[:12]


def simulated_folders(cache: Path, count: int, *, anatomies: Path) -> Iterator[Path]:
    """Simulate the studies that the cache lacks; give the folder of each when it is ready."""
    maps = find_anatomies(anatomies)
    for seed in range(count):
        folder = cache / f"{seed:03d}"
        if not (folder / "seg.nii.gz").exists():  # written last
            folder.mkdir(parents=True, exist_ok=True)
            made = simulate_study(seed, anatomy=read_anatomy(maps[seed % len(maps)]))
            for sequence in MRSequence:
                write_image(folder / f"{sequence}.nii.gz", made.study[sequence])
            write_label_map(folder / "seg.nii.gz", made.labels)
        yield folder


def compared(real: Sequence[Figures], simulated: Sequence[Figures]) -> list[Comparison]:
    """Set the figures side by side, the most different first."""
    rows = [compare(name, *(_column(side, name) for side in (real, simulated))) for name in real[0]]
    return sorted(rows, key=lambda row: -math.inf if math.isnan(row.distance) else -row.distance)


def compare(name: str, real: NDArray[np.float64], simulated: NDArray[np.float64]) -> Comparison:
    """Compare one figure, (n,) against (m,); studies without it (`nan`) are left out."""
    real, simulated = real[np.isfinite(real)], simulated[np.isfinite(simulated)]
    a, b = (
        np.percentile(side, (25, 50, 75)) if side.size else np.full(3, np.nan)
        for side in (real, simulated)
    )
    spread = math.sqrt(((a[2] - a[0]) ** 2 + (b[2] - b[0]) ** 2) / 2)
    distance = abs(b[1] - a[1]) / spread if spread else math.nan
    return Comparison(
        name, a, b, float(distance), _beyond(simulated, real), _beyond(real, simulated)
    )


def _beyond(some: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Share of `some` (n,) that lie outside the range of `others` (m,); `nan` without any."""
    if not some.size or not others.size:
        return math.nan
    return float(((some < others.min()) | (some > others.max())).mean())


def _column(side: Sequence[Figures], name: str) -> NDArray[np.float64]:
    return np.array([figures[name] for figures in side])


def table(rows: Sequence[Comparison]) -> str:
    """Lay out figures in Markdown."""
    lines = ["| figure | real | simulated | distance | outside | uncovered |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {_quartiles(row.real)} | {_quartiles(row.simulated)} "
        f"| {row.distance:.2f} | {row.outside:.0%} | {row.uncovered:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


def lobe_table(lobes: tuple[Mapping[str, int], Mapping[str, int]]) -> str:
    """Lay out in Markdown how many studies lie in each lobe."""
    totals = [max(sum(side.values()), 1) for side in lobes]
    lines = ["| lobe of the core | real | simulated |", "|---|---|---|"]
    lines += [
        f"| {lobe} | {lobes[0][lobe] / totals[0]:.0%} | {lobes[1][lobe] / totals[1]:.0%} |"
        for lobe in LOBES
    ]
    return "\n".join(lines)


def _quartiles(values: NDArray[np.float64]) -> str:
    low, median, high = (f"{value:.3g}" for value in values)
    return f"{median} ({low} to {high})"


def write_table(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page; make the page where there is none."""
    whole = page.read_text() if page.exists() else FRAME
    if START not in whole or END not in whole:
        raise GliokitError(f"{page} lacks {START} or {END}; add both where the table is to stand")
    before, rest = whole.split(START, 1)
    after = rest.split(END, 1)[1]
    page.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    main()
