"""Distance zones: the manual's example, what the border is, masks that do not fit."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.gldzm import describe_distance_zones, steps_to_border

MANUAL = np.array([[1, 2, 2, 3], [1, 2, 3, 3], [4, 2, 4, 1], [4, 1, 2, 3]], dtype=np.int32)
# level and distance of its zones
ZONES = np.array([(1, 1), (1, 1), (1, 1), (2, 1), (3, 1), (3, 1), (4, 1), (4, 2)])


def test_zones_of_the_manuals_example():
    levels = MANUAL[:, :, None]
    found = describe_distance_zones(levels, 4, levels > 0, [Dimension.SLICES])
    level, distance = ZONES.T
    assert found["dzm_lde_2D"] == pytest.approx(np.mean(distance**2))
    assert found["dzm_sdhge_2D"] == pytest.approx(np.mean(level**2 / distance**2))
    assert found["dzm_zdnu_2D"] == pytest.approx((7**2 + 1) / 8)
    assert found["dzm_z_perc_2D"] == 8 / 16


def test_steps_go_over_faces():
    mask = np.ones((5, 5, 5), dtype=bool)
    mask[0, 0, 0] = False
    volume = steps_to_border(mask, by_slice=False)
    assert volume[1, 1, 1] == 2  # the missing corner is three steps away, the side two
    assert volume[2, 2, 2] == 3
    assert steps_to_border(mask, by_slice=True)[2, 2].tolist() == [3] * 5


def test_border_is_that_of_the_whole_region_not_of_the_intensities():
    region = np.ones((7, 7, 7), dtype=bool)
    levels = np.ones((7, 7, 7), dtype=np.int32)
    levels[3, 3, 3] = 2
    pierced = levels.copy()
    pierced[3, 3, 4] = 0  # re-segmentation took a voxel beside the middle
    name = "dzm_ldhge_3D"
    whole, holed = (
        describe_distance_zones(image, 2, region, [Dimension.VOLUME])[name]
        for image in (levels, pierced)
    )
    assert whole == holed == pytest.approx((1 * 1 + 4 * 16) / 2)


def test_distance_in_a_slice_is_to_the_border_in_that_slice():
    levels = np.ones((5, 5, 3), dtype=np.int32)
    levels[2, 2, 0] = 2
    found = describe_distance_zones(levels, 2, levels > 0, list(Dimension))
    assert found["dzm_ldhge_3D"] == pytest.approx((1 + 4) / 2)
    assert found["dzm_ldhge_2_5D"] == pytest.approx((3 * 1 + 4 * 9) / 4)
    assert found["dzm_ldhge_2D"] == pytest.approx(((1 + 4 * 9) / 2 + 1 + 1) / 3)


def test_mask_of_another_shape_is_refused():
    with pytest.raises(GeometryError, match="crop both to the same box"):
        describe_distance_zones(
            MANUAL[:, :, None], 4, np.ones((4, 4, 2), dtype=bool), [Dimension.VOLUME]
        )


def test_levels_outside_the_region_are_refused():
    levels = MANUAL[:, :, None]
    with pytest.raises(GeometryError, match="4 voxels with a level lie outside"):
        describe_distance_zones(levels, 4, levels > 1, [Dimension.VOLUME])
