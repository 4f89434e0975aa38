"""What each tissue looks like in one study, and how bright the coil made it.

The intensities of all sequences together are a mixture of Gaussians: white matter, gray matter,
fluid, and the rest (vessels, dura, lesions). Deep gray lies between white and gray, and voxels at
the edge of fluid lie between it and tissue; their Gaussians follow from the others and learn
nothing, so that edges do not pass for a tissue. Each tissue's weight at a voxel is its prior there.
Expectation maximization alternates with a least squares fit of the coil's brightness, the
exponential of a polynomial in space. A voxel that is far from every tissue counts little, so that
a tumor does not rule the Gaussians.

Source: Ashburner and Friston, NeuroImage 2005;26:839-51, doi:10.1016/j.neuroimage.2005.02.018
(mixture, priors and brightness in one model); Van Leemput et al., IEEE Trans Med Imaging
1999;18:897-908, doi:10.1109/42.811270 (brightness as a polynomial), and 2001;20:677-88,
doi:10.1109/42.938237 (voxels that no tissue explains); 2003;22:105-19,
doi:10.1109/TMI.2002.806587 (mixed voxels). How edges are weighted is gliokit's own.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.stats import chi2

from gliokit.preprocessing.tissue_priors import NORMAL, Tissue

DEGREE = 3  # of the polynomial
ROUNDS, BEFORE_BIAS = 30, 3  # of expectation maximization; the first without brightness
CLOSE = 1e-3  # change of the means against the spread of intensities at which it has converged
TYPICAL = 0.999  # share of a tissue's voxels that count fully
# of the brain's variance, added to each tissue's; to the rest, so that it takes no tissue away
RIDGE, RIDGE_OF_REST = 1e-2, 0.1
STEEPEST = 1.0  # logarithm of brightness against its middle
DARKEST = 0.05  # of the brain's median: darker voxels tell nothing of brightness
SMOOTH = 1e-5  # weight of the polynomial's own size in its fit
SURE = 0.5  # share of solid tissue from which a voxel tells of brightness
EVEN = 1 / 12  # variance of a share that is spread evenly over 0-1
# assumed: edges of gray and of white matter against fluid, as multiples of fluid; chosen on eight
# simulated patients
GRAY_EDGES, WHITE_EDGES = 2.0, 1.2


class Part(IntEnum):
    """A Gaussian; the first four are fitted."""

    WHITE = 0
    GRAY = 1
    FLUID = 2
    REST = 3
    DEEP = 4  # between white and gray
    GRAY_EDGE = 5  # between gray and fluid
    WHITE_EDGE = 6


FITTED = 4
SOLID = [Part.WHITE, Part.GRAY, Part.DEEP]
BETWEEN = ((Part.WHITE, Part.GRAY), (Part.GRAY, Part.FLUID), (Part.WHITE, Part.FLUID))


@dataclass(frozen=True, slots=True)
class TissueMixture:
    """Gaussians in corrected intensities, and the correction.

    Attributes
    ----------
    means : (7, C)
        Of each `Part` in C sequences.
    covariances : (7, C, C)
        Likewise.
    bias : (terms, C)
        Of the logarithm of brightness, against `polynomial`.
    """

    means: NDArray[np.float64]
    covariances: NDArray[np.float64] = field(repr=False)
    bias: NDArray[np.float64] = field(repr=False)

    def corrected(
        self, values: NDArray[np.float32], places: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Divide intensities (n, C) at places (n, 3), each -1 to 1, by the brightness there."""
        return _without(self.bias, values, polynomial(places))


