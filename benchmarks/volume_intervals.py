"""Do the 90 % intervals of volumes hold the truth, and how small a residual tumor is found?

python -m benchmarks.volume_intervals --anatomy LABEL_MAPS --cache FOLDER [--patients 30]

prints one JSON line. Simulated patients of `gliokit.phantom` in the last four label maps by name,
on which the shipped model was neither trained nor calibrated; every second one with all dials of
the phantom at 0, the others with its defaults, eight scanners; the patients of the calibration come
from another generator (`training/default/patients.py`). All four sequences at 1 mm; the phase is
not told. Each patient has a study before surgery and one after it and, where tumor was removed,
one more with a residual of 0.05 to 3 mL, drawn anew: these last ones are for the detection limit
and do not count for the intervals. As in training, what tumor cells have visibly changed is edema.

Intervals: the share that holds the true volume, over all studies, with the Wilson interval of as
many cases as there are patients; a tumor that was missed altogether counts. Their width is that of
the logarithm of the volume plus 1 mL. Detection: a residual is found if a tenth of its voxels is
labelled enhancing; the limit is where the fitted curve passes 90 %, with its 90 % interval over
patients; the blank is what nine in ten patients without enhancing tumor have outlined at most.

What the model saw of each study is kept in `--cache`: a second run goes on there, two may share the
patients by `--first`, and all that lie there are counted.
"""

import argparse
import json
import math
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Model
from gliokit.core.image import region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, Phase, Progression, Region, Resection
from gliokit.evaluation.conformal import conformal_quantile, widen
from gliokit.evaluation.detection import found_from
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit, scan_visit, simulate_person
from gliokit.phantom.dials import Dials
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.person import Person, looks
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.view import view_of
from gliokit.segmentation.calibration import Calibration, RegionCalibration
from gliokit.segmentation.default import DefaultSegmenter, load_segmenter

