"""All features of a study at once."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Label, Side
from gliokit.io.nifti import read_label_map
from gliokit.measurement.vasari.answers import (
    Crossing,
    EnhancementQuality,
    Focality,
    Location,
    Presence,
    Proportion,
    RimThickness,
    TumorSide,
)
from gliokit.measurement.vasari.evidence import Evidence
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.proportions import proportion_bin
from gliokit.measurement.vasari.score import score_vasari


def mirrored(evidence):
    """Swap left and right of the patient."""

    def swap(array):
        return np.ascontiguousarray(np.flip(array, 0))

    anatomy = evidence.anatomy
    names = ("ventricles", "white", "cortex", "lobes")
    affine = evidence.labels.affine
    return replace(
        evidence,
        labels=LabelMap(swap(evidence.labels.array), affine),
        images={s: Image(swap(i.array), affine) for s, i in evidence.images.items()},
        brain=swap(evidence.brain),
        anatomy=replace(anatomy, **{name: swap(getattr(anatomy, name)) for name in names}),
    )


def stored_otherwise(evidence):
    """Store the same patient with other directions of the axes."""
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    size = np.array(evidence.labels.array.shape)
    flip[:2, 3] = size[:2] - 1
    affine = evidence.labels.affine @ flip

    def turn(array):
        return np.ascontiguousarray(np.flip(array, (0, 1)))

    anatomy = evidence.anatomy
    names = ("ventricles", "white", "cortex", "lobes")
    return replace(
        evidence,
        labels=LabelMap(turn(evidence.labels.array), affine),
        images={s: Image(turn(i.array), affine) for s, i in evidence.images.items()},
        brain=turn(evidence.brain),
        anatomy=replace(anatomy, **{name: turn(getattr(anatomy, name)) for name in names}),
    )


def values(scores):
    return {
        feature: round(score.value, 6) if isinstance(score.value, float) else score.value
        for feature, score in scores.items()
    }


def test_ring_with_edema_is_described_whole(brain, glioma):
    found = score_vasari(brain.evidence(glioma, dominant_side=Side.LEFT))
    assert list(found) == list(FeatureId)
    expected = {
        FeatureId.LOCATION: Location.PARIETAL,
        FeatureId.SIDE: TumorSide.RIGHT,
        FeatureId.ENHANCEMENT_QUALITY: EnhancementQuality.MARKED,
        FeatureId.PROPORTION_ENHANCING: Proportion.TO_33,
        FeatureId.PROPORTION_NCET: Proportion.NONE,
        FeatureId.PROPORTION_NECROSIS: Proportion.TO_33,
        FeatureId.FOCALITY: Focality.FOCAL,
        FeatureId.RIM_THICKNESS: RimThickness.THICK,
        FeatureId.EDEMA_CROSSES: Crossing.NO,
        FeatureId.NCET_CROSSES: Crossing.NOT_APPLICABLE,
        FeatureId.HEMORRHAGE: Presence.NO,
        FeatureId.SATELLITES: Presence.NO,
    }
    assert {feature: found[feature].value for feature in expected} == expected


def test_every_score_says_how_or_why_not(brain, glioma):
    for score in score_vasari(brain.evidence(glioma)).values():
        assert bool(score.how) != bool(score.reason)
        assert (score.confidence is None) == (score.value is None)


def test_mirrored_patient_differs_in_the_side_only(brain, glioma):
    evidence = brain.evidence(glioma)
    here, there = values(score_vasari(evidence)), values(score_vasari(mirrored(evidence)))
    differing = [feature for feature in FeatureId if here[feature] != there[feature]]
    assert differing == [FeatureId.SIDE]


def test_scores_do_not_depend_on_how_the_image_is_stored(brain, glioma):
    evidence = brain.evidence(glioma)
    assert values(score_vasari(evidence)) == values(score_vasari(stored_otherwise(evidence)))


def test_label_map_alone_is_scored_as_far_as_it_goes(glioma):
    found = score_vasari(Evidence(glioma))
    scored = [feature.value for feature, score in found.items() if score.value is not None]
    assert scored == ["F5", "F9", "F11", "F14", "F24", "F29", "F30"]


def test_empty_label_map_has_no_scores_but_reasons():
    found = score_vasari(Evidence(LabelMap(np.zeros((8, 8, 8), dtype=np.uint8), np.eye(4))))
    assert {score.value for score in found.values()} == {None}
    assert found[FeatureId.LOCATION].reason == "the label map holds no tumor"


def test_edema_alone_is_described(brain):
    found = score_vasari(brain.evidence(brain.labels(edema=brain.ball((40, -45, 40), 15))))
    assert found[FeatureId.PROPORTION_EDEMA].value is Proportion.ALL
    assert found[FeatureId.EDEMA_CROSSES].value is Crossing.NO
    assert "edema only" in found[FeatureId.RIM_THICKNESS].reason


def test_cavity_is_no_tumor(brain, glioma):
    labels = glioma.array.copy()
    labels[brain.ball((-40, 20, 20), 10)] = Label.CAVITY
    emptied = score_vasari(Evidence(LabelMap(labels, glioma.affine)))
    assert values(emptied) == values(score_vasari(Evidence(glioma)))


def test_whole_brain_of_tumor_is_not_refused(brain):
    found = score_vasari(brain.evidence(brain.labels(enhancing=brain.inside)))
    assert found[FeatureId.PROPORTION_ENHANCING].value is Proportion.ALL
    assert found[FeatureId.HEMORRHAGE].value is None


@pytest.mark.parametrize("case", ["TCIA01_201", "TCIA10_637"])
def test_real_label_maps_have_the_shares_that_their_voxels_have(shared_data, case):
    labels = read_label_map(shared_data / "studies" / "labelled" / case / "seg.nii.gz")
    found = score_vasari(Evidence(labels))
    counts = np.bincount(labels.array.ravel(), minlength=4)
    for feature, label in (("F5", Label.ENHANCING), ("F14", Label.EDEMA)):
        share = 100 * counts[label] / counts[1:4].sum()
        assert found[FeatureId(feature)].value is proportion_bin(share)
    assert found[FeatureId.LONG_AXIS].value > found[FeatureId.SHORT_AXIS].value > 20
