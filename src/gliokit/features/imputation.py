"""Fill gaps by the median, and keep as information which region was not there.

A tumor without enhancement has no texture of the enhancing part: all its features are unknown
together, and that they are says more of the tumor than any of them. Features unknown in exactly
the same rows of the training side are taken for one absent part (a region, a sequence) and get one
column, 1 where the whole part is absent. Everything is learnt from the rows given to `fit`.

The filled number itself means nothing: in such a row it is what the other tumors have.

Source: indicators of gaps: Van Buuren, Flexible Imputation of Missing Data, 2018, section 1.3.7,
where they are discouraged for gaps by chance. Here a gap is a finding.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

LEAST_ROWS = 5  # assumed: of fewer nothing can be learnt


class RegionImputer(TransformerMixin, BaseEstimator):
    """Median of each feature, and an indicator of each absent part.

    Parameters
    ----------
    least_rows : int
        A part gets its indicator if so many rows lack it and as many have it.

    Attributes
    ----------
    medians_ : (n_features,)
        Of the known values; `nan` for a feature that no row knows, which is left out.
    parts_ : list of (m,)
        Columns of each part, by the first of them.
    """

    def __init__(self, *, least_rows: int = LEAST_ROWS) -> None:
        self.least_rows = least_rows

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn from features (n_studies, n_features), unknown ones `nan`.

        Raises
        ------
        ValueError
            If a value is infinite, or every value is unknown.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        gaps = np.isnan(values)
        if gaps.all():
            raise ValueError("every value is unknown; give rows with known values")
        known = ~gaps.all(axis=0)
        self.medians_ = np.full(known.size, np.nan)
        self.medians_[known] = np.nanmedian(values[:, known], axis=0)
        self.parts_ = [
            part
            for part in _absent_together(gaps)
            if self.least_rows <= gaps[:, part[0]].sum() <= len(gaps) - self.least_rows
        ]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give known features filled, then the indicators, (n_studies, n_out)."""
        check_is_fitted(self)
        values = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        gaps = np.isnan(values)
        absent = [gaps[:, part].all(axis=1).astype(np.float64) for part in self.parts_]
        filled = np.where(gaps, self.medians_, values)[:, ~np.isnan(self.medians_)]
        return np.column_stack([filled, *absent])

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> NDArray[np.str_]:
        """Name the columns that `transform` gives."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array(
            [*names[~np.isnan(self.medians_)], *_name_parts(names, self.parts_)], dtype=object
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _absent_together(gaps: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Group the columns of gaps (n, p) that are unknown in the same rows."""
    columns = np.flatnonzero(gaps.any(axis=0))
    if not columns.size:
        return []
    _, group = np.unique(gaps[:, columns], axis=1, return_inverse=True)
    parts = [columns[group.ravel() == number] for number in range(group.max() + 1)]
    return sorted(parts, key=lambda part: int(part[0]))


def _name_parts(names: NDArray[np.str_], parts: Sequence[NDArray[np.intp]]) -> list[str]:
    """Call each part `absent_` and what its features' names share, else the first of them."""
    made: list[str] = []
    for part in parts:
        words = [str(name).split("_") for name in names[part]]
        shared = [word for word in words[0] if all(word in other for other in words)]
        name = "absent_" + ("_".join(shared) or str(names[part[0]]))
        made.append(f"absent_{names[part[0]]}" if name in made else name)
    return made
