"""Fit the calibration of a bundle on studies that its weights have not seen.

python training/default/calibrate.py --bundle FOLDER --simulated RUNS/calibration \
    --out calibration.json [--found-ml 1.2 0.8 2.5 --blank-ml 0.6]
python training/default/calibrate.py --runs RUNS --real FOLDER --simulated RUNS/calibration \
    --bundle RUNS/all/model --out calibration.json

Slope and offset per region by logistic regression over the voxels of the brain, every patient
weighing the same, from all four sequences or a random part of them. With `--real`, each real case
is seen by the networks of the fold that has not seen it, and real cases weigh as much in all as
simulated ones. Each fold gets a `calibration.json` of its own, without its patients, by which
evaluate.py judges them.

Intervals of volumes: from the volumes above the threshold moved up and down by one of `SHIFTS`,
widened by the margin of the log volume that nine in ten simulated patients need who have a tumor
and all four sequences; the shift is that of the narrowest intervals on average. Real cases are
too few to fit it; how many are held is counted. `--found-ml` and `--blank-ml` take
over what `benchmarks/volume_intervals.py` has measured.

Prints the expected calibration error before and after, of real cases by the fold's own
calibration, how many volumes are held, and how well both networks agree.
"""

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from crossvalidate import MODEL, fold_of
from numpy.typing import NDArray
from rich.progress import track
from scipy.special import expit
from studies import ALL, SEEN, KnownStudy, simulated_studies

from gliokit.core.image import LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.calibration import (
    Recalibration,
    compress_samples,
    count_reliability,
    expected_calibration_error,
    fit_recalibration,
    pool_patients,
)
from gliokit.evaluation.conformal import (
    FLOOR_ML,
    conformal_quantile,
    smallest_margin,
    volume_interval,
    widen,
)
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.view import view_of
from gliokit.segmentation.calibration import (
    CALIBRATION,
    LEVEL,
    Calibration,
    RegionCalibration,
)
from gliokit.segmentation.default import OUTPUTS, DefaultSegmenter, load_segmenter

WIDTH = 1 / 16  # of the bins of the logit
SEED = 31
SHIFTS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5)  # logits
NEED_T1C = (Region.TUMOR_CORE, Region.ENHANCING_TUMOR)


@dataclass(frozen=True, slots=True)
class Observed:
    """One region of one case.

    Attributes
    ----------
    samples : (3, n)
        Logit, share of the region and weight, of `compress_samples`; the weights sum to 1.
    cores : (n_shifts, 2)
        Volumes above each shift and above its negative, mL.
    true_ml : float
        The true volume.
    typical : bool
        Whether its patient has a tumor and all four sequences.
    fold : Path or None
        That has not seen this patient; None of a simulated one.
    """

    samples: NDArray[np.float64]
    cores: NDArray[np.float64]
    true_ml: float
    typical: bool
    fold: Path | None

    def margin(self, shift: float) -> float:
        """Give the smallest one by which the interval of a shift holds the true volume."""
        low, high = self.cores[SHIFTS.index(shift)]
        return smallest_margin((low, high), self.true_ml)

    def log_width(self, shift: float, margin: float) -> float:
        """Say how wide an interval is."""
        low, high = self.cores[SHIFTS.index(shift)]
        low, high = widen((low, high), margin)
        return math.log((high + FLOOR_ML) / (low + FLOOR_ML))


Seen = dict[Region, list[Observed]]


