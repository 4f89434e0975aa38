"""ICCs of features whose repeatability is known."""

import math

import numpy as np
import pytest

from gliokit.core.errors import CohortError
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.agreement import icc_one_way
from gliokit.evaluation.bootstrap import interval
from gliokit.features.image_features import describe_image
from gliokit.features.robustness import (
    Repeatability,
    Robustness,
    describe_changed,
    measure_robustness,
)
from gliokit.features.study_features import part_mask
from gliokit.features.study_settings import Part, study_settings
from gliokit.radiomics.perturbation import Perturbation

STILL = Perturbation(0, (0, 0, 0), 0, 5, 0, seed=1)
NOISY = Perturbation(0, (0, 0, 0), 0, 5, 1.0, seed=1)
SETTINGS = study_settings({"radiomics": {"interpolation": {"spacing_mm": []}}})


def repeats(spread, noise, *, patients=60, times=8, seed=0):
    """Draw repeats of one feature, of patients who differ by `spread`."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, spread, (patients, 1)) + rng.normal(0, noise, (patients, times))
    return {f"p{number}": {"f": row.tolist()} for number, row in enumerate(values)}


def test_the_planted_share_of_variance_is_found():
    (found,) = measure_robustness(repeats(2, 1, patients=400), seed=0, resamples=200)
    assert found.icc == pytest.approx(4 / 5, abs=0.03)
    assert found.low < 4 / 5 < found.high


def test_a_feature_that_repeats_exactly_is_excellent():
    (found,) = measure_robustness(repeats(1, 0), seed=0, resamples=50)
    assert found.icc == pytest.approx(1)
    assert found.verdict is Repeatability.EXCELLENT


def test_noise_alone_is_poor():
    (found,) = measure_robustness(repeats(0, 1), seed=0, resamples=200)
    assert found.icc == pytest.approx(0, abs=0.1)
    assert found.verdict is Repeatability.POOR


def test_a_patient_without_the_feature_is_left_out_of_it():
    known = repeats(2, 1, patients=10)
    known["p3"] = {"f": [math.nan] * 8}
    known["p4"] = {"g": [0.0] * 8}
    found = {one.name: one for one in measure_robustness(known, seed=0, resamples=50)}
    assert found["f"].patients == 8
    assert found["g"].patients == 1
    assert math.isnan(found["g"].icc)
    assert found["g"].verdict is None


def test_one_value_in_all_has_no_icc():
    same = {f"p{number}": {"f": [1.0, 1.0]} for number in range(5)}
    (found,) = measure_robustness(same, seed=0, resamples=50)
    assert math.isnan(found.icc)


def test_one_patient_is_refused():
    with pytest.raises(CohortError, match="an ICC compares patients, and there is 1"):
        measure_robustness(repeats(1, 1, patients=1), seed=0)


def test_unequal_numbers_of_repeats_are_refused():
    with pytest.raises(CohortError, match=r"found \[2, 3\] repeats"):
        measure_robustness({"a": {"f": [1.0, 2.0]}, "b": {"f": [1.0, 2.0, 3.0]}}, seed=0)


@pytest.mark.parametrize(
    ("low", "verdict"),
    [
        (0.9, Repeatability.EXCELLENT),
        (0.89, Repeatability.GOOD),
        (0.75, Repeatability.GOOD),
        (0.74, Repeatability.MODERATE),
        (0.5, Repeatability.MODERATE),
        (0.49, Repeatability.POOR),
    ],
)
def test_the_lower_end_decides_the_verdict(low, verdict):
    assert Robustness("f", 10, 5, 0.95, low, 1.0).verdict is verdict


def test_no_change_gives_the_features_of_the_whole_image(textured_study, textured_labels):
    image = textured_study[MRSequence.T1C]
    masks = {Part.WHOLE: part_mask(textured_labels.array, Part.WHOLE)}
    brain = image.array > 0
    whole = describe_image(image, masks, settings=SETTINGS, brain=brain)[Part.WHOLE].features
    changed = describe_changed(image, masks, [STILL], settings=SETTINGS, brain=brain)
    (again,) = changed[Part.WHOLE]
    assert set(whole) - set(again) == {f"histogram_bin_{k}" for k in range(1, 11)}
    for name in ("stat_mean", "morph_volume", "cm_joint_entr_3D_avg", "dog_1_mean"):
        assert again[name] == pytest.approx(whole[name], rel=1e-4)


def test_noise_changes_texture_and_not_shape(textured_study, textured_labels):
    image = textured_study[MRSequence.T1C]
    masks = {Part.WHOLE: part_mask(textured_labels.array, Part.WHOLE)}
    changed = describe_changed(
        image, masks, [STILL, NOISY], settings=SETTINGS, brain=image.array > 0
    )
    still, noisy = changed[Part.WHOLE]
    assert noisy["morph_volume"] == still["morph_volume"]
    assert noisy["stat_var"] > 1.2 * still["stat_var"]


def test_many_features_at_once_have_the_intervals_of_each_alone():
    one, other = repeats(2, 1, patients=15), repeats(1, 1, patients=15, seed=3)
    both = {p: {"f": one[p]["f"], "g": other[p]["f"]} for p in one}
    both["p2"]["g"] = [math.nan] * 8
    found = {it.name: it for it in measure_robustness(both, seed=1, resamples=300)}
    alone = np.array([values["f"] for values in one.values()])
    expected = interval(
        lambda rows: icc_one_way(alone[rows]), patients=range(15), seed=1, resamples=300
    )
    assert found["f"].icc == pytest.approx(icc_one_way(alone))
    assert (found["f"].low, found["f"].high) == pytest.approx(expected)
    assert found["g"].patients == 14


def test_nothing_repeated_gives_nothing():
    assert measure_robustness({"a": {}, "b": {}}, seed=0) == ()
