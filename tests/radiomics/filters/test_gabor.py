"""Gabor filter of waves, and turned."""

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.gabor import Gabor, directions, gabor_reach, gabor_response
from gliokit.radiomics.filters.rotation import Pooling

SMALL = {"sigma_mm": 2.0, "wavelength_mm": 4.0, "aspect": 1.5}
CUBE = np.random.default_rng(6).normal(size=(17, 17, 17))


def one_direction(theta: float, **changes) -> Gabor:
    settings = {"theta_step_degrees": 0.0, "in_slices": True, **SMALL, **changes}
    return Gabor(theta_degrees=theta, **settings)


def test_impulse_gives_the_modulus_of_the_kernel():
    image = np.zeros((31, 31, 1))
    image[15, 15] = 1
    settings = one_direction(30.0, boundary=Boundary.CONSTANT)
    response = gabor_response(image, settings, spacing_mm=1.0)
    u, v, _ = np.indices(image.shape) - 15.0
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    expected = np.exp(-((u * c + v * s) ** 2 + (1.5 * (v * c - u * s)) ** 2) / 8)
    np.testing.assert_allclose(response, expected, atol=1e-7)


def test_wave_of_its_direction_and_length_gives_half_the_area_of_the_gaussian():
    u = np.indices((96, 96, 1))[0]
    image = np.cos(2 * np.pi * u / 4)
    response = gabor_response(image, one_direction(0.0), spacing_mm=1.0)
    assert response[48, 48, 0] == pytest.approx(0.5 * 2 * np.pi * 2.0**2 / 1.5, rel=1e-3)


def test_wave_across_its_direction_gives_next_to_nothing():
    v = np.indices((96, 96, 1))[1]
    response = gabor_response(np.cos(2 * np.pi * v / 4), one_direction(0.0), spacing_mm=1.0)
    assert response[48, 48, 0] < 0.05


def test_opposite_directions_give_the_same_modulus():
    there = gabor_response(CUBE, one_direction(30.0), spacing_mm=1.0)
    back = gabor_response(CUBE, one_direction(210.0), spacing_mm=1.0)
    np.testing.assert_allclose(there, back, atol=1e-12)


def test_turning_a_slice_turns_the_response_of_the_turned_wave():
    upright = gabor_response(CUBE, one_direction(20.0), spacing_mm=1.0)
    lying = gabor_response(np.rot90(CUBE), one_direction(110.0), spacing_mm=1.0)
    np.testing.assert_allclose(lying, np.rot90(upright), atol=1e-12)


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_over_all_planes_exchanged_axes_exchange_those_of_the_response(pooling, order):
    settings = Gabor(theta_step_degrees=45.0, pooling=pooling, **SMALL)
    expected = gabor_response(CUBE, settings, spacing_mm=1.0).transpose(order)
    found = gabor_response(CUBE.transpose(order), settings, spacing_mm=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-11)


@pytest.mark.parametrize("pooling", Pooling)
def test_flipped_image_flips_the_response(pooling):
    settings = Gabor(theta_step_degrees=45.0, pooling=pooling, **SMALL)
    expected = gabor_response(CUBE, settings, spacing_mm=1.0)[::-1]
    found = gabor_response(CUBE[::-1], settings, spacing_mm=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-11)


def test_pooled_directions_are_the_mean_of_single_ones():
    pooled = gabor_response(CUBE, Gabor(**SMALL, in_slices=True), spacing_mm=1.0)
    single = [
        gabor_response(CUBE, one_direction(theta), spacing_mm=1.0)
        for theta in np.arange(0, 360, 22.5)
    ]
    np.testing.assert_allclose(pooled, np.mean(single, axis=0), atol=1e-11)


@pytest.mark.parametrize(("step", "different"), [(22.5, 8), (45.0, 4), (120.0, 3), (0.0, 1)])
def test_opposite_directions_are_left_out(step, different):
    assert len(directions(Gabor(theta_step_degrees=step))) == different


def test_thick_stack_is_filtered_as_each_slice():
    image = np.random.default_rng(7).normal(size=(9, 8, 40))
    whole = gabor_response(image, one_direction(30.0), spacing_mm=1.0)
    alone = gabor_response(image[:, :, 33:34], one_direction(30.0), spacing_mm=1.0)
    np.testing.assert_allclose(whole[:, :, 33:34], alone, atol=1e-12)


def test_single_precision_stays_and_is_close():
    image = CUBE.astype(np.float32)
    single = gabor_response(image, Gabor(**SMALL), spacing_mm=1.0)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, gabor_response(CUBE, Gabor(**SMALL), spacing_mm=1.0), 1e-4)


def test_reach_follows_the_longer_side_of_the_gaussian():
    assert gabor_reach(Gabor(5.0, 2.0, 0.5), spacing_mm=2.0) == 30
    assert gabor_reach(Gabor(5.0, 2.0, 2.0), spacing_mm=2.0) == 15


@pytest.mark.parametrize("name", ["sigma_mm", "wavelength_mm", "aspect"])
def test_size_that_is_not_positive_is_refused(name):
    with pytest.raises(SettingsError, match=f"found .*{name} 0.*needed are numbers above 0"):
        Gabor(**{name: 0.0})


@pytest.mark.parametrize("step", [50.0, -45.0])
def test_step_that_does_not_fill_the_circle_is_refused(step):
    with pytest.raises(SettingsError, match="needed a part of the circle"):
        Gabor(theta_step_degrees=step)
