"""Agreement of readers on sizes and on response, with intervals over patients, and why it differs.

Readings are (patients, visits, readers, MEASURES). A product's agreement follows from that of its
factors: on the logarithm the two diameters add, so the spread of true sizes and the error of one
reader of the product are w'Sw and w'Ew with w = (1, 1), S and E the covariances of the two
diameters between images and within them. The product is read better than the longest diameter
alone if and only if

    (S22 + 2 S12) / (E22 + 2 E12) > S11 / E11:

what the perpendicular adds must have more spread for its error than the diameter has. If both
have the same spread and the same error, this is: sizes correlate more than errors do. The
product's error is up to twice a diameter's, but so is its spread.

Source: Shrout and Fleiss, Psychol Bull 1979;86:420-8, doi:10.1037/0033-2909.86.2.420 (components
and intervals of an ICC).
"""

from collections.abc import Callable
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from gliokit.evaluation.agreement import icc_agreement
from gliokit.evaluation.bootstrap import intervals

MEASURES = (
    "exact_diameter",
    "exact_perpendicular",
    "chosen_diameter",
    "chosen_perpendicular",
    "mixed_diameter",
    "mixed_perpendicular",
    "volume_seed",
    "volume_box",
    "truth",
)
MANNERS = ("exact", "chosen", "mixed")
VOLUMES = ("volume_seed", "volume_box")
DIMENSIONS = MappingProxyType({"diameter": 1, "area": 2, "volume": 3})
# least rise over the nadir that is progression, most fall from the first visit that is response,
# and least rise in the measure's unit: RECIST 1.1; Macdonald; modified RANO, rounded
OWN_LIMITS = MappingProxyType(
    {"diameter": (0.20, -0.30, 5.0), "area": (0.25, -0.50, 0.0), "volume": (0.40, -0.65, 0.0)}
)
# the same change of a ball for all three, that of Macdonald
PAIRED_LIMITS = MappingProxyType(
    {name: (1.25 ** (p / 2) - 1, 0.5 ** (p / 2) - 1, 0.0) for name, p in DIMENSIONS.items()}
)
RESAMPLES = 1000
SMALL_STUDY = (13, 2)  # Kanaly's patients, and readers of diameters
PUBLISHED_IMAGES = 57
PUBLISHED = MappingProxyType({"diameter": 0.42, "area": 0.61, "volume": 0.97})  # Kanaly


def figures(readings: NDArray[np.float64]) -> dict[str, object]:
    """Give all figures of a population: coefficients, differences, their reasons."""
    sizes = {name: size_of(name, readings) for name in size_names()}
    tables = {
        f"kappa_{rule}_{name}": pair_tables(categories(size, limits[kind_of(name)]))
        for name, size in sizes.items()
        for rule, limits in (("own", OWN_LIMITS), ("paired", PAIRED_LIMITS))
    }
    with_intervals = estimate(lambda rows: coefficients(sizes, tables, rows), len(readings))
    volumes = {name: sizes[name] / readings[..., -1] - 1 for name in VOLUMES}
    return {
        **with_intervals,
        "small_studies_in_order": {
            manner: ordered_share(sizes, manner, seed=0) for manner in MANNERS
        },
        "log_components": {manner: components_of(sizes, manner) for manner in MANNERS},
        "readers_diameter_95_percent_between": {
            manner: rounded(relative_differences(sizes[f"{manner}_diameter"])) for manner in MANNERS
        },
        "median_error_of_volume": {
            name: round(float(np.median(np.abs(error))), 3) for name, error in volumes.items()
        },
        "categories_by_truth": true_categories(readings),
    }


def size_names() -> tuple[str, ...]:
    """Name all sizes."""
    return (*(f"{manner}_{kind}" for manner in MANNERS for kind in ("diameter", "area")), *VOLUMES)


def kind_of(name: str) -> str:
    """Say whether a size is a diameter, an area or a volume."""
    return next(kind for kind in DIMENSIONS if kind in name)


