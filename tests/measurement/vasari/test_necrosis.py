"""Necrosis and nCET in a label that mixes them."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.evidence import look_at
from gliokit.measurement.vasari.necrosis import split_core


def painted(evidence, sequence, mask, signal):
    """Give the evidence with a region of an image painted over."""
    array = evidence.images[sequence].array.copy()
    array[mask] = signal
    image = Image(array, evidence.labels.affine)
    return replace(evidence, images={**evidence.images, sequence: image})


@pytest.fixture
def evidence(brain, glioma):
    return brain.evidence(glioma)


@pytest.fixture
def core(glioma):
    return glioma.array == 1


@pytest.mark.parametrize(
    ("sequence", "signal", "necrotic"),
    [
        (MRSequence.T2, 140, True),  # that of edema
        (MRSequence.T2, 139, False),
        (MRSequence.T1, 99, True),
        (MRSequence.T1, 100, False),  # that of white matter
    ],
)
def test_limits_of_necrosis(evidence, core, sequence, signal, necrotic):
    split = split_core(look_at(painted(evidence, sequence, core, signal)))
    assert (split.necrosis.any(), split.ncet.any()) == (necrotic, not necrotic)
    assert split.in_doubt == 1


def test_parts_of_both_are_told_apart(evidence, core, brain):
    half = core & (brain.points[..., 2] > 40)
    scene = look_at(painted(evidence, MRSequence.T2, half, 100))
    split = split_core(scene)
    assert np.count_nonzero(split.ncet) == np.count_nonzero(half)
    assert np.array_equal(split.ncet | split.necrosis, scene.core)
    assert split.in_doubt == 0


def test_bright_core_beside_the_enhancement_is_ncet(brain):
    core, nodule = brain.ball((40, -45, 40), 20), brain.ball((40, -45, 58), 6)
    labels = brain.labels(
        core=core & ~nodule, enhancing=nodule, edema=brain.ball((40, -45, 40), 27)
    )
    split = split_core(look_at(brain.evidence(labels)))
    assert not split.necrosis.any()


@pytest.mark.parametrize("missing", [MRSequence.T2, MRSequence.T1])
def test_without_an_image_the_parts_stay_unknown(evidence, missing):
    images = {s: image for s, image in evidence.images.items() if s is not missing}
    assert f"no {missing} image" in split_core(look_at(replace(evidence, images=images)))


def test_without_anatomy_or_edema_the_parts_stay_unknown(brain, evidence):
    assert "white matter" in split_core(look_at(replace(evidence, anatomy=None)))
    bare = brain.labels(enhancing=brain.ball((40, -45, 40), 18), core=brain.ball((40, -45, 40), 9))
    assert "too little edema" in split_core(look_at(brain.evidence(bare)))
