"""Learn two small decisions on top of the networks: which parts are tumor, what is a cavity.

python training/default/decisions.py --bundle FOLDER --out RUNS/decisions \
    --patients RUNS/calibration RUNS/lesions-treated RUNS/lesions-healthy RUNS/lesions-small

Every simulated patient (of anatomies that are trained on) is scanned once or twice, and every
scan seen twice: with all four sequences, and with a part of them that its name decides. What is
needed of each is kept in `--out`, so that a second call goes on from there; then `lesions.json`
and `cavity.json` are fitted and written there too, and how both do on patients that were left
out is printed. The networks stay as they are. All models are logistic regressions; a part
counts as tumor where `TUMOR_SHARE` of it is tumor or cavity.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from patients import Kind
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from studies import ALL, SEEN, KnownStudy, scanned

from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.view import MM3_PER_ML, View, view_of
from gliokit.segmentation.cavity import CAVITY, HIGHEST_LOGIT, HIGHEST_SCORE, WEIGHTS
from gliokit.segmentation.default import DefaultSegmenter, Look, load_segmenter, shown_in_detail
from gliokit.segmentation.lesion_belief import JUDGED_ML, LESIONS, SPECK_ML, undoubted
from gliokit.segmentation.lesion_features import FEATURES, describe_parts
from gliokit.segmentation.regions import (
    CAVITY_LOGIT,
    SMALLEST_ML,
    component_sizes,
    labels_of_regions,
)

SEED, SECOND = 51, 52
# of the scans by folder: one as calibrate.py scans them, two of each other patient
SEEDS = {"calibration": (31,)}
VOXELS = 2500  # of each tissue of a treated patient
OUTSIDE = -3.0  # logit of the whole tumor below which nothing looks like it
MOST_WEIGHT = 20.0  # of a voxel that stands for many
TUMOR_SHARE = 0.08  # of a part
PARTS_PENALTY, CAVITY_PENALTY = 0.1, 0.003  # sklearn's C, on standardized features
ENHANCES = -2.0  # log odds; keeps 17 of 18 true parts of patients left out, and half of the false
FOLDS = 8

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observed:
    """What one study teaches.

    Attributes
    ----------
    patient : str
        Folder and number.
    complete : bool
        Whether it has all four sequences.
    tumor : (n, len(FEATURES) + 2)
        Of the parts of at least `SMALLEST_ML`: features, mL, and share that is tumor or cavity.
    enhancing : (k, len(FEATURES) + 2)
        Of the enhancing parts of `SPECK_ML` to `JUDGED_ML`, with all sequences: the same, and
        the share that does enhance.
    voxels : (m, 18)
        Of a treated patient: what the cavity model weighs, whether it is cavity, and its weight.
    """

    patient: str
    complete: bool
    tumor: Vector = field(repr=False)
    enhancing: Vector = field(repr=False)
    voxels: NDArray[np.float32] = field(repr=False)

    @property
    def is_tumor(self) -> NDArray[np.bool_]:
        """Which parts are, (n,)."""
        return self.tumor[:, -1] >= TUMOR_SHARE


def main() -> None:
    """Observe what is not there yet, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--patients", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    paths = [path for folder in args.patients for path in sorted(folder.glob("*.npz"))]
    segmenter = load_segmenter(args.bundle)
    for path in track(paths, "simulated patients"):
        observe(segmenter, path, args.out)
    seen = [study for path in paths for study in read_observed(args.out, path)]
    report_parts(seen)
    report_enhancing(seen)
    report_cavity(seen)
    data = data_hash(paths)
    (args.out / LESIONS).write_text(json.dumps(fit_parts(seen) | {"data": data}, indent=1) + "\n")
    (args.out / CAVITY).write_text(json.dumps(fit_cavity(seen) | {"data": data}, indent=1) + "\n")


def data_hash(paths: Iterable[Path]) -> str:
    """Name the patients by their content."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def name_of(path: Path) -> str:
    """Name a patient by folder and number."""
    return f"{path.parent.name}-{path.stem}"


def scans_of(path: Path) -> Iterator[tuple[int, str]]:
    """Give the seeds of a patient's scans and their names."""
    for seed in SEEDS.get(path.parent.name, (SEED, SECOND)):
        yield seed, name_of(path) + (f"-{SECOND}" if seed == SECOND else "")


