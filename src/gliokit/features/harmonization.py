"""ComBat: take out of each feature what the site adds and how much it scatters.

Each feature is modelled as an overall level, the effect of covariates that are to be kept (such as
age), and of each site a shift and a scale. These are drawn towards what they are on average over
the features of that site (parametric empirical Bayes), so that small sites are not overfitted.

Everything is learnt from the rows given to `fit`: harmonized before the split, with the outcome
among the covariates, features of pure noise tell the outcome (`tests/features/test_leaks.py`). In
a fold the outcome cannot be a covariate, since rows to answer for have none. Where sites differ in
what patients they see, ComBat takes that difference out too, unless a covariate carries it.

Source: Johnson et al., Biostatistics 2007;8:118-27, doi:10.1093/biostatistics/kxj037; for
radiomics: Orlhac et al., J Nucl Med 2018;59:1321-8, doi:10.2967/jnumed.117.199935; the leak:
Nygaard et al., Biostatistics 2016;17:29-39, doi:10.1093/biostatistics/kxv027.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

TOLERANCE = 1e-6  # relative change of shift and scale at which the iteration ends
STEPS = 1000
FLAT = 1e-10  # residual spread over the feature's size: rounding, not scatter


class UnknownSite(StrEnum):
    """What becomes of a row whose site `fit` did not see."""

    REFUSE = "refuse"
    LEAVE = "leave"  # as measured: taken for a site without shift, of average scatter


@dataclass(frozen=True, slots=True, eq=False)
class SiteEffect:
    """What a site does to each feature, in units of its residual standard deviation.

    Attributes
    ----------
    shift, scale : (p,)
        Added, and multiplied.
    """

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]


class ComBat(TransformerMixin, BaseEstimator):
    """Harmonize features between sites.

    Site and covariates are columns of X, so that they go through folds with their rows. The column
    of the site is left out of what is given back; covariates stay as they are. Unknown values of
    features stay unknown and teach nothing.

    Parameters
    ----------
    site : int
        Column with the number of the site.
    covariates : sequence of int
        Columns whose effect is kept; classes as 0 and 1.
    unknown : str
        What becomes of rows of a site that `fit` did not see: an `UnknownSite`.

    Attributes
    ----------
    sites_ : (n_sites,)
        Numbers of the sites, rising.
    features_ : (p,)
        Columns that are harmonized.
    level_, residual_sd_ : (p,)
        Mean over the rows at the sites' average, and residual standard deviation; 0 where a
        feature does not vary, which is left as it is.
    center_ : (n_covariates,)
        Mean of each covariate.
    covariate_effects_ : (n_covariates, p)
        Per unit of each covariate from its mean.
    effects_ : list of SiteEffect
        Of each site. Of a site with one row only the shift is estimated, of a single site nothing.
    """

    def __init__(
        self,
        *,
        site: int = 0,
        covariates: Sequence[int] = (),
        unknown: str = "refuse",
    ) -> None:
        self.site = site
        self.covariates = covariates
        self.unknown = unknown

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn from rows (n_studies, n_features) with their site.

        Raises
        ------
        ValueError
            If there is no feature beside site and covariates, a site or covariate is unknown, a
            feature is known at too few sites, or the covariates tell the site.
        """
        rows = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        self._choose_columns(rows.shape[1])
        site, covariates = self._split(rows)
        self.sites_ = np.unique(site)
        member = site[:, None] == self.sites_  # (n, sites)
        self.center_ = covariates.mean(axis=0)
        values = rows[:, self.features_]
        design = np.column_stack([member, covariates - self.center_])
        fitted = _regress(design, values)
        sites = self.sites_.size
        counts = member.T @ (~np.isnan(values)).astype(np.float64)  # (sites, p)
        self.level_ = (counts * fitted[:sites]).sum(axis=0) / counts.sum(axis=0)
        self.covariate_effects_ = fitted[sites:]
        self.residual_sd_ = _spread(values - design @ fitted, values)
        standard = self._standardize(values, covariates)
        if sites == 1:  # nothing to be alike to
            features = self.features_.size
            self.effects_ = [SiteEffect(np.zeros(features), np.ones(features))]
        else:
            self.effects_ = [_estimate(standard[there]) for there in member.T]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give covariates and harmonized features, in the order of X without the site.

        Raises
        ------
        ValueError
            If a site or covariate is unknown, or a site was not seen by `fit` and is refused.
        """
        check_is_fitted(self)
        rows = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False, copy=True
        )
        site, covariates = self._split(rows)
        unseen = ~np.isin(site, self.sites_)
        if unseen.any() and UnknownSite(self.unknown) is UnknownSite.REFUSE:
            raise ValueError(
                f"site {site[unseen][0]:g} was not among the {self.sites_.size} learnt from; fit "
                "with rows of it, or leave such rows as measured (unknown='leave')"
            )
        standard = self._standardize(rows[:, self.features_], covariates)
        adjusted = standard.copy()
        for number, effect in zip(self.sites_, self.effects_, strict=True):
            there = site == number
            adjusted[there] = (standard[there] - effect.shift) / effect.scale
        rows[:, self.features_] += (adjusted - standard) * self.residual_sd_
        return np.delete(rows, self.site, axis=1)

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> NDArray[np.str_]:
        """Name the columns that `transform` gives."""
        check_is_fitted(self)
        return np.delete(_check_feature_names_in(self, input_features), self.site)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _choose_columns(self, count: int) -> None:
        others = {column % count for column in (self.site, *self.covariates)}
        if len(others) <= len(self.covariates) or len(others) >= count:
            raise ValueError(
                f"{count} feature(s) with the site in column {self.site} and covariates in "
                f"{list(self.covariates)}; needed columns of their own, and one feature or more"
            )
        self.features_ = np.array([column for column in range(count) if column not in others])

    def _split(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the site (n,) and the covariates (n, k), all known."""
        site, covariates = X[:, self.site], X[:, list(self.covariates)]
        for name, column in (("site", site[:, None]), ("covariate", covariates)):
            if unknown := int(np.isnan(column).any(axis=1).sum()):
                raise ValueError(f"the {name} is unknown (NaN) in {unknown} rows; fill it")
        return site, covariates

    def _standardize(
        self, values: NDArray[np.float64], covariates: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give values (n, p) less level and covariates, in residual standard deviations."""
        expected = self.level_ + (covariates - self.center_) @ self.covariate_effects_
        spread = np.where(self.residual_sd_ > 0, self.residual_sd_, np.inf)
        return (values - expected) / spread


def _regress(design: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit each feature (n, p) by least squares over the rows that know it, (k, p)."""
    fitted = np.empty((design.shape[1], values.shape[1]))
    known = ~np.isnan(values)
    patterns, pattern = np.unique(known, axis=1, return_inverse=True)
    for number, rows in enumerate(patterns.T):
        columns = pattern.ravel() == number
        part = design[rows]
        if np.linalg.matrix_rank(part) < design.shape[1]:
            raise ValueError(
                f"{np.count_nonzero(columns)} features are known in {len(part)} rows, which do not "
                "tell sites and covariates apart; leave out features that a site lacks, or "
                "covariates that follow the site"
            )
        fitted[:, columns] = np.linalg.lstsq(part, values[np.ix_(rows, columns)])[0]
    return fitted


def _spread(residuals: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square of residuals (n, p); 0 where it is no more than rounding."""
    spread = np.sqrt(np.nanmean(residuals**2, axis=0))
    return np.where(spread > FLAT * np.nanmax(np.abs(values), axis=0), spread, 0.0)


def _estimate(standard: NDArray[np.float64]) -> SiteEffect:
    """Estimate what one site does from its standardized rows (n, p)."""
    counts = np.count_nonzero(~np.isnan(standard), axis=0)
    shift = np.nanmean(standard, axis=0)
    squares = np.nansum((standard - shift) ** 2, axis=0)
    # of one row, or of a feature that does not vary here, the scale is not known
    scaled = (counts > 1) & (squares > 0)
    variance = np.where(scaled, squares / np.maximum(counts - 1, 1), 1.0)
    varying = (shift != 0) | (squares > 0)  # not left as they are
    if np.count_nonzero(varying) < 2:  # one feature tells nothing of the others
        return SiteEffect(shift, np.sqrt(variance))
    prior_shift, prior_variance = shift[varying].mean(), shift[varying].var(ddof=1)
    shape, rate = _inverse_gamma(variance[scaled])
    new_shift, new_variance = shift, variance
    for _ in range(STEPS):
        before = new_shift, new_variance
        weight = counts * prior_variance
        new_shift = (weight * shift + new_variance * prior_shift) / (weight + new_variance)
        around = squares + counts * (shift - new_shift) ** 2
        if np.isfinite(shape):
            drawn = (rate + around / 2) / (counts / 2 + shape - 1)
            new_variance = np.where(scaled, drawn, 1.0)
        if _as_before((new_shift, new_variance), before):
            return SiteEffect(new_shift, np.sqrt(new_variance))
    raise ValueError(
        f"shift and scale of a site with {len(standard)} rows do not settle in {STEPS} steps; look "
        "for features with extreme values"
    )


def _as_before(new: Sequence[NDArray[np.float64]], old: Sequence[NDArray[np.float64]]) -> bool:
    """Whether nothing has changed by more than the tolerance."""
    return all(
        bool(np.all(np.abs(now - then) <= TOLERANCE * np.maximum(np.abs(then), TOLERANCE)))
        for now, then in zip(new, old, strict=True)
    )


def _inverse_gamma(variances: NDArray[np.float64]) -> tuple[float, float]:
    """Shape and rate of the prior, by moments; infinite if variances (k,) do not differ."""
    if variances.size < 2:
        return np.inf, np.inf
    mean, spread = float(variances.mean()), float(variances.var(ddof=1))
    if spread <= (FLAT * mean) ** 2:
        return np.inf, np.inf
    return mean**2 / spread + 2, mean * (mean**2 / spread + 1)
