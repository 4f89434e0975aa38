"""Thickness of rims that are known."""

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.vasari.answers import RimThickness
from gliokit.measurement.vasari.evidence import Evidence, look_at
from gliokit.measurement.vasari.rim import rim_thickness_mm, score_rim


def shell(inner_mm, outer_mm, spacing=(1.0, 1.0, 1.0)):
    """Draw a ball of core in a shell of enhancing tumor."""
    affine = np.diag([*spacing, 1.0])
    half = [int(np.ceil((outer_mm + 3) / s)) for s in spacing]
    grid = np.stack(np.meshgrid(*[np.arange(-h, h + 1) for h in half], indexing="ij"), axis=-1)
    radius = np.linalg.norm(grid * spacing, axis=-1)
    labels = np.zeros(radius.shape, dtype=np.uint8)
    labels[radius <= outer_mm] = Label.ENHANCING
    labels[radius <= inner_mm] = Label.NECROTIC_CORE
    return LabelMap(labels, affine)


def score(labels):
    return score_rim(look_at(Evidence(labels)))[0]


@pytest.mark.parametrize("voxels", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flat_rim_is_as_thick_as_its_voxels(voxels, axis):
    spacing = np.array([0.7, 1.0, 3.0])
    inner, rim = np.zeros((2, 20, 20, 20), dtype=bool)
    np.moveaxis(inner, axis, 0)[2:10] = True
    np.moveaxis(rim, axis, 0)[10 : 10 + voxels] = True
    found = rim_thickness_mm(inner, rim, spacing)
    assert found == pytest.approx(voxels * spacing[axis])


@pytest.mark.parametrize("thickness", [1.5, 3.0, 5.0, 8.0])
def test_thickness_of_a_round_shell(thickness):
    labels = shell(15, 15 + thickness)
    found = rim_thickness_mm(labels.array == 1, labels.array == 3, np.ones(3))
    assert np.median(found) == pytest.approx(thickness, abs=0.6)


@pytest.mark.parametrize(
    ("thickness", "value"),
    [(1.5, RimThickness.THIN), (2.0, RimThickness.THIN), (4.0, RimThickness.THICK)],
)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0)])
def test_thin_and_thick_rims(thickness, value, spacing):
    assert score(shell(12, 12 + thickness, spacing)).value is value


def test_three_millimeters_are_thick():
    labels = np.zeros((16, 16, 16), dtype=np.uint8)
    labels[2:14, 2:14, 2:14] = Label.ENHANCING
    labels[5:11, 5:11, 5:11] = Label.NECROTIC_CORE
    assert score(LabelMap(labels, np.eye(4))).value is RimThickness.THICK
    assert score(LabelMap(labels, np.diag([0.99, 0.99, 0.99, 1]))).value is RimThickness.THIN


def test_rim_that_is_open_on_a_side_is_still_a_rim():
    labels = shell(12, 14)
    labels.array[..., : labels.array.shape[2] // 3] = 0
    assert score(labels).value is RimThickness.THIN


def test_enhancement_without_core_is_solid():
    assert score(shell(-1, 10)).value is RimThickness.SOLID
    assert score(shell(3, 10)).value is RimThickness.SOLID  # 3 % of it


def test_core_without_enhancement_has_no_margin_to_score():
    assert score(shell(8, 8)).value is RimThickness.NOT_APPLICABLE
