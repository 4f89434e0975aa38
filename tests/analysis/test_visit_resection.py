"""Extent of resection by the visits around surgery."""

import pytest

from gliokit.analysis.visit_resection import measure_resection
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.resection import ResectionClass


def enhancing(*milliliters):
    return [{Region.ENHANCING_TUMOR: Quantity(volume, "mL")} for volume in milliliters]


def test_residual_volume_decides_the_class():
    found = measure_resection([-9, -2, 1, 40], enhancing(18, 20, 0.8, 3), surgery_day=0)
    assert (found.before_day, found.after_day) == (-2, 1)
    assert found.extent.removed_enhancing == pytest.approx(0.96)
    assert found.extent.resection_class is ResectionClass.NEAR_TOTAL
    assert not found.reason


def test_nothing_left_may_be_supramaximal_since_edema_is_not_told_from_tumor():
    found = measure_resection([-2, 1], enhancing(20, 0), surgery_day=0)
    assert found.extent.possible == (ResectionClass.SUPRAMAXIMAL, ResectionClass.COMPLETE)


def test_a_late_scan_is_said():
    found = measure_resection([-2, 30], enhancing(20, 2), surgery_day=0)
    assert found.extent.resection_class is ResectionClass.SUBTOTAL
    assert "30 days after surgery" in found.reason


@pytest.mark.parametrize(
    ("days", "volumes", "millimeters", "reason"),
    [
        ([1, 40], enhancing(2, 3), True, "no visit lies before surgery"),
        ([-2, 1], [{}, *enhancing(3)], True, "not shown"),
        ([-2, 1], enhancing(0, 0), True, "nothing enhanced before"),
        ([-2, 1], enhancing(20, 1), False, "in voxels"),
    ],
)
def test_what_cannot_be_told_has_a_reason(days, volumes, millimeters, reason):
    found = measure_resection(days, volumes, surgery_day=0, millimeters=millimeters)
    assert found.extent is None
    assert reason in found.reason


def test_without_a_day_of_surgery_or_a_visit_after_it_there_is_none():
    assert measure_resection([-2, 1], enhancing(20, 1), surgery_day=None) is None
    assert measure_resection([-9, -2], enhancing(20, 20), surgery_day=0) is None