HELD_OUT = 4  # as in training/default/simulate.py
SEED, RESIDUAL_SEED, SITES, VISITS = 6401, 6402, 8, 3
RESIDUAL_ML = (0.05, 3.0)
VISIBLE = 0.2  # as in training/default/patients.py
REGIONS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)
ENHANCING = REGIONS.index(Region.ENHANCING_TUMOR)
THRESHOLDS = np.arange(-8, 8.01, 0.125)  # of the network's own logits
FOUND_SHARE = 0.1  # of the voxels
SIZES_ML = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, math.inf)
LEAST_ML = 0.1  # a smaller false part is dropped
PRE, POST, RESIDUAL = "pre-operative", "post-operative", "residual"
COUNTED = (PRE, POST)
WILSON_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model saw of one study.

    Attributes
    ----------
    patient : int
        Number.
    kind : str
        Which of the patient's studies it is.
    truth_ml, found_ml : (3,)
        Volumes of `REGIONS`: true, and labelled.
    share_found : float
        Of the truly enhancing voxels, how many are labelled so; `nan` without any.
    curves : (3, n)
        Volume above each of `THRESHOLDS`, mL.
    brain_ml : float
        The largest volume there can be.
    """

    patient: int
    kind: str
    truth_ml: NDArray[np.float64]
    found_ml: NDArray[np.float64]
    share_found: float
    curves: NDArray[np.float64] = field(repr=False)
    brain_ml: float

    def interval(self, region: int, figures: RegionCalibration) -> tuple[float, float]:
        """Give the interval that the findings would have, in mL."""
        shift = figures.shift or 0.0
        core = [float(np.interp(t, THRESHOLDS, self.curves[region])) for t in (shift, -shift)]
        low, high = widen((core[0], core[1]), figures.margin)
        labelled = float(self.found_ml[region])
        return min(low, labelled), max(min(high, self.brain_ml), labelled)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anatomy", type=Path, required=True, help="label maps")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--patients", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, help="number of the first patient")
    parser.add_argument("--bundle", type=Path, help="the shipped one where not given")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    maps = tuple(sorted(args.anatomy.glob("*.nii.gz"))[-HELD_OUT:])
    segmenter = load_segmenter(args.bundle, threads=1)
    for number in range(args.first, args.first + args.patients):
        look_at_patient(number, maps, segmenter, args.cache)
    seen = [
        read_seen(path)
        for done in sorted(args.cache.glob("*.done"))
        for path in sorted(args.cache.glob(f"{done.stem}-*.npz"))
    ]
    print(json.dumps(report(seen, segmenter.calibration, segmenter.model)))


def look_at_patient(
    number: int, maps: tuple[Path, ...], segmenter: DefaultSegmenter, cache: Path
) -> None:
    """Keep what is seen of every study of a patient, unless it is there."""
    done = cache / f"{number:03d}.done"
    if not done.exists():
        for kind, simulated in studies_of(number, maps):
            write_seen(cache / f"{number:03d}-{kind}.npz", look(number, kind, simulated, segmenter))
        done.touch()


@one_thread
def studies_of(number: int, maps: tuple[Path, ...]) -> Iterator[tuple[str, SimulatedVisit]]:
    """Simulate the studies of one patient."""
    dials = Dials.null() if number % 2 else Dials()
    settings = CohortSettings(
        visits=VISITS, sites=SITES, seed=SEED, dials=dials, anatomies=maps, patients=number + 1
    )
    person = simulate_person(settings, number)
    every = list(looks(person))
    yield PRE, scan_visit(person, every[0], settings)
    if len(every) > 1:
        after = every[-1] if number % 4 > 1 else every[1]
        yield POST, scan_visit(person, after, settings)
        if person.patient.resection is not Resection.BIOPSY:
            other = with_residual(person, number)
            *_, last = looks(other)
            yield RESIDUAL, scan_visit(other, last, settings)


def with_residual(person: Person, number: int) -> Person:
    """Draw the residual tumor after surgery anew."""
    rng = np.random.default_rng([RESIDUAL_SEED, number])
    residual = float(np.exp(rng.uniform(*np.log(RESIDUAL_ML))))
    visit = replace(person.visits[1], residual_ml=residual, new_ml=0.0, cause=Progression.NONE)
    return replace(person, visits=(person.visits[0], visit))


def look(number: int, kind: str, simulated: SimulatedVisit, segmenter: DefaultSegmenter) -> Seen:
    """Let the model look at a study whose truth is known."""
    truth = simulated.labels.array.copy()
    changed = simulated.lying.infiltration
    if changed is not None:
        truth[(truth == Label.BACKGROUND) & (changed >= VISIBLE)] = Label.EDEMA
    study = Study(simulated.study.study_id, simulated.study.images, phase=Phase.UNKNOWN)
    view = view_of(study)
    seen = segmenter.look(view)
    found = segmenter.outline(seen, view, study.phase).labels.array
    truth = turn_to_ras(truth, simulated.labels.affine)
    found = turn_to_ras(found, simulated.labels.affine)
    enhancing = truth == Label.ENHANCING
    curves = [volumes_above(own[view.brain], view.voxel_ml) for own in seen.joined()[:3]]
    return Seen(
        patient=number,
        kind=kind,
        truth_ml=volumes(truth, view.voxel_ml),
        found_ml=volumes(found, view.voxel_ml),
        share_found=float((found[enhancing] == Label.ENHANCING).mean())
        if enhancing.any()
        else math.nan,
        curves=np.array(curves),
        brain_ml=np.count_nonzero(view.brain) * view.voxel_ml,
    )


def volumes(labels: NDArray[np.uint8], voxel_ml: float) -> NDArray[np.float64]:
    """Measure `REGIONS`, mL."""
    return np.array([np.count_nonzero(region_mask(labels, r)) * voxel_ml for r in REGIONS])


def volumes_above(logits: NDArray[np.float32], voxel_ml: float) -> NDArray[np.float64]:
    """Measure the volume above each of `THRESHOLDS`, (n,) mL, of logits (m,).

    Voxels on a threshold count below 0 only, as in `volume_interval`.
    """
    ordered = np.sort(logits)
    below = np.where(
        THRESHOLDS < 0,
        np.searchsorted(ordered, THRESHOLDS, side="left"),
        np.searchsorted(ordered, THRESHOLDS, side="right"),
    )
    return np.asarray((ordered.size - below) * voxel_ml, dtype=np.float64)


def write_seen(path: Path, seen: Seen) -> None:
    """Write whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **{name: getattr(seen, name) for name in Seen.__slots__})
    part.rename(path)