def part_priors(tissues: NDArray[np.float32], rest: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability of each `Part`, (7, n), from that of `NORMAL` tissues (5, n).

    Parameters
    ----------
    rest : (n,)
        Probability of what is no normal tissue.
    """
    of = dict(zip(NORMAL, tissues, strict=True))
    fluid = of[Tissue.CSF] + of[Tissue.VENTRICLE]
    parts = np.empty((len(Part), len(fluid)), dtype=np.float32)
    parts[Part.WHITE], parts[Part.GRAY] = of[Tissue.WHITE], of[Tissue.GRAY]
    parts[Part.DEEP], parts[Part.FLUID], parts[Part.REST] = of[Tissue.DEEP_GRAY], fluid, 0
    parts[Part.GRAY_EDGE], parts[Part.WHITE_EDGE] = GRAY_EDGES * fluid, WHITE_EDGES * fluid
    parts *= (1 - rest) / parts.sum(axis=0)
    parts[Part.REST] = rest
    return parts


def fit_mixture(
    values: NDArray[np.float32], places: NDArray[np.float32], priors: NDArray[np.float32]
) -> TissueMixture:
    """Fit the Gaussians and the brightness.

    Parameters
    ----------
    values : (n, C)
        Intensities of n voxels of the brain in C sequences, about 1 in the middle.
    places : (n, 3)
        Where they lie, each -1 to 1.
    priors : (7, n)
        Of each `Part`.
    """
    terms = polynomial(places)
    bias = np.zeros((terms.shape[1], values.shape[1]))
    scale = values.std(axis=0, dtype=np.float64)
    ridges = np.array([RIDGE_OF_REST if part is Part.REST else RIDGE for part in Part][:FITTED])
    ridge = ridges[:, None, None] * np.diag(scale**2)
    corrected, shares = values, priors
    means = np.full((len(Part), values.shape[1]), np.inf)
    for number in range(ROUNDS):
        before = means
        means, covariances = _with_between(*_moments(corrected, shares[:FITTED], ridge))
        shares = _shares(corrected, means, covariances, priors)
        if np.abs((means - before) / scale).max() < CLOSE:
            break
        if number >= BEFORE_BIAS:
            bias = _fit_bias(values, terms, shares[SOLID], means[SOLID])
            corrected = _without(bias, values, terms)
    return TissueMixture(means, covariances, bias)


def classify(
    mixture: TissueMixture, corrected: NDArray[np.float32], priors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Tell what voxels are made of, from their corrected intensities (n, C).

    A voxel at an edge is fluid if more than half of it is.

    Returns
    -------
    (5, n)
        Probability of the fitted parts and of deep gray, in the order of `Part`.
    """
    logs = _log_densities(corrected, mixture.means, mixture.covariances)
    shares = _posteriors(logs, priors)
    found = shares[: Part.DEEP + 1]
    for edge, (solid, fluid) in zip((Part.GRAY_EDGE, Part.WHITE_EDGE), BETWEEN[1:], strict=True):
        wet = _share_of_fluid(mixture, corrected, solid) > 0.5
        found[fluid] += np.where(wet, shares[edge], 0)
        found[solid] += np.where(wet, 0, shares[edge])
    return found


def polynomial(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the terms of a polynomial of three variables but for the constant one, (n, terms)."""
    x, y, z = (_legendre(axis) for axis in places.T)
    powers = product(range(DEGREE + 1), repeat=3)
    return np.stack([x[i] * y[j] * z[k] for i, j, k in powers if 0 < i + j + k <= DEGREE], axis=1)


def _legendre(x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    squared = x * x
    terms: list[NDArray[np.floating]] = [
        np.ones_like(x),
        x,
        (3 * squared - 1) / 2,
        x * (5 * squared - 3) / 2,
    ]
    return [term.astype(np.float32) for term in terms]


def _without(
    bias: NDArray[np.float64], values: NDArray[np.float32], terms: NDArray[np.float32]
) -> NDArray[np.float32]:
    return values * np.exp(-(terms @ bias.astype(np.float32)))


def _moments(
    values: NDArray[np.float32], shares: NDArray[np.float32], ridge: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (K, C) and covariance (K, C, C) of values (n, C) under shares (K, n)."""
    totals = shares.sum(axis=1, dtype=np.float64) + 1e-6
    means = (shares @ values).astype(np.float64) / totals[:, None]
    covariances = []
    for share, mean, total in zip(shares, means, totals, strict=True):
        apart = values - mean.astype(np.float32)
        covariances.append((apart * share[:, None]).T @ apart / total)
    return means, np.asarray(covariances, dtype=np.float64) + ridge


def _with_between(
    means: NDArray[np.float64], covariances: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Append the Gaussians of voxels that lie anywhere between two tissues."""
    middles = [(means[a] + means[b]) / 2 for a, b in BETWEEN]
    spreads = [
        (covariances[a] + covariances[b]) / 2
        + EVEN * np.outer(means[a] - means[b], means[a] - means[b])
        for a, b in BETWEEN
    ]
    return np.concatenate([means, middles]), np.concatenate([covariances, spreads])


def _shares(
    values: NDArray[np.float32],
    means: NDArray[np.float64],
    covariances: NDArray[np.float64],
    priors: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Share of each part in each voxel (7, n), less where the voxel is typical of none."""
    logs = _log_densities(values, means, covariances)
    shares = _posteriors(logs, priors)
    limits = _log_peaks(covariances) - chi2.ppf(TYPICAL, values.shape[1]) / 2
    limits[Part.REST] = -np.inf  # whatever is rare belongs there
    return shares / (1 + np.exp((limits.astype(np.float32)[:, None] - logs).clip(-60, 60)))


def _log_densities(
    values: NDArray[np.float32], means: NDArray[np.float64], covariances: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Logarithm of each density at values (n, C) but for a constant, (K, n)."""
    logs = np.empty((len(means), len(values)), dtype=np.float32)
    peaks = _log_peaks(covariances)
    for row, (mean, covariance, peak) in enumerate(zip(means, covariances, peaks, strict=True)):
        white = solve_triangular(np.linalg.cholesky(covariance), np.eye(len(mean)), lower=True)
        apart = (values - mean.astype(np.float32)) @ white.T.astype(np.float32)
        logs[row] = peak - 0.5 * np.einsum("nc,nc->n", apart, apart)
    return logs


def _log_peaks(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the density at the mean, but for a constant, (K,)."""
    return -0.5 * np.linalg.slogdet(covariances)[1]


def _posteriors(logs: NDArray[np.float32], priors: NDArray[np.float32]) -> NDArray[np.float32]:
    weighted = np.exp(logs - logs.max(axis=0)) * priors + np.float32(1e-30)
    return weighted / weighted.sum(axis=0)


def _share_of_fluid(
    mixture: TissueMixture, values: NDArray[np.float32], solid: Part
) -> NDArray[np.float32]:
    """Share of fluid, (n,), of voxels that hold it and one tissue."""
    apart = mixture.means[Part.FLUID] - mixture.means[solid]
    spread = (mixture.covariances[Part.FLUID] + mixture.covariances[solid]) / 2
    weights = np.linalg.solve(spread, apart)
    weights /= weights @ apart
    return (values - mixture.means[solid].astype(np.float32)) @ weights.astype(np.float32)


def _fit_bias(
    values: NDArray[np.float32],
    terms: NDArray[np.float32],
    shares: NDArray[np.float32],
    means: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fit the logarithm of brightness, (terms, C), to white and gray matter (shares (3, n)).

    Fluid is left out: its darkness in some sequences would count too much.
    """
    weights = shares.sum(axis=0)
    expected = (shares.T @ means.astype(np.float32)) / weights.clip(1e-6)[:, None]
    fitted = np.zeros((terms.shape[1], values.shape[1]))
    for channel, (seen, wanted) in enumerate(zip(values.T, expected.T, strict=True)):
        used = (seen > DARKEST) & (wanted > DARKEST) & (weights > SURE)
        if not used.any():
            continue
        rows = terms[used]
        rows = rows - rows.mean(axis=0)
        logs = np.log(seen[used] / wanted[used]).clip(-STEEPEST, STEEPEST)
        normal = (rows.T @ rows).astype(np.float64) + SMOOTH * len(rows) * np.eye(rows.shape[1])
        fitted[:, channel] = cho_solve(cho_factor(normal), rows.T @ (logs - logs.mean()))
    return fitted
