"""What tests of preprocessing share."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image


@pytest.fixture(scope="session")
def stored() -> Callable[..., Image]:
    """Give a function that stores an image or labels in another order, as a file would hold it.

    `order` lists the old axes, `signs` says which of the new ones run backwards.
    """

    def store(image: Image, order: tuple[int, ...], signs: tuple[int, ...]) -> Image:
        array = image.array.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
        turn = np.zeros((4, 4))  # from new voxels to old ones
        turn[3, 3] = 1
        for axis, (old, sign) in enumerate(zip(order, signs, strict=True)):
            turn[old, axis] = sign
            turn[old, 3] = 0 if sign > 0 else array.shape[axis] - 1
        affine = (image.affine @ turn).astype(np.float32)  # of single precision in a header
        return replace(image, array=np.asfortranarray(array), affine=affine.astype(np.float64))

    return store
