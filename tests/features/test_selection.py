"""Which features are kept: of copies one, and of noise what chance allows."""

import numpy as np
import pytest

from gliokit.features.ranking import with_hazard
from gliokit.features.selection import RedundancySelector, StabilitySelector, UnivariateSelector


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_of_each_family_of_copies_one_is_kept(rng):
    originals = rng.normal(size=(60, 3))
    copies = np.hstack([originals, np.exp(originals), -originals])
    selector = RedundancySelector().fit(copies)
    assert selector.kept_.tolist() == [True] * 3 + [False] * 6
    assert selector.clusters_[:3].tolist() == selector.clusters_[3:6].tolist()


def test_all_pairs_of_a_cluster_are_alike(rng):
    walk = rng.normal(size=(200, 30)).cumsum(axis=1)  # neighbors are alike, ends are not
    clusters = RedundancySelector(correlation=0.8).fit(walk).clusters_
    ranks = walk.argsort(axis=0).argsort(axis=0)
    alike = np.abs(np.corrcoef(ranks.T))
    same = clusters[:, None] == clusters
    assert 1 < clusters.max() < 30
    assert alike[same].min() >= 0.8


def test_independent_features_are_all_kept(rng):
    assert RedundancySelector().fit(rng.normal(size=(60, 10))).kept_.all()


def test_features_that_do_not_vary_are_left_out(rng):
    X = rng.normal(size=(20, 4))
    X[:, 1] = 3
    selector = RedundancySelector().fit(X)
    assert selector.kept_.tolist() == [True, False, True, True]
    assert selector.clusters_[1] == 0


def test_where_nothing_varies_one_feature_is_left():
    assert RedundancySelector().fit(np.ones((5, 3))).kept_.tolist() == [True, False, False]


def test_the_best_features_are_kept(rng):
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 30))
    X[:, [4, 9]] += 2 * y[:, None]
    names = UnivariateSelector(count=2).fit(X, y).get_feature_names_out()
    assert names.tolist() == ["x4", "x9"]


def test_survival_is_selected_for_with_its_own_score(rng):
    X = rng.normal(size=(100, 20))
    y = np.column_stack([rng.exponential(np.exp(-X[:, 7])), rng.random(100) < 0.7])
    assert UnivariateSelector(count=1, ranking=with_hazard).fit(X, y).kept_.argmax() == 7


def test_what_tells_is_stable_and_noise_is_not(rng):
    y = np.arange(80) % 2
    X = rng.normal(size=(80, 100))
    X[:, :3] += 1.5 * y[:, None]
    selector = StabilitySelector(count=5, threshold=0.8).fit(X, y)
    assert np.flatnonzero(selector.kept_).tolist() == [0, 1, 2]
    assert selector.expected_false_ == pytest.approx(25 / (0.6 * 100))


def test_where_nothing_is_stable_the_most_frequent_is_kept(rng):
    selector = StabilitySelector(count=1, threshold=1.0, draws=20)
    selector.fit(rng.normal(size=(30, 200)), np.arange(30) % 2)
    assert selector.frequency_[selector.kept_].tolist() == [selector.frequency_.max()] * (
        selector.kept_.sum()
    )
    assert selector.kept_.any()


def test_the_same_seed_draws_the_same_rows(rng):
    X, y = rng.normal(size=(30, 20)), np.arange(30) % 2
    one, other, third = (
        StabilitySelector(count=5, draws=10, seed=seed).fit(X, y) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.frequency_, other.frequency_)
    assert not np.array_equal(one.frequency_, third.frequency_)


def test_a_threshold_that_bounds_nothing_is_refused(rng):
    with pytest.raises(ValueError, match=r"must lie in \(0.5, 1\], got 0.5"):
        StabilitySelector(threshold=0.5).fit(rng.normal(size=(10, 3)), np.arange(10) % 2)
