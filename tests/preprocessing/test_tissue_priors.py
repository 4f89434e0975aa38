"""Priors of tissues from the MNI152 maps."""

import numpy as np
import pytest

from gliokit.core.errors import BundleError
from gliokit.preprocessing import tissue_priors as module
from gliokit.preprocessing.tissue_priors import NORMAL, Tissue, tissue_priors

PLACES = {  # MNI mm
    "body of the lateral ventricle": ((-14, -20, 22), Tissue.VENTRICLE),
    "fourth ventricle": ((0, -46, -30), Tissue.VENTRICLE),
    "centrum semiovale": ((26, -10, 36), Tissue.WHITE),
    "pons": ((4, -24, -34), Tissue.WHITE),
    "thalamus": ((10, -18, 8), Tissue.DEEP_GRAY),
    "visual cortex": ((8, -86, 4), Tissue.GRAY),
    "beyond the brain": ((0, 90, 0), Tissue.CSF),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_known_place_has_its_tissue_as_the_likeliest(name):
    place, tissue = PLACES[name]
    found = tissue_priors().at(np.array([place], dtype=float))
    assert NORMAL[int(found[:, 0].argmax())] == tissue


def test_probabilities_sum_to_one_and_none_is_ruled_out():
    found = tissue_priors().at(np.random.default_rng(0).normal(0, 50, (1000, 3)))
    assert np.allclose(found.sum(axis=0), 1, atol=1e-5)
    assert found.min() > 0


def test_the_halves_are_alike():
    points = np.random.default_rng(0).normal(0, 40, (1000, 3))
    left, right = (tissue_priors().at(points * [sign, 1, 1]) for sign in (-1, 1))
    assert np.abs(left - right).max() < 0.06


def test_a_missing_template_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(BundleError, match="pip install nilearn"):
        module.tissue_priors.__wrapped__()