def observe(segmenter: DefaultSegmenter, path: Path, out: Path) -> None:
    """Scan a patient and keep what teaches, unless it is there."""
    for seed, name in scans_of(path):
        if not (out / f"{name}-part.npz").exists():
            case = scanned(path, np.random.default_rng([seed, int(path.stem)]))
            write_observed(segmenter, case, name, out)


def write_observed(segmenter: DefaultSegmenter, case: KnownStudy, name: str, out: Path) -> None:
    """Look at a case with all and with a part of its sequences; keep what teaches."""
    part = SEEN[1:][sum(name.encode()) % len(SEEN[1:])]
    for kind, kept in (("full", tuple(MRSequence)), ("part", part)):
        study = Study(name, {s: case.study.images[s] for s in kept})
        lessons = lessons_of(segmenter, KnownStudy(study, case.labels, case.kind))
        unfinished = out / f"{name}-{kind}.part"
        with unfinished.open("wb") as file:
            np.savez(file, **lessons)
        unfinished.rename(out / f"{name}-{kind}.npz")


def read_observed(out: Path, path: Path) -> Iterator[Observed]:
    """Read what `observe` wrote of a patient."""
    for (_, name), kind in product(scans_of(path), ("full", "part")):
        with np.load(out / f"{name}-{kind}.npz") as file:
            lessons = (file[name] for name in ("tumor", "enhancing", "voxels"))
            yield Observed(name_of(path), kind == "full", *lessons)


def lessons_of(segmenter: DefaultSegmenter, case: KnownStudy) -> dict[str, NDArray[np.generic]]:
    """Describe the parts that the networks outline, and voxels of a treated patient."""
    segmenter.cavity = None  # the networks' own outputs
    view = view_of(case.study)
    look = segmenter.look(view)
    truth = turn_to_ras(case.labels.array, case.labels.affine)[view.box]
    logits = look.joined()
    logits[:, ~view.brain] = -np.inf
    labels = labels_of_regions(logits)
    tumor = parts_with_truth(labels > 0, truth > 0, logits, look, view)
    enhances = truth == Label.ENHANCING
    enhancing = parts_with_truth(labels == Label.ENHANCING, enhances, logits, look, view)
    judged = (enhancing[:, -2] >= SPECK_ML) & (enhancing[:, -2] < JUDGED_ML)
    full = len(case.study.images) == len(ALL)
    voxels = np.zeros((0, 18), dtype=np.float32)
    if case.kind is Kind.TREATED and look.box is not None and look.fine is not None:
        x = shown_in_detail(view, look.box)
        brain = view.brain[look.box]
        voxels = voxels_of(look.fine[:, brain], x[:, brain], truth[look.box][brain])
    return {
        "tumor": tumor[tumor[:, -2] >= SMALLEST_ML],
        "enhancing": enhancing[judged & full],
        "voxels": voxels,
    }


def parts_with_truth(
    outline: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    logits: NDArray[np.float32],
    look: Look,
    view: View,
) -> Vector:
    """Describe the parts of an outline (X, Y, Z), their mL, and the share that is true."""
    parts = component_sizes(outline, view.voxel_ml * MM3_PER_ML)
    number = len(parts.milliliters)
    if number == 1:
        return np.zeros((0, len(FEATURES) + 2))
    inside = np.bincount(parts.number.ravel(), minlength=number)
    hit = np.bincount(parts.number[truth], minlength=number)
    described = describe_parts(parts, logits, look.coarse, view)
    return np.column_stack([described, parts.milliliters[1:], (hit / inside)[1:]])


