"""Wavelets against what defines them."""

from itertools import product

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.wavelets import (
    SeparableWavelet,
    Wavelet,
    high_pass,
    low_pass,
    wavelet_reach,
    wavelet_response,
    wavelet_stages,
)

VANISHING = {
    Wavelet.HAAR: 1,
    Wavelet.DAUBECHIES_2: 2,
    Wavelet.DAUBECHIES_3: 3,
    Wavelet.COIFLET_1: 2,
}
IMAGE = np.random.default_rng(5).normal(size=(16, 12, 20))


@pytest.mark.parametrize("family", Wavelet)
def test_low_and_high_pass_are_orthonormal_to_their_even_shifts(family):
    low, high = np.array(low_pass(family)), np.array(high_pass(family))
    n = len(low)
    for shift in range(0, n, 2):
        for one, other in ((low, low), (high, high), (low, high), (high, low)):
            expected = 1.0 if shift == 0 and one is other else 0.0
            assert one[shift:] @ other[: n - shift] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("family", Wavelet)
def test_moments_of_the_wavelet_vanish(family):
    high = np.array(high_pass(family))
    for power in range(VANISHING[family]):
        assert high @ np.arange(len(high)) ** power == pytest.approx(0, abs=1e-10)
    assert abs(high @ np.arange(len(high)) ** VANISHING[family]) > 0.1


def test_first_moment_of_the_coiflet_scaling_function_vanishes():
    scaling = np.array(low_pass(Wavelet.COIFLET_1))[::-1]
    assert scaling @ (np.arange(6) - 2) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("family", Wavelet)
def test_low_pass_multiplies_a_constant_by_root_two_an_axis_and_level(family):
    settings = SeparableWavelet(family, "LLL", 2)
    response = wavelet_response(np.ones((9, 9, 9)), settings, spacing_mm=1.0)
    np.testing.assert_allclose(response, 2**3)


@pytest.mark.parametrize("family", Wavelet)
def test_bands_share_the_energy_of_a_periodic_image(family):
    energy = 0.0
    for bands in product("LH", repeat=3):
        settings = SeparableWavelet(
            family, "".join(bands), rotation_invariant=False, boundary=Boundary.WRAP
        )
        energy += (wavelet_response(IMAGE, settings, spacing_mm=1.0) ** 2).sum()
    # undecimated: each voxel counts twice along each axis
    assert energy == pytest.approx(8 * (IMAGE**2).sum())


@pytest.mark.parametrize("family", Wavelet)
def test_high_pass_of_an_image_as_smooth_as_its_moments_is_zero(family):
    line = np.arange(40.0) ** (VANISHING[family] - 1)
    image = np.broadcast_to(line[:, None, None], (40, 3, 3))
    settings = SeparableWavelet(family, "HLL", rotation_invariant=False)
    response = wavelet_response(image, settings, spacing_mm=1.0)
    np.testing.assert_allclose(response[6:-6], 0, atol=1e-9)


def test_second_level_skips_every_other_voxel():
    first, second = wavelet_stages(Wavelet.HAAR, "H", 2)
    assert first == pytest.approx((0.5**0.5, 0.5**0.5, 0))
    assert second == pytest.approx((-(0.5**0.5), 0, 0.5**0.5, 0, 0))


@pytest.mark.parametrize(("level", "reach"), [(1, 3), (2, 9), (3, 21)])
def test_reach_grows_with_the_level(level, reach):
    assert wavelet_reach(SeparableWavelet(level=level), spacing_mm=1.0) == reach


@pytest.mark.parametrize("bands", ["L", "LHLH", "LX", "lh"])
def test_unknown_bands_are_refused(bands):
    with pytest.raises(SettingsError, match="needed are two or three letters L or H"):
        SeparableWavelet(bands=bands)


def test_level_zero_is_refused():
    with pytest.raises(SettingsError, match=r"found level 0; needed is 1 \(the finest\) or more"):
        SeparableWavelet(level=0)
