"""A cavity weighed from outputs and intensities: the sum it is, and what is no such model."""

import json

import numpy as np
import pytest

from gliokit.core.errors import BundleError
from gliokit.segmentation.cavity import WEIGHTS, CavityModel, read_cavity_model


def model() -> CavityModel:
    """Give a model whose weights are 1, 2, ... in the order of the sum."""
    weights = np.arange(1, 17, dtype=np.float32).reshape(4, 4)
    return CavityModel(*weights, offset=-3.0)


def constant(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 2, 2))


def test_the_logit_is_the_weighed_sum():
    logit = model().logit(constant(1, -1, 2, 0.5), constant(1, 2, -1, 0.5))
    outputs = 1 * 1 - 2 * 1 + 3 * 2 + 4 * 0.5
    scores = 5 * 1 + 6 * 2 - 7 * 1 + 8 * 0.5
    squares = 9 * 1 + 10 * 4 + 11 * 1 + 12 * 0.25
    assert logit.shape == (2, 2, 2)
    assert np.allclose(logit, -3 + outputs + scores + squares + 13 + 14 + 15 + 16)


def test_a_missing_sequence_counts_neither_as_dark_nor_as_there():
    there, missing = constant(0, 0, 0, 1e-6), constant(0, 0, 0, 0)
    nothing = constant(0, 0, 0, 0)
    assert np.allclose(model().logit(nothing, missing), -3)
    assert np.allclose(model().logit(nothing, there), -3 + 16, atol=1e-4)


def test_extreme_values_count_as_the_highest():
    nothing = constant(0, 0, 0, 0)
    highest = model().logit(constant(8, 0, 0, 0), constant(5, 0, 0, 0))
    assert np.allclose(model().logit(constant(99, 0, 0, 0), constant(99, 0, 0, 0)), highest)
    assert not np.allclose(model().logit(nothing, nothing), highest)


def test_a_bundle_may_have_no_cavity_model(tmp_path):
    assert read_cavity_model(tmp_path / "cavity.json") is None


@pytest.mark.parametrize("missing", [*WEIGHTS, "offset"])
def test_an_incomplete_cavity_model_is_refused(tmp_path, missing):
    content = {name: [0.0] * 4 for name in WEIGHTS} | {"offset": 0.0}
    path = tmp_path / "cavity.json"
    path.write_text(json.dumps(content))
    assert read_cavity_model(path) is not None
    del content[missing]
    path.write_text(json.dumps(content))
    with pytest.raises(BundleError, match="does not tell what a cavity is"):
        read_cavity_model(path)


def test_too_few_weights_are_refused(tmp_path):
    content = {name: [0.0] * 3 for name in WEIGHTS} | {"offset": 0.0}
    path = tmp_path / "cavity.json"
    path.write_text(json.dumps(content))
    with pytest.raises(BundleError, match="found"):
        read_cavity_model(path)
