"""The calibration of a bundle: applied, written and read."""

import numpy as np
import pytest

from gliokit.core.errors import BundleError
from gliokit.core.vocabulary import Region
from gliokit.segmentation.calibration import (
    CALIBRATION,
    Calibration,
    RegionCalibration,
    read_calibration,
)

FIGURES = Calibration(
    {
        Region.WHOLE_TUMOR: RegionCalibration(2.0, -1.0, 0.5),
        Region.TUMOR_CORE: RegionCalibration(0.5, 0.0, 2.0),
    }
)


def test_each_region_has_its_own_slope_and_offset():
    logits = np.array([[1.0, -2.0], [1.0, -2.0]], dtype=np.float32)[:, :, None, None]
    assert FIGURES.apply(logits).ravel().tolist() == [1.0, -5.0, 0.5, -1.0]


def test_intervals_lie_between_the_volumes_at_both_shifted_thresholds():
    logits = np.tile(np.linspace(-3, 3, 61, dtype=np.float32)[:, None, None], (2, 1, 1, 1))
    intervals = FIGURES.intervals(logits, 1.0)
    assert intervals[Region.WHOLE_TUMOR] == pytest.approx((25, 36), abs=1)
    assert intervals[Region.TUMOR_CORE] == pytest.approx((10, 51), abs=1)


def test_what_is_written_is_read_again(tmp_path):
    (tmp_path / CALIBRATION).write_text(FIGURES.to_json())
    assert read_calibration(tmp_path / CALIBRATION).regions == FIGURES.regions


@pytest.mark.parametrize("text", ["", "{}x", '{"WT": {"slope": 1}}', '{"XX": {}}', "[1]"])
def test_a_damaged_calibration_is_refused(tmp_path, text):
    (tmp_path / CALIBRATION).write_text(text)
    with pytest.raises(BundleError, match="is no calibration"):
        read_calibration(tmp_path / CALIBRATION)
