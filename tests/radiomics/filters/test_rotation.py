"""Turned kernels against turned images."""

from itertools import permutations, product

import numpy as np
import pytest

from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.rotation import Pooling, pooled_response, turned

LOPSIDED = (((1.0, 2.0, 5.0),), ((-1.0, 0.0, 2.0),), ((3.0, 1.0, 0.5),))
STAGED = (((1.0, 2.0, 0.0), (1.0, 0.0, -3.0)), ((1.0, 2.0, 0.0), (2.0, 0.0, 1.0)))
CUBE = np.random.default_rng(2).normal(size=(9, 9, 9))
TURNS = [  # order of the axes, and their signs
    (order, signs)
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3))
    if np.linalg.det(np.eye(3)[list(order)] * np.array(signs)) > 0
]


def turn(image, order, signs):
    return image.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]


@pytest.mark.parametrize(
    ("factors", "kernels"),
    [
        (LOPSIDED, 24),
        (LOPSIDED[:2], 4),
        ((((1.0, 2.0, 1.0),),) * 3, 1),
        ((((1.0, 2.0, 5.0),),) * 3, 8),
        ((((1.0, 2.0, 1.0),), ((1.0, 2.0, 1.0),), ((-1.0, 2.0, -1.0),)), 3),
        ((((1.0, 2.0, 1.0),), ((-1.0, 0.0, 1.0),)), 4),
    ],
)
def test_each_different_kernel_is_there_once(factors, kernels):
    found = turned(factors)
    assert found[0] == factors
    assert len(set(found)) == len(found) == kernels


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("boundary", Boundary)
def test_turning_the_image_turns_the_response(pooling, boundary):
    def response(image):
        return pooled_response(image, turned(LOPSIDED), boundary=boundary, pooling=pooling)

    expected = response(CUBE)
    assert len(TURNS) == 24
    for order, signs in TURNS:
        found = response(turn(CUBE, order, signs))
        np.testing.assert_allclose(found, turn(expected, order, signs), atol=1e-12)


@pytest.mark.parametrize("pooling", Pooling)
def test_pooled_response_is_that_of_all_turned_images_turned_back(pooling):
    boundary = Boundary.REFLECT
    found = pooled_response(CUBE, turned(LOPSIDED), boundary=boundary, pooling=pooling)
    responses = []
    for order, signs in TURNS:
        places = turn(np.arange(CUBE.size).reshape(CUBE.shape), order, signs).ravel()
        one = pooled_response(
            CUBE.ravel()[places].reshape(CUBE.shape), [LOPSIDED], boundary=boundary, pooling=pooling
        )
        back = np.empty(CUBE.size)
        back[places] = one.ravel()
        responses.append(back.reshape(CUBE.shape))
    expected = getattr(np, pooling.value)(responses, axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("pooling", Pooling)
def test_in_slices_each_slice_is_turned_by_itself(pooling):
    def response(image):
        boundary = Boundary.REFLECT
        return pooled_response(image, turned(STAGED), boundary=boundary, pooling=pooling)

    expected = response(CUBE)
    np.testing.assert_allclose(response(np.rot90(CUBE)), np.rot90(expected), atol=1e-12)
    np.testing.assert_allclose(response(CUBE[:, :, 4:5]), expected[:, :, 4:5], atol=1e-12)


def test_single_precision_stays():
    image = CUBE.astype(np.float32)
    for pooling in Pooling:
        found = pooled_response(image, turned(STAGED), boundary=Boundary.WRAP, pooling=pooling)
        assert found.dtype == np.float32