def size_of(name: str, readings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Select a size, or multiply the two diameters, (patients, visits, readers)."""
    if kind_of(name) != "area":
        return readings[..., MEASURES.index(name)]
    longest = MEASURES.index(name.replace("area", "diameter"))
    return readings[..., longest] * readings[..., longest + 1]


def coefficients(
    sizes: dict[str, NDArray[np.float64]],
    tables: dict[str, NDArray[np.float64]],
    patients: NDArray[np.intp],
) -> dict[str, float]:
    """Compute every coefficient of these patients, and the differences between sizes."""
    found = {}
    for name, size in sizes.items():
        images = size[patients].reshape(-1, size.shape[-1])
        found[f"icc_{name}"] = icc_agreement(images)
        found[f"icc_log_{name}"] = icc_agreement(np.log(images))
    for name, table in tables.items():
        found[name] = mean_kappa(table[patients].sum(axis=0))
    for figure in ("icc", "icc_log", "kappa_own", "kappa_paired"):
        for manner in MANNERS:
            area = found[f"{figure}_{manner}_area"]
            found[f"{figure}_{manner}_area-diameter"] = area - found[f"{figure}_{manner}_diameter"]
            found[f"{figure}_{manner}_volume-area"] = found[f"{figure}_volume_box"] - area
    return found


def estimate(
    statistic: Callable[[NDArray[np.intp]], dict[str, float]], patients: int
) -> dict[str, list[float]]:
    """Give each figure with its 95 % interval over patients."""
    values = statistic(np.arange(patients))
    limits = intervals(
        lambda rows: np.array([*statistic(rows).values()]),
        patients=range(patients),
        seed=0,
        resamples=RESAMPLES,
    )
    return {
        name: rounded([value, *ends])
        for (name, value), ends in zip(values.items(), limits.tolist(), strict=True)
    }


def categories(sizes: NDArray[np.float64], limits: tuple[float, float, float]) -> NDArray[np.int64]:
    """Call each later visit response (0), stable (1) or progression (2).

    Of sizes (patients, visits, readers); one visit less. Progression is judged from the smallest
    size so far, response from the first visit.
    """
    rise, fall, least = limits
    nadir = np.minimum.accumulate(sizes, axis=1)[:, :-1]
    later = sizes[:, 1:]
    grown = (later >= nadir * (1 + rise)) & (later - nadir >= least)
    shrunk = later <= sizes[:, :1] * (1 + fall)
    return np.where(grown, 2, np.where(shrunk, 0, 1))


def pair_tables(called: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count for each patient and pair of readers who called what, (patients, pairs, 3, 3)."""
    one = np.eye(3)[called]  # (patients, visits, readers, 3)
    pairs = np.array([*combinations(range(called.shape[-1]), 2)])
    return np.einsum("pvki,pvkj->pkij", one[:, :, pairs[:, 0]], one[:, :, pairs[:, 1]])


def mean_kappa(tables: NDArray[np.float64]) -> float:
    """Average Cohen's kappa over pairs of readers, given as tables (pairs, 3, 3).

    Pairs who both call all visits the same have none and are left out; `nan` if all do.
    """
    total = tables.sum(axis=(1, 2))
    agreed = np.trace(tables, axis1=1, axis2=2) / total
    chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / total**2
    told = chance < 1
    return float(np.mean(((agreed - chance)[told]) / (1 - chance[told]))) if told.any() else np.nan


def ordered_share(sizes: dict[str, NDArray[np.float64]], manner: str, *, seed: int) -> list[float]:
    """Say how often small studies find area above diameter, and volume above both, by the ICC."""
    rng = np.random.default_rng(seed)
    names = (f"{manner}_diameter", f"{manner}_area", "volume_box")
    n, _, readers = sizes["volume_box"].shape
    found = []
    for _ in range(RESAMPLES):
        patients = rng.integers(n, size=SMALL_STUDY[0])
        two = rng.choice(readers, SMALL_STUDY[1], replace=False)
        found.append(
            [icc_agreement(sizes[k][patients][..., two].reshape(-1, len(two))) for k in names]
        )
    diameter, area, volume = np.array(found).T
    return rounded([np.mean(area > diameter), np.mean((volume > area) & (area > diameter))])


def components_of(sizes: dict[str, NDArray[np.float64]], manner: str) -> dict[str, list[float]]:
    """Tell spread and error of the logarithms of the diameter and its perpendicular."""
    longest = sizes[f"{manner}_diameter"]
    across = sizes[f"{manner}_area"] / longest
    both = np.log(np.stack([longest, across], axis=-1)).reshape(-1, longest.shape[-1], 2)
    spread, error = components(both)
    return {
        "spread_sd": rounded(np.sqrt(np.diag(spread))),
        "error_sd": rounded(np.sqrt(np.diag(error))),
        "correlation_of_spread_and_of_error": rounded([correlation(spread), correlation(error)]),
        "icc_diameter_perpendicular_product": rounded(
            [icc_of_sum(w, spread, error) for w in ((1, 0), (0, 1), (1, 1))]
        ),
    }


def components(readings: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split measures (images, readers, m) into spread between images and error of one reader.

    Covariances (m, m) by analysis of variance, as ICC(2,1) has them: the error holds the readers'
    habits. For any weights `icc_of_sum` of them is the ICC of the weighted sum.
    """
    n, k, _ = readings.shape
    mean = readings.mean(axis=(0, 1))
    image = readings.mean(axis=1) - mean
    habit = readings.mean(axis=0) - mean
    left = readings - mean - image[:, None] - habit
    of_image, of_habit = k * image.T @ image / (n - 1), n * habit.T @ habit / (k - 1)
    of_left = np.einsum("nki,nkj->ij", left, left) / ((n - 1) * (k - 1))
    return (of_image - of_left) / k, of_left + (of_habit - of_left) / n


def icc_of_sum(
    weights: tuple[float, ...], spread: NDArray[np.float64], error: NDArray[np.float64]
) -> float:
    """Give the ICC of a weighted sum from the covariances (m, m) of its terms."""
    w = np.array(weights, dtype=np.float64)
    return float(w @ spread @ w / (w @ (spread + error) @ w))


def correlation(covariance: NDArray[np.float64]) -> float:
    """Give the correlation of two measures."""
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def relative_differences(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between what 95 % of the differences of two readers lie, as a share of their mean, (2,)."""
    a, b = np.array([*combinations(range(sizes.shape[-1]), 2)]).T
    difference = 2 * (sizes[..., a] - sizes[..., b]) / (sizes[..., a] + sizes[..., b])
    both_ways = np.concatenate([difference.ravel(), -difference.ravel()])
    return np.quantile(both_ways, [0.025, 0.975])


def true_categories(readings: NDArray[np.float64]) -> list[int]:
    """Count responses, stable visits and progressions of the true volume."""
    called = categories(readings[..., :1, -1], OWN_LIMITS["volume"])
    return np.bincount(called.ravel(), minlength=3).tolist()


def published() -> dict[str, list[float]]:
    """Give Kanaly's coefficients with their intervals, were the images independent."""
    return {
        name: rounded([icc, *published_interval(icc, PUBLISHED_IMAGES)])
        for name, icc in PUBLISHED.items()
    }


def published_interval(icc: float, images: int, *, level: float = 0.95) -> tuple[float, float]:
    """Give the interval of an ICC of two readers, were its images independent of each other."""
    ratio = (1 + icc) / (1 - icc)  # of the mean squares between and within images
    edge = float(fdtri(images - 1, images - 1, (1 + level) / 2))
    low, high = ((f - 1) / (f + 1) for f in (ratio / edge, ratio * edge))
    return low, high


def rounded(values: object) -> list[float]:
    """Round to three decimals."""
    return np.asarray(values, dtype=np.float64).round(3).tolist()
