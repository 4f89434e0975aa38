"""Run lengths of images whose runs are known."""

import numpy as np
import pytest

from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.glrlm import describe_run_lengths


def test_stripes_run_as_long_as_they_are():
    stripes = np.repeat(np.arange(1, 7, dtype=np.int32)[:, None, None], 5, axis=1)
    found = describe_run_lengths(stripes, 6, [Aggregation.SLICES_AVERAGED])
    # along the stripes 6 runs of 5; in the three other directions 30 of 1
    assert found["rlm_lre_2D_avg"] == pytest.approx((25 + 3 * 1) / 4)
    assert found["rlm_r_perc_2D_avg"] == pytest.approx((6 / 30 + 3 * 1) / 4)
    assert found["rlm_gl_var_2D_avg"] == pytest.approx(35 / 12)
    assert found["rlm_rl_var_2D_avg"] == 0


def test_merged_directions_share_one_matrix():
    stripes = np.repeat(np.arange(1, 7, dtype=np.int32)[:, None, None], 5, axis=1)
    found = describe_run_lengths(stripes, 6, [Aggregation.ALL_COMBINED])
    # 6 runs of 5 and 90 of 1
    assert found["rlm_lre_2_5D_comb"] == pytest.approx((6 * 25 + 90) / 96)
    assert found["rlm_r_perc_2_5D_comb"] == pytest.approx(96 / (4 * 30))
    assert found["rlm_glnu_2_5D_comb"] == pytest.approx(6 * 16**2 / 96)


def test_flat_cube_has_one_level_and_runs_of_its_side():
    flat = np.full((3, 3, 3), 2, dtype=np.int32)
    found = describe_run_lengths(flat, 9, [Aggregation.VOLUME_COMBINED])
    assert found["rlm_gl_var_3D_comb"] == 0
    assert found["rlm_hgre_3D_comb"] == 4
    # 3 axes: 9 runs of 3; 6 diagonals of faces: in 3 planes 2, 2, 1 of 1, 2, 3; 4 of the cube
    lengths = np.repeat([1, 2, 3], [6 * 6 + 4 * 12, 6 * 6 + 4 * 6, 27 + 6 * 3 + 4])
    assert lengths.sum() == 13 * 27
    assert found["rlm_lre_3D_comb"] == pytest.approx(np.mean(lengths**2))


def test_a_gap_ends_a_run():
    whole, broken = (np.ones((7, 1, 1), dtype=np.int32) for _ in range(2))
    broken[3] = 0
    of_whole, of_broken = (
        describe_run_lengths(levels, 1, [Aggregation.VOLUME_AVERAGED])["rlm_lre_3D_avg"]
        for levels in (whole, broken)
    )
    assert of_whole == pytest.approx((49 + 12) / 13)
    assert of_broken == pytest.approx((9 + 12) / 13)