def read_seen(path: Path) -> Seen:
    """Read what `write_seen` wrote."""
    with np.load(path) as file:
        return Seen(
            patient=int(file["patient"]),
            kind=str(file["kind"]),
            truth_ml=file["truth_ml"],
            found_ml=file["found_ml"],
            share_found=float(file["share_found"]),
            curves=file["curves"],
            brain_ml=float(file["brain_ml"]),
        )


def report(seen: Sequence[Seen], calibration: Calibration, model: Model) -> dict[str, object]:
    """Count."""
    groups = {"all": COUNTED, PRE: (PRE,), POST: (POST,)}
    return {
        "benchmark": "volume_intervals",
        "device": platform.machine(),
        "model": f"{model.name} {model.version}",
        "sha256": model.sha256,
        "patients": len({one.patient for one in seen}),
        "studies": sum(one.kind in COUNTED for one in seen),
        "held": {
            name: coverage([one for one in seen if one.kind in kinds], calibration)
            for name, kinds in groups.items()
        },
        "detection": detection([one for one in seen if one.kind in (POST, RESIDUAL)]),
        "versions": {name: version(name) for name in ("gliokit", "numpy", "openvino")},
    }


def coverage(seen: Sequence[Seen], calibration: Calibration) -> dict[str, dict[str, object]]:
    """Count, by region, the intervals that hold the truth."""
    patients = len({one.patient for one in seen})
    counted: dict[str, dict[str, object]] = {}
    for number, region in enumerate(REGIONS):
        truth, found = (
            np.array([volume[number] for volume in every])
            for every in ([one.truth_ml for one in seen], [one.found_ml for one in seen])
        )
        low, high = np.transpose(
            [one.interval(number, calibration.regions[region]) for one in seen]
        )
        held = (low <= truth) & (truth <= high)
        missed = (truth > 0) & (found == 0)
        counted[region] = {
            "held": [int(held.sum()), held.size],
            "share": round(float(held.mean()), 3),
            "wilson_95": wilson(float(held.mean()), patients),
            "truth_below_the_interval": int((truth < low).sum()),
            "held_where_there": [int(held[truth > 0].sum()), int((truth > 0).sum())],
            "held_where_missed": [int(held[missed].sum()), int(missed.sum())],
            "median_log_width": round(float(np.median(np.log((high + 1) / (low + 1)))), 2),
        }
    return counted


def detection(seen: Sequence[Seen]) -> dict[str, object]:
    """Say from which volume on residual enhancing tumor is found, and how much is false."""
    there = [one for one in seen if one.truth_ml[ENHANCING] > 0]
    sizes = np.array([one.truth_ml[ENHANCING] for one in there])
    found = np.array([one.share_found >= FOUND_SHARE for one in there])
    limit = found_from(sizes, found, patients=[one.patient for one in there], seed=0)
    without = [one for one in seen if one.truth_ml[ENHANCING] == 0]
    worst: dict[int, float] = {}
    for one in without:
        worst[one.patient] = max(worst.get(one.patient, 0.0), float(one.found_ml[ENHANCING]))
    return {
        "studies": len(there),
        "patients": len({one.patient for one in there}),
        "found_90_ml": [f"{ml:.3g}" for ml in (limit.volume_ml, limit.low_ml, limit.high_ml)],
        "found_of_by_size_ml": [
            [f"{low:g}-{high:g}", int(found[inside].sum()), int(inside.sum())]
            for low, high in pairwise(SIZES_ML)
            for inside in [(sizes >= low) & (sizes < high)]
        ],
        "without": [len(without), len(worst)],
        "without_but_outlined": sum(bool(one.found_ml[ENHANCING] >= LEAST_ML) for one in without),
        "blank_90_ml": f"{conformal_quantile(list(worst.values()), level=0.9):.3g}",
    }


def wilson(share: float, cases: int) -> list[float]:
    """Give the 95 % interval of a share of so many independent cases."""
    z2 = WILSON_Z**2
    middle = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = WILSON_Z / (1 + z2 / cases) * math.sqrt(share * (1 - share) / cases + z2 / 4 / cases**2)
    return [round(middle - half, 3), round(middle + half, 3)]


if __name__ == "__main__":
    main()
