"""Images are what their names say, or it is noticed."""

import json
import shutil
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from gliokit.bundles.bundle import read_bundle, seal_bundle, shipped_bundles
from gliokit.core.errors import BundleError, NotAssessableError
from gliokit.core.geometry import spacing_mm
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import read_study
from gliokit.phantom.body.individual import TINY
from gliokit.phantom.study import simulate_study
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.contrast import (
    FEATURES,
    IMPOSSIBLE,
    PAIR_FEATURES,
    Judged,
    compare,
    describe,
    doubts_of_names,
    layers,
    place_in,
    read_contrast_model,
    weigh,
)
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.resampling import resample_inside

T1, T1C, T2, FLAIR = MRSequence
TWO_MM = np.full(3, 2.0)


@pytest.fixture(scope="module")
def model():
    return read_contrast_model()


@pytest.fixture(scope="module")
def simulated():
    """Give images, brain and spacing of a small simulated study with a tumor."""
    study = simulate_study(2, voxels=TINY).study
    images = {sequence: image.array for sequence, image in study.images.items()}
    return images, stripped_brain(images.values()), spacing_mm(study.reference.affine)


def renamed(images, names):
    """Give the images, in the order of the sequences, other names."""
    return dict(zip(names, (images[sequence] for sequence in MRSequence), strict=True))


def told(judged):
    return {name: max(one.posterior, key=one.posterior.get) for name, one in judged.items()}


def judged_as(**posteriors) -> dict[MRSequence, Judged]:
    """Say what each image looks like: `flair={T1: 1.0}`."""
    nothing = dict.fromkeys(MRSequence, 0.0)
    return {MRSequence(name): Judged(nothing | p, 6.0) for name, p in posteriors.items()}


def test_right_names_raise_no_doubt(model, simulated):
    judged = model.judge(*simulated)
    assert told(judged) == {sequence: sequence for sequence in MRSequence}
    assert doubts_of_names(judged, "P-1") == ()


def test_posteriors_of_an_image_sum_to_one(model, simulated):
    for one in model.judge(*simulated).values():
        assert sum(one.posterior.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "names", [n for n in permutations(MRSequence) if n not in [(T1, T1C, T2, FLAIR)]], ids="-".join
)
def test_every_shuffled_study_is_noticed(model, simulated, names):
    images, brain, spacing = simulated
    judged = model.judge(renamed(images, names), brain, spacing)
    assert told(judged) == dict(zip(names, MRSequence, strict=True))
    if names == (T1C, T1, T2, FLAIR):
        assert [notice.code for notice in doubts_of_names(judged, "P-1")] == ["t1-t1c-swapped"]
    else:
        with pytest.raises(
            NotAssessableError, match=r"study P-1: the image given as .* looks like"
        ):
            doubts_of_names(judged, "P-1")


def test_brightness_and_gain_of_an_image_do_not_matter(model, simulated):
    images, brain, spacing = simulated
    brighter = {sequence: 3 * image + 100 for sequence, image in images.items()}
    one, two = model.judge(images, brain, spacing), model.judge(brighter, brain, spacing)
    for sequence in images:
        assert two[sequence].distance == pytest.approx(one[sequence].distance, abs=0.01)


def test_a_mirrored_brain_looks_the_same(model, simulated):
    images, brain, spacing = simulated
    mirrored = {sequence: image[::-1] for sequence, image in images.items()}
    one, two = model.judge(images, brain, spacing), model.judge(mirrored, brain[::-1], spacing)
    for sequence in images:
        # not the very same: grids of other spacing share the face at the start of each axis
        assert two[sequence].distance == pytest.approx(one[sequence].distance, abs=0.7)


def test_finer_voxels_look_the_same(model, simulated):
    images, brain, spacing = simulated
    resampled = {s: resample_inside(i, brain, spacing, TWO_MM) for s, i in images.items()}
    inside = resampled[T1][1]
    at_two = {s: np.where(inside, image, 0) for s, (image, _) in resampled.items()}
    half = np.full(3, 1.0)
    finer = {s: np.repeat(np.repeat(np.repeat(i, 2, 0), 2, 1), 2, 2) for s, i in at_two.items()}
    again = np.repeat(np.repeat(np.repeat(inside, 2, 0), 2, 1), 2, 2)
    one, two = model.judge(at_two, inside, TWO_MM), model.judge(finer, again, half)
    for sequence in images:
        assert two[sequence].distance == pytest.approx(one[sequence].distance, abs=0.01)


def test_noise_in_a_brain_mask_is_like_nothing_known(model, simulated):
    _, brain, spacing = simulated
    _, inside = resample_inside(brain.astype(np.float32), brain, spacing, TWO_MM)
    noise = np.random.default_rng(0).normal(100, 10, inside.shape).astype(np.float32)
    with pytest.raises(
        NotAssessableError, match=r"flair image are like nothing .* known are up to"
    ):
        doubts_of_names(model.judge({FLAIR: noise}, inside, TWO_MM), "P-1")


def test_a_constant_image_is_like_nothing_known(model, simulated):
    images, brain, spacing = simulated
    judged = model.judge(images | {T2: np.where(brain, 7, 0).astype(np.float32)}, brain, spacing)
    assert judged[T2].distance == np.inf
    with pytest.raises(NotAssessableError, match="t2 image are like nothing"):
        doubts_of_names(judged, "P-1")


@pytest.mark.parametrize("sequence", [T1, T1C, T2])  # flair in part only: see the model card
def test_an_inverted_image_is_noticed(model, simulated, sequence):
    images, brain, spacing = simulated
    judged = model.judge(images | {sequence: -images[sequence]}, brain, spacing)
    try:
        notices = doubts_of_names(judged, "P-1")
    except NotAssessableError:
        return
    assert {notice.code for notice in notices} & {"sequence-name", "unusual-intensities"}


