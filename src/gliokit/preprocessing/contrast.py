"""Is each image the MR sequence that its name says, and is it like any known one?

An image is described by few numbers that need no tissue segmentation: mean and percentiles of
its z-scores by depth below the brain's surface, how deep the darkest and brightest voxels lie,
roughness, and how much of the variance is anatomy (depth, 8 mm blocks, left like right). Two
images of a study are described by how they go together. Both are normal around each sequence,
or pair of sequences, with one shared covariance (linear discriminant analysis); every
assignment of different sequences to the images is weighed against the others.

Axes run near to R, A and S, and images are co-registered and skull-stripped. Trained on
simulated scans only. Not for raw heads, and not to tell two images of one sequence apart.

Source: gliokit's own; the card of the bundle `contrast` tells how it was trained and tested.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.bundles.bundle import read_bundle, shipped_bundles
from gliokit.core.errors import BundleError, NotAssessableError
from gliokit.core.findings import Notice
from gliokit.core.geometry import bounding_box
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.normalization import brain_statistics, standardize
from gliokit.preprocessing.resampling import SAME, resample_inside

CONTRAST = "contrast"
COEFFICIENTS = "contrast.json"
MM = 2.0  # voxels that are looked at

FLAT = 1e-5  # deviation against the largest value that is but rounding
SHELLS = (2, 4, 6, 8, 11)  # voxel layers below the brain's surface at which shells begin
RIM, MIDDLE, DEEP = (0, 2), (4, 8), (10, 99)  # layers, first and first beyond
PERCENTILES = {
    "all": (1, 5, 10, 25, 50, 75, 90, 95, 99),
    "rim": (5, 25, 50, 75, 95),
    "middle": (5, 25, 50, 75, 95),
    "deep": (2, 10, 25, 50, 75, 90, 98),
}
EXTREMES = (4, 96)  # percentiles beyond which voxels are the darkest and the brightest
DARK = 12  # percentile: fluid on T1 and FLAIR
THINNED = 3  # pairs of images are compared in one of so many voxels
LAGS = (1, 3)  # voxels
BLOCK = 4  # voxels
FULL_BLOCK = 32  # voxels of 64 that must be brain
FEATURES = (
    *(f"shell {number}" for number in range(len(SHELLS) + 1)),
    *(f"{zone} {p} %" for zone, ps in PERCENTILES.items() for p in ps),
    *("depth of darkest", "depth of brightest"),
    *(f"roughness over {lag * MM:g} mm" for lag in LAGS),
    *("variance by depth", "variance by block", "symmetry"),
)
PAIR_FEATURES = (
    "correlation",
    "correlation without fluid",
    "second where first is brightest",
    "first where second is brightest",
    "skewness of difference",
)

# Of 176 simulated and 13 real studies (model card), the farthest images lie at 15.0 and 12.5;
# white noise at 40 and more. Rightly named, real images had their name with .039 or more.
UNUSUAL, FARTHEST = 13.0, 16.0
DOUBTFUL, IMPOSSIBLE = 0.25, 0.01
SWAPPED = 0.9
WITH_T1 = frozenset({MRSequence.T1, MRSequence.T1C})
REMEDY = "rename the files, or say which is which with --t1, --t1c, --t2 and --flair"

Values: TypeAlias = NDArray[np.float32]
Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What an image looks like.

    Attributes
    ----------
    posterior : mapping of MRSequence to float
        Probability of each sequence, given that the study's images are different ones.
    distance : float
        Mahalanobis distance of the image and of its pairs with the others to what is usual for
        their likeliest sequences; infinite for a constant image.
    """

    posterior: Mapping[MRSequence, float]
    distance: float


