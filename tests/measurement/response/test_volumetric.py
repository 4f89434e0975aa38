"""Volumes in place of areas, and how far their rounded thresholds are from those of a ball."""

import math
from fractions import Fraction

import pytest

from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.facts import NewLesion, NonTarget
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.readings import Readings
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.measurement.response.vocabulary import Component
from gliokit.measurement.response.volumetric import MEASURABLE_ML, volume_change_of_ball


@pytest.mark.parametrize(
    ("area_change", "volume_percent", "rounded_percent"),
    [(0.25, 39.8, 40), (-0.50, -64.6, -65), (-0.25, -35.0, -35)],
)
def test_thresholds_of_volume_are_those_of_a_ball_rounded(
    area_change, volume_percent, rounded_percent
):
    percent = 100 * volume_change_of_ball(area_change)
    assert percent == pytest.approx(volume_percent, abs=0.06)
    assert round(percent / 5) * 5 == rounded_percent


def ball(day, diameter_mm):
    """Visit a ball: its area is the square of its diameter, its volume pi/6 of the cube."""
    volume = math.pi / 6 * diameter_mm**3 / 1000
    return Visit(
        day,
        Disease(diameter_mm**2, volume, NonTarget.ABSENT),
        Disease(diameter_mm**2, volume, NonTarget.ABSENT),
        NewLesion.NONE,
        dexamethasone_mg_per_day=0,
        clinical_change=ClinicalChange.STABLE,
    )


def category(visits, criterion, component=Component.ENHANCING):
    options = Options(component, baseline=0, confirm_responses=False)
    return classify_course(
        visits, criterion, treatment=Treatment(irradiated=False), options=options
    )[-1].category


@pytest.mark.parametrize(
    ("area_ratio", "by_area", "by_volume"),
    [
        (1.25, "PD", "SD"),  # +39.8 % of the volume
        (1.252, "PD", "PD"),  # +40.1 %
        (0.5, "PR", "SD"),  # -64.6 %
        (0.496, "PR", "PR"),  # -65.1 %
    ],
)
def test_a_ball_at_the_threshold_of_area_is_just_short_of_that_of_volume(
    area_ratio, by_area, by_volume
):
    visits = [ball(0, 30), ball(60, 30 * math.sqrt(area_ratio))]
    assert category(visits, "rano2_2023") == by_area
    assert category(visits, "rano2_2023-volume") == by_volume


def test_the_area_threshold_applied_to_volumes_would_overcall_progression():
    # +16 % of the area, far from progression, is +25 % of the volume
    area_change = 1.25 ** (2 / 3) - 1
    assert 100 * area_change == pytest.approx(16.0, abs=0.1)
    visits = [ball(0, 30), ball(60, 30 * math.sqrt(1 + area_change))]
    assert category(visits, "rano2_2023") == "SD"
    assert category(visits, "rano2_2023-volume") == "SD"


def test_a_measurable_volume_is_that_of_a_ball_of_10_mm():
    assert pytest.approx(math.pi / 6, abs=0.005) == MEASURABLE_ML


def test_volumes_keep_the_rows_of_the_criterion():
    for name, criterion in CRITERIA.items():
        if not name.endswith("-volume"):
            by_volume = CRITERIA[f"{name}-volume"]
            assert by_volume.findings == criterion.findings
            assert by_volume.course == criterion.course


def test_minor_response_by_volume_is_as_it_is_read():
    visits = [ball(0, 30), ball(60, 30 * 0.62 ** (1 / 3))]  # -38 %
    found = []
    for minor in (Fraction(2, 5), Fraction(7, 20)):
        options = Options(
            Component.NONENHANCING,
            baseline=0,
            confirm_responses=False,
            readings=Readings(minor_volume=minor),
        )
        found.append(
            classify_course(
                visits,
                "rano2_2023-volume",
                treatment=Treatment(irradiated=False),
                options=options,
            )[-1].category
        )
    assert found == ["SD", "MR"]