def test_a_brain_that_is_nowhere_deep_is_refused(model):
    slab = np.zeros((60, 60, 12), dtype=bool)
    slab[5:-5, 5:-5, 2:-2] = True
    image = np.random.default_rng(0).normal(size=slab.shape).astype(np.float32)
    with pytest.raises(NotAssessableError, match="no part of the brain mask lies 20 mm below"):
        model.judge({FLAIR: image}, slab, TWO_MM)


def test_layers_of_a_ball_are_its_depth():
    grid = np.moveaxis(np.indices((41, 41, 41)), 0, -1) - 20
    radius = np.linalg.norm(grid, axis=-1)
    depth = layers(radius <= 18.5)
    counted = (radius <= 18.5) & (depth < depth.max())
    apart = depth[counted] + 0.5 - (18.5 - radius[counted])  # between voxel center and surface
    assert np.abs(apart).mean() < 0.7
    assert np.abs(apart).max() < 2.5
    assert not depth[radius > 18.5].any()


def test_features_have_the_names_that_the_bundle_lists(simulated):
    _, brain, _ = simulated
    place = place_in(np.kron(brain, np.ones((2, 2, 2), dtype=bool)))
    values = np.random.default_rng(0).normal(size=(2, place.layer.size)).astype(np.float32)
    assert describe(values[0], place).shape == (len(FEATURES),)
    assert compare(*values).shape == (len(PAIR_FEATURES),)


def test_one_image_alone_is_weighed_by_its_distance():
    shares, distances = weigh([np.array([4.0, 4.0, 8.0, 12.0])], {}, 2.0)
    odds = np.exp([-1, -1, -2, -3])
    assert shares[0] == pytest.approx(odds / odds.sum())
    assert distances == pytest.approx([2.0])


def test_two_images_are_different_sequences_and_their_pair_decides():
    alike = np.array([0.0, 0.0, 99.0, 99.0])
    pair = np.full((4, 4), 50.0)
    pair[1, 0] = 9.0  # the first is the second sequence, the second the first
    shares, distances = weigh([alike, alike], {(0, 1): pair}, 1.0)
    assert shares.argmax(axis=1).tolist() == [1, 0]
    assert distances == pytest.approx([3.0, 3.0])


def test_t1_and_t1c_taken_for_each_other_are_one_warning_and_no_refusal():
    judged = judged_as(t1={T1C: 0.95, T1: 0.05}, t1c={T1: 0.95, T1C: 0.05})
    (notice,) = doubts_of_names(judged, "P-1")
    assert notice.code == "t1-t1c-swapped"
    assert "rename the files" in notice.text


def test_t1c_alone_that_looks_like_t1_raises_no_doubt():
    assert doubts_of_names(judged_as(t1c={T1: 1.0}, flair={FLAIR: 1.0}), "P-1") == ()


def test_an_unlikely_name_is_a_warning_and_an_impossible_one_is_refused():
    (notice,) = doubts_of_names(judged_as(flair={T1: 0.9, FLAIR: 0.1}), "P-1")
    assert notice.code == "sequence-name"
    assert "given as flair looks like t1 (probability that it is flair: 0.1)" in notice.text
    certain = judged_as(flair={T1: 1 - IMPOSSIBLE / 2, FLAIR: IMPOSSIBLE / 2})
    with pytest.raises(NotAssessableError, match=r"given as flair looks like t1 .*--flair"):
        doubts_of_names(certain, "P-1")


def test_an_unusual_image_is_a_warning():
    (one,) = judged_as(t2={T2: 1.0}).values()
    (notice,) = doubts_of_names({T2: replace(one, distance=14.0)}, "P-1")
    assert notice.code == "unusual-intensities"
    assert "t2" in notice.text


def test_a_bundle_with_other_features_is_refused(tmp_path):
    folder = Path(shutil.copytree(shipped_bundles()["contrast"], tmp_path / "contrast"))
    card = read_bundle(folder).card
    content = json.loads((folder / "contrast.json").read_text())
    content["features"] = content["features"][:-1]
    (folder / "contrast.json").write_text(json.dumps(content))
    seal_bundle(folder, card, made_with={})
    with pytest.raises(BundleError, match="describes images by other features"):
        read_contrast_model(folder)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(12))
def test_real_studies_have_their_names_and_every_shuffling_is_noticed(model, shared_data, number):
    folder = sorted((shared_data / "studies" / "labelled").iterdir())[number]
    study = read_study(folder, study_id=folder.name)
    affine = study.reference.affine
    brain = turn_to_ras(stripped_brain(image.array for image in study.images.values()), affine)
    pairs = {
        s: resample_inside(turn_to_ras(i.array, affine), brain, spacing_mm(affine), TWO_MM)
        for s, i in study.images.items()
    }
    images, inside = {s: image for s, (image, _) in pairs.items()}, pairs[T1][1]
    judged = model.judge(images, inside, TWO_MM)
    assert told(judged) == {sequence: sequence for sequence in MRSequence}
    assert doubts_of_names(judged, folder.name) == ()
    for names in permutations(MRSequence):
        if names != (T1, T1C, T2, FLAIR):
            shuffled = {name: judged[s] for name, s in zip(names, MRSequence, strict=True)}
            assert noticed(shuffled)


def noticed(judged) -> bool:
    try:
        return bool(doubts_of_names(judged, "P-1"))
    except NotAssessableError:
        return True
