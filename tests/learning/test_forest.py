"""Forests written and read."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from skops.io import dump

from gliokit.core.errors import BundleError
from gliokit.learning.forest import read_forests, write_forests


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32)


@pytest.fixture
def forest(rows) -> RandomForestClassifier:
    classes = (rows[:, 0] > 0) + 2 * (rows[:, 1] > 0.5)
    return RandomForestClassifier(8, max_leaf_nodes=20, random_state=0).fit(rows, classes)


def test_forests_answer_the_same_once_written_and_read(forest, rows, tmp_path):
    write_forests(tmp_path / "f.skops", [forest, forest])
    read = read_forests(tmp_path / "f.skops", features=6)
    assert len(read) == 2
    for own in read:
        assert np.array_equal(own.predict_proba(rows), forest.predict_proba(rows))


def test_forests_of_other_features_are_refused(forest, tmp_path):
    write_forests(tmp_path / "f.skops", [forest])
    with pytest.raises(BundleError, match="forests of 7 features"):
        read_forests(tmp_path / "f.skops", features=7)


@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize("value", [10**6, 0, -5])
def test_trees_whose_nodes_lead_nowhere_are_refused(forest, tmp_path, field, value):
    if (field, value) == ("feature", 0):
        value = 6  # 0 is a feature; 6 is one too many
    tree = forest.estimators_[3].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    inner = int(np.flatnonzero(tree.children_left >= 0)[1])
    state["nodes"][field][inner] = value
    tree.__setstate__(state)
    write_forests(tmp_path / "f.skops", [forest])
    with pytest.raises(BundleError, match="lead nowhere"):
        read_forests(tmp_path / "f.skops", features=6)


def test_other_models_are_refused(rows, tmp_path):
    dump([ExtraTreesClassifier(2).fit(rows, rows[:, 0] > 0)], tmp_path / "f.skops")
    with pytest.raises(BundleError, match="ExtraTrees"):
        read_forests(tmp_path / "f.skops", features=6)


def test_what_is_no_forest_is_refused(tmp_path):
    (tmp_path / "f.skops").write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match="does not hold forests"):
        read_forests(tmp_path / "f.skops", features=6)
    with pytest.raises(BundleError, match="does not hold forests"):
        read_forests(tmp_path / "none.skops", features=6)
