"""How well are tissues and midline of a brain with a tumor found?

python -m benchmarks.tissue_anatomy ANATOMY_FOLDER [--cases FOLDER]

prints one JSON line.

Simulated: four patients of each of the last four label maps by name (FreeSurfer numbers, 1 mm), of
which the network has seen none; one of the four after surgery. Their tissues are known. Those whose
brain the template does not fit are refused, and counted. Measured outside tumor, edema and cavity,
once with the true outline of these given and once without. Choroid plexus counts as ventricle,
brainstem as white matter; cerebellum and brainstem are also judged as parts, and ventricles and the
fluid around the brain as one. The true midline is the plane through the middle between the white
matter of both halves, before the tumor displaced them; the share of white matter on the right side
is measured after.

Distance to the ventricles is the mean of the 100 smallest of a region's voxels, of the tumor core,
the whole tumor, and balls of 10 mm radius at random places of the brain. `--sequences` leaves some
out; `--slices-mm` scans the same patients in such slices, all sequences, in place of what their
scanners do (3 to 7 mm in most); patients are kept in the folder `--cases`. The template is
registered once a patient; processor time of the first way counts it.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Affine, spacing_mm, to_world
from gliokit.core.image import Image, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.phantom.body.anatomy import find_anatomies
from gliokit.phantom.body.compartments import Compartment
from gliokit.phantom.body.tissue import Tissue as Simulated
from gliokit.phantom.cohort import CohortSettings, scan_visit, simulate_person
from gliokit.phantom.person import Person, looks
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.tissue import TissueAnatomy, find_tissues
from gliokit.preprocessing.tissue_lobes import HINDBRAIN
from gliokit.preprocessing.tissue_midline import (
    Midline,
    right_of_midline_mm,
    template_midline,
)
from gliokit.preprocessing.tissue_priors import NORMAL, Tissue, tissue_priors
from training.anatomy.heads import HELD_OUT, HINDBRAIN_OF, TRUTH

SEED = 77
PATIENTS, OPERATED = 4, 2  # of each; number of the one after surgery
NEAREST = 100  # voxels of a region whose distance counts
BALLS, BALL_MM = 20, 10.0
WIDEST_MM, DEEPEST_MM = 25.0, -6.0  # between the halves; negative where white matter crosses
FLUID = (Tissue.CSF, Tissue.VENTRICLE)
KB_PER_MB = 1024


@dataclass(frozen=True)
class Case:
    """A simulated study and its truth.

    Attributes
    ----------
    study : Study
        Stripped.
    tumor, core : (X, Y, Z)
        Tumor, edema and cavity; core.
    tissues : (X, Y, Z)
        True `Tissue`; NONE where it is not judged.
    hindbrain : (X, Y, Z)
        True cerebellum and brainstem, `Lobe`; 0 elsewhere.
    right, judged : (X, Y, Z)
        Cerebral white matter of the right half, and of both.
    midline : Midline
        The true one.
    """

    study: Study
    tumor: NDArray[np.bool_]
    core: NDArray[np.bool_]
    tissues: NDArray[np.uint8]
    hindbrain: NDArray[np.uint8]
    right: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    midline: Midline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("anatomies", type=Path)
    parser.add_argument("--number", type=int, default=100, help="of patients, at most")
    parser.add_argument("--sequences", nargs="+", default=list(MRSequence))
    parser.add_argument("--slices-mm", type=float, help="in place of the scanners' own")
    parser.add_argument("--cases", type=Path, help="folder to keep the patients in")
    parser.add_argument("--given", choices=("yes", "no", "both"), default="both")
    args = parser.parse_args()
    paths = find_anatomies(args.anatomies)[-HELD_OUT:]
    sequences = [MRSequence(name) for name in args.sequences]
    ways = {"yes": [True], "no": [False], "both": [True, False]}[args.given]
    tissue_priors()  # is read once, whatever the number of studies
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.cases or Path(scratch)
        chosen = range(min(PATIENTS * len(paths), args.number))
        found = [
            measured(read_case(keep_case(folder, paths, number, args.slices_mm), sequences), ways)
            for number in chosen
        ]
    rows = [row for patient in found for row in patient]
    line = {
        "benchmark": "tissue_anatomy",
        "device": "cpu",
        "simulated": True,
        "patients": len(found),
        "refused": found.count([]),
        "sequences": sequences,
        "slices_mm": args.slices_mm or "of the scanners",
        **{name_of(way): summary([r for r in rows if r["given"] is way]) for way in ways},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KB_PER_MB,
        "versions": {package: version(package) for package in ("gliokit", "numpy", "scipy")},
    }
    print(json.dumps(line))


def name_of(given: bool) -> str:
    return "tumor_given" if given else "tumor_not_given"


def keep_case(folder: Path, paths: list[Path], number: int, slices_mm: float | None) -> Path:
    """Simulate a patient and write the last visit, unless that was done before."""
    slices = f"-{slices_mm:g}mm" if slices_mm else ""
    path = folder / f"held-out-{number:02d}{slices}.npz"
    if not path.exists():
        turn, which = divmod(number, len(paths))
        visits = 2 if turn == OPERATED else 1
        settings = CohortSettings(visits=visits, seed=SEED + turn, anatomies=(paths[which],))
        person = simulate_person(settings, number)
        if slices_mm:
            person = in_slices(person, slices_mm)
        *_, look = looks(person)
        visit = scan_visit(person, look, settings)
        healthy = visit.person.grown.healthy
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            affine=visit.study.reference.affine,
            labels=visit.labels.array,
            tissues=visit.look.body.tissues,
            compartments=visit.look.body.compartments,
            h_tissues=healthy.tissues,
            h_compartments=healthy.compartments,
            **{str(s): image.array for s, image in visit.study.images.items()},
        )
    return path


def in_slices(person: Person, slices_mm: float) -> Person:
    """Give the same patient, to be scanned in slices of one thickness."""
    own = person.scanner.acquisitions
    acquisitions = {s: replace(a, thickness_mm=slices_mm) for s, a in own.items()}
    return replace(person, scanner=replace(person.scanner, acquisitions=acquisitions))


def read_case(path: Path, sequences: list[MRSequence]) -> Case:
    with np.load(path) as kept:
        affine, labels, tissues = kept["affine"], kept["labels"], kept["tissues"]
        table = np.zeros(len(Simulated), np.uint8)
        for tissue, simulated in TRUTH.items():
            table[list(simulated)] = tissue
        parts = np.zeros(len(Simulated), np.uint8)
        for simulated, part in HINDBRAIN_OF.items():
            parts[simulated] = part
        sides = np.where(tissues == Simulated.WHITE_MATTER, kept["compartments"], 0)
        healthy = np.where(kept["h_tissues"] == Simulated.WHITE_MATTER, kept["h_compartments"], 0)
        return Case(
            Study(path.stem, {s: Image(kept[str(s)], affine, str(s)) for s in sequences}),
            labels > 0,
            region_mask(labels, Region.TUMOR_CORE),
            table[tissues],
            parts[tissues],
            sides == Compartment.RIGHT,
            (sides == Compartment.RIGHT) | (sides == Compartment.LEFT),
            true_midline(healthy == Compartment.LEFT, healthy == Compartment.RIGHT, affine),
        )


def true_midline(left: NDArray[np.bool_], right: NDArray[np.bool_], affine: Affine) -> Midline:
    """Lay a plane through the middle between two masks (X, Y, Z), x running to the right."""
    x = np.arange(left.shape[0])[:, None, None]
    last, first = np.where(left, x, -1).max(axis=0), np.where(right, x, len(x)).min(axis=0)
    gap_mm = (first - last) * spacing_mm(affine)[0]
    seen = left.any(axis=0) & right.any(axis=0) & (gap_mm < WIDEST_MM) & (gap_mm > DEEPEST_MM)
    y, z = np.nonzero(seen)
    points = to_world(affine, np.stack([(first + last)[seen] / 2, y, z], axis=1))
    for _ in range(5):  # what lies far from the plane is no part of the fissure
        center = points.mean(axis=0)
        normal = np.linalg.svd(points - center, full_matrices=False)[2][2]
        away = np.abs((points - center) @ normal)
        points = points[away < max(2.5 * float(np.median(away)), 1.0)]
    right_of, front, up = (float(part) for part in normal * np.sign(normal[0]))
    return Midline((right_of, front, up), float(center @ normal * np.sign(normal[0])))


def measured(case: Case, ways: list[bool]) -> list[dict[str, object]]:
    """Measure one case with and without its tumor given; nothing if it is refused."""
    rows, to_template = [], None
    for given in ways:
        begun = time.process_time()
        tumor = case.tumor if given else None
        try:
            found = find_tissues(case.study, tumor=tumor, to_template=to_template)
        except NotAssessableError as reason:
            print(reason, file=sys.stderr)
            return []
        seconds, to_template = time.process_time() - begun, found.to_template
        rows.append(
            {
                "given": given,
                "cpu_seconds": seconds,
                **overlaps(case, found),
                **midline_figures(case, found),
                **distances(case, found.labels),
            }
        )
    return rows


def overlaps(case: Case, found: TissueAnatomy) -> dict[str, float]:
    judged = (case.tissues > 0) & ~case.tumor
    judged &= stripped_brain(image.array for image in case.study.images.values())
    answers = {
        **{t.name: (case.tissues == t, found.labels == t) for t in NORMAL},
        "FLUID": (np.isin(case.tissues, FLUID), np.isin(found.labels, FLUID)),
        **{p.name: (case.hindbrain == p, found.hindbrain == p) for p in HINDBRAIN},
    }
    return {
        f"dice_{name.lower()}": dice(truth & judged, own & judged)
        for name, (truth, own) in answers.items()
    }


def midline_figures(case: Case, found: TissueAnatomy) -> dict[str, float]:
    """Angle and shift of the midline, also of the one that was not refined, and sides."""
    center = to_world(found.affine, np.argwhere(found.labels > 0)).mean(axis=0)
    points = to_world(found.affine, np.argwhere(case.judged))
    figures = {}
    for name, midline in (("", found.midline), ("template_", template_midline(found.to_template))):
        cosine = float(np.dot(midline.normal, case.midline.normal))
        shift = right_of_midline_mm(center, case.midline) - right_of_midline_mm(center, midline)
        right = right_of_midline_mm(points, midline) > 0
        figures[f"{name}midline_degrees"] = float(np.degrees(np.arccos(min(1.0, cosine))))
        figures[f"{name}midline_mm"] = float(abs(shift))
        figures[f"{name}side_right"] = float((right == case.right[case.judged]).mean())
    return figures


def distances(case: Case, labels: NDArray[np.uint8]) -> dict[str, object]:
    """Pairs of true and found distance to the ventricles in mm."""
    grid = case.study.reference.grid
    spacing = spacing_mm(grid.affine)
    truth, own = (
        distance_transform_edt(one != Tissue.VENTRICLE, sampling=spacing)
        for one in (case.tissues, labels)
    )

    def pair(mask: NDArray[np.bool_]) -> tuple[float, float]:
        return smallest(truth[mask]), smallest(own[mask])

    pairs = {"core": [pair(case.core)] if case.core.any() else [], "whole": [pair(case.tumor)]}
    return {**pairs, "balls": [pair(ball) for ball in random_balls(case, grid.affine)]}


def random_balls(case: Case, affine: Affine) -> Iterator[NDArray[np.bool_]]:
    rng = np.random.default_rng(SEED)
    solid = np.isin(case.tissues, (Tissue.WHITE, Tissue.GRAY))
    steps = np.ceil(BALL_MM / spacing_mm(affine)).astype(int)
    offsets = np.indices(2 * steps + 1).reshape(3, -1).T - steps
    offsets = offsets[np.linalg.norm(offsets * spacing_mm(affine), axis=1) <= BALL_MM]
    for center in rng.permutation(np.argwhere(solid))[:BALLS]:
        ball = np.zeros_like(solid)
        places = center + offsets
        ball[tuple(places[((places >= 0) & (places < solid.shape)).all(axis=1)].T)] = True
        yield ball & (case.tissues != Tissue.VENTRICLE)


def smallest(values: NDArray[np.float64]) -> float:
    return float(np.sort(values)[:NEAREST].mean())


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    """Mean and worst of each figure."""
    figures: dict[str, object] = {}
    for name in rows[0]:
        if name in ("given", "core", "whole", "balls"):
            continue
        values = np.array([row[name] for row in rows])
        worst = values.min() if name.startswith("dice") or "side" in name else values.max()
        figures[name] = {"mean": round(float(values.mean()), 4), "worst": round(float(worst), 4)}
    for name in ("core", "whole", "balls"):
        pairs = np.array([pair for row in rows for pair in row[name]])
        apart = np.abs(pairs[:, 0] - pairs[:, 1])
        figures[f"distance_{name}_mm"] = {
            "n": len(pairs),
            "true_median": round(float(np.median(pairs[:, 0])), 2),
            "error_median": round(float(np.median(apart)), 2),
            "error_p95": round(float(np.percentile(apart, 95)), 2),
            "error_worst": round(float(apart.max()), 2),
            "concordance": concordance(pairs),
        }
    return figures


def concordance(pairs: NDArray[np.float64]) -> float | None:
    """Lin's coefficient of pairs (n, 2); None where the truth does not vary."""
    (a, b), spread = pairs.mean(axis=0), np.cov(pairs.T, bias=True)
    if not spread[0, 0]:
        return None
    return round(float(2 * spread[0, 1] / (spread[0, 0] + spread[1, 1] + (a - b) ** 2)), 3)


if __name__ == "__main__":
    main()