def voxels_of(
    fine: NDArray[np.float32], x: NDArray[np.float32], truth: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Draw voxels of every tissue from (4, n) outputs and z-scores and (n,) labels."""
    rng = np.random.default_rng(SEED)
    near = fine[0] > OUTSIDE
    tissues = (
        truth == Label.CAVITY,
        (truth == Label.NECROTIC_CORE) | (truth == Label.ENHANCING),
        truth == Label.EDEMA,
        (truth == Label.BACKGROUND) & near,
        (truth == Label.BACKGROUND) & ~near,
    )
    drawn, weights = [], []
    for tissue in map(np.flatnonzero, tissues):
        drawn.append(rng.choice(tissue, min(VOXELS, len(tissue)), replace=False))
        weights.append(np.full(len(drawn[-1]), len(tissue) / max(len(drawn[-1]), 1)))
    chosen = np.concatenate(drawn)
    score = x[:, chosen].clip(-HIGHEST_SCORE, HIGHEST_SCORE)
    there = np.repeat(x.any(axis=1)[:, None], len(chosen), axis=1)
    logit = fine[:, chosen].clip(-HIGHEST_LOGIT, HIGHEST_LOGIT)
    rows = [*logit, *score, *score**2, *there, truth[chosen] == Label.CAVITY]
    return np.stack([*rows, np.concatenate(weights)], axis=1).astype(np.float32)


def regress(
    features: Vector, answers: NDArray[np.bool_], weights: Vector, penalty: float
) -> tuple[Vector, float]:
    """Fit a logistic regression on standardized features; weights and offset of plain ones."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=penalty, max_iter=1000)
    model.fit((features - mean) / deviation, answers, sample_weight=weights)
    plain = model.coef_[0] / deviation
    return plain, float(model.intercept_[0] - plain @ mean)


def regress_parts(seen: Sequence[Vector]) -> tuple[Vector, float]:
    """Fit parts with their truth: true ones weigh as much in all as false ones.

    Large ones weigh more, up to 5 mL.
    """
    parts = np.concatenate(seen)
    true = parts[:, -1] >= TUMOR_SHARE
    weights = np.sqrt(np.minimum(parts[:, -2], 5.0))
    weights[true] *= weights[~true].sum() / weights[true].sum()
    return regress(parts[:, :-2], true, weights, PARTS_PENALTY)


def regress_cavity(seen: Sequence[Observed]) -> tuple[Vector, float]:
    """Fit the voxels, every patient weighing the same."""
    of_patients = [study.voxels for study in seen if len(study.voxels)]
    voxels = np.concatenate(of_patients).astype(np.float64)
    weights = np.concatenate([own[:, -1] / own[:, -1].mean() for own in of_patients])
    return regress(voxels[:, :-2], voxels[:, -2] > 0, weights.clip(max=MOST_WEIGHT), CAVITY_PENALTY)


def fit_parts(seen: Sequence[Observed]) -> dict[str, object]:
    """Give the content of `lesions.json`, its thresholds from patients that were left out."""
    content: dict[str, object] = {}
    for name in ("tumor", "enhancing"):
        weights, offset = regress_parts([getattr(study, name) for study in seen])
        named = {f: round(float(w), 4) for f, w in zip(FEATURES, weights, strict=True)}
        content[name] = {"weights": named, "offset": round(offset, 4)}
    return content | choose_thresholds(seen, odds_left_out(seen)) | {"enhances": ENHANCES}


def fit_cavity(seen: Sequence[Observed]) -> dict[str, object]:
    """Give the content of `cavity.json`."""
    weights, offset = regress_cavity(seen)
    named = {
        name: [round(float(w), 4) for w in own]
        for name, own in zip(WEIGHTS, np.split(weights, len(WEIGHTS)), strict=True)
    }
    return {**named, "offset": round(offset, 4)}


def odds_left_out(seen: Sequence[Observed]) -> list[Vector]:
    """Log odds of the parts of every study, by models that have not seen its patient.

    Infinite where the coarse network's word is taken.
    """
    odds = [np.zeros(0)] * len(seen)
    for fold, others in folds_of(seen):
        weights, offset = regress_parts([study.tumor for study in others])
        for number in fold:
            features = seen[number].tumor[:, :-2]
            odds[number] = np.where(undoubted(features), np.inf, features @ weights + offset)
    return odds


def folds_of(seen: Sequence[Observed]) -> Iterator[tuple[list[int], list[Observed]]]:
    """Deal the patients to folds: numbers of the studies left out, and the other studies."""
    order = {patient: n for n, patient in enumerate(sorted({s.patient for s in seen}))}
    for fold in range(FOLDS):
        out = [n for n, study in enumerate(seen) if order[study.patient] % FOLDS == fold]
        yield out, [study for n, study in enumerate(seen) if n not in set(out)]


def choose_thresholds(seen: Sequence[Observed], odds: Sequence[Vector]) -> dict[str, float]:
    """Choose from which log odds parts are kept, and below which the surest is doubted.

    All sequences: the lowest at which at most one in five studies without tumor keeps a part.
    Some: the lowest at which at most one in three does; tumors are harder to tell then.
    Doubted: below the surest part of any study without tumor.
    """
    surest = {
        complete: sorted(
            float(own.max(initial=-np.inf))
            for study, own in zip(seen, odds, strict=True)
            if study.complete is complete and not study.is_tumor.any()
        )
        for complete in (True, False)
    }
    allowed = {True: 1 / 5, False: 1 / 3}
    least = {
        complete: own[-1 - int(allowed[complete] * len(own))] for complete, own in surest.items()
    }
    found = {
        "complete": least[True],
        "partial": least[False],
        "doubted": max(odd for own in surest.values() for odd in own if np.isfinite(odd)),
    }
    return {name: round(value + 0.005, 2) for name, value in found.items()}


def report_parts(seen: Sequence[Observed]) -> None:
    """Print what is kept of studies with and without tumor, by models that have not seen them."""
    odds = odds_left_out(seen)
    thresholds = choose_thresholds(seen, odds)
    print(thresholds)
    for complete in (True, False):
        least = thresholds["complete" if complete else "partial"]
        judged = [
            (s, o >= least) for s, o in zip(seen, odds, strict=True) if s.complete is complete
        ]
        healthy = [keep for study, keep in judged if not study.is_tumor.any()]
        tumor = [(study, keep) for study, keep in judged if study.is_tumor.any()]
        kept = [np.average(k[s.is_tumor], weights=s.tumor[s.is_tumor, -2]) for s, k in tumor]
        false = [s.tumor[k & ~s.is_tumor, -2].sum() for s, k in tumor]
        print(
            f"complete {complete}: {sum(k.any() for k in healthy)} of {len(healthy)} without tumor "
            f"keep a part; {np.mean(kept):.2f} of the volume of {len(kept)} tumors kept, "
            f"{sum(k < 0.5 for k in kept)} mostly lost; {np.mean(false):.2f} mL false beside them"
        )


def report_enhancing(seen: Sequence[Observed]) -> None:
    """Print which small enhancing parts are kept, by models that have not seen the patient."""
    true, false = np.zeros(2, dtype=int), np.zeros(2, dtype=int)  # kept, of so many
    for fold, others in folds_of(seen):
        weights, offset = regress_parts([study.enhancing for study in others])
        for own in (seen[number].enhancing for number in fold):
            keep = own[:, :-2] @ weights + offset >= ENHANCES
            is_true = own[:, -1] >= TUMOR_SHARE
            true += keep[is_true].sum(), is_true.sum()
            false += keep[~is_true].sum(), (~is_true).sum()
    print(f"enhancing parts kept: {true[0]} of {true[1]} true, {false[0]} of {false[1]} false")


def report_cavity(seen: Sequence[Observed]) -> None:
    """Print the Dice of cavities in drawn voxels, by models that have not seen the patient."""
    for complete in (True, False):
        scores = []
        for fold, others in folds_of(seen):
            weights, offset = regress_cavity(others)
            for own in (seen[number] for number in fold):
                if own.complete is not complete or not own.voxels[:, -2].any():
                    continue
                found = own.voxels[:, :-2] @ weights + offset > CAVITY_LOGIT
                scores.append(weighed_dice(own.voxels[:, -2] > 0, found, own.voxels[:, -1]))
        print(f"complete {complete}: cavity Dice {np.mean(scores):.3f} of {len(scores)}")


def weighed_dice(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], weights: NDArray[np.float32]
) -> float:
    """Dice of voxels (n,) that stand for so many."""
    both = float(weights[reference & prediction].sum())
    return 2 * both / float(weights[reference].sum() + weights[prediction].sum())


if __name__ == "__main__":
    main()