@dataclass(frozen=True, slots=True)
class Gaussians:
    """Normal distributions with one covariance.

    Attributes
    ----------
    means : (..., n_features)
        One mean per class.
    precision : (n_features, n_features)
        Inverse of the covariance.
    """

    means: Vector = field(repr=False)
    precision: Vector = field(repr=False)

    def squared_distances(self, features: Vector) -> Vector:
        """Squared Mahalanobis distance of (n_features,) to each class, (...)."""
        apart = features - self.means
        return np.sum((apart @ self.precision) * apart, axis=-1)


@dataclass(frozen=True, slots=True)
class ContrastModel:
    """How the sequences look.

    Attributes
    ----------
    sequences : tuple of MRSequence
        Classes, in the order of the means.
    single : Gaussians
        Means (4, len(FEATURES)).
    pairs : Gaussians
        Means (4, 4, len(PAIR_FEATURES)) by the first and the second image's sequence.
    temperature : float
        By which log probabilities are divided: images and pairs repeat each other, and real
        ones are farther from simulated ones than these from each other.
    """

    sequences: tuple[MRSequence, ...]
    single: Gaussians
    pairs: Gaussians
    temperature: float

    def judge(
        self,
        images: Mapping[MRSequence, NDArray[np.float32]],
        brain: NDArray[np.bool_],
        spacing_mm: NDArray[np.float64],
    ) -> dict[MRSequence, Judged]:
        """Say what each image (X, Y, Z) looks like, whatever its name.

        Parameters
        ----------
        brain : (X, Y, Z)
            Of all images, which lie on its grid with axes near to R, A and S.
        spacing_mm : (3,)
            Of that grid.

        Raises
        ------
        NotAssessableError
            If no part of the brain is deep.
        """
        scores, place = scores_in_brain(images, brain, spacing_mm)
        found = {s: describe(values, place) for s, values in scores.items() if values.any()}
        apart = {s: self.single.squared_distances(features) for s, features in found.items()}
        unknown = dict.fromkeys(self.sequences, 1 / len(self.sequences))
        together = {
            (i, j): self.pairs.squared_distances(compare(scores[first], scores[second]))
            for (i, first), (j, second) in combinations(enumerate(found), 2)
        }
        likely, distances = weigh(list(apart.values()), together, self.temperature)
        judged = {s: Judged(unknown, np.inf) for s in images}
        for name, shares, distance in zip(found, likely, distances.tolist(), strict=True):
            judged[name] = Judged(dict(zip(self.sequences, shares.tolist(), strict=True)), distance)
        return judged


@dataclass(frozen=True, slots=True)
class Place:
    """Where each of n brain voxels of 2 mm lies.

    Attributes
    ----------
    layer : (n,)
        Voxels between it and the surface of the brain.
    zones : mapping of str to (n_zone,)
        Voxels of the rim, middle and deep zone.
    neighbors : tuple of (2, n_pairs)
        Voxels that lie 2 and 6 mm apart along an axis.
    block : (n,)
        Number of its block of 8 mm; the first half of the numbers lies on one side, the second
        mirrors it.
    n_blocks : int
        On both sides.
    """

    layer: NDArray[np.uint8]
    zones: Mapping[str, NDArray[np.intp]]
    neighbors: tuple[NDArray[np.intp], ...]
    block: NDArray[np.intp]
    n_blocks: int


def weigh(
    apart: Sequence[Vector], together: Mapping[tuple[int, int], Vector], temperature: float
) -> tuple[Vector, Vector]:
    """Weigh every assignment of different sequences to n images.

    Parameters
    ----------
    apart : n of (n_sequences,)
        Squared distance of each image to each sequence.
    together : mapping of two image numbers to (n_sequences, n_sequences)
        Squared distance of each pair of images to each pair of sequences.

    Returns
    -------
    tuple
        Probability of each sequence for each image, (n, n_sequences); and (n,) how far each
        image, with its pairs, is from the likeliest assignment.
    """
    if not apart:
        return np.zeros((0, 0)), np.zeros(0)
    assignments = np.array(list(permutations(range(len(apart[0])), len(apart))))
    squared = np.zeros((len(apart), len(assignments)))  # of what each image takes part in
    for i, distances in enumerate(apart):
        squared[i] += distances[assignments[:, i]]
    total = squared.sum(axis=0)
    for (i, j), distances in together.items():
        of_pair = distances[assignments[:, i], assignments[:, j]]
        squared[[i, j]] += of_pair
        total += of_pair
    weights = np.exp(-(total - total.min()) / (2 * temperature))
    weights /= weights.sum()
    shares = [np.bincount(column, weights, len(apart[0])) for column in assignments.T]
    return np.array(shares), np.sqrt(squared[:, total.argmin()])


