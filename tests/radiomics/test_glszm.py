"""Size zones of the manual's example and of shapes."""

import numpy as np
import pytest

from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.glszm import describe_size_zones

MANUAL = np.array([[1, 2, 2, 3], [1, 2, 3, 3], [4, 2, 4, 1], [4, 1, 2, 3]], dtype=np.int32)
# level and size of its zones
ZONES = np.array([(1, 2), (1, 1), (1, 1), (2, 5), (3, 3), (3, 1), (4, 2), (4, 1)])


@pytest.mark.parametrize("dimension", Dimension)
def test_zones_of_the_manuals_example(dimension):
    found = describe_size_zones(MANUAL[:, :, None], 4, [dimension])
    level, size = ZONES.T
    assert found[f"szm_lze_{dimension}"] == pytest.approx(np.mean(size**2))
    assert found[f"szm_szhge_{dimension}"] == pytest.approx(np.mean(level**2 / size**2))
    assert found[f"szm_zsnu_{dimension}"] == pytest.approx((4**2 + 2**2 + 1 + 1) / 8)
    assert found[f"szm_glnu_{dimension}"] == pytest.approx((3**2 + 1 + 2**2 + 2**2) / 8)
    assert found[f"szm_z_perc_{dimension}"] == 8 / 16


def test_a_zone_through_slices_counts_once_in_the_volume():
    column = np.ones((1, 1, 6), dtype=np.int32)
    found = describe_size_zones(column, 1, list(Dimension))
    large = [found[f"szm_lze_{dimension}"] for dimension in Dimension]
    assert large == pytest.approx([1, 1, 36])


def test_slices_weigh_the_same_averaged_and_by_their_zones_merged():
    levels = np.zeros((5, 5, 2), dtype=np.int32)
    levels[:, :, 0] = 1  # one zone of 25
    levels[[0, 0, 2, 2], [0, 2, 0, 2], 1] = 1  # four zones of 1
    found = describe_size_zones(levels, 1, list(Dimension))
    assert found["szm_sze_2D"] == pytest.approx((1 / 625 + 1) / 2)
    assert found["szm_sze_2_5D"] == pytest.approx((1 / 625 + 4) / 5)
