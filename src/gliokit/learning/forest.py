"""Random forests: written as skops, and read with every node checked.

skops runs no code of a file, but scikit-learn follows the nodes of a tree without looking whether
they exist. A file made to harm could crash the process: such trees are refused before they are
asked anything.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from skops.io import dump, load
from skops.io.exceptions import UntrustedTypesFoundException

from gliokit.core.errors import BundleError

CHECKED = "sklearn.tree._tree.Tree"  # what skops leaves to the reader
LEAF = -1


def write_forests(path: Path, forests: Sequence[RandomForestClassifier]) -> None:
    """Write fitted forests."""
    dump(list(forests), path, compression=zipfile.ZIP_DEFLATED, compresslevel=6)


def read_forests(path: Path, *, features: int) -> list[RandomForestClassifier]:
    """Read forests that were fitted on rows of so many features.

    Raises
    ------
    BundleError
        If the file holds anything else, or a tree whose nodes lead nowhere.
    """
    try:
        forests = load(path, trusted=[CHECKED])
        for forest in forests:
            _check_forest(forest, features)
    except (
        *(OSError, ValueError, TypeError, KeyError, AttributeError),
        *(zipfile.BadZipFile, UntrustedTypesFoundException),
    ) as error:
        raise BundleError(
            f"{path} does not hold forests of {features} features: {error}; give the settings "
            "that they were trained with, or train again"
        ) from error
    return list(forests)


def _check_forest(forest: RandomForestClassifier, features: int) -> None:
    if not isinstance(forest, RandomForestClassifier) or forest.n_features_in_ != features:
        raise ValueError(f"found {forest!r} of {getattr(forest, 'n_features_in_', 'no')} features")
    for member in forest.estimators_:
        tree = member.tree_
        numbers = np.arange(tree.node_count)
        leaf = tree.children_left == LEAF
        # a child comes after its parent: no way leads round in a circle
        children = np.stack([tree.children_left, tree.children_right])[:, ~leaf]
        sound = (
            tree.n_features == features
            and np.array_equal(leaf, tree.children_right == LEAF)
            and bool((children > numbers[~leaf]).all())
            and bool((children < tree.node_count).all())
            and bool((tree.feature[~leaf] >= 0).all())
            and bool((tree.feature[~leaf] < features).all())
            and tree.value.shape == (tree.node_count, 1, len(forest.classes_))
        )
        if not sound:
            raise ValueError("the nodes of a tree lead nowhere")
