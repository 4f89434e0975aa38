"""Shares that an operation removed."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.vasari.answers import Proportion
from gliokit.measurement.vasari.evidence import Evidence
from gliokit.measurement.vasari.score import score_vasari


def visit(enhancing, edema=0, core=0, spacing=1.0):
    labels = np.zeros((12, 12, 12), dtype=np.uint8)
    drawn = [Label.ENHANCING] * enhancing + [Label.EDEMA] * edema + [Label.NECROTIC_CORE] * core
    labels.ravel()[: len(drawn)] = drawn
    return Evidence(LabelMap(labels, np.diag([spacing, spacing, spacing, 1.0])))


def resection(before, after):
    scores = score_vasari(replace(after, before_surgery=before))
    return {number: scores[number] for number in ("F26", "F27", "F28")}


@pytest.mark.parametrize(
    ("left", "value"),
    [
        (1000, Proportion.NONE),
        (950, Proportion.BELOW_5),
        (949, Proportion.TO_33),
        (330, Proportion.TO_67),
        (50, Proportion.TO_95),
        (49, Proportion.ABOVE_95),
        (0, Proportion.ALL),
    ],
)
def test_share_of_enhancing_tumor_removed(left, value):
    assert resection(visit(1000), visit(left))["F26"].value is value


def test_volumes_count_and_not_voxels():
    assert resection(visit(1000), visit(125, spacing=2.0))["F26"].value is Proportion.NONE


def test_growth_is_nothing_removed_and_says_so():
    found = resection(visit(100, edema=300), visit(0, edema=500))["F28"]
    assert found.value is Proportion.NONE
    assert "0.3 mL before, 0.5 mL after" in found.how


def test_what_was_not_there_cannot_be_removed():
    assert resection(visit(100), visit(0))["F28"].value is Proportion.NOT_APPLICABLE


def test_ncet_that_is_known_on_both_visits_is_compared():
    assert (
        resection(visit(0, 100, core=400), visit(0, 100, core=100))["F27"].value is Proportion.TO_95
    )


def test_ncet_of_a_mixed_core_is_not_guessed(brain, glioma):
    bare = replace(brain.evidence(glioma), images={})
    found = resection(bare, visit(10, 10))["F27"]
    assert found.value is None
    assert "mixes necrosis and nCET" in found.reason


def test_without_a_visit_before_there_is_no_extent():
    scores = score_vasari(visit(100))
    assert "no visit before" in scores["F26"].reason
