"""Fit the model that tells MR sequences apart, and seal its bundle.

python training/contrast/fit.py --scans FOLDER --out src/gliokit/bundles/shipped/contrast

`--scans` is what scan.py wrote. Every fifth patient is held out for `evaluate.py`. Correlations
between features are shrunk, since what is simulated varies together more strictly than what is
real.
"""

import argparse
import json
import platform
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gliokit.bundles.bundle import Card, seal_bundle
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.contrast import (
    COEFFICIENTS,
    FEATURES,
    MM,
    PAIR_FEATURES,
    ContrastModel,
    Gaussians,
    compare,
    describe,
    scores_in_brain,
)

SEQUENCES = tuple(MRSequence)
HELD_OUT = 5  # every so many patients
SHRINKAGE = 0.1  # of correlations towards none
# 1.65 gives the held-out simulated scans the highest likelihood, 3 the 13 real studies
TEMPERATURE = 3.0


@dataclass(frozen=True, slots=True)
class Described:
    """One scan.

    Attributes
    ----------
    name : str
        Of its patient; a number if simulated.
    single : (4, len(FEATURES))
        Each image.
    pairs : (4, 4, len(PAIR_FEATURES))
        Each ordered pair of different images; 0 on the diagonal.
    """

    name: str
    single: NDArray[np.float64]
    pairs: NDArray[np.float64]


def main() -> None:
    """Describe every scan, fit, and write the bundle whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=Path, required=True)
    parser.add_argument("--card", type=Path, default=Path(__file__).with_name("card.json"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    paths = sorted(args.scans.glob("*.npz"))
    scans = [read_scan(path) for path in track(paths, "describing")]
    model = fit(scans)
    content = json.loads(args.card.read_text())
    card = Card(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})
    new = args.out.with_name(args.out.name + ".part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    (new / COEFFICIENTS).write_text(as_json(model))
    made_with = {"numpy": np.__version__, "python": platform.python_version()}
    seal_bundle(new, card, made_with=made_with)
    shutil.rmtree(args.out, ignore_errors=True)
    new.rename(args.out)


def read_scan(path: Path) -> Described:
    """Read one scan and describe it."""
    with np.load(path) as file:
        images = {sequence: file[str(sequence)] for sequence in SEQUENCES}
        return described(path.stem, images, file["brain"], np.full(3, MM))


def described(
    name: str,
    images: Mapping[MRSequence, NDArray[np.float32]],
    brain: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
) -> Described:
    """Describe four images (X, Y, Z) and all their pairs."""
    scores, place = scores_in_brain(images, brain, spacing_mm)
    values = [scores[sequence] for sequence in SEQUENCES]
    pairs = np.zeros((len(values), len(values), len(PAIR_FEATURES)))
    for i, j in permutations(range(len(values)), 2):
        pairs[i, j] = compare(values[i], values[j])
    return Described(name, np.array([describe(v, place) for v in values]), pairs)


def fit(scans: list[Described]) -> ContrastModel:
    """Fit means and covariances on the patients that are not held out."""
    learned, _ = split(scans)
    single = gaussians(np.array([scan.single for scan in learned]))
    different = ~np.eye(len(SEQUENCES), dtype=bool)
    of_pairs = np.array([scan.pairs[different] for scan in learned])
    flat = gaussians(of_pairs)
    means = np.zeros((*different.shape, len(PAIR_FEATURES)))
    means[different] = flat.means
    pairs = Gaussians(rounded(means), flat.precision)
    return ContrastModel(SEQUENCES, single, pairs, TEMPERATURE)


def split(scans: Iterable[Described]) -> tuple[list[Described], list[Described]]:
    """Part scans into those to learn from and those held out, by patient."""
    every = list(scans)
    return (
        [scan for scan in every if int(scan.name) % HELD_OUT],
        [scan for scan in every if int(scan.name) % HELD_OUT == 0],
    )


def gaussians(features: NDArray[np.float64]) -> Gaussians:
    """Fit (n_scans, n_classes, n_features): a mean per class, one shrunk covariance."""
    means = features.mean(axis=0)
    apart = (features - means).reshape(-1, features.shape[-1])
    covariance = apart.T @ apart / (len(apart) - len(means))
    deviations = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    shrunk = (1 - SHRINKAGE) * correlations + SHRINKAGE * np.eye(len(deviations))
    precision = np.linalg.inv(shrunk) / np.outer(deviations, deviations)
    return Gaussians(rounded(means), rounded(precision))


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to seven digits: what is written is what was tested."""
    return np.array([float(f"{value:.7g}") for value in values.ravel()]).reshape(values.shape)


def as_json(model: ContrastModel) -> str:
    """Write the coefficients, one entry a line."""
    content = {
        "sequences": [str(sequence) for sequence in model.sequences],
        "features": list(FEATURES),
        "pair_features": list(PAIR_FEATURES),
        "temperature": model.temperature,
        "means": model.single.means.tolist(),
        "precision": model.single.precision.tolist(),
        "pair_means": model.pairs.means.tolist(),
        "pair_precision": model.pairs.precision.tolist(),
    }
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
