"""Does a prediction fit its own study better than another one's?

A system that learnt nothing about a study may still score well: tumors lie in similar places and
have similar sizes. Under the null hypothesis that predictions and studies belong together no more
than any other pairing, every pairing is as likely as the true one; its mean score is compared with
all of them, or with random ones where there are too many.

Source: Good, Permutation, Parametric, and Bootstrap Tests of Hypotheses, Springer 2005, chapter 3,
doi:10.1007/b138696.
"""

from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import ArrayLike


def matched_p_value(scores: ArrayLike, *, seed: int, most: int = 10_000) -> float:
    """Give the chance of pairings that score at least as well as the true one.

    Parameters
    ----------
    scores : (n, n)
        Score of prediction i against the reference of study j, one study per patient; the true
        pairs are on the diagonal.
    seed : int
        Of the random pairings.
    most : int
        Pairings that are looked at; all of them if there are no more.

    Returns
    -------
    float
        Above 0, at most 1; the true pairing counts as one.

    Raises
    ------
    ValueError
        If the scores are not square, not finite, or of fewer than four studies, where no pairing
        is rare.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) < 4:
        raise ValueError(f"scores are {table.shape}; needed (n, n) of four or more studies")
    if not np.isfinite(table).all():
        raise ValueError("some scores are not finite; give undefined ones a stated penalty")
    n = len(table)
    if factorial(n) <= most:
        pairings = np.array(list(permutations(range(n))))
    else:
        rng = np.random.default_rng(seed)
        drawn = [rng.permutation(n) for _ in range(most - 1)]
        pairings = np.array([np.arange(n), *drawn])
    means = table[np.arange(n), pairings].mean(axis=1)
    # sums of the same numbers in another order differ in the last bit
    return float(np.mean(means >= table.trace() / n - 1e-12))
