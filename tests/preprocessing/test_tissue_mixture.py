"""Gaussians and the coil's brightness are found again in samples of them."""

import numpy as np
import pytest

from gliokit.preprocessing.tissue_mixture import (
    RIDGE,
    Part,
    classify,
    fit_mixture,
    part_priors,
    polynomial,
)
from gliokit.preprocessing.tissue_priors import NORMAL

MEANS = np.array([[1.0, 0.8], [0.8, 1.1], [0.3, 2.0]])  # white, gray, fluid in two sequences
NOISE = 0.03
ONE_EACH = 5000


@pytest.fixture(scope="module")
def sample():
    """Draw white, gray and fluid at random places, with priors that favor what is there."""
    rng = np.random.default_rng(1)
    kinds = np.repeat(np.arange(3), ONE_EACH)
    values = MEANS[kinds] + rng.normal(0, NOISE, (len(kinds), 2))
    places = rng.uniform(-1, 1, (len(kinds), 3))
    tissues = np.full((len(NORMAL), len(kinds)), 0.1)
    tissues[np.array([0, 1, 3])[kinds], np.arange(len(kinds))] = 0.6
    priors = part_priors(tissues.astype(np.float32), np.full(len(kinds), 0.01, np.float32))
    return kinds, values.astype(np.float32), places.astype(np.float32), priors


def test_priors_of_parts_sum_to_one(sample):
    *_, priors = sample
    assert np.allclose(priors.sum(axis=0), 1, atol=1e-5)
    assert np.allclose(priors[Part.REST], 0.01)


def test_means_and_noise_are_found_again(sample):
    _, values, places, priors = sample
    found = fit_mixture(values, places, priors)
    assert np.allclose(found.means[:3], MEANS, atol=0.02)
    expected = NOISE**2 + RIDGE * values.var(axis=0)
    assert np.allclose(found.covariances[0].diagonal(), expected, rtol=0.15)


def test_a_tissue_at_an_edge_lies_half_way_and_spreads_along_the_way(sample):
    _, values, places, priors = sample
    found = fit_mixture(values, places, priors)
    gray, fluid = found.means[Part.GRAY], found.means[Part.FLUID]
    assert np.allclose(found.means[Part.GRAY_EDGE], (gray + fluid) / 2)
    own = (found.covariances[Part.GRAY] + found.covariances[Part.FLUID]) / 2
    along = np.outer(fluid - gray, fluid - gray) / 12
    assert np.allclose(found.covariances[Part.GRAY_EDGE], own + along)


def test_brightness_that_varies_over_the_brain_is_taken_out(sample):
    kinds, values, places, priors = sample
    field = np.exp(0.3 * places[:, 0] - 0.2 * places[:, 2] ** 2)[:, None]
    bright = (values * field).astype(np.float32)
    found = fit_mixture(bright, places, priors)
    white = found.corrected(bright, places)[kinds == 0]
    assert bright[kinds == 0, 0].std() > 4 * NOISE
    assert white[:, 0].std() < 1.3 * NOISE


def test_a_tumor_that_no_tissue_explains_moves_no_mean(sample):
    _, values, places, priors = sample
    tumor = slice(0, len(values), 20)
    changed = values.copy()
    changed[tumor] = [3.0, 3.0]
    found = fit_mixture(changed, places, priors)
    assert np.allclose(found.means[:3], MEANS, atol=0.04)


@pytest.mark.parametrize(("fluid", "part"), [(0.7, Part.FLUID), (0.3, Part.GRAY)])
def test_a_mixed_voxel_is_what_most_of_it_is(sample, fluid, part):
    _, values, places, priors = sample
    found = fit_mixture(values, places, priors)
    mixed = (fluid * MEANS[2] + (1 - fluid) * MEANS[1])[None].astype(np.float32)
    even = np.full((len(NORMAL), 1), 0.2, np.float32)
    shares = classify(found, mixed, part_priors(even, np.full(1, 0.01, np.float32)))
    assert shares[:, 0].argmax() == part


def test_the_polynomial_has_every_term_up_to_the_third_degree_but_the_constant():
    terms = polynomial(np.random.default_rng(2).uniform(-1, 1, (100, 3)).astype(np.float32))
    assert terms.shape == (100, 19)
    with_constant = np.column_stack([terms, np.ones(100)])
    assert np.linalg.matrix_rank(with_constant) == 20
