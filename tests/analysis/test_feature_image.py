"""One region of one image, with and without the coil's brightness."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.feature_image import describe_one
from gliokit.analysis.feature_row import FeatureRun, describe_row
from gliokit.core.cohort import Cohort, Row
from gliokit.core.image import Mask
from gliokit.features.study_settings import study_settings

HOW = {
    "parts": ["WT"],
    "extras": [],
    "location": False,
    "radiomics": {"interpolation": {"spacing_mm": []}, "families": ["statistics"]},
}


def features(bias_field, image, labels):
    run = FeatureRun(study_settings({**HOW, "bias_field": bias_field}))
    mask = Mask(labels.array > 0, labels.affine)
    brain = Mask(image.array != 0, image.affine)
    return describe_one(image, mask, brain, run=run)[0]


@pytest.fixture
def shaded(textured_study):
    """Give the study under a coil that is brighter on one side."""
    x = np.indices(textured_study.reference.array.shape)[0]
    light = np.exp(0.03 * (x - 20)).astype(np.float32)
    images = {s: replace(i, array=i.array * light) for s, i in textured_study.images.items()}
    return replace(textured_study, images=images)


def test_the_coil_does_not_show_in_features_after_n4(textured_study, textured_labels, shaded):
    truth = features("none", textured_study.reference, textured_labels)["stat_mean"]
    spoiled = features("none", shaded.reference, textured_labels)["stat_mean"]
    corrected = features("n4", shaded.reference, textured_labels)["stat_mean"]
    assert abs(spoiled - truth) > 80  # z-scores times 100
    assert abs(corrected - truth) < 0.4 * abs(spoiled - truth)


def test_n4_is_applied_to_the_studies_of_a_cohort(textured_labels, shaded):
    cohort = Cohort([], lambda row: shaded, lambda row: textured_labels)
    row = Row(2, "p", "s", {})
    plain, corrected = (
        describe_row(cohort, row, FeatureRun(study_settings({**HOW, "bias_field": way}))).values
        for way in ("none", "n4")
    )
    assert abs(plain["WT_t1c_stat_mean"] - corrected["WT_t1c_stat_mean"]) > 50
