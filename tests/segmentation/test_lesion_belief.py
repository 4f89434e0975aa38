"""Parts of an outline: how they are described, and which are believed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gliokit.bundles.bundle import shipped_bundle
from gliokit.core.errors import BundleError
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.preprocessing.view import View, view_of
from gliokit.segmentation.lesion_belief import (
    LESIONS,
    LesionModel,
    PartModel,
    read_lesion_model,
)
from gliokit.segmentation.lesion_features import FEATURES, describe_parts
from gliokit.segmentation.regions import UNDOUBTED, component_sizes

SHAPE = (40, 36, 32)
LEFT, RIGHT = (slice(4, 14), slice(10, 20), slice(8, 18)), (slice(26, 36), *[slice(22, 30)] * 2)
ALL = tuple(MRSequence)


def seen(sequences: tuple[MRSequence, ...] = ALL, *, mirrored: bool = False) -> View:
    """Give a view of noise with a bright block on the left."""
    array = 10 + np.random.default_rng(0).random(SHAPE, dtype=np.float32)
    array[LEFT] += 5
    array = np.ascontiguousarray(array[::-1]) if mirrored else array
    images = {s: Image(array, np.eye(4), s) for s in sequences}
    return view_of(Study("s", images))


def outlined() -> tuple[np.ndarray, np.ndarray]:
    """Give labels of a part of 1 mL and one of 0.64 mL, and logits that believe in the first."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[LEFT], labels[RIGHT] = Label.EDEMA, Label.EDEMA
    logits = np.full((4, *SHAPE), -4, dtype=np.float32)
    logits[0][LEFT], logits[0][RIGHT] = 3, 1
    return labels, logits


def described(labels: np.ndarray, logits: np.ndarray, view: View) -> dict[str, np.ndarray]:
    """Give every feature by its name."""
    parts = component_sizes(labels > 0, 1.0)
    return dict(zip(FEATURES, describe_parts(parts, logits, logits, view).T, strict=True))


def weighing(**weights: float) -> PartModel:
    """Give a model of a few features, named with underscores."""
    named = {name.replace("_", " "): weight for name, weight in weights.items()}
    assert named.keys() <= set(FEATURES)
    return PartModel(np.array([named.get(name, 0.0) for name in FEATURES]), 0.0)


BY_COARSE = LesionModel(
    tumor=weighing(coarse_WT_mean=1.0),
    enhancing=weighing(fine_ET_mean=1.0),
    complete=2.0,
    partial=0.0,
    doubted=2.5,
    enhances=0.0,
)


def test_parts_are_described_by_size_belief_and_contrast():
    found = described(*outlined(), seen())
    assert np.allclose(found["log10 mL"], np.log10([1.0, 0.64]))
    assert np.allclose(found["coarse WT mean"], [3, 1])
    assert np.allclose(found["share seen by coarse"], [1, 1])
    assert np.allclose(found["mirrored coarse WT mean"], [-4, -4])
    bright, plain = found["flair mean"]
    assert bright > 1 > abs(plain)
    bright, plain = found["t1 against mirrored"]
    assert bright > 1 > abs(plain)


def test_a_mirrored_brain_has_the_mirrored_parts():
    labels, logits = outlined()
    plain = described(labels, logits, seen())
    turned = described(labels[::-1], logits[:, ::-1], seen(mirrored=True))
    for name in FEATURES:
        assert np.allclose(np.sort(plain[name]), np.sort(turned[name]), atol=1e-4), name


def test_a_missing_sequence_is_described_as_missing():
    found = described(*outlined(), seen((MRSequence.FLAIR,)))
    assert np.all(found["flair present"] == 1)
    for what in ("mean", "deviation", "against mirrored", "present"):
        assert not found[f"t1c {what}"].any()


def test_a_part_that_is_not_believed_is_left_out_and_said_so():
    labels, logits = outlined()
    notices = BY_COARSE.keep_believed(labels, logits, logits, seen())
    assert labels[LEFT].all()
    assert not labels[RIGHT].any()
    assert [notice.code for notice in notices] == ["unsure-parts-dropped"]
    assert "0.6 mL" in notices[0].text


def test_what_the_coarse_network_does_not_doubt_is_kept():
    labels, logits = outlined()
    coarse = logits.copy()
    coarse[0][RIGHT] = 1
    coarse[0, 30, 25, 25] = UNDOUBTED
    BY_COARSE.keep_believed(labels, logits, coarse, seen())
    assert labels[RIGHT].all()


@pytest.mark.parametrize(("sequences", "kept"), [(ALL, False), (ALL[1:], True)])
def test_a_large_part_is_kept_and_doubted_where_a_sequence_is_missing(sequences, kept, monkeypatch):
    monkeypatch.setattr("gliokit.segmentation.lesion_belief.LARGE_ML", 0.9)
    labels, logits = outlined()
    model = replace(BY_COARSE, complete=5.0, partial=5.0, doubted=6.0)  # neither part is believed
    codes = [n.code for n in model.keep_believed(labels, logits, logits, seen(sequences))]
    assert labels[LEFT].any() == kept
    assert not labels[RIGHT].any()
    assert ("tumor-unsure" in codes) == kept


def test_with_a_sequence_missing_the_other_threshold_holds():
    labels, logits = outlined()
    notices = BY_COARSE.keep_believed(labels, logits, logits, seen(ALL[1:]))
    assert labels[RIGHT].all()
    assert notices == ()


def test_a_tumor_that_is_hardly_believed_is_doubted():
    labels, logits = outlined()
    model = replace(BY_COARSE, doubted=3.5)
    codes = [n.code for n in model.keep_believed(labels, logits, logits, seen())]
    assert codes == ["unsure-parts-dropped", "tumor-unsure"]


def test_without_any_part_there_is_nothing_to_say():
    labels, logits = outlined()
    labels[:] = 0
    assert BY_COARSE.keep_believed(labels, logits, logits, seen()) == ()


@pytest.mark.parametrize(("side", "logit", "kept"), [(6, 1, True), (6, -1, False), (3, 1, False)])
def test_small_enhancement_counts_as_core_unless_believed_and_no_speck(side, logit, kept):
    labels, logits = outlined()
    spot = tuple(slice(5, 5 + side) for _ in "xyz")
    labels[:, :, :], logits[0] = Label.EDEMA, 3
    labels[spot], logits[2][spot] = Label.ENHANCING, logit
    BY_COARSE.keep_believed(labels, logits, logits, seen())
    assert np.all(labels[spot] == (Label.ENHANCING if kept else Label.NECROTIC_CORE))


def test_enhancement_of_more_than_a_milliliter_is_not_judged():
    labels, logits = outlined()
    labels[:], logits[0] = Label.EDEMA, 3
    spot = (slice(5, 16),) * 3
    labels[spot] = Label.ENHANCING
    BY_COARSE.keep_believed(labels, logits, logits, seen())
    assert np.all(labels[spot] == Label.ENHANCING)


def test_a_bundle_may_have_no_lesion_model(tmp_path):
    assert read_lesion_model(tmp_path / LESIONS) is None


def test_weights_of_other_features_are_refused(tmp_path):
    content = json.loads((shipped_bundle("default") / LESIONS).read_text())
    path = tmp_path / LESIONS
    path.write_text(json.dumps(content))
    assert read_lesion_model(path) is not None
    content["tumor"]["weights"]["age"] = 1.0
    path.write_text(json.dumps(content))
    with pytest.raises(BundleError, match="other features"):
        read_lesion_model(path)
