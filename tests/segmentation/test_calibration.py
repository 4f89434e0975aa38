"""The calibration of a bundle: applied, written and read."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import BundleError
from gliokit.core.findings import Quantity
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


NO_TRIPLE = '{"WT": {"slope": 1, "offset": 0, "found_ml": [1, 2]}}'


def test_each_region_has_its_own_slope_and_offset():
    logits = np.array([[1.0, -2.0], [1.0, -2.0]], dtype=np.float32)[:, :, None, None]
    assert FIGURES.apply(logits).ravel().tolist() == [1.0, -5.0, 0.5, -1.0]


def test_intervals_lie_between_the_volumes_at_both_shifted_thresholds():
    logits = np.tile(np.linspace(-3, 3, 61, dtype=np.float32)[:, None, None], (2, 1, 1, 1))
    intervals = FIGURES.intervals(logits, 1.0)
    assert intervals[Region.WHOLE_TUMOR] == pytest.approx((30, 51), abs=1)
    assert intervals[Region.TUMOR_CORE] == pytest.approx((20, 41), abs=1)


def test_intervals_hold_what_the_network_itself_labels():
    raw = np.random.default_rng(0).normal(-1, 2, (2, 9, 9, 9)).astype(np.float32)
    labelled = np.count_nonzero(raw > 0, axis=(1, 2, 3))
    figures = {
        region: replace(own, shift=0.0) for region, own in FIGURES.regions.items()
    }  # the core of the interval is one volume then
    intervals = Calibration(figures).intervals(FIGURES.apply(raw.copy()), 1.0)
    for volume, (low, high) in zip(labelled, intervals.values(), strict=True):
        assert (low, high) == pytest.approx((volume, volume), abs=1)


def test_margin_widens_by_a_factor_of_the_volume_up_to_the_brain():
    logits = np.full((1, 100), -9, dtype=np.float32)
    logits[0, :9] = 9
    region = Region.WHOLE_TUMOR

    def interval(margin):
        calibration = Calibration({region: RegionCalibration(1, 0, 1.0, margin)})
        return calibration.intervals(logits, 1.0)[region]

    assert interval(0.0) == (9, 9)
    assert interval(np.log(2)) == pytest.approx(((9 + 1) / 2 - 1, (9 + 1) * 2 - 1))
    assert interval(3.0) == (0, 100)


def test_smallest_found_and_blank_are_those_of_enhancing_tumor():
    measured = RegionCalibration(1, 0, found_ml=(1.2, 0.8, 2.5), blank_ml=3.0)
    calibration = Calibration({Region.ENHANCING_TUMOR: measured})
    assert calibration.smallest_found == Quantity(1.2, "mL", (0.8, 2.5))
    assert calibration.blank == Quantity(3.0, "mL")
    unmeasured = Calibration({Region.ENHANCING_TUMOR: RegionCalibration(1, 0)})
    for known in (FIGURES, unmeasured):
        assert (known.smallest_found, known.blank) == (None, None)


def test_what_is_written_is_read_again(tmp_path):
    all_known = RegionCalibration(1.5, -0.5, 2.0, 0.25, (1.0, 0.5, 3.0), 4.0)
    figures = Calibration({**FIGURES.regions, Region.ENHANCING_TUMOR: all_known})
    (tmp_path / CALIBRATION).write_text(figures.to_json())
    assert read_calibration(tmp_path / CALIBRATION).regions == figures.regions


@pytest.mark.parametrize(
    "text", ["", "{}x", '{"WT": {"slope": 1}}', NO_TRIPLE, '{"XX": {}}', "[1]"]
)
def test_a_damaged_calibration_is_refused(tmp_path, text):
    (tmp_path / CALIBRATION).write_text(text)
    with pytest.raises(BundleError, match="is no calibration"):
        read_calibration(tmp_path / CALIBRATION)
