"""The benchmark of simulated readers: its coefficients, its closed form, its courses."""

from itertools import combinations

import numpy as np
import pytest

from gliokit.evaluation.agreement import cohen_kappa, icc_agreement

KINDS = ("diameter", "area", "volume")


@pytest.fixture
def figures(load):
    return load("reader_figures")


@pytest.fixture
def readers(load):
    return load("reader_agreement")


def covariance(variance, correlation):
    return variance * np.array([[1, correlation], [correlation, 1]])


@pytest.mark.parametrize(
    ("between", "of_errors", "better"), [(0.8, 0.3, 1), (0.5, 0.5, 0), (0.2, 0.6, -1)]
)
def test_a_product_is_read_better_if_sizes_correlate_more_than_errors(
    figures, between, of_errors, better
):
    spread, error = covariance(4.0, between), covariance(1.0, of_errors)
    product = figures.icc_of_sum((1, 1), spread, error)
    diameter = figures.icc_of_sum((1, 0), spread, error)
    assert diameter == pytest.approx(4 / 5)
    assert product == pytest.approx(4 * (1 + between) / (4 * (1 + between) + 1 + of_errors))
    assert np.sign(round(product - diameter, 12)) == better


def test_a_product_is_read_worse_if_its_second_factor_is_noisy_for_its_spread(figures):
    spread, error = np.array([[4.0, 1], [1, 1]]), np.array([[1.0, 0.5], [0.5, 2]])
    assert (spread[1, 1] + 2 * spread[0, 1]) / (error[1, 1] + 2 * error[0, 1]) < 4 / 1
    product = figures.icc_of_sum((1, 1), spread, error)
    assert product == pytest.approx(7 / (7 + 4))
    assert product < figures.icc_of_sum((1, 0), spread, error)


def test_a_product_of_proportional_diameters_has_twice_the_error_and_the_same_agreement(figures):
    rng = np.random.default_rng(0)
    longest = np.exp(rng.normal(3, 0.4, (50, 1)) + rng.normal(0, 0.1, (50, 6)))
    product = longest * 0.7 * longest
    error = [figures.components(np.log(x)[..., None])[1][0, 0] for x in (longest, product)]
    assert np.sqrt(error[1] / error[0]) == pytest.approx(2)
    assert icc_agreement(np.log(product)) == pytest.approx(icc_agreement(np.log(longest)))


def test_agreement_on_a_sum_follows_from_the_components_of_its_terms(figures):
    rng = np.random.default_rng(1)
    shared, habit = rng.normal(size=(30, 1, 2)), rng.normal(0, 0.3, (1, 5, 2))
    readings = shared + habit + rng.normal(0, 0.5, (30, 5, 2))
    spread, error = figures.components(readings)
    expected = icc_agreement(readings.sum(axis=-1))
    assert figures.icc_of_sum((1, 1), spread, error) == pytest.approx(expected)


def test_kappa_of_tables_is_the_mean_of_all_pairs(figures):
    called = np.random.default_rng(2).integers(3, size=(20, 3, 4))
    called[:, :, 1] = called[:, :, 0]  # two who always agree
    flat = called.reshape(-1, 4).T.tolist()
    pairs = [cohen_kappa(a, b, categories=(0, 1, 2)) for a, b in combinations(flat, 2)]
    tables = figures.pair_tables(called).sum(axis=0)
    assert figures.mean_kappa(tables) == pytest.approx(np.mean(pairs))


def test_progression_is_judged_from_the_nadir_and_response_from_the_first_visit(figures):
    sizes = np.array([100, 40, 55, 100.0])[None, :, None]
    assert figures.categories(sizes, (0.25, -0.5, 0)).ravel().tolist() == [0, 2, 2]


def test_a_diameter_must_grow_by_five_millimeters_too(figures):
    sizes = np.array([[20, 24.5], [30, 36.5]])[..., None]
    own = figures.categories(sizes, figures.OWN_LIMITS["diameter"])
    assert own.ravel().tolist() == [1, 2]


def test_paired_limits_call_a_ball_the_same_by_every_measure(figures):
    radius = np.exp(np.random.default_rng(3).normal(2.5, 0.3, (200, 4, 1)))
    called = [
        figures.categories(radius**power, figures.PAIRED_LIMITS[kind])
        for power, kind in enumerate(KINDS, start=1)
    ]
    np.testing.assert_array_equal(called[0], called[1])
    np.testing.assert_array_equal(called[0], called[2])


def test_interval_of_a_published_icc_holds_as_many_simulated_ones_as_it_should(figures):
    rng = np.random.default_rng(4)
    true = np.sqrt(0.42) * rng.normal(size=(400, 57, 1))
    studies = true + np.sqrt(0.58) * rng.normal(size=(400, 57, 2))
    held = [
        low < 0.42 < high
        for low, high in (figures.published_interval(icc_agreement(one), 57) for one in studies)
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_a_thin_rim_grows_in_volume_as_the_cube_while_its_cavity_collapses(readers):
    sizes = [readers.grown(16.0, 0.01, scale, visit) for visit, scale in enumerate((1.0, 1.1))]
    shells = [size**3 * (1 - (1 - share) ** 3) for size, share in sizes]
    cavities = [size * (1 - share) for size, share in sizes]
    assert cavities[1] == pytest.approx(readers.COLLAPSE * cavities[0])
    assert shells[1] / shells[0] == pytest.approx(1.1**3, rel=0.01)


def test_every_reader_measures_every_visit_by_every_measure(readers, figures, monkeypatch):
    monkeypatch.setattr(readers, "VISITS", 2)
    rng = np.random.default_rng(5)
    readings = readers.read_patient(rng, readers.draw_readers(2, rng), population=0)
    assert readings.shape == (2, 2, len(figures.MEASURES))
    assert (readings > 0).all()
    longest, across = readings[..., 0:6:2], readings[..., 1:6:2]
    assert (across <= longest).all()
    np.testing.assert_array_equal(readings[:, 0, -1], readings[:, 1, -1])  # one truth
