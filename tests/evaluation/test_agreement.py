"""Agreement against published examples and scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from gliokit.evaluation.agreement import (
    Level,
    Weighting,
    bland_altman,
    cohen_kappa,
    icc_agreement,
    icc_consistency,
    icc_one_way,
    krippendorff_alpha,
)

# Shrout and Fleiss 1979, table 2: six targets, four judges
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

NO = math.nan
# Krippendorff's reliability data "C": twelve units, four observers
OBSERVERS = [
    [1, 1, NO, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [NO, 5, 5, 5],
    [NO, NO, 1, 1],
    [NO, NO, 3, NO],
]


def test_intraclass_correlations_are_the_published_ones():
    assert icc_agreement(JUDGES) == pytest.approx(0.29, abs=0.005)
    assert icc_consistency(JUDGES) == pytest.approx(0.71, abs=0.005)
    assert icc_one_way(JUDGES) == pytest.approx(0.17, abs=0.005)


def test_habit_of_a_reader_counts_for_agreement_alone():
    first = np.array([10.0, 20, 30, 40])
    ratings = np.stack([first, first + 5], axis=1)
    assert icc_consistency(ratings) == pytest.approx(1)
    # by hand: mean squares 1000/3 of patients, 50 of readers, 0 left
    assert icc_agreement(ratings) == pytest.approx((1000 / 3) / (1000 / 3 + 2 * 50 / 4))


def test_planted_correlation_is_found():
    rng = np.random.default_rng(0)
    patients, readers = rng.normal(0, 2, (4000, 1)), rng.normal(0, 1, (1, 50))
    ratings = patients + readers + rng.normal(0, 1, (4000, 50))
    variance = float(np.var(readers, ddof=1))
    assert icc_agreement(ratings) == pytest.approx(4 / (5 + variance), abs=0.02)
    assert icc_consistency(ratings) == pytest.approx(4 / 5, abs=0.02)


@pytest.mark.parametrize(
    ("weighting", "peer"),
    [(Weighting.NONE, None), (Weighting.LINEAR, "linear"), (Weighting.QUADRATIC, "quadratic")],
)
def test_kappa_is_that_of_scikit_learn(weighting, peer):
    rng = np.random.default_rng(0)
    first = rng.integers(4, size=80)
    second = np.clip(first + rng.integers(-1, 2, size=80), 0, 3)
    kappa = cohen_kappa(first, second, categories=range(4), weighting=weighting)
    assert kappa == pytest.approx(cohen_kappa_score(first, second, weights=peer))


def test_kappa_by_hand():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5
    first, second = ["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohen_kappa(first, second, categories="yn") == pytest.approx(0.4)


def test_category_that_nobody_named_still_sets_steps_apart():
    kappas = [
        cohen_kappa([0, 2, 2, 3], [0, 3, 2, 2], categories=categories, weighting=Weighting.LINEAR)
        for categories in (range(4), [0, 2, 3])
    ]
    assert kappas[0] > kappas[1]


@pytest.mark.parametrize(
    ("level", "expected"), [(Level.NOMINAL, 0.743), (Level.ORDINAL, 0.815), (Level.INTERVAL, 0.849)]
)
def test_alpha_is_the_published_one(level, expected):
    assert krippendorff_alpha(OBSERVERS, level=level) == pytest.approx(expected, abs=0.0005)


def test_ordinal_alpha_sees_only_the_order():
    stretched = np.exp(np.array(OBSERVERS))
    alpha = krippendorff_alpha(OBSERVERS, level=Level.ORDINAL)
    assert krippendorff_alpha(stretched, level=Level.ORDINAL) == pytest.approx(alpha)
    assert krippendorff_alpha(stretched, level=Level.INTERVAL) != pytest.approx(alpha, abs=0.01)


def test_order_of_readers_does_not_matter():
    for level in Level:
        mixed = np.array(OBSERVERS)[::-1, [2, 0, 3, 1]]
        assert krippendorff_alpha(mixed, level=level) == pytest.approx(
            krippendorff_alpha(OBSERVERS, level=level)
        )


def test_readers_who_guess_agree_by_chance():
    ratings = np.random.default_rng(0).integers(3, size=(5000, 2))
    assert krippendorff_alpha(ratings, level=Level.NOMINAL) == pytest.approx(0, abs=0.03)
    assert cohen_kappa(*ratings.T, categories=range(3)) == pytest.approx(0, abs=0.03)
    assert icc_agreement(ratings) == pytest.approx(0, abs=0.03)


def test_limits_of_agreement_by_hand():
    limits = bland_altman([10, 20, 30], [11, 23, 32])
    assert (limits.bias, limits.sd) == pytest.approx((2, 1))
    assert (limits.lower, limits.upper) == pytest.approx((0.04, 3.96))


def test_limits_hold_most_new_differences():
    rng = np.random.default_rng(0)
    truth = rng.uniform(5, 100, 3000)
    first, second = truth + rng.normal(0, 2, 3000), truth + 1 + rng.normal(0, 2, 3000)
    limits = bland_altman(first[:1000], second[:1000])
    new = (second - first)[1000:]
    assert np.mean((new > limits.lower) & (new < limits.upper)) == pytest.approx(0.95, abs=0.02)


def test_ratings_that_are_all_the_same_say_nothing():
    assert math.isnan(krippendorff_alpha([[1, 1], [1, 1]], level=Level.NOMINAL))
    assert math.isnan(krippendorff_alpha([[1, NO], [NO, 2]], level=Level.NOMINAL))
    assert math.isnan(cohen_kappa([1, 1], [1, 1], categories=[0, 1]))
    assert math.isnan(icc_agreement([[3, 3], [3, 3]]))


def test_impossible_ratings_are_refused():
    with pytest.raises(ValueError, match="a rating is missing"):
        icc_agreement([[1, 2], [3, NO]])
    with pytest.raises(ValueError, match=r"shape \(1, 2\); needed two patients and two readers"):
        icc_consistency([[1, 2]])
    with pytest.raises(ValueError, match="ratings 7 are not among the categories 0, 1"):
        cohen_kappa([0, 1], [0, 7], categories=[0, 1])
    with pytest.raises(ValueError, match="2 and 1 ratings"):
        cohen_kappa([0, 1], [0], categories=[0, 1])
    with pytest.raises(ValueError, match=r"needed \(patients, readers\)"):
        krippendorff_alpha([1, 2, 3], level=Level.NOMINAL)
    with pytest.raises(ValueError, match="needed two or more, in pairs"):
        bland_altman([1], [2])