def main() -> None:
    """Look at every case, fit, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--simulated", type=Path, required=True, help="folder of simulate.py")
    parser.add_argument("--real", type=Path, help="folder of labelled studies")
    parser.add_argument("--runs", type=Path, help="folder of crossvalidate.py")
    parser.add_argument("--found-ml", type=float, nargs=3, help="limit and its interval")
    parser.add_argument("--blank-ml", type=float)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    seen: Seen = {region: [] for region in OUTPUTS}
    segmenter = load_segmenter(args.bundle)
    total = len(list(args.simulated.glob("*.npz")))
    agreements = [
        observe(segmenter, case.study, case.labels, seen)
        for case in track(simulated_cases(args.simulated), "simulated studies", total=total)
    ]
    print(f"agreement of the networks: {np.nanpercentile(agreements, [0, 2, 5, 50])}")
    for name, study, labels in real_cases(args.real) if args.real else ():
        fold = fold_of(args.runs, name)
        agreement = observe(load_segmenter(fold / MODEL), study, labels, seen, fold=fold)
        print(f"{name}: agreement of the networks {agreement:.2f}")
    shipped = {region: fit(cases) for region, cases in seen.items()}
    by_fold = {
        fold: {region: fit([c for c in cases if c.fold != fold]) for region, cases in seen.items()}
        for fold in {case.fold for case in seen[Region.WHOLE_TUMOR] if case.fold}
    }
    for region, cases in seen.items():
        report(region, cases, shipped[region], {f: own[region] for f, own in by_fold.items()})
    for fold, figures in by_fold.items():
        (fold / CALIBRATION).write_text(Calibration(figures).to_json())
    if args.found_ml:
        shipped[Region.ENHANCING_TUMOR] = replace(
            shipped[Region.ENHANCING_TUMOR],
            found_ml=tuple(args.found_ml),
            blank_ml=args.blank_ml,
        )
    args.out.write_text(Calibration(shipped).to_json())


def simulated_cases(folder: Path) -> Iterator[KnownStudy]:
    """Scan every patient; half of them without some of the sequences."""
    rng = np.random.default_rng(SEED)
    for case in simulated_studies(folder, seed=SEED):
        kept = SEEN[rng.integers(len(SEEN))] if rng.random() < 0.5 else ALL
        images = {sequence: case.study.images[sequence] for sequence in kept}
        yield KnownStudy(Study(case.study.study_id, images), case.labels, case.kind)


def real_cases(folder: Path) -> Iterator[tuple[str, Study, LabelMap]]:
    """Read every labelled study of a folder."""
    for path in sorted(folder.iterdir()):
        labels = find_labels(path) if path.is_dir() else None
        if labels:
            yield path.name, read_study(path, study_id=path.name), read_label_map(labels)


def observe(
    segmenter: DefaultSegmenter,
    study: Study,
    labels: LabelMap,
    seen: Seen,
    *,
    fold: Path | None = None,
) -> float:
    """Add what the networks say of one case, region by region; give how well they agree."""
    view = view_of(study)
    look = segmenter.look(view)
    truth = turn_to_ras(labels.array, labels.affine)
    typical = bool(np.any(region_mask(truth, Region.WHOLE_TUMOR))) and not study.missing
    for own, region in zip(look.joined(), OUTPUTS, strict=True):
        if region in NEED_T1C and MRSequence.T1C not in study.images:
            continue  # in use it is not assessed then
        inside = own[view.brain]
        mask = region_mask(truth, region)
        samples = compress_samples(inside, mask[view.box][view.brain], width=WIDTH)
        samples[2] /= samples[2].sum()
        cores = np.array([volume_interval(inside, view.voxel_ml, t=shift) for shift in SHIFTS])
        true_ml = np.count_nonzero(mask) * view.voxel_ml
        seen[region].append(Observed(samples, cores, true_ml, typical, fold))
    return look.agreement(view)


def fit(cases: Sequence[Observed]) -> RegionCalibration:
    """Fit one region."""
    real = sum(case.fold is not None for case in cases)
    factor = (len(cases) - real) / real if real else 1.0
    z, y, w = np.concatenate(
        [case.samples * [[1], [1], [factor if case.fold else 1]] for case in cases], axis=1
    )
    fitted = fit_recalibration(z, y, weights=w)
    shift, margin = fit_interval([case for case in cases if case.typical and not case.fold])
    return RegionCalibration(round(fitted.slope, 4), round(fitted.offset, 4), shift, margin)


def fit_interval(cases: Sequence[Observed]) -> tuple[float, float]:
    """Choose shift and margin: of those that hold nine in ten patients the narrowest on average."""
    fitted = []
    for shift in SHIFTS:
        margin = conformal_quantile([case.margin(shift) for case in cases], level=LEVEL)
        if math.isinf(margin):
            raise ValueError("too few simulated patients with a tumor and all sequences")
        rounded_up = math.ceil(margin * 1000) / 1000
        width = np.mean([case.log_width(shift, rounded_up) for case in cases])
        fitted.append((float(width), shift, rounded_up))
    _, shift, margin = min(fitted)
    return shift, margin


def report(
    region: Region,
    cases: Sequence[Observed],
    shipped: RegionCalibration,
    by_fold: Mapping[Path, RegionCalibration],
) -> None:
    """Print how well a region was calibrated before and is after."""
    print(f"{region}: {shipped}")
    for kind in ("simulated", "real"):
        own = [case for case in cases if (case.fold is not None) is (kind == "real")]
        if not own:
            continue
        figures = [by_fold[case.fold] if case.fold else shipped for case in own]
        after = [Recalibration(f.slope, f.offset) for f in figures]
        held = [
            case.margin(f.shift or 0.0) <= f.margin for case, f in zip(own, figures, strict=True)
        ]
        print(
            f"  {kind} ({len(own)}): calibration error "
            f"{error(own, [Recalibration()] * len(own)):.5f} -> {error(own, after):.5f}; "
            f"{np.mean(held):.0%} of volumes in their interval"
        )


def error(cases: Sequence[Observed], by: Sequence[Recalibration]) -> float:
    """Measure the expected calibration error over the voxels of the brain."""
    counts = [
        count_reliability(
            expit(r.slope * case.samples[0] + r.offset), case.samples[1], weights=case.samples[2]
        )
        for case, r in zip(cases, by, strict=True)
    ]
    return expected_calibration_error(pool_patients(counts, patients=range(len(cases))))


if __name__ == "__main__":
    main()