def read_contrast_model(bundle: Path | None = None) -> ContrastModel:
    """Read the model from a bundle; from the one inside this package by default.

    Raises
    ------
    BundleError
        If the bundle is missing, damaged, altered, or describes images by other features.
    """
    folder = bundle or shipped_bundles().get(CONTRAST)
    if folder is None:
        raise BundleError(f"the bundle {CONTRAST} is missing from this package; reinstall gliokit")
    content = json.loads((read_bundle(folder).folder / COEFFICIENTS).read_bytes())
    if (content["features"], content["pair_features"]) != (list(FEATURES), list(PAIR_FEATURES)):
        raise BundleError(
            f"{folder} describes images by other features than this version of gliokit; "
            "give the bundle that came with it"
        )
    return ContrastModel(
        tuple(MRSequence(name) for name in content["sequences"]),
        Gaussians(np.array(content["means"]), np.array(content["precision"])),
        Gaussians(np.array(content["pair_means"]), np.array(content["pair_precision"])),
        float(content["temperature"]),
    )


def scores_in_brain(
    images: Mapping[MRSequence, NDArray[np.float32]],
    brain: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
) -> tuple[dict[MRSequence, Values], Place]:
    """Give z-scores (n,) of the brain voxels at 2 mm, zeros if constant, and where these lie.

    Raises
    ------
    NotAssessableError
        If no part of the brain is deep.
    """
    box = bounding_box(brain)
    brain, near = brain[box], {s: image[box] for s, image in images.items()}
    if np.abs(np.asarray(spacing_mm) / MM - 1).max() > SAME:
        to_mm = np.full(3, MM)
        pairs = {s: resample_inside(i, brain, spacing_mm, to_mm) for s, i in near.items()}
        near = {s: image for s, (image, _) in pairs.items()}
        _, brain = next(iter(pairs.values()))
    return {s: _scores(image[brain]) for s, image in near.items()}, place_in(brain)


