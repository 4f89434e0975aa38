"""Where labels end up, with a network that only finds what is bright."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gliokit.bundles.bundle import Bundle, Card
from gliokit.core.errors import BundleError, NotAssessableError
from gliokit.core.geometry import to_world
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.preprocessing.view import CANVAS, INPUTS, on_canvas, placed
from gliokit.segmentation.calibration import Calibration, RegionCalibration
from gliokit.segmentation.default import OUTPUTS, DefaultSegmenter, detail_box

CARD = Card(
    name="bright",
    version="1",
    purpose="tests",
    inputs=INPUTS,
    outputs=OUTPUTS,
    training=(),
    evaluation=(),
    intended_use="tests",
    limits=(),
    assumed=(),
    licence="Apache-2.0",
)
CENTER_MM = np.array([21.0, -14.0, 9.0])
RADIUS_MM = 14.0


class BrightSession:
    """Calls tumor what stands out on FLAIR."""

    precision = "f32"
    device = "cpu"

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Give positive logits where FLAIR is bright."""
        flair = x[:, INPUTS.index(MRSequence.FLAIR)]
        return np.stack([flair - 4.0] * len(OUTPUTS), axis=1)


def tilted(spacing: tuple[float, float, float], degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn @ np.diag([*spacing, 1.0])


def flair_with_ball(affine: np.ndarray, background: float) -> Study:
    """Give a brain of 140×170×130 mm with a bright ball in it, on any grid."""
    half = np.array([70.0, 85.0, 65.0])
    extent = 2 * (half + 8) / np.linalg.norm(affine[:3, :3], axis=0)
    shape = np.ceil(extent * 1.2).astype(int)
    affine = affine.copy()
    affine[:3, 3] = -affine[:3, :3] @ ((shape - 1) / 2)
    world = to_world(affine, np.moveaxis(np.indices(shape), 0, -1))
    texture = 100 + 5 * np.sin(world.sum(axis=-1) / 7)
    brain = np.linalg.norm(world / half, axis=-1) < 1
    ball = np.linalg.norm(world - CENTER_MM, axis=-1) < RADIUS_MM
    array = np.where(brain, np.where(ball, 200, texture), background).astype(np.float32)
    return Study("ball", {MRSequence.FLAIR: Image(array, affine)})


def of_bright(card: Card = CARD, session: BrightSession | None = None) -> DefaultSegmenter:
    unchanged = Calibration({region: RegionCalibration(1.0, 0.0, 0.5) for region in OUTPUTS})
    return DefaultSegmenter(Bundle(Path(), card, "0" * 64), session or BrightSession(), unchanged)


@pytest.fixture(scope="module")
def segmenter() -> DefaultSegmenter:
    return of_bright()


@pytest.mark.parametrize(
    ("spacing", "degrees"),
    [((1, 1, 5), 0), ((0.9, 0.9, 5.5), 0), ((2, 2, 2), 20), ((3, 3, 3), 0), ((-1.5, -1.5, 3), 12)],
)
@pytest.mark.parametrize("background", [0, -1000])
def test_a_ball_is_found_where_it_is_on_every_grid(segmenter, spacing, degrees, background):
    study = flair_with_ball(tilted(spacing, degrees), background)
    labels = segmenter.predict(study).labels
    found = labels.array > 0
    center = to_world(labels.affine, np.argwhere(found).mean(axis=0))
    assert np.linalg.norm(center - CENTER_MM) < 0.4
    volume = found.sum() * np.abs(np.prod(spacing))
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.12)


def test_a_bundle_with_other_channels_is_refused():
    swapped = replace(CARD, inputs=INPUTS[::-1])
    with pytest.raises(BundleError, match="maps flair, t2, t1c, t1 to WT, TC, ET, RC; needed: t1"):
        of_bright(swapped)


class BlindAtDetail(BrightSession):
    """Finds at 1 mm nothing of what it finds at 2 mm."""

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Give the logits of another mind to the fine network."""
        logits = super().run(network, x)
        return logits if network == "coarse" else -np.abs(logits)


def test_a_study_on_which_the_two_networks_contradict_each_other_is_refused():
    study = flair_with_ball(tilted((1, 1, 1), 0), 0)
    with pytest.raises(NotAssessableError, match="finds hardly any at 1 mm"):
        of_bright(session=BlindAtDetail()).predict(study)


def test_probabilities_lie_on_the_grid_of_the_study_and_agree_with_its_labels(segmenter):
    study = flair_with_ball(tilted((-1.5, -1.5, 3), 12), 0)
    segmentation = segmenter.predict(study)
    probability = segmentation.probabilities.of(Region.WHOLE_TUMOR)
    assert probability.shape == segmentation.labels.array.shape
    assert not probability[~segmentation.brain].any()
    tumor = segmentation.labels.array > 0
    assert probability[tumor].min() >= 0.5 >= probability[~tumor].max()


def test_the_interval_of_a_sure_volume_is_the_volume(segmenter):
    segmentation = segmenter.predict(flair_with_ball(tilted((2, 2, 2), 20), 0))
    low, high = segmentation.intervals[Region.WHOLE_TUMOR]
    assert (low, high) == pytest.approx((np.count_nonzero(segmentation.labels.array) * 8e-3,) * 2)


@pytest.mark.parametrize("shape", [(70, 87, 69), (81, 96, 12), (96, 100, 80)])
def test_the_canvas_is_of_whole_strides_and_gives_back_what_was_put_on_it(shape):
    array = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    canvas = on_canvas(array)
    assert all(
        n % 16 == 0 and n >= least for n, least in zip(canvas.shape[1:], CANVAS, strict=True)
    )
    assert np.array_equal(canvas[:, *placed(shape, CANVAS)], array)


def test_the_fine_look_ignores_specks_and_is_no_smaller_than_in_training():
    found = np.zeros((150, 150, 150), dtype=bool)
    found[60:75, 60:75, 60:75] = True
    found[140, 140, 140] = True
    box = detail_box(found, np.full(3, 1.0))
    assert [side.stop - side.start for side in box] == [96, 96, 96]
    assert all(side.start <= 50 and 85 <= side.stop < 140 for side in box)


def test_the_fine_look_keeps_its_size_at_the_surface_of_the_brain():
    found = np.zeros((140, 150, 60), dtype=bool)
    found[:20, 130:, 20:40] = True
    box = detail_box(found, np.full(3, 1.0))
    assert [side.stop - side.start for side in box] == [96, 96, 60]
    assert found[box].sum() == found.sum()


def test_absurd_voxels_are_refused_before_anything_is_resampled(segmenter):
    study = flair_with_ball(tilted((2, 2, 2), 0), 0)
    image = study.images[MRSequence.FLAIR]
    large = replace(image, affine=image.affine @ np.diag([100.0, 100.0, 100.0, 1.0]))
    with pytest.raises(NotAssessableError, match="a whole head or another body part"):
        segmenter.predict(Study("absurd", {MRSequence.FLAIR: large}))


def test_one_image_under_two_names_is_refused(segmenter):
    image = flair_with_ball(tilted((2, 2, 2), 0), 0).images[MRSequence.FLAIR]
    same = replace(image, sha256="a" * 64)
    with pytest.raises(NotAssessableError, match="t2 and flair are the same image"):
        segmenter.predict(Study("twice", {MRSequence.T2: same, MRSequence.FLAIR: same}))


def test_nothing_found_means_no_fine_look():
    assert detail_box(np.zeros((20, 20, 20), dtype=bool), np.full(3, 1.0)) is None
