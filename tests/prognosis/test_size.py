"""Sizes of drawn tumors, measurable or not."""

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.measurement.measurability import Interior
from gliokit.prognosis.size import (
    LESIONS,
    MEASURABLE,
    Scale,
    SizeMeasure,
    SizeSettings,
    describe_size,
    scaled,
)

PLAIN = SizeSettings()


def ring(inner: float, outer: float, *, center=(20, 20, 20), labels=None):
    labels = np.zeros((40, 40, 40), dtype=np.uint8) if labels is None else labels
    radius = np.linalg.norm(np.moveaxis(np.indices(labels.shape), 0, -1) - center, axis=-1)
    labels[radius < outer] = 3
    labels[radius < inner] = 1
    return labels


def described(labels, settings=PLAIN, spacing=1.0):
    return describe_size(LabelMap(labels, np.diag([spacing] * 3 + [1.0])), settings)


def test_a_ring_is_spanned_by_its_diameter_and_filled_by_its_rim_only():
    values = described(ring(6, 10)).values
    # from pixel edge to pixel edge, so up to a diagonal more than 2 × 10
    assert 19 < values[SizeMeasure.DIAMETER] < 21.5
    assert 19**2 < values[SizeMeasure.PRODUCT] < 21.5**2
    assert values[SizeMeasure.VOLUME] == pytest.approx(
        4 / 3 * np.pi * (10**3 - 6**3) / 1000, rel=0.05
    )


def test_a_volume_may_hold_the_necrosis_too():
    values = described(ring(6, 10), SizeSettings(volume_of=Interior.NECROSIS)).values
    assert values[SizeMeasure.VOLUME] == pytest.approx(4 / 3 * np.pi, rel=0.05)


def test_sizes_follow_the_spacing():
    small, large = (described(ring(0, 8), spacing=s).values for s in (1.0, 2.0))
    for measure, factor in zip(SizeMeasure, (2, 4, 8), strict=True):
        assert large[measure] == pytest.approx(factor * small[measure])


def test_a_core_that_touches_no_enhancement_is_no_lesion():
    labels = ring(0, 6, center=(10, 10, 10))
    labels[30:35, 30:35, 30:35] = 1
    assert described(labels).values[LESIONS] == 1


def test_lesions_are_summed_and_small_ones_are_volume_only():
    labels = ring(0, 6, center=(10, 10, 10))
    one = described(labels).values
    labels[30, 30, 30] = 3
    both = described(labels).values
    assert both[LESIONS] == 2
    assert both[SizeMeasure.DIAMETER] == one[SizeMeasure.DIAMETER]
    assert both[SizeMeasure.VOLUME] == pytest.approx(one[SizeMeasure.VOLUME] + 0.001)
    two = described(ring(0, 6, center=(30, 30, 30), labels=ring(0, 6, center=(10, 10, 10)))).values
    assert two[SizeMeasure.DIAMETER] == pytest.approx(2 * one[SizeMeasure.DIAMETER])


def test_a_lesion_that_is_not_measurable_has_its_size_and_is_said():
    found = described(ring(0, 4))
    assert found.values[MEASURABLE] == 0
    assert found.values[SizeMeasure.DIAMETER] == pytest.approx(8, abs=1)
    assert "no lesion is measurable by RANO" in found.unknown["measurable disease"]


def test_what_does_not_enhance_has_no_size_on_any_scale():
    labels = np.zeros((10, 10, 10), dtype=np.uint8)
    labels[2:5, 2:5, 2:5] = 2
    found = described(labels)
    assert found.unknown == {"size": "nothing enhances"}
    for scale in Scale:
        assert np.isnan(scaled(found.values, SizeMeasure.VOLUME, scale))


def test_twice_the_size_is_one_doubling_more():
    small, large = ({SizeMeasure.VOLUME: ml} for ml in (3.0, 6.0))
    difference = scaled(large, SizeMeasure.VOLUME, Scale.DOUBLINGS) - scaled(
        small, SizeMeasure.VOLUME, Scale.DOUBLINGS
    )
    assert difference == pytest.approx(1)