def place_in(brain: NDArray[np.bool_]) -> Place:
    """Find where the voxels of a brain (X, Y, Z) of 2 mm lie.

    Raises
    ------
    NotAssessableError
        If none is deep.
    """
    layer = layers(brain)[brain]
    ends = {"rim": RIM, "middle": MIDDLE, "deep": DEEP}
    zones = {z: np.flatnonzero((layer >= a) & (layer < b)) for z, (a, b) in ends.items()}
    if not zones["deep"].size:
        raise NotAssessableError(
            f"no part of the brain mask lies {DEEP[0] * MM:g} mm below its surface; needed is a "
            "whole brain: check the images and the spacing in their headers"
        )
    number = np.zeros(brain.shape, dtype=np.intp)
    number[brain] = np.arange(layer.size)
    neighbors = tuple(_neighbors(brain, number, lag) for lag in LAGS)
    x, y, z = np.nonzero(brain)
    from_middle = x - (brain.shape[0] - 1) / 2
    half = (np.abs(from_middle) // BLOCK).astype(np.intp)
    shape = (2, *(-(-n // BLOCK) for n in brain.shape))
    block = np.ravel_multi_index(
        ((from_middle > 0).astype(np.intp), half, y // BLOCK, z // BLOCK), shape
    )
    return Place(layer, zones, neighbors, block, int(np.prod(shape)))


def layers(brain: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Count the voxels between each one and the brain's surface, (X, Y, Z).

    Peeled alternately by faces and by corners, so that a ball is peeled nearly as one; no
    further than the deep zone.
    """
    left = np.pad(brain, 1)
    depth = np.zeros(left.shape, dtype=np.uint8)
    for step in range(max(DEEP[0], SHELLS[-1])):
        inner, source = left.copy(), left
        for axis in range(3):
            if step % 2:  # by corners: each axis goes on from what the last one left
                source = inner.copy()
            ahead = np.moveaxis(inner, axis, 0), np.moveaxis(source, axis, 0)
            ahead[0][1:] &= ahead[1][:-1]
            ahead[0][:-1] &= ahead[1][1:]
        left = inner
        depth += left
    return depth[1:-1, 1:-1, 1:-1]


def describe(values: Values, place: Place) -> Vector:
    """Describe one image by its z-scores (n,) in the brain: (len(FEATURES),)."""
    by_layer = np.bincount(place.layer, values)  # sums
    shell = np.digitize(np.arange(by_layer.size), SHELLS)
    voxels = np.bincount(shell, np.bincount(place.layer), len(SHELLS) + 1).clip(1)
    shells = np.bincount(shell, by_layer, len(SHELLS) + 1) / voxels
    zones = [values, *(values[place.zones[zone]] for zone in list(PERCENTILES)[1:])]
    spread = [np.percentile(part, ps) for part, ps in zip(zones, PERCENTILES.values(), strict=True)]
    low, high = np.percentile(values, EXTREMES)
    mean_layer = place.layer.mean() + 1
    depths = [place.layer[at].mean() + 1 for at in (values <= low, values >= high)]
    rough = [np.abs(values[first] - values[second]).mean() for first, second in place.neighbors]
    return np.concatenate(
        [
            shells,
            *spread,
            np.log(np.array(depths) / mean_layer),
            np.log(np.maximum(rough, 1e-4)),
            _anatomy(values, place),
        ]
    )


def compare(first: Values, second: Values) -> Vector:
    """Describe how two images of one brain, z-scores (n,), go together: (len(PAIR_FEATURES),)."""
    first, second = first[::THINNED], second[::THINNED]
    (dark_first, bright_first), (dark_second, bright_second) = np.percentile(
        [first, second], (DARK, EXTREMES[1]), axis=1
    ).T
    tissue = (first > dark_first) & (second > dark_second)
    difference = first - second
    difference -= difference.mean()
    squared = difference * difference
    skewness = np.mean(squared * difference) / max(float(squared.mean()), 1e-6) ** 1.5
    return np.array(
        [
            _correlation(first, second),
            _correlation(first[tissue], second[tissue]),
            second[first >= bright_first].mean(),
            first[second >= bright_second].mean(),
            np.arcsinh(skewness),
        ]
    )


def doubts_of_names(judged: Mapping[MRSequence, Judged], study_id: str) -> tuple[Notice, ...]:
    """Compare what the images look like with their names.

    Returns
    -------
    tuple of Notice
        Names that are doubtful.

    Raises
    ------
    NotAssessableError
        If an image is like nothing that is known, or certainly not what its name says.
    """
    for name, one in judged.items():
        if one.distance > FARTHEST:
            raise NotAssessableError(
                f"study {study_id}: the intensities of the {name} image are like nothing the model "
                f"was trained on (distance {one.distance:.1f}, known are up to {FARTHEST:g}); give "
                "an MR image of a whole brain, not inverted, masked or mapped"
            )
    doubtful = {name: one for name, one in judged.items() if _own(name, one) < DOUBTFUL}
    impossible = {name: one for name, one in doubtful.items() if _own(name, one) < IMPOSSIBLE}
    if impossible:
        raise NotAssessableError(f"study {study_id}: {_mistaken(impossible)}; {REMEDY}")
    notices = [_unusual(name) for name, one in judged.items() if one.distance > UNUSUAL]
    if doubtful:
        text = f"{_mistaken(doubtful).capitalize()}: if so, nothing here holds; {REMEDY}."
        notices.append(Notice("sequence-name", text))
    if _swapped(judged):
        text = (
            "The t1 and the t1c image look swapped: vessels and tumor are brighter on t1. If so, "
            f"enhancement is wrong; {REMEDY}."
        )
        notices.append(Notice("t1-t1c-swapped", text))
    return tuple(notices)


def _scores(values: Values) -> Values:
    everywhere = np.ones(values.shape, dtype=bool)
    mean, deviation = brain_statistics(values, everywhere)
    if deviation <= FLAT * float(np.abs(values).max()):
        return np.zeros_like(values)
    return standardize(values, everywhere, (mean, deviation))


def _anatomy(values: Values, place: Place) -> Vector:
    """Measure the variance by depth and by block (logs of shares), and the symmetry, (3,)."""
    variance = max(float(values.var()), 1e-6)
    voxels = np.bincount(place.layer)
    by_layer = np.bincount(place.layer, values - values.mean()) / voxels.clip(1)
    by_depth = float(np.average(by_layer**2, weights=voxels)) / variance
    counts = np.bincount(place.block, minlength=place.n_blocks)
    means = np.bincount(place.block, values, place.n_blocks) / counts.clip(1)
    full = counts >= FULL_BLOCK
    left, right = np.split(means, 2)
    both = np.logical_and(*np.split(full, 2))
    by_block = float(means[full].var()) / variance
    shares = np.log(np.array([by_depth, by_block]) + 1e-4)
    return np.array([*shares, _correlation(left[both], right[both])])


def _neighbors(brain: NDArray[np.bool_], number: NDArray[np.intp], lag: int) -> NDArray[np.intp]:
    """Give the numbers of all voxels so far apart along an axis, (2, n_pairs)."""
    found = []
    for axis in range(3):
        inside, numbers = np.moveaxis(brain, axis, 0), np.moveaxis(number, axis, 0)
        both = inside[lag:] & inside[:-lag]
        found.append(np.stack([numbers[lag:][both], numbers[:-lag][both]]))
    return np.concatenate(found, axis=1)


def _correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Fisher's z of the correlation; 0 where one does not vary."""
    if first.size < 2:
        return 0.0
    a, b = first - first.mean(), second - second.mean()
    scale = np.sqrt(float(np.dot(a, a)) * float(np.dot(b, b)))
    return float(np.arctanh(0.99 * np.dot(a, b) / scale)) if scale > 0 else 0.0


def _unusual(name: MRSequence) -> Notice:
    text = (
        f"The intensities of the {name} image are unlike those the model was trained on: look "
        "whether it is a usual MR image, not inverted or computed; what is found may be wrong."
    )
    return Notice("unusual-intensities", text)


def _own(name: MRSequence, judged: Judged) -> float:
    """Probability of the name; t1 and t1c count as one, since weak enhancement hides in both."""
    names = WITH_T1 if name in WITH_T1 else {name}
    return sum(judged.posterior[other] for other in names)


def _mistaken(images: Mapping[MRSequence, Judged]) -> str:
    parts = []
    for name, one in images.items():
        other = max(one.posterior, key=lambda sequence: one.posterior[sequence])
        parts.append(
            f"the image given as {name} looks like {other} "
            f"(probability that it is {name}: {_own(name, one):.2g})"
        )
    return ", ".join(parts)


def _swapped(judged: Mapping[MRSequence, Judged]) -> bool:
    if not judged.keys() >= WITH_T1:
        return False
    t1, t1c = judged[MRSequence.T1].posterior, judged[MRSequence.T1C].posterior
    return min(t1[MRSequence.T1C], t1c[MRSequence.T1]) > SWAPPED
