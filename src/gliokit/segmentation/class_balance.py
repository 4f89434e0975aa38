"""Classes drawn alike in training, and how frequent they are in brains.

A classifier that has seen every class equally often says how likely a voxel is where classes are
equally frequent. What that means in a brain follows from Bayes' rule: one number is added to the
logarithm of each class.

Source: Saerens et al., Neural Comput 2002;14:21-41, doi:10.1162/089976602753284446.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

ABSENT = 1e-6  # frequency of a class that is never seen


def log_odds_in_brains(
    counts: Sequence[ArrayLike], *, strength: float = 1.0
) -> NDArray[np.float32]:
    """Give what is added to logits that were learnt from classes drawn alike in each study.

    Parameters
    ----------
    counts : sequence of (classes,)
        Voxels of each class in each study; studies count alike.
    strength : float
        1 for the frequencies of the brain, 0 for equal ones, between them a compromise: small
        classes are found more often than they are there.

    Returns
    -------
    (classes,)
        A class that no study has is as good as excluded.
    """
    voxels = np.array(counts, dtype=np.float64)
    there = voxels > 0
    drawn = (there / there.sum(axis=1, keepdims=True)).mean(axis=0)
    frequent = (voxels / voxels.sum(axis=1, keepdims=True)).mean(axis=0)
    odds = np.maximum(frequent, ABSENT) / np.where(drawn > 0, drawn, 1.0)
    return (strength * np.log(odds)).astype(np.float32)


def draw_classes(
    rows: Mapping[int, NDArray[np.generic]], number: int, rng: np.random.Generator
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Draw rows, each class that has some as likely as the others.

    Parameters
    ----------
    rows : mapping of int to (n, ...)
        Rows of each class; of at least one class there are some.

    Returns
    -------
    (number, ...), (number,)
        Rows and their classes, sorted by class.
    """
    there = [value for value, own in sorted(rows.items()) if len(own)]
    classes = np.sort(rng.choice(there, number))
    drawn = [
        rows[value][rng.integers(len(rows[value]), size=np.count_nonzero(classes == value))]
        for value in there
    ]
    return np.concatenate(drawn), classes
